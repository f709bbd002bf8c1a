//! The report as Markdown, for a pull request or a job summary.
//!
//! Forges cap the length of a comment. So the report is packed: what matters most takes its place first, whole rows and whole
//! sections at a time, and what found no room is counted.

use super::budgets;
use super::cells::{Row, Scales, change, metric};
use super::chart;
use super::checklist;
use super::escape::{fence, markdown_code, markdown_text, shell};
use super::headline::headline;
use super::left_out::{gone, left_out};
use super::mark::emoji;
use super::next_steps::{accept_lines, settle};
use super::number::plural;
use super::pack::Room;
use super::partly::no_regression_title;
use super::provenance::{anchored, provenance, searched};
use super::ranking::{attention, by_chance, largest};
use super::reasons;
use super::warnings::warning_text;
use crate::gate::{BudgetFinding, Finding, Report, ReportReason, Role, Verdict};
use crate::model::{Metric, Outcome, Raw, Visited};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Bytes that a report takes at most. GitHub's comments end at 65 536 characters, and a marker stands in front.
pub(super) const BUDGET: usize = 60_000;

/// Lines that accept a failure, and charts.
const MOST_ACCEPTED: usize = 50;
const MOST_CHARTS: usize = 2;
const MOST_MOVES: usize = 3;

const TABLE_HEAD: &str = "| | endpoint | metric | baseline | this run | change | limit |\n|---|---|---|--:|--:|--:|--:|\n";

/// Writes the report as GitHub-flavoured Markdown, in no more than 60 000 bytes.
pub fn render(report: &Report, out: &mut impl Write) -> io::Result<()> {
    out.write_all(packed(report, BUDGET).as_bytes())
}

/// The same for a forge that folds nothing and draws no charts: what asks for attention alone.
pub fn render_plain(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let mut room = Room::of(BUDGET / 2);
    let head = room.take(head(report, &scales));
    let table = rows(&attention(report), report, &scales, "more", &mut room);
    let budgets = budget_section(report, &mut room);
    let checklist = checklist_section(report, &mut room);
    let rest = [budgets, checklist, room.take(moves(report)), room.take(where_from(report))];
    let gone = room.lines(gone_lines(report), "more are missing");
    let warnings = room.lines(warning_lines(report), "more warnings");
    out.write_all([head, table, rest.concat(), gone, warnings].concat().as_bytes())
}

/// The report in no more than so many bytes.
fn packed(report: &Report, budget: usize) -> String {
    let scales = Scales::of(report);
    let code = |text: &dyn Raw| markdown_code(text);
    let mut room = Room::of(budget);
    // In the order of importance; they stand in another order.
    let head = room.take(head(report, &scales));
    let table = rows(&attention(report), report, &scales, "more", &mut room);
    let budgets = budget_section(report, &mut room);
    let checklist = checklist_section(report, &mut room);
    let provenance = room.take(where_from(report));
    let gone = room.lines(gone_lines(report), "more are missing");
    let warnings = room.lines(warning_lines(report), "more warnings");
    let moves = room.take(moves(report));
    let next = room.take(next_steps(report));
    let charts = room.take(charts(report));
    let chance = by_chance(report);
    let mut passed = chance.clone();
    passed.extend(report.all_findings().filter(|f| f.verdict() == Verdict::Pass));
    let left_out = left_out(report, &code);
    let counts = folded_counts([chance.len(), passed.len() - chance.len(), left_out.len()]);
    let within = rows(&passed, report, &scales, "more within their limits", &mut room);
    let lines = left_out.iter().map(|line| format!("* not compared: {line}\n")).collect();
    let left_out = room.lines(lines, "more not compared");
    let folded = folded(&counts, &format!("{within}{left_out}"));
    [head, table, budgets, checklist, moves, provenance, gone, folded, charts, next, warnings]
        .concat()
}

fn head(report: &Report, scales: &Scales) -> String {
    let code = |text: &dyn Raw| markdown_code(text);
    let suite = report.current.suite.as_ref().map(|suite| format!(" of {}", markdown_code(suite)));
    format!(
        "### {} Performance{}: {}\n\n{}\n\n",
        emoji(report.verdict),
        suite.unwrap_or_default(),
        title(report),
        capitalised(&headline(report, scales, &code))
    )
}

