//! Runs that were found, before anything is written.

use crate::cli::place::Place;
use crate::model::{CommitId, Run, Warning};

/// What was read, before anything is written.
#[derive(Default)]
pub(super) struct Found {
    pub(super) runs: Vec<Run>,
    pub(super) warnings: Vec<Warning>,
    /// Files of a folder that are no results, or name no commit.
    pub(super) passed_over: Vec<String>,
}

/// The commit that a text names: 40 digits as they are, fewer where the clone knows them.
pub(super) fn commit_named(text: &str, place: &Place) -> Option<CommitId> {
    let hex = text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let whole = text.parse().ok();
    whole.or_else(|| place.history.resolve(text).ok().filter(|_| hex))
}
