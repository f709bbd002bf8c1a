//! How records are named inside a store.

use crate::model::CommitId;
use std::fmt;
use std::path::{Path, PathBuf};

/// The folder of the runs.
pub(super) const RUNS: &str = "runs";
/// The folder of the histograms.
pub(super) const HISTOGRAMS: &str = "histograms";
/// Hexadecimal digits of a run id: 64 bits of a hash, plenty for the few runs of one commit.
pub(super) const ID_DIGITS: usize = 16;
/// The end of a run's file name.
const ENDING: &str = ".json";

/// The place of one record: its commit and the id of its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The commit that was measured.
    pub commit: CommitId,
    /// The first 16 digits of the hash of the run's JSON, as git hashes a blob.
    pub id: String,
}

impl Entry {
    /// `runs/<1>/<1>/<38>-<id>.json`: the digits of the commit, in folders of 16, so that one more record rewrites few
    /// bytes of folders.
    pub fn run_path(&self) -> String {
        format!("{}{ENDING}", self.path(RUNS))
    }

    /// `histograms/<1>/<1>/<38>-<id>`.
    pub fn histograms_path(&self) -> String {
        self.path(HISTOGRAMS)
    }

    fn path(&self, folder: &str) -> String {
        let commit = self.commit.to_string();
        format!("{folder}/{}/{}/{}", &commit[..1], &commit[1..2], self.name())
    }

    /// Its name in a folder.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", &self.commit.to_string()[2..], self.id)
    }

    /// The entry of a name in the folder of these two digits; none for anything that is no record.
    pub(super) fn from_name(folder: &str, name: &str) -> Option<Self> {
        let (rest, id) = name.split_once('-')?;
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let commit = format!("{folder}{rest}").parse().ok()?;
        (folder.len() == 2 && id.len() == ID_DIGITS && hex(id))
            .then(|| Self { commit, id: id.to_owned() })
    }

    /// The entry of a file of `runs/<1>/<1>`; none for anything that is no record.
    pub(super) fn from_file(folder: &str, file: &str) -> Option<Self> {
        Self::from_name(folder, file.strip_suffix(ENDING)?)
    }
}

/// The name of a run's file, from the record's name.
pub(super) fn run_file(name: &str) -> String {
    format!("{name}{ENDING}")
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.run_path())
    }
}

/// Where the private repository of a clone lies.
pub(super) fn private_path(common_dir: &Path) -> PathBuf {
    common_dir.join("perfgate.git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_back_from_its_path_and_nothing_else_is_one() {
        let commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let entry = Entry { commit, id: "00ff00ff00ff00ff".to_owned() };
        let path = entry.run_path();
        let [_, a, b, file] = path.split('/').collect::<Vec<_>>()[..] else { panic!("{path}") };
        assert_eq!(Entry::from_file(&format!("{a}{b}"), file), Some(entry));
        for file in ["x.json", "..", "../../etc-00ff00ff00ff00ff.json", "README.md"] {
            assert_eq!(Entry::from_file("01", file), None, "{file}");
        }
    }
}
