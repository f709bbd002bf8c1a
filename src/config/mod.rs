//! `perfgate.yaml`: from the text as written to a resolved policy in which no default is left open.
//!
//! Two steps, two types: [`PolicyFile`] is the document with the place of every value, [`Policy`] is what it means.
//! Nothing here opens files or looks at runs.

mod accept;
mod bound;
mod budget;
mod cadence;
mod changed;
mod checklist;
mod choices;
pub mod defaults;
mod derived;
mod error;
mod file;
mod formula;
mod pattern;
mod policy;
pub mod promql;
mod quantity;
mod resolve;
mod rules;
mod same_limit;
mod suggest;
mod threshold;
mod tree;

pub use accept::Accept;
pub use bound::{Bound, Comparison, parse_money};
pub use budget::{Budget, Limited, Phase, Profile, Query, Scope, Span, Tier};
pub use cadence::{Cadence, When};
pub use changed::changed_keys;
pub use checklist::{ChecklistItem, KnownItem};
pub use choices::{Combine, Decide, Leniency, Origin, Removed, Severity};
pub use derived::{Derived, RunNumber, sample_statistic};
pub use error::ConfigError;
pub use file::PolicyFile;
pub use formula::{
    Formula, Input as FormulaInput, Measure, Number as FormulaNumber, Operator, Undefined,
};
pub use pattern::{Pattern, path_of};
pub use policy::{BaselineChoice, Policy, StoreChoice, StorePlace};
pub use quantity::QuantityKind;
pub use rules::{CustomRule, EndpointRules, Rules};
pub use same_limit::same_limit;
pub use suggest::suggest;
pub use threshold::{Threshold, parse_limit};
pub use tree::{Node, Tree};
