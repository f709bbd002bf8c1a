//! What can go wrong with a store or with git.

use super::object_error::ObjectError;
use crate::model::CommitId;
use crate::model::limits::{STORED_BYTES, size};
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
    /// The git repository that was found may be made of committed files.
    #[error("{} is a bare repository, which may have come with the files around it", path.display())]
    BareRepository {
        /// The repository.
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
    /// A repository that git reads and perfgate cannot.
    #[error("perfgate cannot read this kind of repository yet: {message}")]
    OtherRepository {
        /// What libgit2 said.
        message: String,
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
    #[error("the remote `{remote}` cannot be reached: {message}{}", quoted(said))]
    Unreachable {
        /// Its name.
        remote: String,
        /// What git said.
        message: String,
        /// What the server said, a line each.
        said: Vec<String>,
    },
    /// The remote took the call and said nothing more.
    #[error(
        "the remote `{remote}` has said nothing for {seconds} s, or nothing new for ten times that"
    )]
    Silent {
        /// Its name.
        remote: String,
        /// How long a silence may last.
        seconds: u64,
    },
    /// Another process does not give the store up.
    #[error("{holder} has been writing to the store for minutes")]
    Held {
        /// Who.
        holder: String,
    },
    /// A ref that should be a store is something else.
    #[error("{place} is no store of perfgate: {why}")]
    NotAStore {
        /// The ref, and where.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that the store refers to cannot be read.
    #[error("the store of this clone is damaged: {what}: {message}")]
    Damaged {
        /// What was read.
        what: String,
        /// What libgit2 said.
        message: String,
    },
    /// The remote takes a ref and does not show it to readers.
    #[error("the remote `{remote}` took the push and does not show {name} to readers")]
    Hidden {
        /// Its name.
        remote: String,
        /// The ref.
        name: String,
    },
    /// The remote lost a part of what this clone knows, and too much to find out what.
    #[error(
        "{objects} contents that this clone knows of are neither here nor, it seems, on the remote"
    )]
    TooManyMissing {
        /// How many.
        objects: usize,
    },
    /// A store that a newer perfgate made.
    #[error("{place} is a store of a newer perfgate")]
    NewerStore {
        /// The ref, and where.
        place: String,
    },
    /// No such state was kept.
    #[error("nothing is kept under the name `{0}`")]
    NothingKept(String),
    /// A revision that is not known.
    #[error("the revision `{revision}` is unknown{}", did_you_mean(meant.as_deref()))]
    UnknownRevision {
        /// The revision as it was asked for.
        revision: String,
        /// A branch or tag that is nearly called so.
        meant: Option<String>,
    },
    /// The repository has no commit yet.
    #[error("{}", no_commit(branch.as_deref()))]
    NoCommit {
        /// The branch that is checked out although it is gone.
        branch: Option<String>,
    },
    /// A folder whose name cannot be handed to git.
    #[error("the folder {} has a name that is not UTF-8", path.display())]
    NotUtf8 {
        /// The folder.
        path: PathBuf,
    },
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
    /// Something that is larger than any record.
    #[error("{what} is larger than {}, the most that a record may have", size(STORED_BYTES))]
    TooLarge {
        /// What it is.
        what: String,
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
    /// Object storage did not do what was asked of it.
    #[error(transparent)]
    Object(ObjectError),
    /// The remote does not take the records.
    #[error("the remote `{remote}` refuses {name}: {message}{}", quoted(said))]
    Rejected {
        /// Its name.
        remote: String,
        /// The ref.
        name: String,
        /// What git said.
        message: String,
        /// What the server said, a line each.
        said: Vec<String>,
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
            Self::OtherRepository { .. } => Some(
                "it reads repositories with SHA-1 ids and refs in files (git init --object-format=sha1 --ref-format=files); plain files \
                 need no repository: perfgate compare --baseline-file FILE",
            ),
            Self::BareRepository { .. } => Some(
                "if it is your own, name it: GIT_DIR=PATH perfgate …; its settings can run programs",
            ),
            Self::UnknownRevision { .. } => Some("give a branch, a tag or a commit id"),
            Self::HistoryUnknown { .. } => {
                Some("fetch it (git fetch --unshallow; in GitHub Actions: fetch-depth: 0)")
            }
            Self::NoCommonHistory { .. } => Some("give a revision that the commit descends from"),
            Self::NoRemote { name: None } => Some(
                "add one: git remote add origin URL; what was recorded is kept, and perfgate baseline push sends it later",
            ),
            Self::NoRemote { name: Some(_) } => {
                Some("name one that is there with store.remote in perfgate.yaml")
            }
            Self::NotHere { .. } => Some("without --offline, it is fetched from the remote"),
            Self::OtherVersion { .. } => Some("use the perfgate that wrote it, or a newer one"),
            Self::NoCommitForRun => Some("name it with --commit REV"),
            Self::Object(error) => Some(error.help()),
            Self::BrokenRecord { .. } | Self::Damaged { .. } | Self::TooLarge { .. } => Some(
                "nothing was changed; perfgate baseline verify names all that is broken, perfgate baseline repair mends it",
            ),
            Self::Silent { .. } => Some(
                "what was recorded is in this clone; compare --offline works with that, perfgate baseline push sends it later \
                 (store.timeout in perfgate.yaml: how long a remote may be silent)",
            ),
            Self::Held { .. } => Some("end that process if it hangs; nothing was changed"),
            Self::NotAStore { .. } => Some(
                "nothing was changed; if that ref is none of yours, remove it (git push REMOTE --delete REF), and the next perfgate \
                 baseline push brings back what is here",
            ),
            Self::Hidden { .. } => Some(
                "what was recorded is in this clone; ask whoever runs the server to show refs/perfgate (uploadpack.hideRefs), or keep \
                 the records in a folder (store: { kind: directory, path: … })",
            ),
            Self::Rejected { .. } => Some(
                "what was recorded is in this clone; ask whoever runs the server to let you write refs/perfgate/*, or keep the records \
                 in a folder (store: { kind: directory, path: … })",
            ),
            Self::TooManyMissing { .. } => {
                Some("nothing was changed; push from a clone that has more of it")
            }
            Self::NewerStore { .. } => Some("nothing was changed; use a newer perfgate"),
            Self::NothingKept(_) => Some("perfgate baseline restore lists what is kept"),
            Self::Unreachable { message, .. } if is_about_rights(message) => Some(
                "what was recorded is in this clone; reading needs the right to read the repository (GitHub: contents: read), \
                 pushing the right to write it (contents: write)",
            ),
            Self::Unreachable { .. } => Some(
                "what was recorded is kept: perfgate baseline push sends it later; --offline works with the records that are here",
            ),
            Self::Git { foreign: true, .. } => Some(
                "the folder belongs to another user: git config --global --add safe.directory \"$PWD\"",
            ),
            Self::NoCommit { branch: Some(_) } => {
                Some("check out a branch or a commit that exists: git checkout BRANCH")
            }
            Self::NotUtf8 { .. } => Some(
                "rename it; plain files need no repository: perfgate compare --baseline-file FILE",
            ),
            Self::Io { source, .. } if is_read_only(source) => Some(
                "the repository cannot be written here; compare --offline works with the records that are in it",
            ),
            Self::NoCommit { branch: None } => {
                Some("commit something first: what is measured is recorded for a commit")
            }
            Self::Git { .. } | Self::GitProgram { .. } | Self::Io { .. } => None,
        }
    }

    /// Whether nothing can be written where the store is.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_read_only(source))
    }

    /// Whether the remote answered, and has not got what was asked for.
    pub(super) fn is_of_missing_objects(&self) -> bool {
        const SIGNS: [&str; 3] = ["not our ref", "unadvertised object", "bad object"];
        let Self::Unreachable { message, said, .. } = self else { return false };
        SIGNS.iter().any(|sign| message.contains(sign) || said.iter().any(|own| own.contains(sign)))
    }

    /// Whether the question for a baseline has no answer, rather than perfgate having failed.
    pub fn is_unanswerable(&self) -> bool {
        matches!(self, Self::HistoryUnknown { .. } | Self::NoCommonHistory { .. })
    }

    /// Names what could not be read although the store refers to it.
    pub(super) fn damaged(what: impl Into<String>) -> impl FnOnce(git2::Error) -> Self {
        let what = what.into();
        move |error| Self::Damaged { what, message: error.message().to_owned() }
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

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

fn no_commit(branch: Option<&str>) -> String {
    match branch {
        Some(branch) => {
            format!("the branch `{branch}`, which is checked out, does not exist any more")
        }
        None => "the repository has no commit yet".to_owned(),
    }
}

/// Whether a write failed because nothing can be written there.
pub(super) fn is_read_only(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
}

/// What a server said, behind what git says.
fn quoted(said: &[String]) -> String {
    if said.is_empty() { String::new() } else { format!("; the server says: {}", said.join(" / ")) }
}

/// Whether git was let in, but not for this.
fn is_about_rights(message: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "403",
        "401",
        "Authentication failed",
        "Permission to",
        "Permission denied",
        "could not read Username",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
