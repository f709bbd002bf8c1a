//! One judged comparison, with everything that a renderer needs, and no prose.

use super::lack::Lack;
use super::sides::Sides;
use super::verdict::{BudgetReason, Missing, Reason, Verdict};
use crate::config::{Bound, Threshold, Tier};
use crate::model::{
    AlertOutcome, CommitId, Direction, EndpointKey, MeasurementKey, Metric, Quantile, Statistic,
    Unit, Untrusted,
};
use crate::stats::{Distance, Interval};

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
    /// The value of each side, where it has one.
    pub values: Sides<Option<f64>>,
    /// The 95 % interval of the relative change (error rates: of the absolute one); none where no noise is known.
    pub interval: Option<Interval>,
    /// Which way is better.
    pub direction: Direction,
    /// The limit.
    pub threshold: Threshold,
    /// Why it has its verdict.
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
    /// Counts behind the values.
    pub counts: Sides<Counts>,
    /// What the finding is for.
    pub role: Role,
    /// What the calls say, of a quantile of few: they decide, and not the noise from run to run.
    pub few: Option<FewCompared>,
    /// The numbers behind the verdict.
    pub working: Working,
}

/// What a finding is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Measured on at least one side, and judged: coverage counts it.
    Judged,
    /// Measured on neither side: said, and not missed.
    Unmeasured,
    /// An endpoint that the change cannot touch: shown, and not judged.
    Control,
    /// A change since the anchor, which the baseline does not show.
    Drift,
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
    /// How far the measurement may move; none in reports of versions that did not write it.
    pub ceiling: Option<Threshold>,
}

/// The numbers behind a verdict, for whoever wants to follow it.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The values of baseline and new runs; the baseline's nearest first.
    pub per_run: Sides<Vec<f64>>,
    /// Where the baseline runs come to another level: places of runs, nearest first.
    pub levels: Vec<usize>,
    /// The place of p among the tests of its family; none without a p.
    pub family: Option<RankInFamily>,
    /// Share of failures among these tests that may be false, from 0 to 1.
    pub risk: f64,
    /// What the noise of the baseline runs says; none where they are too few.
    pub noise: Option<NoiseWorking>,
    /// The relative change of each pair, in their order, where both sides were measured in turn; none where a side has no value.
    pub pairs: Vec<Option<f64>>,
    /// The parts of the response time, in milliseconds: where the time goes.
    pub parts: Vec<(Untrusted, Sides<f64>)>,
    /// Of an error rate, how often each kind of failure came; the most frequent ones.
    pub kinds: Vec<(Untrusted, Sides<u64>)>,
}

/// The place of a p-value among those that are judged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankInFamily {
    /// The place, from 1 for the smallest p-value.
    pub rank: usize,
    /// Number of tests that are judged together.
    pub size: usize,
}

impl RankInFamily {
    pub(super) fn new(p: f64, family: &[f64]) -> Self {
        Self { rank: 1 + family.iter().filter(|other| **other < p).count(), size: family.len() }
    }
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
    /// The verdict, which the reason determines.
    pub fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }

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
        let Sides { baseline, current } = self.values.both()?;
        let relative = (baseline > 0.0).then(|| current / baseline - 1.0);
        Some(Change { relative, absolute: current - baseline })
    }

    /// Whether nothing was compared although one side has a value that asks for it: it might be worse, and nobody knows.
    pub fn is_blind(&self) -> bool {
        let Sides { baseline, current } = self.values;
        match self.reason {
            Reason::Missing(Missing::NotMeasured) => baseline.is_some() && current.is_none(),
            Reason::Missing(Missing::NoData) => baseline.is_some() != current.is_some(),
            Reason::Missing(Missing::AllFailed) => self.metric == Metric::ErrorRate,
            Reason::ZeroBaseline => current.is_some_and(|current| current != 0.0),
            Reason::Missing(Missing::TooFewRequests { needs }) => {
                let enough = self.counts.map(|side| side.requests.is_some_and(|n| n >= needs));
                enough.baseline && !enough.current
            }
            _ => false,
        }
    }

    /// Whether a limit is crossed by no more than chance or rounding gives: worth a line, and no warning.
    pub fn is_chance(&self) -> bool {
        matches!(self.reason, Reason::WithinNoise | Reason::BelowResolution)
    }

    /// Whether the run no longer has the endpoint.
    pub fn is_removed(&self) -> bool {
        matches!(self.reason, Reason::Removed(_))
    }

    /// Whether the two sides were held against each other.
    pub fn is_compared(&self) -> bool {
        self.verdict() != Verdict::NotCompared && !self.is_removed()
    }

    /// Whether coverage counts it.
    pub fn is_counted(&self) -> bool {
        self.role == Role::Judged
    }
}

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeSpan {
    /// Seconds from the start of the run.
    pub start_s: f64,
    /// How long it is.
    pub seconds: f64,
}

