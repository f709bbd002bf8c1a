//! The report by the book, as Markdown: summary, endpoints, levels of concurrency, resources, what moved most, the budgets, and
//! the checklist of the policy.

use super::budgets;
use super::cells::{Scales, change, metric};
use super::checklist;
use super::escape::{markdown_code, markdown_text};
use super::full_tables::{concurrency, endpoints};
use super::headline::headline;
use super::level::Level;
use super::mark::mark;
use super::markdown::table;
use super::number::{grouped, plural, significant};
use super::ranking::{attention, largest};
use super::shares::shares;
use crate::gate::Report;
use crate::model::{Raw, Run, Tool, Untrusted};
use std::io::{self, Write};

/// Moves of the list.
const MOST_MOVES: usize = 10;

/// Writes the report of one or several loads, the smallest load first.
pub fn render(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    let code = |text: &dyn Raw| markdown_code(text);
    let Some(first) = levels.first() else { return Ok(()) };
    writeln!(out, "# Performance report\n")?;
    for level in levels.iter().filter(|level| level.is_judged() || level.runs.is_empty()) {
        let load =
            level.users.map_or_else(String::new, |n| format!("{}: ", plural(n as usize, "user")));
        let scales = Scales::of(&level.report);
        writeln!(
            out,
            "{} {load}{}.\n",
            mark(level.report.verdict),
            headline(&level.report, &scales, &code)
        )?;
    }
    let Some(run) = first.runs.first() else { return Ok(()) };
    writeln!(out, "## Summary\n\n| | |\n|---|---|")?;
    let facts = [
        ("Tool", Some(tool(&run.tool))),
        ("Profile", run.profile.clone()),
        ("Environment", run.environment.clone()),
        ("Commit", first.report.current.commit.or(run.commit).map(|id| id.short().into())),
        ("Started", run.started_at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string().into())),
        ("Duration", run.duration_s.map(|s| format!("{} s", significant(s)).into())),
        ("Target", run.load.target.clone()),
        ("Requests", run.total.requests.map(|n| grouped(n).into())),
        ("Failed", run.total.failures.map(|n| grouped(n).into())),
        (
            "Error rate",
            run.total.error_rate().map(|rate| format!("{} %", significant(rate * 100.0)).into()),
        ),
        (
            "Throughput",
            run.total.throughput_rps.map(|rps| format!("{} requests/s", significant(rps)).into()),
        ),
        ("Machine", run.labels.get("host").cloned()),
    ];
    for (name, value) in facts {
        let value: Option<Untrusted> = value.map(|value| value.map(|text| text.trim().to_owned()));
        if let Some(value) = value.filter(|value| *value != "") {
            writeln!(out, "| {name} | {} |", code(&value))?;
        }
    }
    endpoints(first, out)?;
    if levels.len() > 1 {
        concurrency(levels, out)?;
    }
    time_spent(run, out)?;
    resources(run, out)?;
    crossed(levels, out)?;
    moves(&first.report, out)?;
    budgets_of(levels, out)?;
    items(levels, out)
}

/// A tool and its version.
pub(super) fn tool(tool: &Tool) -> Untrusted {
    match &tool.version {
        Some(version) => tool.name.join(" ", version),
        None => tool.name.clone(),
    }
}

fn time_spent(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let shares = shares(run, &|text: &dyn Raw| markdown_code(text));
    if shares.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n## Where the time went\n\nThe mean request.\n\n| endpoint | parts |\n|---|---|"
    )?;
    shares
        .iter()
        .try_for_each(|(name, parts)| writeln!(out, "| {} | {parts} |", markdown_code(name)))
}

fn resources(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    if run.resources.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Resources\n\n| resource | mean | max | per hour |\n|---|--:|--:|--:|")?;
    let number = |value: Option<f64>| value.map(significant).unwrap_or_default();
    for (name, own) in &run.resources {
        let (mean, max) = (number(own.mean), number(own.max));
        writeln!(
            out,
            "| {} | {mean} | {max} | {} |",
            markdown_code(name),
            number(own.slope_per_hour)
        )?;
    }
    Ok(())
}

/// What asks for attention at each load, in a table.
fn crossed(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    let asks = levels.iter().map(|level| (level, attention(&level.report)));
    let asks: Vec<_> = asks.filter(|(_, list)| !list.is_empty()).collect();
    if asks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Beyond their limits")?;
    for (level, list) in asks {
        if let Some(users) = level.users.filter(|_| levels.len() > 1) {
            writeln!(out, "\n{}:", plural(users as usize, "user"))?;
        }
        let scales = Scales::of(&level.report);
        writeln!(out, "\n{}", table(&list, &level.report, &scales).trim_end())?;
    }
    Ok(())
}

fn moves(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let code = |text: &dyn Raw| markdown_code(text);
    let largest = largest(report);
    if largest.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Largest changes\n\nCompared with the baseline, within limits.\n")?;
    largest.iter().take(MOST_MOVES).try_for_each(|finding| {
        let endpoint = markdown_code(&finding.endpoint.text());
        writeln!(out, "* {endpoint} {}: {}", metric(finding, &code), change(finding))
    })
}

/// A box for each budget at each load.
fn budgets_of(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    if levels.iter().all(|level| level.report.budgets.is_empty()) {
        return Ok(());
    }
    let code = |text: &dyn Raw| markdown_code(text);
    writeln!(out, "\n## Budgets\n")?;
    for level in levels {
        if levels.len() > 1 {
            let users = level
                .users
                .map_or_else(|| "Unknown users".to_owned(), |n| plural(n as usize, "user"));
            writeln!(out, "{users}: {}\n", budgets::kept(&level.report))?;
        }
        for budget in budgets::ordered(&level.report) {
            let kept = matches!(budget.verdict(), crate::gate::Verdict::Pass);
            writeln!(out, "- [{}] {}", if kept { "x" } else { " " }, budgets::text(budget, &code))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The policy's checklist at each load.
fn items(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    if levels.iter().all(|level| level.report.checklist.is_empty()) {
        return Ok(());
    }
    let show = |text: &dyn Raw| markdown_text(text);
    writeln!(out, "## Checklist\n")?;
    for level in levels {
        let counts = checklist::counts(&level.report);
        match level.users.filter(|_| levels.len() > 1) {
            Some(users) => writeln!(out, "{}: {counts}\n", plural(users as usize, "user"))?,
            None => writeln!(out, "{counts}\n")?,
        }
        for item in &level.report.checklist {
            writeln!(out, "- {}", checklist::boxed(item, &level.report, &show))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
