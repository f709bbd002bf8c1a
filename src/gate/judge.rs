//! The verdict on the whole.

use super::alerts::unchecked_alerts;
use super::budget::budget_findings;
use super::checklist::{self, Evidence, checklist, new_endpoints};
use super::derive::{derived, derived_baseline};
use super::exceptions::{accept, idle_acceptances};
use super::family::verdicts;
use super::finding::{BudgetFinding, Finding, Role};
use super::input::{Baseline, Input, Pairing};
use super::join::{Pair, pairs, renamed};
use super::level_shifts::BaselineSeries;
use super::load::users_missed;
use super::paired::{PairedVerdicts, paired_verdicts};
use super::plan::{ComparedRuns, calibration, tests_of_endpoints};
use super::plan_metrics::{Compared, tests_of_custom_metrics};
use super::report::{
    BaselineInfo, Comparison, Coverage, CurrentInfo, PairedInfo, Report, Subject, Variation,
};
use super::sides::Sides;
use super::verdict::{Exit, Reason, ReportReason, Verdict};
use super::warnings::{compare_loads, warnings_about};
use crate::config::{Leniency, Rules};
use crate::model::{BEYOND, Difference, Field, Metric, Run, Warning, WarningKind, differences};
use std::collections::{BTreeSet, HashSet};

/// The verdict on the whole, and why.
struct Conclusion {
    verdict: Verdict,
    reason: ReportReason,
}

/// Judges the new runs against the baseline.
pub fn judge(input: Input<'_>, rules: &Rules) -> Report {
    let Input { baseline, anchor, pairing, current, info, search, warnings } = input;
    let current = &*derived(current, rules);
    let [baseline, anchor] =
        [baseline, anchor].map(|own| own.map(|own| derived_baseline(own, rules)));
    let mut comparison = Comparison {
        requested: search.revision.map(Into::into),
        visited: search.visited,
        ..Comparison::default()
    };
    let budgets = budget_findings(current, rules);
    let warnings = warnings
        .into_iter()
        .chain(users_missed(current, rules))
        .chain(unchecked_alerts(current, rules))
        .collect();
    let mut report = Report { warnings, budgets, ..nothing_judged(info, rules) };
    let Some(baseline) = baseline else {
        let nothing = Some(checklist::Held::default());
        let evidence = Evidence { current, budgets: &report.budgets, comparison: nothing };
        report.checklist = checklist(&evidence, rules);
        report.subject = Subject::Comparison(Box::new(comparison));
        let broken = report.budgets_with(Verdict::Fail) > 0;
        let verdict = if broken { Verdict::Fail } else { Verdict::NotCompared };
        let conclusion = Conclusion { verdict, reason: ReportReason::NoBaseline };
        let conclusion = with_checklist(&report, conclusion);
        report = concluded(report, conclusion, rules);
        if report.exit == Exit::Pass {
            report.warnings.push(Warning::new(WarningKind::MissingBaseline));
        }
        return report;
    };
    let (baseline, rename_misses) = renamed(baseline, current, rules);
    let held = hold_against(&baseline, current, pairing.as_ref(), rules);
    (report.findings, comparison.variation) = (held.findings, held.variation);
    let info = |pairing: Pairing| PairedInfo { open: held.open, ..pairing.info };
    comparison.pairs = pairing.map(info);
    report.coverage = coverage(&report.findings);
    let different = compare_loads(&baseline.runs, current, rules, &mut report.warnings);
    let known = warnings_about(&baseline, current, &held.pairs, rules, &report.findings);
    report.warnings.extend(known.into_iter().chain(rename_misses));
    report.warnings.extend(idle_acceptances(&baseline.acceptances, &report.findings));
    let mut seen = HashSet::new();
    report.warnings.retain(|warning| seen.insert(warning.clone()));
    if let Some(anchor) = anchor {
        let (anchor, _) = renamed(anchor, current, rules);
        report.drift = drift(&anchor, current, &report.findings, rules);
        comparison.anchor = Some(anchor.info);
    }
    let is_different = !different.is_empty();
    let conclusion = overall(&report, rules, different);
    let of_comparison = checklist::Held {
        baseline: &baseline.runs,
        new_endpoints: new_endpoints(&held.pairs, rules),
        different: is_different,
        verdict: Some(conclusion.verdict),
        coverage: report.coverage,
    };
    let evidence = Evidence { current, budgets: &report.budgets, comparison: Some(of_comparison) };
    report.checklist = checklist(&evidence, rules);
    comparison.baseline = Some(baseline.info);
    report.subject = Subject::Comparison(Box::new(comparison));
    let conclusion = with_checklist(&report, with_budgets(&report.budgets, conclusion));
    report = concluded(report, conclusion, rules);
    if report.verdict == Verdict::Inconclusive && report.exit == Exit::Pass {
        report.warnings.push(Warning::new(WarningKind::Undecided));
    }
    report
}

