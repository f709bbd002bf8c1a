//! What a gate found: everything that a renderer needs, and no prose.

use super::verdict::{Reason, Verdict};
use crate::config::{Bound, Decide, Leniency, Threshold, Tier};
use crate::model::{
    CommitId, Difference, Direction, EndpointKey, Field, MeasurementKey, Metric, Outcome,
    Statistic, Unit, Untrusted, Visited, Warning,
};
use crate::stats::{Distance, Interval};
use std::collections::BTreeSet;

/// One judged comparison, or the reason why there is none.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was exercised.
    pub endpoint: EndpointKey,
    /// What was measured.
    pub metric: Metric,
    /// Which number of it.
    pub statistic: Statistic,
    /// The unit of the values.
    pub unit: Unit,
    /// The baseline's value.
    pub baseline: Option<f64>,
    /// The run's value.
    pub current: Option<f64>,
    /// The 95 % interval of the relative change (error rates: of the absolute one); none where no noise is known.
    pub interval: Option<Interval>,
    /// Which way is better.
    pub direction: Direction,
    /// The limit.
    pub threshold: Threshold,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// How probable a change as large as this is when nothing changed.
    pub p: Option<f64>,
    /// The smallest relative change that would have failed, where the noise is known or assumed.
    pub visible: Option<f64>,
    /// How many more runs would tell a change as large as the limit from none, where the verdict is inconclusive and the
    /// noise is known.
    pub further_runs: Option<usize>,
    /// The commit that accepts the change.
    pub accepted: Option<Accepted>,
    /// Whether this is about the anchor, not about the baseline.
    pub since_anchor: bool,
    /// Counts behind the values: baseline, run.
    pub counts: [Counts; 2],
    /// Whether at least one side has the measurement; if not, coverage does not count it.
    pub counted: bool,
    /// The numbers behind the verdict.
    pub working: Working,
}

/// Who accepted a change, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The commit that says so.
    pub commit: CommitId,
    /// Who wrote it.
    pub author: Untrusted,
    /// Why.
    pub reason: Untrusted,
}

/// The numbers behind a verdict, for whoever wants to follow it.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The values of baseline and new runs; the baseline's nearest first.
    pub per_run: [Vec<f64>; 2],
    /// Where the baseline runs come to another level: places of runs, nearest first.
    pub levels: Vec<usize>,
    /// The place of p among the tests of its family, from 1; 0 without a p.
    pub rank: usize,
    /// How many tests were judged together.
    pub tests: usize,
    /// Share of failures among these tests that may be false, from 0 to 1.
    pub risk: f64,
    /// What the noise of the baseline runs says; none where they are too few.
    pub noise: Option<NoiseWorking>,
    /// The parts of the response time, before and after, in milliseconds: where the time goes.
    pub parts: Vec<(Untrusted, [f64; 2])>,
    /// Of an error rate, how often each kind of failure came, before and after; the most frequent ones.
    pub kinds: Vec<(Untrusted, [u64; 2])>,
}

/// A judgement by the noise that is expected and that the baseline runs show. Changes and deviations are logarithms, worse is
/// positive.
#[derive(Debug, Clone, Copy)]
pub struct NoiseWorking {
    /// The change without what the run shares with all endpoints.
    pub own: Distance,
    /// The change as measured.
    pub raw: f64,
    /// The limit.
    pub limit: f64,
    /// Whether the whole run moved, and how probable that is when nothing changed; none where no other endpoint tells.
    pub whole_run: Option<(bool, f64)>,
}

/// Counts behind one side's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests, where they are known.
    pub requests: Option<u64>,
    /// Failed requests, for an error rate.
    pub failures: Option<u64>,
}

/// How far two values are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Relative to the baseline; none from zero.
    pub relative: Option<f64>,
    /// In the unit of the values.
    pub absolute: f64,
}

impl Finding {
    /// Which measurement it is about.
    pub fn key(&self) -> MeasurementKey {
        MeasurementKey {
            endpoint: self.endpoint.clone(),
            metric: self.metric.clone(),
            statistic: self.statistic,
        }
    }

    /// How far the run is from the baseline; none unless both sides have a value.
    pub fn change(&self) -> Option<Change> {
        let (baseline, current) = (self.baseline?, self.current?);
        let relative = (baseline > 0.0).then(|| current / baseline - 1.0);
        Some(Change { relative, absolute: current - baseline })
    }

    /// Whether nothing was compared although one side has a value that asks for it: it might be worse, and nobody knows.
    pub fn is_blind(&self) -> bool {
        let enough =
            |side: usize, needs: u64| self.counts[side].requests.is_some_and(|n| n >= needs);
        self.verdict == Verdict::NotCompared
            && match self.reason {
                Reason::NotMeasured => self.baseline.is_some() && self.current.is_none(),
                Reason::NoData => self.baseline.is_some() != self.current.is_some(),
                Reason::ZeroBaseline => self.current.is_some_and(|current| current != 0.0),
                Reason::TooFewRequests { needs } => enough(0, needs) && !enough(1, needs),
                _ => false,
            }
    }

    /// Whether a limit is crossed by no more than chance or rounding gives: worth a line, and no warning.
    pub fn is_chance(&self) -> bool {
        self.verdict == Verdict::Warn
            && matches!(self.reason, Reason::WithinNoise | Reason::BelowResolution)
    }

    /// Whether the two sides were held against each other.
    pub fn is_compared(&self) -> bool {
        self.verdict != Verdict::NotCompared && self.reason != Reason::Removed
    }
}

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

/// How much was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Measurements that were compared.
    pub compared: usize,
    /// Measurements that at least one side has.
    pub total: usize,
}

