//! Budgets in words: shared by all renderers for people.

use super::alert_text;
use super::escape::Show;
use super::few;
use super::lack;
use super::mark::mark;
use super::number::{Scale, grouped, plural, significant, trimmed};
use crate::config::Tier;
use crate::gate::{BudgetFinding, BudgetReason, Missing, Report, ReportReason, Verdict};
use crate::model::{AlertOutcome, Unit};

/// The budgets, those that ask for attention first.
pub(super) fn ordered(report: &Report) -> Vec<&BudgetFinding> {
    let mut all: Vec<&BudgetFinding> = report.budgets.iter().collect();
    all.sort_by_key(|budget| match budget.verdict() {
        Verdict::Fail | Verdict::Inconclusive => 0,
        Verdict::NotCompared => 1,
        Verdict::Warn => 2,
        Verdict::Pass => 3,
    });
    all
}

/// Those that are not simply kept.
pub(super) fn broken(report: &Report) -> Vec<&BudgetFinding> {
    ordered(report).into_iter().filter(|budget| budget.verdict() != Verdict::Pass).collect()
}

/// `5 of 6 kept`; a missed target is kept.
pub(super) fn kept(report: &Report) -> String {
    let kept = |budget: &&BudgetFinding| {
        let judged = budget.reason.missing().is_none();
        let fired = matches!(budget.alert, Some(AlertOutcome::Fired(_)));
        judged && !fired && matches!(budget.verdict(), Verdict::Pass | Verdict::Warn)
    };
    format!("{} of {} kept", report.budgets.iter().filter(kept).count(), report.budgets.len())
}

/// A budget with its mark: `✓ total p95 234.56 ms < 1000 ms`.
pub(super) fn line(budget: &BudgetFinding, show: Show<'_>) -> String {
    format!("{} {}", mark(budget.verdict()), text(budget, show))
}

/// The same without the mark.
pub(super) fn text(budget: &BudgetFinding, show: Show<'_>) -> String {
    if let Some(outcome) = &budget.alert {
        return alert_text::text(budget, outcome, show);
    }
    let subject = show(&budget.subject);
    let of = budget.limit.map(|(bound, limit)| {
        let scale = Scale::of(&budget.unit, &[limit]);
        let limit = format!("{}{}", trimmed(scale.number(limit)), scale.suffix());
        [format!("{} {limit}", bound.comparison.sign()), limit]
    });
    if let (Some(found), Some([limit, bare])) = (&budget.few, &of) {
        let kept = match budget.reason {
            BudgetReason::Kept => true,
            BudgetReason::Broken | BudgetReason::TargetMissed | BudgetReason::WarnOnly => false,
            _ => {
                let text = few::undecided(budget, found, [limit, bare]);
                return format!("{subject}: {text}");
            }
        };
        // A quantile that no file states may be shown all the same, by the slowest call.
        let head = match (budget.value, kept) {
            (Some(_), _) => judged(budget, show),
            (None, true) => format!("{subject} {limit}"),
            (None, false) => format!("{subject}: limit {limit}"),
        };
        return format!("{head} ({})", few::decided(budget, found, kept));
    }
    match (budget.value, of) {
        (None, of) => {
            let of = of.map(|[limit, _]| format!(" ({limit})"));
            format!("{subject}{}: {}", of.unwrap_or_default(), why(budget, show))
        }
        (Some(_), _) => judged(budget, show),
    }
}

