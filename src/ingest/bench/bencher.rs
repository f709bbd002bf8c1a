//! The Bencher Metric Format: an object of benchmarks, each an object of measures, each with a `value`.

use super::{Benchmark, Suite, Times};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::{amount, parse};
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Unit, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "bencher",
    tool: "bencher",
    title: "Bencher Metric Format",
    get: "written by a script, as Bencher takes it",
    section: "Bencher Metric Format",
    versions: "none, from documentation",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::Throughput, Fact::Metrics],
    remark: "`latency` is in nanoseconds, `throughput` in operations per second",
    claim: |head| Claim::likely_if(is_metric_format(head)),
    read: |source, _| read(source),
};

/// Parts of the names of measures of which less is better.
const COSTS: [&str; 9] =
    ["time", "latency", "size", "bytes", "memory", "instructions", "cycles", "misses", "alloc"];

#[derive(Deserialize)]
struct Measure {
    value: f64,
}

/// Whether it begins `{"NAME": {"MEASURE": {"value"`, or with one of the bounds.
fn is_metric_format(head: &Head<'_>) -> bool {
    let opened = |text: &'_ str| {
        let rest = text.trim_start().strip_prefix('{')?.trim_start();
        let (_, rest) = string(rest)?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start().len())
    };
    let mut text = head.text();
    for _ in 0..2 {
        let Some(left) = opened(text) else { return false };
        text = &text[text.len() - left..];
    }
    let key = text.strip_prefix('{').and_then(|rest| string(rest.trim_start()));
    key.is_some_and(|(key, _)| ["value", "lower_value", "upper_value"].contains(&key))
}

/// The JSON string at the beginning, and what follows.
fn string(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let benchmarks: BTreeMap<String, BTreeMap<String, Measure>> = parse(&file, &bytes)?;
    let mut suite = Suite::new(&file, FORMAT.tool, None);
    for (name, measures) in benchmarks {
        let mut own = Benchmark { name, ..Benchmark::default() };
        for (measure, Measure { value }) in measures {
            match measure.to_lowercase().as_str() {
                "latency" => {
                    own.latency = Some(Times { file: &file, unit_ms: 1e-6 }.one(value)?);
                }
                "throughput" => own.rate = Some(amount(&file, &measure, value)?),
                lower => own.metrics.push(CustomMetric {
                    value: Some(amount(&file, &measure, value)?),
                    direction: direction_of(lower),
                    ..CustomMetric::new(&measure, Unit::Number)
                }),
            }
        }
        suite.add(own)?;
    }
    suite.finish()
}

/// Which way is better, where the name of a measure says so.
fn direction_of(measure: &str) -> Option<Direction> {
    COSTS.iter().any(|cost| measure.contains(cost)).then_some(Direction::Lower)
}
