//! Fetching and pushing records: many writers at once, nothing lost.
//!
//! Two sides are joined without knowing each other's history ([`super::bucket`]): records are immutable, and what was
//! removed is written down. So only the newest state is ever fetched, any two states can be joined, and a process that is
//! killed between two steps leaves states that join as well.
//!
//! A push follows the remote's state, which it has joined, and is refused when that moved meanwhile; whoever is too late
//! joins again. After some tries the records go to a ref of their own, which nobody else writes, which every reader reads,
//! and which the next push folds in. When something was removed, and now and then by itself, a push begins the history
//! anew, where the remote lets it: to everybody else that is a newer state like any other.

use super::error::StoreError;
use super::git_store::{GitStore, RUNS_REF};
use super::join::{Joined, Sides};
use super::kept;
use super::link::{Link, Talking};
use super::push::{Change, PushOutcome, Refusal};
use super::snapshot::{Leaf, Leaves, age};
use super::tidy::tidy;
use git2::{ObjectType, Oid};
use std::collections::BTreeSet;

/// Refs on the remote for records that could not be pushed to the common one.
const INBOX: &str = "inbox/";
/// Where the store's refs are on the remote.
const PREFIX: &str = "refs/perfgate/";
/// Tries at the common ref before the records go to a ref of their own.
const TRIES: u32 = 6;
/// States after which a history begins anew.
const LONGEST_HISTORY: u32 = 1_000;
/// Folders with records of its own up to which a clone has little to push.
const LITTLE: usize = 32;
/// Times that a part of what may be gone is asked for.
const MOST_PARTS: u32 = 500;
/// Times that what is here may change while what is missing is fetched.
const CHANGES: u32 = 10;

/// What a fetch brought about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Runs that somebody removed, and that are therefore not here any more.
    pub dropped: usize,
    /// Under which name the state before that is kept.
    pub kept: Option<String>,
    /// Runs that were known of, and whose contents neither this clone nor the remote has: they are not here any more either.
    pub gone: usize,
    /// Runs that the remote had and has not any more, although nobody removed them.
    pub lost: usize,
    /// Refs that are none of ours, with why.
    pub passed_over: Vec<String>,
}

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The remote had everything already.
    UpToDate,
    /// The remote has the records now; so many that it had not.
    Done(usize),
    /// The remote has the records in a ref of their own, which the next push folds in.
    Inbox(usize),
}

/// What is on the remote, and what came of joining it.
struct Exchange {
    joined: Joined,
    /// The remote's common ref, and what is in it.
    theirs: Option<(Oid, Leaves)>,
    /// The remote's other refs.
    inbox: Vec<String>,
    fetched: Fetched,
}

/// Brings the remote's records here and joins them with those that are here.
pub fn fetch(store: &GitStore) -> Result<Fetched, StoreError> {
    let link = talk(store)?;
    let fetched = fetch_over(store, &link)?;
    tidy(store)?;
    Ok(fetched)
}

/// Joins what a remote has.
pub(super) fn fetch_over(store: &GitStore, link: &dyn Link) -> Result<Fetched, StoreError> {
    exchange(store, link, true).map(|exchange| exchange.fetched)
}

/// Brings the records that are here to the remote.
pub fn push(store: &GitStore) -> Result<(Pushed, Fetched), StoreError> {
    let link = talk(store)?;
    let pushed = push_over(store, &link)?;
    tidy(store)?;
    Ok(pushed)
}

/// A talk with the store's remote, in which its last known state need not be sent again.
fn talk(store: &GitStore) -> Result<Talking<'_>, StoreError> {
    let Some(remote) = store.remote() else { return Err(StoreError::NoRemote { name: None }) };
    // What is seen there is only a help: where it cannot be read, the remote sends a little more.
    let seen = store.tip(&seen_ref(remote.url())?).ok().flatten();
    let here = seen.and_then(|seen| store.repository().find_commit(seen).ok());
    let known = here.map(|commit| (commit.id(), commit.parent_count() > 0));
    Talking::open(store, remote, known)
}

/// The ref that remembers what a remote had when it was last joined: by where the remote is, whatever its name.
fn seen_ref(url: &str) -> Result<String, StoreError> {
    let id = Oid::hash_object(ObjectType::Blob, url.as_bytes());
    let id = id.map_err(StoreError::git("hashing"))?.to_string();
    Ok(format!("refs/perfgate-seen/{}", &id[..16]))
}

