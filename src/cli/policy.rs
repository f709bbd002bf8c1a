//! Which policy decides.
//!
//! On a pull request that is the policy of its base: otherwise a pull request could loosen its own gate. Only where results
//! lie, and what Prometheus is asked, is said by the checkout. `--policy FILE` overrules the base.

use super::commit::{PullRequest, pull_request};
use super::error::CliError;
use super::input::read_text;
use super::session::Session;
use crate::config::{ConfigError, Policy, changed_keys};
use crate::model::{CommitId, Warning, WarningKind, limits};
use crate::report::escape_terminal;
use crate::store::{CommitFiles, FileAt, History, Patience, Reach};
use std::path::{Path, PathBuf};

/// The names that a policy may have.
const NAMES: [&str; 2] = ["perfgate.yaml", "perfgate.yml"];

/// A policy, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) policy: Policy,
    /// The folder that the results are meant from.
    pub(super) folder: PathBuf,
    /// Its file and text, if there is one.
    file: Option<(PathBuf, String)>,
    /// Whether the arguments name it.
    named: bool,
    /// The folder that a directory store is meant from.
    store_folder: PathBuf,
    /// The commit whose files a directory store is read from; none: from the disk.
    base: Option<CommitId>,
}

/// The policy of the checkout, and the one that decides: the same one but on a pull request.
#[derive(Debug, Clone)]
pub(super) struct Deciding {
    pub(super) at_hand: Loaded,
    pub(super) loaded: Loaded,
    /// The pull request that is judged, if it is one.
    pub(super) pull_request: Option<PullRequest>,
    /// What a person should know about it.
    pub(super) warnings: Vec<Warning>,
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

    /// The folder of a directory store; none for the git store.
    pub(super) fn directory(&self) -> Option<PathBuf> {
        Some(self.store_folder.join(Path::new(self.policy.store.directory.as_ref()?)))
    }

    /// The commit whose files a directory store is read from; none: from the disk.
    pub(super) fn base(&self) -> Option<CommitId> {
        self.base
    }
}

/// Reads the policy that the arguments name, or the nearest one from the session's folder up to the root of its repository.
pub(super) fn load(session: &Session<'_>) -> Result<Loaded, CliError> {
    let found = match &session.policy_file {
        Some(path) => Some(session.path(path)),
        // Whatever has the name is meant to be the policy, even where it then cannot be read.
        None => searched(session.folder()).into_iter().find_map(|folder| {
            NAMES.iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok())
        }),
    };
    let Some(path) = found else {
        let folder = session.folder().to_owned();
        let (policy, store_folder) = (Policy::default(), folder.clone());
        return Ok(Loaded { policy, folder, file: None, named: false, store_folder, base: None });
    };
    let text = read_text(&path, limits::POLICY_BYTES)?;
    let shown = path.strip_prefix(session.folder()).unwrap_or(&path).display().to_string();
    let policy = Policy::parse(&shown, &text)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let (named, store_folder) = (session.policy_file.is_some(), folder.clone());
    Ok(Loaded { policy, folder, file: Some((path, text)), named, store_folder, base: None })
}

/// The folders in which a policy is looked for: this one, and those above it up to the root of the repository. Above that,
/// and outside of a repository, folders may be anybody's.
fn searched(folder: &Path) -> Vec<&Path> {
    let root = folder.ancestors().position(|folder| folder.join(".git").symlink_metadata().is_ok());
    folder.ancestors().take(root.map_or(1, |root| root + 1)).collect()
}

/// The policy that decides about what is checked out; says which one where that is not obvious. An error when the base of
/// a pull request cannot be read: then nobody knows whether the pull request has loosened its gate.
pub(super) fn deciding(
    at_hand: Loaded,
    offline: bool,
    session: &Session<'_>,
) -> Result<Deciding, CliError> {
    let pull_request = pull_request(session)?;
    let deciding = of_base(at_hand, pull_request, offline, session)?;
    let loaded = &deciding.loaded;
    let elsewhere = loaded.file().filter(|path| path.parent() != Some(session.folder()));
    if let Some(path) = elsewhere.filter(|_| !loaded.named) {
        session.say(&format!("policy: {}", escape_terminal(&path.display().to_string())))?;
    }
    Ok(deciding)
}

