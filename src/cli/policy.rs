//! Which policy decides.
//!
//! On a pull request that is the policy of its base: otherwise a pull request could loosen its own gate. Only where results
//! lie, and what Prometheus is asked, is said by the checkout. `--policy FILE` overrules the base.

use super::error::CliError;
use super::read_file::read_text;
use super::rule_files::{rule_file_of, with_rule_files};
use super::session::Session;
use super::under_test::{PullRequest, pull_request};
use crate::config::{ConfigError, Policy, changed_keys};
use crate::model::{CommitId, Warning, WarningKind, limits};
use crate::report::escape_terminal;
use crate::store::{CommitFiles, FileAt, History, Patience, Reach};
use std::path::{Path, PathBuf};

/// The names that a policy may have.
const NAMES: [&str; 2] = ["perfgate.yaml", "perfgate.yml"];

/// Whether a command asks the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Online,
    Offline,
}

/// A policy, and where it was found.
#[derive(Debug, Clone)]
pub(super) struct LoadedPolicy {
    pub(super) policy: Policy,
    /// The folder that result names are relative to.
    pub(super) folder: PathBuf,
    /// Its file and text, if there is one.
    file: Option<(PathBuf, String)>,
    /// Whether the arguments name it.
    named: bool,
    /// The folder that the path of a directory store is relative to.
    store_folder: PathBuf,
    /// The commit whose files a directory store is read from; none: from the disk.
    base: Option<CommitId>,
}

/// The policy of the checkout, and the one that decides. They differ only on a pull request.
#[derive(Debug, Clone)]
pub(super) struct Policies {
    pub(super) checkout: LoadedPolicy,
    pub(super) deciding: LoadedPolicy,
    /// The pull request under test, if there is one.
    pub(super) pull_request: Option<PullRequest>,
    pub(super) warnings: Vec<Warning>,
}

impl LoadedPolicy {
    /// The policy's file, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// The policy's file and its text, if there is one.
    pub(super) fn written(&self) -> Option<(&Path, &str)> {
        self.file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()))
    }

    /// The remote of the policy, and whether it may be asked.
    pub(super) fn reach(&self, network: Network) -> Reach<'_> {
        let store = &self.policy.store;
        let patience = Patience::new(store.timeout);
        let offline = network == Network::Offline;
        Reach { remote: store.remote.as_deref(), offline, patience }
    }

    /// The folder that a directory store of this path is in.
    pub(super) fn directory(&self, path: &str) -> PathBuf {
        self.store_folder.join(Path::new(path))
    }

    /// The commit whose files a directory store is read from; none: from the disk.
    pub(super) fn base(&self) -> Option<CommitId> {
        self.base
    }
}

/// Reads the policy that the arguments name, or the nearest one from the session's folder up to the root of its repository.
pub(super) fn load_policy(session: &Session<'_>) -> Result<LoadedPolicy, CliError> {
    let found = match &session.policy_file {
        Some(path) => Some(session.path(path)),
        // A file of this name is the policy, even if it cannot be read.
        None => searched(session.folder()).into_iter().find_map(|folder| {
            NAMES.iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok())
        }),
    };
    let Some(path) = found else {
        let folder = session.folder().to_owned();
        let (policy, store_folder) = (Policy::default(), folder.clone());
        return Ok(LoadedPolicy {
            policy,
            folder,
            file: None,
            named: false,
            store_folder,
            base: None,
        });
    };
    let text = read_text(&path, limits::POLICY_BYTES)?;
    let shown = path.strip_prefix(session.folder()).unwrap_or(&path).display().to_string();
    let policy = Policy::parse(&shown, &text)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let rules = |file: &str| read_text(&folder.join(file), limits::POLICY_BYTES).map(Some);
    let policy = with_rule_files(policy, rules)??;
    let (named, store_folder) = (session.policy_file.is_some(), folder.clone());
    Ok(LoadedPolicy { policy, folder, file: Some((path, text)), named, store_folder, base: None })
}

/// The folders in which a policy is looked for: this one, and those above it up to the root of the repository. Above that,
/// and outside of a repository, folders may be anybody's.
fn searched(folder: &Path) -> Vec<&Path> {
    let root = folder.ancestors().position(|folder| folder.join(".git").symlink_metadata().is_ok());
    folder.ancestors().take(root.map_or(1, |root| root + 1)).collect()
}

