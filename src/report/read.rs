//! A report from a file, `perfgate.report/1`, back to what the renderers take. The file is untrusted: everything in it is
//! checked, and what it calls its verdict is only shown.

use super::checklist;
use super::lack;
use super::{few, few_compared};
use crate::config::{Bound, Comparison as Sign, Decide, QuantityKind, Severity, Threshold, Tier};
use crate::gate::{
    Accepted, BaselineInfo, BudgetFinding, BudgetReason, CheckedItem, Comparison, Counts, Coverage,
    CurrentInfo, Exit, Finding, Missing, PairedInfo, Reason, Report, ReportReason, Role, Sides,
    Subject, TimeSpan, Variation, Working,
};
use crate::model::limits::check_label;
use crate::model::{
    AlertOutcome, CommitId, Difference, EndpointKey, Field, Kind, Metric, Named as _, Outcome,
    Place, Unit, Untrusted, Visited, Warning, WarningKind,
};
use crate::schema::{
    AcceptedV1, BaselineV1, BudgetV1, ChecklistItemV1, ComparisonV1, CurrentV1, DecideV1,
    DifferenceV1, FindingKindV1, FindingV1, OutcomeV1, REPORT_SCHEMA, ReasonV1, ReportReasonV1,
    ReportV1, ThresholdV1, TierV1, VerdictV1, VisitedV1, WarningV1,
};
use crate::stats::Interval;

/// Why a file is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportFileError {
    /// Not JSON, or not of the right shape.
    #[error("not a perfgate report: {0}")]
    Json(#[from] serde_json::Error),
    /// Another format or version.
    #[error("the schema is `{0}`; this perfgate reads `{REPORT_SCHEMA}`")]
    Version(String),
    /// A value that cannot be.
    #[error("{path}: `{value}` cannot be")]
    Invalid {
        /// Where in the document.
        path: &'static str,
        /// The value.
        value: String,
    },
}

type Read<T> = Result<T, ReportFileError>;

fn invalid(path: &'static str, value: &str) -> ReportFileError {
    ReportFileError::Invalid { path, value: value.to_owned() }
}

/// Reads a report. `json` is the whole document.
pub fn read(json: &[u8]) -> Read<Report> {
    let file: ReportV1 = serde_json::from_slice(json)?;
    if file.schema != REPORT_SCHEMA {
        return Err(ReportFileError::Version(file.schema));
    }
    let reason = reason_of_report(&file)?;
    let (drift, findings) = file
        .findings
        .into_iter()
        .map(finding)
        .collect::<Read<Vec<Finding>>>()?
        .into_iter()
        .partition(|finding| finding.role == Role::Drift);
    let is_check = file.baseline.is_none()
        && file.requested.is_none()
        && !matches!(reason, ReportReason::NoBaseline);
    let comparison = Comparison {
        requested: file.requested.map(Into::into),
        baseline: file.baseline.map(baseline).transpose()?,
        anchor: file.anchor.map(baseline).transpose()?,
        visited: file.visited.into_iter().map(visited).collect::<Read<_>>()?,
        variation: file.noise.map(|noise| Variation { cv: noise.cv, shared: noise.shared }),
        pairs: file.pairs.map(|own| PairedInfo {
            head_second: own.current_second,
            slice_s: own.slice_s,
            seconds: own.seconds,
            budget_s: own.budget_s,
            seed: own.seed,
            open: own.open,
        }),
    };
    let report = Report {
        subject: if is_check { Subject::Check } else { Subject::Comparison(Box::new(comparison)) },
        verdict: file.verdict.into(),
        reason,
        // Where the policy decided, the file says how.
        exit: if file.exit_code == 0 { Exit::Pass } else { Exit::NoVerdict },
        decide: match file.decide {
            DecideV1::Threshold => Decide::Threshold,
            DecideV1::Evidence => Decide::Evidence,
            DecideV1::Confirmed => Decide::Confirmed,
        },
        current: current(file.current)?,
        coverage: Coverage { compared: file.coverage.compared, total: file.coverage.total },
        findings,
        drift,
        budgets: file.budgets.into_iter().map(budget).collect::<Read<_>>()?,
        checklist: file.checklist.into_iter().map(item).collect::<Read<_>>()?,
        warnings: file.warnings.into_iter().map(warning).collect(),
    };
    Ok(Report { exit: report.strict_exit().unwrap_or(report.exit), ..report })
}

