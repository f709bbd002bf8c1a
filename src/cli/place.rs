//! The store that the policy names, and the history that it goes with.

use super::error::CliError;
use super::policy::{Loaded, directory};
use super::session::Session;
use crate::store::{DirectoryStore, GitStore, History, Pushed, RunStore, StoreError, fetch, push};
use std::path::Path;

/// The store, and the history that it goes with.
pub(super) struct Place {
    pub(super) history: History,
    kept: Kept,
}

/// Where the records are kept.
enum Kept {
    Git(GitStore),
    Directory(DirectoryStore),
}

/// Opens the store that the policy names. `offline` never asks the remote.
pub(super) fn open_place(
    loaded: &Loaded,
    offline: bool,
    session: &Session<'_>,
) -> Result<Place, CliError> {
    open_in(loaded, offline, session.folder())
}

/// The same, in a folder: a place belongs to one thread, and others open their own.
pub(super) fn open_in(loaded: &Loaded, offline: bool, folder: &Path) -> Result<Place, CliError> {
    let wanted = loaded.policy.store.remote.as_deref();
    let history = History::open(folder, wanted, offline)?;
    let kept = match directory(loaded) {
        Some(folder) => Kept::Directory(DirectoryStore::new(folder)),
        None => Kept::Git(GitStore::open(history.common_dir(), history.remote().cloned())?),
    };
    Ok(Place { history, kept })
}

impl Place {
    /// The records.
    pub(super) fn store(&self) -> &dyn RunStore {
        match &self.kept {
            Kept::Git(store) => store,
            Kept::Directory(store) => store,
        }
    }

    /// Fetches the store's ref where there is a remote to fetch it from.
    pub(super) fn fetch(&self) -> Result<(), CliError> {
        match &self.kept {
            Kept::Git(store) if self.history.remote().is_some() => Ok(fetch(store)?),
            Kept::Git(_) | Kept::Directory(_) => Ok(()),
        }
    }

    /// The store that can be exchanged with a remote; an error where there is none.
    pub(super) fn exchangeable(&self) -> Result<&GitStore, CliError> {
        let Kept::Git(store) = &self.kept else {
            let help =
                "its files are exchanged like any others; push and fetch belong to the git store";
            return Err(CliError::usage(format!("the store is {}", self.store().describe()), help));
        };
        match self.history.remote() {
            Some(_) => Ok(store),
            None => Err(StoreError::NoRemote { name: None }.into()),
        }
    }
}

/// Pushes, and says how it ended.
pub(super) fn push_records(place: &Place, session: &mut Session<'_>) -> Result<(), CliError> {
    let store = place.exchangeable()?;
    let remote =
        place.history.remote().map(crate::store::Remote::name).unwrap_or_default().to_owned();
    session.say(&match push(store)? {
        Pushed::UpToDate => format!("{remote} has every record already"),
        Pushed::Done => format!("pushed to {remote}"),
        Pushed::Inbox => format!(
            "pushed to {remote}, into a ref of its own because many push at once; every reader sees it, and the next \
             push folds it in"
        ),
    })
}
