//! Records as files in folders, wherever those are.

use super::error::StoreError;
use super::layout::{Entry, RUNS};
use crate::model::CommitId;

/// Where the folders of a store are.
pub(super) trait Folders {
    /// The names in a folder of the store, in any order; none where there is no such folder.
    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError>;
}

/// All records, sorted.
pub(super) fn entries(folders: &impl Folders) -> Result<Vec<Entry>, StoreError> {
    let digits = |names: Vec<String>| names.into_iter().filter(|name| name.len() == 1);
    let mut entries = Vec::new();
    for first in digits(folders.names(RUNS)?) {
        for second in digits(folders.names(&format!("{RUNS}/{first}"))?) {
            entries.extend(entries_in(folders, &first, &second)?);
        }
    }
    entries.sort();
    Ok(entries)
}

/// The records of one commit, sorted.
pub(super) fn entries_of(
    folders: &impl Folders,
    commit: CommitId,
) -> Result<Vec<Entry>, StoreError> {
    let digits = commit.to_string();
    let mut entries = entries_in(folders, &digits[..1], &digits[1..2])?;
    entries.retain(|entry| entry.commit == commit);
    entries.sort();
    Ok(entries)
}

/// The records of the folder of two digits.
fn entries_in(folders: &impl Folders, first: &str, second: &str) -> Result<Vec<Entry>, StoreError> {
    let names = folders.names(&format!("{RUNS}/{first}/{second}"))?;
    let digits = format!("{first}{second}");
    Ok(names.iter().filter_map(|name| Entry::from_file(&digits, name)).collect())
}
