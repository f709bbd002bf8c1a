//! Records in a folder of a commit: a directory store as a branch has it, whatever lies in the work tree.

use super::error::StoreError;
use super::files::{CommitFiles, FileAt, Folder};
use super::folders::{self, Folders};
use super::layout::Entry;
use super::{NewRecord, Part, Removed, RunStore};
use crate::model::CommitId;
use git2::Oid;
use std::path::{Path, PathBuf};

/// Records in a folder of a commit. It can only be read.
#[derive(Debug)]
pub struct CommitStore {
    files: CommitFiles,
    /// None where the commit has no such folder: an empty store.
    folder: Option<Folder>,
    /// The folder's path and the commit, for messages.
    shown: String,
}

impl CommitStore {
    /// The records in this folder of a commit. An error where the path leads to something else than a folder.
    pub fn new(files: CommitFiles, path: &Path) -> Result<Self, StoreError> {
        let shown = format!("the folder {} of {}", path.display(), files.commit().short());
        let folder = match files.find(path)? {
            FileAt::Folder(folder) => Some(folder),
            FileAt::Nothing => None,
            FileAt::File(_) | FileAt::Elsewhere => {
                let why = "it is no folder of that commit".to_owned();
                return Err(StoreError::NotAStore { place: shown, why });
            }
        };
        Ok(Self { files, folder, shown })
    }

    fn subfolder(&self, path: &str) -> Result<Option<Folder>, StoreError> {
        let Some(folder) = self.folder else { return Ok(None) };
        Ok(match self.files.find_in(folder, Path::new(path))? {
            FileAt::Folder(found) => Some(found),
            FileAt::Nothing | FileAt::File(_) | FileAt::Elsewhere => None,
        })
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(folder) = self.folder else { return Ok(None) };
        Ok(match self.files.find_in(folder, Path::new(path))? {
            FileAt::File(content) => Some(content),
            FileAt::Nothing | FileAt::Folder(_) | FileAt::Elsewhere => None,
        })
    }

    fn read_only(&self) -> StoreError {
        let path = PathBuf::from(&self.shown);
        StoreError::Io { path, source: std::io::ErrorKind::ReadOnlyFilesystem.into() }
    }
}

impl Folders for CommitStore {
    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.subfolder(folder)?.map_or(Ok(Vec::new()), |found| self.files.names(found))
    }
}

impl RunStore for CommitStore {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        folders::entries(self)
    }

    fn entries_of(&self, commit: CommitId) -> Result<Vec<Entry>, StoreError> {
        folders::entries_of(self, commit)
    }

    fn make_present(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut ids: Vec<Oid> = Vec::new();
        for entry in entries {
            let path = entry.run_path();
            let Some((folder, name)) = path.rsplit_once('/') else { continue };
            if let Some(folder) = self.subfolder(folder)? {
                ids.extend(self.files.object(folder, name)?);
            }
        }
        self.files.fetch(&ids)
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::BrokenRecord {
            entry: entry.run_path(),
            why: format!("it is not in {}", self.shown),
        };
        self.file(&entry.run_path())?.ok_or_else(missing)
    }

    fn read_histograms(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        self.file(&entry.histograms_path())
    }

    fn write(&self, _: &[NewRecord]) -> Result<(), StoreError> {
        Err(self.read_only())
    }

    fn remove(&self, _: &[Entry], _: Part) -> Result<Removed, StoreError> {
        Err(self.read_only())
    }

    fn describe(&self) -> String {
        self.shown.clone()
    }
}
