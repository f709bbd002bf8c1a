//! Everything that can keep a command from doing its work, with what to do about it.

use super::codes::{self, Code};
use super::exit::Exit;
use crate::config::ConfigError;
use crate::ingest::IngestError;
use crate::model::{MergeError, brief, harmless};
use crate::schema::HistogramError;
use crate::store::StoreError;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Merge(#[from] MergeError),
    #[error("{0}")]
    Histogram(#[from] HistogramError),
    /// The standard output could not be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A value could not be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no result to read.
    #[error("{problem}")]
    NoResults { problem: String, help: String },
    /// The arguments, or what they name, do not fit together; or what was to be done is not possible.
    #[error("{problem}")]
    Usage { problem: String, help: String, code: &'static Code },
    /// The same of a program that perfgate ran, with the last lines that it said.
    #[error("{problem}")]
    Driven { problem: String, help: String, code: &'static Code, said: Vec<String> },
}

impl CliError {
    pub(super) fn usage(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self::coded(&codes::ARGUMENTS, problem, help)
    }

    /// An error of a kind that has a code of its own.
    pub(super) fn coded(
        code: &'static Code,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Usage { problem: problem.into(), help: help.into(), code }
    }

    /// An error of a program that perfgate ran, and the last lines of its output.
    pub(super) fn driven(
        code: &'static Code,
        problem: impl Into<String>,
        help: impl Into<String>,
        said: Vec<String>,
    ) -> Self {
        Self::Driven { problem: problem.into(), help: help.into(), code, said }
    }

    /// What a program said last, line by line.
    fn said(&self) -> &[String] {
        if let Self::Driven { said, .. } = self { said } else { &[] }
    }

    /// The kind of error.
    pub(super) fn code(&self) -> &'static Code {
        match self {
            Self::Ingest(error) => codes::of_ingest(error),
            Self::Store(error) => codes::of_store(error),
            Self::Config(_) => &codes::POLICY,
            Self::Merge(_) => &codes::MERGE,
            Self::Histogram(_) => &codes::TOO_LARGE,
            Self::Output(_) | Self::File { .. } | Self::Json(_) => &codes::FILE,
            Self::NoResults { .. } => &codes::NO_RESULTS,
            Self::Usage { code, .. } | Self::Driven { code, .. } => code,
        }
    }

    pub(super) fn no_results(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self::NoResults { problem: problem.into(), help: help.into() }
    }

    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::Ingest(error) => error.help(),
            Self::Store(error) => error.help().map(str::to_owned),
            Self::NoResults { help, .. } | Self::Usage { help, .. } | Self::Driven { help, .. } => {
                Some(help.clone())
            }
            Self::File { source, .. } | Self::Output(source) => Some(way_out(source).to_owned()),
            Self::Config(_) | Self::Merge(_) | Self::Histogram(_) | Self::Json(_) => None,
        }
    }

    /// What is said of it; `fit` makes a line fit where it is written.
    pub(super) fn text(&self, fit: impl Fn(&str) -> String) -> String {
        // Messages hold names and values from files. Only those about the policy, our own, have several lines.
        let line = |text: &str| harmless(&*brief(text));
        let message = match self {
            Self::Config(error) => {
                error.to_string().lines().map(line).collect::<Vec<_>>().join("\n")
            }
            other => line(&without_number(&other.to_string())),
        };
        let help = self.help().map(|help| format!("\n  {}", line(&help)));
        let said: String = self.said().iter().map(|own| format!("\n    {}", line(own))).collect();
        let number = self.code().number;
        let text = format!("error[{number}]: {message}{}{said}", help.unwrap_or_default());
        text.lines().map(fit).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Store(error) if error.is_unanswerable() => Exit::NoVerdict,
            Self::Ingest(_)
            | Self::Store(_)
            | Self::Config(_)
            | Self::Merge(_)
            | Self::Histogram(_)
            | Self::Output(_)
            | Self::File { .. }
            | Self::Json(_)
            | Self::NoResults { .. }
            | Self::Usage { .. }
            | Self::Driven { .. } => Exit::CouldNotRun,
        }
    }
}

/// What to do about a file or an output that the system refuses.
fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "check the name, and the folder that perfgate runs in: relative paths begin there"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "name a place that this user may read and write"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on the disk, or name a place on another one"
        }
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
            "a file and a folder are mixed up in this path"
        }
        io::ErrorKind::AlreadyExists => "name another one, or remove what is there",
        _ => "`perfgate explain P901` says what to check",
    }
}

/// Without the number that the system's own error ends with, which says nothing more than its words.
fn without_number(message: &str) -> Cow<'_, str> {
    let number = message.find(" (os error ");
    let rest = number.and_then(|at| Some((at, at + message[at..].find(')')? + 1)));
    match rest {
        Some((from, to)) => Cow::Owned(format!("{}{}", &message[..from], &message[to..])),
        None => Cow::Borrowed(message),
    }
}
