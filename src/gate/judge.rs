//! The verdict on every finding, and on the whole.

use super::evidence::{Evidence, Strength, evidence, strengths};
use super::input::{Baseline, Search};
use super::join::pairs;
use super::limit::is_crossed;
use super::notices::{compare_loads, notices};
use super::plan::{Test, tests_of_custom_metrics, tests_of_endpoints};
use super::report::{Coverage, CurrentInfo, Finding, Reason, Report, ReportReason, Verdict};
use crate::config::{Decide, Rules, Severity, Threshold};
use crate::model::{Difference, Metric, Run, Warning, WarningKind};
use std::collections::BTreeSet;

/// Judges the new runs (repeats of one test, at least one) against the baseline.
///
/// `search` and `warnings` are handed on to the report.
pub fn judge(
    baseline: Option<Baseline>,
    current: &[Run],
    info: CurrentInfo,
    rules: &Rules,
    search: Search,
    warnings: Vec<Warning>,
) -> Report {
    let mut report = Report {
        verdict: Verdict::NotCompared,
        reason: ReportReason::NoBaseline,
        decide: rules.decide,
        inconclusive: rules.inconclusive,
        missing_baseline: rules.missing_baseline,
        requested: search.revision,
        baseline: None,
        visited: search.visited,
        current: info,
        coverage: Coverage::default(),
        findings: Vec::new(),
        warnings,
    };
    let Some(baseline) = baseline else {
        if report.exit_code() == 0 {
            report.warnings.push(Warning::new(WarningKind::MissingBaseline));
        }
        return report;
    };
    let pairs = pairs(&baseline.runs, current);
    let mut tests = tests_of_endpoints(&pairs, rules);
    tests.extend(tests_of_custom_metrics(&baseline.runs, current, rules));
    report.findings = verdicts(tests, rules.decide);
    report.coverage = coverage(&report.findings);
    let different = compare_loads(&baseline.runs, current, rules, &mut report.warnings);
    report.warnings.extend(notices(&baseline, current, &pairs, rules, &report.findings));
    let mut seen = BTreeSet::new();
    report
        .warnings
        .retain(|warning| seen.insert((warning.kind.to_string(), warning.place.clone())));
    (report.verdict, report.reason) = overall(&report, rules, different);
    report.baseline = Some(baseline.info);
    if report.verdict == Verdict::Inconclusive && report.exit_code() == 0 {
        report.warnings.push(Warning::new(WarningKind::Undecided));
    }
    report
}

/// What is known of a test before the other tests of its family are considered.
struct Examined {
    test: Test,
    evidence: Evidence,
    /// The verdict, where it does not depend on evidence; none: the limit is crossed.
    settled: Option<(Verdict, Reason)>,
}

fn examine(test: Test) -> Examined {
    let plain = |settled| (Evidence::default(), Some(settled));
    let (evidence, settled) = match (&test.one_sided, &test.measured.sides) {
        (Some(one_sided), _) => plain(*one_sided),
        (None, Err(reason)) => plain((Verdict::NotCompared, *reason)),
        (None, Ok([baseline, _]))
            if baseline.value <= 0.0 && matches!(test.threshold, Threshold::Relative(_)) =>
        {
            plain((Verdict::NotCompared, Reason::ZeroBaseline))
        }
        (None, Ok(sides)) => {
            let [baseline, current] = sides;
            let crossed = |b, y| is_crossed(b, y, test.threshold, test.direction);
            let settled = if !crossed(baseline.value, current.value) {
                Some((Verdict::Pass, Reason::WithinLimit))
            } else if !crossed(baseline.rounded_from.high, current.rounded_from.low) {
                Some((Verdict::Warn, Reason::BelowResolution))
            } else {
                None
            };
            (evidence(&test.metric, test.direction, sides), settled)
        }
    };
    Examined { test, evidence, settled }
}

