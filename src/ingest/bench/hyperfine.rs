//! hyperfine `--export-json`: one object, times in seconds.
//!
//! A round whose command failed is in it only with `--ignore-failure`, and is timed like any other: its exit code tells.

use super::{Benchmark, Stated, Suite, Times};
use crate::ingest::error::{IngestError, OtherFile};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Unit, limits};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "hyperfine-json",
    tool: "hyperfine",
    title: "hyperfine `--export-json`",
    get: "`hyperfine --export-json FILE`",
    section: "hyperfine",
    versions: "1.15",
    holds: Holds::Counts,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Metrics,
    ],
    remark: "",
    claim: |head| {
        if head.columns().begin_with(&["command", "mean", "stddev", "median"]) {
            return Claim::Other(&CSV);
        }
        let own = ["results", "command", "mean", "user", "system"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

/// Its table.
static CSV: OtherFile = OtherFile {
    what: "is hyperfine's CSV, which does not have the times of the rounds",
    help: |_| "write JSON: hyperfine --export-json FILE".to_owned(),
    beside_results: true,
};

#[derive(Deserialize)]
struct Report {
    results: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    command: String,
    mean: f64,
    /// Absent of a single round.
    stddev: Option<f64>,
    median: Option<f64>,
    user: Option<f64>,
    system: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    times: Vec<f64>,
    /// None of a round that a signal ended.
    #[serde(default)]
    exit_codes: Vec<Option<i32>>,
    #[serde(default)]
    parameters: BTreeMap<String, serde_json::Value>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut suite = Suite::new(&name, FORMAT.tool, None);
    let repeated = repeated(&report.results);
    let times = Times { file: &name, unit_ms: 1e3 };
    for entry in report.results {
        let stated = || {
            times.stated(Stated {
                rounds: None,
                mean: Some(entry.mean),
                median: entry.median,
                min: entry.min,
                max: entry.max,
                stddev: entry.stddev,
            })
        };
        let latency = times.rounds(&entry.times)?.map_or_else(stated, Ok)?;
        let rounds = entry.exit_codes.len().max(entry.times.len()) as u64;
        let failed = entry.exit_codes.iter().filter(|code| **code != Some(0));
        let kinds: Vec<(String, u64)> = failed.map(|code| (kind(*code), 1)).collect();
        suite.add(Benchmark {
            name: full_name(&entry, &repeated),
            rounds: Some(rounds).filter(|rounds| *rounds > 0),
            failures: Some(kinds.len() as u64).filter(|_| !entry.exit_codes.is_empty()),
            kinds,
            latency: Some(latency),
            metrics: processor_times(times, &entry)?,
            ..Benchmark::default()
        })?;
    }
    suite.finish()
}

fn kind(code: Option<i32>) -> String {
    code.map_or("ended by a signal".to_owned(), |code| format!("exit code {code}"))
}

/// Names that several commands have: `--command-name` gives one to all values of a parameter.
fn repeated(entries: &[Entry]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    entries.iter().map(|entry| &entry.command).filter(|name| !seen.insert(*name)).cloned().collect()
}

fn full_name(entry: &Entry, repeated: &BTreeSet<String>) -> String {
    if !repeated.contains(&entry.command) || entry.parameters.is_empty() {
        return entry.command.clone();
    }
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let all = entry.parameters.iter().map(|(name, value)| format!("{name}={}", text(value)));
    format!("{} [{}]", entry.command, all.collect::<Vec<_>>().join(", "))
}

/// The mean processor time of a round, in user and in kernel mode. It has no direction, so that it is judged only where the policy
/// names it: it says again what the time says.
fn processor_times(times: Times<'_>, entry: &Entry) -> Result<Vec<CustomMetric>, IngestError> {
    let mut metrics = Vec::new();
    for (name, value) in [("user_time", entry.user), ("system_time", entry.system)] {
        let Some(value) = value else { continue };
        metrics.push(CustomMetric {
            value: Some(times.ms(name, value)?),
            ..CustomMetric::new(name, Unit::Milliseconds)
        });
    }
    Ok(metrics)
}