fn title(report: &Report) -> String {
    let over = report.budgets_with(Verdict::Fail);
    let failed = report.all_findings().any(|f| f.verdict() == Verdict::Fail);
    match report.verdict {
        Verdict::Fail if checklist::decides(report) => return "checklist failed".to_owned(),
        Verdict::Warn if checklist::decides(report) && !report.is_check() => {
            return "no regression, checklist open".to_owned();
        }
        Verdict::Fail if over > 0 && !failed => return "over budget".to_owned(),
        Verdict::Pass | Verdict::Warn if report.is_check() => return "within budget".to_owned(),
        _ => {}
    }
    let of = |verdict| report.all_findings().filter(move |f| f.verdict() == verdict);
    match report.verdict {
        Verdict::Pass => no_regression_title(report),
        Verdict::Warn => {
            let warned = of(Verdict::Warn).filter(|f| !f.is_chance()).count();
            format!("{}, {}", no_regression_title(report), plural(warned, "warning"))
        }
        Verdict::Fail => {
            let slow = of(Verdict::Fail).filter(|f| f.metric == Metric::Latency);
            let slow: BTreeSet<_> = slow.map(|f| &f.endpoint).collect();
            match slow.len() {
                0 => plural(of(Verdict::Fail).count(), "regression"),
                n => format!("{} slower", plural(n, "endpoint")),
            }
        }
        _ if matches!(report.reason, ReportReason::Skipped { .. }) => "skipped".to_owned(),
        _ if is_first(report) => "no baseline yet".to_owned(),
        Verdict::Inconclusive | Verdict::NotCompared => "no verdict".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

/// A table of all these findings, and what stands behind their verdicts.
pub(super) fn table(list: &[&Finding], report: &Report, scales: &Scales) -> String {
    rows(list, report, scales, "more", &mut Room::of(usize::MAX))
}

/// As many rows of a table as there is room for.
fn rows(
    list: &[&Finding],
    report: &Report,
    scales: &Scales,
    rest: &str,
    room: &mut Room,
) -> String {
    if list.is_empty() {
        return String::new();
    }
    let table = room.lines(list.iter().map(|finding| row(finding, report, scales)).collect(), rest);
    let why = list.iter().filter_map(|finding| reason(finding, report)).collect();
    let why = match room.lines(why, "more reasons") {
        lines if lines.is_empty() => lines,
        lines => format!("{lines}\n"),
    };
    if table.starts_with('|') { format!("{TABLE_HEAD}{table}\n{why}") } else { table }
}

/// What stands behind the verdict on a finding, as an item of a list; none where the sign says it all.
fn reason(finding: &Finding, report: &Report) -> Option<String> {
    let code = |text: &dyn Raw| markdown_code(text);
    let why = reasons::verdict(finding, report, &code);
    let why = why.strip_prefix("fail, ").unwrap_or(&why);
    let endpoint = markdown_code(&finding.endpoint.text());
    let what = format!("{endpoint} {}", metric(finding, &code));
    (!matches!(why, "ok" | "fail"))
        .then(|| format!("* {} {what}: {why}\n", emoji(finding.verdict())))
}

fn row(finding: &Finding, report: &Report, scales: &Scales) -> String {
    let code = |text: &dyn Raw| markdown_code(text);
    let row = Row::new(finding, report, scales, &code);
    // A number and its unit stay in one line.
    let whole = |text: String| text.replace(' ', "\u{a0}");
    let interval = match row.interval {
        text if text.is_empty() => text,
        text => format!(" ({})", whole(text)),
    };
    let change = whole(row.change);
    let change = if change.is_empty() { change } else { format!("**{change}**") };
    format!(
        "| {} | {} | {} | {} | {} | {change}{interval} | {} |\n",
        emoji(finding.verdict()),
        row.endpoint,
        row.metric,
        whole(row.baseline),
        whole(row.current),
        whole(row.limit),
    )
}

/// The budgets as a list of what is kept and what is not.
fn budget_section(report: &Report, room: &mut Room) -> String {
    if report.budgets.is_empty() {
        return String::new();
    }
    let code = |text: &dyn Raw| markdown_code(text);
    let lines = budgets::ordered(report);
    let line = |budget: &&BudgetFinding| {
        format!("* {} {}\n", emoji(budget.verdict()), budgets::text(budget, &code))
    };
    let lines = lines.iter().map(line).collect();
    let list = room.lines(lines, "more budgets");
    format!("**Budgets**: {}\n\n{list}\n", budgets::kept(report))
}

/// The checklist of the policy as a list of boxes.
fn checklist_section(report: &Report, room: &mut Room) -> String {
    if report.checklist.is_empty() {
        return String::new();
    }
    let show = |text: &dyn Raw| markdown_text(text);
    let line = |item| format!("- {}\n", checklist::boxed(item, report, &show));
    let list = room.lines(report.checklist.iter().map(line).collect(), "more items");
    format!("**Checklist**: {}\n\n{list}\n", checklist::counts(report))
}

/// What moved most and is not in the table of what asks for attention.
fn moves(report: &Report) -> String {
    let code = |text: &dyn Raw| markdown_code(text);
    let name = |finding: &&Finding| {
        let endpoint = markdown_code(&finding.endpoint.text());
        format!("{endpoint} {} {}", metric(finding, &code), change(finding))
    };
    let named: Vec<String> = largest(report).iter().take(MOST_MOVES).map(name).collect();
    if named.is_empty() {
        return String::new();
    }
    format!("Largest changes within limits: {}.\n\n", named.join(" · "))
}

fn where_from(report: &Report) -> String {
    let code = |text: &dyn Raw| markdown_code(text);
    if report.reason == ReportReason::NoBaseline {
        let looked: String =
            searched(report, &code).iter().map(|line| format!("* {line}\n")).collect();
        let arguments = &report.current.arguments;
        let record = arguments.map(|more| format!("perfgate record RESULTS{more} --push"));
        let first = if is_first(report) {
            "Nothing is wrong with this change: there is just nothing to compare it with yet. The first load test on the \
             baseline's branch that is recorded becomes the baseline of the pull requests after it; perfgate's action records \
             it once this is merged.\n\n"
        } else {
            ""
        };
        return format!(
            "{first}{looked}\nTo record a baseline, run after the load test on its branch: {}\n\n",
            code(&record)
        );
    }
    let Some(baseline) = report.baseline() else { return String::new() };
    let (compared, total) = (report.coverage.compared, report.coverage.total);
    let anchor = report.anchor();
    let anchor = anchor.map(|info| format!(" Anchor {}.", anchored(info, report, &code)));
    format!(
        "Baseline {}.{} {compared} of {} compared.\n\n",
        provenance(baseline, report, &code),
        anchor.unwrap_or_default(),
        plural(total, "measurement")
    )
}

/// Whether nothing at all was recorded where a baseline was looked for.
fn is_first(report: &Report) -> bool {
    let unrecorded =
        |visited: &Visited| matches!(visited.outcome, Outcome::NoRecord | Outcome::UnderTest);
    report.reason == ReportReason::NoBaseline && report.visited().iter().all(unrecorded)
}

fn gone_lines(report: &Report) -> Vec<String> {
    let code = |text: &dyn Raw| markdown_code(text);
    let gone = gone(report, &code);
    gone.iter().map(|name| format!("* in the baseline but not in this run: {name}\n")).collect()
}

/// What a fold holds, in a few words.
fn folded_counts(counts: [usize; 3]) -> String {
    let what = ["within noise", "within limits", "not compared"];
    let parts = counts.iter().zip(what).filter(|(n, _)| **n > 0);
    parts.map(|(n, what)| format!("{n} {what}")).collect::<Vec<_>>().join(" · ")
}

/// A part that is folded until somebody opens it.
fn folded(summary: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<details><summary>{summary}</summary>\n\n{text}\n</details>\n")
}

/// The failures over the baseline's runs, oldest first.
fn charts(report: &Report) -> String {
    let failed = attention(report).into_iter().filter(|f| {
        matches!(f.verdict(), Verdict::Fail | Verdict::Inconclusive) && f.role != Role::Drift
    });
    let drawn: Vec<String> = failed.filter_map(chart::mermaid).take(MOST_CHARTS).collect();
    folded("Trend of these changes", &drawn.join("\n"))
}

/// How to see it oneself, how to follow the verdict, and how to accept it.
fn next_steps(report: &Report) -> String {
    let (Some(requested), false) = (report.requested(), report.findings.is_empty()) else {
        return String::new();
    };
    let arguments = &report.current.arguments;
    let requested = shell(requested);
    let mut commands = vec![
        arguments.map(|more| format!("perfgate compare --baseline {requested}{more} RESULTS")),
    ];
    let accept = accept_lines(report);
    if let Some(first) = attention(report).first() {
        let explain = shell(&first.key().text());
        commands.push(commands[0].map(|command| format!("{command} --explain {explain}")));
    }
    let mut text = format!("With the result files of this run:\n\n{}", fence(&commands));
    if report.verdict == Verdict::Inconclusive && report.reason == ReportReason::Findings {
        let (what, command) = settle(report);
        text += &format!("\nTo settle it, {what}:\n\n{}", fence(&[command]));
    }
    let title = if accept.is_empty() { "Run it yourself" } else { "Run it yourself · accept it" };
    if !accept.is_empty() {
        let shown = &accept[..accept.len().min(MOST_ACCEPTED)];
        let more = accept.len() - shown.len();
        let more = if more > 0 { format!(" ({more} more in the log)") } else { String::new() };
        text += &format!(
            "\nTo accept the change, add this to a commit message on this branch{more}:\n\n{}",
            fence(shown)
        );
    }
    folded(title, &text)
}

fn warning_lines(report: &Report) -> Vec<String> {
    let line = |warning: &crate::model::Warning| {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{} line {line}: ", markdown_code(&place.file)),
            None => format!("{}: ", markdown_code(&place.file)),
        });
        format!("* {}{}\n", place.unwrap_or_default(), markdown_text(&warning_text(&warning.kind)))
    };
    let mut lines: Vec<String> = report.warnings.iter().map(line).collect();
    if let Some(first) = lines.first_mut() {
        // A blank line ends what stands before it.
        first.insert_str(0, "\n**Warnings**\n\n");
    }
    lines
}
