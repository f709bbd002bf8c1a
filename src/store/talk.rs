//! One talk with a remote, in a repository of its own.
//!
//! The `git` program locks what it writes to, for as long as the remote takes, and leaves the locks when it is killed. So
//! each talk has a repository of its own, that borrows the objects of the private one; what it brought is moved there as
//! whole packs. A talk that waits keeps nobody waiting, and one that was killed leaves a folder that the next one removes.

use super::directory::sync_folder;
use super::error::StoreError;
use git2::{Oid, Repository};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where the talks are, in the private repository.
const TALKS: &str = "talks";
/// A commit that is nowhere, at which the history of every talk is cut off. Only in a repository whose history is cut off does
/// git look at what is on the remote folder by folder, and sends what is new alone.
const NOWHERE: &str = "1111111111111111111111111111111111111111";
/// The file whose lock says that the process of a talk is alive.
const ALIVE: &str = "alive";
/// Where a talk fetches refs to.
pub(super) const INCOMING: &str = "refs/incoming/";

/// A repository for one talk.
#[derive(Debug)]
pub(super) struct Talk {
    private: PathBuf,
    folder: tempfile::TempDir,
    _alive: File,
}

impl Talk {
    /// A new one, in which this commit is known; and whether there is something before it, which is not.
    pub(super) fn open(private: &Path, known: Option<(Oid, bool)>) -> Result<Self, StoreError> {
        let talks = private.join(TALKS);
        let open = || -> io::Result<Self> {
            fs::create_dir_all(&talks)?;
            remove_dead(&talks);
            let folder = tempfile::Builder::new().prefix("talk-").tempdir_in(&talks)?;
            let at = |path: &str| folder.path().join(path);
            // It has that name only once it is locked: until then, nobody takes the talk for dead.
            let alive = File::create(at("born"))?;
            alive.lock()?;
            fs::rename(at("born"), at(ALIVE))?;
            fs::create_dir_all(at("objects/info"))?;
            fs::create_dir_all(at("objects/pack"))?;
            fs::create_dir_all(at("refs/known"))?;
            fs::write(at("HEAD"), "ref: refs/heads/none\n")?;
            fs::write(at("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")?;
            fs::write(at("objects/info/alternates"), "../../../objects\n")?;
            let mut cut = format!("{NOWHERE}\n");
            if let Some((commit, is_cut)) = known {
                fs::write(at("refs/known/state"), format!("{commit}\n"))?;
                if is_cut {
                    cut += &format!("{commit}\n");
                }
            }
            fs::write(at("shallow"), cut)?;
            Ok(Self { private: private.to_owned(), folder, _alive: alive })
        };
        open().map_err(|source| StoreError::Io { path: talks.clone(), source })
    }

    /// Where packs are put that are to be kept.
    pub(super) fn packs(&self) -> PathBuf {
        self.folder.path().join("objects/pack")
    }

    /// Its git folder.
    pub(super) fn git_dir(&self) -> &Path {
        self.folder.path()
    }

    /// The refs that were fetched, by the remote's name of them without `refs/perfgate/`.
    pub(super) fn incoming(&self) -> Result<Vec<(String, Oid)>, StoreError> {
        let wrap = || StoreError::git("reading what was fetched");
        let repository = Repository::open_bare(self.git_dir()).map_err(wrap())?;
        let mut refs = Vec::new();
        for reference in repository.references_glob(&format!("{INCOMING}*")).map_err(wrap())? {
            let reference = reference.map_err(wrap())?;
            if let (Ok(name), Some(id)) = (reference.name(), reference.target()) {
                refs.push((name.replacen(INCOMING, "", 1), id));
            }
        }
        Ok(refs)
    }

    /// Moves what was fetched into the private repository.
    pub(super) fn keep(&self) -> Result<(), StoreError> {
        let (from, to) = (self.packs(), self.private.join("objects/pack"));
        let keep = || -> io::Result<()> {
            fs::create_dir_all(&to)?;
            let mut files: Vec<PathBuf> = Vec::new();
            for file in fs::read_dir(&from)? {
                files.push(file?.path());
            }
            // A pack is there as soon as its index is: that comes last.
            files.sort_by_key(|path| path.extension().is_some_and(|ending| ending == "idx"));
            files.retain(|file| is_of_a_pack(file));
            for file in &files {
                File::open(file)?.sync_all()?;
            }
            for file in &files {
                if let Some(name) = file.file_name() {
                    fs::rename(file, to.join(name))?;
                }
            }
            if files.is_empty() { Ok(()) } else { sync_folder(&to) }
        };
        keep().map_err(|source| StoreError::Io { path: to.clone(), source })
    }
}

fn is_of_a_pack(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("pack-")
}

/// Removes the talks of processes that are gone.
fn remove_dead(talks: &Path) {
    let Ok(list) = fs::read_dir(talks) else { return };
    for talk in list.flatten() {
        // Without the file, the talk is about to begin; or it was killed then, and is as good as empty.
        let Ok(alive) = File::open(talk.path().join(ALIVE)) else { continue };
        if alive.try_lock().is_ok() {
            drop(fs::remove_dir_all(talk.path()));
        }
    }
}
