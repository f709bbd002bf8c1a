//! Opening the user's clone as git would.

use super::error::StoreError;
use super::remote::git;
use git2::{ErrorCode, Repository};
use std::path::{Path, PathBuf};

/// The clone that holds this folder, or that `GIT_DIR` names.
pub(super) fn open(folder: &Path) -> Result<Repository, StoreError> {
    let opened = match std::env::var_os("GIT_DIR") {
        Some(git_dir) => Repository::open(folder.join(git_dir)),
        None => {
            let found = Repository::discover_path(folder, None::<&Path>);
            if let Some(path) = found.as_ref().ok().filter(|path| is_committed(path, folder)) {
                return Err(StoreError::BareRepository { path: path.to_owned() });
            }
            found.and_then(Repository::open)
        }
    };
    opened.or_else(|error| match error.code() {
        ErrorCode::NotFound => Err(StoreError::NoRepository { path: folder.to_owned() }),
        // libgit2 reads this setting from the user's file alone; git knows all the places.
        ErrorCode::Owner if asked(folder, "--is-inside-git-dir").is_some() => trusted(folder),
        _ if is_of_another_kind(folder) => {
            Err(StoreError::OtherRepository { message: error.message().to_owned() })
        }
        _ => Err(StoreError::git("opening the repository")(error)),
    })
}

/// Whether this git folder may be made of files that somebody committed: the folder that we stand in, or one above it, is
/// itself one. Its settings name programs that git runs, so git, too, has `safe.bareRepository=explicit` for it. No commit
/// can have a file that is named `.git`.
fn is_committed(git_dir: &Path, folder: &Path) -> bool {
    let (Ok(git_dir), Ok(folder)) = (git_dir.canonicalize(), folder.canonicalize()) else {
        return false;
    };
    folder.starts_with(&git_dir) && !git_dir.iter().any(|part| part == ".git")
}

/// A clone of another user that git has been told to trust.
fn trusted(folder: &Path) -> Result<Repository, StoreError> {
    let git_dir = asked(folder, "--absolute-git-dir").unwrap_or_default();
    let clone =
        Repository::open_bare(git_dir).map_err(StoreError::git("opening the repository"))?;
    if let Some(root) = asked(folder, "--show-toplevel").filter(|root| !root.is_empty()) {
        let set = clone.set_workdir(&PathBuf::from(root), false);
        set.map_err(StoreError::git("opening the work tree"))?;
    }
    Ok(clone)
}

/// Whether git reads a repository here that libgit2 cannot: with ids of SHA-256, or refs in a reftable.
fn is_of_another_kind(folder: &Path) -> bool {
    let format = asked(folder, "--show-object-format").is_some_and(|format| format != "sha1");
    format || asked(folder, "--show-ref-format").is_some_and(|format| format != "files")
}

/// What `git rev-parse` answers; none where it refuses.
fn asked(folder: &Path, question: &str) -> Option<String> {
    let mut command = git();
    if let Some(git_dir) = std::env::var_os("GIT_DIR") {
        command.env("GIT_DIR", git_dir);
    }
    let said = command.current_dir(folder).args(["rev-parse", question]).output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout);
    said.status.success().then(|| text.trim().to_owned())
}
