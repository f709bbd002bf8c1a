//! What was removed from here is kept for a while: in refs of the private repository, so that it can be brought back.

use super::bucket::Kept;
use super::error::StoreError;
use super::git_store::{GitStore, RUNS_REF};
use super::snapshot::Leaves;
use crate::model::today;
use git2::Oid;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Where they are: `refs/perfgate-kept/<date>-<beginning of the commit>`.
const PREFIX: &str = "refs/perfgate-kept/";
/// Days that they are kept.
const DAYS: i64 = 90;

/// A state of the store before something was removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptState {
    /// Its name: the date on which something was removed, and a few digits.
    pub name: String,
    /// Runs in it that are not here now.
    pub runs: usize,
}

/// Keeps the state of this commit; the name that it is kept by. Those whose time is over go.
pub(super) fn keep(store: &GitStore, state: Oid) -> Result<String, StoreError> {
    let today = today();
    for (name, _) in refs(store)? {
        let date: Option<Date> = name.get(..10).and_then(|date| date.parse().ok());
        if date.is_some_and(|date| date < today.saturating_sub(DAYS.days())) {
            store.unset(&format!("{PREFIX}{name}"))?;
        }
    }
    let name = format!("{today}-{}", &state.to_string()[..7]);
    store.set(&format!("{PREFIX}{name}"), state)?;
    Ok(name)
}

fn refs(store: &GitStore) -> Result<Vec<(String, Oid)>, StoreError> {
    let wrap = || StoreError::git("reading what was kept");
    let mut found = Vec::new();
    for reference in store.repository().references_glob(&format!("{PREFIX}*")).map_err(wrap())? {
        let reference = reference.map_err(wrap())?;
        if let (Ok(name), Some(id)) = (reference.name(), reference.target()) {
            found.push((name.replacen(PREFIX, "", 1), id));
        }
    }
    Ok(found)
}

/// What was kept, oldest first.
pub fn kept_states(store: &GitStore) -> Result<Vec<KeptState>, StoreError> {
    let own = store.leaves(RUNS_REF)?;
    let mut states = Vec::new();
    for (name, commit) in refs(store)? {
        let state = Leaves::of(store.repository(), commit, &name)?;
        states.push(KeptState { name, runs: gone(store, &state, &own)?.len() });
    }
    Ok(states)
}

/// The records of a state that are not here any more, or not with their histograms, by bucket and name.
fn gone(store: &GitStore, state: &Leaves, own: &Leaves) -> Result<Vec<(u8, String)>, StoreError> {
    let repository = store.repository();
    let mut gone = Vec::new();
    for digits in state.digits().filter(|digits| state.get(*digits) != own.get(*digits)) {
        if !state.get(digits).missing(repository)?.is_empty() {
            continue;
        }
        let (state, own) = (state.get(digits).read(repository)?, own.get(digits).read(repository)?);
        let is_gone = |name: &&String, kept: &Kept| {
            let here = own.0.get(*name).copied().unwrap_or_default();
            kept.run.is_some()
                && (here.run.is_none() || kept.histograms.is_some() && here.histograms.is_none())
        };
        let names = state.0.iter().filter(|(name, kept)| is_gone(name, kept)).map(|(name, _)| name);
        gone.extend(names.map(|name| (digits, name.clone())));
    }
    Ok(gone)
}

/// Brings the runs of a kept state back that are not here any more, or not with their histograms. How many.
pub fn restore(store: &GitStore, name: &str) -> Result<usize, StoreError> {
    let found = refs(store)?.into_iter().find(|(own, _)| own == name);
    let Some((_, commit)) = found else { return Err(StoreError::NothingKept(name.to_owned())) };
    let state = Leaves::of(store.repository(), commit, name)?;
    let _lock = store.lock()?;
    let mut own = store.leaves(RUNS_REF)?;
    let gone = gone(store, &state, &own)?;
    let repository = store.repository();
    for (digits, name) in &gone {
        let before = state.get(*digits).read(repository)?;
        let mut bucket = own.get(*digits).read(repository)?;
        let Some(kept) = before.0.get(name) else { continue };
        if let Some(run) = kept.run {
            bucket.0.entry(name.clone()).or_default().add(run, None);
        }
        if let Some(histograms) = kept.histograms {
            bucket.add_histograms(name, histograms);
        }
        own.set(*digits, super::snapshot::Leaf::write(repository, &bucket)?);
    }
    if !gone.is_empty() {
        store.set(RUNS_REF, own.commit(repository, None)?)?;
    }
    Ok(gone.len())
}
