//! The store that the policy names, and the history that it goes with.

use super::error::CliError;
use super::policy::{LoadedPolicy, Network};
use super::session::Session;
use crate::config::StorePlace;
use crate::model::CommitId;
use crate::report::{escape_terminal, plural};
use crate::store::{
    CommitStore, DirectoryStore, Fetched, FileAt, GitStore, History, ObjectStore, Patience, Pushed,
    Remote, RunStore, StoreError, Verified, fetch, push, verify, verify_folder,
};
use std::path::{Component, Path, PathBuf};

/// The store of a policy, and the history that its records belong to.
pub(super) struct OpenStore {
    pub(super) history: History,
    kept: Kept,
}

/// Where the records are kept.
enum Kept {
    Git(GitStore),
    Directory(DirectoryStore),
    /// A folder as the base of a pull request has it.
    Commit(CommitStore),
    Object(ObjectStore),
}

/// Opens the store that the policy names.
pub(super) fn open_store(
    loaded: &LoadedPolicy,
    network: Network,
    session: &Session<'_>,
) -> Result<OpenStore, CliError> {
    open_store_in(loaded, network, session.folder())
}

/// Opens the store that the policy names and, online, fetches its records.
pub(super) fn open_fetched_store(
    loaded: &LoadedPolicy,
    network: Network,
    session: &Session<'_>,
) -> Result<OpenStore, CliError> {
    let store = open_store(loaded, network, session)?;
    match (network, &store.kept) {
        (Network::Online, _) => store.fetch(session)?,
        (Network::Offline, Kept::Object(kept)) if kept.is_remote() => {
            let problem = format!("without a network, nothing of {} can be read", kept.describe());
            let help = "leave out --offline; or compare with a file: perfgate compare --baseline-file FILE";
            return Err(CliError::usage(problem, help));
        }
        (Network::Offline, _) => {}
    }
    Ok(store)
}

/// Opens the store from a folder. An open store belongs to one thread: others open their own.
pub(super) fn open_store_in(
    loaded: &LoadedPolicy,
    network: Network,
    folder: &Path,
) -> Result<OpenStore, CliError> {
    let history = History::open(folder, loaded.reach(network))?;
    let kept = match (&loaded.policy.store.place, loaded.base()) {
        (StorePlace::Git, _) => {
            Kept::Git(GitStore::open(history.common_dir(), history.remote().cloned())?)
        }
        (StorePlace::Directory(path), None) => {
            Kept::Directory(DirectoryStore::new(loaded.directory(path)))
        }
        (StorePlace::Directory(path), Some(base)) => {
            kept_at(base, &loaded.directory(path), &history)?
        }
        (StorePlace::Object(url), _) => {
            let patience = Patience::new(loaded.policy.store.timeout);
            Kept::Object(objects(url, patience, &history)?)
        }
    };
    Ok(OpenStore { history, kept })
}

/// The records at an address, which lie by the dates of their commits.
fn objects(url: &str, patience: Patience, history: &History) -> Result<ObjectStore, CliError> {
    let history = history.reopened()?;
    let dates = move |commit| Ok(history.info(commit)?.map(|info| info.date));
    Ok(ObjectStore::open(url, patience, Box::new(dates))?)
}

/// The records of a folder as the base of a pull request has them: those in the checkout are the pull request's own. A
/// folder that is not under version control on either side (a cache, an artifact) is read from the disk.
fn kept_at(base: CommitId, folder: &Path, history: &History) -> Result<Kept, CliError> {
    let folder = normal(folder);
    let root = history.root();
    let root = root.canonicalize().unwrap_or(root);
    let Ok(inside) = folder.strip_prefix(&root) else {
        return Ok(Kept::Directory(DirectoryStore::new(folder)));
    };
    let files = history.files(base)?;
    if files.find(inside)? == FileAt::Nothing && !is_tracked(inside, history)? {
        return Ok(Kept::Directory(DirectoryStore::new(folder)));
    }
    Ok(Kept::Commit(CommitStore::new(files, inside)?))
}

/// Whether the commit that is checked out has this folder, or something else on the way to it.
fn is_tracked(folder: &Path, history: &History) -> Result<bool, CliError> {
    let files = history.files(history.head()?)?;
    let mut path = PathBuf::new();
    for part in folder.components() {
        path.push(part);
        match files.find(&path)? {
            FileAt::Nothing => return Ok(false),
            FileAt::Folder(_) => {}
            FileAt::File(_) | FileAt::Elsewhere => return Ok(true),
        }
    }
    Ok(true)
}

/// A path without `.` and `..`, by its text alone: on the disk, a link of the checkout could lead anywhere.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

impl OpenStore {
    /// The records.
    pub(super) fn records(&self) -> &dyn RunStore {
        match &self.kept {
            Kept::Git(store) => store,
            Kept::Directory(store) => store,
            Kept::Commit(store) => store,
            Kept::Object(store) => store,
        }
    }

