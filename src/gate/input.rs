//! What a gate is given beside the new runs.

use super::report::BaselineInfo;
use crate::model::{Run, Visited};

/// What a new run is held against.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Where it comes from.
    pub info: BaselineInfo,
    /// Its runs, nearest first; at least one.
    pub runs: Vec<Run>,
}

/// How the baseline was looked for; empty for plain files.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The revision that was asked for.
    pub revision: Option<String>,
    /// The commits that were looked at, nearest first.
    pub visited: Vec<Visited>,
}
