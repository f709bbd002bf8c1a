//! What a gate found: everything that a renderer needs, and no prose.

use super::checked_item::CheckedItem;
use super::finding::{BudgetFinding, Finding};
use super::verdict::{Exit, ReportReason, Verdict};
use crate::config::Decide;
use crate::model::{CommitId, Field, Outcome, Untrusted, Visited, Warning};
use std::collections::BTreeSet;

/// Where the baseline comes from.
#[derive(Debug, Clone, Default)]
pub struct BaselineInfo {
    /// As it was asked for.
    pub requested: Untrusted,
    /// The commits whose runs were taken, nearest first; empty for plain files.
    pub commits: Vec<CommitId>,
    /// First-parent steps from the merge base to the nearest of them.
    pub distance: Option<usize>,
    /// Number of runs.
    pub runs: usize,
    /// Date of the oldest commit.
    pub oldest: Option<jiff::Timestamp>,
    /// Date of the newest commit.
    pub newest: Option<jiff::Timestamp>,
}

/// What was judged.
#[derive(Debug, Clone, Default)]
pub struct CurrentInfo {
    /// Its commit, where it is known.
    pub commit: Option<CommitId>,
    /// The date of that commit, by which ages are counted.
    pub date: Option<jiff::Timestamp>,
    /// Number of repeats.
    pub runs: usize,
    /// The suite, unless it is the default one.
    pub suite: Option<Untrusted>,
    /// What else says which runs are comparable, as arguments of a command (`--profile stress`).
    pub arguments: Untrusted,
}

/// The noise from run to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variation {
    /// Coefficient of variation of the typical latency test: 0.03 is 3 %.
    pub cv: f64,
    /// How much of it the endpoints of a run share, from 0 to 1.
    pub shared: f64,
}

/// How both sides were measured in turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairedInfo {
    /// Whether the new side ran second, for each pair.
    pub head_second: Vec<bool>,
    /// Length of a slice, in seconds, where it is known.
    pub slice_s: Option<f64>,
    /// Seconds that it took.
    pub seconds: f64,
    /// Seconds that it might have taken.
    pub budget_s: f64,
    /// The seed of the order.
    pub seed: u64,
    /// Whether more pairs were likely to decide what is open.
    pub open: bool,
}

/// How much was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Measurements that were compared.
    pub compared: usize,
    /// Measurements that at least one side has.
    pub total: usize,
}

/// What a gate was asked.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Whether the run is worse than a baseline.
    Comparison(Box<Comparison>),
    /// Whether the run keeps its budgets, whatever came before.
    Check,
}

/// What the run was held against.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The revision that was asked for; none for plain files.
    pub requested: Option<Untrusted>,
    /// Where the baseline comes from; none if there is none.
    pub baseline: Option<BaselineInfo>,
    /// The pinned baseline that was held against as well.
    pub anchor: Option<BaselineInfo>,
    /// The commits that were looked at for a baseline.
    pub visited: Vec<Visited>,
    /// The noise from run to run, where the baseline shows it.
    pub variation: Option<Variation>,
    /// How both sides were measured, where that was in turn.
    pub pairs: Option<PairedInfo>,
}

