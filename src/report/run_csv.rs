//! One run as CSV: a row for each endpoint, and one for each custom metric.

use crate::model::{CustomMetric, Endpoint, EndpointKey, Metric, Quantile, Run, Statistic};
use crate::trend::csv_text;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The columns before the percentiles.
const FIRST: [&str; 15] = [
    "kind",
    "method",
    "name",
    "metric",
    "unit",
    "requests",
    "failures",
    "error_rate",
    "throughput_rps",
    "count",
    "value",
    "mean",
    "stddev",
    "cv",
    "min",
];

/// Writes a run: times in milliseconds, every number in full, and a cell empty where nothing was measured.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let levels = levels(run);
    let mut csv = csv::Writer::from_writer(out);
    let names = levels.iter().map(ToString::to_string);
    let first = FIRST.iter().map(|name| (*name).to_owned());
    csv.write_record(first.chain(names).chain(["max".to_owned()]))?;
    for endpoint in run.all_endpoints() {
        csv.write_record(of_endpoint(endpoint, &levels))?;
    }
    for metric in &run.metrics {
        csv.write_record(of_metric(metric, &levels))?;
    }
    csv.flush()
}

/// The percentiles that a run usually has, and those that this one has beside them.
fn levels(run: &Run) -> BTreeSet<Quantile> {
    let latencies = run.all_endpoints().filter_map(|endpoint| endpoint.latency.as_ref());
    let stated = latencies.flat_map(|latency| latency.quantiles.keys());
    let of_metrics = run.metrics.iter().flat_map(|metric| metric.quantiles.keys());
    stated.chain(of_metrics).chain(&Quantile::GRID).copied().collect()
}

fn of_endpoint(endpoint: &Endpoint, levels: &BTreeSet<Quantile>) -> Vec<String> {
    let latency = |statistic| number(endpoint.value(&Metric::Latency, statistic));
    let mut row = named(&endpoint.key);
    row.extend([
        "latency".to_owned(),
        "ms".to_owned(),
        count(endpoint.requests),
        count(endpoint.failures),
        number(endpoint.error_rate()),
        number(endpoint.throughput_rps),
        count(endpoint.latency.as_ref().and_then(|latency| latency.count)),
        String::new(),
    ]);
    row.extend([Statistic::Mean, Statistic::StdDev, Statistic::Cv, Statistic::Min].map(latency));
    row.extend(levels.iter().map(|level| latency(Statistic::Quantile(*level))));
    row.push(latency(Statistic::Max));
    row
}

fn of_metric(metric: &CustomMetric, levels: &BTreeSet<Quantile>) -> Vec<String> {
    let mut row = named(&metric.endpoint);
    row.extend([csv_text(&metric.name), csv_text(&metric.unit)]);
    // What is counted of requests, and what a metric does not keep.
    row.extend(std::iter::repeat_n(String::new(), 4));
    row.extend([count(metric.count), number(metric.value)]);
    row.extend(std::iter::repeat_n(String::new(), 4));
    row.extend(levels.iter().map(|level| number(metric.quantiles.get(level).copied())));
    row.push(String::new());
    row
}

/// Kind, method and name.
fn named(key: &EndpointKey) -> Vec<String> {
    match key {
        EndpointKey::Total => vec!["total".to_owned(), String::new(), String::new()],
        EndpointKey::Named { kind, method, name } => {
            let method = method.as_ref().map(csv_text).unwrap_or_default();
            vec![kind.to_string(), method, csv_text(name)]
        }
    }
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn count(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