/// The policy of a base commit in place of the one at hand, unless the arguments name one. A directory store is read from
/// the base commit in any case: in the checkout, a pull request could have written the records.
pub(super) fn of_base(
    at_hand: Loaded,
    pull_request: Option<PullRequest>,
    offline: bool,
    session: &Session<'_>,
) -> Result<Deciding, CliError> {
    let mut loaded = at_hand.clone();
    let base = pull_request.map(|pull_request| pull_request.base);
    loaded.base = base;
    let Some(base) = base.filter(|_| !at_hand.named) else {
        return Ok(Deciding { at_hand, loaded, pull_request, warnings: Vec::new() });
    };
    let history = History::open(session.folder(), at_hand.reach(offline))?;
    let (root, folder) = (real(&history.root()), real(session.folder()));
    let inside = folder.strip_prefix(&root).unwrap_or(Path::new(""));
    let (mut policy, mut base_text) = (Policy::default(), String::new());
    let found = policy_of(&history.files(base)?, inside)?;
    let defaults = found.is_none();
    if let Some(found) = found {
        let shown = format!("{} of the base {}", found.name.display(), base.short());
        match found.parse(&shown) {
            Ok(parsed) => (policy, base_text) = parsed,
            // Otherwise no pull request could mend it.
            Err(error) if found.is_mended_by(&at_hand, &root) => {
                let kind = WarningKind::BasePolicyBroken { base: base.short(), why: error.problem };
                let warnings = vec![Warning::new(kind)];
                return Ok(Deciding { at_hand, loaded, pull_request, warnings });
            }
            Err(error) => return Err(error.into()),
        }
        loaded.store_folder = root.join(found.name.parent().unwrap_or(Path::new("")));
        loaded.file = Some((PathBuf::from(shown), base_text.clone()));
    } else {
        loaded.file = None;
    }
    let Policy { results, prometheus, .. } = loaded.policy;
    loaded.policy = Policy { results, prometheus, ..policy };
    let text = at_hand.file.as_ref().map_or("", |(_, text)| text.as_str());
    let keys = changed_keys(&base_text, text);
    let changed = WarningKind::PolicyChanged { base: base.short(), defaults, keys: keys.clone() };
    let warnings = (!keys.is_empty()).then(|| Warning::new(changed)).into_iter().collect();
    Ok(Deciding { at_hand, loaded, pull_request, warnings })
}

/// The policy of a base commit as it is written.
struct BasePolicy {
    /// Its path from the root of the repository on.
    name: PathBuf,
    /// None where the path leads out of the commit.
    text: Option<String>,
}

impl BasePolicy {
    fn parse(&self, shown: &str) -> Result<(Policy, String), ConfigError> {
        let Some(text) = &self.text else {
            return Err(ConfigError::whole(shown, "it is a link that leads out of the repository"));
        };
        Policy::parse(shown, text).map(|policy| (policy, text.clone()))
    }

    /// Whether the checkout, whose policy can be read, has another one in this very place, or none at all. One beside it mends
    /// nothing.
    fn is_mended_by(&self, at_hand: &Loaded, root: &Path) -> bool {
        at_hand.file.as_ref().is_none_or(|(path, _)| {
            let folder = real(path.parent().unwrap_or(Path::new("")));
            let same = folder.join(path.file_name().unwrap_or_default()) == root.join(&self.name);
            same && (self.text.is_some() || !path.is_symlink())
        })
    }
}

/// The policy that a commit has for a folder.
fn policy_of(files: &CommitFiles, folder: &Path) -> Result<Option<BasePolicy>, CliError> {
    for folder in folder.ancestors() {
        for name in NAMES {
            let name = folder.join(name);
            let text = match files.find(&name)? {
                FileAt::Nothing => continue,
                FileAt::File(text) => Some(String::from_utf8_lossy(&text).into_owned()),
                FileAt::Folder(_) | FileAt::Elsewhere => None,
            };
            return Ok(Some(BasePolicy { name, text }));
        }
    }
    Ok(None)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
