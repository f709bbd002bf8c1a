//! Benchmarks: functions or commands that a tool ran in rounds and timed. Each is an endpoint of kind `bench`: its rounds are the
//! requests, and their times the response times. A run of benchmarks has no total: their sum would mean nothing.

pub(super) mod bencher;
pub(super) mod criterion;
pub(super) mod custom;
pub(super) mod dotnet;
pub(super) mod go;
pub(super) mod google;
pub(super) mod hyperfine;
pub(super) mod jmh;
pub(super) mod junit;
pub(super) mod pytest;

use super::endpoint_stats::{kind_of, most_frequent};
use super::error::{IngestError, Problem};
use super::format::Ingested;
use super::json_file::amount;
use crate::model::{
    CustomMetric, Distribution, Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool,
};
use std::collections::{BTreeMap, BTreeSet};

/// The shortest time, in milliseconds, that a distribution keeps to a thousandth: it counts whole nanoseconds.
const SHORTEST_KEPT_MS: f64 = 1e-3;

/// What was measured of one benchmark.
#[derive(Default)]
struct Benchmark {
    name: String,
    /// Rounds, failed ones included; none where the file has a number and does not say what it is made of.
    rounds: Option<u64>,
    /// Rounds that failed, where the tool counts them.
    failures: Option<u64>,
    /// What the failures were, as the tool words them, and how often each came.
    kinds: Vec<(String, u64)>,
    latency: Option<Latency>,
    /// Operations per second.
    rate: Option<f64>,
    metrics: Vec<CustomMetric>,
}

/// The benchmarks of one file.
struct Suite<'a> {
    /// The file, for messages.
    file: &'a str,
    run: Run,
    names: BTreeSet<String>,
}

impl<'a> Suite<'a> {
    fn new(file: &'a str, tool: &str, version: Option<&str>) -> Self {
        let tool = Tool { name: tool.into(), version: version.map(Into::into) };
        Self { file, run: Run::new(tool), names: BTreeSet::new() }
    }

    /// Labels the run, where the file says so.
    fn label(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.run.labels.insert(key.into(), value.into());
        }
    }

    fn add(&mut self, benchmark: Benchmark) -> Result<(), IngestError> {
        let Benchmark { name, rounds, failures, kinds, latency, rate, metrics } = benchmark;
        if !self.names.insert(name.clone()) {
            return Err(IngestError::new(self.file, Problem::Duplicate { endpoint: name }));
        }
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for (message, count) in kinds {
            *counted.entry(kind_of(&message).into_owned()).or_default() += count;
        }
        let key = EndpointKey::named(Kind::Bench, None, &name);
        let of_endpoint = |metric| CustomMetric { endpoint: key.clone(), ..metric };
        self.run.metrics.extend(metrics.into_iter().map(of_endpoint));
        self.run.endpoints.push(Endpoint {
            requests: rounds,
            failures,
            failure_kinds: most_frequent(counted),
            throughput_rps: rate,
            latency,
            ..Endpoint::new(key)
        });
        Ok(())
    }

    fn finish(self) -> Result<Ingested, IngestError> {
        if self.run.endpoints.is_empty() {
            let problem = Problem::Malformed("it holds no benchmark".to_owned());
            return Err(IngestError::new(self.file, problem));
        }
        Ok(Ingested { run: self.run, warnings: Vec::new() })
    }
}

/// Times as a file has them.
#[derive(Clone, Copy)]
struct Times<'a> {
    /// The file, for messages.
    file: &'a str,
    /// How many milliseconds the unit of the file has.
    unit_ms: f64,
}

impl Times<'_> {
    /// A time, in milliseconds.
    fn ms(self, what: &str, value: f64) -> Result<f64, IngestError> {
        let ms = amount(self.file, what, value)? * self.unit_ms;
        if Distribution::takes(ms) {
            return Ok(ms);
        }
        let why = "is no time of a benchmark";
        let problem = Problem::BadValue { what: what.to_owned(), value: value.to_string(), why };
        Err(IngestError::new(self.file, problem))
    }

    /// A time of which the file does not say what it is made of: a mean, like those of all tools that give one number.
    fn one(self, value: f64) -> Result<Latency, IngestError> {
        self.stated(Stated { mean: Some(value), ..Stated::default() })
    }

    /// The times of rounds; none without a round.
    fn rounds(self, times: &[f64]) -> Result<Option<Latency>, IngestError> {
        let ms = times.iter().map(|time| self.ms("the time of a round", *time));
        let ms: Vec<f64> = ms.collect::<Result<_, _>>()?;
        if ms.is_empty() {
            return Ok(None);
        }
        let wrong = |_| IngestError::new(self.file, Problem::Malformed("too many rounds".into()));
        let mut latency =
            Latency::from_counts(ms.iter().map(|ms| (*ms, 1)).collect()).map_err(wrong)?;
        let n = ms.len() as f64;
        let mean = ms.iter().sum::<f64>() / n;
        latency.mean = Some(mean);
        let squares = ms.iter().map(|ms| (ms - mean).powi(2)).sum::<f64>();
        latency.stddev = (ms.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        if latency.min.is_some_and(|min| min < SHORTEST_KEPT_MS) {
            latency.distribution = None;
        }
        Ok(Some(latency))
    }

    /// The numbers that a file gives in place of the times of its rounds.
    fn stated(self, stated: Stated) -> Result<Latency, IngestError> {
        let ms =
            |what: &str, value: Option<f64>| value.map(|value| self.ms(what, value)).transpose();
        let median = ms("the median", stated.median)?;
        Ok(Latency {
            count: stated.rounds,
            mean: ms("the mean", stated.mean)?,
            min: ms("the minimum", stated.min)?,
            max: ms("the maximum", stated.max)?,
            stddev: ms("the standard deviation", stated.stddev)?,
            quantiles: median.map(|ms| (Quantile::P50, ms)).into_iter().collect(),
            ..Latency::default()
        })
    }
}

/// What a file states of the times of a benchmark, in its unit.
#[derive(Default)]
struct Stated {
    rounds: Option<u64>,
    mean: Option<f64>,
    median: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    stddev: Option<f64>,
}
