//! A report from a file, `perfgate.report/1`, back to what the renderers take. The file is untrusted: everything in it is
//! checked, and what it calls its verdict is only shown.

use crate::config::{Bound, Comparison, Decide, Leniency, QuantityKind, Threshold, Tier};
use crate::gate::{
    Accepted, BaselineInfo, BudgetFinding, Counts, Coverage, CurrentInfo, Finding, Reason, Report,
    ReportReason, Variation, Verdict, Working,
};
use crate::model::limits::check_label;
use crate::model::{
    CommitId, Difference, Direction, EndpointKey, Field, Kind, Metric, Outcome, Place, Unit,
    Untrusted, Visited, Warning, WarningKind,
};
use crate::schema::{
    AcceptedV1, BaselineV1, BudgetV1, CurrentV1, DifferenceV1, FindingV1, REPORT_SCHEMA, ReportV1,
    VisitedV1, WarningV1,
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
    let verdict = verdict("verdict", &file.verdict)?;
    let leniency = if file.exit_code == 0 { Leniency::Warn } else { Leniency::Fail };
    Ok(Report {
        verdict,
        reason: reason_of_report(&file)?,
        decide: match file.decide.as_str() {
            "threshold" => Decide::Threshold,
            "evidence" => Decide::Evidence,
            "confirmed" => Decide::Confirmed,
            other => return Err(invalid("decide", other)),
        },
        inconclusive: leniency,
        missing_baseline: leniency,
        requested: file.requested.map(Into::into),
        baseline: file.baseline.map(baseline).transpose()?,
        anchor: file.anchor.map(baseline).transpose()?,
        visited: file.visited.into_iter().map(visited).collect::<Read<_>>()?,
        current: current(file.current)?,
        variation: file.noise.map(|noise| Variation { cv: noise.cv, shared: noise.shared }),
        coverage: Coverage { compared: file.coverage.compared, total: file.coverage.total },
        findings: file.findings.into_iter().map(finding).collect::<Read<_>>()?,
        budgets: file.budgets.into_iter().map(budget).collect::<Read<_>>()?,
        warnings: file.warnings.into_iter().map(warning).collect(),
    })
}

fn verdict(path: &'static str, name: &str) -> Read<Verdict> {
    let found = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    found.ok_or_else(|| invalid(path, name))
}

fn commit(path: &'static str, text: &str) -> Read<CommitId> {
    text.parse().map_err(|_| invalid(path, text))
}

fn time(path: &'static str, text: Option<String>) -> Read<Option<jiff::Timestamp>> {
    text.map(|text| text.parse().map_err(|_| invalid(path, &text))).transpose()
}

fn reason_of_report(file: &ReportV1) -> Read<ReportReason> {
    Ok(match file.reason.as_str() {
        "findings" => ReportReason::Findings,
        "no_baseline" => ReportReason::NoBaseline,
        "nothing_compared" => ReportReason::NothingCompared,
        "idle_limit" => ReportReason::IdleLimit,
        "no_latency_compared" => ReportReason::NoLatencyCompared,
        "budget_not_measured" => ReportReason::BudgetNotMeasured,
        "coverage_too_low" => {
            ReportReason::CoverageTooLow { required: file.required_coverage.unwrap_or(1.0) }
        }
        "not_comparable" => {
            let differences = file.differences.iter().cloned().map(difference);
            ReportReason::NotComparable { differences: differences.collect::<Read<_>>()? }
        }
        other => return Err(invalid("reason", other)),
    })
}

