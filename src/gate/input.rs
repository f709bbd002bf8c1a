//! What a gate is given.

use super::paired_rule::PairedLook;
use super::report::{BaselineInfo, CurrentInfo, PairedInfo};
use crate::config::Accept;
use crate::model::{CommitId, Run, Untrusted, Visited, Warning};

/// Everything that is judged, and what it is judged by beside the rules.
#[derive(Debug, Default)]
pub struct Input<'a> {
    /// What the new runs are held against; none if nothing was found.
    pub baseline: Option<Baseline>,
    /// A pinned baseline, so that many small changes add up.
    pub anchor: Option<Baseline>,
    /// How the runs were measured, where the baseline's and the new ones are slices in pairs.
    pub pairing: Option<Pairing>,
    /// The new runs: repeats of one test, at least one.
    pub current: &'a [Run],
    /// What they are.
    pub info: CurrentInfo,
    /// How the baseline was looked for; empty for plain files.
    pub search: Search,
    /// What a person should know beside the findings.
    pub warnings: Vec<Warning>,
}

/// How both sides were measured in turn: the runs of each are slices, pair by pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Whether the new side ran second, for each pair.
    pub head_second: Vec<bool>,
    /// How much of the budget is spent.
    pub look: PairedLook,
    /// What a report says of it.
    pub info: PairedInfo,
}

/// What a new run is held against.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// Where it comes from.
    pub info: BaselineInfo,
    /// Its runs, nearest first; at least one.
    pub runs: Vec<Run>,
    /// Comparable runs before those, nearest first: they show where a level moved, nothing else.
    pub earlier: Vec<Run>,
    /// Changes that were accepted between the baseline's own commits, and how many of its runs are nearer.
    pub accepted: Vec<(usize, Acceptance)>,
    /// Changes that were accepted between the baseline and the new runs.
    pub acceptances: Vec<Acceptance>,
}

/// A change that a commit accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptance {
    /// What is accepted.
    pub accept: Accept,
    /// The commit that says so.
    pub commit: CommitId,
    /// Who wrote it.
    pub author: Untrusted,
}

/// How the baseline was looked for; empty for plain files.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The revision that was asked for.
    pub revision: Option<String>,
    /// The commits that were looked at, nearest first.
    pub visited: Vec<Visited>,
}
