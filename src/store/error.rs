//! What can go wrong with a store or with git.

use crate::model::CommitId;
use std::path::PathBuf;

/// What can go wrong with a store or with git.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no git repository.
    #[error("there is no git repository in {} or above it", path.display())]
    NoRepository {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// libgit2 failed.
    #[error("git: {what}: {message}")]
    Git {
        /// What was being done.
        what: String,
        /// What it said.
        message: String,
        /// Whether the repository belongs to another user, so that git refuses to touch it.
        foreign: bool,
    },
    /// The git program failed.
    #[error("git {what} failed: {message}")]
    GitProgram {
        /// The subcommand.
        what: &'static str,
        /// What it said.
        message: String,
    },
    /// The remote could not be reached.
    #[error("the remote `{remote}` cannot be reached: {message}")]
    Unreachable {
        /// Its name.
        remote: String,
        /// What git said.
        message: String,
    },
    /// A revision that is not known.
    #[error("the revision `{0}` is unknown")]
    UnknownRevision(String),
    /// The repository has no commit yet.
    #[error("the repository has no commit yet")]
    NoCommit,
    /// Two commits have no common ancestor.
    #[error("`{revision}` ({}) and the commit under test ({}) have no common history", base.short(), head.short())]
    NoCommonHistory {
        /// The revision as it was asked for.
        revision: String,
        /// Its commit.
        base: CommitId,
        /// The commit under test.
        head: CommitId,
    },
    /// The clone is shallow and its history could not be completed, so that nothing can be said.
    #[error(
        "this clone is shallow, and the history between `{revision}` and the commit under test is not in it"
    )]
    HistoryUnknown {
        /// The revision as it was asked for.
        revision: String,
        /// Why it could not be completed.
        why: String,
    },
    /// A record that cannot be read. It is never taken for an empty one.
    #[error("the record {entry} cannot be read: {why}")]
    BrokenRecord {
        /// Its path in the store.
        entry: String,
        /// Why.
        why: String,
    },
    /// A record of another version of the format, which a newer perfgate may have written.
    #[error("the record {entry} is of the format `{found}`, which this perfgate does not read")]
    OtherVersion {
        /// Its path in the store.
        entry: String,
        /// Its format.
        found: String,
    },
    /// A record whose content was never fetched.
    #[error("the content of the record {entry} is not here")]
    NotHere {
        /// Its path in the store.
        entry: String,
    },
    /// A run without a commit cannot be recorded.
    #[error("the run has no commit to be recorded for")]
    NoCommitForRun,
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The remote does not take the records.
    #[error("the remote `{remote}` rejected the push: {message}")]
    Rejected {
        /// Its name.
        remote: String,
        /// What git said.
        message: String,
    },
    /// There is no remote.
    #[error("the repository has no remote{}", name.as_ref().map(|n| format!(" named `{n}`")).unwrap_or_default())]
    NoRemote {
        /// The name that was asked for.
        name: Option<String>,
    },
}

impl StoreError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoRepository { .. } => Some(
                "run perfgate in the repository, or compare plain files with --baseline-file FILE",
            ),
            Self::Unreachable { .. } => {
                Some("compare --offline works with the records that are here")
            }
            Self::UnknownRevision(_) => Some("give a branch, a tag or a commit id"),
            Self::HistoryUnknown { .. } => {
                Some("fetch it (git fetch --unshallow; in GitHub Actions: fetch-depth: 0)")
            }
            Self::NoCommonHistory { .. } => Some("give a revision that the commit descends from"),
            Self::NoRemote { .. } => Some("name one with store.remote in perfgate.yaml"),
            Self::NotHere { .. } => Some("without --offline, it is fetched from the remote"),
            Self::OtherVersion { .. } => Some("use the perfgate that wrote it, or a newer one"),
            Self::NoCommitForRun => Some("name it with --commit REV"),
            Self::BrokenRecord { .. } => Some(
                "nothing was changed; perfgate baseline prune --broken removes records that cannot be read",
            ),
            Self::Git { foreign: true, .. } => Some(
                "the folder belongs to another user: git config --global --add safe.directory \"$PWD\"",
            ),
            Self::Git { .. }
            | Self::GitProgram { .. }
            | Self::NoCommit
            | Self::Io { .. }
            | Self::Rejected { .. } => None,
        }
    }

    /// Whether the question for a baseline has no answer, rather than perfgate having failed.
    pub fn is_unanswerable(&self) -> bool {
        matches!(self, Self::HistoryUnknown { .. } | Self::NoCommonHistory { .. })
    }

    /// Names what was being done when libgit2 failed.
    pub(super) fn git(what: impl Into<String>) -> impl FnOnce(git2::Error) -> Self {
        let what = what.into();
        move |error| Self::Git {
            what,
            message: error.message().to_owned(),
            foreign: error.code() == git2::ErrorCode::Owner,
        }
    }
}
