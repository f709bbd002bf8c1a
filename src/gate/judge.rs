//! The verdict on every finding, and on the whole.

use super::by_noise::{ByNoise, by_noise};
use super::evidence::{Evidence, Strength, evidence, strengths};
use super::input::{Baseline, Search};
use super::join::pairs;
use super::limit::is_crossed;
use super::notices::{compare_loads, notices};
use super::plan::{Test, tests_of_custom_metrics, tests_of_endpoints};
use super::report::{
    Coverage, CurrentInfo, Finding, Reason, Report, ReportReason, Variation, Verdict,
};
use crate::config::{Decide, Rules, Severity, Threshold};
use crate::model::{Difference, Metric, Run, Warning, WarningKind};
use std::collections::{BTreeMap, BTreeSet};

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
        variation: None,
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
    let nearest = runs_of_nearest_commit(&baseline.runs);
    let sizes = [baseline.runs.len(), current.len()];
    (report.findings, report.variation) = verdicts(tests, sizes, nearest, rules);
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

fn examine(test: Test, decide: Decide) -> Examined {
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
            let failures = &test.measured.baseline_failures;
            let evidence = match decide {
                Decide::Threshold => Evidence::default(),
                Decide::Evidence | Decide::Confirmed => {
                    evidence(&test.metric, test.direction, sides, failures)
                }
            };
            (evidence, settled)
        }
    };
    Examined { test, evidence, settled }
}

/// The findings, each with its verdict; the tests of one metric are one family. Also the noise that the latency shows.
fn verdicts(
    tests: Vec<Test>,
    runs: [usize; 2],
    nearest: usize,
    rules: &Rules,
) -> (Vec<Finding>, Option<Variation>) {
    let metrics: BTreeSet<Metric> = tests.iter().map(|test| test.metric.clone()).collect();
    let mut noisy: BTreeMap<usize, ByNoise> = BTreeMap::new();
    let mut variation = None;
    for metric in
        metrics.iter().filter(|m| **m != Metric::ErrorRate && rules.decide != Decide::Threshold)
    {
        let family: Vec<(usize, &Test)> =
            tests.iter().enumerate().filter(|(_, test)| test.metric == *metric).collect();
        if let Some((judged, found)) = by_noise(&family, runs, nearest, rules) {
            noisy.extend(judged);
            variation = variation.or(Some(found).filter(|_| *metric == Metric::Latency));
        }
    }
    let examined: Vec<Examined> =
        tests.into_iter().map(|test| examine(test, rules.decide)).collect();
    let mut strength = vec![Strength::Real; examined.len()];
    if rules.decide != Decide::Threshold {
        for metric in &metrics {
            let belongs = |i: &usize| {
                let e = &examined[*i];
                let settled =
                    matches!(e.settled, Some((Verdict::NotCompared, _) | (_, Reason::Removed)));
                e.test.metric == *metric && !settled && !noisy.contains_key(i)
            };
            let members: Vec<usize> = (0..examined.len()).filter(belongs).collect();
            let p: Vec<Option<f64>> = members.iter().map(|i| examined[*i].evidence.p).collect();
            for (i, found) in members.into_iter().zip(strengths(&p)) {
                strength[i] = found;
            }
        }
    }
    let judged = examined.into_iter().zip(strength).enumerate();
    let findings = judged.map(|(i, (examined, strength))| match noisy.get(&i) {
        Some(by_noise) => finding_by_noise(examined.test, by_noise),
        None => {
            let verdict = verdict(&examined, strength, runs[1], rules.decide);
            finding(examined, verdict)
        }
    });
    (findings.collect(), variation)
}

/// The verdict where the noise from run to run is not known.
fn verdict(
    examined: &Examined,
    strength: Strength,
    new_runs: usize,
    decide: Decide,
) -> (Verdict, Reason) {
    if let Some(settled) = examined.settled {
        return settled;
    }
    let counted = examined.test.metric == Metric::ErrorRate;
    match (decide, strength) {
        (Decide::Threshold, _) => (Verdict::Fail, Reason::OverThreshold),
        // Without the noise from run to run, nothing but counts can confirm, and those only in a second run.
        (Decide::Confirmed, _) if !counted => (Verdict::Inconclusive, Reason::MeasureAgain),
        (_, Strength::Chance) => (Verdict::Warn, Reason::WithinNoise),
        (Decide::Confirmed, Strength::Real) if new_runs < 2 => {
            (Verdict::Inconclusive, Reason::MeasureAgain)
        }
        (_, Strength::Suspicious) => (Verdict::Inconclusive, Reason::MeasureAgain),
        (_, Strength::Real) => (Verdict::Fail, Reason::OverThreshold),
    }
}

/// The worst that the policy allows here.
fn allowed((verdict, reason): (Verdict, Reason), severity: Severity) -> (Verdict, Reason) {
    match (severity, verdict, reason) {
        (Severity::Warn, Verdict::Fail, Reason::Removed) => (Verdict::Warn, reason),
        (Severity::Warn, Verdict::Fail | Verdict::Inconclusive, _) => {
            (Verdict::Warn, Reason::WarnOnly)
        }
        _ => (verdict, reason),
    }
}

fn finding_by_noise(test: Test, found: &ByNoise) -> Finding {
    let evidence = Evidence {
        p: Some(found.p),
        interval: Some(found.interval),
        detectable: Some(found.detectable),
    };
    let values = found.values.map(Some);
    let examined = Examined { test, evidence, settled: None };
    let mut finding = finding(examined, (found.verdict, found.reason));
    [finding.baseline, finding.current] = values;
    finding
}

fn finding(examined: Examined, verdict: (Verdict, Reason)) -> Finding {
    let Examined { test, evidence, .. } = examined;
    let (verdict, reason) = allowed(verdict, test.severity);
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

/// How many of the runs, which are nearest first, are of the nearest commit; all of them where commits are not known.
fn runs_of_nearest_commit(runs: &[Run]) -> usize {
    match runs.first().and_then(|run| run.commit) {
        Some(nearest) => runs.iter().take_while(|run| run.commit == Some(nearest)).count(),
        None => runs.len(),
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
