//! `perfgate.yaml`: from the text as written to a resolved policy in which no default is left open.
//!
//! Two steps, two types: [`PolicyFile`] is the document with the place of every value, [`Policy`] is what it means.
//! Nothing here opens files or looks at runs.

mod accept;
mod error;
mod limits;
mod pattern;
mod policy;
mod resolve;
mod written;

pub use accept::Accept;
pub use error::ConfigError;
pub use limits::{Threshold, parse_limit};
pub use pattern::Pattern;
pub use policy::{
    BaselineChoice, CustomRule, Decide, EndpointRules, Leniency, Origin, Policy, Removed, Rules,
    Severity, StoreChoice, defaults,
};
pub use written::PolicyFile;
