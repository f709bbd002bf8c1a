//! One run as a table in a terminal: what was measured of each endpoint.

use super::escape::terminal;
use super::grid::{Column, write_grid};
use super::number::{Scale, grouped, plural, significant};
use super::paper::Paper;
use crate::model::{CustomMetric, Endpoint, Metric, Quantile, Run, Statistic, Unit};
use std::io::{self, Write};

const COLUMNS: [Column<'_>; 9] = [
    Column::new("endpoint", false).shortens(16),
    Column::new("requests", true).leaves(3),
    Column::new("failures", true).leaves(2),
    Column::new("error rate", true),
    Column::new("req/s", true).leaves(4),
    Column::new("p50", true).leaves(1),
    Column::new("p95", true),
    Column::new("p99", true),
    Column::new("max", true).leaves(1),
];
const METRICS: [Column<'_>; 6] = [
    Column::new("endpoint", false).shortens(16),
    Column::new("metric", false).shortens(16),
    Column::new("value", true),
    Column::new("p50", true).leaves(1),
    Column::new("p95", true),
    Column::new("p99", true).leaves(2),
];
const SHOWN: [Quantile; 3] = [Quantile::P50, Quantile::P95, Quantile::P99];

/// Writes a run under its name: times in their own unit, and `–` where nothing was measured.
pub fn render(run: &Run, name: &str, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}\n", paper.folded(&format!("{name}: {}", load_of(run)), 2))?;
    let times = run
        .all_endpoints()
        .filter_map(|own| own.value(&Metric::Latency, Statistic::Quantile(Quantile::P95)));
    let scale = Scale::of(&Unit::Milliseconds, &times.collect::<Vec<_>>());
    let rows: Vec<Vec<String>> =
        run.all_endpoints().map(|endpoint| of_endpoint(endpoint, &scale)).collect();
    write_grid(&COLUMNS, &rows, paper, out)?;
    if run.metrics.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let rows: Vec<Vec<String>> = run.metrics.iter().map(of_metric).collect();
    write_grid(&METRICS, &rows, paper, out)
}

/// A run in a few words: `k6, 4786 requests, 6 endpoints`.
pub fn described(run: &Run) -> String {
    let requests = run.total.requests.map(|n| format!(", {n} requests")).unwrap_or_default();
    format!("{}{requests}, {}", terminal(&run.tool.name), plural(run.endpoints.len(), "endpoint"))
}

/// What was loaded, and how: `k6 2.2.0, 20 users, 60 s, profile stress`.
fn load_of(run: &Run) -> String {
    let version = run.tool.version.as_ref().map(|own| format!(" {}", terminal(own)));
    let mut parts = vec![terminal(&run.tool.name) + &version.unwrap_or_default()];
    parts.extend(run.load.users.map(|users| format!("{} users", grouped(users))));
    parts.extend(run.duration_s.map(|seconds| format!("{} s", significant(seconds))));
    parts.extend(run.profile.as_ref().map(|own| format!("profile {}", terminal(own))));
    if run.suite != *Run::DEFAULT_SUITE {
        parts.push(format!("suite {}", terminal(&run.suite)));
    }
    parts.extend(run.environment.as_ref().map(|own| format!("environment {}", terminal(own))));
    parts.extend(run.started_at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()));
    parts.join(", ")
}

fn of_endpoint(endpoint: &Endpoint, scale: &Scale) -> Vec<String> {
    let count = |value: Option<u64>| value.map_or_else(unknown, grouped);
    let time = |statistic| {
        endpoint.value(&Metric::Latency, statistic).map_or_else(unknown, |v| scale.show(v))
    };
    let rate =
        |value: Option<f64>, unit| value.map_or_else(unknown, |v| Scale::of(unit, &[v]).show(v));
    let mut row = vec![
        terminal(&endpoint.key.text()),
        count(endpoint.requests),
        count(endpoint.failures),
        rate(endpoint.error_rate(), &Unit::Ratio),
        rate(endpoint.throughput_rps, &Unit::PerSecond),
    ];
    row.extend(SHOWN.map(|quantile| time(Statistic::Quantile(quantile))));
    row.push(time(Statistic::Max));
    row
}

fn of_metric(metric: &CustomMetric) -> Vec<String> {
    let show =
        |value: Option<f64>| value.map_or_else(unknown, |v| Scale::of(&metric.unit, &[v]).show(v));
    let mut row =
        vec![terminal(&metric.endpoint.text()), terminal(&metric.name), show(metric.value)];
    row.extend(SHOWN.map(|quantile| show(metric.quantiles.get(&quantile).copied())));
    row
}

fn unknown() -> String {
    "–".to_owned()
}