/// The value beside its limit, as the verdict has it: `total p95 234.56 ms < 1000 ms`.
fn judged(budget: &BudgetFinding, show: Show<'_>) -> String {
    let subject = show(&budget.subject);
    let value = budget.value.unwrap_or_default();
    let Some((bound, limit)) = budget.limit else {
        return match budget.verdict() {
            Verdict::Fail => format!("{subject} at least {} MB/h: a leak", significant(value)),
            _ if value > 0.0 => format!("{subject} at least {} MB/h: no leak", significant(value)),
            _ => format!("{subject}: no leak"),
        };
    };
    let scale = Scale::of(&budget.unit, &[limit]);
    let sign = bound.comparison.sign();
    let kept = bound.is_kept(value, limit);
    let limit = format!("{}{}", trimmed(scale.number(limit)), scale.suffix());
    let number = scale.number(value);
    let value = match budget.unit {
        Unit::Milliseconds if number >= 1.0 => format!("{number:.2}{}", scale.suffix()),
        // What is counted is counted in full.
        Unit::Number if number.fract() == 0.0 && number.abs() < 1e15 => trimmed(number),
        _ => scale.show(value),
    };
    let value = match budget.at {
        Some(at) => format!("{value} (from {:.0} s on)", at.start_s),
        None => value,
    };
    match (budget.verdict(), budget.tier) {
        // Of a load's duration: its ends show no request.
        (Verdict::Pass, _) if !kept => format!("{subject} {value}, as good as {sign} {limit}"),
        (Verdict::Pass, _) => format!("{subject} {value} {sign} {limit}"),
        (Verdict::Warn, Tier::Target) => format!("{subject} {value}, target {sign} {limit}"),
        (Verdict::Warn, _) => format!("{subject} {value}, limit {sign} {limit} (warn only)"),
        (_, Tier::Critical) => format!("{subject} {value}: critical, limit {sign} {limit}"),
        _ => format!("{subject} {value}, limit {sign} {limit}"),
    }
}

/// Why a budget was not judged, and what to do.
fn why(budget: &BudgetFinding, show: Show<'_>) -> String {
    match budget.reason {
        BudgetReason::Missing(Missing::NotMeasured) => match (&budget.lack, &budget.meant) {
            (Some(lack), _) => format!("not measured: {}", lack::text(lack, show)),
            (None, Some(name)) => format!("not measured; did you mean {}?", show(name)),
            (None, None) => "not measured".to_owned(),
        },
        BudgetReason::Missing(Missing::NoData) | BudgetReason::RarelyRequested(None) => {
            "no requests".to_owned()
        }
        BudgetReason::Missing(Missing::TooFewRequests { needs })
        | BudgetReason::RarelyRequested(Some(needs)) => {
            let what = if budget.counts_loads() { "loads" } else { "requests" };
            format!("too few {what}, needs {}", grouped(needs))
        }
        BudgetReason::Missing(Missing::AllFailed) => "every request failed".to_owned(),
        BudgetReason::OtherUnit => {
            format!("the limit has a different unit than the metric ({})", show(&budget.unit))
        }
        BudgetReason::Kept
        | BudgetReason::TargetMissed
        | BudgetReason::Broken
        | BudgetReason::WarnOnly => String::new(),
    }
}

/// The answer of a check, in one sentence.
pub(super) fn check_headline(report: &Report, show: Show<'_>) -> String {
    let first = || broken(report).first().map(|budget| text(budget, show)).unwrap_or_default();
    let more = |n: usize| if n > 1 { format!(", and {} more", n - 1) } else { String::new() };
    let of = |verdict| report.budgets_with(verdict);
    match report.verdict {
        Verdict::Fail => format!("over budget: {}{}", first(), more(of(Verdict::Fail))),
        Verdict::Warn => {
            format!(
                "within budget, {}: {}{}",
                plural(of(Verdict::Warn), "warning"),
                first(),
                more(of(Verdict::Warn))
            )
        }
        Verdict::Pass => {
            format!("within budget: {}", plural(report.budgets.len(), "limit") + " kept")
        }
        Verdict::Inconclusive | Verdict::NotCompared => match &report.reason {
            ReportReason::NotComparable { differences } => {
                let why = differences.first().map(|d| show(&d.current)).unwrap_or_default();
                format!("no verdict: the load generator was {why}")
            }
            _ => format!("no verdict: {}", unjudged(report, show)),
        },
    }
}

/// How many budgets could not be judged, and the first of them.
pub(super) fn unjudged(report: &Report, show: Show<'_>) -> String {
    let of = |b: &&BudgetFinding| b.verdict() == Verdict::NotCompared;
    let first = report.budgets.iter().find(of).map(|budget| text(budget, show));
    let (n, all) =
        (report.budgets_with(Verdict::NotCompared), plural(report.budgets.len(), "budget"));
    format!("{n} of {all} could not be judged: {}", first.unwrap_or_default())
}
