//! The report for programs, `perfgate.report/1`.

use super::escape::write_json;
use super::warnings::warning_text;
use super::{few, few_compared};
use crate::config::{Comparison, Decide, Severity, Threshold, Tier};
use crate::gate::{
    BaselineInfo, BudgetFinding, CheckedItem, Finding, ItemState, Lack, Missing, Reason, Report,
    ReportReason, Role, Sides,
};
use crate::model::{
    Difference, EndpointKey, Named as _, Outcome, Raw as _, Untrusted, Visited, Warning,
};
use crate::schema::{
    AcceptedV1, AlertOutcomeV1, BaselineV1, BudgetV1, ChangeV1, ChecklistItemV1, ComparisonV1,
    CoverageV1, CurrentV1, DecideV1, DifferenceV1, FailureCountsV1, FindingKindV1, FindingV1,
    IntervalV1, ItemStateV1, LackV1, NoiseV1, OutcomeV1, PairsV1, PartV1, PlaceV1, REPORT_SCHEMA,
    ReportV1, SeverityV1, SkippedV1, ThresholdV1, TierV1, TimeSpanV1, TotalV1, VisitedV1,
    WarningV1,
};
use std::io::{self, Write};

/// Writes the report as JSON.
pub fn render(report: &Report, out: &mut impl Write) -> io::Result<()> {
    write_json(&to_wire(report), out)
}

/// The report as it stands in a file.
pub fn to_wire(report: &Report) -> ReportV1 {
    ReportV1 {
        schema: REPORT_SCHEMA.to_owned(),
        verdict: report.verdict.into(),
        reason: (&report.reason).into(),
        exit_code: report.exit.code(),
        decide: match report.decide {
            Decide::Threshold => DecideV1::Threshold,
            Decide::Evidence => DecideV1::Evidence,
            Decide::Confirmed => DecideV1::Confirmed,
        },
        requested: text(report.requested()),
        baseline: report.baseline().map(baseline),
        anchor: report.anchor().map(baseline),
        visited: report.visited().iter().map(visited).collect(),
        required_coverage: match report.reason {
            ReportReason::CoverageTooLow { required } => Some(required),
            _ => None,
        },
        differences: match &report.reason {
            ReportReason::NotComparable { differences } => {
                differences.iter().map(difference).collect()
            }
            _ => Vec::new(),
        },
        skipped: match &report.reason {
            ReportReason::Skipped { profile, missing } => Some(SkippedV1 {
                profile: profile.raw().to_owned(),
                missing: missing.iter().map(|name| name.raw().to_owned()).collect(),
            }),
            _ => None,
        },
        noise: report.variation().map(|v| NoiseV1 { cv: v.cv, shared: v.shared }),
        pairs: report.pairs().map(|own| PairsV1 {
            current_second: own.head_second.clone(),
            slice_s: own.slice_s,
            seconds: own.seconds,
            budget_s: own.budget_s,
            seed: own.seed,
            open: own.open,
        }),
        current: CurrentV1 {
            commit: report.current.commit.map(|id| id.to_string()),
            date: report.current.date.map(|at| at.to_string()),
            arguments: report.current.arguments.raw().to_owned(),
            runs: report.current.runs,
            suite: text(report.current.suite.as_ref()),
        },
        coverage: CoverageV1 { compared: report.coverage.compared, total: report.coverage.total },
        findings: report.all_findings().map(finding).collect(),
        budgets: report.budgets.iter().map(budget).collect(),
        checklist: report.checklist.iter().map(item).collect(),
        warnings: report.warnings.iter().map(warning).collect(),
    }
}

fn text(own: Option<&Untrusted>) -> Option<String> {
    own.map(|own| own.raw().to_owned())
}