/// Judges the new runs by their budgets alone.
pub fn check(current: &[Run], info: CurrentInfo, rules: &Rules, warnings: Vec<Warning>) -> Report {
    let current = &*derived(current, rules);
    let budgets = budget_findings(current, rules);
    let judged = |b: &&BudgetFinding| b.verdict() != Verdict::NotCompared;
    let coverage =
        Coverage { compared: budgets.iter().filter(judged).count(), total: budgets.len() };
    let differences = overloaded(current, rules);
    let (verdict, reason) = if !differences.is_empty() {
        // A generator that could not keep up measured itself: what it says to be good may be as good as it likes.
        (Verdict::Inconclusive, ReportReason::NotComparable { differences })
    } else if coverage.compared == 0 && (coverage.total > 0 || rules.checklist.is_empty()) {
        (Verdict::NotCompared, ReportReason::BudgetNotMeasured)
    } else {
        (Verdict::Pass, ReportReason::Findings)
    };
    let conclusion = with_budgets(&budgets, Conclusion { verdict, reason });
    let checklist = checklist(&Evidence { current, budgets: &budgets, comparison: None }, rules);
    let warnings = warnings
        .into_iter()
        .chain(users_missed(current, rules))
        .chain(unchecked_alerts(current, rules))
        .collect();
    let report = Report { coverage, budgets, checklist, warnings, ..nothing_judged(info, rules) };
    let conclusion = with_checklist(&report, conclusion);
    concluded(report, conclusion, rules)
}

/// The report on a run that there is not, because its profile is skipped.
pub fn skipped(
    info: CurrentInfo,
    reason: ReportReason,
    rules: &Rules,
    warnings: Vec<Warning>,
) -> Report {
    let report = Report { warnings, ..nothing_judged(info, rules) };
    concluded(report, Conclusion { verdict: Verdict::NotCompared, reason }, rules)
}

/// A report before anything is judged.
fn nothing_judged(current: CurrentInfo, rules: &Rules) -> Report {
    Report {
        subject: Subject::Check,
        verdict: Verdict::NotCompared,
        reason: ReportReason::NothingCompared,
        exit: Exit::NoVerdict,
        decide: rules.decide,
        current,
        coverage: Coverage::default(),
        findings: Vec::new(),
        drift: Vec::new(),
        budgets: Vec::new(),
        checklist: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The report with its verdict, and with what the policy makes of it.
fn concluded(report: Report, conclusion: Conclusion, rules: &Rules) -> Report {
    let Conclusion { verdict, reason } = conclusion;
    let report = Report { verdict, reason, ..report };
    let leniency = match (report.verdict, &report.reason) {
        (Verdict::Inconclusive, _) => rules.inconclusive,
        (_, ReportReason::Skipped { .. }) => rules.skipped,
        _ => rules.missing_baseline,
    };
    let lenient = if leniency == Leniency::Warn { Exit::Pass } else { Exit::NoVerdict };
    Report { exit: report.strict_exit().unwrap_or(lenient), ..report }
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
fn with_budgets(budgets: &[BudgetFinding], conclusion: Conclusion) -> Conclusion {
    let any = |verdict: Verdict| budgets.iter().any(|budget| budget.verdict() == verdict);
    let passes = matches!(conclusion.verdict, Verdict::Pass | Verdict::Warn);
    if any(Verdict::Fail) {
        Conclusion { verdict: Verdict::Fail, reason: ReportReason::Findings }
    } else if passes && any(Verdict::NotCompared) {
        let reason = ReportReason::BudgetNotMeasured;
        Conclusion { verdict: Verdict::NotCompared, reason }
    } else if conclusion.verdict == Verdict::Pass && any(Verdict::Warn) {
        Conclusion { verdict: Verdict::Warn, ..conclusion }
    } else {
        conclusion
    }
}

/// The verdict on the whole with the checklist: an item that failed fails, and one that nobody could check is not passed.
fn with_checklist(report: &Report, conclusion: Conclusion) -> Conclusion {
    let any = |verdict| report.checklist.iter().any(|item| item.verdict() == verdict);
    let verdict = match conclusion.verdict {
        Verdict::Fail => return conclusion,
        _ if any(Verdict::Fail) => Verdict::Fail,
        Verdict::Pass | Verdict::Warn if any(Verdict::NotCompared) => Verdict::NotCompared,
        Verdict::Pass if any(Verdict::Warn) => Verdict::Warn,
        _ => return conclusion,
    };
    // Where to find a baseline is said whatever the checklist says.
    let keeps = conclusion.reason == ReportReason::NoBaseline;
    let reason = if keeps { ReportReason::NoBaseline } else { ReportReason::Checklist };
    Conclusion { verdict, reason }
}

/// Judges runs of a line of commits against those before them, which are nearest first. The checklist is that of a gate, and of
/// no commit in a history.
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
    let input = Input { baseline, current, ..Input::default() };
    if rules.checklist.is_empty() {
        return judge(input, rules);
    }
    let mut rules = rules.clone();
    rules.checklist.clear();
    judge(input, &rules)
}

/// The new runs held against one baseline.
struct Held<'a> {
    pairs: Vec<Pair<'a>>,
    findings: Vec<Finding>,
    variation: Option<Variation>,
    /// Whether more pairs are likely to decide what is open.
    open: bool,
}

fn hold_against<'a>(
    baseline: &'a Baseline,
    current: &'a [Run],
    pairing: Option<&Pairing>,
    rules: &Rules,
) -> Held<'a> {
    let pairs = pairs(&baseline.runs, &baseline.earlier, current);
    let series = BaselineSeries::new(baseline);
    let mut tests = tests_of_endpoints(&pairs, &series, rules);
    let of_metrics = Compared { baseline, current, pairs: &pairs, series: &series };
    tests.extend(tests_of_custom_metrics(&of_metrics, rules));
    let runs = Sides { baseline: baseline.runs.as_slice(), current };
    if let Some(pairing) = pairing {
        let PairedVerdicts { mut findings, open } = paired_verdicts(tests, runs, pairing, rules);
        findings.iter_mut().for_each(|own| accept(own, &baseline.acceptances));
        return Held { pairs, findings, variation: None, open };
    }
    let calibration = calibration(&baseline.runs, current);
    let compared = ComparedRuns {
        runs: runs.map(<[Run]>::len),
        nearest: series.nearest(),
        disturbed: runs.map(|runs| runs.iter().map(|run| run.disturbance().is_some()).collect()),
    };
    let (mut findings, variation) = verdicts(tests, &calibration, &compared, rules);
    for finding in &mut findings {
        accept(finding, &baseline.acceptances);
    }
    Held { pairs, findings, variation, open: false }
}

