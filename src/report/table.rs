//! The report in a terminal.

use super::budgets;
use super::cells::{Row, Scales, change, metric};
use super::checklist;
use super::escape::{harmless, terminal};
use super::grid::{self, Ink};
use super::headline::headline;
use super::left_out::{gone, left_out};
use super::mark::mark;
use super::next_steps::{accept_lines, settle};
use super::number::{grouped, plural};
use super::provenance::{anchored, provenance, searched};
use super::ranking::{attention, by_chance, closest};
use super::warnings::warning_text;
use crate::gate::{Finding, Reason, Report, ReportReason, Verdict};
use crate::model::Raw;
use std::io::{self, Write};

/// How the table is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableStyle {
    /// Whether colours are used.
    pub color: bool,
    /// Whether every measurement is shown, not only what asks for attention.
    pub all: bool,
}

/// Rows up to which the whole table is shown beside a failure or a warning.
const SMALL: usize = 16;
/// Measurements that are named as not compared before they are only counted.
const MOST_LEFT_OUT: usize = 6;
/// Lines that accept a failure.
const MOST_ACCEPT_LINES: usize = 3;
/// Warnings that are shown before they are only counted.
const MOST_WARNINGS: usize = 12;

/// Writes the report for a terminal.
pub fn render(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let show = |text: &dyn Raw| terminal(text);
    let line = format!("{} {}", mark(report.verdict), headline(report, &scales, &show));
    writeln!(out, "{}", painted(&line, report.verdict, style.color))?;
    write_rows(report, &scales, style, out)?;
    if report.reason == ReportReason::NoBaseline {
        for (i, line) in searched(report, &show).iter().enumerate() {
            writeln!(out, "  {:9} {line}", if i == 0 { "searched" } else { "" })?;
        }
    }
    if let Some(baseline) = report.baseline() {
        writeln!(out, "  baseline  {}", provenance(baseline, report, &show))?;
        if let Some(anchor) = report.anchor() {
            writeln!(out, "  anchor    {}", anchored(anchor, report, &show))?;
        }
        write_coverage(report, out)?;
    }
    write_budgets(report, style, out)?;
    write_checklist(report, style, out)?;
    for warning in report.warnings.iter().take(MOST_WARNINGS) {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{}:{line}: ", terminal(&place.file)),
            None => format!("{}: ", terminal(&place.file)),
        });
        let text = harmless(&warning_text(&warning.kind));
        writeln!(out, "  warning   {}{text}", place.unwrap_or_default())?;
    }
    if let Some(more) = report.warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        writeln!(out, "  warning   {more} more (--format json has them all)")?;
    }
    write_next(report, out)
}

