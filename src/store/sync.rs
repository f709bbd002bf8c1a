//! Fetching and pushing records: many writers at once, nothing lost.
//!
//! Records are immutable and never share a path, so two sides are brought together by joining their files. What one side
//! has added or pruned since the last fetch is known from the ref that was fetched then. A push replaces exactly the tip
//! that was seen; whoever is too late joins again. After some tries the records go to a ref of their own, which nobody
//! else writes, which every reader reads, and which the next successful push folds in.

use super::error::StoreError;
use super::git_store::{Files, GitStore, REMOTE_PREFIX, REMOTE_RUNS_REF, RUNS_REF};
use super::remote::{PushOutcome, Remote};
use git2::Oid;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Refs on the remote for records that could not be pushed to the common one.
const INBOX_PREFIX: &str = "refs/perfgate/inbox/";
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

/// What the remote has besides the common ref.
struct Inbox {
    /// The ref on the remote, and its commit.
    refs: Vec<(String, Oid)>,
}

/// Brings the remote's records here and joins them with those that are here.
pub fn fetch(store: &GitStore) -> Result<(), StoreError> {
    let Some(remote) = store.remote() else { return Err(StoreError::NoRemote { name: None }) };
    fetch_and_join(store, remote).map(drop)
}

fn fetch_and_join(store: &GitStore, remote: &Remote) -> Result<Inbox, StoreError> {
    // The lock spans fetch and join: another process must not move the fetched ref in between.
    let _lock = store.lock()?;
    let before = store.tip(REMOTE_RUNS_REF)?;
    remote.fetch_refs(store.repository().path(), &format!("+refs/perfgate/*:{REMOTE_PREFIX}*"))?;
    let after = store.tip(REMOTE_RUNS_REF)?;
    let inbox = inbox(store)?;
    let own = store.tip(RUNS_REF)?;
    let joined = join(store, own, before, after, &inbox)?;
    if let Some(joined) = joined.filter(|joined| Some(*joined) != own) {
        store.set(RUNS_REF, joined)?;
    }
    Ok(inbox)
}

fn inbox(store: &GitStore) -> Result<Inbox, StoreError> {
    let wrap = || StoreError::git("reading the store's inbox");
    let tracked = format!("{REMOTE_PREFIX}inbox/");
    let mut refs = Vec::new();
    let found = store.repository().references_glob(&format!("{tracked}*")).map_err(wrap())?;
    for reference in found {
        let reference = reference.map_err(wrap())?;
        if let (Ok(name), Some(commit)) = (reference.name(), reference.target()) {
            refs.push((name.replacen(&tracked, INBOX_PREFIX, 1), commit));
        }
    }
    Ok(Inbox { refs })
}

/// The remote's files, with what was added here and in the inbox, without what was removed here.
fn join(
    store: &GitStore,
    own: Option<Oid>,
    before: Option<Oid>,
    after: Option<Oid>,
    inbox: &Inbox,
) -> Result<Option<Oid>, StoreError> {
    if inbox.refs.is_empty() && (own == before || own.is_none()) {
        return Ok(after);
    }
    if inbox.refs.is_empty() && before == after {
        return Ok(own);
    }
    let (own_files, seen, theirs) = (store.files(own)?, store.files(before)?, store.files(after)?);
    let mut added: Files = own_files.clone();
    added.retain(|path, _| !seen.contains_key(path));
    for (_, commit) in &inbox.refs {
        added.extend(store.files(Some(*commit))?);
    }
    added.retain(|path, _| !theirs.contains_key(path));
    let removed: Vec<String> = seen
        .keys()
        .filter(|path| !own_files.contains_key(*path) && theirs.contains_key(*path))
        .cloned()
        .collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(after);
    }
    store.commit(after, &added, &removed).map(Some)
}

/// Brings the records that are here to the remote.
pub fn push(store: &GitStore) -> Result<Pushed, StoreError> {
    let Some(remote) = store.remote() else { return Err(StoreError::NoRemote { name: None }) };
    for _ in 0..TRIES {
        let inbox = fetch_and_join(store, remote)?;
        let (own, theirs) = (store.tip(RUNS_REF)?, store.tip(REMOTE_RUNS_REF)?);
        let Some(own) = own.filter(|own| Some(*own) != theirs) else { return Ok(Pushed::UpToDate) };
        let mut updates = vec![(RUNS_REF.to_owned(), theirs, Some(own))];
        updates.extend(inbox.refs.into_iter().map(|(name, commit)| (name, Some(commit), None)));
        if remote.push(store.repository().path(), &updates)? == PushOutcome::Accepted {
            // Unless another process has fetched something newer meanwhile.
            let _lock = store.lock()?;
            if store.tip(REMOTE_RUNS_REF)? == theirs {
                store.set(REMOTE_RUNS_REF, own)?;
            }
            return Ok(Pushed::Done);
        }
        std::thread::sleep(pause());
    }
    push_to_inbox(store, remote)
}

/// Pushes what the remote does not have to a ref that is named by its content.
fn push_to_inbox(store: &GitStore, remote: &Remote) -> Result<Pushed, StoreError> {
    let theirs = store.files(store.tip(REMOTE_RUNS_REF)?)?;
    let mut added = store.files(store.tip(RUNS_REF)?)?;
    added.retain(|path, _| !theirs.contains_key(path));
    let commit = store.commit(None, &added, &[])?;
    let name = format!("{INBOX_PREFIX}{commit}");
    match remote.push(store.repository().path(), &[(name, None, Some(commit))])? {
        PushOutcome::Accepted => Ok(Pushed::Inbox),
        PushOutcome::Rejected => Err(StoreError::Rejected {
            remote: remote.name().to_owned(),
            message: format!("neither {RUNS_REF} nor a ref under {INBOX_PREFIX} may be written"),
        }),
    }
}

/// A flat random pause of 0.1 to 1 s: with many writers at once, growing pauses starve the unlucky.
fn pause() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(100 + random % 900)
}
