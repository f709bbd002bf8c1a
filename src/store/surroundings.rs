//! What a clone says about itself, for a policy to begin with.

use super::clone;
use git2::Repository;
use std::path::{Path, PathBuf};

/// What a clone says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The folder that holds it.
    pub root: PathBuf,
    /// The branch that changes are merged into.
    pub default_branch: Option<String>,
    /// The address of the remote `origin`.
    pub origin: Option<String>,
}

/// The clone around a folder; none where there is none.
pub fn surroundings(folder: &Path) -> Option<Surroundings> {
    let repository = clone::open(folder).ok()?;
    let root = repository.workdir()?.to_owned();
    let origin = repository.find_remote("origin").ok();
    let origin = origin.and_then(|origin| origin.url().map(str::to_owned).ok());
    Some(Surroundings { root, default_branch: default_branch(&repository), origin })
}

/// Whether a file would be a new one for git: neither ignored nor tracked. Nothing is outside of a repository.
pub fn is_untracked(folder: &Path, file: &str) -> bool {
    let Ok(repository) = clone::open(folder) else { return false };
    let real = |path: &Path| path.canonicalize().ok();
    let inside = repository.workdir().and_then(real).zip(real(folder));
    let Some(inside) =
        inside.and_then(|(root, folder)| Some(folder.strip_prefix(root).ok()?.join(file)))
    else {
        return false;
    };
    let tracked = repository.index().is_ok_and(|index| index.get_path(&inside, 0).is_some());
    !tracked && !repository.is_path_ignored(&inside).unwrap_or(true)
}

/// What the remote calls its default branch; else what is set for new repositories, `main` or `master`, whichever is here;
/// else the branch that is checked out.
fn default_branch(repository: &Repository) -> Option<String> {
    let of_remote = repository.find_reference("refs/remotes/origin/HEAD").ok();
    let target =
        of_remote.and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
    if let Some(name) = target.as_deref().and_then(|own| own.strip_prefix("refs/remotes/origin/")) {
        return Some(name.to_owned());
    }
    let configured = repository.config().and_then(|config| config.get_string("init.defaultBranch"));
    let usual = configured.into_iter().chain(["main", "master"].map(str::to_owned));
    let is_here = |name: &String| {
        let names = [format!("refs/heads/{name}"), format!("refs/remotes/origin/{name}")];
        names.iter().any(|name| repository.find_reference(name).is_ok())
    };
    let mut usual = usual.filter(is_here);
    usual.next().or_else(|| {
        // Also of a repository without a commit.
        let head = repository.find_reference("HEAD").ok()?;
        let target = head.symbolic_target().ok().flatten()?;
        Some(target.strip_prefix("refs/heads/")?.to_owned())
    })
}
