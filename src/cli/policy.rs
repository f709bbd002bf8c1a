//! Which policy holds.
//!
//! Where files lie is said by the policy at hand. What decides is said on a pull request by the base commit's policy, if
//! it has one: otherwise a pull request could loosen its own gate. `--policy FILE` overrules both.

use super::commit::PullRequest;
use super::error::CliError;
use super::session::Session;
use crate::config::Policy;
use crate::model::{CommitId, Warning, WarningKind};
use crate::store::{History, Patience, Reach};
use std::path::{Path, PathBuf};

/// The names that a policy may have.
const NAMES: [&str; 2] = ["perfgate.yaml", "perfgate.yml"];

/// The policy at hand.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    /// The folder that its paths are meant from.
    pub(super) folder: PathBuf,
    /// Its file and text, if there is one.
    file: Option<(PathBuf, String)>,
    /// Whether the arguments name it.
    named: bool,
}

impl Loaded {
    /// The policy's file, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// The remote that the policy means. `offline` never asks it.
    pub(super) fn reach(&self, offline: bool) -> Reach<'_> {
        let store = &self.policy.store;
        let patience = Patience::new(store.timeout);
        Reach { remote: store.remote.as_deref(), offline, patience }
    }

    /// Whether the arguments name the policy: then it holds, whatever the base commit has.
    pub(super) fn is_named(&self) -> bool {
        self.named
    }
}

/// Reads the policy that the arguments name, or the nearest one from the session's folder upwards.
pub(super) fn load(session: &Session<'_>) -> Result<Loaded, CliError> {
    let found = match &session.policy_file {
        Some(path) => Some(session.path(path)),
        // Whatever has the name is meant to be the policy, even where it then cannot be read.
        None => session.folder().ancestors().find_map(|folder| {
            NAMES.iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok())
        }),
    };
    let Some(path) = found else {
        let folder = session.folder().to_owned();
        return Ok(Loaded { policy: Policy::default(), folder, file: None, named: false });
    };
    let read = std::fs::read_to_string(&path);
    let text = read.map_err(|source| CliError::File { path: path.clone(), source })?;
    let shown = path.strip_prefix(session.folder()).unwrap_or(&path).display().to_string();
    let policy = Policy::parse(&shown, &text)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let named = session.policy_file.is_some();
    Ok(Loaded { policy, folder, file: Some((path, text)), named })
}

/// On a pull request, puts the base commit's rules in place of those at hand. They are looked for as the policy at hand
/// is: by name, from the session's folder upwards. An error when the base commit cannot be read: then nobody knows
/// whether the pull request has loosened its gate.
pub(super) fn trust_base(
    loaded: &mut Loaded,
    pull_request: Option<&PullRequest>,
    history: &History,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    match pull_request {
        Some(pull_request) => rules_of(pull_request.base, loaded, history, session),
        None => Ok(Vec::new()),
    }
}

/// Puts a commit's rules in place of those at hand, unless the arguments name a policy.
pub(super) fn rules_of(
    base: CommitId,
    loaded: &mut Loaded,
    history: &History,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    if loaded.named {
        return Ok(Vec::new());
    }
    let Some((name, text)) = policy_of(base, history, session.folder())? else {
        return Ok(Vec::new());
    };
    let changed = loaded.file.as_ref().is_none_or(|(_, at_hand)| *at_hand != text);
    let kind = match Policy::parse(&format!("{name} of {}", base.short()), &text) {
        Ok(policy) => {
            loaded.policy.rules = policy.rules;
            WarningKind::PolicyChanged { base: base.short() }
        }
        // Otherwise no pull request could mend it.
        Err(error) => WarningKind::BasePolicyBroken { base: base.short(), why: error.problem },
    };
    Ok(changed.then(|| Warning::new(kind)).into_iter().collect())
}

/// Name and text of a commit's policy, as it counts for this folder.
fn policy_of(
    commit: CommitId,
    history: &History,
    folder: &Path,
) -> Result<Option<(String, String)>, CliError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (root, folder) = (real(&history.root()), real(folder));
    let inside = folder.strip_prefix(&root).unwrap_or(Path::new(""));
    for part in inside.ancestors() {
        for name in NAMES {
            let name = part.join(name).display().to_string();
            if let Some(bytes) = history.file(commit, &name)? {
                return Ok(Some((name, String::from_utf8_lossy(&bytes).into_owned())));
            }
        }
    }
    Ok(None)
}

/// The folder of a directory store, from the policy's folder on.
pub(super) fn directory(loaded: &Loaded) -> Option<PathBuf> {
    let path = loaded.policy.store.directory.as_ref()?;
    Some(loaded.folder.join(Path::new(path)))
}
