//! A commit of the repository in a folder of its own, to be built and run beside what is checked out.

use super::environment::withhold;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of work trees, in the git folder that all clones of the repository share.
const FOLDER: &str = "perfgate-trees";
/// What a tree that is kept was built by.
const BUILT: &str = "built";

/// Why there is no work tree.
#[derive(Debug, thiserror::Error)]
pub enum WorkTreeError {
    /// git refused.
    #[error("git worktree add failed: {0}")]
    Git(String),
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Somebody else uses the tree that is kept.
    #[error("another perfgate uses the work tree of this commit")]
    InUse,
}

/// A work tree, which is removed with this value unless it is kept.
#[derive(Debug)]
pub struct WorkTree {
    root: PathBuf,
    path: PathBuf,
    keep: bool,
    /// Held as long as the tree is in use; whoever is gone holds nothing.
    lock: File,
}

impl WorkTree {
    /// Checks a commit out into a folder of its own. `root` is the work tree of the repository, `common` its git folder. With
    /// `keep`, the tree of an earlier run is taken again, and stays.
    pub fn add(
        root: &Path,
        common: &Path,
        commit: &str,
        keep: bool,
    ) -> Result<Self, WorkTreeError> {
        let folder = common.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        sweep(root, &folder);
        let name =
            if keep { commit.to_owned() } else { format!("{commit}-{}", std::process::id()) };
        let path = folder.join(&name);
        let lock = lock_file(&path);
        let lock = File::options().create(true).append(true).open(&lock).map_err(at(&lock))?;
        if lock.try_lock().is_err() {
            return Err(WorkTreeError::InUse);
        }
        let tree = Self { root: root.to_owned(), path, keep, lock };
        if !(keep && tree.path.join(".git").exists()) {
            tree.check_out(commit)?;
        }
        Ok(tree)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was built by this command before.
    pub fn is_built_by(&self, command: &str) -> bool {
        self.keep && std::fs::read_to_string(built_file(&self.path)).is_ok_and(|own| own == command)
    }

    /// Notes that it was built.
    pub fn set_built_by(&self, command: &str) -> Result<(), WorkTreeError> {
        let file = built_file(&self.path);
        if self.keep { std::fs::write(&file, command).map_err(at(&file)) } else { Ok(()) }
    }

    fn check_out(&self, commit: &str) -> Result<(), WorkTreeError> {
        // What an earlier attempt left there.
        remove(&self.root, &self.path);
        let path = self.path.display().to_string();
        let output = git(&self.root)
            .args(["worktree", "add", "--quiet", "--force", "--detach", &path, commit])
            .output()
            .map_err(at(Path::new("git")))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(WorkTreeError::Git(text.trim().replace('\n', "; ")))
    }
}

impl Drop for WorkTree {
    fn drop(&mut self) {
        if !self.keep {
            remove(&self.root, &self.path);
            // Released before it goes, where a file that is open cannot be removed.
            drop(self.lock.unlock());
            drop(std::fs::remove_file(lock_file(&self.path)));
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WorkTreeError {
    let path = path.to_owned();
    move |source| WorkTreeError::Io { path, source }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn lock_file(path: &Path) -> PathBuf {
    beside(path, "lock")
}

fn built_file(path: &Path) -> PathBuf {
    beside(path, BUILT)
}

/// git in a repository, without the hooks and the secrets of whoever calls.
fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    withhold(&mut command, &[]);
    // A hook that calls perfgate names another repository, or an index that is being written.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"] {
        command.env_remove(name);
    }
    command.arg("-C").arg(root).args(["-c", "core.hooksPath=/dev/null"]).stdin(Stdio::null());
    command
}

/// Removes a work tree, as far as it is there.
fn remove(root: &Path, path: &Path) {
    let shown = path.display().to_string();
    // Neither succeeds where there is nothing to remove.
    drop(git(root).args(["worktree", "remove", "--force", "--force", &shown]).output());
    drop(std::fs::remove_dir_all(path));
    drop(git(root).args(["worktree", "prune"]).output());
    drop(std::fs::remove_file(built_file(path)));
}

/// Removes the trees of those who were killed: the name ends in a process id, and nobody holds the lock.
fn sweep(root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let lock = entry.path();
        let name = lock.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(tree) = name.strip_suffix(".lock").filter(|tree| tree.contains('-')) else {
            continue;
        };
        let free = File::open(&lock).is_ok_and(|file| file.try_lock().is_ok());
        if free {
            remove(root, &folder.join(tree));
            drop(std::fs::remove_file(&lock));
        }
    }
}