fn write_rows(
    report: &Report,
    scales: &Scales,
    style: TableStyle,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = attention(report);
    let compared = report.all_findings().filter(|f| f.verdict() == Verdict::Pass).count();
    let small = rows.len() + by_chance(report).len() + compared <= SMALL;
    let whole = style.all || (!rows.is_empty() && small);
    let chance = by_chance(report);
    if whole {
        rows.extend(&chance);
        rows.extend(report.all_findings().filter(|f| f.verdict() == Verdict::Pass));
        let noisy = report.all_findings().filter(|f| f.reason == Reason::TooNoisy);
        rows.extend(noisy.filter(|_| style.all));
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for line in table(report, &rows, scales, style) {
        writeln!(out, "{line}")?;
    }
    if !whole && compared > 0 {
        let show = |text: &dyn Raw| terminal(text);
        let nearest = closest(report).map(|f| {
            format!(
                "; closest: {} {} {}",
                terminal(&f.endpoint.text()),
                metric(f, &show),
                change(f)
            )
        });
        let chance = match chance.len() {
            0 => String::new(),
            n => format!(", {n} within noise"),
        };
        let nearest = nearest.unwrap_or_default();
        writeln!(out, "  {compared} more within limits{chance} (--all shows them){nearest}")?;
    }
    writeln!(out)
}

/// The columns of the table.
const COLUMNS: [(&str, bool); 10] = [
    ("", false),
    ("endpoint", false),
    ("metric", false),
    ("baseline", true),
    ("current", true),
    ("change", true),
    ("95 % interval", true),
    ("limit", true),
    ("visible", true),
    ("verdict", false),
];
/// The place of the column that only the whole table has: the smallest change that would have failed.
const SEES: usize = 8;

fn table(report: &Report, rows: &[&Finding], scales: &Scales, style: TableStyle) -> Vec<String> {
    let show = |text: &dyn Raw| terminal(text);
    let row = |finding: &&Finding| {
        let row = Row::new(finding, report, scales, &show);
        let ink = ink_of(finding.verdict());
        let mut cells = vec![
            (row.mark.to_owned(), ink),
            (row.endpoint, None),
            (row.metric, None),
            (row.baseline, None),
            (row.current, None),
            (row.change, ink),
            (row.interval, None),
            (row.limit, None),
            (row.visible, None),
            (row.verdict, ink),
        ];
        if !style.all {
            cells.remove(SEES);
        }
        cells
    };
    let mut columns = COLUMNS.to_vec();
    if !style.all {
        columns.remove(SEES);
    }
    grid::lines(&columns, rows.iter().map(row).collect(), style.color)
}

fn ink_of(verdict: Verdict) -> Option<Ink> {
    match verdict {
        Verdict::Fail => Some(Ink::Red),
        Verdict::Warn => Some(Ink::Yellow),
        Verdict::Inconclusive | Verdict::NotCompared => Some(Ink::Magenta),
        Verdict::Pass => None,
    }
}

fn painted(text: &str, verdict: Verdict, color: bool) -> String {
    let code = match verdict {
        Verdict::Fail => "1;31",
        Verdict::Warn => "1;33",
        Verdict::Inconclusive | Verdict::NotCompared => "1;35",
        Verdict::Pass => "1;32",
    };
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn write_coverage(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let show = |text: &dyn Raw| terminal(text);
    let left_out = left_out(report, &show);
    let (compared, total) = (report.coverage.compared, report.coverage.total);
    write!(out, "  compared  {} of {}", grouped(compared as u64), plural(total, "measurement"))?;
    if !left_out.is_empty() {
        let shown = left_out.iter().take(MOST_LEFT_OUT).cloned().collect::<Vec<_>>().join(", ");
        write!(out, "; not compared: {shown}")?;
        if let Some(more) = left_out.len().checked_sub(MOST_LEFT_OUT).filter(|more| *more > 0) {
            write!(out, ", and {more} more")?;
        }
    }
    writeln!(out)?;
    let gone = gone(report, &show);
    if gone.is_empty() {
        return Ok(());
    }
    let shown = gone.iter().take(MOST_LEFT_OUT).cloned().collect::<Vec<_>>().join(", ");
    let more = gone.len().saturating_sub(MOST_LEFT_OUT);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    writeln!(out, "  missing   {shown}{more} (in the baseline but not in this run)")
}

/// Each budget in a line; many that are kept are counted.
fn write_budgets(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    if report.budgets.is_empty() {
        return Ok(());
    }
    let show = |text: &dyn Raw| terminal(text);
    writeln!(out, "  budgets   {}", budgets::kept(report))?;
    let all = style.all || report.budgets.len() <= SMALL;
    let listed = if all { budgets::ordered(report) } else { budgets::broken(report) };
    for budget in &listed {
        let line = budgets::line(budget, &show);
        let line = match budget.verdict() {
            Verdict::Pass => line,
            verdict => painted(&line, verdict, style.color),
        };
        writeln!(out, "            {line}")?;
    }
    Ok(())
}

/// What of the checklist is open, or with `--all` every item.
fn write_checklist(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    if report.checklist.is_empty() {
        return Ok(());
    }
    let show = |text: &dyn Raw| terminal(text);
    writeln!(out, "  checklist {}", checklist::counts(report))?;
    let open = checklist::open(report);
    let listed = if style.all { report.checklist.iter().collect() } else { open };
    for item in listed {
        let line = checklist::line(item, report, &show);
        let line = match item.verdict() {
            Verdict::Pass => line,
            verdict => painted(&line, verdict, style.color),
        };
        writeln!(out, "            {line}")?;
    }
    Ok(())
}

/// What to do next, and the exit code where it is not plain.
fn write_next(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.reason == ReportReason::NoBaseline {
        writeln!(
            out,
            "  next      record a baseline after the load test on its branch: perfgate record RESULTS{} && perfgate baseline push",
            harmless(&report.current.arguments)
        )?;
    }
    if report.verdict == Verdict::Inconclusive && report.reason == ReportReason::Findings {
        let (what, command) = settle(report);
        writeln!(out, "  next      {what}: {}", harmless(&command))?;
    }
    let accept = accept_lines(report);
    for (i, line) in accept.iter().take(MOST_ACCEPT_LINES).enumerate() {
        if i == 0 {
            writeln!(
                out,
                "  accept    to accept the change, add to a commit message on this branch:"
            )?;
        }
        writeln!(out, "            {}", harmless(line))?;
    }
    if report.exit.code() == 0 && report.verdict == Verdict::Pass {
        return Ok(());
    }
    writeln!(out, "  exit {}{}", report.exit.code(), way_out(report))
}

/// The option that changes the exit code, in brackets; nothing where none does.
fn way_out(report: &Report) -> String {
    let undecided = report.exit.code() == 3;
    let other: Vec<String> =
        report.other_load().iter().map(|field| format!("--allow-different {field}")).collect();
    let unjudged = report.has_unjudged();
    let option = match (&report.reason, report.verdict) {
        (ReportReason::NotComparable { .. }, _) => "--allow-different FIELD compares them anyway",
        (ReportReason::NoBaseline, _) if undecided && !other.is_empty() => {
            return format!("     ({} compares with runs of a different load)", other.join(" "));
        }
        (ReportReason::NoBaseline, _) if undecided && !unjudged => {
            "--missing-baseline warn makes this a warning"
        }
        (ReportReason::Skipped { .. }, _) if undecided => "--skipped warn makes this a warning",
        (_, Verdict::Inconclusive) if undecided && !unjudged => {
            "--inconclusive warn makes this a warning"
        }
        _ => return String::new(),
    };
    format!("     ({option})")
}
