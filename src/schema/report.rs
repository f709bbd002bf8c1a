//! `perfgate.report/1`: what a gate found, for programs.

use super::alert::AlertOutcomeV1;
use super::checklist::ChecklistItemV1;
use super::lack::LackV1;
use super::metric::DirectionV1;
use super::run::KindV1;
use super::verdicts::{
    ComparisonV1, DecideV1, OutcomeV1, ReasonV1, ReportReasonV1, TierV1, TotalV1, VerdictV1,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of this format.
pub const REPORT_SCHEMA: &str = "perfgate.report/1";

/// What a gate found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "perfgate report, version 1")]
pub struct ReportV1 {
    /// Always `perfgate.report/1`.
    #[schemars(regex(pattern = r"^perfgate\.report/1$"))]
    pub schema: String,
    /// The verdict on the whole.
    pub verdict: VerdictV1,
    /// Why: `findings` when the worst of them decides.
    pub reason: ReportReasonV1,
    /// The exit code that goes with it: 0, 1 or 3.
    pub exit_code: u8,
    /// How much evidence a crossing needed.
    pub decide: DecideV1,
    /// The revision whose history was searched for a baseline; null for plain files.
    pub requested: Option<String>,
    /// What the run was held against; null when nothing was found.
    pub baseline: Option<BaselineV1>,
    /// The pinned baseline that the run was held against as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<BaselineV1>,
    /// The commits that were looked at for a baseline, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visited: Vec<VisitedV1>,
    /// The share of the measurements that the policy requires, where too few were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_coverage: Option<f64>,
    /// What differs, where the runs are not comparable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceV1>,
    /// The profile that was skipped, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkippedV1>,
    /// The noise from run to run; null where the baseline does not show it (fewer than three runs).
    pub noise: Option<NoiseV1>,
    /// How both sides were measured, where that was in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairsV1>,
    /// The run.
    pub current: CurrentV1,
    /// How many measurements were compared.
    pub coverage: CoverageV1,
    /// Every measurement, judged or not.
    pub findings: Vec<FindingV1>,
    /// Every absolute limit, judged or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetV1>,
    /// The checklist of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<ChecklistItemV1>,
    /// What else a person should know.
    pub warnings: Vec<WarningV1>,
}

/// A profile that was skipped: nothing was judged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SkippedV1 {
    /// Its name.
    pub profile: String,
    /// The environment variables that it requires and that are not set.
    pub missing: Vec<String>,
}

/// What the run was held against.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BaselineV1 {
    /// As it was asked for: a revision, or file names.
    pub requested: String,
    /// The nearest commit with comparable runs; null for plain files.
    pub commit: Option<String>,
    /// The furthest commit of the window; null for plain files.
    #[serde(default)]
    pub oldest_commit: Option<String>,
    /// Commits between the merge base and that commit; null for plain files.
    pub distance: Option<usize>,
    /// Number of baseline runs.
    pub runs: usize,
    /// Date of the oldest baseline commit, RFC 3339.
    pub oldest: Option<String>,
    /// Date of the newest baseline commit, RFC 3339.
    pub newest: Option<String>,
}

/// The noise from run to run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NoiseV1 {
    /// Coefficient of variation of the typical latency: 0.03 is 3 %.
    pub cv: f64,
    /// How much of it the endpoints of a run share, from 0 to 1.
    pub shared: f64,
}

/// How both sides were measured in turn: in pairs of slices that share their minute of the machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PairsV1 {
    /// For each pair, whether the run's slice came after the baseline's.
    pub current_second: Vec<bool>,
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

/// A commit that was looked at for a baseline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VisitedV1 {
    /// The commit.
    pub commit: String,
    /// First-parent steps from the merge base.
    pub distance: usize,
    /// What it had to offer.
    pub outcome: OutcomeV1,
    /// How many of its runs were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
    /// The commit that the measurement is of, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// What differs, where its runs are not comparable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceV1>,
}

