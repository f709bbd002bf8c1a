//! The answer of a report in one sentence. Names are not escaped here; the renderer hands in how it shows one.

use super::budgets::{broken, check_headline, text, unjudged};
use super::cells::{Scales, change, limit_of, metric};
use super::checklist;
use super::escape::Show;
use super::left_out::gone;
use super::number::{plural, significant};
use super::partly::{is_partial, no_regression, why_not_compared};
use super::ranking::{attention, by_chance, closest};
use crate::gate::{Finding, Reason, Report, ReportReason, Role, Verdict};
use crate::model::{EndpointKey, Metric, Untrusted, WarningKind};

/// The answer, in one sentence.
pub(super) fn headline(report: &Report, scales: &Scales, show: Show<'_>) -> String {
    if let ReportReason::Skipped { profile, missing } = &report.reason {
        return skipped(profile, missing, show);
    }
    if checklist::decides(report) {
        return checklist::headline(report, show);
    }
    if report.is_check() {
        return check_headline(report, show);
    }
    match (report.verdict, &report.reason) {
        (Verdict::Fail, _) => regression(report, scales, show),
        (Verdict::Inconclusive, ReportReason::NotComparable { differences }) => {
            let what: Vec<String> = differences
                .iter()
                .map(|d| format!("{} {} vs {}", d.field, show(&d.current), show(&d.baseline)))
                .collect();
            let failed = if all_failed(report) { "every request failed, and " } else { "" };
            format!("no verdict: {failed}the runs had different loads ({})", what.join(", "))
        }
        (Verdict::Inconclusive, _) => open(report, scales, show),
        (Verdict::Pass, _) => within_limits(report, show),
        (Verdict::Warn, _) => warned(report, scales, show),
        (Verdict::NotCompared, reason) => {
            format!("no verdict: {}", no_verdict(report, reason, show))
        }
    }
}

/// A profile that was skipped, and why: `profile llm requires ANTHROPIC_API_KEY, which is not set`.
fn skipped(profile: &Untrusted, missing: &[Untrusted], show: Show<'_>) -> String {
    let names: Vec<String> = missing.iter().map(|name| show(name)).collect();
    let are = if names.len() == 1 { "which is" } else { "which are" };
    format!("skipped: profile {} requires {}, {are} not set", show(profile), names.join(" and "))
}

/// Whether not one request of the new runs succeeded: then nothing else matters.
fn all_failed(report: &Report) -> bool {
    let of_run = |f: &&Finding| f.endpoint == EndpointKey::Total && f.metric == Metric::ErrorRate;
    report.findings.iter().find(of_run).is_some_and(|f| f.values.current.is_some_and(|v| v >= 1.0))
}

/// How many findings have a verdict.
fn count(listed: &[&Finding], verdict: Verdict) -> usize {
    listed.iter().filter(|f| f.verdict() == verdict).count()
}

fn and_more(n: usize) -> String {
    if n > 1 { format!(", and {} more", n - 1) } else { String::new() }
}

/// The endpoints that the run lacks.
fn missing(gone: &[String]) -> String {
    let are = if gone.len() == 1 { "is" } else { "are" };
    format!(
        "{} {are} in the baseline but not in this run: {}",
        plural(gone.len(), "endpoint"),
        gone[0]
    )
}

fn regression(report: &Report, scales: &Scales, show: Show<'_>) -> String {
    let listed = attention(report);
    let failed = count(&listed, Verdict::Fail);
    let over = broken(report).into_iter().filter(|b| b.verdict() == Verdict::Fail).count();
    let Some(first) = listed.first().filter(|_| failed > 0) else {
        return match over {
            0 => format!("regression: {}", missing(&gone(report, show))),
            _ => check_headline(report, show),
        };
    };
    let since = match report.anchor() {
        Some(anchor) if first.role == Role::Drift => format!(" since {}", show(&anchor.requested)),
        _ => String::new(),
    };
    let budgets =
        if over > 0 { format!("; {} broken", plural(over, "budget")) } else { String::new() };
    format!("regression{since}: {}{}{budgets}", move_of(first, scales, show), and_more(failed))
}

fn open(report: &Report, scales: &Scales, show: Show<'_>) -> String {
    let listed = attention(report);
    match listed.first() {
        Some(first) if first.reason == Reason::WholeRun => {
            format!("measure again: {}", whole_run(report, first))
        }
        first => {
            let first = first.map(|f| move_of(f, scales, show)).unwrap_or_default();
            format!("measure again: {first}{}", and_more(count(&listed, Verdict::Inconclusive)))
        }
    }
}

fn within_limits(report: &Report, show: Show<'_>) -> String {
    let closest = closest(report).map(|f| {
        format!(
            "closest: {} {} {}, limit {}",
            show(&f.endpoint.text()),
            metric(f, show),
            change(f),
            limit_of(f)
        )
    });
    let begin = no_regression(report);
    if is_partial(report) {
        let why = format!("not compared: {}", why_not_compared(report));
        let parts: Vec<String> =
            [closest, crossings(report), Some(why)].into_iter().flatten().collect();
        return format!("{begin} ({})", parts.join("; "));
    }
    let coverage = report.coverage;
    let within = coverage.compared - by_chance(report).iter().filter(|f| f.is_counted()).count();
    let closest = closest.map(|text| format!(" ({text})")).unwrap_or_default();
    let (chance, total) = (chance_count(report), coverage.total);
    format!("{begin}{chance}: {within} of {total} measurements within limits{closest}")
}

