//! One execution of a load test, normalised.

use super::commit::CommitId;
use super::credentials::without_credentials;
use super::distribution::{Between, Distribution, OutOfRange, interpolate};
use super::endpoint::EndpointKey;
use super::measurement::MeasurementKey;
use super::metric::{Direction, Metric, Statistic};
use super::quantile::Quantile;
use super::timeline::Timeline;
use super::unit::Unit;
use super::untrusted::{Raw, Untrusted};
use super::values::Values;
use std::collections::BTreeMap;

/// One execution of a load test. What a file does not say stays absent.
#[derive(Debug, Clone)]
pub struct Run {
    /// The tool that made the load.
    pub tool: Tool,
    /// Which of a repository's suites this is.
    pub suite: Untrusted,
    /// The named load, if there is one.
    pub profile: Option<Untrusted>,
    /// Where it ran (`ci`, `staging`).
    pub environment: Option<Untrusted>,
    /// The commit that was measured.
    pub commit: Option<CommitId>,
    /// When the load started.
    pub started_at: Option<jiff::Timestamp>,
    /// How long the load lasted, in seconds.
    pub duration_s: Option<f64>,
    /// The shape of the load.
    pub load: Load,
    /// What else the run is labelled with; `runner` is the class of machine.
    pub labels: BTreeMap<Untrusted, Untrusted>,
    /// All endpoints together.
    pub total: Endpoint,
    /// The endpoints, in the order of the file.
    pub endpoints: Vec<Endpoint>,
    /// The user's own metrics.
    pub metrics: Vec<CustomMetric>,
    /// What the machine used meanwhile, by name and unit (`cpu_percent`).
    pub resources: BTreeMap<Untrusted, Resource>,
    /// Values over time, by name (`cpu_percent`, `throughput_rps`).
    pub timeline: BTreeMap<Untrusted, Timeline>,
    /// The checks of the script.
    pub checks: Vec<Check>,
    /// How long fixed pieces of work took on the machine (`cpu`, `memory`, `loopback`), in milliseconds.
    pub calibration: BTreeMap<Untrusted, f64>,
}

impl Run {
    /// A run of this tool that knows nothing yet.
    pub fn new(tool: Tool) -> Self {
        Self {
            tool,
            suite: Self::DEFAULT_SUITE.into(),
            profile: None,
            environment: None,
            commit: None,
            started_at: None,
            duration_s: None,
            load: Load::default(),
            labels: BTreeMap::new(),
            total: Endpoint::new(EndpointKey::Total),
            endpoints: Vec::new(),
            metrics: Vec::new(),
            resources: BTreeMap::new(),
            timeline: BTreeMap::new(),
            checks: Vec::new(),
            calibration: BTreeMap::new(),
        }
    }

    /// The suite of a run that names none.
    pub const DEFAULT_SUITE: &str = "default";

    /// One number of the run; none where it was not measured.
    pub fn value(&self, key: &MeasurementKey) -> Option<f64> {
        if let Metric::Custom(name) = &key.metric {
            return self.metric(name, &key.endpoint)?.statistic(key.statistic);
        }
        let same = |e: &&Endpoint| e.key == key.endpoint;
        let alike = |e: &&Endpoint| e.key.same_without_method(&key.endpoint);
        let found = self.all_endpoints().find(same).or_else(|| self.all_endpoints().find(alike))?;
        found.value(&key.metric, key.statistic)
    }

    /// The metric of this name that belongs to this endpoint.
    fn metric(&self, name: &Untrusted, endpoint: &EndpointKey) -> Option<&CustomMetric> {
        let own = || self.metrics.iter().filter(|m| m.name == *name);
        let alike = |m: &&CustomMetric| m.endpoint.same_without_method(endpoint);
        own().find(|m| m.endpoint == *endpoint).or_else(|| own().find(alike))
    }

    /// Why the load generator could not keep up the load, if it could not: its own processor was full, or it left out more than
    /// a hundredth of what it should have started.
    pub fn overload(&self) -> Option<String> {
        let cpu = self.resources.get(GENERATOR_CPU).and_then(|own| own.mean);
        if let Some(cpu) = cpu.filter(|cpu| *cpu > 90.0) {
            return Some(format!("its CPU was at {cpu:.0} %"));
        }
        let total = |name: &str| {
            self.metric(&name.into(), &EndpointKey::Total).and_then(|metric| metric.value)
        };
        let (dropped, done) = (total(DROPPED)?, total(MADE)?);
        let share = dropped / (dropped + done).max(1.0);
        (share > 0.01).then(|| format!("{dropped:.0} iterations were dropped"))
    }

