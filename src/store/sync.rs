//! Fetching and pushing records: many writers at once, nothing lost.
//!
//! Records are immutable and never share a path, so two sides are brought together by joining their files. What this
//! side has added or pruned since it last saw the remote is told by a ref that is moved only after the join is done, so
//! that a crash in between adds a record once more but never takes one for removed. A push replaces exactly the tip that
//! was joined; whoever is too late joins again. After some tries the records go to a ref of their own, which nobody else
//! writes, which every reader reads, and which the next successful push folds in.

use super::error::StoreError;
use super::git_store::{Files, GitStore, RUNS_REF};
use super::remote::{PushOutcome, Remote};
use git2::Oid;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Refs on the remote for records that could not be pushed to the common one.
const INBOX_PREFIX: &str = "refs/perfgate/inbox/";
/// Where the remote's refs are fetched to.
const INCOMING_PREFIX: &str = "refs/perfgate-incoming/";
/// Tries at the common ref before the records go to a ref of their own.
const TRIES: u32 = 6;

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The remote had everything already.
    UpToDate,
    /// The remote has the records now.
    Done,
    /// The remote has the records in a ref of their own, which the next push folds in.
    Inbox,
}

/// Both sides after a join.
struct Joined {
    /// The records that are here.
    own: Option<Oid>,
    /// The remote's common ref.
    theirs: Option<Oid>,
    /// The remote's other refs, and their commits.
    inbox: Vec<(String, Oid)>,
}

/// Brings the remote's records here and joins them with those that are here.
pub fn fetch(store: &GitStore) -> Result<(), StoreError> {
    let Some(remote) = store.remote() else { return Err(StoreError::NoRemote { name: None }) };
    fetch_and_join(store, remote).map(drop)
}

/// The ref that remembers which records this remote had when they were last joined.
fn seen_ref(remote: &Remote) -> String {
    format!("refs/perfgate-seen/{}", remote.name())
}

fn fetch_and_join(store: &GitStore, remote: &Remote) -> Result<Joined, StoreError> {
    // The lock spans fetch and join, so that no other process moves a ref in between.
    let _lock = store.lock()?;
    remote
        .fetch_refs(store.repository().path(), &format!("+refs/perfgate/*:{INCOMING_PREFIX}*"))?;
    let theirs = store.tip(&format!("{INCOMING_PREFIX}runs"))?;
    let inbox = inbox(store)?;
    let before = store.tip(RUNS_REF)?;
    // A remote without the ref is an empty store, not one whose records were all removed.
    let seen = store.tip(&seen_ref(remote))?.filter(|_| theirs.is_some());
    let own = join(store, before, seen, theirs, &inbox)?;
    if let Some(own) = own.filter(|own| Some(*own) != before) {
        store.set(RUNS_REF, own)?;
    }
    if let Some(theirs) = theirs {
        store.set(&seen_ref(remote), theirs)?;
    }
    Ok(Joined { own, theirs, inbox })
}

fn inbox(store: &GitStore) -> Result<Vec<(String, Oid)>, StoreError> {
    let wrap = || StoreError::git("reading the store's inbox");
    let incoming = format!("{INCOMING_PREFIX}inbox/");
    let mut refs = Vec::new();
    let found = store.repository().references_glob(&format!("{incoming}*")).map_err(wrap())?;
    for reference in found {
        let reference = reference.map_err(wrap())?;
        if let (Ok(name), Some(commit)) = (reference.name(), reference.target()) {
            refs.push((name.replacen(&incoming, INBOX_PREFIX, 1), commit));
        }
    }
    Ok(refs)
}

/// The remote's files, with what was added here and in the inbox, without what was removed here. `seen` is what the
/// remote had when it was last joined.
fn join(
    store: &GitStore,
    own: Option<Oid>,
    seen: Option<Oid>,
    theirs: Option<Oid>,
    inbox: &[(String, Oid)],
) -> Result<Option<Oid>, StoreError> {
    if inbox.is_empty() && (own.is_none() || own == seen) {
        return Ok(theirs.or(own));
    }
    if inbox.is_empty() && seen == theirs {
        return Ok(own);
    }
    let (own_files, seen, their_files) =
        (store.files(own)?, store.files(seen)?, store.files(theirs)?);
    let removed: Vec<String> = seen
        .keys()
        .filter(|path| !own_files.contains_key(*path) && their_files.contains_key(*path))
        .cloned()
        .collect();
    let mut added: Files = own_files;
    added.retain(|path, _| !seen.contains_key(path));
    for (_, commit) in inbox {
        added.extend(store.files(Some(*commit))?);
    }
    added.retain(|path, _| !their_files.contains_key(path));
    if added.is_empty() && removed.is_empty() {
        return Ok(theirs);
    }
    store.commit(theirs, &added, &removed).map(Some)
}

/// Brings the records that are here to the remote.
pub fn push(store: &GitStore) -> Result<Pushed, StoreError> {
    let Some(remote) = store.remote() else { return Err(StoreError::NoRemote { name: None }) };
    let git_dir = store.repository().path();
    let mut said = String::new();
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(pause());
        }
        let joined = fetch_and_join(store, remote)?;
        let outcome = match joined.own.filter(|own| Some(*own) != joined.theirs) {
            None => Pushed::UpToDate,
            Some(own) => match remote.push(git_dir, RUNS_REF, joined.theirs, Some(own))? {
                PushOutcome::Rejected(why) => {
                    said = why;
                    continue;
                }
                PushOutcome::Accepted => {
                    remember(store, remote, joined.theirs, own)?;
                    Pushed::Done
                }
            },
        };
        // Everything in the inbox is in the common ref now; whoever deletes a ref of it first is as good as we.
        for (name, commit) in joined.inbox {
            remote.push(git_dir, &name, Some(commit), None)?;
        }
        return Ok(outcome);
    }
    push_to_inbox(store, remote, &said)
}

/// Remembers what the remote has after a push, unless another process has joined something newer meanwhile.
fn remember(
    store: &GitStore,
    remote: &Remote,
    before: Option<Oid>,
    after: Oid,
) -> Result<(), StoreError> {
    let _lock = store.lock()?;
    let seen = seen_ref(remote);
    if store.tip(&seen)? == before { store.set(&seen, after) } else { Ok(()) }
}

/// Pushes what the remote does not have to a ref that is named by its content. Removals cannot travel this way.
fn push_to_inbox(store: &GitStore, remote: &Remote, said: &str) -> Result<Pushed, StoreError> {
    let rejected =
        |message: String| StoreError::Rejected { remote: remote.name().to_owned(), message };
    let theirs = store.files(store.tip(&seen_ref(remote))?)?;
    let mut added = store.files(store.tip(RUNS_REF)?)?;
    added.retain(|path, _| !theirs.contains_key(path));
    if added.is_empty() {
        return Err(rejected(said.to_owned()));
    }
    let commit = store.commit(None, &added, &[])?;
    let name = format!("{INBOX_PREFIX}{commit}");
    match remote.push(store.repository().path(), &name, None, Some(commit))? {
        PushOutcome::Accepted => Ok(Pushed::Inbox),
        PushOutcome::Rejected(why) => {
            Err(rejected(format!("{RUNS_REF}: {said}; {INBOX_PREFIX}…: {why}")))
        }
    }
}

/// A flat random pause of 0.1 to 1 s: with many writers at once, growing pauses starve the unlucky.
fn pause() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(100 + random % 900)
}
