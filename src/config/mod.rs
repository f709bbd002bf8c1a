//! `perfgate.yaml`: from the text as written to a resolved policy in which no default is left open.
//!
//! Two steps, two types: [`PolicyFile`] is the document with the place of every value, [`Policy`] is what it means.
//! Nothing here opens files or looks at runs.

mod accept;
mod bound;
mod budget;
mod changed;
mod error;
mod foreign;
mod limits;
mod pattern;
mod policy;
mod resolve;
mod resolve_budget;
mod source;
mod written;
mod written_budget;
mod written_value;

pub use accept::Accept;
pub use bound::{Bound, Comparison, Written};
pub use budget::{Budget, Limited, Phase, Profile, Query, Scope, Tier};
pub use changed::changed_keys;
pub use error::ConfigError;
pub use limits::{Threshold, parse_limit};
pub use pattern::Pattern;
pub use policy::{
    BaselineChoice, CustomRule, Decide, EndpointRules, Leniency, Origin, Policy, Removed, Rules,
    Severity, StoreChoice, defaults,
};
pub use written::PolicyFile;
