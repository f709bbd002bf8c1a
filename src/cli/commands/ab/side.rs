//! The two sides of a comparison: what is loaded, how, and what keeps it running.

use crate::cli::commands::versions::Running;
use crate::cli::error::CliError;
use crate::driver::WorkTree;
use crate::model::CommitId;

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
        let each = self.running.iter_mut().zip(["base", "head"]);
        each.into_iter().try_for_each(|(running, name)| running.refuse_ended(name))
    }
}
