//! Runs that were found, before anything is written.

use crate::cli::open_store::OpenStore;
use crate::cli::session::Session;
use crate::ingest::ReadOptions;
use crate::model::{CommitId, Run, Warning};

/// What every source of an import is read with.
pub(super) struct Importer<'a, 's> {
    /// The store that commits are looked up in.
    pub(super) store: &'a OpenStore,
    pub(super) options: ReadOptions,
    pub(super) session: &'a Session<'s>,
}

/// What was read, before anything is written.
#[derive(Default)]
pub(super) struct FoundRuns {
    pub(super) runs: Vec<Run>,
    pub(super) warnings: Vec<Warning>,
    /// Files of a folder that are not results, or name no commit.
    pub(super) passed_over: Vec<String>,
}

/// The commit that a text names: 40 digits as they are, fewer where the clone knows them.
pub(super) fn commit_named(text: &str, store: &OpenStore) -> Option<CommitId> {
    let hex = text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let whole = text.parse().ok();
    whole.or_else(|| store.history.resolve(text).ok().filter(|_| hex))
}
