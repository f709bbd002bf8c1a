//! Records in a folder: for artifacts, caches, and baselines that are reviewed like code.

use super::blob::check;
use super::error::StoreError;
use super::folders::{self, Folders};
use super::layout::Entry;
use super::leftovers::{UNFINISHED, remove_unfinished};
use super::{NewRecord, Part, Removed, RunStore};
use crate::model::CommitId;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Records in a folder.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// The store in this folder, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.root.join(path);
        if let Ok(file) = fs::metadata(&path) {
            check(file.len()).map_err(|large| large.of(path.display().to_string()))?;
        }
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }

    /// A file appears whole or not at all: it is written beside its place and renamed.
    fn write_file(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.root.join(path);
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(folder)?;
            let mut file = temporary(folder)?;
            file.write_all(bytes)?;
            persist(file, &path)
        };
        write().map_err(|source| StoreError::Io { path: path.clone(), source })
    }
}

/// A file beside the place that it will be renamed into. Temporary files are for their owner only; these will be read by
/// others, as far as the process's mask lets them. Those that killed commands left in the folder are removed.
pub fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    remove_unfinished(folder);
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let (head, tail) = UNFINISHED;
    let file = builder.prefix(head).suffix(tail).tempfile_in(folder)?;
    // Says that somebody is at work on it. Where the file system knows no locks, its age alone says so.
    drop(file.as_file().try_lock());
    Ok(file)
}

/// Renames a file into its place so that it is there, and whole, even after a power cut.
pub fn persist(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Makes what a folder lists last. Only Unix knows how; elsewhere the system decides.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

impl Folders for DirectoryStore {
    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let folder = self.root.join(folder);
        let wrap = |source| StoreError::Io { path: folder.clone(), source };
        let list = match fs::read_dir(&folder) {
            Ok(list) => list,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut names = Vec::new();
        for file in list {
            names.extend(file.map_err(wrap)?.file_name().into_string().ok());
        }
        Ok(names)
    }
}

impl RunStore for DirectoryStore {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        folders::entries(self)
    }

    fn entries_of(&self, commit: CommitId) -> Result<Vec<Entry>, StoreError> {
        folders::entries_of(self, commit)
    }

    fn make_present(&self, _: &[Entry]) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::BrokenRecord {
            entry: entry.run_path(),
            why: "the file is gone".to_owned(),
        };
        self.read_file(&entry.run_path())?.ok_or_else(missing)
    }

    fn read_histograms(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_file(&entry.histograms_path())
    }

    fn write(&self, records: &[NewRecord]) -> Result<(), StoreError> {
        for record in records {
            if self.root.join(record.entry.run_path()).exists() {
                continue;
            }
            // The histograms first: a run without them is whole, histograms without a run are not.
            if let Some(histograms) = &record.histograms {
                self.write_file(&record.entry.histograms_path(), histograms)?;
            }
            self.write_file(&record.entry.run_path(), &record.run)?;
        }
        Ok(())
    }

    fn remove(&self, entries: &[Entry], part: Part) -> Result<Removed, StoreError> {
        let remove = |path: String| {
            let path = self.root.join(path);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    Err(StoreError::Io { path, source })
                }
                _ => Ok(()),
            }
        };
        for entry in entries {
            if part == Part::Everything {
                remove(entry.run_path())?;
            }
            remove(entry.histograms_path())?;
        }
        Ok(Removed::default())
    }

    fn describe(&self) -> String {
        format!("the folder {}", self.root.display())
    }
}