fn commit(path: &'static str, text: &str) -> Read<CommitId> {
    text.parse().map_err(|_| invalid(path, text))
}

fn time(path: &'static str, text: Option<String>) -> Read<Option<jiff::Timestamp>> {
    text.map(|text| text.parse().map_err(|_| invalid(path, &text))).transpose()
}

fn reason_of_report(file: &ReportV1) -> Read<ReportReason> {
    Ok(match file.reason {
        ReportReasonV1::Findings => ReportReason::Findings,
        ReportReasonV1::NoBaseline => ReportReason::NoBaseline,
        ReportReasonV1::NothingCompared => ReportReason::NothingCompared,
        ReportReasonV1::IdleLimit => ReportReason::IdleLimit,
        ReportReasonV1::NoLatencyCompared => ReportReason::NoLatencyCompared,
        ReportReasonV1::BudgetNotMeasured => ReportReason::BudgetNotMeasured,
        ReportReasonV1::Checklist => ReportReason::Checklist,
        ReportReasonV1::Skipped => {
            let skipped = file.skipped.as_ref();
            let skipped = skipped.ok_or_else(|| invalid("reason", file.reason.name()))?;
            ReportReason::Skipped {
                profile: skipped.profile.as_str().into(),
                missing: skipped.missing.iter().map(|name| name.as_str().into()).collect(),
            }
        }
        ReportReasonV1::CoverageTooLow => {
            ReportReason::CoverageTooLow { required: file.required_coverage.unwrap_or(1.0) }
        }
        ReportReasonV1::NotComparable => {
            let differences = file.differences.iter().cloned().map(difference);
            ReportReason::NotComparable { differences: differences.collect::<Read<_>>()? }
        }
    })
}

fn difference(file: DifferenceV1) -> Read<Difference> {
    let field =
        Field::from_name(&file.field).ok_or_else(|| invalid("differences.field", &file.field))?;
    Ok(Difference { field, baseline: file.baseline.into(), current: file.current.into() })
}

fn baseline(file: BaselineV1) -> Read<BaselineInfo> {
    let mut commits = Vec::new();
    for text in file.commit.iter().chain(&file.oldest_commit) {
        commits.push(commit("baseline.commit", text)?);
    }
    commits.dedup();
    Ok(BaselineInfo {
        requested: file.requested.into(),
        commits,
        distance: file.distance,
        runs: file.runs,
        oldest: time("baseline.oldest", file.oldest)?,
        newest: time("baseline.newest", file.newest)?,
    })
}

fn visited(file: VisitedV1) -> Read<Visited> {
    let outcome = match file.outcome {
        OutcomeV1::Taken => Outcome::Taken { runs: file.runs.unwrap_or_default() },
        OutcomeV1::NoRecord => Outcome::NoRecord,
        OutcomeV1::OtherVersion => Outcome::OtherVersion,
        OutcomeV1::UnderTest => Outcome::UnderTest,
        OutcomeV1::NotComparable => Outcome::NotComparable {
            differences: file.differences.into_iter().map(difference).collect::<Read<_>>()?,
        },
        OutcomeV1::SameMeasurement => Outcome::SameMeasurement {
            of: commit("visited.measured", &file.measured.unwrap_or_default())?,
        },
    };
    Ok(Visited {
        commit: commit("visited.commit", &file.commit)?,
        distance: file.distance,
        date: jiff::Timestamp::UNIX_EPOCH,
        subject: Untrusted::default(),
        outcome,
        // Which runs were left out is a question to `perfgate baseline explain`.
        passed_over: Vec::new(),
    })
}

fn current(file: CurrentV1) -> Read<CurrentInfo> {
    // It is part of the name of a check and of the mark of a comment.
    if let Some(suite) = file.suite.as_ref().filter(|own| check_label("a suite", own).is_err()) {
        return Err(invalid("current.suite", suite));
    }
    Ok(CurrentInfo {
        commit: file.commit.map(|text| commit("current.commit", &text)).transpose()?,
        date: time("current.date", file.date)?,
        runs: file.runs,
        suite: file.suite.map(Into::into),
        arguments: file.arguments.into(),
    })
}