fn baseline(info: &BaselineInfo) -> BaselineV1 {
    BaselineV1 {
        requested: info.requested.raw().to_owned(),
        commit: info.commits.first().map(ToString::to_string),
        oldest_commit: info.commits.last().map(ToString::to_string),
        distance: info.distance,
        runs: info.runs,
        oldest: info.oldest.map(|at| at.to_string()),
        newest: info.newest.map(|at| at.to_string()),
    }
}

fn visited(visited: &Visited) -> VisitedV1 {
    let (mut runs, mut measured, mut differences) = (None, None, Vec::new());
    let outcome = match &visited.outcome {
        Outcome::Taken { runs: taken } => {
            runs = Some(*taken);
            OutcomeV1::Taken
        }
        Outcome::NoRecord => OutcomeV1::NoRecord,
        Outcome::OtherVersion => OutcomeV1::OtherVersion,
        Outcome::UnderTest => OutcomeV1::UnderTest,
        Outcome::NotComparable { differences: known } => {
            differences = known.iter().map(difference).collect();
            OutcomeV1::NotComparable
        }
        Outcome::SameMeasurement { of } => {
            measured = Some(of.to_string());
            OutcomeV1::SameMeasurement
        }
    };
    let (commit, distance) = (visited.commit.to_string(), visited.distance);
    VisitedV1 { commit, distance, outcome, runs, measured, differences }
}

fn threshold(limit: Threshold) -> ThresholdV1 {
    let (relative, absolute) = match limit {
        Threshold::Relative(share) => (Some(share), None),
        Threshold::Absolute(amount) => (None, Some(amount)),
    };
    ThresholdV1 { relative, absolute }
}

fn difference(difference: &Difference) -> DifferenceV1 {
    DifferenceV1 {
        field: difference.field.to_string(),
        baseline: difference.baseline.raw().to_owned(),
        current: difference.current.raw().to_owned(),
    }
}

fn finding(finding: &Finding) -> FindingV1 {
    let Sides { baseline: before, current: after } = finding.counts;
    FindingV1 {
        endpoint: finding.endpoint.text().into_raw(),
        kind: match &finding.endpoint {
            EndpointKey::Total => FindingKindV1::Total(TotalV1::Total),
            EndpointKey::Named { kind, .. } => FindingKindV1::Endpoint((*kind).into()),
        },
        metric: finding.metric.text().into_raw(),
        statistic: finding.statistic.to_string(),
        unit: finding.unit.raw().to_owned(),
        baseline: finding.values.baseline,
        current: finding.values.current,
        change: finding
            .change()
            .map(|change| ChangeV1 { relative: change.relative, absolute: change.absolute }),
        interval: finding
            .interval
            .map(|interval| IntervalV1 { low: interval.low, high: interval.high }),
        threshold: threshold(finding.threshold),
        verdict: finding.verdict().into(),
        reason: finding.reason.into(),
        p: finding.p,
        visible: finding.visible,
        further_runs: finding.further_runs,
        accepted: finding.accepted.as_ref().map(|own| AcceptedV1 {
            commit: own.commit.to_string(),
            author: own.author.raw().to_owned(),
            reason: own.reason.raw().to_owned(),
            ceiling: own.ceiling.map(threshold),
        }),
        since_anchor: finding.role == Role::Drift,
        direction: finding.direction.into(),
        baseline_values: finding.working.per_run.baseline.clone(),
        current_values: finding.working.per_run.current.clone(),
        pair_changes: finding.working.pairs.clone(),
        parts: finding
            .working
            .parts
            .iter()
            .map(|(name, part)| {
                let part = PartV1 { baseline: part.baseline, current: part.current };
                (name.raw().to_owned(), part)
            })
            .collect(),
        failure_kinds: finding
            .working
            .kinds
            .iter()
            .map(|(message, counts)| FailureCountsV1 {
                message: message.raw().to_owned(),
                baseline: counts.baseline,
                current: counts.current,
            })
            .collect(),
        counted: finding.is_counted(),
        needs_requests: match finding.reason {
            Reason::Missing(Missing::TooFewRequests { needs }) => Some(needs),
            _ => None,
        },
        few: finding.few.as_ref().map(few_compared::to_wire),
        baseline_requests: before.requests,
        current_requests: after.requests,
        baseline_failures: before.failures,
        current_failures: after.failures,
    }
}