    /// Whether it has metrics beside those that the load generator counts of itself.
    pub fn has_own_metrics(&self) -> bool {
        let of_generator = |name: &str| matches!(name, DROPPED | MADE);
        self.metrics.iter().any(|metric| !of_generator(metric.name.raw()))
    }

    /// The total, then the endpoints.
    pub fn all_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        std::iter::once(&self.total).chain(&self.endpoints)
    }
}

/// How busy the load generator was, of what it could use.
pub(super) const GENERATOR_CPU: &str = "generator_cpu_percent";

/// Iterations that the load generator could not start, and those that it made.
const DROPPED: &str = "dropped_iterations";
const MADE: &str = "iterations";

/// The tool that made the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name, lower case (`locust`, `k6`).
    pub name: Untrusted,
    /// Its version, where the file says it.
    pub version: Option<Untrusted>,
}

/// The shape of the load, as far as the file knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Users (virtual users, connections) at once.
    pub users: Option<u64>,
    /// Users started per second.
    pub spawn_rate: Option<f64>,
    /// The host that was loaded.
    pub target: Option<Untrusted>,
    /// Hash of the script that made the load.
    pub script_sha256: Option<Untrusted>,
}

/// What was measured of one endpoint, or of all together.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Which endpoint.
    pub key: EndpointKey,
    /// Requests made, failed ones included.
    pub requests: Option<u64>,
    /// Requests that failed.
    pub failures: Option<u64>,
    /// Requests whose outcome is known, where that is not all of them (k6 can leave some out).
    pub outcomes: Option<u64>,
    /// Failed of all requests, a fraction in [0, 1], where the file gives it without counts.
    pub stated_error_rate: Option<f64>,
    /// Requests per second.
    pub throughput_rps: Option<f64>,
    /// Response times.
    pub latency: Option<Latency>,
    /// The kinds of failure, as the tool words them.
    pub failure_kinds: Vec<FailureKind>,
    /// Where the time goes: the mean of each part of a request (`waiting`, `connecting`), in milliseconds.
    pub parts: BTreeMap<Untrusted, f64>,
}

impl Endpoint {
    /// An endpoint of which nothing is known yet.
    pub fn new(key: EndpointKey) -> Self {
        Self {
            key,
            requests: None,
            failures: None,
            outcomes: None,
            stated_error_rate: None,
            throughput_rps: None,
            latency: None,
            failure_kinds: Vec::new(),
            parts: BTreeMap::new(),
        }
    }

    /// Failures, and the requests they are counted in; none when either is unknown or there was no request.
    pub fn failure_counts(&self) -> Option<(u64, u64)> {
        let of = self.outcomes.or(self.requests)?;
        (of > 0).then_some((self.failures?, of))
    }

    /// Failed of all requests, a fraction in [0, 1]; none without requests.
    pub fn error_rate(&self) -> Option<f64> {
        match self.failure_counts() {
            Some((failures, of)) => Some(failures as f64 / of as f64),
            None if self.requests == Some(0) => None,
            None => self.stated_error_rate,
        }
    }

    /// One number of this endpoint; none where it was not measured. Custom metrics are the run's.
    pub fn value(&self, metric: &Metric, statistic: Statistic) -> Option<f64> {
        match metric {
            Metric::Latency => {
                self.latency.as_ref().filter(|l| !l.has_no_data())?.statistic(statistic)
            }
            Metric::ErrorRate => self.error_rate(),
            Metric::Throughput => self.throughput_rps,
            Metric::Custom(_) => None,
        }
    }

    /// Whether not one request succeeded: then the response times say nothing.
    pub fn all_failed(&self) -> bool {
        self.error_rate().is_some_and(|rate| rate >= 1.0)
    }

    /// Whether the file lists the endpoint but nothing was requested.
    pub fn is_empty(&self) -> bool {
        match self.requests {
            Some(requests) => requests == 0,
            None => self.latency.as_ref().is_some_and(|latency| latency.has_no_data()),
        }
    }
}

/// One kind of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureKind {
    /// The tool's words; they differ between its versions.
    pub message: Untrusted,
    /// How often.
    pub count: u64,
}

impl FailureKind {
    /// The most characters of a message.
    const LONGEST: usize = 300;

    /// A kind of failure. Passwords and tokens in the message are left out, and the end of a long one.
    pub fn new(message: &str, count: u64) -> Self {
        let message = without_credentials(message);
        let message = match message.char_indices().nth(Self::LONGEST) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message.into_owned(),
        };
        Self { message: message.into(), count }
    }
}

