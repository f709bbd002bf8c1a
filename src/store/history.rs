//! The commit history: revisions, merge bases, first parents. Reads the user's clone and never changes it.
//!
//! A shallow clone is completed in the private repository: commits only, without trees. There it is read together with
//! the clone's objects, and without the clone's list of where its history is cut off.

use super::clone;
use super::error::StoreError;
use super::git_store::has_commit;
use super::layout::private_path;
use super::record::{commit_id, oid};
use super::remote::{Reach, Remote};
use crate::config::suggest;
use crate::model::CommitId;
use git2::{Oid, Repository};
use std::collections::HashMap;
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

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitText {
    /// Its id.
    pub id: CommitId,
    /// Who wrote it; untrusted.
    pub author: String,
    /// Its whole message; untrusted.
    pub message: String,
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

/// Commits that are read for what they say; no change has as many.
const MOST_COMMITS: usize = 10_000;

/// A first-parent walk.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// From the merge base on.
    pub(super) commits: Vec<CommitInfo>,
    /// Whether it ends because a shallow clone does, not because the history does.
    pub(super) cut: bool,
}

/// The commits that one commit has and another one has not, and whose message holds a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The one that has them.
    pub head: CommitId,
    /// The one that has not.
    pub without: CommitId,
    /// How many commits were read for it.
    pub read: usize,
    /// Whether that is all of them.
    pub whole: bool,
    /// Those that say it.
    pub commits: Vec<CommitText>,
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

    /// The commits that any of these has and another has not, and whose message holds a word in whatever case. Where a part
    /// of the history is not here, as far as it goes.
    pub fn commits_that_say(
        &self,
        word: &str,
        heads: &[CommitId],
        without: CommitId,
    ) -> Result<Vec<CommitText>, StoreError> {
        Ok(self.read_commits(word, heads, &[without])?.commits)
    }

    /// The same of one commit. What was read for an ancestor of it is not read again.
    pub fn said(
        &self,
        word: &str,
        (head, without): (CommitId, CommitId),
        known: Option<Said>,
    ) -> Result<Said, StoreError> {
        let known = known.filter(|known| known.without == without && known.whole);
        if let Some(known) = known {
            if known.head == head {
                return Ok(known);
            }
            if self.is_part_of(known.head, head)? {
                let mut said = self.read_commits(word, &[head], &[without, known.head])?;
                said.read += known.read;
                said.commits.extend(known.commits);
                if said.whole && said.read <= MOST_COMMITS {
                    return Ok(Said { without, ..said });
                }
            }
        }
        self.read_commits(word, &[head], &[without])
    }

    fn read_commits(
        &self,
        word: &str,
        heads: &[CommitId],
        without: &[CommitId],
    ) -> Result<Said, StoreError> {
        let whole = self.uncut()?;
        let wrap = || StoreError::git("walking the history");
        let mut walk = whole.revwalk().map_err(wrap())?;
        for head in heads {
            walk.push(oid(*head)?).map_err(wrap())?;
        }
        for without in without {
            walk.hide(oid(*without)?).map_err(wrap())?;
        }
        let word = word.to_lowercase();
        let none = CommitId::from_bytes([0; 20]);
        let first = |all: &[CommitId]| all.first().copied().unwrap_or(none);
        let (head, without) = (first(heads), first(without));
        let mut said = Said { head, without, read: 0, whole: false, commits: Vec::new() };
        while said.read < MOST_COMMITS {
            let Some(id) = walk.next() else {
                said.whole = true;
                break;
            };
            let Ok(commit) = id.and_then(|id| whole.find_commit(id)) else { break };
            said.read += 1;
            let message = String::from_utf8_lossy(commit.message_bytes());
            if message.to_lowercase().contains(&word) {
                let author = String::from_utf8_lossy(commit.author().name_bytes()).into_owned();
                let (id, message) = (commit_id(commit.id()), message.into_owned());
                said.commits.push(CommitText { id, author, message });
            }
        }
        Ok(said)
    }

    /// Fetches a commit with its ancestors where it is not here.
    pub fn bring(&self, commit: CommitId) -> Result<(), StoreError> {
        if has_commit(&self.uncut()?, commit) {
            return Ok(());
        }
        let Some(remote) = &self.remote else { return Err(StoreError::NoRemote { name: None }) };
        remote.fetch_graph(&self.private()?, &[oid(commit)?])
    }

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
    pub(super) fn walk(
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

    /// Fetches the commits that the clone does not have, from where it is cut off on.
    fn complete(
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
    pub(super) fn private(&self) -> Result<PathBuf, StoreError> {
        super::GitStore::open(self.common_dir(), None)?;
        Ok(private_path(self.common_dir()))
    }

    /// The objects of clone and private repository together, without the clone's list of where it is cut off. Where
    /// there is no private repository the clone itself, unless it is shallow.
    pub(super) fn uncut(&self) -> Result<Repository, StoreError> {
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

fn info(repository: &Repository, id: Oid) -> Option<CommitInfo> {
    let commit = repository.find_commit(id).ok()?;
    Some(CommitInfo {
        id: commit_id(id),
        date: jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        subject: commit.summary().ok().flatten().unwrap_or_default().to_owned(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
    })
}
