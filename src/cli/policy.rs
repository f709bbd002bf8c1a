//! Which policy holds.
//!
//! Where files lie is said by the policy at hand. What decides is said on a pull request by the base commit's policy, if
//! it has one: otherwise a pull request could loosen its own gate. `--policy FILE` overrules both.

use super::commit::PullRequest;
use super::error::CliError;
use super::session::Session;
use crate::config::Policy;
use crate::model::{Warning, WarningKind};
use crate::store::History;
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

/// Reads the policy that the arguments name, or the nearest one from the session's folder upwards.
pub(super) fn load(session: &Session<'_>) -> Result<Loaded, CliError> {
    let found = match &session.policy_file {
        Some(path) => Some(session.path(path)),
        None => session.folder().ancestors().find_map(|folder| {
            NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
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

/// On a pull request, puts the base commit's rules in place of those at hand.
pub(super) fn trust_base(
    loaded: &mut Loaded,
    pull_request: Option<&PullRequest>,
    history: &History,
) -> Result<Vec<Warning>, CliError> {
    let Some(base) = pull_request.map(|pr| pr.base).filter(|_| !loaded.named) else {
        return Ok(Vec::new());
    };
    let root = history.root();
    let root = root.canonicalize().unwrap_or(root);
    let inside = |path: &Path| {
        let path = path.canonicalize().unwrap_or(path.to_owned());
        path.strip_prefix(&root).ok().map(|path| path.display().to_string())
    };
    let own = loaded.file.as_ref().and_then(|(path, _)| inside(path));
    let names = own.map_or(NAMES.map(str::to_owned).to_vec(), |own| vec![own]);
    for name in names {
        match history.file(base, &name) {
            Ok(Some(bytes)) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let changed = loaded.file.as_ref().is_none_or(|(_, at_hand)| *at_hand != text);
                loaded.policy.rules =
                    Policy::parse(&format!("{name} of {}", base.short()), &text)?.rules;
                let kind = WarningKind::PolicyChanged { base: base.short() };
                return Ok(changed.then(|| Warning::new(kind)).into_iter().collect());
            }
            Ok(None) => {}
            Err(error) => {
                let kind = WarningKind::BasePolicyUnknown { why: error.to_string() };
                return Ok(vec![Warning::new(kind)]);
            }
        }
    }
    Ok(Vec::new())
}