/// One budget that was judged, or why it was not.
#[derive(Debug, Clone)]
pub struct BudgetFinding {
    /// The budget's name as written.
    pub budget: Untrusted,
    /// What was measured: `total p95`, `POST /api/chat p99`, `cpu mean`.
    pub subject: Untrusted,
    /// The endpoint that was measured, or the total; none for resources and where nothing was measured.
    pub endpoint: Option<Untrusted>,
    /// The unit of the value and the limit.
    pub unit: Unit,
    /// The value.
    pub value: Option<f64>,
    /// The limit that decides, in the unit, and its sign; none for a memory leak that is not to be.
    pub limit: Option<(Bound, f64)>,
    /// The tier of that limit.
    pub tier: Tier,
    /// Why it has its verdict.
    pub reason: BudgetReason,
    /// When it was worst, of a budget for windows of the load.
    pub at: Option<TimeSpan>,
    /// What is called much like a metric that no run has.
    pub meant: Option<Untrusted>,
    /// What it would take to judge it, where that is known.
    pub lack: Option<Lack>,
    /// What the calls say, where they are few and the verdict on a quantile is the exact one.
    pub few: Option<FewCalls>,
    /// What came of an alert; none for any other budget.
    pub alert: Option<AlertOutcome>,
}

/// What few calls say about a limit on a quantile, whatever the distribution: how many miss the limit is binomial.
#[derive(Debug, Clone, PartialEq)]
pub struct FewCalls {
    /// Calls of all runs.
    pub calls: u64,
    /// As many of them keep the limit, as far as the run tells.
    pub within: u64,
    /// As many miss it; together with the others fewer than all where the run holds no samples.
    pub beyond: u64,
    /// The quantile that is limited.
    pub level: Quantile,
    /// How sure it is that the quantile keeps the limit, in [0, 1].
    pub confidence: f64,
    /// How probable at least as many misses are if the quantile just keeps the limit, in [0, 1].
    pub p: f64,
    /// Milder quantiles that are shown to keep the limit, and how sure that is.
    pub shows: Vec<(Quantile, f64)>,
    /// How many more calls without a miss would show it; none where it is shown, or no number would.
    pub more: Option<u64>,
    /// Whether the runs differ, so that their calls are not one sample.
    pub runs_differ: bool,
}

/// What few calls say about a change of a quantile, whatever the response times look like. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FewCompared {
    /// Calls of all runs.
    pub calls: Sides<u64>,
    /// The quantile.
    pub level: Quantile,
    /// The place among the slowest calls of the baseline that its quantile takes, from 1 for the slowest.
    pub rank: u64,
    /// What the limit, and the machine at its worst, make of that call.
    pub far: f64,
    /// As many calls of the run are slower than that, at least.
    pub beyond: u64,
    /// How probable that is if the run is just at its limit, in [0, 1].
    pub p: f64,
    /// What the limit makes of the least that the baseline's quantile is; none where the baseline has too few calls to tell.
    pub near: Option<f64>,
    /// As many calls of the run are not slower than that, as far as it tells.
    pub within: Option<u64>,
    /// Whether that shows the limit to be kept.
    pub kept: bool,
    /// How many more calls of the run, none slower than that, would show it; none where it is shown, or no number would.
    pub more: Option<u64>,
    /// How many calls the baseline needs, where it has too few.
    pub baseline_needs: Option<u64>,
}

impl BudgetFinding {
    /// The verdict, which the reason determines.
    pub fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_counts_the_smaller_ones_and_itself() {
        let family = [0.5, 0.01, 0.2, 0.2];
        let rank = |p| RankInFamily::new(p, &family);
        assert_eq!(rank(0.01), RankInFamily { rank: 1, size: 4 });
        assert_eq!(rank(0.2), RankInFamily { rank: 2, size: 4 }, "equals share a place");
        assert_eq!(rank(0.5).rank, 4);
    }
}