/// One difference between a baseline run and the new one. Untrusted text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceV1 {
    /// `users`, `duration`, `target`, …
    pub field: String,
    /// In the baseline.
    pub baseline: String,
    /// Now.
    pub current: String,
}

/// The run that was judged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CurrentV1 {
    /// Its commit, where it is known.
    pub commit: Option<String>,
    /// Date of that commit, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Arguments of a command that say which runs are comparable (`--profile stress`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arguments: String,
    /// Number of repeats.
    pub runs: usize,
    /// The suite, unless it is the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
}

/// How many measurements were compared.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CoverageV1 {
    /// Compared ones.
    pub compared: usize,
    /// All that at least one side has.
    pub total: usize,
}

/// One judged comparison, or the reason why there is none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FindingV1 {
    /// `METHOD NAME`, or `total`. Untrusted text.
    pub endpoint: String,
    /// Kind of the endpoint, or `total`.
    pub kind: FindingKindV1,
    /// `latency`, `error_rate`, `throughput`, or the name of a custom metric.
    pub metric: String,
    /// `p95`, `mean`, `rate`, …
    pub statistic: String,
    /// Unit of the values: `ms`, `ratio`, `per_second`, …
    pub unit: String,
    /// The baseline's value.
    pub baseline: Option<f64>,
    /// The run's value.
    pub current: Option<f64>,
    /// How far they are apart.
    pub change: Option<ChangeV1>,
    /// The 95 % confidence interval of the relative change (of the absolute one for an error rate); null where no
    /// noise is known.
    pub interval: Option<IntervalV1>,
    /// The limit.
    pub threshold: ThresholdV1,
    /// The verdict.
    pub verdict: VerdictV1,
    /// Why.
    pub reason: ReasonV1,
    /// How probable a change as large as this one is when nothing changed, where a test was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The smallest relative change for the worse that would have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<f64>,
    /// How many more runs would tell a change as large as the limit from none, where the verdict is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further_runs: Option<usize>,
    /// The commit that accepts the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedV1>,
    /// Whether the change is one since the anchor, not since the baseline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub since_anchor: bool,
    /// Which way is better.
    pub direction: DirectionV1,
    /// The values of the baseline's runs, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline_values: Vec<f64>,
    /// The values of the new runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current_values: Vec<f64>,
    /// The relative change of each pair, where both sides were measured in turn; null where a slice has no value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pair_changes: Vec<Option<f64>>,
    /// Where the time goes: the mean of each part of the response time, in milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, PartV1>,
    /// Of an error rate, how often each kind of failure came; the most frequent ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_kinds: Vec<FailureCountsV1>,
    /// Whether coverage counts it: at least one side has the measurement.
    pub counted: bool,
    /// Requests that this statistic needs, where there are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_requests: Option<u64>,
    /// What the calls say, of a quantile of few: they decide, and not the noise from run to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few: Option<FewComparedV1>,
    /// Requests of the baseline, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_requests: Option<u64>,
    /// Requests of the run, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_requests: Option<u64>,
    /// Failures of the baseline, for an error rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_failures: Option<u64>,
    /// Failures of the run, for an error rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_failures: Option<u64>,
}

/// What a finding is about: an endpoint of some kind, or the whole run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FindingKindV1 {
    /// The whole run.
    Total(TotalV1),
    /// An endpoint.
    Endpoint(KindV1),
}

/// A part of the response time, in milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PartV1 {
    /// In the baseline.
    pub baseline: f64,
    /// Now.
    pub current: f64,
}

/// A kind of failure.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailureCountsV1 {
    /// What the tool calls it.
    pub message: String,
    /// How often it came in the baseline.
    pub baseline: u64,
    /// How often now.
    pub current: u64,
}

