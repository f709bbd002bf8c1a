//! The verdict on every finding, and on the whole.

use super::budget::budget_findings;
use super::evidence::{Evidence, Q_FAIL, Q_FAIL_OF_COUNTS, Strength, evidence, strengths};
use super::input::{Acceptance, Baseline, Input};
use super::join::{Pair, pairs, renamed};
use super::level_shifts::BaselineSeries;
use super::limit::is_crossed;
use super::noise_verdicts::{ByNoise, by_noise};
use super::plan::{ComparedRuns, Test, calibration, tests_of_custom_metrics, tests_of_endpoints};
use super::report::{
    Accepted, BaselineInfo, BudgetFinding, Coverage, CurrentInfo, Finding, Report, ReportReason,
    Variation, Working,
};
use super::verdict::{Reason, Verdict};
use super::warnings::{compare_loads, warnings_about};
use crate::config::{Decide, Rules, Severity, Threshold};
use crate::model::{Difference, Field, Metric, Run, Warning, WarningKind, differences};
use crate::stats::{Matrix, fisher_one_sided};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// p below which the nearest commit fails more often than the runs before it.
const NEAREST_IS_WORSE: f64 = 0.05;

/// How rare a shift of all response times must be for a loss of throughput to be the same thing seen twice.
const RARE_DISTURBANCE: f64 = 0.2;

/// Judges the new runs against the baseline.
pub fn judge(input: Input<'_>, rules: &Rules) -> Report {
    let Input { baseline, anchor, current, info, search, warnings } = input;
    let mut report = Report {
        verdict: Verdict::NotCompared,
        reason: ReportReason::NoBaseline,
        decide: rules.decide,
        inconclusive: rules.inconclusive,
        missing_baseline: rules.missing_baseline,
        requested: search.revision.map(Into::into),
        baseline: None,
        anchor: None,
        variation: None,
        visited: search.visited,
        current: info,
        coverage: Coverage::default(),
        findings: Vec::new(),
        budgets: budget_findings(current, rules),
        warnings,
    };
    let Some(baseline) = baseline else {
        if report.budgets_with(Verdict::Fail) > 0 {
            report.verdict = Verdict::Fail;
        }
        if report.exit_code() == 0 {
            report.warnings.push(Warning::new(WarningKind::MissingBaseline));
        }
        return report;
    };
    let (baseline, rename_misses) = renamed(baseline, current, rules);
    let held = hold_against(&baseline, current, rules);
    (report.findings, report.variation) = (held.findings, held.variation);
    report.coverage = coverage(&report.findings);
    let different = compare_loads(&baseline.runs, current, rules, &mut report.warnings);
    let noticed = warnings_about(&baseline, current, &held.pairs, rules, &report.findings);
    report.warnings.extend(noticed.into_iter().chain(rename_misses));
    report.warnings.extend(idle_acceptances(&baseline.acceptances, &report.findings));
    let mut seen = HashSet::new();
    report.warnings.retain(|warning| seen.insert(warning.clone()));
    if let Some(anchor) = anchor {
        let (anchor, _) = renamed(anchor, current, rules);
        let drifted = drift(&anchor, current, &report.findings, rules);
        report.findings.extend(drifted);
        report.anchor = Some(anchor.info);
    }
    (report.verdict, report.reason) =
        with_budgets(&report.budgets, overall(&report, rules, different));
    report.baseline = Some(baseline.info.clone());
    if report.verdict == Verdict::Inconclusive && report.exit_code() == 0 {
        report.warnings.push(Warning::new(WarningKind::Undecided));
    }
    report
}

/// Judges the new runs by their budgets alone.
pub fn check(current: &[Run], info: CurrentInfo, rules: &Rules, warnings: Vec<Warning>) -> Report {
    let budgets = budget_findings(current, rules);
    let judged = |b: &&BudgetFinding| b.verdict != Verdict::NotCompared;
    let coverage =
        Coverage { compared: budgets.iter().filter(judged).count(), total: budgets.len() };
    let nothing = (Verdict::NotCompared, ReportReason::BudgetNotMeasured);
    let passed = (Verdict::Pass, ReportReason::Findings);
    let start = if coverage.compared == 0 { nothing } else { passed };
    let (verdict, reason) = match overloaded(current, rules) {
        // A generator that could not keep up measured itself: what it says to be good may be as good as it likes.
        differences if !differences.is_empty() => {
            let reason = ReportReason::NotComparable { differences };
            with_budgets(&budgets, (Verdict::Inconclusive, reason))
        }
        _ => with_budgets(&budgets, start),
    };
    Report {
        verdict,
        reason,
        decide: rules.decide,
        inconclusive: rules.inconclusive,
        missing_baseline: rules.missing_baseline,
        requested: None,
        baseline: None,
        anchor: None,
        variation: None,
        visited: Vec::new(),
        current: info,
        coverage,
        findings: Vec::new(),
        budgets,
        warnings,
    }
}