fn warned(report: &Report, scales: &Scales, show: Show<'_>) -> String {
    let (listed, gone) = (attention(report), gone(report, show));
    let missed = report.budgets_with(Verdict::Warn);
    let blind = report.all_findings().filter(|f| f.is_blind()).count();
    if let Some(first) = listed.first() {
        let accepted = listed.iter().all(|own| own.reason == Reason::Accepted);
        let first = move_of(first, scales, show);
        let warnings = if accepted {
            format!("{} accepted", listed.len())
        } else {
            plural(listed.len(), "warning")
        };
        let begin = no_regression(report);
        return format!("{begin}, {warnings}: {first}{}", and_more(listed.len()));
    }
    let but = if missed > 0 {
        let first = broken(report).first().map(|budget| text(budget, show)).unwrap_or_default();
        format!("{} missed: {first}", plural(missed, "target"))
    } else if !gone.is_empty() {
        missing(&gone)
    } else if blind > 0 && is_partial(report) {
        return format!("{} (not compared: {})", no_regression(report), why_not_compared(report));
    } else if blind > 0 {
        format!("{} could not be compared", plural(blind, "measurement"))
    } else {
        idle(report, show)
    };
    format!("{}, but {but}", no_regression(report))
}

/// How many crossings chance gives, in brackets; nothing where there are none.
pub(super) fn chance_count(report: &Report) -> String {
    crossings(report).map(|text| format!(" ({text})")).unwrap_or_default()
}

/// How many crossings chance gives; none where there are none.
fn crossings(report: &Report) -> Option<String> {
    let count = by_chance(report).len();
    (count > 0).then(|| format!("{} within noise", plural(count, "crossing")))
}

/// A run that moved as a whole, in one sentence; its change is that of the typical measurement of this metric.
fn whole_run(report: &Report, moved: &Finding) -> String {
    let same = report.all_findings().filter(|f| f.metric == moved.metric && f.is_compared());
    let changes: Vec<f64> = same.filter_map(|f| f.change()?.relative).collect();
    let typical = 100.0 * crate::stats::median(&changes).unwrap_or_default().abs();
    let how = if moved.metric == Metric::Latency { "slower" } else { "worse" };
    format!("most endpoints are about {typical:.0} % {how}: the machine, or something they share")
}

/// What in the policy holds for nothing.
fn idle(report: &Report, show: Show<'_>) -> String {
    let idle: Vec<&WarningKind> =
        report.warnings.iter().map(|own| &own.kind).filter(|kind| kind.is_idle_rule()).collect();
    // A limit weighs more than what only leaves something out.
    let first = match idle.iter().min_by_key(|kind| !kind.is_idle_limit()) {
        Some(WarningKind::UnmatchedRule { pattern, .. }) => {
            format!("no endpoint matches the rule {}", show(pattern))
        }
        Some(WarningKind::UnknownMetric { name }) => {
            format!("no run has the metric {}, which has a limit", show(name))
        }
        _ => "a rule of the policy matches nothing".to_owned(),
    };
    let more = idle.len().saturating_sub(1);
    if more > 0 { format!("{first}, and {more} more unmatched in the policy") } else { first }
}

fn no_verdict(report: &Report, reason: &ReportReason, show: Show<'_>) -> String {
    let share = |part: usize, whole: usize| significant(100.0 * part as f64 / whole.max(1) as f64);
    let coverage = report.coverage;
    match reason {
        ReportReason::NoBaseline => {
            let revision = report.requested().map(|revision| show(revision));
            let revision = revision.unwrap_or_else(|| "the baseline".to_owned());
            let looked = plural(report.visited().len(), "commit");
            format!("no comparable run is recorded for {revision} ({looked} searched)")
        }
        ReportReason::BudgetNotMeasured => unjudged(report, show),
        ReportReason::IdleLimit => idle(report, show),
        ReportReason::NoLatencyCompared => {
            "latency has limits, but no latency could be compared".to_owned()
        }
        ReportReason::CoverageTooLow { required } => format!(
            "only {} of {} measurements were compared ({} %, required {} %)",
            coverage.compared,
            coverage.total,
            share(coverage.compared, coverage.total),
            significant(required * 100.0)
        ),
        _ => "nothing could be compared".to_owned(),
    }
}

/// A change as a sentence: `POST /api/chat is slower: p95 33.0 → 41.9 ms (+27.0 %, limit +20 %)`.
pub(super) fn move_of(finding: &Finding, scales: &Scales, show: Show<'_>) -> String {
    let name = match (&finding.endpoint, &finding.metric) {
        (EndpointKey::Total, Metric::Custom(name)) => show(name),
        (EndpointKey::Total, _) => "the whole run".to_owned(),
        (named @ EndpointKey::Named { .. }, _) => show(&named.text()),
    };
    let what = match finding.metric {
        Metric::Latency => "is slower",
        Metric::ErrorRate => "fails more often",
        Metric::Throughput => "has less throughput",
        Metric::Custom(_) => "is worse",
    };
    let scale = scales.scale(&finding.unit);
    let value = |value: Option<f64>| value.map(|v| scale.bare(v)).unwrap_or_default();
    format!(
        "{name} {what}: {} {} → {}{} ({}, limit {})",
        metric(finding, show),
        value(finding.values.baseline),
        value(finding.values.current),
        scale.suffix(),
        change(finding),
        limit_of(finding)
    )
}
