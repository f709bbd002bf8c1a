//! The report by the book, as Markdown: summary, endpoints, levels of concurrency, resources, what moved most, and the budgets
//! as a checklist.

use super::budgets;
use super::cells::{Scales, change, metric};
use super::escape::markdown_code;
use super::headline::headline;
use super::mark::mark;
use super::number::{grouped, plural, significant};
use super::ranking::largest;
use crate::gate::Report;
use crate::model::{Endpoint, Metric, Quantile, Raw, Run, Statistic, Tool, Untrusted};
use std::io::{self, Write};

/// Endpoints of a table, and moves of the list.
const MOST_ENDPOINTS: usize = 200;
const MOST_MOVES: usize = 10;
/// The statistics of a table's columns.
const COLUMNS: [(&str, Statistic); 5] = [
    ("mean", Statistic::Mean),
    ("p50", Statistic::Quantile(Quantile::P50)),
    ("p95", Statistic::Quantile(Quantile::P95)),
    ("p99", Statistic::Quantile(Quantile::P99)),
    ("max", Statistic::Max),
];

/// Runs of one load, and what the gate says of them.
#[derive(Debug)]
pub struct Level {
    /// Users at once, where they are known.
    pub users: Option<u64>,
    /// The runs, at least one.
    pub runs: Vec<Run>,
    /// What was found.
    pub report: Report,
}

/// Writes the report of one or several loads, the smallest load first.
pub fn render(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    let code = |text: &dyn Raw| markdown_code(text);
    let Some(first) = levels.first() else { return Ok(()) };
    let run = &first.runs[0];
    writeln!(out, "# Performance report\n")?;
    let judged =
        |level: &&Level| level.report.baseline().is_some() || !level.report.budgets.is_empty();
    for level in levels.iter().filter(judged) {
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
    endpoints(run, out)?;
    if levels.len() > 1 {
        concurrency(levels, out)?;
    }
    resources(run, out)?;
    moves(&first.report, out)?;
    checklist(levels, out)
}

/// A tool and its version.
pub(super) fn tool(tool: &Tool) -> Untrusted {
    match &tool.version {
        Some(version) => tool.name.join(" ", version),
        None => tool.name.clone(),
    }
}

fn cells(endpoint: &Endpoint) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), significant);
    let latency: Vec<String> = COLUMNS
        .iter()
        .map(|(_, statistic)| number(endpoint.value(&Metric::Latency, *statistic)))
        .collect();
    let errors = endpoint.error_rate().map(|rate| rate * 100.0);
    format!("{} | {} | {}", latency.join(" | "), number(endpoint.throughput_rps), number(errors))
}

fn head(first: &str, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| {first} | requests | {} | req/s | errors % |", names.join(" | "))?;
    writeln!(out, "|---|--:|{}--:|--:|", "--:|".repeat(names.len()))
}

fn endpoints(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## Endpoints\n\nResponse times in milliseconds.\n")?;
    head("endpoint", out)?;
    for endpoint in run.all_endpoints().take(MOST_ENDPOINTS) {
        let name = markdown_code(&endpoint.key.text());
        let requests = endpoint.requests.map(grouped).unwrap_or_default();
        writeln!(out, "| {name} | {requests} | {} |", cells(endpoint))?;
    }
    match run.endpoints.len().checked_sub(MOST_ENDPOINTS).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "\n{more} more endpoints."),
        None => Ok(()),
    }
}

fn concurrency(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## Concurrency\n\nThe whole run at each number of users.\n")?;
    head("users", out)?;
    for level in levels {
        let total = &level.runs[0].total;
        let users = level.users.map_or_else(|| "–".to_owned(), grouped);
        let requests = total.requests.map(grouped).unwrap_or_default();
        writeln!(out, "| {users} | {requests} | {} |", cells(total))?;
    }
    Ok(())
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
fn checklist(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
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
