//! AIPerf's `profile_export.jsonl`: one JSON object for each request, with its metrics and their units. Requests of the warm-up are in it
//! as well, and do not count.

use super::aggregate::{Request, RequestAggregate};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::explained;
use crate::ingest::llm::aiperf::ErrorDetails;
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Echo, Gather, Records, Scan, Sum, TakeLine, each_line, scan,
};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, KnownMetric, Unit, Values, known_metric};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "aiperf-records",
    tool: "aiperf",
    title: "AIPerf's `profile_export.jsonl`",
    get: "`aiperf profile`: `artifacts/*/profile_export.jsonl`",
    section: "AIPerf and GenAI-Perf",
    versions: "0.13.0",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
        Fact::OverTime,
        Fact::Metrics,
    ],
    remark: "response times of good requests; the warm-up does not count",
    claim,
    read,
};

/// The metrics that are read, and what they are called here.
const METRICS: [(&str, &str); 5] = [
    ("time_to_first_token", "ttft"),
    ("inter_token_latency", "inter_token_latency"),
    ("inter_chunk_latency", "inter_chunk_latency"),
    ("input_sequence_length", "prompt_tokens"),
    (OUTPUT, "completion_tokens"),
];
const OUTPUT: &str = "output_sequence_length";
const LATENCY: &str = "request_latency";
/// The phase that counts.
const PROFILING: &str = "profiling";
/// More than any answer has of anything: milliseconds of 30 years.
const MOST: f64 = 1e12;

fn claim(head: &Head<'_>) -> Claim {
    let line = String::from_utf8_lossy(head.line());
    let own = ["metadata", "request_start_ns", "record_processor_id"];
    let has = |key: &str| line.contains(&format!("\"{key}\":"));
    Claim::certain_if(head.begins_with(b'{') && own.into_iter().all(has))
}

#[derive(Deserialize)]
struct Record {
    metadata: Metadata,
    #[serde(default)]
    metrics: Option<BTreeMap<String, Measured>>,
    error: Option<ErrorDetails>,
}

#[derive(Deserialize)]
struct Metadata {
    request_start_ns: i64,
    benchmark_phase: Option<String>,
    #[serde(default)]
    was_cancelled: bool,
}

#[derive(Deserialize)]
struct Measured {
    value: Samples,
    unit: String,
}

/// One value, or one for each part of an answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Samples {
    One(f64),
    All(Vec<f64>),
    None(serde::de::IgnoredAny),
}

impl Measured {
    /// Its values in base units.
    fn values(&self) -> impl Iterator<Item = f64> {
        let factor = match Unit::from_name(if self.unit == "sec" { "s" } else { &self.unit }) {
            (Unit::Milliseconds, factor) => factor,
            _ => 1.0,
        };
        let all = match &self.value {
            Samples::One(value) => std::slice::from_ref(value),
            Samples::All(all) => all,
            Samples::None(_) => &[],
        };
        all.iter().map(move |value| value * factor)
    }
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let how = Scan { records: Records::Lines, lenient: options.lenient, in_order: false };
    let read = |source, filter: &SampleFilter| {
        scan(source, &how, || Answers {
            filter: filter.clone(),
            requests: RequestAggregate::new(FORMAT.tool, filter.clone(), true),
            metrics: BTreeMap::new(),
        })
    };
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything))?;
    read(source, &filter)
}

/// What one worker has of requests, and of their answers.
struct Answers {
    filter: SampleFilter,
    requests: RequestAggregate,
    metrics: BTreeMap<&'static str, Values>,
}

impl Gather for Answers {
    type Sum = Self;

    fn bytes(&self) -> usize {
        Sum::bytes(self)
    }

    fn sum(self) -> Self {
        self
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        each_line(chunk, diagnostics, self);
    }
}

impl TakeLine for Answers {
    fn line(&mut self, line: &[u8], _order: u64) -> Result<(), Problem> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let parsed = serde_json::from_slice(line);
        let record: Record = parsed.map_err(|error| Problem::Malformed(explained(&error)))?;
        let phase = record.metadata.benchmark_phase.as_deref();
        if phase.is_some_and(|phase| phase != PROFILING) {
            return Ok(());
        }
        self.add(&record)
    }
}

impl Answers {
    fn add(&mut self, record: &Record) -> Result<(), Problem> {
        let start = record.metadata.request_start_ns;
        let cancelled = || record.metadata.was_cancelled.then(|| "cancelled".to_owned());
        let failure = record.error.as_ref().map(ErrorDetails::name).or_else(cancelled);
        let of = |name: &str| record.metrics.as_ref()?.get(name);
        let ms = of(LATENCY).and_then(|own| own.values().next()).filter(|_| failure.is_none());
        let request = Request { name: None, start, ms, failure: failure.as_deref(), parts: &[] };
        self.requests.add(request)?;
        if failure.is_some() || self.filter.leaves_out(start) {
            return Ok(());
        }
        for (theirs, name) in METRICS {
            for value in of(theirs).into_iter().flat_map(Measured::values) {
                if !(0.0..=MOST).contains(&value) {
                    let (what, why) = (theirs.to_owned(), "is nothing that an answer can have");
                    return Err(Problem::BadValue { what, value: value.to_string(), why });
                }
                self.metrics.entry(name).or_default().record(value);
            }
        }
        Ok(())
    }
}

impl Sum for Answers {
    fn merge(&mut self, other: Self) -> Result<(), Problem> {
        for (name, values) in other.metrics {
            self.metrics.entry(name).or_default().merge(&values);
        }
        self.requests.merge(other.requests)
    }

    fn bytes(&self) -> usize {
        Sum::bytes(&self.requests) + self.metrics.values().map(Values::bytes).sum::<usize>()
    }

    fn echo(&self) -> &Echo {
        self.requests.echo()
    }

    fn finish(self, file: &str) -> Ingested {
        let mut ingested = self.requests.finish(file);
        let unit = |name: &str| known_metric(name).map_or(Unit::Number, KnownMetric::unit);
        let tokens = self.metrics.get("completion_tokens").map(Values::sum);
        if let Some(rate) = tokens.zip(ingested.run.duration_s).map(|(all, s)| all / s) {
            let name = "tokens_per_second";
            let own = CustomMetric::new(name, unit(name));
            ingested.run.metrics.push(CustomMetric { value: Some(rate), ..own });
        }
        let metric = |(name, values)| CustomMetric::of_samples(name, unit(name), values);
        ingested.run.metrics.extend(self.metrics.into_iter().map(metric));
        ingested
    }
}