    /// Fetches the store's ref where there is a remote to fetch it from, and says what should not go unnoticed.
    pub(super) fn fetch(&self, session: &Session<'_>) -> Result<(), CliError> {
        match &self.kept {
            Kept::Git(store) if self.history.remote().is_some() => {
                let fetched = fetch(store)?;
                self.say_fetched(&fetched, "perfgate baseline push restores them", session)
            }
            Kept::Git(_) | Kept::Directory(_) | Kept::Commit(_) | Kept::Object(_) => Ok(()),
        }
    }

    /// Says what a fetch brought about that nobody here asked for.
    fn say_fetched(
        &self,
        fetched: &Fetched,
        remedy: &str,
        session: &Session<'_>,
    ) -> Result<(), CliError> {
        let remote = self.remote_name();
        for ignored in &fetched.passed_over {
            session.say(&format!("passed over: {}", escape_terminal(ignored)))?;
        }
        if fetched.lost > 0 {
            let runs = plural(fetched.lost, "run");
            session
                .say(&format!("{remote} has lost {runs} that this clone still has: {remedy}"))?;
        }
        if fetched.gone > 0 {
            let runs = plural(fetched.gone, "run");
            session.say(&format!(
                "{runs} can no longer be found: never fetched to this clone, and not on {remote}"
            ))?;
        }
        if fetched.dropped > 0 {
            let were = if fetched.dropped == 1 { "was" } else { "were" };
            let runs = plural(fetched.dropped, "run");
            session.say(&format!("{runs} {were} removed on {remote}, and so here"))?;
        }
        if fetched.kept.is_some() && fetched.dropped + fetched.gone == 0 {
            session.say(&format!("histograms were removed on {remote}, and so here"))?;
        }
        match &fetched.kept {
            Some(kept) => session.say(&format!(
                "  for 90 days, perfgate baseline restore {kept} restores what was here before"
            )),
            None => Ok(()),
        }
    }

    fn remote_name(&self) -> String {
        escape_terminal(self.history.remote().map(Remote::name).unwrap_or_default())
    }

    /// The git store; none where the records are in a folder.
    pub(super) fn git(&self) -> Option<&GitStore> {
        match &self.kept {
            Kept::Git(store) => Some(store),
            Kept::Directory(_) | Kept::Commit(_) | Kept::Object(_) => None,
        }
    }

    /// The folder for columns made from the records; none where they are in a folder, whose files anybody may change.
    pub(super) fn columns_folder(&self) -> Option<PathBuf> {
        match &self.kept {
            Kept::Git(store) => store.columns_folder(),
            Kept::Object(store) => Some(
                self.history.common_dir().join("perfgate-objects").join(store.short_name().ok()?),
            ),
            Kept::Directory(_) | Kept::Commit(_) => None,
        }
    }

    /// Reads every record that is here, and finds what is broken.
    pub(super) fn verify(&self) -> Result<Verified, CliError> {
        Ok(match &self.kept {
            Kept::Git(store) => verify(store),
            Kept::Directory(store) => verify_folder(store)?,
            Kept::Object(store) => {
                store.make_present(&store.entries()?)?;
                verify_folder(store)?
            }
            // It can only be read, and what cannot be read in it is an error at once.
            Kept::Commit(_) => Verified::default(),
        })
    }

    /// What a store is that everybody reads and writes in one place; none where clones have copies of their own.
    pub(super) fn shared(&self) -> Option<String> {
        match &self.kept {
            Kept::Object(store) => Some(escape_terminal(&store.describe())),
            Kept::Git(_) | Kept::Directory(_) | Kept::Commit(_) => None,
        }
    }

    /// Whether what is recorded has to be pushed for others to see it.
    pub(super) fn is_pushed(&self) -> bool {
        self.git().is_some() && self.history.remote().is_some()
    }

    /// The store that can be exchanged with a remote; an error where there is none.
    pub(super) fn exchangeable(&self) -> Result<&GitStore, CliError> {
        let Kept::Git(store) = &self.kept else {
            let help =
                "its files are exchanged like any others; push and fetch belong to the git store";
            return Err(CliError::usage(
                format!("the store is {}", self.records().describe()),
                help,
            ));
        };
        match self.history.remote() {
            Some(_) => Ok(store),
            None => Err(StoreError::NoRemote { name: None }.into()),
        }
    }
}

/// Pushes, and says how it ended.
pub(super) fn push_records(store: &OpenStore, session: &Session<'_>) -> Result<(), CliError> {
    if let Some(shared) = store.shared() {
        return session.say(&format!("{shared} has every record already: nothing is to be pushed"));
    }
    let remote = store.remote_name();
    let (pushed, fetched) = push(store.exchangeable()?)?;
    store.say_fetched(&fetched, "they are pushed again", session)?;
    session.say(&match pushed {
        Pushed::UpToDate => format!("{remote} already has every record"),
        Pushed::Done(0) => format!("pushed to {remote}"),
        Pushed::Done(runs) => format!("pushed {} to {remote}", plural(runs, "run")),
        Pushed::Inbox(runs) => format!(
            "pushed {} to {remote}, into a ref of its own because many push at once; every reader sees it, and the \
             next push folds it in",
            plural(runs, "run")
        ),
    })
}