/// One absolute limit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BudgetV1 {
    /// Its name in the policy.
    pub budget: String,
    /// What was measured (`POST /api/chat p95`). Untrusted text.
    pub subject: String,
    /// The endpoint that was measured (`METHOD NAME`), or `total`; absent for resources. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Unit of value and limit: `ms`, `ratio`, `per_second`, …
    pub unit: String,
    /// The value; null where it was not measured.
    pub value: Option<f64>,
    /// How the value must stand to the limit; null for a memory that is not to leak.
    pub comparison: Option<ComparisonV1>,
    /// The limit that decides.
    pub limit: Option<f64>,
    /// The tier of that limit.
    pub tier: TierV1,
    /// The verdict.
    pub verdict: VerdictV1,
    /// Why.
    pub reason: ReasonV1,
    /// Requests that the statistic needs, where there are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_requests: Option<u64>,
    /// When it was worst, of a budget for windows of the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<TimeSpanV1>,
    /// A metric of the run that was probably meant. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meant: Option<String>,
    /// What it would take to judge it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lack: Option<LackV1>,
    /// What the calls say about a limit on a quantile, where they are few and the verdict is the exact one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub few: Option<FewV1>,
    /// What came of an alert; absent for any other budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertOutcomeV1>,
}

/// What few calls say about a limit on a quantile, by the binomial distribution.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FewV1 {
    /// Calls of all runs.
    pub calls: u64,
    /// Calls that keep the limit, as far as the run tells.
    pub within: u64,
    /// Calls that miss it, as far as the run tells.
    pub beyond: u64,
    /// The quantile that is limited (`p95`).
    pub quantile: String,
    /// How sure it is that the quantile keeps the limit, from 0 to 1; shown from 0.95 on.
    pub confidence: f64,
    /// How probable at least as many misses are if the quantile just keeps the limit, from 0 to 1.
    pub p: f64,
    /// Milder quantiles that are shown to keep the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<ShownV1>,
    /// How many more calls without a miss would show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_calls: Option<u64>,
    /// Whether the runs differ, so that each must show it by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub runs_differ: bool,
}

/// What few calls say about a change of a quantile, by Fisher's exact test and the binomial distribution.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FewComparedV1 {
    /// Calls of all runs of the baseline.
    pub baseline_calls: u64,
    /// Calls of all new runs.
    pub current_calls: u64,
    /// The quantile (`p95`).
    pub quantile: String,
    /// The place among the slowest calls of the baseline that its quantile takes, from 1 for the slowest.
    pub rank: u64,
    /// What the limit, and the machine at its worst, make of that call, in milliseconds.
    pub far_ms: f64,
    /// As many new calls are slower than that, at least.
    pub beyond: u64,
    /// How probable that is if the run is just at its limit, from 0 to 1.
    pub p: f64,
    /// What the limit makes of the least that the baseline's quantile is, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_ms: Option<f64>,
    /// As many new calls are not slower than that, as far as the run tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
    /// Whether that shows the limit to be kept.
    pub kept: bool,
    /// How many more calls, none slower than that, would show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_calls: Option<u64>,
    /// How many calls the baseline needs, where it has too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_needs: Option<u64>,
}

/// A quantile that keeps a limit, and how sure that is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ShownV1 {
    /// The quantile (`p50`).
    pub quantile: String,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

/// A part of a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct TimeSpanV1 {
    /// Seconds from the start of the run.
    pub start_s: f64,
    /// How long it is.
    pub seconds: f64,
}

/// A commit that accepts a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedV1 {
    /// The commit.
    pub commit: String,
    /// Who wrote it. Untrusted text.
    pub author: String,
    /// Why. Untrusted text.
    pub reason: String,
    /// How far the measurement may move. Absent in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<ThresholdV1>,
}

/// How far two values are apart.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangeV1 {
    /// Relative to the baseline: 0.2 is 20 % more; null from zero.
    pub relative: Option<f64>,
    /// In the unit of the values.
    pub absolute: f64,
}

/// An interval.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IntervalV1 {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The limit of a change; one of the two is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdV1 {
    /// Relative to the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// In the unit of the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
}

/// A warning.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WarningV1 {
    /// A stable name.
    pub code: String,
    /// What happened, for a person. Untrusted text.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub place: PlaceV1,
}

/// Where in the input.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct PlaceV1 {
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}
