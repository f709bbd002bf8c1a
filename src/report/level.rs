//! Runs of one load with their report: the full report has one for each number of users.

use crate::gate::Report;
use crate::model::Run;

/// Runs of one load, and what the gate says of them.
#[derive(Debug)]
pub struct Level {
    /// Users at once, where they are known.
    pub users: Option<u64>,
    /// The runs; none where their profile is skipped.
    pub runs: Vec<Run>,
    /// What was found.
    pub report: Report,
}

impl Level {
    /// Whether anything was judged.
    pub(super) fn is_judged(&self) -> bool {
        self.report.baseline().is_some() || !self.report.budgets.is_empty()
    }
}