fn budget(budget: &BudgetFinding) -> BudgetV1 {
    BudgetV1 {
        budget: budget.budget.raw().to_owned(),
        subject: budget.subject.raw().to_owned(),
        endpoint: text(budget.endpoint.as_ref()),
        unit: budget.unit.raw().to_owned(),
        value: budget.value,
        comparison: budget.limit.map(|(bound, _)| comparison(bound.comparison)),
        limit: budget.limit.map(|(_, limit)| limit),
        tier: match budget.tier {
            Tier::Target => TierV1::Target,
            Tier::Acceptable => TierV1::Acceptable,
            Tier::Critical => TierV1::Critical,
        },
        verdict: budget.verdict().into(),
        reason: budget.reason.into(),
        needs_requests: match budget.reason.missing() {
            Some(Missing::TooFewRequests { needs }) => Some(needs),
            _ => None,
        },
        at: budget.at.map(|at| TimeSpanV1 { start_s: at.start_s, seconds: at.seconds }),
        meant: text(budget.meant.as_ref()),
        lack: budget.lack.as_ref().map(lack),
        few: budget.few.as_ref().map(few::to_wire),
        alert: budget.alert.as_ref().map(AlertOutcomeV1::from),
    }
}

/// What keeps a budget from being judged.
fn lack(lack: &Lack) -> LackV1 {
    match lack {
        Lack::Load => LackV1::Load,
        Lack::Windows => LackV1::Windows,
        Lack::WindowPercentiles => LackV1::WindowPercentiles,
        Lack::LongWindows { seconds } => LackV1::LongWindows { seconds: *seconds },
        Lack::NoWindow => LackV1::NoWindow,
        Lack::Input { name, meant } => LackV1::Input {
            name: name.raw().to_owned(),
            meant: meant.as_ref().map(|meant| meant.raw().to_owned()),
        },
        Lack::NotFinite => LackV1::NotFinite,
        Lack::Units { left, right } => {
            LackV1::Units { left: left.raw().to_owned(), right: right.raw().to_owned() }
        }
        Lack::Unit { is } => LackV1::Unit { is: is.raw().to_owned() },
    }
}

fn comparison(comparison: Comparison) -> ComparisonV1 {
    match comparison {
        Comparison::Below => ComparisonV1::Below,
        Comparison::AtMost => ComparisonV1::AtMost,
        Comparison::Above => ComparisonV1::Above,
        Comparison::AtLeast => ComparisonV1::AtLeast,
    }
}

fn warning(warning: &Warning) -> WarningV1 {
    let place = warning.place.as_ref();
    WarningV1 {
        code: warning.kind.code().to_owned(),
        message: warning_text(&warning.kind).into_raw(),
        place: PlaceV1 {
            file: place.map(|place| place.file.raw().to_owned()),
            line: place.and_then(|place| place.line),
        },
    }
}

fn item(own: &CheckedItem) -> ChecklistItemV1 {
    ChecklistItemV1 {
        item: own.item.raw().to_owned(),
        key: own.key.map(|key| key.name().to_owned()),
        state: match own.state {
            ItemState::Checked => ItemStateV1::Checked,
            ItemState::Failed => ItemStateV1::Failed,
            ItemState::CannotTell => ItemStateV1::CannotTell,
            ItemState::NotAsked => ItemStateV1::NotAsked,
            ItemState::ForPeople => ItemStateV1::ForPeople,
        },
        severity: match own.severity {
            Severity::Fail => SeverityV1::Fail,
            Severity::Warn => SeverityV1::Warn,
        },
        about: own.about.iter().map(|text| text.raw().to_owned()).collect(),
    }
}