fn difference(file: DifferenceV1) -> Read<Difference> {
    let field: Field = file.field.parse().map_err(|_| invalid("differences.field", &file.field))?;
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
    let outcome = match file.outcome.as_str() {
        "taken" => Outcome::Taken { runs: file.runs.unwrap_or_default() },
        "no_record" => Outcome::NoRecord,
        "other_version" => Outcome::OtherVersion,
        "under_test" => Outcome::UnderTest,
        "not_comparable" => Outcome::NotComparable {
            differences: file.differences.into_iter().map(difference).collect::<Read<_>>()?,
        },
        other => return Err(invalid("visited.outcome", other)),
    };
    Ok(Visited {
        commit: commit("visited.commit", &file.commit)?,
        distance: file.distance,
        date: jiff::Timestamp::UNIX_EPOCH,
        subject: Untrusted::default(),
        outcome,
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

fn reason(path: &'static str, name: &str, needs: Option<u64>) -> Read<Reason> {
    let reason = Reason::ALL.into_iter().find(|reason| reason.name() == name);
    Ok(match reason.ok_or_else(|| invalid(path, name))? {
        Reason::TooFewRequests { .. } => {
            Reason::TooFewRequests { needs: needs.unwrap_or_default() }
        }
        other => other,
    })
}

fn budget(file: BudgetV1) -> Read<BudgetFinding> {
    let limit = match (file.comparison, file.limit) {
        (Some(sign), Some(value)) => {
            let comparison = Comparison::from_sign(&sign);
            let comparison = comparison.ok_or_else(|| invalid("budgets.comparison", &sign))?;
            Some((Bound { comparison, value, kind: QuantityKind::Number }, value))
        }
        _ => None,
    };
    let tier = Tier::ALL.into_iter().find(|tier| tier.name() == file.tier);
    Ok(BudgetFinding {
        budget: file.budget.into(),
        subject: file.subject.into(),
        unit: Unit::from_name(&file.unit).0,
        value: file.value,
        limit,
        tier: tier.ok_or_else(|| invalid("budgets.tier", &file.tier))?,
        verdict: verdict("budgets.verdict", &file.verdict)?,
        reason: reason("budgets.reason", &file.reason, file.needs_requests)?,
        meant: file.meant.map(Into::into),
    })
}

fn finding(file: FindingV1) -> Read<Finding> {
    let reason = reason("findings.reason", &file.reason, file.needs_requests)?;
    let threshold = match (file.threshold.relative, file.threshold.absolute) {
        (Some(share), None) => Threshold::Relative(share),
        (None, Some(amount)) => Threshold::Absolute(amount),
        _ => return Err(invalid("findings.threshold", "both or neither")),
    };
    let counts = |requests, failures| Counts { requests, failures };
    Ok(Finding {
        endpoint: endpoint(&file.kind, file.endpoint)?,
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
        baseline: file.baseline,
        current: file.current,
        interval: file.interval.map(|i| Interval { low: i.low, high: i.high }),
        direction: match file.direction.as_str() {
            "lower" => Direction::Lower,
            "higher" => Direction::Higher,
            other => return Err(invalid("findings.direction", other)),
        },
        threshold,
        verdict: verdict("findings.verdict", &file.verdict)?,
        reason,
        p: file.p,
        visible: file.visible,
        further_runs: file.further_runs,
        accepted: file.accepted.map(accepted).transpose()?,
        since_anchor: file.since_anchor,
        counts: [
            counts(file.baseline_requests, file.baseline_failures),
            counts(file.current_requests, file.current_failures),
        ],
        counted: file.counted,
        working: Working {
            per_run: [file.baseline_values, file.current_values],
            parts: file
                .parts
                .into_iter()
                .map(|(name, own)| (name.into(), [own.baseline, own.current]))
                .collect(),
            kinds: file
                .failure_kinds
                .into_iter()
                .map(|kind| (kind.message.into(), [kind.baseline, kind.current]))
                .collect(),
            ..Working::default()
        },
    })
}

/// The endpoint under the name that it is shown by; its method is part of that name.
fn endpoint(kind: &str, shown: String) -> Read<EndpointKey> {
    if kind == "total" {
        return Ok(EndpointKey::Total);
    }
    let kind: Kind = kind.parse().map_err(|()| invalid("findings.kind", kind))?;
    let name = match kind {
        Kind::Group | Kind::Scenario => shown.strip_prefix(&format!("{kind} ")).unwrap_or(&shown),
        _ => &shown,
    };
    Ok(EndpointKey::named(kind, None, name))
}

fn accepted(file: AcceptedV1) -> Read<Accepted> {
    let commit = commit("findings.accepted.commit", &file.commit)?;
    Ok(Accepted { commit, author: file.author.into(), reason: file.reason.into() })
}

fn warning(file: WarningV1) -> Warning {
    let place = file.place.file.map(|name| Place { file: name.into(), line: file.place.line });
    Warning { kind: WarningKind::Told { code: file.code, message: file.message }, place }
}
