//! The files of a commit, read from git's objects: what a checkout has made of them does not matter.

use super::blob::read_blob;
use super::error::StoreError;
use super::history::History;
use super::record::oid;
use crate::model::CommitId;
use git2::{ErrorCode, Oid, Repository};
use std::cell::RefCell;
use std::path::{Component, Path};

/// Symbolic links that are followed on the way to one file; as many as Linux follows.
const MOST_LINKS: usize = 40;

/// The files of a commit.
pub struct CommitFiles {
    history: History,
    commit: CommitId,
    root: Oid,
    /// The objects that are here; opened anew once more have been fetched.
    objects: RefCell<Repository>,
}

impl std::fmt::Debug for CommitFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommitFiles").field("commit", &self.commit).finish_non_exhaustive()
    }
}

/// What a path of a commit leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAt {
    /// Nothing: the commit has no such file.
    Nothing,
    /// A file, with its content.
    File(Vec<u8>),
    /// A folder.
    Folder(Folder),
    /// A symbolic link to somewhere outside the commit, a submodule, or links in a circle.
    Elsewhere,
}

/// A folder of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder(Oid);

/// An entry of a folder.
enum Kind {
    File,
    Folder,
    Link,
    Submodule,
}

impl History {
    /// The files of a commit. What is not in the clone is fetched.
    pub fn files(&self, commit: CommitId) -> Result<CommitFiles, StoreError> {
        CommitFiles::open(self.reopened()?, commit)
    }
}

impl CommitFiles {
    /// The files of a commit; it is fetched where it is not here.
    pub(super) fn open(history: History, commit: CommitId) -> Result<Self, StoreError> {
        if history.remote().is_some() {
            history.bring(commit)?;
        }
        let objects = history.uncut()?;
        let found = objects.find_commit(oid(commit)?).map(|commit| commit.tree_id());
        let root = found.map_err(StoreError::git(format!("reading {}", commit.short())))?;
        Ok(Self { history, commit, root, objects: RefCell::new(objects) })
    }

    /// The commit.
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// What a path leads to, seen from the root of the commit. Links are followed inside the commit and nowhere else.
    pub fn find(&self, path: &Path) -> Result<FileAt, StoreError> {
        self.find_in(Folder(self.root), path)
    }

    /// What a path leads to, seen from a folder; it never leads out of that folder.
    pub(super) fn find_in(&self, folder: Folder, path: &Path) -> Result<FileAt, StoreError> {
        let mut todo = Vec::new();
        if !push(&mut todo, path) {
            return Ok(FileAt::Elsewhere);
        }
        let mut within = vec![folder.0];
        let mut links = 0;
        while let Some(name) = todo.pop() {
            let Some(&at) = within.last() else { return Ok(FileAt::Elsewhere) };
            if name == ".." {
                within.pop();
                continue;
            }
            let Some((kind, id)) = self.entry(at, &name)? else { return Ok(FileAt::Nothing) };
            match kind {
                Kind::Folder => within.push(id),
                Kind::File if todo.is_empty() => return Ok(FileAt::File(self.blob(id, path)?)),
                Kind::File => return Ok(FileAt::Nothing),
                Kind::Submodule => return Ok(FileAt::Elsewhere),
                Kind::Link => {
                    links += 1;
                    let target = self.blob(id, path)?;
                    let target = String::from_utf8_lossy(&target);
                    if links > MOST_LINKS || !push(&mut todo, Path::new(target.as_ref())) {
                        return Ok(FileAt::Elsewhere);
                    }
                }
            }
        }
        Ok(within.last().map_or(FileAt::Elsewhere, |id| FileAt::Folder(Folder(*id))))
    }

    /// The names in a folder, sorted as git sorts them.
    pub(super) fn names(&self, folder: Folder) -> Result<Vec<String>, StoreError> {
        self.read(&[folder.0], |objects| {
            let tree = objects.find_tree(folder.0)?;
            Ok(tree.iter().filter_map(|entry| entry.name().ok().map(str::to_owned)).collect())
        })
    }

    /// The object that a file of a folder is; none where there is no such file.
    pub(super) fn object(&self, folder: Folder, name: &str) -> Result<Option<Oid>, StoreError> {
        let entry = self.entry(folder.0, name)?;
        Ok(entry.and_then(|(kind, id)| matches!(kind, Kind::File).then_some(id)))
    }

    /// Fetches these objects where they are not here, in one go.
    pub(super) fn fetch(&self, ids: &[Oid]) -> Result<(), StoreError> {
        let missing: Vec<Oid> = {
            let objects = self.objects.borrow();
            let odb = objects.odb().map_err(StoreError::git("reading the objects"))?;
            ids.iter().filter(|id| !odb.exists(**id)).copied().collect()
        };
        match self.history.remote() {
            Some(remote) if !missing.is_empty() => {
                remote.fetch_objects(&self.history.private()?, &missing)?;
                self.objects.replace(self.history.uncut()?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn entry(&self, folder: Oid, name: &str) -> Result<Option<(Kind, Oid)>, StoreError> {
        self.read(&[folder], |objects| {
            let tree = objects.find_tree(folder)?;
            Ok(tree.get_name(name).map(|entry| {
                let kind = match entry.filemode() {
                    0o040_000 => Kind::Folder,
                    0o120_000 => Kind::Link,
                    0o160_000 => Kind::Submodule,
                    _ => Kind::File,
                };
                (kind, entry.id())
            }))
        })
    }

    fn blob(&self, id: Oid, path: &Path) -> Result<Vec<u8>, StoreError> {
        let content = self.read(&[id], |objects| read_blob(objects, id))?;
        let name = || format!("{} of {}", path.display(), self.commit.short());
        content.map_err(|large| large.of(name()))
    }

    /// Reads objects, and fetches them first where they are missing.
    fn read<T>(
        &self,
        ids: &[Oid],
        read: impl Fn(&Repository) -> Result<T, git2::Error>,
    ) -> Result<T, StoreError> {
        match read(&self.objects.borrow()) {
            Err(error) if error.code() == ErrorCode::NotFound => {}
            done => return done.map_err(self.failed()),
        }
        self.fetch(ids)?;
        read(&self.objects.borrow()).map_err(self.failed())
    }

    fn failed(&self) -> impl FnOnce(git2::Error) -> StoreError {
        StoreError::git(format!("reading the files of {}", self.commit.short()))
    }
}

/// Puts the parts of a relative path on a stack, the first one on top; false for an absolute path.
fn push(stack: &mut Vec<String>, path: &Path) -> bool {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => stack.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => stack.push("..".to_owned()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}
