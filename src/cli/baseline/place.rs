//! The store that the policy names, and the history that it goes with.

use crate::cli::error::CliError;
use crate::cli::policy::{Loaded, directory};
use crate::cli::session::Session;
use crate::store::{DirectoryStore, GitStore, History, Pushed, RunStore, StoreError, fetch, push};

/// The store, and the history that it goes with.
pub(in crate::cli) struct Place {
    pub(in crate::cli) history: History,
    pub(in crate::cli) store: Box<dyn RunStore>,
    /// The store once more, if it is one that can be exchanged with a remote.
    git: Option<GitStore>,
}

/// Opens the store that the policy names. `offline` never asks the remote.
pub(in crate::cli) fn open_place(
    loaded: &Loaded,
    offline: bool,
    session: &Session<'_>,
) -> Result<Place, CliError> {
    let wanted = loaded.policy.store.remote.as_deref();
    let history = History::open(session.folder(), wanted, offline)?;
    if let Some(folder) = directory(loaded) {
        return Ok(Place { history, store: Box::new(DirectoryStore::new(folder)), git: None });
    }
    let open = || GitStore::open(history.common_dir(), history.remote().cloned());
    let (store, git) = (Box::new(open()?), Some(open()?));
    Ok(Place { history, store, git })
}

impl Place {
    /// Fetches the store's ref where there is a remote to fetch it from.
    pub(in crate::cli) fn fetch(&self) -> Result<(), CliError> {
        match &self.git {
            Some(store) if self.history.remote().is_some() => Ok(fetch(store)?),
            _ => Ok(()),
        }
    }

    /// The store that can be exchanged with a remote; an error where there is none.
    pub(super) fn exchangeable(&self) -> Result<&GitStore, CliError> {
        let Some(store) = &self.git else {
            let help =
                "its files are exchanged like any others; push and fetch belong to the git store";
            return Err(CliError::usage(format!("the store is {}", self.describe()), help));
        };
        match self.history.remote() {
            Some(_) => Ok(store),
            None => Err(StoreError::NoRemote { name: None }.into()),
        }
    }
}

/// Pushes, and says how it ended.
pub(in crate::cli) fn push_records(
    place: &Place,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
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
