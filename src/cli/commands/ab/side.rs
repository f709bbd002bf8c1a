//! The two sides of a comparison: what is loaded, how, and what keeps it running.

use crate::cli::commands::driving::tail;
use crate::cli::error::CliError;
use crate::driver::{Ended, Service, WorkTree};
use crate::model::CommitId;
use std::path::{Path, PathBuf};

/// One version.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// What a person calls it: `base` or `head`.
    pub(super) name: &'static str,
    /// What a report calls it.
    pub(super) title: String,
    /// Its commit, where it is known.
    pub(super) commit: Option<CommitId>,
    /// The load command, with the version's place in it.
    pub(super) command: Vec<String>,
}

/// A version that perfgate started.
pub(super) struct Running {
    pub(super) service: Service,
    /// Its output.
    pub(super) log: PathBuf,
}

/// Both versions, and what runs as long as this value lives.
pub(super) struct Sides {
    pub(super) base: Side,
    pub(super) head: Side,
    /// The services of base and head; none where somebody else runs them. They end before their trees go.
    pub(super) running: Vec<Running>,
    pub(super) trees: Vec<WorkTree>,
}

impl Sides {
    /// Versions that somebody else runs.
    pub(super) fn of_others(base: Side, head: Side) -> Self {
        Self { base, head, running: Vec::new(), trees: Vec::new() }
    }

    pub(super) fn side(&self, head: bool) -> &Side {
        if head { &self.head } else { &self.base }
    }

    /// Ends the services and removes their trees.
    pub(super) fn ended(mut self) -> Self {
        self.running.clear();
        self.trees.clear();
        self
    }

    /// A service that has ended is no service.
    pub(super) fn refuse_ended(&mut self) -> Result<(), CliError> {
        for (running, name) in self.running.iter_mut().zip(["base", "head"]) {
            if let Some(ended) = running.service.ended().map_err(CliError::Output)? {
                let problem =
                    format!("the service of {name} {} while it was measured", how_ended(ended));
                return Err(CliError::usage(problem, log_of(&running.log)));
            }
        }
        Ok(())
    }
}

/// How a process ended, as the end of a sentence.
pub(super) fn how_ended(ended: Ended) -> String {
    match ended {
        Ended::Exited(code) => format!("ended with exit code {code}"),
        Ended::Killed(signal) => format!("was ended by signal {signal}"),
        Ended::NotStarted => "could not be started".to_owned(),
        Ended::TimedOut => "took too long and was ended".to_owned(),
        Ended::Interrupted | Ended::Stopped => "was interrupted".to_owned(),
    }
}

/// Where a log is, and its last lines.
pub(super) fn log_of(log: &Path) -> String {
    match tail(log) {
        lines if lines.is_empty() => format!("its output is in {}", log.display()),
        lines => format!("its output is in {}; its last lines: {lines}", log.display()),
    }
}
