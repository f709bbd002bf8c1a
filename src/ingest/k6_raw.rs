//! The samples of a raw k6 output, gathered into a run. The two raw formats differ only in how a line is read.

use super::Ingested;
use super::error::Problem;
use super::k6_metric::{
    CHECKS, DROPPED, DURATION, FAILED, GRPC, REQUESTS, USERS, is_built_in, is_websocket_latency,
    unit,
};
use crate::model::{
    Check, CustomMetric, Distribution, Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool,
    Unit, Warning, WarningKind,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Most endpoints that a run may have. More is nearly always an id in the URL, and no report can show it.
const MOST_ENDPOINTS: usize = 10_000;

/// Most custom metrics, and most checks, that a run may have.
const MOST_METRICS: usize = 2_000;

/// One sample of a raw output.
pub(super) struct Sample<'a> {
    pub(super) metric: &'a str,
    pub(super) time: Timestamp,
    pub(super) value: f64,
    pub(super) tags: Tags<'a>,
}

/// The tags that matter here; absent and empty are the same.
#[derive(Default)]
pub(super) struct Tags<'a> {
    pub(super) method: &'a str,
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) group: &'a str,
    pub(super) check: &'a str,
}

/// What the file says of a metric.
pub(super) struct Declaration {
    /// `trend`, `counter`, `rate` or `gauge`.
    pub(super) sort: String,
    /// `time`, `data` or `default`.
    pub(super) contains: String,
}

/// Everything that was gathered so far.
#[derive(Default)]
pub(super) struct Gathered {
    endpoints: BTreeMap<EndpointKey, Tally>,
    /// Endpoints by kind, method and name as one text.
    known: HashMap<String, EndpointKey>,
    total: Tally,
    span: Option<(Timestamp, Timestamp)>,
    users: Option<(f64, f64)>,
    dropped: f64,
    checks: BTreeMap<String, (u64, u64)>,
    custom: BTreeMap<String, Series>,
    declared: BTreeMap<String, Declaration>,
}

/// What is counted of one endpoint.
#[derive(Default)]
struct Tally {
    requests: u64,
    failures: u64,
    outcomes: u64,
    times: Distribution,
}

/// The samples of a custom metric whose type may only be known later.
#[derive(Default)]
struct Series {
    count: u64,
    sum: f64,
    last: Option<(Timestamp, f64)>,
    /// None once a value was no latency, so that there are no quantiles.
    times: Option<Distribution>,
}

impl Gathered {
    pub(super) fn declare(&mut self, metric: &str, declaration: Declaration) {
        self.declared.insert(metric.to_owned(), declaration);
    }

    /// Adds one sample.
    pub(super) fn add(&mut self, sample: &Sample<'_>) -> Result<(), Problem> {
        match sample.metric {
            REQUESTS => {
                self.widen(sample.time);
                let tally = self.tally(Kind::Http, &sample.tags)?;
                tally.requests += 1;
                self.total.requests += 1;
            }
            DURATION => {
                record(&mut self.total.times, sample)?;
                record(&mut self.tally(Kind::Http, &sample.tags)?.times, sample)?;
            }
            FAILED => {
                let failed = u64::from(sample.value > 0.0);
                let tally = self.tally(Kind::Http, &sample.tags)?;
                tally.failures += failed;
                tally.outcomes += 1;
                self.total.failures += failed;
                self.total.outcomes += 1;
            }
            GRPC => {
                self.widen(sample.time);
                let tally = self.tally(Kind::Grpc, &sample.tags)?;
                tally.requests += 1;
                record(&mut tally.times, sample)?;
            }
            metric if is_websocket_latency(metric) => {
                self.widen(sample.time);
                let name = format!("{metric} {}", sample.tags.url);
                let tags = Tags { name: &name, ..Tags::default() };
                let tally = self.tally(Kind::Websocket, &tags)?;
                tally.requests += 1;
                record(&mut tally.times, sample)?;
            }
            USERS => {
                let (low, high) = self.users.unwrap_or((sample.value, sample.value));
                self.users = Some((low.min(sample.value), high.max(sample.value)));
            }
            DROPPED => self.dropped += sample.value,
            CHECKS => {
                let group = sample.tags.group;
                let separator = if group.is_empty() { "" } else { "::" };
                let name = format!("{group}{separator}{}", sample.tags.check);
                if self.checks.len() >= MOST_METRICS && !self.checks.contains_key(&name) {
                    return Err(Problem::TooMany { what: "checks", limit: MOST_METRICS });
                }
                let (passes, fails) = self.checks.entry(name).or_default();
                *(if sample.value > 0.0 { passes } else { fails }) += 1;
            }
            metric if !is_built_in(metric) => self.add_custom(sample)?,
            _ => {}
        }
        Ok(())
    }

