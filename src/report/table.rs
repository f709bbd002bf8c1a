//! The report in a terminal.

use super::budgets;
use super::cells::{Row, Scales, change, metric};
use super::checklist;
use super::escape::{harmless, terminal};
use super::grid::{self, Cell, Column};
use super::headline::headline;
use super::left_out::{gone, left_out};
use super::mark::mark;
use super::next_steps::{accept_lines, settle};
use super::number::{grouped, plural};
use super::paper::{Ink, Paper};
use super::provenance::{anchored, provenance, searched};
use super::ranking::{attention, by_chance, closest};
use super::warnings::warning_text;
use crate::gate::{Finding, Reason, Report, ReportReason, Verdict};
use crate::model::Raw;
use std::io::{self, Write};

/// How the table is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableStyle {
    /// What it is written on.
    pub paper: Paper,
    /// Whether every measurement is shown, not only what asks for attention.
    pub all: bool,
}

/// Budgets up to which those that are kept are listed, too.
const SMALL: usize = 16;
/// Measurements that are named as not compared before they are only counted.
const MOST_LEFT_OUT: usize = 6;
/// Lines that accept a failure.
const MOST_ACCEPT_LINES: usize = 20;
/// Warnings that are shown before they are only counted.
const MOST_WARNINGS: usize = 12;

/// Writes the report for a terminal.
pub fn render(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let show = |text: &dyn Raw| terminal(text);
    let paper = style.paper;
    writeln!(out, "{}", paper.painted(&paper.folded(&answer(report), 2), ink(report.verdict)))?;
    write_rows(report, &scales, style, out)?;
    if report.reason == ReportReason::NoBaseline {
        for (i, line) in searched(report, &show).iter().enumerate() {
            writeln!(out, "{}", paper.note(if i == 0 { "searched" } else { "" }, line))?;
        }
    }
    if let Some(baseline) = report.baseline() {
        writeln!(out, "{}", paper.note("baseline", &provenance(baseline, report, &show)))?;
        if let Some(anchor) = report.anchor() {
            writeln!(out, "{}", paper.note("anchor", &anchored(anchor, report, &show)))?;
        }
        write_coverage(report, style, out)?;
    }
    write_budgets(report, style, out)?;
    write_checklist(report, style, out)?;
    for warning in report.warnings.iter().take(MOST_WARNINGS) {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{}:{line}: ", terminal(&place.file)),
            None => format!("{}: ", terminal(&place.file)),
        });
        let text = harmless(&warning_text(&warning.kind));
        let text = format!("{}{text}", place.unwrap_or_default());
        writeln!(out, "{}", paper.note("warning", &text))?;
    }
    if let Some(more) = report.warnings.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        let text = format!("{more} more (--format json has them all)");
        writeln!(out, "{}", paper.note("warning", &text))?;
    }
    write_next(report, paper, out)
}

/// The answer in one line.
pub fn answer(report: &Report) -> String {
    let show = |text: &dyn Raw| terminal(text);
    format!("{} {}", mark(report.verdict), headline(report, &Scales::of(report), &show))
}

