//! The tables of the full report: endpoints, and levels of concurrency, each with what the gate says of it.

use super::escape::markdown_code;
use super::level::Level;
use super::mark::mark;
use super::number::{grouped, significant};
use crate::gate::{Report, Verdict};
use crate::model::{Endpoint, Metric, Quantile, Statistic, Untrusted};
use std::io::{self, Write};

/// Endpoints of a table.
const MOST_ENDPOINTS: usize = 200;
/// Levels that show how a response time grows; two would show no more than their difference.
const LEVELS_FOR_GROWTH: usize = 3;
/// The statistics whose growth is told.
const GROWING: [(&str, Statistic); 2] =
    [("the mean", Statistic::Mean), ("p95", Statistic::Quantile(Quantile::P95))];
/// The statistics of a table's columns, and how many of their units one of the base unit is.
const COLUMNS: [(&str, Statistic, f64); 7] = [
    ("mean", Statistic::Mean, 1.0),
    ("stddev", Statistic::StdDev, 1.0),
    ("CV %", Statistic::Cv, 100.0),
    ("p50", Statistic::Quantile(Quantile::P50), 1.0),
    ("p95", Statistic::Quantile(Quantile::P95), 1.0),
    ("p99", Statistic::Quantile(Quantile::P99), 1.0),
    ("max", Statistic::Max, 1.0),
];

/// What the marks of the last column say.
const LEGEND: &str = "Status: ✓ within limits, ! warning, ✗ over a limit, ? could not be judged, – nothing to judge.";

/// Every endpoint of the smallest load.
pub(super) fn endpoints(level: &Level, out: &mut dyn Write) -> io::Result<()> {
    let run = &level.runs[0];
    let judged = level.is_judged();
    writeln!(out, "\n## Endpoints\n\nResponse times in milliseconds.{}\n", legend(judged))?;
    head("endpoint", judged, out)?;
    for endpoint in run.all_endpoints().take(MOST_ENDPOINTS) {
        let name = endpoint.key.text();
        let status = judged.then(|| status(&level.report, &name));
        row(&markdown_code(&name), endpoint, status, out)?;
    }
    match run.endpoints.len().checked_sub(MOST_ENDPOINTS).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "\n{more} more endpoints."),
        None => Ok(()),
    }
}

/// The total at each level.
pub(super) fn concurrency(levels: &[Level], out: &mut dyn Write) -> io::Result<()> {
    let judged = levels.iter().any(|level| level.is_judged());
    writeln!(
        out,
        "\n## Concurrency\n\nThe whole run at each number of users.{}\n",
        legend(judged)
    )?;
    head("users", judged, out)?;
    for level in levels {
        let users = level.users.map_or_else(|| "–".to_owned(), grouped);
        let own = || if level.is_judged() { mark(level.report.verdict) } else { "–" };
        row(&users, &level.runs[0].total, judged.then(own), out)?;
    }
    match growth(levels) {
        Some(growth) => writeln!(out, "\n{growth}"),
        None => Ok(()),
    }
}

/// How the response times grow with the number of users, as powers of it.
fn growth(levels: &[Level]) -> Option<String> {
    let power = |(name, statistic): &(&str, Statistic)| {
        let point = |level: &Level| {
            let value = level.runs[0].total.value(&Metric::Latency, *statistic)?;
            Some((level.users? as f64, value)).filter(|(users, ms)| *users > 0.0 && *ms > 0.0)
        };
        let points: Vec<(f64, f64)> = levels.iter().filter_map(point).collect();
        let logs: Vec<(f64, f64)> = points.iter().map(|(n, ms)| (n.ln(), ms.ln())).collect();
        let power = format!("{:.2}", slope(&logs)).replace('-', "\u{2212}");
        (logs.len() >= LEVELS_FOR_GROWTH).then(|| format!("{name} grows like n^{power}"))
    };
    let known: Vec<String> = GROWING.iter().filter_map(power).collect();
    (!known.is_empty()).then(|| {
        let known = known.join(", ");
        format!("With n users, {known} (n^0: not at all; n^1: as fast as the users).")
    })
}

/// The slope of the line of least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let together: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let alone: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    together / alone
}

fn legend(judged: bool) -> String {
    if judged { format!(" {LEGEND}") } else { String::new() }
}

fn head(first: &str, judged: bool, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    let (status, line) = if judged { (" status |", ":-:|") } else { ("", "") };
    writeln!(out, "| {first} | requests | {} | req/s | errors % |{status}", names.join(" | "))?;
    writeln!(out, "|---|--:|{}--:|--:|{line}", "--:|".repeat(names.len()))
}

fn row(
    name: &str,
    endpoint: &Endpoint,
    status: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), significant);
    let latency = |(_, statistic, factor): &(&str, Statistic, f64)| {
        number(endpoint.value(&Metric::Latency, *statistic).map(|value| value * factor))
    };
    let latency: Vec<String> = COLUMNS.iter().map(latency).collect();
    let requests = endpoint.requests.map(grouped).unwrap_or_default();
    let errors = number(endpoint.error_rate().map(|rate| rate * 100.0));
    let (latency, rate) = (latency.join(" | "), number(endpoint.throughput_rps));
    let status = status.map(|mark| format!(" {mark} |")).unwrap_or_default();
    writeln!(out, "| {name} | {requests} | {latency} | {rate} | {errors} |{status}")
}

/// The worst that was found of an endpoint. A change that was not compared is no worse than a pass, because coverage speaks for it;
/// a budget that was not judged is.
fn status(report: &Report, endpoint: &Untrusted) -> &'static str {
    let own = report.all_findings().filter(|finding| finding.endpoint.text() == *endpoint);
    let changes = own.map(|finding| match finding.verdict() {
        Verdict::Warn if finding.is_chance() => Verdict::Pass,
        other => other,
    });
    let of = report.budgets.iter().filter(|budget| budget.endpoint.as_ref() == Some(endpoint));
    let budgets = of.map(|budget| match budget.verdict() {
        Verdict::NotCompared => Verdict::Inconclusive,
        other => other,
    });
    changes.chain(budgets).max_by_key(|verdict| verdict.rank()).map_or("–", mark)
}