/// What a gate found.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was asked.
    pub subject: Subject,
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// Why.
    pub reason: ReportReason,
    /// What the verdict does to the exit code, by the policy.
    pub exit: Exit,
    /// How much evidence a crossing needed.
    pub decide: Decide,
    /// What was judged.
    pub current: CurrentInfo,
    /// How much was compared.
    pub coverage: Coverage,
    /// Every finding against the baseline, in the order of the run.
    pub findings: Vec<Finding>,
    /// What moved since the anchor, and is not told of the baseline.
    pub drift: Vec<Finding>,
    /// Every budget that holds for the runs.
    pub budgets: Vec<BudgetFinding>,
    /// The checklist of the policy, in its order.
    pub checklist: Vec<CheckedItem>,
    /// What else a person should know.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The comparison; none where budgets alone were checked.
    pub fn comparison(&self) -> Option<&Comparison> {
        match &self.subject {
            Subject::Comparison(comparison) => Some(comparison),
            Subject::Check => None,
        }
    }

    /// The revision that was asked for; none for plain files and without a comparison.
    pub fn requested(&self) -> Option<&Untrusted> {
        self.comparison()?.requested.as_ref()
    }

    /// Where the baseline comes from; none if there is none.
    pub fn baseline(&self) -> Option<&BaselineInfo> {
        self.comparison()?.baseline.as_ref()
    }

    /// The pinned baseline that was held against as well.
    pub fn anchor(&self) -> Option<&BaselineInfo> {
        self.comparison()?.anchor.as_ref()
    }

    /// The commits that were looked at for a baseline.
    pub fn visited(&self) -> &[Visited] {
        self.comparison().map_or(&[], |comparison| &comparison.visited)
    }

    /// The noise from run to run, where the baseline shows it.
    pub fn variation(&self) -> Option<Variation> {
        self.comparison()?.variation
    }

    /// How both sides were measured, where that was in turn.
    pub fn pairs(&self) -> Option<&PairedInfo> {
        self.comparison()?.pairs.as_ref()
    }

    /// The findings against the baseline, then those against the anchor.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(&self.drift)
    }

    /// The exit that verdict and reason stand for; none where the leniency of the policy decides.
    pub fn strict_exit(&self) -> Option<Exit> {
        let unjudged = self.has_unjudged();
        match (self.verdict, &self.reason) {
            (Verdict::Pass | Verdict::Warn, _) => Some(Exit::Pass),
            (Verdict::Fail, _) => Some(Exit::Regression),
            // A budget or an item that nobody could judge is not passed for being lenient about something else.
            (Verdict::Inconclusive | Verdict::NotCompared, _) if unjudged => Some(Exit::NoVerdict),
            // Runs of different loads stay undecided however lenient the policy is: nothing was checked.
            (Verdict::Inconclusive, ReportReason::NotComparable { .. }) => Some(Exit::NoVerdict),
            (Verdict::Inconclusive, _) => None,
            (Verdict::NotCompared, ReportReason::Skipped { .. }) => None,
            // Runs of the same test under another load are not a missing baseline.
            (Verdict::NotCompared, ReportReason::NoBaseline) if self.other_load().is_empty() => {
                None
            }
            (Verdict::NotCompared, _) => Some(Exit::NoVerdict),
        }
    }

    /// Whether budgets alone were checked.
    pub fn is_check(&self) -> bool {
        matches!(self.subject, Subject::Check)
    }

    /// Whether a budget could not be judged, or an item of the checklist not be checked.
    pub fn has_unjudged(&self) -> bool {
        let items = || self.checklist.iter().any(|item| item.verdict() == Verdict::NotCompared);
        self.budgets_with(Verdict::NotCompared) > 0 || items()
    }

    /// How many budgets have this verdict.
    pub fn budgets_with(&self, verdict: Verdict) -> usize {
        self.budgets.iter().filter(|budget| budget.verdict() == verdict).count()
    }

    /// What the runs that were passed over for the shape of their load alone differ in; empty where there are none.
    pub fn other_load(&self) -> BTreeSet<Field> {
        let same_test = |field: Field| {
            matches!(
                field,
                Field::Users | Field::Connections | Field::Duration | Field::Target | Field::Runner
            )
        };
        let of_load = self.visited().iter().filter_map(|visited| match &visited.outcome {
            Outcome::NotComparable { differences } => {
                differences.iter().all(|d| same_test(d.field)).then_some(differences)
            }
            Outcome::Taken { .. }
            | Outcome::NoRecord
            | Outcome::OtherVersion
            | Outcome::UnderTest
            | Outcome::SameMeasurement { .. } => None,
        });
        of_load.flatten().map(|difference| difference.field).collect()
    }
}
