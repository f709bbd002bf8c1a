//! Lines of first parents.

use super::{CommitInfo, History, info};
use crate::model::CommitId;
use crate::store::error::StoreError;
use crate::store::record::{commit_id, oid};
use git2::{Oid, Repository};
use std::collections::HashMap;

/// A first-parent walk.
#[derive(Debug, Clone)]
pub(in crate::store) struct Walk {
    /// From the merge base on.
    pub(in crate::store) commits: Vec<CommitInfo>,
    /// Whether it ends because a shallow clone does, not because the history does.
    pub(in crate::store) cut: bool,
}

/// The first-parent line of a commit.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its commits, newest first.
    pub commits: Vec<CommitInfo>,
    /// How many of them, the oldest ones, were known before.
    pub known: usize,
    /// Whether it goes back to the first commit of all, or as far as it was asked for.
    pub whole: bool,
}

impl History {
    /// Where the line of a commit left that of a revision.
    pub fn merge_base(&self, revision: &str, head: CommitId) -> Result<CommitId, StoreError> {
        let base = self.resolve(revision)?;
        let walk = self.walk(revision, base, head, 1)?;
        Ok(walk.commits.first().map_or(base, |commit| commit.id))
    }

    /// The commits of a first-parent line that another commit does not have, oldest first.
    pub fn between(&self, base: CommitId, head: CommitId) -> Result<Vec<CommitInfo>, StoreError> {
        let wrap = || StoreError::git("walking the history");
        let whole = self.uncut()?;
        let mut walk = whole.revwalk().map_err(wrap())?;
        walk.simplify_first_parent().map_err(wrap())?;
        walk.push(oid(head)?).map_err(wrap())?;
        walk.hide(oid(base)?).map_err(wrap())?;
        let mut line = Vec::new();
        for id in walk {
            line.extend(info(&whole, id.map_err(wrap())?));
        }
        line.reverse();
        Ok(line)
    }

    /// The first-parent line of a commit that a revision names, at most `most` commits. Where it meets a line that was walked to its
    /// end before, newest first, it goes on as that one does: commits never change.
    pub fn line(
        &self,
        (revision, head): (&str, CommitId),
        most: usize,
        mut known: Vec<CommitInfo>,
    ) -> Result<Line, StoreError> {
        let places: HashMap<CommitId, usize> =
            known.iter().enumerate().map(|(place, commit)| (commit.id, place)).collect();
        let whole = self.uncut()?;
        let mut commits = Vec::new();
        let mut next = Some(head).filter(|_| !known.is_empty());
        while let Some(at) = next.filter(|_| commits.len() < most) {
            if let Some(place) = places.get(&at) {
                let rest = known.drain(*place..).take(most - commits.len());
                let own = commits.len();
                commits.extend(rest);
                return Ok(Line { known: commits.len() - own, commits, whole: true });
            }
            let id = oid(at)?;
            let Ok(commit) = whole.find_commit(id) else { break };
            commits.extend(info(&whole, id));
            next = commit.parent_id(0).ok().map(commit_id);
        }
        let Walk { commits, cut } = self.walk(revision, head, head, most)?;
        Ok(Line { commits, known: 0, whole: !cut })
    }

    /// The first-parent line from the merge base of a revision and a commit on, at most `most` commits.
    pub(in crate::store) fn walk(
        &self,
        revision: &str,
        base: CommitId,
        head: CommitId,
        most: usize,
    ) -> Result<Walk, StoreError> {
        let whole = self.uncut()?;
        match walk_in(&whole, base, head, most) {
            Ok(Some(commits)) => return Ok(Walk { commits, cut: false }),
            Ok(None) => return Err(no_common_history(revision, base, head)),
            // Something is missing: the clone is shallow, or the base is only on the remote.
            Err(_) => {}
        }
        let why = match self.complete(&whole, base, head) {
            Ok(()) => match walk_in(&self.uncut()?, base, head, most) {
                Ok(Some(commits)) => return Ok(Walk { commits, cut: false }),
                Ok(None) => return Err(no_common_history(revision, base, head)),
                Err(error) => error.message().to_owned(),
            },
            Err(error) => error.to_string(),
        };
        // Without the rest of the history, what is here may still hold the answer.
        match walk_in(&self.clone, base, head, most) {
            Ok(Some(commits)) if !commits.is_empty() => Ok(Walk { commits, cut: true }),
            _ => Err(StoreError::HistoryUnknown { revision: revision.to_owned(), why }),
        }
    }
}

fn no_common_history(revision: &str, base: CommitId, head: CommitId) -> StoreError {
    StoreError::NoCommonHistory { revision: revision.to_owned(), base, head }
}

/// The walk inside one repository; an error when an object is missing, none when there is no common ancestor.
fn walk_in(
    repository: &Repository,
    base: CommitId,
    head: CommitId,
    most: usize,
) -> Result<Option<Vec<CommitInfo>>, git2::Error> {
    let id = |commit: CommitId| Oid::from_bytes(commit.as_bytes());
    let (base, head) = (id(base)?, id(head)?);
    repository.find_commit(base)?;
    repository.find_commit(head)?;
    let mut next = match repository.merge_base(base, head) {
        Ok(merge_base) => Some(merge_base),
        Err(error)
            if error.code() == git2::ErrorCode::NotFound && is_whole(repository, base, head) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut commits = Vec::new();
    while let Some(at) = next.filter(|_| commits.len() < most) {
        let commit = repository.find_commit(at)?;
        commits.extend(info(repository, at));
        next = commit.parent_id(0).ok();
    }
    Ok(Some(commits))
}

/// Whether every ancestor of both is here: only then does "not found" mean that there is no common one.
fn is_whole(repository: &Repository, base: Oid, head: Oid) -> bool {
    let walk = || -> Result<(), git2::Error> {
        let mut walk = repository.revwalk()?;
        walk.push(base)?;
        walk.push(head)?;
        walk.try_for_each(|commit| commit.map(drop))
    };
    walk().is_ok()
}
