//! GuideLLM `--output kind=json`: one object, a benchmark for each rate or concurrency; each is a level.
//!
//! Response times are in seconds, other times in milliseconds. Requests that the end of a benchmark cut short are incomplete, and
//! neither good nor bad. Statistics of a status without requests are 0.
//!
//! Its time per output token counts the first token, unlike that of other tools, and is not read.

use super::{Level, Stated, measured, number, record, run_of, times};
use crate::ingest::endpoint_stats::kind_of;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Latency, Quantile, Tool, Values, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "guidellm",
    tool: "guidellm",
    title: "GuideLLM `--output kind=json`",
    get: "`guidellm run --output kind=json,path=FILE`",
    section: "GuideLLM",
    versions: "0.8.1",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Start,
        Fact::Metrics,
    ],
    remark: "response times of good requests; a sweep has other rates in each run, which are not compared: give it rates",
    claim: |head| {
        Claim::certain_if(head.has_key("guidellm_version") && head.has_key("python_version"))
    },
    read: |source, _| read(source),
};

const MS_PER_SECOND: f64 = 1e3;

#[derive(Deserialize)]
struct Report {
    metadata: Metadata,
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Metadata {
    guidellm_version: Option<String>,
}

#[derive(Deserialize)]
struct Benchmark {
    config: Config,
    metrics: Metrics,
    requests: Requests,
    start_time: f64,
    duration: f64,
}

#[derive(Deserialize)]
struct Config {
    strategy: Strategy,
    backend: Backend,
}

#[derive(Deserialize)]
struct Backend {
    model: Option<String>,
}

#[derive(Deserialize)]
struct Strategy {
    #[serde(rename = "type_")]
    kind: String,
    rate: Option<f64>,
    streams: Option<u64>,
}

#[derive(Deserialize)]
struct Metrics {
    request_totals: Counts,
    request_latency: ByStatus,
    time_to_first_token_ms: ByStatus,
    inter_token_latency_ms: ByStatus,
    prompt_token_count: ByStatus,
    output_token_count: ByStatus,
    output_tokens_per_second: ByStatus,
}

#[derive(Deserialize)]
struct Counts {
    successful: u64,
    errored: u64,
    incomplete: u64,
}

#[derive(Deserialize)]
struct ByStatus {
    successful: Summary,
    total: Summary,
}

#[derive(Deserialize)]
struct Summary {
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
    std_dev: f64,
    percentiles: BTreeMap<String, f64>,
}

/// The requests, or some of them where only a sample is kept.
#[derive(Deserialize)]
struct Requests {
    successful: Vec<Request>,
    errored: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    info: Info,
    request_latency: Option<f64>,
    time_to_first_token_ms: Option<f64>,
    inter_token_latency_ms: Option<f64>,
    prompt_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

#[derive(Deserialize)]
struct Info {
    error: Option<String>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    if report.benchmarks.is_empty() {
        let problem = Problem::Malformed("it holds no benchmark".to_owned());
        return Err(IngestError::new(&name, problem));
    }
    let levels = report.benchmarks.iter().map(|own| own.level(&name)).collect::<Result<_, _>>()?;
    let version = report.metadata.guidellm_version.map(Into::into);
    let mut ingested = run_of(&name, Tool { name: FORMAT.tool.into(), version }, levels)?;
    if let [own] = report.benchmarks.as_slice() {
        ingested.run.load.users = own.config.strategy.streams;
    }
    if let Some(model) = report.benchmarks.iter().find_map(|own| own.config.backend.model.as_ref())
    {
        ingested.run.labels.insert("model".into(), model.as_str().into());
    }
    Ok(ingested)
}

impl Strategy {
    /// As GuideLLM's own report has it.
    fn name(&self) -> String {
        let Self { kind, rate, streams } = self;
        match (rate, streams) {
            (Some(rate), _) => format!("{kind}@{rate}"),
            (None, Some(streams)) => format!("{kind}@{streams}"),
            (None, None) => kind.clone(),
        }
    }
}

impl Benchmark {
    fn level(&self, file: &str) -> Result<Level, IngestError> {
        let Counts { successful, errored, incomplete } = self.metrics.request_totals;
        let mut kinds = BTreeMap::new();
        for error in self.requests.errored.iter().filter_map(|own| own.info.error.as_deref()) {
            *kinds.entry(kind_of(error).into_owned()).or_default() += 1;
        }
        let start = jiff::SignedDuration::try_from_secs_f64(self.start_time).ok();
        Ok(Level {
            name: self.config.strategy.name(),
            started_at: start.and_then(|own| jiff::Timestamp::from_duration(own).ok()),
            duration_s: self.duration,
            outcomes: successful.saturating_add(errored),
            unfinished: incomplete,
            failures: Some(errored),
            kinds,
            latency: self.latency(file)?,
            metrics: self.metrics(file)?,
        })
    }

