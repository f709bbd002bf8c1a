//! The report as workflow commands of GitHub Actions: annotations on the run. Names are made harmless and encoded, so that
//! none of them is a command.

use super::budgets;
use super::cells::Scales;
use super::checklist;
use super::escape::harmless;
use super::headline::{headline, move_of};
use super::number::plural;
use super::partly::no_regression_title;
use super::ranking::{attention, by_chance};
use super::reasons;
use super::warnings::warning_text;
use crate::gate::{Finding, Report, Verdict};
use crate::model::Raw;
use std::io::{self, Write};

/// Annotations of each level that a step shows.
const MOST: usize = 10;

/// Writes `::error` and `::warning` commands, at most ten of each.
pub fn render(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let listed = attention(report);
    let show = |text: &dyn Raw| harmless(text);
    let mut rest = [("error", MOST), ("warning", MOST)];
    if report.exit.code() != 0 && report.verdict != Verdict::Fail {
        rest[0].1 -= 1;
        command("error", &"performance", &headline(report, &scales, &show), out)?;
    }
    for finding in &listed {
        let level = level(finding, report);
        let Some(left) = rest.iter_mut().find(|(name, _)| *name == level) else { continue };
        if left.1 > 0 {
            left.1 -= 1;
            let title = finding.key().text().map(|key| format!("performance: {key}"));
            let mut text = move_of(finding, &scales, &show);
            if finding.verdict() != Verdict::Fail {
                text = format!("{text}: {}", reasons::verdict(finding, report, &show));
            }
            command(level, &title, &text, out)?;
        }
    }
    for budget in budgets::broken(report) {
        let level = if budget.verdict() == Verdict::Warn { "warning" } else { "error" };
        let Some(left) = rest.iter_mut().find(|(name, _)| *name == level) else { continue };
        if left.1 > 0 {
            left.1 -= 1;
            let title = budget.budget.map(|name| format!("budget: {name}"));
            command(level, &title, &budgets::text(budget, &show), out)?;
        }
    }
    for item in checklist::open(report) {
        let level = if item.verdict() == Verdict::Warn { "warning" } else { "error" };
        let Some(left) = rest.iter_mut().find(|(name, _)| *name == level) else { continue };
        if left.1 > 0 {
            left.1 -= 1;
            command(level, &"checklist", &checklist::text(item, report, &show), out)?;
        }
    }
    for warning in report.warnings.iter().take(rest[1].1) {
        command("warning", &"performance", &warning_text(&warning.kind), out)?;
    }
    Ok(())
}

/// A failure is an error, and so is what keeps the whole undecided.
fn level(finding: &Finding, report: &Report) -> &'static str {
    match finding.verdict() {
        Verdict::Fail => "error",
        Verdict::Inconclusive if report.exit.code() == 3 => "error",
        _ => "warning",
    }
}

fn command(
    level: &str,
    title: &dyn Raw,
    message: &dyn Raw,
    out: &mut impl Write,
) -> io::Result<()> {
    let data = |text: &dyn Raw| harmless(text).replace('%', "%25");
    let property = data(title).replace(':', "%3A").replace(',', "%2C");
    writeln!(out, "::{level} title={property}::{}", data(message))
}

/// The report's verdict in a few words, for a check or a status: `2 regressions`, `no verdict`.
pub fn summary(report: &Report) -> String {
    let count = |verdict| report.all_findings().filter(|f| f.verdict() == verdict).count();
    let over = report.budgets_with(Verdict::Fail);
    match report.verdict {
        Verdict::Fail if checklist::decides(report) => "checklist failed".to_owned(),
        Verdict::Warn if checklist::decides(report) => "checklist open".to_owned(),
        Verdict::Fail if count(Verdict::Fail) == 0 && over > 0 => {
            format!("{} broken", plural(over, "budget"))
        }
        Verdict::Pass if report.is_check() => "within budget".to_owned(),
        Verdict::Fail => plural(count(Verdict::Fail), "regression"),
        Verdict::Warn => format!(
            "{}, {}",
            no_regression_title(report),
            plural(count(Verdict::Warn) - by_chance(report).len(), "warning")
        ),
        Verdict::Pass => no_regression_title(report),
        Verdict::Inconclusive | Verdict::NotCompared => "no verdict".to_owned(),
    }
}
