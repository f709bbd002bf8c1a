//! Where runs live, by commit; and finding the baseline of a revision.
//!
//! A record is one immutable file, `runs/<first digit of the commit>/<second>/<other 38>-<run id>.json`, in a tree that is
//! a ref of the repository itself ([`GitStore`]), a folder ([`DirectoryStore`]) or object storage ([`ObjectStore`]). The run id is a hash of the
//! content, so recording twice changes nothing and two writers never meet in a file. Nothing here judges.

mod blob;
mod bucket;
mod clone;
mod commit_store;
mod copies;
mod directory;
mod error;
mod files;
mod find;
mod folders;
mod git_config;
mod git_records;
mod git_store;
mod history;
mod join;
mod kept;
mod layout;
mod leftovers;
mod link;
mod lock;
mod object;
mod object_error;
mod patience;
mod push;
mod record;
mod remote;
mod repair;
#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "test code")]
mod schedule;
mod snapshot;
mod surroundings;
mod sync;
mod talk;
mod tidy;
mod verify;
mod web_page;

pub use commit_store::CommitStore;
pub use copies::{recorded_twice, same_numbers};
pub use directory::{DirectoryStore, persist, temporary};
pub use error::StoreError;
pub use files::{CommitFiles, FileAt, Folder};
pub use find::{
    BaselineQuery, BaselineRuns, earlier_runs, find_baseline, nearest_run, recorded_line,
};
pub use git_store::GitStore;
pub use history::{CommitInfo, CommitText, History, Line, Said};
pub use kept::{KeptState, kept_states, restore};
pub use layout::Entry;
#[cfg(all(test, feature = "object-store"))]
pub(crate) use object::Memory;
pub use object::{
    Before, Dates, FactsKey, Fleet, Held, ObjectStore, RemoteFiles, Service, Told, UNDATED_MONTH,
    Version, Versioned,
};
pub use object_error::{ObjectError, ObjectProblem};
pub use patience::Patience;
pub use record::{Recorded, StoredRun, load, load_known, prepare, record};
pub use remote::{Reach, Remote, git_version};
pub use repair::{Repaired, repair};
pub use surroundings::{Surroundings, is_untracked, surroundings};
pub use sync::{Fetched, Pushed, fetch, push};
pub use verify::{Broken, Verified, verify, verify_folder};

/// Where records are kept. Small on purpose: what a record is and how it is found is the same for every store.
pub trait RunStore {
    /// All records, sorted.
    fn entries(&self) -> Result<Vec<Entry>, StoreError>;
    /// The records of one commit, sorted.
    fn entries_of(&self, commit: crate::model::CommitId) -> Result<Vec<Entry>, StoreError>;
    /// The records of each of these commits. The records of a whole line are often had as easily as those of one commit.
    fn entries_of_line(&self, line: &[CommitInfo]) -> Result<Vec<Vec<Entry>>, StoreError> {
        line.iter().map(|commit| self.entries_of(commit.id)).collect()
    }
    /// How many records are worth being brought here before it is known which are needed: all, where each time costs much
    /// and a record little.
    fn ahead(&self) -> usize {
        usize::MAX
    }
    /// Brings the content of these records here, where it is elsewhere.
    fn make_present(&self, entries: &[Entry]) -> Result<(), StoreError>;
    /// The run of a record, as JSON.
    fn read(&self, entry: &Entry) -> Result<Vec<u8>, StoreError>;
    /// The histograms of a record, as JSON; none where they were not kept.
    fn read_histograms(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError>;
    /// Adds records, all or none; those that are there already stay as they are.
    fn write(&self, records: &[NewRecord]) -> Result<(), StoreError>;
    /// Removes records, or only their histograms.
    fn remove(&self, entries: &[Entry], part: Part) -> Result<Removed, StoreError>;
    /// What the store is, for messages.
    fn describe(&self) -> String;
}

/// A record that is to be added.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Its place.
    pub entry: Entry,
    /// The run, as JSON.
    pub run: Vec<u8>,
    /// The histograms, as JSON.
    pub histograms: Option<Vec<u8>>,
}

/// What of a record is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Everything,
    /// Only the histograms.
    Histograms,
}

/// What a removal left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The name under which the state before it is kept for 90 days; none where nothing is kept.
    pub kept: Option<String>,
}