/// What moved since the anchor, in steps that were each too small to fail: the findings that ask for more than a pass
/// there, and for no more than a warning against the baseline.
fn drift(anchor: &Baseline, current: &[Run], known: &[Finding], rules: &Rules) -> Vec<Finding> {
    let asks = |f: &Finding| f.verdict().rank() >= Verdict::Inconclusive.rank();
    let told: BTreeSet<_> = known.iter().filter(|f| asks(f)).map(Finding::key).collect();
    let mut drifted = hold_against(anchor, current, None, rules).findings;
    drifted.retain(|f| {
        let crossed = asks(f) || f.reason == Reason::Accepted;
        crossed && !f.is_removed() && !told.contains(&f.key())
    });
    drifted.iter_mut().for_each(|f| f.role = Role::Drift);
    drifted
}

fn coverage(findings: &[Finding]) -> Coverage {
    let counted = || findings.iter().filter(|f| f.is_counted());
    Coverage { compared: counted().filter(|f| f.is_compared()).count(), total: counted().count() }
}

/// The verdict on the whole: a failure is certain whatever else is missing; otherwise what was not checked must not
/// look like a pass; otherwise the worst finding decides. What chance gives warns nobody: with many measurements something
/// always crosses.
fn overall(report: &Report, rules: &Rules, different: Vec<Difference>) -> Conclusion {
    let verdict = |f: &Finding| if f.is_chance() { Verdict::Pass } else { f.verdict() };
    let worst = report.all_findings().map(verdict).max_by_key(|verdict| verdict.rank());
    let worst = worst.unwrap_or(Verdict::NotCompared);
    let latencies = || report.all_findings().filter(|f| f.metric == Metric::Latency);
    let latency_compared = latencies().any(|f| f.is_counted() && f.is_compared());
    let Coverage { compared, total } = report.coverage;
    let any = |is: fn(&WarningKind) -> bool| report.warnings.iter().any(|own| is(&own.kind));
    let too_low = |required: f64| (compared as f64) < required * total as f64 - BEYOND;
    let (verdict, reason) = if !different.is_empty() && compared > 0 {
        (Verdict::Inconclusive, ReportReason::NotComparable { differences: different })
    } else if worst == Verdict::Fail {
        (Verdict::Fail, ReportReason::Findings)
    } else if compared == 0 {
        (Verdict::NotCompared, ReportReason::NothingCompared)
    } else if latencies().next().is_some() && !latency_compared {
        (Verdict::NotCompared, ReportReason::NoLatencyCompared)
    } else {
        match rules.require_coverage {
            Some(_) if any(WarningKind::is_idle_limit) => {
                (Verdict::NotCompared, ReportReason::IdleLimit)
            }
            Some(required) if too_low(required) => {
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
    };
    Conclusion { verdict, reason }
}
