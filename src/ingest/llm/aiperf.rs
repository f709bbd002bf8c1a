//! AIPerf's `profile_export_aiperf.json`, and GenAI-Perf's, which it follows: one object, a metric for each key, with its unit.
//!
//! `request_count` counts the requests that went well; AIPerf counts the failed ones beside them, GenAI-Perf does not. Times of day have no
//! zone.

use super::{Level, Stated, number, run_of};
use crate::ingest::endpoint_stats::kind_of;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::{amount, count, parse};
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Quantile, Tool, Unit, Untrusted, Warning, WarningKind, limits};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "aiperf-json",
    tool: "aiperf",
    title: "AIPerf's `profile_export_aiperf.json`",
    get: "`aiperf profile`: `artifacts/*/profile_export_aiperf.json`",
    section: "AIPerf and GenAI-Perf",
    versions: "0.13.0",
    holds: Holds::Summary,
    tells: &[
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Metrics,
    ],
    remark: "statistics of good requests",
    claim: |head| Claim::certain_if(head.has_key("aiperf_version")),
    read: |source, _| read(source, FORMAT.tool),
};

pub(in crate::ingest) static GENAI_PERF: Format = Format {
    name: "genai-perf",
    tool: "genai-perf",
    title: "GenAI-Perf's `profile_export_genai_perf.json`",
    get: "`genai-perf profile`: `artifacts/*/profile_export_genai_perf.json`",
    section: "AIPerf and GenAI-Perf",
    versions: "none, from AIPerf's documentation of it",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Throughput, Fact::Metrics],
    remark: "answers alone: requests that failed are not in the file",
    claim: |head| {
        let own = ["request_throughput", "request_latency", "input_config"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source, GENAI_PERF.tool),
};

#[derive(Deserialize)]
struct Export {
    aiperf_version: Option<String>,
    request_count: Option<Metric>,
    error_request_count: Option<Metric>,
    request_throughput: Option<Metric>,
    benchmark_duration: Option<Metric>,
    request_latency: Option<Metric>,
    time_to_first_token: Option<Metric>,
    inter_token_latency: Option<Metric>,
    inter_chunk_latency: Option<Metric>,
    input_sequence_length: Option<Metric>,
    output_sequence_length: Option<Metric>,
    output_token_throughput: Option<Metric>,
    #[serde(default)]
    error_summary: Option<Vec<ErrorCount>>,
    input_config: Option<Value>,
}

#[derive(Deserialize)]
struct Metric {
    unit: String,
    avg: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    std: Option<f64>,
    count: Option<u64>,
    /// Percentiles, and whatever else stands there.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct ErrorCount {
    error_details: ErrorDetails,
    count: u64,
}

/// What a request died of.
#[derive(Deserialize)]
pub(in crate::ingest) struct ErrorDetails {
    code: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

impl ErrorDetails {
    /// What a failure is called: its code and type.
    pub(in crate::ingest) fn name(&self) -> String {
        let code = self.code.map(|code| code.to_string());
        let kind = self.kind.as_deref().or(self.message.as_deref()).map(str::to_owned);
        code.into_iter().chain(kind).collect::<Vec<_>>().join(" ")
    }
}

fn read(source: Source, tool: &str) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let export: Export = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let level = export.level(&name)?;
    let unknown = level.failures.is_none();
    let version = export.aiperf_version.as_deref().map(Into::into);
    let mut ingested = run_of(&name, Tool { name: tool.into(), version }, vec![level])?;
    ingested.run.load.users = export.users();
    ingested.run.load.users_planned = ingested.run.load.users.is_some();
    ingested.run.labels.extend(export.model().map(|model| ("model".into(), model)));
    if unknown {
        ingested.warnings.push(Warning::at(WarningKind::AnswersOnly, &name, None));
    }
    Ok(ingested)
}

