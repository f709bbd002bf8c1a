//! BenchmarkDotNet's JSON, brief or full: one object, times in nanoseconds.

use super::{Benchmark, Stated, Suite, Times};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Unit, limits};
use serde::Deserialize;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "benchmarkdotnet",
    tool: "benchmarkdotnet",
    title: "BenchmarkDotNet's JSON",
    get: "`dotnet run -c Release -- --exporters json`",
    section: "BenchmarkDotNet",
    versions: "none, from documentation",
    holds: Holds::Counts,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Metrics,
    ],
    remark: "a benchmark without statistics failed",
    claim: |head| {
        let own = ["HostEnvironmentInfo", "BenchmarkDotNetVersion"];
        Claim::certain_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    host_environment_info: Host,
    benchmarks: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Host {
    #[serde(rename = "BenchmarkDotNetVersion")]
    version: Option<String>,
    processor_name: Option<String>,
    runtime_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    full_name: String,
    statistics: Option<Statistics>,
    memory: Option<Memory>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    #[serde(default)]
    original_values: Vec<f64>,
    n: Option<u64>,
    mean: Option<f64>,
    median: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    standard_deviation: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Memory {
    bytes_allocated_per_operation: Option<f64>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let report: Report = parse(&file, &source.document(limits::DOCUMENT_BYTES)?)?;
    let host = &report.host_environment_info;
    let mut suite = Suite::new(&file, FORMAT.tool, host.version.as_deref());
    suite.label("cpu", host.processor_name.as_deref());
    suite.label("dotnet", host.runtime_version.as_deref());
    for entry in report.benchmarks {
        let Some(statistics) = entry.statistics else {
            suite.add(failed(entry.full_name))?;
            continue;
        };
        let times = Times { file: &file, unit_ms: 1e-6 };
        let stated = || {
            times.stated(Stated {
                rounds: statistics.n,
                mean: statistics.mean,
                median: statistics.median,
                min: statistics.min,
                max: statistics.max,
                stddev: statistics.standard_deviation,
            })
        };
        let latency = times.rounds(&statistics.original_values)?.map_or_else(stated, Ok)?;
        let bytes = entry.memory.and_then(|memory| memory.bytes_allocated_per_operation);
        suite.add(Benchmark {
            name: entry.full_name,
            rounds: latency.count,
            failures: latency.count.map(|_| 0),
            latency: Some(latency),
            metrics: bytes.into_iter().map(allocated).collect(),
            ..Benchmark::default()
        })?;
    }
    suite.finish()
}

fn failed(name: String) -> Benchmark {
    let kinds = vec![("no statistics".to_owned(), 1)];
    Benchmark { name, rounds: Some(1), failures: Some(1), kinds, ..Benchmark::default() }
}

fn allocated(bytes: f64) -> CustomMetric {
    CustomMetric {
        value: Some(bytes),
        direction: Some(Direction::Lower),
        ..CustomMetric::new("bytes_per_op", Unit::Bytes)
    }
}
