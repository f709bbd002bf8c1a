//! Tools that load language models. Beside its response time, an answer has metrics of its own, under the names that every tool's
//! metrics have here; they are of the answers that came whole.
//!
//! A file may hold several levels: the same requests at one rate after another. Each is a scenario then; a single one is the run.

pub(super) mod aiperf;
pub(super) mod guidellm;
mod serving;
pub(super) mod sglang;
pub(super) mod vllm;

use super::endpoint_stats::most_frequent;
use super::error::{IngestError, Problem};
use super::format::Ingested;
use super::json_file::{amount, count};
use crate::model::limits::Census;
use crate::model::{
    CustomMetric, Distribution, Endpoint, EndpointKey, Kind, KnownMetric, Latency, MetricType,
    Quantile, Run, Tool, Unit, Values, known_metric,
};
use std::collections::{BTreeMap, BTreeSet};

/// More than any answer has of anything: milliseconds of 30 years.
const MOST: f64 = 1e12;

/// What was measured at one level of the load.
#[derive(Default)]
struct Level {
    /// What tells it apart from the others of the file.
    name: String,
    started_at: Option<jiff::Timestamp>,
    /// Seconds.
    duration_s: f64,
    /// Requests that ended well or badly.
    outcomes: u64,
    /// Requests that were still under way when the level ended.
    unfinished: u64,
    /// None where the file does not tell.
    failures: Option<u64>,
    kinds: BTreeMap<String, u64>,
    latency: Option<Latency>,
    metrics: Vec<CustomMetric>,
}

impl Level {
    /// Refuses counts that cannot be.
    fn check(&self, file: &str) -> Result<(), IngestError> {
        let all = self.kinds.values().chain([&self.outcomes, &self.unfinished]);
        all.copied().try_for_each(|n| count(file, "the number of requests", n as f64).map(drop))?;
        let failures = self.failures.unwrap_or_default();
        if failures <= self.outcomes {
            return Ok(());
        }
        let what = format!("{failures} of {} requests failed: the file is damaged", self.outcomes);
        Err(IngestError::new(file, Problem::Malformed(what)))
    }

    fn endpoint(&self, key: EndpointKey) -> Endpoint {
        let requests = self.outcomes.saturating_add(self.unfinished);
        let outcomes = (self.unfinished > 0 && self.failures.is_some()).then_some(self.outcomes);
        let good = self.outcomes.saturating_sub(self.failures.unwrap_or_default());
        let latency =
            self.latency.clone().map(|own| Latency { count: own.count.or(Some(good)), ..own });
        Endpoint {
            requests: Some(requests),
            failures: self.failures,
            outcomes,
            failure_kinds: most_frequent(self.kinds.clone()),
            throughput_rps: Some(self.outcomes as f64 / self.duration_s)
                .filter(|rate| rate.is_finite()),
            latency,
            ..Endpoint::new(key)
        }
    }
}

