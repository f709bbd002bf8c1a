//! The commit history: revisions, merge bases, first parents. Reads the user's clone and never changes it.
//!
//! A shallow clone is completed in the private repository: commits only, without trees. There it is read together with
//! the clone's objects, and without the clone's list of where its history is cut off.

mod lines;
mod said;
mod whole;

pub use lines::Line;
pub use said::{CommitText, Said};

use super::clone;
use super::error::StoreError;
use super::record::{commit_id, oid};
use super::remote::{Reach, Remote};
use crate::config::suggest;
use crate::model::CommitId;
use git2::{Oid, Repository};
use std::path::{Path, PathBuf};

/// A commit, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: CommitId,
    /// Commit date.
    pub date: jiff::Timestamp,
    /// First line of its message; untrusted.
    pub subject: String,
    /// Who wrote it; untrusted.
    pub author: String,
}

/// The history of a clone.
pub struct History {
    clone: Repository,
    remote: Option<Remote>,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("clone", &self.clone.path()).finish_non_exhaustive()
    }
}

impl History {
    /// The history of the clone that holds this folder.
    pub fn open(folder: &Path, reach: Reach<'_>) -> Result<Self, StoreError> {
        // Hashing every object again doubles the time of reading it; a damaged one shows when it is unpacked or parsed.
        git2::opts::strict_hash_verification(false);
        let clone = clone::open(folder)?;
        // git is told where it is as text.
        if clone.commondir().to_str().is_none() {
            return Err(StoreError::NotUtf8 { path: clone.commondir().to_owned() });
        }
        let remote = if reach.offline { None } else { Remote::of(&clone, reach)? };
        Ok(Self { clone, remote })
    }

    /// The git folder that all work trees of the clone share.
    pub fn common_dir(&self) -> &Path {
        self.clone.commondir()
    }

    /// The root of the work tree; the git folder of a bare clone.
    pub fn root(&self) -> PathBuf {
        self.clone.workdir().unwrap_or_else(|| self.clone.path()).to_owned()
    }

    /// The remote, if there is one and it may be asked.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Whether the clone holds only a part of the history.
    pub fn is_shallow(&self) -> bool {
        self.clone.is_shallow()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> Result<CommitId, StoreError> {
        let head = self.clone.head().and_then(|head| head.peel_to_commit());
        head.map(|commit| commit_id(commit.id())).map_err(|error| match error.code() {
            git2::ErrorCode::UnbornBranch | git2::ErrorCode::NotFound => {
                StoreError::NoCommit { branch: self.branch_that_is_gone() }
            }
            _ => StoreError::git("reading HEAD")(error),
        })
    }

    /// The branch that HEAD names although it is gone; none where there never was a commit.
    fn branch_that_is_gone(&self) -> Option<String> {
        let any = self.clone.references().ok()?.flatten().next().is_some();
        let head = self.clone.find_reference("HEAD").ok()?;
        let name = head.symbolic_target().ok().flatten()?;
        any.then(|| name.trim_start_matches("refs/heads/").to_owned())
    }

    /// The branch that is checked out; none for a commit alone.
    pub fn branch(&self) -> Option<String> {
        let head = self.clone.head().ok().filter(git2::Reference::is_branch)?;
        head.shorthand().ok().map(str::to_owned)
    }

    /// The parents of a commit as it names them, whether they are here or not; empty when the commit is not here.
    pub fn parents(&self, commit: CommitId) -> Result<Vec<CommitId>, StoreError> {
        let whole = self.uncut()?;
        let found = whole.find_commit(oid(commit)?);
        Ok(found.map(|found| found.parent_ids().map(commit_id).collect()).unwrap_or_default())
    }

    /// The commit that a revision names: a local branch, else the remote's branch of that name, else a tag, else
    /// anything that git understands (an id, `HEAD~2`), else a branch, tag or commit that only the remote has.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, StoreError> {
        if let Some(found) = self.resolve_here(revision) {
            return Ok(found);
        }
        if revision == "HEAD" {
            return self.head();
        }
        let unknown = || {
            let (revision, meant) = (revision.to_owned(), self.nearly_called(revision));
            StoreError::UnknownRevision { revision, meant }
        };
        let Some(remote) = &self.remote else {
            // In a clone of a part, what is not here may be elsewhere.
            let why = "the remote was not asked".to_owned();
            let part = StoreError::HistoryUnknown { revision: revision.to_owned(), why };
            return Err(if self.clone.is_shallow() { part } else { unknown() });
        };
        let private = self.private()?;
        if let Some(found) = remote.resolve(&private, revision)? {
            return Ok(commit_id(found));
        }
        let commit: CommitId = revision.parse().map_err(|_| unknown())?;
        remote.fetch_graph(&private, &[oid(commit)?]).map_err(|_| unknown())?;
        Ok(commit)
    }