/// Why there is no value, where a reason says that.
fn missing(reason: ReasonV1, needs: Option<u64>) -> Option<Missing> {
    match reason {
        ReasonV1::NotMeasured => Some(Missing::NotMeasured),
        ReasonV1::NoData => Some(Missing::NoData),
        ReasonV1::TooFewRequests => {
            Some(Missing::TooFewRequests { needs: needs.unwrap_or_default() })
        }
        ReasonV1::AllFailed => Some(Missing::AllFailed),
        _ => None,
    }
}

/// The reason of a finding, which must stand for the verdict beside it.
fn reason(file: &FindingV1) -> Read<Reason> {
    let warns = file.verdict == VerdictV1::Warn;
    let reason = match file.reason {
        ReasonV1::WithinLimit => Reason::WithinLimit,
        ReasonV1::OverThreshold => Reason::OverThreshold,
        ReasonV1::MeasureAgain => Reason::MeasureAgain,
        ReasonV1::WithinNoise => Reason::WithinNoise,
        ReasonV1::BelowResolution => Reason::BelowResolution,
        ReasonV1::WholeRun => Reason::WholeRun,
        ReasonV1::AlreadyOnMain => Reason::AlreadyOnMain,
        ReasonV1::WarnOnly => Reason::WarnOnly,
        ReasonV1::Accepted => Reason::Accepted,
        ReasonV1::Control => Reason::Control,
        ReasonV1::TooNoisy => Reason::TooNoisy,
        ReasonV1::ZeroBaseline => Reason::ZeroBaseline,
        ReasonV1::NewEndpoint => Reason::NewEndpoint,
        ReasonV1::Removed => Reason::Removed(if warns { Severity::Warn } else { Severity::Fail }),
        ReasonV1::NotMeasured
        | ReasonV1::NoData
        | ReasonV1::OtherUnit
        | ReasonV1::TooFewRequests
        | ReasonV1::AllFailed => missing(file.reason, file.needs_requests)
            .map(Reason::Missing)
            .ok_or_else(|| invalid("findings.reason", file.reason.name()))?,
    };
    match file.verdict == reason.verdict().into() {
        true => Ok(reason),
        false => Err(invalid("findings.verdict", file.verdict.name())),
    }
}

/// The reason of a budget, which must stand for the verdict beside it.
fn budget_reason(file: &BudgetV1) -> Read<BudgetReason> {
    let warns = file.verdict == VerdictV1::Warn;
    let reason = match (file.reason, missing(file.reason, file.needs_requests)) {
        (_, Some(Missing::TooFewRequests { needs })) if warns => {
            BudgetReason::RarelyRequested(Some(needs))
        }
        (_, Some(Missing::NoData)) if warns => BudgetReason::RarelyRequested(None),
        (_, Some(missing)) => BudgetReason::Missing(missing),
        (ReasonV1::WithinLimit, _) => BudgetReason::Kept,
        (ReasonV1::OverThreshold, _) if warns => BudgetReason::TargetMissed,
        (ReasonV1::OverThreshold, _) => BudgetReason::Broken,
        (ReasonV1::WarnOnly, _) => BudgetReason::WarnOnly,
        (ReasonV1::OtherUnit, _) => BudgetReason::OtherUnit,
        (other, _) => return Err(invalid("budgets.reason", other.name())),
    };
    match file.verdict == reason.verdict().into() {
        true => Ok(reason),
        false => Err(invalid("budgets.verdict", file.verdict.name())),
    }
}

fn item(file: ChecklistItemV1) -> Read<CheckedItem> {
    checklist::from_wire(file).map_err(|(path, value)| invalid(path, &value))
}

fn budget(file: BudgetV1) -> Read<BudgetFinding> {
    let reason = budget_reason(&file)?;
    let limit = file.comparison.zip(file.limit).map(|(comparison, value)| {
        let comparison = match comparison {
            ComparisonV1::Below => Sign::Below,
            ComparisonV1::AtMost => Sign::AtMost,
            ComparisonV1::Above => Sign::Above,
            ComparisonV1::AtLeast => Sign::AtLeast,
        };
        (Bound { comparison, value, kind: QuantityKind::Number }, value)
    });
    Ok(BudgetFinding {
        budget: file.budget.into(),
        subject: file.subject.into(),
        endpoint: file.endpoint.map(Into::into),
        unit: Unit::from_name(&file.unit).0,
        value: file.value,
        limit,
        tier: match file.tier {
            TierV1::Target => Tier::Target,
            TierV1::Acceptable => Tier::Acceptable,
            TierV1::Critical => Tier::Critical,
        },
        reason,
        at: file.at.map(|at| TimeSpan { start_s: at.start_s, seconds: at.seconds }),
        meant: file.meant.map(Into::into),
        lack: file.lack.map(lack::from_wire),
        few: file
            .few
            .map(|file| few::from_wire(file).map_err(|text| invalid("budgets.few.quantile", &text)))
            .transpose()?,
        alert: file
            .alert
            .map(AlertOutcome::try_from)
            .transpose()
            .map_err(|field| invalid("budgets.alert", field))?,
    })
}