/// The load generators that could not keep up.
fn overloaded(runs: &[Run], rules: &Rules) -> Vec<Difference> {
    if rules.allow_different.contains(&Field::Generator) {
        return Vec::new();
    }
    let of_run =
        |run: &Run| differences(run, run).into_iter().find(|d| d.field == Field::Generator);
    runs.iter().filter_map(of_run).collect()
}

/// The verdict on the whole with that on the budgets: a broken one fails whatever the comparison says, and one that could
/// not be judged is not passed.
fn with_budgets(
    budgets: &[BudgetFinding],
    (verdict, reason): (Verdict, ReportReason),
) -> (Verdict, ReportReason) {
    let any = |verdict: Verdict| budgets.iter().any(|budget| budget.verdict == verdict);
    let passes = matches!(verdict, Verdict::Pass | Verdict::Warn);
    if any(Verdict::Fail) {
        (Verdict::Fail, ReportReason::Findings)
    } else if passes && any(Verdict::NotCompared) {
        (Verdict::NotCompared, ReportReason::BudgetNotMeasured)
    } else if verdict == Verdict::Pass && any(Verdict::Warn) {
        (Verdict::Warn, reason)
    } else {
        (verdict, reason)
    }
}

/// Judges runs of a line of commits against those before them, which are nearest first.
pub fn judge_against(current: &[Run], before: &[Run], window: usize, rules: &Rules) -> Report {
    let (runs, rest) = before.split_at(before.len().min(window));
    let earlier = &rest[..rest.len().min(window)];
    let info = BaselineInfo {
        commits: runs.iter().filter_map(|run| run.commit).collect(),
        runs: runs.len(),
        ..BaselineInfo::default()
    };
    let (runs, earlier) = (runs.to_vec(), earlier.to_vec());
    let baseline = Baseline { info, runs, earlier, ..Baseline::default() };
    let baseline = Some(baseline).filter(|baseline| !baseline.runs.is_empty());
    judge(Input { baseline, current, ..Input::default() }, rules)
}

/// The new runs held against one baseline.
struct Held<'a> {
    pairs: Vec<Pair<'a>>,
    findings: Vec<Finding>,
    variation: Option<Variation>,
}

fn hold_against<'a>(baseline: &'a Baseline, current: &'a [Run], rules: &Rules) -> Held<'a> {
    let pairs = pairs(&baseline.runs, &baseline.earlier, current);
    let series = BaselineSeries::new(baseline);
    let mut tests = tests_of_endpoints(&pairs, &series, rules);
    tests.extend(tests_of_custom_metrics(baseline, current, &series, rules));
    let calibration = calibration(&baseline.runs, current);
    let busy = |runs: &[Run]| runs.iter().map(|run| run.disturbance().is_some()).collect();
    let sides = ComparedRuns {
        runs: [baseline.runs.len(), current.len()],
        nearest: series.nearest(),
        disturbed: [busy(&baseline.runs), busy(current)],
    };
    let (mut findings, variation) = verdicts(tests, &calibration, &sides, rules);
    for finding in &mut findings {
        accept(finding, &baseline.acceptances);
    }
    Held { pairs, findings, variation }
}

/// What moved since the anchor, in steps that were each too small to fail: the findings that ask for more than a pass
/// there, and for no more than a warning against the baseline.
fn drift(anchor: &Baseline, current: &[Run], known: &[Finding], rules: &Rules) -> Vec<Finding> {
    let asks = |f: &Finding| f.verdict.rank() >= Verdict::Inconclusive.rank();
    let told: BTreeSet<_> = known.iter().filter(|f| asks(f)).map(Finding::key).collect();
    let mut drifted = hold_against(anchor, current, rules).findings;
    drifted.retain(|f| {
        let crossed = asks(f) || f.reason == Reason::Accepted;
        crossed && f.reason != Reason::Removed && !told.contains(&f.key())
    });
    drifted.iter_mut().for_each(|f| (f.since_anchor, f.counted) = (true, false));
    drifted
}

/// Accepted changes of measurements that nobody judges: probably slips.
fn idle_acceptances(acceptances: &[Acceptance], findings: &[Finding]) -> Vec<Warning> {
    let idle = |own: &&Acceptance| {
        let meant =
            |f: &Finding| own.accept.covers(&f.key()) && own.accept.direction == f.direction;
        !findings.iter().any(meant)
    };
    let warning = |own: &Acceptance| {
        let why = format!(
            "nothing that is judged is called `{}` and gets worse that way",
            own.accept.what()
        );
        Warning::new(WarningKind::BrokenTrailer { commit: own.commit.short(), why })
    };
    acceptances.iter().filter(idle).map(warning).collect()
}