    /// A branch or a tag whose name is nearly this one.
    fn nearly_called(&self, revision: &str) -> Option<String> {
        let all = self.clone.references().ok()?.flatten();
        let names = all.filter_map(|found| {
            let short = found.shorthand().ok()?;
            let remote = self.remote.as_ref().map_or("origin", Remote::name);
            let tracked = short.strip_prefix(remote).and_then(|rest| rest.strip_prefix('/'));
            Some(tracked.unwrap_or(short).to_owned())
        });
        let names: Vec<String> = names.collect();
        suggest(revision, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The commit that a revision names in the clone itself.
    fn resolve_here(&self, revision: &str) -> Option<CommitId> {
        let remote = self.remote.as_ref().map_or("origin", Remote::name);
        // `HEAD` is what is checked out, although the remote has a ref of that name as well.
        if revision != "HEAD" {
            let tracked = format!("refs/remotes/{remote}/{revision}");
            for name in [format!("refs/heads/{revision}"), tracked, format!("refs/tags/{revision}")]
            {
                if let Ok(found) =
                    self.clone.find_reference(&name).and_then(|found| found.peel_to_commit())
                {
                    return Some(commit_id(found.id()));
                }
            }
        }
        let parse = |text: &str| {
            let found = self.clone.revparse_single(text).and_then(|object| object.peel_to_commit());
            found.ok().map(|commit| commit_id(commit.id()))
        };
        // `main~2`, where only the remote's main is here.
        parse(revision).or_else(|| parse(&format!("{remote}/{revision}")))
    }

    /// Date and subject of a commit; none when it is not here.
    pub fn info(&self, commit: CommitId) -> Result<Option<CommitInfo>, StoreError> {
        Ok(self.infos(&[commit])?.pop().flatten())
    }

    /// Date and subject of each of these commits; none for one that is not here.
    pub fn infos(&self, commits: &[CommitId]) -> Result<Vec<Option<CommitInfo>>, StoreError> {
        let whole = self.uncut()?;
        commits.iter().map(|commit| Ok(info(&whole, oid(*commit)?))).collect()
    }

    /// Whether a commit is here, with its files.
    pub fn is_here(&self, commit: CommitId) -> bool {
        let tree = oid(commit).ok().and_then(|id| self.clone.find_commit(id).ok()?.tree().ok());
        tree.is_some()
    }

    /// Whether a commit is another one or one of its ancestors.
    pub fn is_part_of(&self, commit: CommitId, of: CommitId) -> Result<bool, StoreError> {
        let (commit, of) = (oid(commit)?, oid(of)?);
        Ok(commit == of || self.uncut()?.graph_descendant_of(of, commit).unwrap_or(false))
    }

    /// The same history, with a repository of its own.
    pub fn reopened(&self) -> Result<Self, StoreError> {
        let wrap = StoreError::git("opening the repository");
        let clone = Repository::open(self.clone.path()).map_err(wrap)?;
        Ok(Self { clone, remote: self.remote.clone() })
    }
}

fn info(repository: &Repository, id: Oid) -> Option<CommitInfo> {
    let commit = repository.find_commit(id).ok()?;
    Some(CommitInfo {
        id: commit_id(id),
        date: jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        subject: commit.summary().ok().flatten().unwrap_or_default().to_owned(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
    })
}