/// Fetches and joins. With `whole`, what is here becomes what both have; otherwise only what it takes to join is fetched, and
/// what is here stays as it is.
fn exchange(store: &GitStore, link: &dyn Link, whole: bool) -> Result<Exchange, StoreError> {
    let (mut theirs, mut inbox, mut fetched) = (None, Vec::new(), Fetched::default());
    let mut sides = Sides::default();
    for (name, commit) in link.fetch(whole)? {
        let place = format!("{PREFIX}{name} of the remote `{}`", link.name());
        let leaves = Leaves::of(store.repository(), commit, &place);
        if name == "runs" {
            let leaves = leaves?;
            sides.theirs = leaves.clone();
            theirs = Some((commit, leaves));
        } else if name.starts_with(INBOX) {
            match leaves {
                Ok(leaves) => {
                    sides.inbox.push(leaves);
                    inbox.push(name);
                }
                Err(error) => fetched.passed_over.push(error.to_string()),
            }
        }
    }
    let seen_ref = seen_ref(link.url())?;
    sides.seen = store.leaves(&seen_ref).unwrap_or_default();
    for _ in 0..CHANGES {
        sides.own = store.leaves(RUNS_REF)?;
        make_joinable(store, &mut sides)?;
        let lock = whole.then(|| store.lock()).transpose()?;
        // Another process may have written meanwhile: then what is missing may be something else.
        let own = store.leaves(RUNS_REF)?;
        if own != sides.own {
            continue;
        }
        let joined = sides.join(store.repository())?;
        (fetched.lost, fetched.gone) = (joined.lost, joined.gone);
        if lock.is_some() {
            fetched.dropped = joined.dropped;
            if joined.leaves != own {
                let left = store.tip(RUNS_REF)?.filter(|_| joined.less);
                fetched.kept = left.map(|left| kept::keep(store, left)).transpose()?;
                store.set(RUNS_REF, joined.leaves.commit(store.repository(), None)?)?;
            }
            if let Some((commit, _)) = &theirs {
                store.set(&seen_ref, *commit)?;
            }
        }
        return Ok(Exchange { joined, theirs, inbox, fetched });
    }
    Err(StoreError::Held { holder: "other processes that record".to_owned() })
}

/// Fetches what has to be read to join, and what the remote would have to be given. What is known here and can be had
/// nowhere any more was never here.
fn make_joinable(store: &GitStore, sides: &mut Sides) -> Result<(), StoreError> {
    let [theirs, own] = sides.needed(store.repository())?;
    store.fetch_missing(&theirs)?;
    fetch_if_there(store, &own)?;
    let contents = sides.contents(store.repository())?;
    sides.absent = fetch_if_there(store, &contents)?;
    Ok(())
}

/// Fetches what the remote still has of these objects; the others. One that is not there spoils it for all that are asked for
/// with it, so halves are asked for then, as often as is bearable.
fn fetch_if_there(store: &GitStore, objects: &[Oid]) -> Result<BTreeSet<Oid>, StoreError> {
    let (mut parts, mut absent) = (vec![objects], BTreeSet::new());
    for _ in 0..MOST_PARTS {
        let Some(part) = parts.pop() else { break };
        match store.fetch_missing(part) {
            Ok(()) => {}
            Err(error) if !error.is_of_missing_objects() => return Err(error),
            Err(_) if part.len() > 1 => {
                let (one, other) = part.split_at(part.len() / 2);
                parts.extend([one, other]);
            }
            Err(_) => absent.extend(part),
        }
    }
    // What was not asked for may be there: for a push, that is as good as not knowing.
    match parts.is_empty() {
        true => Ok(absent),
        false => {
            Err(StoreError::TooManyMissing { objects: parts.iter().map(|part| part.len()).sum() })
        }
    }
}

/// Joins and pushes until the remote takes it.
pub(super) fn push_over(
    store: &GitStore,
    link: &dyn Link,
) -> Result<(Pushed, Fetched), StoreError> {
    let whole = needs_all(store, link)?;
    let mut all = Fetched::default();
    for attempt in 0..TRIES {
        if attempt > 0 {
            link.pause();
        }
        let exchange = exchange(store, link, whole)?;
        all.add(&exchange.fetched);
        match push_joined(store, link, &exchange)? {
            (PushOutcome::Late(_), _) => {}
            (PushOutcome::Refused(refusal), _) => return Err(refused(link, RUNS_REF, refusal)),
            (PushOutcome::Accepted, None) => return Ok((Pushed::UpToDate, all)),
            (PushOutcome::Accepted, Some(pushed)) => {
                if exchange.theirs.is_none() {
                    see(link, RUNS_REF)?;
                }
                remember(store, link, &exchange, pushed, whole)?;
                return Ok((Pushed::Done(exchange.joined.new), all));
            }
        }
    }
    Ok((push_to_inbox(store, link, whole)?, all))
}

/// Whether a push brings all folders of the remote here. Where nothing of the remote is known yet and little is to be pushed, it
/// needs next to nothing of it.
fn needs_all(store: &GitStore, link: &dyn Link) -> Result<bool, StoreError> {
    let is_known = !matches!(store.tip(&seen_ref(link.url())?), Ok(None));
    Ok(is_known || store.leaves(RUNS_REF)?.digits().count() > LITTLE)
}