impl Policies {
    /// Loads the policy that decides about the checkout; says which one where that is not obvious.
    pub(super) fn load(network: Network, session: &Session<'_>) -> Result<Self, CliError> {
        Self::from_checkout(load_policy(session)?, network, session)
    }

    /// The same, for a policy of the checkout that is loaded. An error when the base of a pull request cannot be read: then
    /// nobody knows whether the pull request has loosened its gate.
    pub(super) fn from_checkout(
        checkout: LoadedPolicy,
        network: Network,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        let pull_request = pull_request(session)?;
        let policies = Self::of_base(checkout, pull_request, network, session)?;
        let deciding = &policies.deciding;
        let elsewhere = deciding.file().filter(|path| path.parent() != Some(session.folder()));
        if let Some(path) = elsewhere.filter(|_| !deciding.named) {
            session.say(&format!("policy: {}", escape_terminal(&path.display().to_string())))?;
        }
        Ok(policies)
    }

    /// The policy of a base commit decides, unless the arguments name one. A directory store is read from the base commit in
    /// any case: in the checkout, a pull request could have written the records.
    pub(super) fn of_base(
        checkout: LoadedPolicy,
        pull_request: Option<PullRequest>,
        network: Network,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        let mut deciding = checkout.clone();
        let base = pull_request.map(|pull_request| pull_request.base);
        deciding.base = base;
        let Some(base) = base.filter(|_| !checkout.named) else {
            return Ok(Self { checkout, deciding, pull_request, warnings: Vec::new() });
        };
        let history = History::open(session.folder(), checkout.reach(network))?;
        let (root, folder) = (real(&history.root()), real(session.folder()));
        let inside = folder.strip_prefix(&root).unwrap_or(Path::new(""));
        let (mut policy, mut base_text) = (Policy::default(), String::new());
        let files = history.files(base)?;
        let found = policy_of(&files, inside)?;
        let defaults = found.is_none();
        if let Some(found) = found {
            let shown = format!("{} of the base {}", found.name.display(), base.short());
            match found.parse(&shown, &files)? {
                Ok(parsed) => (policy, base_text) = parsed,
                // Otherwise no pull request could fix it.
                Err(error) if found.is_fixed_by(&checkout, &root) => {
                    let kind =
                        WarningKind::BasePolicyBroken { base: base.short(), why: error.problem };
                    let warnings = vec![Warning::new(kind)];
                    return Ok(Self { checkout, deciding, pull_request, warnings });
                }
                Err(error) => return Err(error.into()),
            }
            deciding.store_folder = root.join(found.name.parent().unwrap_or(Path::new("")));
            deciding.file = Some((PathBuf::from(shown), base_text.clone()));
        } else {
            deciding.file = None;
        }
        let Policy { results, prometheus, .. } = deciding.policy;
        deciding.policy = Policy { results, prometheus, ..policy };
        let text = checkout.file.as_ref().map_or("", |(_, text)| text.as_str());
        let keys = changed_keys(&base_text, text);
        let changed =
            WarningKind::PolicyChanged { base: base.short(), defaults, keys: keys.clone() };
        let warnings = (!keys.is_empty()).then(|| Warning::new(changed)).into_iter().collect();
        Ok(Self { checkout, deciding, pull_request, warnings })
    }
}

/// The policy of a base commit as it is written.
struct BasePolicy {
    /// Its path from the root of the repository on.
    name: PathBuf,
    /// None where the path leads out of the commit.
    text: Option<String>,
}

impl BasePolicy {
    /// The policy and its text. The inner error is about the policy, the outer one about reading what it names.
    fn parse(
        &self,
        shown: &str,
        files: &CommitFiles,
    ) -> Result<Result<(Policy, String), ConfigError>, CliError> {
        let Some(text) = &self.text else {
            let why = "it is a link that leads out of the repository";
            return Ok(Err(ConfigError::whole(shown, why)));
        };
        let folder = self.name.parent().unwrap_or(Path::new(""));
        match Policy::parse(shown, text) {
            Ok(policy) => {
                let read = |file: &str| rule_file_of(files, &folder.join(file));
                let policy = with_rule_files(policy, read)?;
                Ok(policy.map(|policy| (policy, text.clone())))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Whether the checkout has another policy at this path, which can be read, or none at all. One beside it fixes nothing.
    fn is_fixed_by(&self, checkout: &LoadedPolicy, root: &Path) -> bool {
        checkout.file.as_ref().is_none_or(|(path, _)| {
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