/// How the source rounded its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// As Locust does: whole milliseconds below 100, tens below 1000, hundreds below 10 000, else thousands.
    TwoSignificantDigits,
    /// To steps that are the same everywhere.
    Steps {
        /// The step, in microseconds.
        us: u64,
    },
}

impl Rounding {
    /// Half of a rounding step at this value, in milliseconds: the truth may lie that far off.
    pub fn half_step(self, ms: f64) -> f64 {
        match self {
            Self::TwoSignificantDigits if ms < 100.0 => 0.5,
            Self::TwoSignificantDigits if ms < 1_000.0 => 5.0,
            Self::TwoSignificantDigits if ms < 10_000.0 => 50.0,
            Self::TwoSignificantDigits => 500.0,
            Self::Steps { us } => us as f64 / 2e3,
        }
    }

    /// The nearest value, in milliseconds, that the source can write.
    fn snapped(self, ms: f64) -> f64 {
        let step = 2.0 * self.half_step(ms);
        (ms / step).round() * step
    }

    /// The same place between rounded samples, and how far the truth may be from it: by as much of each of the two half steps as it
    /// has of the samples.
    fn around(self, own: Between) -> (Between, f64) {
        let own = Between { low: self.snapped(own.low), high: self.snapped(own.high), ..own };
        let off = (1.0 - own.part) * self.half_step(own.low) + own.part * self.half_step(own.high);
        (own, off)
    }

    /// Of two roundings that one source was seen to have, the one that it has: values that happen to be round hide small steps.
    pub(super) fn finer(self, other: Self) -> Self {
        match (self, other) {
            (Self::Steps { us: a }, Self::Steps { us: b }) => Self::Steps { us: a.min(b) },
            (Self::TwoSignificantDigits, own) | (own, Self::TwoSignificantDigits) => own,
        }
    }
}

/// Response times, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Latency {
    /// Number of samples.
    pub count: Option<u64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Smallest sample.
    pub min: Option<f64>,
    /// Largest sample.
    pub max: Option<f64>,
    /// The quantiles that the file gives or the distribution has.
    pub quantiles: BTreeMap<Quantile, f64>,
    /// How the source rounded the quantiles, if it did.
    pub rounding: Option<Rounding>,
    /// How far rounding may have moved a quantile that lies between two samples of different steps, in milliseconds, where that
    /// is more than half a step at the quantile itself.
    pub half_steps: BTreeMap<Quantile, f64>,
    /// All samples, where there are any.
    pub distribution: Option<Distribution>,
}

impl Latency {
    /// The summary of a distribution, with the quantiles of [`Quantile::GRID`].
    pub fn from_distribution(distribution: Distribution) -> Self {
        let quantiles = distribution.quantiles(&Quantile::GRID).into_iter().collect();
        Self {
            count: Some(distribution.count()),
            mean: distribution.mean(),
            min: distribution.min(),
            max: distribution.max(),
            quantiles,
            rounding: None,
            half_steps: BTreeMap::new(),
            distribution: Some(distribution),
        }
    }

    /// The summary of a distribution of rounded samples. A histogram moves them a hair, which is taken back.
    pub(super) fn rounded(distribution: Distribution, rounding: Option<Rounding>) -> Self {
        let mut latency = Self::from_distribution(distribution);
        if let (Some(rounding), Some(all)) = (rounding, &latency.distribution) {
            let value = |(level, own)| (level, rounding.around(own).0.value());
            latency.quantiles = all.around(&Quantile::GRID).into_iter().map(value).collect();
        }
        latency.set_rounding(rounding);
        latency
    }

    /// Sets how the source rounded.
    pub fn set_rounding(&mut self, rounding: Option<Rounding>) {
        self.rounding = rounding;
        let Some((rounding, all)) = rounding.zip(self.distribution.as_ref()) else { return };
        let off = |(level, own): (Quantile, Between)| {
            let (own, off) = rounding.around(own);
            // More than the noise of the arithmetic.
            (off > rounding.half_step(own.value()) * 1.000_001).then_some((level, off))
        };
        self.half_steps = all.around(&Quantile::GRID).into_iter().filter_map(off).collect();
    }

    /// How far rounding may have moved a quantile that is at this value, in milliseconds; 0 where the source does not round.
    pub fn half_step(&self, level: Quantile, ms: f64) -> f64 {
        let usual = self.rounding.map_or(0.0, |rounding| rounding.half_step(ms));
        self.half_steps.get(&level).copied().unwrap_or_default().max(usual)
    }