/// The run of these levels.
fn run_of(file: &str, tool: Tool, levels: Vec<Level>) -> Result<Ingested, IngestError> {
    let mut run = Run::new(tool);
    run.started_at = levels.iter().filter_map(|level| level.started_at).min();
    let durations = levels.iter().map(|level| amount(file, "the duration", level.duration_s));
    let duration = durations.sum::<Result<f64, _>>()?;
    levels.iter().try_for_each(|level| level.check(file))?;
    run.duration_s = Some(duration).filter(|s| *s > 0.0);
    if let [level] = levels.as_slice() {
        run.total = level.endpoint(EndpointKey::Total);
    } else {
        run.total = total_of(&levels, run.duration_s);
        let mut census = Census::default();
        for level in &levels {
            let key = EndpointKey::named(Kind::Scenario, None, &level.name);
            census.count(&key).map_err(|why| IngestError::new(file, why.into()))?;
            run.endpoints.push(level.endpoint(key));
        }
        let names: BTreeSet<&EndpointKey> = run.endpoints.iter().map(|own| &own.key).collect();
        if names.len() < levels.len() {
            let what = "it holds several results of the same load: give each a file of its own";
            return Err(IngestError::new(file, Problem::Malformed(what.to_owned())));
        }
    }
    let keys = run.endpoints.iter().map(|own| own.key.clone());
    let keys = keys.chain(std::iter::once(EndpointKey::Total)).collect::<Vec<_>>();
    for (level, key) in levels.into_iter().zip(keys) {
        let own = |metric| CustomMetric { endpoint: key.clone(), ..metric };
        run.metrics.extend(level.metrics.into_iter().map(own));
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// All levels together: they are different loads, so that their requests can be counted, and no more.
fn total_of(levels: &[Level], duration_s: Option<f64>) -> Endpoint {
    let sum = |of: &dyn Fn(&Level) -> u64| levels.iter().map(of).fold(0, u64::saturating_add);
    let outcomes = sum(&|level| level.outcomes);
    let requests = outcomes.saturating_add(sum(&|level| level.unfinished));
    let known = levels.iter().all(|level| level.failures.is_some());
    Endpoint {
        requests: Some(requests),
        failures: known.then(|| sum(&|level| level.failures.unwrap_or_default())),
        outcomes: (known && outcomes < requests).then_some(outcomes),
        throughput_rps: duration_s.map(|s| outcomes as f64 / s),
        ..Endpoint::new(EndpointKey::Total)
    }
}

/// A metric of these samples, in the unit that everybody means by its name; none without samples.
fn measured(name: &str, values: Values) -> Option<CustomMetric> {
    let unit = known_metric(name).map_or(Unit::Number, KnownMetric::unit);
    (values.count() > 0).then(|| CustomMetric::of_samples(name, unit, values))
}

/// Adds a sample in the base unit of its metric.
fn record(values: &mut Values, file: &str, name: &str, value: f64) -> Result<(), IngestError> {
    if (0.0..=MOST).contains(&value) {
        values.record(value);
        return Ok(());
    }
    let (what, why) = (name.to_owned(), "is nothing that an answer can have");
    Err(IngestError::new(file, Problem::BadValue { what, value: value.to_string(), why }))
}

/// What a file states of a metric, in the unit that everybody means by its name.
#[derive(Default)]
struct Stated {
    count: Option<u64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    stddev: Option<f64>,
    quantiles: BTreeMap<Quantile, f64>,
}

impl Stated {
    /// Whether nothing was measured: tools write zeros for what has no sample.
    fn is_nothing(&self) -> bool {
        let numbers = [self.mean, self.min, self.max].into_iter().flatten();
        self.count == Some(0) || !numbers.chain(self.quantiles.values().copied()).any(|v| v > 0.0)
    }

    /// Refuses numbers that cannot be.
    fn check(&self, file: &str, name: &str) -> Result<(), IngestError> {
        let numbers = [self.mean, self.min, self.max, self.stddev].into_iter().flatten();
        for number in numbers.chain(self.quantiles.values().copied()) {
            amount(file, name, number)?;
        }
        count(file, name, self.count.unwrap_or_default() as f64)?;
        let ascending: Vec<f64> = self.quantiles.values().copied().collect();
        match ascending.windows(2).find(|pair| pair[0] > pair[1]) {
            Some(pair) => {
                let what = format!(
                    "the percentiles of {name} fall, from {} to {}: the file is damaged",
                    pair[0], pair[1]
                );
                Err(IngestError::new(file, Problem::Malformed(what)))
            }
            None => Ok(()),
        }
    }

    /// The metric of this name; none where nothing was measured.
    fn metric(self, file: &str, name: &str) -> Result<Option<CustomMetric>, IngestError> {
        self.check(file, name)?;
        let unit = known_metric(name).map_or(Unit::Number, KnownMetric::unit);
        Ok((!self.is_nothing()).then(|| CustomMetric {
            sort: Some(MetricType::Trend),
            value: self.mean,
            count: self.count,
            quantiles: self.quantiles,
            ..CustomMetric::new(name, unit)
        }))
    }

    /// The response times, in milliseconds; none where nothing was measured.
    fn latency(self, file: &str) -> Result<Option<Latency>, IngestError> {
        self.check(file, "the response time")?;
        let longest = self.max.into_iter().chain(self.quantiles.values().copied()).chain(self.mean);
        if let Some(value) = longest.into_iter().find(|ms| !Distribution::takes(*ms)) {
            return Err(no_time(file, value));
        }
        Ok((!self.is_nothing()).then(|| Latency {
            count: self.count,
            mean: self.mean,
            min: self.min,
            max: self.max,
            stddev: self.stddev,
            quantiles: self.quantiles,
            ..Latency::default()
        }))
    }
}

fn no_time(file: &str, value: f64) -> IngestError {
    let (what, why) = ("the response time".to_owned(), "is no response time in milliseconds");
    IngestError::new(file, Problem::BadValue { what, value: value.to_string(), why })
}

/// Response times in milliseconds; none without any.
fn times(file: &str, all: impl IntoIterator<Item = f64>) -> Result<Option<Latency>, IngestError> {
    let mut distribution = Distribution::new();
    for ms in all {
        distribution.record(ms).map_err(|_| no_time(file, ms))?;
    }
    Ok((distribution.count() > 0).then(|| Latency::from_distribution(distribution)))
}

/// A number of a whole level.
fn number(file: &str, name: &str, value: Option<f64>) -> Result<Option<CustomMetric>, IngestError> {
    let Some(value) = value else { return Ok(None) };
    let unit = known_metric(name).map_or(Unit::Number, KnownMetric::unit);
    let value = Some(amount(file, name, value)?);
    Ok(Some(CustomMetric { value, ..CustomMetric::new(name, unit) }))
}