fn write_rows(
    report: &Report,
    scales: &Scales,
    style: TableStyle,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = attention(report);
    let passed = || report.all_findings().filter(|f| f.verdict() == Verdict::Pass);
    let chance = by_chance(report);
    if style.all {
        rows.extend(&chance);
        rows.extend(passed());
        rows.extend(report.all_findings().filter(|f| f.reason == Reason::TooNoisy));
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    if matches!(report.reason, ReportReason::NotComparable { .. }) {
        writeln!(out, "  For information, as nothing is judged:")?;
    }
    for line in table(report, &rows, scales, style) {
        writeln!(out, "{line}")?;
    }
    let compared = passed().count();
    if !style.all && compared + chance.len() > 0 {
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
        let text = format!("  {compared} more within limits{chance} (--all shows them){nearest}");
        writeln!(out, "{}", style.paper.painted(&style.paper.folded(&text, 4), Ink::Dim))?;
    }
    writeln!(out)
}

/// The columns of the table.
const COLUMNS: [Column<'_>; 10] = [
    Column::new("", false),
    Column::new("endpoint", false).shortens(16),
    Column::new("metric", false).shortens(12),
    Column::new("baseline", true).leaves(2),
    Column::new("current", true),
    Column::new("change", true),
    Column::new("95 % interval", true).leaves(1),
    Column::new("limit", true),
    Column::new("visible", true).leaves(1),
    // What the mark says as well needs no line of its own.
    Column::new("verdict", false).below(&["ok", "fail"]),
];
/// The place of the column that only the whole table has: the smallest change that would have failed.
const SEES: usize = 8;

fn table(report: &Report, rows: &[&Finding], scales: &Scales, style: TableStyle) -> Vec<String> {
    let show = |text: &dyn Raw| terminal(text);
    let row = |finding: &&Finding| {
        let row = Row::new(finding, report, scales, &show);
        let (strong, plain) = match finding.verdict() {
            Verdict::Pass => (Some(Ink::Dim), Some(Ink::Dim)),
            verdict => (Some(ink(verdict)), None),
        };
        let mut cells: Vec<Cell> = vec![
            (row.mark.to_owned(), strong),
            (row.endpoint, plain),
            (row.metric, plain),
            (row.baseline, plain),
            (row.current, plain),
            (row.change, strong),
            (row.interval, plain),
            (row.limit, plain),
            (row.visible, plain),
            (row.verdict, strong),
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
    let rows: Vec<Vec<Cell>> = rows.iter().map(row).collect();
    grid::lines(&columns, &rows, 0, style.paper)
}

fn ink(verdict: Verdict) -> Ink {
    match verdict {
        Verdict::Fail => Ink::Red,
        Verdict::Warn => Ink::Orange,
        Verdict::Inconclusive | Verdict::NotCompared => Ink::Magenta,
        Verdict::Pass => Ink::Green,
    }
}

/// A line of a list under a note; what is fine is left as it is.
fn in_list(line: &str, verdict: Verdict, paper: Paper) -> String {
    let line = paper.folded(&format!("            {line}"), 14);
    match verdict {
        Verdict::Pass => line,
        verdict => paper.painted(&line, ink(verdict)),
    }
}

fn write_coverage(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    let show = |text: &dyn Raw| terminal(text);
    let left_out = left_out(report, &show);
    let (compared, total) = (report.coverage.compared, report.coverage.total);
    let mut text = format!("{} of {}", grouped(compared as u64), plural(total, "measurement"));
    let in_lines = style.all && left_out.len() > MOST_LEFT_OUT;
    if !left_out.is_empty() {
        text += "; not compared: ";
        text += &if in_lines { String::new() } else { first_of(&left_out) };
    }
    writeln!(out, "{}", style.paper.note("compared", text.trim_end()))?;
    for line in left_out.iter().filter(|_| in_lines) {
        writeln!(out, "{}", in_list(line, Verdict::Pass, style.paper))?;
    }
    let gone = gone(report, &show);
    if gone.is_empty() {
        return Ok(());
    }
    let text = format!("{} (in the baseline but not in this run)", first_of(&gone));
    writeln!(out, "{}", style.paper.note("missing", &text))
}

/// The first of a list, and how many more there are.
fn first_of(list: &[String]) -> String {
    let shown = &list[..list.len().min(MOST_LEFT_OUT)];
    match list.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// Each budget in a line; many that are kept are counted.
fn write_budgets(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    if report.budgets.is_empty() {
        return Ok(());
    }
    let show = |text: &dyn Raw| terminal(text);
    writeln!(out, "{}", style.paper.note("budgets", &budgets::kept(report)))?;
    let all = style.all || report.budgets.len() <= SMALL;
    let listed = if all { budgets::ordered(report) } else { budgets::broken(report) };
    for budget in &listed {
        let line = budgets::line(budget, &show);
        writeln!(out, "{}", in_list(&line, budget.verdict(), style.paper))?;
    }
    Ok(())
}

/// What of the checklist is open, or with `--all` every item.
fn write_checklist(report: &Report, style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    if report.checklist.is_empty() {
        return Ok(());
    }
    let show = |text: &dyn Raw| terminal(text);
    writeln!(out, "{}", style.paper.note("checklist", &checklist::counts(report)))?;
    let open = checklist::open(report);
    let listed = if style.all { report.checklist.iter().collect() } else { open };
    for item in listed {
        let line = checklist::line(item, report, &show);
        writeln!(out, "{}", in_list(&line, item.verdict(), style.paper))?;
    }
    Ok(())
}

/// What to do next, and the exit code where it is not plain.
fn write_next(report: &Report, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    if report.reason == ReportReason::NoBaseline {
        let more = harmless(&report.current.arguments);
        let command = format!("perfgate record RESULTS{more} --push");
        let what = "record a baseline after the load test on its branch";
        writeln!(out, "{}", to_type(what, &command, paper))?;
    }
    if report.verdict == Verdict::Inconclusive && report.reason == ReportReason::Findings {
        let (what, command) = settle(report);
        writeln!(out, "{}", to_type(what, &harmless(&command), paper))?;
    }
    let accept = accept_lines(report);
    if !accept.is_empty() {
        let text = "to accept the change, add to a commit message on this branch:";
        writeln!(out, "{}", paper.note("accept", text))?;
    }
    for line in accept.iter().take(MOST_ACCEPT_LINES) {
        writeln!(out, "{}", to_copy(&harmless(line), paper))?;
    }
    if let Some(more) = accept.len().checked_sub(MOST_ACCEPT_LINES).filter(|more| *more > 0) {
        writeln!(out, "{}", paper.note("", &format!("and a line like these for {more} more")))?;
    }
    if report.exit.code() == 0 && report.verdict == Verdict::Pass {
        return Ok(());
    }
    let text = format!("  exit {}{}", report.exit.code(), way_out(report));
    writeln!(out, "{}", paper.folded(&text, 4))
}

/// What to do next: in one line, or the command in a line of its own.
fn to_type(what: &str, command: &str, paper: Paper) -> String {
    let line = format!("  next      {what}: {command}");
    if line.chars().count() <= paper.columns() {
        return line;
    }
    format!("{}\n{}", paper.note("next", &format!("{what}:")), to_copy(command, paper))
}

/// A line that is copied as it is: nothing breaks it.
fn to_copy(line: &str, paper: Paper) -> String {
    let deep = 12 + line.chars().count() <= paper.columns();
    format!("{:1$}{line}", "", if deep { 12 } else { 2 })
}

/// The option that changes the exit code, in brackets; nothing where none does.
fn way_out(report: &Report) -> String {
    let undecided = report.exit.code() == 3;
    let other: Vec<String> =
        report.other_load().iter().map(|field| format!("--allow-different {field}")).collect();
    let unjudged = report.has_unjudged();
    let option = match (&report.reason, report.verdict) {
        (ReportReason::NotComparable { differences }, _) => {
            let fields = differences.iter().map(|own| format!("--allow-different {}", own.field));
            let fields = fields.collect::<Vec<_>>().join(" ");
            return format!(" ({fields} compares them anyway)");
        }
        (ReportReason::NoBaseline, _) if undecided && !other.is_empty() => {
            return format!(" ({} compares with runs of a different load)", other.join(" "));
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
    format!(" ({option})")
}
