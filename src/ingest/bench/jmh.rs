//! JMH `-rf json`: an array; each entry a benchmark in one mode, with the score of each iteration of each fork.

use super::{Benchmark, Stated, Suite, Times};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::{amount, parse};
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Unit, limits};
use crate::stats::median;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "jmh",
    tool: "jmh",
    title: "JMH `-rf json`",
    get: "`java -jar benchmarks.jar -rf json -rff FILE`",
    section: "JMH",
    versions: "none, from documentation",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::P99, Fact::ResponseTimes, Fact::Throughput, Fact::Metrics],
    remark: "mode `thrpt` is a rate, all others are times",
    claim: |head| {
        let own = ["\"benchmark\"", "\"mode\"", "\"warmupIterations\""];
        let has = |key: &str| head.text().contains(key);
        Claim::certain_if(head.begins_with(b'[') && own.into_iter().all(has))
    },
    read: |source, _| read(source),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    jmh_version: Option<String>,
    benchmark: String,
    mode: String,
    #[serde(default)]
    params: BTreeMap<String, String>,
    primary_metric: Score,
    #[serde(default)]
    secondary_metrics: BTreeMap<String, Score>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Score {
    score: f64,
    score_unit: String,
    /// By fork and iteration. Mode `sample` has a histogram instead.
    #[serde(default)]
    raw_data: Vec<Vec<f64>>,
    #[serde(default)]
    score_percentiles: BTreeMap<String, serde_json::Value>,
}

impl Score {
    fn rounds(&self) -> Vec<f64> {
        self.raw_data.iter().flatten().copied().collect()
    }
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let entries: Vec<Entry> = parse(&file, &source.document(limits::DOCUMENT_BYTES)?)?;
    let version = entries.first().and_then(|entry| entry.jmh_version.clone());
    let mut suite = Suite::new(&file, FORMAT.tool, version.as_deref());
    let mut seen = BTreeSet::new();
    let repeated: BTreeSet<String> =
        entries.iter().map(Entry::name).filter(|name| !seen.insert(name.clone())).collect();
    for entry in &entries {
        let name = entry.name();
        let name = if repeated.contains(&name) { format!("{name} {}", entry.mode) } else { name };
        suite.add(benchmark(&file, name, entry)?)?;
    }
    suite.finish()
}

impl Entry {
    fn name(&self) -> String {
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        match params.is_empty() {
            true => self.benchmark.clone(),
            false => format!("{} [{}]", self.benchmark, params.join(", ")),
        }
    }
}

fn benchmark(file: &str, name: String, entry: &Entry) -> Result<Benchmark, IngestError> {
    let score = &entry.primary_metric;
    let own = score.rounds();
    let mut benchmark = Benchmark {
        name,
        rounds: Some(own.len() as u64).filter(|rounds| *rounds > 0),
        metrics: entry.secondary_metrics.iter().filter_map(allocated).collect(),
        ..Benchmark::default()
    };
    let unknown = || {
        let (what, value) = ("scoreUnit".to_owned(), score.score_unit.clone());
        IngestError::new(file, Problem::BadValue { what, value, why: "is no unit of JMH" })
    };
    if let Some(unit) = score.score_unit.strip_prefix("ops/") {
        let (Unit::Milliseconds, unit_ms) = Unit::from_name(unit) else { return Err(unknown()) };
        let rate = amount(file, "score", median(&own).unwrap_or(score.score))?;
        benchmark.rate = Some(rate * 1e3 / unit_ms);
        return Ok(benchmark);
    }
    let unit = score.score_unit.strip_suffix("/op").ok_or_else(unknown)?;
    let (Unit::Milliseconds, unit_ms) = Unit::from_name(unit) else { return Err(unknown()) };
    let times = Times { file, unit_ms };
    let median = score.score_percentiles.get("50.0").and_then(serde_json::Value::as_f64);
    let stated = || times.stated(Stated { mean: Some(score.score), median, ..Stated::default() });
    benchmark.latency = Some(times.rounds(&own)?.map_or_else(stated, Ok)?);
    Ok(benchmark)
}

/// What `-prof gc` says that an operation allocates; older versions put a dot in front.
fn allocated((name, score): (&String, &Score)) -> Option<CustomMetric> {
    let name = name.trim_start_matches('·');
    (name == "gc.alloc.rate.norm").then(|| CustomMetric {
        value: Some(score.score),
        direction: Some(Direction::Lower),
        ..CustomMetric::new("bytes_per_op", Unit::Bytes)
    })
}
