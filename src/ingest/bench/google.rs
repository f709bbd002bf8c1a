//! Google Benchmark `--benchmark_format=json`: one object; each row has a unit of its own.
//!
//! With `--benchmark_repetitions`, each repetition is a row, and so are their mean, median, standard deviation and coefficient of
//! variation, of which the last is a ratio with a unit of time. The repetitions are rounds; the aggregates are read only where
//! `--benchmark_report_aggregates_only` left the repetitions out.

use super::{Benchmark, Stated, Suite, Times};
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Latency, Unit, limits};
use crate::stats::median;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "google-benchmark",
    tool: "google-benchmark",
    title: "Google Benchmark `--benchmark_out`",
    get: "`--benchmark_out=FILE --benchmark_out_format=json`",
    section: "Google Benchmark",
    versions: "1.7.1",
    holds: Holds::Counts,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Start,
        Fact::Metrics,
    ],
    remark: "wall-clock time is judged, processor time is the metric `cpu_time`",
    claim: |head| {
        if head.columns().begin_with(&["name", "iterations", "real_time", "cpu_time"]) {
            return Claim::Other(&CSV);
        }
        let own = ["context", "num_cpus", "benchmarks"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

/// The same rows without what repetitions and aggregates are told apart by.
static CSV: OtherFile = OtherFile {
    what: "is Google Benchmark's CSV, which does not say what is a repetition and what an aggregate",
    help: |_| "write JSON: --benchmark_out=FILE --benchmark_out_format=json".to_owned(),
    beside_results: true,
};

#[derive(Deserialize)]
struct Report {
    context: Context,
    benchmarks: Vec<Row>,
}

#[derive(Deserialize)]
struct Context {
    date: Option<String>,
    /// `debug` of a library without optimization.
    library_build_type: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    run_name: Option<String>,
    run_type: Option<String>,
    aggregate_name: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    error_message: Option<String>,
    #[serde(default)]
    skipped: bool,
    real_time: Option<f64>,
    cpu_time: Option<f64>,
    time_unit: Option<String>,
    /// Rates and the user's own counters.
    #[serde(flatten)]
    more: BTreeMap<String, serde_json::Value>,
}

/// What stands beside the counters.
const NO_COUNTERS: [&str; 7] = [
    "family_index",
    "per_family_instance_index",
    "repetitions",
    "repetition_index",
    "threads",
    "iterations",
    "complexity_n",
];

fn read(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let report: Report = parse(&file, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut suite = Suite::new(&file, FORMAT.tool, None);
    suite.run.started_at = report.context.date.and_then(|date| date.parse().ok());
    suite.label("build", report.context.library_build_type.as_deref());
    let mut order: Vec<&str> = Vec::new();
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in report.benchmarks.iter().filter(|row| !row.skipped) {
        let name = row.run_name.as_deref().unwrap_or(&row.name);
        let own = rows.entry(name).or_default();
        if own.is_empty() {
            order.push(name);
        }
        own.push(row);
    }
    // A fit of several benchmarks to a curve is none.
    let is_measured = |row: &&Row| row.real_time.is_some() || row.error_occurred;
    for name in order.into_iter().filter(|name| rows[name].iter().any(is_measured)) {
        suite.add(benchmark(&file, name, &rows[name])?)?;
    }
    suite.finish()
}

impl Row {
    fn is_aggregate(&self) -> bool {
        self.run_type.as_deref() == Some("aggregate")
    }

    /// The times of this row, in milliseconds.
    fn unit<'a>(&self, file: &'a str) -> Result<Times<'a>, IngestError> {
        let name = self.time_unit.as_deref().unwrap_or("ns");
        match Unit::from_name(name) {
            (Unit::Milliseconds, unit_ms) => Ok(Times { file, unit_ms }),
            _ => {
                let (what, why) = ("time_unit".to_owned(), "is no unit of time");
                let value = name.to_owned();
                Err(IngestError::new(file, Problem::BadValue { what, value, why }))
            }
        }
    }

    /// A time of this row, in milliseconds.
    fn ms(&self, file: &str, what: &str, value: Option<f64>) -> Result<Option<f64>, IngestError> {
        value.map(|value| self.unit(file)?.ms(what, value)).transpose()
    }
}

fn benchmark(file: &str, name: &str, rows: &[&Row]) -> Result<Benchmark, IngestError> {
    let rounds: Vec<&Row> = rows.iter().copied().filter(|row| !row.is_aggregate()).collect();
    let (failed, good): (Vec<&Row>, Vec<&Row>) =
        rounds.iter().copied().partition(|row| row.error_occurred);
    let message = |row: &&Row| (row.error_message.clone().unwrap_or_default(), 1);
    let times = good.iter().map(|row| row.ms(file, "real_time", row.real_time));
    let times: Vec<f64> = times.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let latency = Times { file, unit_ms: 1.0 }.rounds(&times)?;
    Ok(Benchmark {
        name: name.to_owned(),
        rounds: Some(rounds.len() as u64).filter(|_| !rounds.is_empty()),
        failures: Some(failed.len() as u64).filter(|_| !rounds.is_empty()),
        kinds: failed.iter().map(message).collect(),
        latency: if rounds.is_empty() { aggregates(file, rows)? } else { latency },
        metrics: metrics(file, if rounds.is_empty() { rows } else { &good })?,
        ..Benchmark::default()
    })
}

/// The row of an aggregate.
fn aggregate<'a>(rows: &[&'a Row], name: &str) -> Option<&'a Row> {
    rows.iter().copied().find(|row| row.aggregate_name.as_deref() == Some(name))
}

