//! Commits of the repository, each in a folder of its own.

use crate::cli::error::CliError;
use crate::driver::{WorkTree, WorkTreeError};
use crate::model::CommitId;
use crate::store::History;
use std::path::{Path, PathBuf};

/// The repository that versions are checked out from.
pub(in crate::cli) struct Repository<'a> {
    pub(in crate::cli) history: &'a History,
    /// The folder that the command was called in.
    pub(in crate::cli) folder: PathBuf,
}

impl Repository<'_> {
    /// Checks a commit out.
    pub(in crate::cli) fn tree(
        &self,
        name: &str,
        commit: CommitId,
        keep: bool,
    ) -> Result<WorkTree, CliError> {
        if !self.history.is_here(commit) {
            let problem = format!("{name}: the files of {} are not in this clone", commit.short());
            let help =
                "fetch them first: git fetch --unshallow, or fetch-depth: 0 of actions/checkout";
            return Err(CliError::usage(problem, help));
        }
        let (root, common) = (self.history.root(), self.history.common_dir());
        WorkTree::add(&root, common, &commit.to_string(), keep).map_err(|error| {
            let help = match &error {
                WorkTreeError::InUse => "wait for it, or leave out --keep-trees",
                WorkTreeError::Git(_) | WorkTreeError::Io { .. } => "nothing was measured",
            };
            CliError::usage(format!("{name}: {error}"), help)
        })
    }

    /// The folder of a tree that is the one that the command was called in.
    pub(in crate::cli) fn folder_in(
        &self,
        tree: &WorkTree,
        revision: &str,
    ) -> Result<PathBuf, CliError> {
        let root = self.history.root();
        let [root, own] =
            [root.as_path(), &self.folder].map(|path| path.canonicalize().unwrap_or(path.into()));
        let inside = own.strip_prefix(&root).unwrap_or(Path::new(""));
        let folder = tree.path().join(inside);
        if folder.is_dir() {
            return Ok(folder);
        }
        let problem = format!("{revision} has no folder {}", inside.display());
        Err(CliError::usage(problem, "call perfgate from a folder that it has"))
    }
}