    /// The good requests, where all of them are kept.
    fn kept(&self) -> Option<&[Request]> {
        let all = &self.requests.successful;
        (all.len() as u64 == self.metrics.request_totals.successful).then_some(all)
    }

    fn latency(&self, file: &str) -> Result<Option<Latency>, IngestError> {
        let Some(kept) = self.kept() else {
            return self.metrics.request_latency.successful.stated(MS_PER_SECOND).latency(file);
        };
        times(file, kept.iter().filter_map(|own| Some(own.request_latency? * MS_PER_SECOND)))
    }

    fn metrics(&self, file: &str) -> Result<Vec<CustomMetric>, IngestError> {
        type Of = fn(&Request) -> Option<f64>;
        let own = &self.metrics;
        let all: [(&str, &ByStatus, Of); 4] = [
            ("ttft", &own.time_to_first_token_ms, |own| own.time_to_first_token_ms),
            ("inter_token_latency", &own.inter_token_latency_ms, |own| own.inter_token_latency_ms),
            ("prompt_tokens", &own.prompt_token_count, |own| own.prompt_tokens),
            ("completion_tokens", &own.output_token_count, |own| own.output_tokens),
        ];
        let mut metrics = Vec::new();
        for (name, stated, of) in all {
            metrics.extend(match self.kept() {
                Some(kept) => {
                    let mut values = Values::default();
                    let mut samples = kept.iter().filter_map(of);
                    samples.try_for_each(|own| record(&mut values, file, name, own))?;
                    measured(name, values)
                }
                None => stated.successful.stated(1.0).metric(file, name)?,
            });
        }
        let rate = &own.output_tokens_per_second.total;
        metrics.extend(number(file, "tokens_per_second", (rate.count > 0).then_some(rate.mean))?);
        Ok(metrics)
    }
}

impl Summary {
    /// What it states, in a unit of which so many are one of the file's.
    fn stated(&self, factor: f64) -> Stated {
        let level = |(name, value): (&String, &f64)| Some((level(name)?, value * factor));
        Stated {
            count: Some(self.count),
            mean: Some(self.mean * factor),
            min: Some(self.min * factor),
            max: Some(self.max * factor),
            stddev: Some(self.std_dev * factor),
            quantiles: self.percentiles.iter().filter_map(level).collect(),
        }
    }
}

/// The level that a name means: `p50`, `p999` for 99.9 %, `p001` for 0.1 %.
fn level(name: &str) -> Option<Quantile> {
    let digits = name.strip_prefix('p')?;
    let (percent, rest) = digits.split_at_checked(2)?;
    Quantile::from_percent(format!("{percent}.{rest}0").parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_a_percentile_are_those_of_a_share() {
        for (name, percent) in [("p50", 50.0), ("p05", 5.0), ("p999", 99.9), ("p95", 95.0)] {
            assert_eq!(level(name), Quantile::from_percent(percent), "{name}");
        }
        for no in ["p5", "50", "pxx", ""] {
            assert_eq!(level(no), None, "{no}");
        }
    }
}