/// The times where only aggregates were written.
fn aggregates(file: &str, rows: &[&Row]) -> Result<Option<Latency>, IngestError> {
    let of = |name: &str| match aggregate(rows, name) {
        Some(row) => row.ms(file, name, row.real_time),
        None => Ok(None),
    };
    let (mean, median, stddev) = (of("mean")?, of("median")?, of("stddev")?);
    if mean.or(median).is_none() {
        return Ok(None);
    }
    let stated = Stated { mean, median, stddev, ..Stated::default() };
    Times { file, unit_ms: 1.0 }.stated(stated).map(Some)
}

/// Processor time, rates and counters: the median over the rounds.
fn metrics(file: &str, rows: &[&Row]) -> Result<Vec<CustomMetric>, IngestError> {
    let mean_row = aggregate(rows, "mean");
    let rows: Vec<&Row> =
        rows.iter().copied().filter(|row| !row.is_aggregate()).chain(mean_row).collect();
    let cpu = rows.iter().map(|row| row.ms(file, "cpu_time", row.cpu_time));
    let cpu: Vec<f64> = cpu.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let mut all = BTreeMap::from([("cpu_time", cpu)]);
    for row in &rows {
        for (name, value) in &row.more {
            let counter = value.as_f64().filter(|_| !NO_COUNTERS.contains(&name.as_str()));
            if let Some(value) = counter {
                all.entry(name.as_str()).or_default().push(value);
            }
        }
    }
    all.retain(|_, values| !values.is_empty());
    Ok(all.into_iter().map(|(name, values)| metric(name, &values)).collect())
}

fn metric(name: &str, values: &[f64]) -> CustomMetric {
    // Without a direction a metric is judged only where the policy names it: processor time says again what the time says.
    let (unit, factor, direction) = match name {
        "cpu_time" => (Unit::Milliseconds, 1.0, None),
        "bytes_per_second" => (Unit::Other("MB/s".into()), 1e-6, Some(Direction::Higher)),
        "items_per_second" => (Unit::PerSecond, 1.0, Some(Direction::Higher)),
        _ => (Unit::Number, 1.0, None),
    };
    CustomMetric {
        value: median(values).map(|value| value * factor),
        direction,
        ..CustomMetric::new(name, unit)
    }
}