/// What a finding is for, as far as the file tells.
fn role(file: &FindingV1, reason: Reason) -> Role {
    match (file.since_anchor, file.counted) {
        (true, _) => Role::Drift,
        (false, true) => Role::Judged,
        (false, false) if reason == Reason::Missing(Missing::NotMeasured) => Role::Unmeasured,
        (false, false) => Role::Control,
    }
}

fn finding(file: FindingV1) -> Read<Finding> {
    let reason = reason(&file)?;
    let role = role(&file, reason);
    let threshold = threshold("findings.threshold", &file.threshold)?;
    let counts = |requests, failures| Counts { requests, failures };
    Ok(Finding {
        endpoint: endpoint(file.kind, file.endpoint),
        metric: match file.metric.as_str() {
            "latency" => Metric::Latency,
            "error_rate" => Metric::ErrorRate,
            "throughput" => Metric::Throughput,
            name => Metric::Custom(name.into()),
        },
        statistic: file
            .statistic
            .parse()
            .map_err(|()| invalid("findings.statistic", &file.statistic))?,
        unit: Unit::from_name(&file.unit).0,
        values: Sides { baseline: file.baseline, current: file.current },
        interval: file.interval.map(|i| Interval { low: i.low, high: i.high }),
        direction: file.direction.into(),
        threshold,
        reason,
        p: file.p,
        visible: file.visible,
        further_runs: file.further_runs,
        accepted: file.accepted.map(accepted).transpose()?,
        counts: Sides {
            baseline: counts(file.baseline_requests, file.baseline_failures),
            current: counts(file.current_requests, file.current_failures),
        },
        role,
        few: file
            .few
            .map(few_compared::from_wire)
            .transpose()
            .map_err(|text| invalid("findings.few.quantile", &text))?,
        working: Working {
            per_run: Sides { baseline: file.baseline_values, current: file.current_values },
            pairs: file.pair_changes,
            parts: file
                .parts
                .into_iter()
                .map(|(name, own)| {
                    (name.into(), Sides { baseline: own.baseline, current: own.current })
                })
                .collect(),
            kinds: file
                .failure_kinds
                .into_iter()
                .map(|kind| {
                    (kind.message.into(), Sides { baseline: kind.baseline, current: kind.current })
                })
                .collect(),
            ..Working::default()
        },
    })
}

/// The endpoint under the name that it is shown by; its method is part of that name.
fn endpoint(kind: FindingKindV1, shown: String) -> EndpointKey {
    let FindingKindV1::Endpoint(kind) = kind else { return EndpointKey::Total };
    let kind = Kind::from(kind);
    let name = match kind {
        Kind::Group | Kind::Scenario => shown.strip_prefix(&format!("{kind} ")).unwrap_or(&shown),
        _ => &shown,
    };
    EndpointKey::named(kind, None, name)
}

fn accepted(file: AcceptedV1) -> Read<Accepted> {
    let commit = commit("findings.accepted.commit", &file.commit)?;
    let known = file.ceiling.as_ref();
    let ceiling = known.map(|own| threshold("findings.accepted.ceiling", own)).transpose()?;
    Ok(Accepted { commit, author: file.author.into(), reason: file.reason.into(), ceiling })
}

fn threshold(key: &'static str, file: &ThresholdV1) -> Read<Threshold> {
    match (file.relative, file.absolute) {
        (Some(share), None) => Ok(Threshold::Relative(share)),
        (None, Some(amount)) => Ok(Threshold::Absolute(amount)),
        _ => Err(invalid(key, "both or neither")),
    }
}

fn warning(file: WarningV1) -> Warning {
    let place = file.place.file.map(|name| Place { file: name.into(), line: file.place.line });
    Warning { kind: WarningKind::Told { code: file.code, message: file.message }, place }
}
