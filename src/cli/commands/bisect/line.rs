//! The commits among which one is looked for.

use crate::cli::error::CliError;
use crate::report::plural;
use crate::store::{CommitInfo, History};

/// A line of commits, each the first parent of the next: the good one, then those after it up to the bad one.
pub(super) struct Line {
    pub(super) commits: Vec<CommitInfo>,
}

impl Line {
    /// The line from where both revisions have their last commit in common.
    pub(super) fn between(good: &str, bad: &str, history: &History) -> Result<Self, CliError> {
        let head = history.resolve(bad)?;
        let base = history.merge_base(good, head)?;
        let commits = history.between(base, head)?;
        if commits.is_empty() {
            let problem = format!("{bad} is no later commit than {good}");
            let help = "write the good commit first, then the bad one: perfgate bisect GOOD BAD";
            return Err(CliError::usage(problem, help));
        }
        let good = history.info(base)?.ok_or_else(|| {
            CliError::usage(format!("{good} is not here"), "fetch it: git fetch --unshallow")
        })?;
        Ok(Self { commits: std::iter::once(good).chain(commits).collect() })
    }

    /// The position of the bad commit.
    pub(super) fn last(&self) -> usize {
        self.commits.len() - 1
    }

    /// A line about it.
    pub(super) fn about(&self) -> String {
        let short = |at: usize| self.commits[at].id.short();
        let (good, bad) = (short(0), short(self.last()));
        format!("{} after {good} (good), up to {bad} (bad)", plural(self.last(), "commit"))
    }
}