    fn widen(&mut self, time: Timestamp) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// The tally of the endpoint that the tags name.
    fn tally(&mut self, kind: Kind, tags: &Tags<'_>) -> Result<&mut Tally, Problem> {
        let name = if tags.name.is_empty() { tags.url } else { tags.name };
        let text = format!("{kind} {} {name}", tags.method);
        if !self.known.contains_key(&text) {
            let method = Some(tags.method).filter(|method| !method.is_empty());
            if self.known.len() >= MOST_ENDPOINTS {
                let example = name.chars().take(100).collect();
                return Err(Problem::TooManyEndpoints { limit: MOST_ENDPOINTS, example });
            }
            self.known.insert(text.clone(), EndpointKey::named(kind, method, name));
        }
        Ok(self.endpoints.entry(self.known[&text].clone()).or_default())
    }

    fn add_custom(&mut self, sample: &Sample<'_>) -> Result<(), Problem> {
        if !self.custom.contains_key(sample.metric) {
            if self.custom.len() >= MOST_METRICS {
                return Err(Problem::TooMany { what: "metrics", limit: MOST_METRICS });
            }
            let series = Series { times: Some(Distribution::new()), ..Series::default() };
            self.custom.insert(sample.metric.to_owned(), series);
        }
        let Some(series) = self.custom.get_mut(sample.metric) else { return Ok(()) };
        series.count += 1;
        series.sum += sample.value;
        if series.last.is_none_or(|(time, _)| time <= sample.time) {
            series.last = Some((sample.time, sample.value));
        }
        if series.times.as_mut().is_some_and(|times| times.record(sample.value).is_err()) {
            series.times = None;
        }
        Ok(())
    }

    /// The run that was gathered.
    pub(super) fn finish(self, file: &str) -> Ingested {
        let mut run = Run::new(Tool { name: "k6".to_owned(), version: None });
        let mut warnings = Vec::new();
        if let Some((first, last)) = self.span {
            run.started_at = Some(first);
            run.duration_s = Some(last.duration_since(first).as_secs_f64()).filter(|s| *s > 0.0);
        }
        run.load.users = match self.users {
            // The number of users is a whole number in the file; a ramp has none.
            Some((low, high)) if (high - low).abs() < 0.5 && high >= 0.0 => Some(high as u64),
            _ => None,
        };
        let http = self.total.requests > 0 || self.endpoints.is_empty();
        run.total = endpoint(EndpointKey::Total, self.total, run.duration_s);
        if !http {
            // Only WebSocket or gRPC was used: the HTTP total is not zero requests but no total at all.
            run.total = Endpoint::new(EndpointKey::Total);
        }
        let duration_s = run.duration_s;
        run.endpoints = self
            .endpoints
            .into_iter()
            .map(|(key, tally)| endpoint(key, tally, duration_s))
            .collect();
        let named = |(name, (passes, fails))| Check { name, passes, fails };
        run.checks = self.checks.into_iter().map(named).collect();
        for (name, series) in self.custom {
            run.metrics.push(custom_metric(&name, series, self.declared.get(&name)));
        }
        if self.dropped > 0.0 {
            let kind = WarningKind::DroppedIterations { count: self.dropped as u64 };
            warnings.push(Warning::at(kind, file, None));
        }
        if let (Some(known), Some(requests)) = (run.total.outcomes, run.total.requests)
            && known < requests
        {
            let kind = WarningKind::UnknownOutcomes { known, requests };
            warnings.push(Warning::at(kind, file, None));
        }
        Ingested { run, warnings }
    }
}

fn record(times: &mut Distribution, sample: &Sample<'_>) -> Result<(), Problem> {
    times.record(sample.value).map_err(|_| Problem::BadValue {
        what: sample.metric.to_owned(),
        value: sample.value.to_string(),
        why: "is no response time in milliseconds",
    })
}

fn endpoint(key: EndpointKey, tally: Tally, duration_s: Option<f64>) -> Endpoint {
    let mut endpoint = Endpoint::new(key);
    endpoint.requests = Some(tally.requests);
    if tally.outcomes > 0 {
        endpoint.failures = Some(tally.failures);
        endpoint.outcomes = Some(tally.outcomes).filter(|of| *of != tally.requests);
    }
    endpoint.throughput_rps = duration_s.map(|s| tally.requests as f64 / s);
    endpoint.latency = Some(Latency::from_distribution(tally.times));
    endpoint
}

fn custom_metric(name: &str, series: Series, declared: Option<&Declaration>) -> CustomMetric {
    let mut metric = CustomMetric::new(name, unit(declared.map(|d| d.contains.as_str())));
    metric.count = Some(series.count);
    let mean = series.sum / series.count.max(1) as f64;
    match declared.map(|d| d.sort.as_str()) {
        Some("counter") => (metric.value, metric.count) = (Some(series.sum), None),
        Some("gauge") => (metric.value, metric.count) = (series.last.map(|(_, value)| value), None),
        Some("rate") => (metric.value, metric.unit) = (Some(mean), Unit::Ratio),
        // The CSV output does not say the type: the mean and the quantiles of the samples then say what can be said.
        _ => {
            metric.value = Some(mean);
            let times = series.times.unwrap_or_default();
            let quantile = |level: &Quantile| Some((*level, times.quantile(*level)?));
            metric.quantiles = Quantile::GRID.iter().filter_map(quantile).collect();
        }
    }
    metric
}
