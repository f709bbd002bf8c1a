//! The whole history, where the clone holds a part of it: the rest is fetched into the private repository.

use super::History;
use crate::model::CommitId;
use crate::store::error::StoreError;
use crate::store::git_store::{GitStore, has_commit};
use crate::store::layout::private_path;
use crate::store::record::oid;
use git2::{Oid, Repository};
use std::path::{Path, PathBuf};

impl History {
    /// Fetches a commit with its ancestors where it is not here.
    pub fn bring(&self, commit: CommitId) -> Result<(), StoreError> {
        if has_commit(&self.uncut()?, commit) {
            return Ok(());
        }
        let Some(remote) = &self.remote else { return Err(StoreError::NoRemote { name: None }) };
        remote.fetch_graph(&self.private()?, &[oid(commit)?])
    }

    /// Fetches the commits that the clone does not have, from where it is cut off on.
    pub(super) fn complete(
        &self,
        whole: &Repository,
        base: CommitId,
        head: CommitId,
    ) -> Result<(), StoreError> {
        let Some(remote) = &self.remote else { return Err(StoreError::NoRemote { name: None }) };
        let mut wanted = Vec::new();
        for commit in [base, head].into_iter().filter(|commit| !has_commit(whole, *commit)) {
            wanted.push(oid(commit)?);
        }
        for cut_off in self.cut_offs()? {
            if let Ok(commit) = whole.find_commit(cut_off) {
                wanted.extend(
                    commit.parent_ids().filter(|parent| whole.find_commit(*parent).is_err()),
                );
            }
        }
        wanted.sort();
        wanted.dedup();
        remote.fetch_graph(&self.private()?, &wanted)
    }

    /// The commits at which a shallow clone is cut off.
    fn cut_offs(&self) -> Result<Vec<Oid>, StoreError> {
        let path = self.clone.commondir().join("shallow");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                Ok(text.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }

    /// The private repository, made if it is not there yet.
    pub(in crate::store) fn private(&self) -> Result<PathBuf, StoreError> {
        GitStore::open(self.common_dir(), None)?;
        Ok(private_path(self.common_dir()))
    }

    /// The objects of clone and private repository together, without the clone's list of where it is cut off. Where
    /// there is no private repository the clone itself, unless it is shallow.
    pub(in crate::store) fn uncut(&self) -> Result<Repository, StoreError> {
        let wrap = || StoreError::git("opening the private repository");
        let private = private_path(self.common_dir());
        if !self.clone.is_shallow() && !private.join("HEAD").is_file() {
            return Repository::open(self.clone.path()).map_err(wrap());
        }
        let whole = Repository::open_bare(self.private()?).map_err(wrap())?;
        // In this process only: on disk, git would take the clone's incomplete history for its own.
        let objects = self.common_dir().join("objects");
        let odb = whole.odb().map_err(wrap())?;
        odb.add_disk_alternate(&objects.display().to_string()).map_err(wrap())?;
        for alternate in alternates(&objects) {
            odb.add_disk_alternate(&alternate.display().to_string()).map_err(wrap())?;
        }
        drop(odb);
        Ok(whole)
    }
}

/// The object folders that a clone borrows from (`git clone --reference`).
fn alternates(objects: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_to_string(objects.join("info/alternates")).unwrap_or_default();
    list.lines().filter(|line| !line.is_empty()).map(|line| objects.join(line)).collect()
}