    /// The summary of values in milliseconds with how often each was seen; the quantiles are exact, which a
    /// histogram's are only to three digits.
    pub fn from_counts(mut counts: Vec<(f64, u64)>) -> Result<Self, OutOfRange> {
        counts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut distribution = Distribution::new();
        let mut ends = Vec::with_capacity(counts.len());
        for (value, n) in &counts {
            distribution.record_n(*value, *n)?;
            ends.push(distribution.count());
        }
        let at_rank = |rank: u64| {
            let bucket = ends.partition_point(|end| *end <= rank);
            counts.get(bucket).map_or(f64::NAN, |(value, _)| *value)
        };
        let quantiles = Quantile::GRID
            .iter()
            .filter_map(|level| {
                Some((*level, interpolate(distribution.count(), level.fraction(), at_rank)?))
            })
            .collect();
        Ok(Self { quantiles, ..Self::from_distribution(distribution) })
    }

    /// One number of the response times; none where it was not measured.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Mean => self.mean,
            Statistic::Min => self.min,
            Statistic::Max => self.max,
            Statistic::Quantile(level) => self
                .quantiles
                .get(&level)
                .copied()
                .or_else(|| self.distribution.as_ref()?.quantile(level)),
            Statistic::Rate | Statistic::Value => None,
        }
    }

    /// Whether there is nothing in it: no sample, or every number exactly zero, which is how tools write a series
    /// that never received one.
    pub fn has_no_data(&self) -> bool {
        let numbers = [self.mean, self.min, self.max];
        let mut known = numbers.into_iter().flatten().chain(self.quantiles.values().copied());
        self.count == Some(0) || known.all(|value| value <= 0.0)
    }
}

/// What a custom metric is made of, which says how shards add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// A sum.
    Counter,
    /// A state, of which the last value counts.
    Gauge,
    /// A share.
    Rate,
    /// Samples.
    Trend,
}

/// A metric of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomMetric {
    /// Its name.
    pub name: Untrusted,
    /// What it is made of, where the file says so.
    pub sort: Option<MetricType>,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better, where the file says so.
    pub direction: Option<Direction>,
    /// Its single number: the value, or the mean of its samples.
    pub value: Option<f64>,
    /// How many samples it has.
    pub count: Option<u64>,
    /// Quantiles of its samples.
    pub quantiles: BTreeMap<Quantile, f64>,
    /// Its samples, where they were read; they stand in no file of perfgate's own.
    pub values: Option<Values>,
    /// The endpoint that it belongs to, or the whole run.
    pub endpoint: EndpointKey,
}

impl CustomMetric {
    /// A metric with this name and unit of which nothing is known yet.
    pub fn new(name: &str, unit: Unit) -> Self {
        Self {
            name: name.into(),
            sort: None,
            unit,
            direction: None,
            value: None,
            count: None,
            quantiles: BTreeMap::new(),
            values: None,
            endpoint: EndpointKey::Total,
        }
    }

    /// One number of the metric; none where it was not measured.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Value | Statistic::Mean => self.value,
            Statistic::Quantile(level) => self.quantiles.get(&level).copied(),
            Statistic::Min | Statistic::Max | Statistic::Rate => None,
        }
    }
}

/// Use of one resource of the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resource {
    /// Mean over the run.
    pub mean: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Trend over the run, in units per hour.
    pub slope_per_hour: Option<f64>,
    /// What the trend is at least and at most, in units per hour (95 % confidence), by every part of the steady run.
    pub slope_interval: Option<Span>,
}

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A check of the script: a condition on the answers that does not fail a request by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name, with the group it stands in.
    pub name: Untrusted,
    /// How often it held.
    pub passes: u64,
    /// How often it did not.
    pub fails: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_give_exact_quantiles() {
        let latency = Latency::from_counts(vec![(20.0, 1), (10.0, 9)]).unwrap();
        assert_eq!(latency.quantiles[&Quantile::P50], 10.0);
        assert_eq!((latency.count, latency.max, latency.mean), (Some(10), Some(20.0), Some(11.0)));
    }

    #[test]
    fn a_series_of_zeros_is_no_data() {
        let mut latency = Latency { mean: Some(0.0), max: Some(0.0), ..Latency::default() };
        latency.quantiles.insert(Quantile::P95, 0.0);
        assert!(latency.has_no_data());
        latency.max = Some(0.1);
        assert!(!latency.has_no_data());
    }

    #[test]
    fn no_request_has_no_error_rate() {
        let mut endpoint = Endpoint::new(EndpointKey::Total);
        (endpoint.requests, endpoint.failures) = (Some(0), Some(0));
        assert_eq!((endpoint.error_rate(), endpoint.all_failed()), (None, false));
        (endpoint.requests, endpoint.failures) = (Some(4), Some(4));
        assert_eq!((endpoint.error_rate(), endpoint.all_failed()), (Some(1.0), true));
    }
}