/// Why a report has its verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportReason {
    /// The worst finding decides.
    Findings,
    /// There is no baseline.
    NoBaseline,
    /// The two sides have nothing in common that has a limit.
    NothingCompared,
    /// The policy limits latency and not one latency could be compared.
    NoLatencyCompared,
    /// Less was compared than the policy requires.
    CoverageTooLow {
        /// The share that is required, from 0 to 1.
        required: f64,
    },
    /// Coverage is required, and a limit of the policy holds for nothing.
    IdleLimit,
    /// A budget could not be judged.
    BudgetNotMeasured,
    /// The runs are not of the same load.
    NotComparable {
        /// What differs.
        differences: Vec<Difference>,
    },
}

impl ReportReason {
    /// The name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::NoBaseline => "no_baseline",
            Self::NothingCompared => "nothing_compared",
            Self::NoLatencyCompared => "no_latency_compared",
            Self::CoverageTooLow { .. } => "coverage_too_low",
            Self::IdleLimit => "idle_limit",
            Self::BudgetNotMeasured => "budget_not_measured",
            Self::NotComparable { .. } => "not_comparable",
        }
    }
}

/// What a gate found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// Why.
    pub reason: ReportReason,
    /// How much evidence a crossing needed.
    pub decide: Decide,
    /// What an inconclusive report does to the exit code.
    pub inconclusive: Leniency,
    /// What a missing baseline does to the exit code.
    pub missing_baseline: Leniency,
    /// The revision that was asked for; none for plain files.
    pub requested: Option<Untrusted>,
    /// Where the baseline comes from; none if there is none.
    pub baseline: Option<BaselineInfo>,
    /// The pinned baseline that was held against as well.
    pub anchor: Option<BaselineInfo>,
    /// The commits that were looked at for a baseline.
    pub visited: Vec<Visited>,
    /// What was judged.
    pub current: CurrentInfo,
    /// The noise from run to run, where the baseline shows it.
    pub variation: Option<Variation>,
    /// How much was compared.
    pub coverage: Coverage,
    /// Every finding, in the order of the run.
    pub findings: Vec<Finding>,
    /// Every budget that holds for the runs.
    pub budgets: Vec<BudgetFinding>,
    /// What else a person should know.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The exit code that the verdict stands for: 0 pass, 1 fail, 3 no verdict.
    pub fn exit_code(&self) -> u8 {
        let unless_lenient = |leniency| if leniency == Leniency::Warn { 0 } else { 3 };
        match (self.verdict, &self.reason) {
            (Verdict::Pass | Verdict::Warn, _) => 0,
            (Verdict::Fail, _) => 1,
            // Runs of different loads stay undecided however lenient the policy is: nothing was checked.
            (Verdict::Inconclusive, ReportReason::NotComparable { .. }) => 3,
            // A budget that nobody could judge is not passed for being lenient about something else.
            (Verdict::Inconclusive, _) if self.budgets_with(Verdict::NotCompared) > 0 => 3,
            (Verdict::Inconclusive, _) => unless_lenient(self.inconclusive),
            // Runs of the same test under another load are not a missing baseline.
            // A budget that nobody could judge is no missing baseline either.
            (Verdict::NotCompared, ReportReason::NoBaseline)
                if self.budgets_with(Verdict::NotCompared) > 0 =>
            {
                3
            }
            (Verdict::NotCompared, ReportReason::NoBaseline) if !self.other_load().is_empty() => 3,
            (Verdict::NotCompared, ReportReason::NoBaseline) => {
                unless_lenient(self.missing_baseline)
            }
            (Verdict::NotCompared, _) => 3,
        }
    }

    /// Whether it judges budgets alone, with no baseline to compare with.
    pub fn is_check(&self) -> bool {
        self.baseline.is_none()
            && self.reason != ReportReason::NoBaseline
            && self.requested.is_none()
    }

    /// How many budgets have this verdict.
    pub fn budgets_with(&self, verdict: Verdict) -> usize {
        self.budgets.iter().filter(|budget| budget.verdict == verdict).count()
    }

    /// What the runs that were passed over for the shape of their load alone differ in; empty where there are none.
    pub fn other_load(&self) -> BTreeSet<Field> {
        let same_test = |field: Field| {
            matches!(field, Field::Users | Field::Duration | Field::Target | Field::Runner)
        };
        let of_load = self.visited.iter().filter_map(|visited| match &visited.outcome {
            Outcome::NotComparable { differences } => {
                differences.iter().all(|d| same_test(d.field)).then_some(differences)
            }
            Outcome::Taken { .. }
            | Outcome::NoRecord
            | Outcome::OtherVersion
            | Outcome::UnderTest => None,
        });
        of_load.flatten().map(|difference| difference.field).collect()
    }
}

/// One budget that was judged, or why it was not.
#[derive(Debug, Clone)]
pub struct BudgetFinding {
    /// The budget's name as written.
    pub budget: Untrusted,
    /// What was measured: `total p95`, `POST /api/chat p99`, `cpu mean`.
    pub subject: Untrusted,
    /// The unit of the value and the limit.
    pub unit: Unit,
    /// The value.
    pub value: Option<f64>,
    /// The limit that decides, in the unit, and its sign; none for a memory leak that is not to be.
    pub limit: Option<(Bound, f64)>,
    /// The tier of that limit.
    pub tier: Tier,
    /// The verdict.
    pub verdict: Verdict,
    /// Why: within or over the limit, or why it was not judged.
    pub reason: Reason,
    /// What is called much like a metric that no run has.
    pub meant: Option<Untrusted>,
}