/// A crossing that a commit accepts is a warning, up to the ceiling that the commit names.
fn accept(finding: &mut Finding, acceptances: &[Acceptance]) {
    let (Some(baseline), Some(current)) = (finding.baseline, finding.current) else { return };
    let crossed = matches!(finding.verdict, Verdict::Fail | Verdict::Inconclusive);
    let key = finding.key();
    let covers = |own: &&Acceptance| {
        own.accept.covers(&key)
            && own.accept.direction == finding.direction
            && !is_crossed(baseline, current, own.accept.ceiling, finding.direction)
    };
    if let Some(own) = acceptances.iter().find(covers).filter(|_| crossed) {
        (finding.verdict, finding.reason) = (Verdict::Warn, Reason::Accepted);
        finding.accepted = Some(Accepted {
            commit: own.commit,
            author: own.author.clone(),
            reason: own.accept.reason.clone(),
        });
    }
}

/// What is known of a test before the other tests of its family are considered.
struct Examined {
    test: Test,
    evidence: Evidence,
    /// The verdict, where it does not depend on evidence; none: the limit is crossed.
    settled: Option<(Verdict, Reason)>,
}

fn examine(test: Test, decide: Decide, nearest: usize) -> Examined {
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
            } else if test.control {
                Some((Verdict::Warn, Reason::Control))
            } else if fails_on_main_already(&test, current.value, nearest) {
                Some((Verdict::Warn, Reason::AlreadyOnMain))
            } else {
                None
            };
            let failures = &test.measured.baseline_failures;
            let evidence = match decide {
                Decide::Threshold => Evidence::default(),
                Decide::Evidence | Decide::Confirmed => evidence(
                    (&test.key.metric, test.key.statistic),
                    test.direction,
                    sides,
                    failures,
                ),
            };
            (evidence, settled)
        }
    };
    Examined { test, evidence, settled }
}

/// Whether the nearest commit fails more often than those before it, and no less than the new runs: then the failures came
/// with a change that was merged before. Only counts tell; everything else is told by the noise.
fn fails_on_main_already(test: &Test, current: f64, nearest: usize) -> bool {
    let failures = &test.measured.baseline_failures;
    if nearest == 0 || nearest >= failures.len() {
        return false;
    }
    let sum = |runs: &[(u64, u64)]| runs.iter().fold((0, 0), |s, r| (s.0 + r.0, s.1 + r.1));
    let (near, before) = (sum(&failures[..nearest]), sum(&failures[nearest..]));
    let rate = near.0 as f64 / near.1.max(1) as f64;
    fisher_one_sided(before, near) < NEAREST_IS_WORSE
        && !is_crossed(rate, current, test.threshold, test.direction)
}

