//! Loads of pages: tools write a file for each of them, and together they are one run.

use super::endpoint::{EndpointKey, Kind};
use super::merge::{MergeError, Merged, merge_shards};
use super::run::Run;
use super::warning::WarningKind;

impl Run {
    /// Whether it is of pages alone. They are loaded one after another, so that when it ran says nothing about a load.
    pub(super) fn is_of_pages(&self) -> bool {
        let page = |key: &EndpointKey| matches!(key, EndpointKey::Named { kind: Kind::Page, .. });
        !self.endpoints.is_empty() && self.endpoints.iter().all(|e| page(&e.key))
    }

    fn is_one_load(&self) -> bool {
        self.is_of_pages() && self.endpoints.iter().all(|e| e.requests == Some(1))
    }
}

/// Runs of which each is one load of a page by the same tool, as the run that they are together; any others as they are.
pub fn loads_together(runs: Vec<Run>) -> Result<(Vec<Run>, Vec<WarningKind>), MergeError> {
    let same_tool = |pair: &[Run]| pair[0].tool.name == pair[1].tool.name;
    if runs.len() < 2 || !runs.iter().all(Run::is_one_load) || !runs.windows(2).all(same_tool) {
        return Ok((runs, Vec::new()));
    }
    let Merged { run, warnings } = merge_shards(runs)?;
    Ok((vec![run], warnings))
}