/// The findings, each with its verdict; the tests of one metric are one family.
fn verdicts(tests: Vec<Test>, decide: Decide) -> Vec<Finding> {
    let examined: Vec<Examined> = tests.into_iter().map(examine).collect();
    let families: BTreeSet<&Metric> = examined.iter().map(|e| &e.test.metric).collect();
    let mut strength = vec![Strength::Real; examined.len()];
    if decide == Decide::Evidence {
        for family in families {
            let compared = |e: &Examined| {
                !matches!(e.settled, Some((Verdict::NotCompared, _) | (_, Reason::Removed)))
            };
            let members: Vec<usize> = (0..examined.len())
                .filter(|i| examined[*i].test.metric == *family && compared(&examined[*i]))
                .collect();
            let p: Vec<Option<f64>> = members.iter().map(|i| examined[*i].evidence.p).collect();
            for (i, found) in members.into_iter().zip(strengths(&p)) {
                strength[i] = found;
            }
        }
    }
    examined
        .into_iter()
        .zip(strength)
        .map(|(examined, strength)| finding(examined, strength))
        .collect()
}

fn finding(examined: Examined, strength: Strength) -> Finding {
    let Examined { test, evidence, settled } = examined;
    let (verdict, reason) = settled.unwrap_or(match (strength, test.severity) {
        (Strength::Chance, _) => (Verdict::Warn, Reason::WithinNoise),
        (_, Severity::Warn) => (Verdict::Warn, Reason::WarnOnly),
        (Strength::Suspicious, Severity::Fail) => (Verdict::Inconclusive, Reason::MeasureAgain),
        (Strength::Real, Severity::Fail) => (Verdict::Fail, Reason::OverThreshold),
    });
    let verdict = match (verdict, test.severity) {
        (Verdict::Fail, Severity::Warn) => Verdict::Warn,
        (verdict, _) => verdict,
    };
    Finding {
        endpoint: test.endpoint,
        metric: test.metric,
        statistic: test.statistic,
        unit: test.unit,
        direction: test.direction,
        baseline: test.measured.values[0],
        current: test.measured.values[1],
        interval: evidence.interval,
        threshold: test.threshold,
        verdict,
        reason,
        p: evidence.p,
        detectable: evidence.detectable.filter(|_| reason == Reason::WithinNoise),
        counts: test.measured.counts,
        counted: test.measured.counted,
    }
}

fn coverage(findings: &[Finding]) -> Coverage {
    Coverage {
        compared: findings.iter().filter(|f| f.is_compared()).count(),
        total: findings.iter().filter(|f| f.counted).count(),
    }
}

/// The verdict on the whole: a failure is certain whatever else is missing; otherwise what was not checked must not
/// look like a pass; otherwise the worst finding decides.
fn overall(report: &Report, rules: &Rules, different: Vec<Difference>) -> (Verdict, ReportReason) {
    let worst = report.findings.iter().map(|f| f.verdict).max_by_key(|verdict| verdict.rank());
    let worst = worst.unwrap_or(Verdict::NotCompared);
    let latency_compared =
        report.findings.iter().any(|f| f.metric == Metric::Latency && f.is_compared());
    let Coverage { compared, total } = report.coverage;
    if !different.is_empty() && compared > 0 {
        return (Verdict::Inconclusive, ReportReason::NotComparable { differences: different });
    }
    if worst == Verdict::Fail {
        return (Verdict::Fail, ReportReason::Findings);
    }
    if compared == 0 {
        return (Verdict::NotCompared, ReportReason::NothingCompared);
    }
    let latency_limited = report.findings.iter().any(|f| f.metric == Metric::Latency);
    if latency_limited && !latency_compared {
        return (Verdict::NotCompared, ReportReason::NoLatencyCompared);
    }
    match rules.require_coverage {
        Some(required) if (compared as f64) < required * total as f64 - 1e-9 => {
            (Verdict::NotCompared, ReportReason::CoverageTooLow { required })
        }
        _ => (worst, ReportReason::Findings),
    }
}