impl Export {
    fn level(&self, file: &str) -> Result<Level, IngestError> {
        let counted = |metric: &Option<Metric>, what| {
            let value = metric.as_ref().and_then(|own| own.avg);
            value.map(|value| count(file, what, value)).transpose()
        };
        let good = counted(&self.request_count, "request_count")?;
        let failed = counted(&self.error_request_count, "error_request_count")?;
        // AIPerf leaves out what it counted none of.
        let failures = failed.or(self.aiperf_version.as_ref().map(|_| 0));
        let outcomes = match (good, failed) {
            (None, None) => {
                let what = "it holds no request".to_owned();
                return Err(IngestError::new(file, Problem::Malformed(what)));
            }
            (good, failed) => good.unwrap_or_default().saturating_add(failed.unwrap_or_default()),
        };
        let mut kinds = BTreeMap::new();
        for ErrorCount { error_details, count } in self.error_summary.iter().flatten() {
            let known: &mut u64 =
                kinds.entry(kind_of(&error_details.name()).into_owned()).or_default();
            *known = known.saturating_add(*count);
        }
        let latency = self.request_latency.as_ref();
        Ok(Level {
            duration_s: self.duration_s(file, good)?,
            outcomes,
            failures,
            kinds,
            latency: match latency {
                Some(own) => own.stated(file)?.latency(file)?,
                None => None,
            },
            metrics: self.metrics(file)?,
            ..Level::default()
        })
    }

    /// As stated, or as it follows from the number of good requests in a second.
    fn duration_s(&self, file: &str, good: Option<u64>) -> Result<f64, IngestError> {
        if let Some(own) = &self.benchmark_duration {
            let ms = own.avg.unwrap_or_default() * own.factor(file)?;
            return amount(file, "benchmark_duration", ms / 1e3);
        }
        let rate = self.request_throughput.as_ref().and_then(|own| own.avg);
        let follows = good.zip(rate.filter(|rate| *rate > 0.0)).map(|(n, rate)| n as f64 / rate);
        Ok(follows.unwrap_or_default())
    }

    fn metrics(&self, file: &str) -> Result<Vec<CustomMetric>, IngestError> {
        let mut metrics = Vec::new();
        for (name, own) in [
            ("ttft", &self.time_to_first_token),
            ("inter_token_latency", &self.inter_token_latency),
            ("inter_chunk_latency", &self.inter_chunk_latency),
            ("prompt_tokens", &self.input_sequence_length),
            ("completion_tokens", &self.output_sequence_length),
        ] {
            if let Some(own) = own {
                metrics.extend(own.stated(file)?.metric(file, name)?);
            }
        }
        let rate = self.output_token_throughput.as_ref().and_then(|own| own.avg);
        metrics.extend(number(file, "tokens_per_second", rate)?);
        Ok(metrics)
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.input_config.as_ref()?.pointer(pointer)
    }

    fn model(&self) -> Option<Untrusted> {
        let names = ["/models/items/0/name", "/endpoint/model_names/0"];
        let name = names.into_iter().find_map(|pointer| self.at(pointer)?.as_str())?;
        Some(name.into())
    }

    /// The requests at once that were asked for.
    fn users(&self) -> Option<u64> {
        let phases = self.at("/phases").and_then(Value::as_array);
        let profiling = phases.into_iter().flatten().find(|own| own["kind"] == "profiling");
        let old = || self.at("/loadgen/concurrency");
        profiling.and_then(|own| own.get("concurrency")).or_else(old)?.as_u64()
    }
}

impl Metric {
    /// How many milliseconds, or whatever else the metric is of, one of the file's unit is.
    fn factor(&self, file: &str) -> Result<f64, IngestError> {
        if matches!(self.unit.as_str(), "tokens" | "requests" | "count") {
            return Ok(1.0);
        }
        let unit = if self.unit == "sec" { "s" } else { self.unit.as_str() };
        match Unit::from_name(unit) {
            (Unit::Milliseconds, factor) => Ok(factor),
            _ => {
                let (what, why) = ("the unit of a time".to_owned(), "is no unit of time");
                let problem = Problem::BadValue { what, value: self.unit.clone(), why };
                Err(IngestError::new(file, problem))
            }
        }
    }

    fn stated(&self, file: &str) -> Result<Stated, IngestError> {
        let factor = self.factor(file)?;
        let level = |(key, value): (&String, &Value)| {
            let level = Quantile::from_percent(key.strip_prefix('p')?.parse().ok()?)?;
            Some((level, value.as_f64()? * factor))
        };
        let times = |value: Option<f64>| Some(value? * factor);
        Ok(Stated {
            count: self.count,
            mean: times(self.avg),
            min: times(self.min),
            max: times(self.max),
            stddev: times(self.std),
            quantiles: self.rest.iter().filter_map(level).collect(),
        })
    }
}