/// The findings, each with its verdict; the tests of one metric are one family. Also the noise that the latency shows.
fn verdicts(
    tests: Vec<Test>,
    calibration: &[Matrix; 2],
    sides: &ComparedRuns,
    rules: &Rules,
) -> (Vec<Finding>, Option<Variation>) {
    // Latency comes first: a run that is slower as a whole by its response times makes fewer requests, for one reason.
    let metrics: BTreeSet<Metric> = tests.iter().map(|test| test.key.metric.clone()).collect();
    let mut noisy: BTreeMap<usize, ByNoise> = BTreeMap::new();
    let mut variation = None;
    let mut disturbed = sides.disturbed[1].iter().any(|busy| *busy);
    for metric in
        metrics.iter().filter(|m| **m != Metric::ErrorRate && rules.decide != Decide::Threshold)
    {
        let all = tests.iter().enumerate();
        let family: Vec<(usize, &Test)> =
            all.filter(|(_, test)| test.key.metric == *metric).collect();
        let latency = *metric == Metric::Latency;
        // A slow machine makes times longer; what it does to other metrics is theirs to show.
        let calibration = latency.then_some(calibration);
        let throughput = *metric == Metric::Throughput;
        let Some(judged) = by_noise(&family, calibration, sides, disturbed && throughput, rules)
        else {
            continue;
        };
        noisy.extend(judged.tests);
        if latency {
            variation = judged.variation;
            disturbed |= judged.whole_run_p.is_some_and(|p| p < RARE_DISTURBANCE);
        }
    }
    let examined: Vec<Examined> =
        tests.into_iter().map(|test| examine(test, rules.decide, sides.nearest)).collect();
    let mut strength = vec![(Strength::Real, [0, 0]); examined.len()];
    if rules.decide != Decide::Threshold {
        for metric in &metrics {
            let belongs = |i: &usize| {
                let e = &examined[*i];
                let settled =
                    matches!(e.settled, Some((Verdict::NotCompared, _) | (_, Reason::Removed)));
                e.test.key.metric == *metric && !settled && !noisy.contains_key(i)
            };
            let members: Vec<usize> = (0..examined.len()).filter(belongs).collect();
            let q = if *metric == Metric::ErrorRate { Q_FAIL_OF_COUNTS } else { Q_FAIL };
            let p: Vec<Option<f64>> = members.iter().map(|i| examined[*i].evidence.p).collect();
            for (i, found) in members.into_iter().zip(strengths(&p, q)) {
                strength[i] = found;
            }
        }
    }
    let judged = examined.into_iter().zip(strength).enumerate();
    let findings = judged.map(|(i, (examined, (strength, family)))| match noisy.remove(&i) {
        Some(by_noise) => finding_by_noise(examined.test, by_noise),
        None => {
            let verdict = verdict(&examined, strength, sides.runs[1], rules.decide);
            finding(examined, verdict, family)
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
    let counted = examined.test.key.metric == Metric::ErrorRate;
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

fn finding_by_noise(test: Test, found: ByNoise) -> Finding {
    let evidence =
        Evidence { p: Some(found.p), interval: Some(found.interval), visible: Some(found.visible) };
    let examined = Examined { test, evidence, settled: None };
    let mut finding = finding(examined, (found.verdict, found.reason), found.family);
    [finding.baseline, finding.current] = found.values.map(Some);
    finding.further_runs = found.further_runs;
    finding.working.noise = Some(found.steps);
    finding.working.risk = found.risk;
    finding
}

fn finding(examined: Examined, verdict: (Verdict, Reason), family: [usize; 2]) -> Finding {
    let Examined { test, evidence, .. } = examined;
    let (verdict, reason) = allowed(verdict, test.severity);
    let [rank, tests] = family;
    let risk = if test.key.metric == Metric::ErrorRate { Q_FAIL_OF_COUNTS } else { Q_FAIL };
    Finding {
        endpoint: test.key.endpoint,
        metric: test.key.metric,
        statistic: test.key.statistic,
        unit: test.unit,
        direction: test.direction,
        baseline: test.measured.values[0],
        current: test.measured.values[1],
        interval: evidence.interval,
        threshold: test.threshold,
        verdict,
        reason,
        p: evidence.p,
        visible: evidence.visible,
        further_runs: None,
        accepted: None,
        since_anchor: false,
        counts: test.measured.counts,
        counted: test.measured.counted && !test.control,
        working: Working {
            per_run: test.measured.per_run,
            levels: test.levels,
            rank,
            tests,
            risk,
            noise: None,
            parts: test.parts,
            kinds: test.kinds,
        },
    }
}

fn coverage(findings: &[Finding]) -> Coverage {
    Coverage {
        compared: findings.iter().filter(|f| f.counted && f.is_compared()).count(),
        total: findings.iter().filter(|f| f.counted).count(),
    }
}

/// The verdict on the whole: a failure is certain whatever else is missing; otherwise what was not checked must not
/// look like a pass; otherwise the worst finding decides. What chance gives warns nobody: with many measurements something
/// always crosses.
fn overall(report: &Report, rules: &Rules, different: Vec<Difference>) -> (Verdict, ReportReason) {
    let verdict = |f: &Finding| if f.is_chance() { Verdict::Pass } else { f.verdict };
    let worst = report.findings.iter().map(verdict).max_by_key(|verdict| verdict.rank());
    let worst = worst.unwrap_or(Verdict::NotCompared);
    let latency_compared =
        report.findings.iter().any(|f| f.metric == Metric::Latency && f.counted && f.is_compared());
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
    let any = |is: fn(&WarningKind) -> bool| report.warnings.iter().any(|own| is(&own.kind));
    match rules.require_coverage {
        Some(_) if any(WarningKind::is_idle_limit) => {
            (Verdict::NotCompared, ReportReason::IdleLimit)
        }
        Some(required) if (compared as f64) < required * total as f64 - 1e-9 => {
            (Verdict::NotCompared, ReportReason::CoverageTooLow { required })
        }
        _ if worst == Verdict::Pass
            && (report.findings.iter().any(Finding::is_blind)
                || any(WarningKind::is_idle_rule)) =>
        {
            (Verdict::Warn, ReportReason::Findings)
        }
        _ => (worst, ReportReason::Findings),
    }
}