/// Pushes what was joined, and removes what was folded in. The new state, if there is one.
fn push_joined(
    store: &GitStore,
    link: &dyn Link,
    exchange: &Exchange,
) -> Result<(PushOutcome, Option<Oid>), StoreError> {
    let Exchange { joined, theirs, inbox, .. } = exchange;
    let repository = store.repository();
    let folded: Vec<(String, Change)> =
        inbox.iter().map(|name| (format!("{PREFIX}{name}"), Change::Delete)).collect();
    let same = theirs
        .as_ref()
        .map_or_else(|| joined.leaves == Leaves::default(), |(_, leaves)| *leaves == joined.leaves);
    if same {
        if !folded.is_empty() {
            // Whoever removes them first is as good as we.
            link.push(&folded)?;
        }
        return Ok((PushOutcome::Accepted, None));
    }
    let after = theirs.as_ref().map(|(commit, _)| (*commit, age(repository, *commit)));
    if let Some((old, age)) = after
        && (joined.removes || age >= LONGEST_HISTORY)
    {
        let new = joined.leaves.commit(repository, None)?;
        let runs = (RUNS_REF.to_owned(), Change::Replace { old, new });
        match push_folding(link, runs, &folded)? {
            // A remote that lets no history begin anew takes one that goes on.
            PushOutcome::Refused(_) => {}
            outcome => return Ok((outcome, Some(new))),
        }
    }
    let new = joined.leaves.commit(repository, after)?;
    let runs = (RUNS_REF.to_owned(), Change::Follow(new));
    Ok((push_folding(link, runs, &folded)?, Some(new)))
}

/// Pushes the common ref and removes what was folded into it in one go; where the remote does not take that, one after the
/// other.
fn push_folding(
    link: &dyn Link,
    runs: (String, Change),
    folded: &[(String, Change)],
) -> Result<PushOutcome, StoreError> {
    let all: Vec<(String, Change)> =
        std::iter::once(runs.clone()).chain(folded.iter().cloned()).collect();
    let outcome = link.push(&all)?;
    if folded.is_empty() || !matches!(outcome, PushOutcome::Refused(_)) {
        return Ok(outcome);
    }
    let outcome = link.push(&[runs])?;
    if outcome == PushOutcome::Accepted {
        // What stays there is folded in again, and changes nothing.
        link.push(folded)?;
    }
    Ok(outcome)
}

/// Remembers what the remote has after a push, unless another process has joined something else meanwhile.
fn remember(
    store: &GitStore,
    link: &dyn Link,
    exchange: &Exchange,
    pushed: Oid,
    whole: bool,
) -> Result<(), StoreError> {
    if !whole {
        return Ok(());
    }
    let _lock = store.lock()?;
    let seen = seen_ref(link.url())?;
    let before = exchange.theirs.as_ref().map(|(commit, _)| *commit);
    if store.tip(&seen)? == before { store.set(&seen, pushed) } else { Ok(()) }
}

/// Pushes what the remote does not have to a ref that is named by its content.
fn push_to_inbox(store: &GitStore, link: &dyn Link, whole: bool) -> Result<Pushed, StoreError> {
    let exchange = exchange(store, link, whole)?;
    let theirs = exchange.theirs.map(|(_, leaves)| leaves).unwrap_or_default();
    let (repository, mut own) = (store.repository(), Leaves::default());
    let here = store.leaves(RUNS_REF)?;
    for digits in here.digits() {
        let leaf = here.get(digits);
        if leaf != theirs.get(digits) {
            // Only what is new: the remote moves meanwhile, and git sends all that it does not see there.
            let mut new = leaf.read(repository)?.beyond(&theirs.get(digits).read(repository)?);
            // What is known of other inboxes is there already.
            new.forget(&store.missing(&new.contents())?);
            own.set(digits, Leaf::write(repository, &new)?);
        }
    }
    if own == Leaves::default() {
        return Ok(Pushed::UpToDate);
    }
    let commit = own.commit(store.repository(), None)?;
    let name = format!("{PREFIX}{INBOX}{commit}");
    match link.push(&[(name.clone(), Change::Follow(commit))])? {
        PushOutcome::Accepted => {
            see(link, &name)?;
            Ok(Pushed::Inbox(exchange.joined.new))
        }
        // Somebody with the very same records was faster; or the server never takes anything, and calls it by that name.
        PushOutcome::Late(_) if link.shows(&name)? => Ok(Pushed::Inbox(exchange.joined.new)),
        PushOutcome::Late(refusal) | PushOutcome::Refused(refusal) => {
            Err(refused(link, &name, refusal))
        }
    }
}

/// Makes sure that readers see a new ref: a server may hide what it takes.
fn see(link: &dyn Link, name: &str) -> Result<(), StoreError> {
    if link.shows(name)? {
        return Ok(());
    }
    Err(StoreError::Hidden { remote: link.name().to_owned(), name: name.to_owned() })
}

fn refused(link: &dyn Link, name: &str, refusal: Refusal) -> StoreError {
    StoreError::Rejected {
        remote: link.name().to_owned(),
        name: name.to_owned(),
        message: refusal.why,
        said: refusal.said,
    }
}

impl Fetched {
    fn add(&mut self, later: &Self) {
        self.dropped += later.dropped;
        self.gone = later.gone.max(self.gone);
        self.kept = later.kept.clone().or_else(|| self.kept.take());
        self.lost = later.lost.max(self.lost);
        self.passed_over.clone_from(&later.passed_over);
    }
}
