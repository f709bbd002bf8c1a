//! The samples of a raw k6 output, gathered into a run. The two raw formats differ only in how a line is read.
//!
//! Nothing depends on the order of the lines: what several workers gather adds up to the same, digit by digit.

use super::error::Problem;
use super::k6_metric::{dropped_metrics, unit};
use super::k6_sample::{Declaration, Known, Sample, Tags};
use super::k6_tally::{Tally, record};
use super::seconds::Seconds;
use super::wanted::Wanted;
use super::{By, Ingested};
use crate::config::Pattern;
use crate::model::{
    Check, CustomMetric, Distribution, Endpoint, EndpointKey, Kind, Quantile, Run, Tool, Unit,
    Warning, WarningKind,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Most endpoints that a run may have. More is nearly always an id in the URL, and no report can show it.
const MOST_ENDPOINTS: usize = 10_000;
/// Most custom metrics, and most checks, that a run may have.
const MOST_METRICS: usize = 2_000;
/// Sets of tags that are known at once.
const MOST_TAGS: usize = 1_000_000;
/// Sums are whole numbers of this part of a unit, so that their order cannot matter.
const SUM_STEP: f64 = 1e-9;
const NS_PER_SECOND: i64 = 1_000_000_000;
/// The groups of requests that are no part of the load.
const APART: [&str; 2] = ["::setup", "::teardown"];

/// A set of tags, and the endpoints that it stands for once they are known.
struct Tagged {
    tags: Tags,
    http: Option<u32>,
    by: Option<u32>,
}

/// Everything that was gathered so far.
pub(super) struct Gathered {
    wanted: Wanted,
    endpoints: Vec<(EndpointKey, Tally)>,
    known: HashMap<EndpointKey, u32>,
    tagged: Vec<Tagged>,
    ids: HashMap<Tags, u32>,
    /// How often all tags were forgotten: numbers of before mean nothing now.
    generation: u64,
    span: Option<(i64, i64)>,
    users: Option<(f64, f64)>,
    dropped: f64,
    iterations: f64,
    checks: BTreeMap<String, (u64, u64)>,
    custom: HashMap<String, Series>,
    declared: BTreeMap<String, Declaration>,
    seconds: Seconds,
}

/// The samples of a custom metric whose type may only be known later.
#[derive(Default)]
struct Series {
    count: u64,
    /// In steps of [`SUM_STEP`].
    sum: i128,
    /// Time, place in the file, value.
    last: Option<(i64, u64, f64)>,
    /// None once a value was no latency, so that there are no quantiles.
    times: Option<Distribution>,
}

impl Gathered {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            endpoints: Vec::new(),
            known: HashMap::new(),
            tagged: Vec::new(),
            ids: HashMap::new(),
            generation: 0,
            span: None,
            users: None,
            dropped: 0.0,
            iterations: 0.0,
            checks: BTreeMap::new(),
            custom: HashMap::new(),
            declared: BTreeMap::new(),
            seconds: Seconds::default(),
        }
    }

    pub(super) fn declare(&mut self, metric: &str, declaration: Declaration) {
        self.declared.insert(metric.to_owned(), declaration);
    }

    /// The number by which a set of tags is known from now on.
    pub(super) fn tags(&mut self, tags: Tags) -> u32 {
        if let Some(id) = self.ids.get(&tags) {
            return *id;
        }
        // A line whose tags no other line has would keep them for nothing.
        if self.tagged.len() >= MOST_TAGS {
            self.forget_tags();
        }
        let id = self.tagged.len() as u32;
        self.tagged.push(Tagged { tags: tags.clone(), http: None, by: None });
        self.ids.insert(tags, id);
        id
    }

    /// Forgets every set of tags: their numbers mean nothing any more.
    pub(super) fn forget_tags(&mut self) {
        self.generation += 1;
        self.tagged.clear();
        self.ids.clear();
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Adds one sample with the tags of this number.
    pub(super) fn add(&mut self, sample: Sample<'_>, tags: u32) -> Result<(), Problem> {
        if self.wanted.leaves_out(sample.time) {
            return Ok(());
        }
        let value = sample.value;
        match sample.known {
            Known::Part(part) => {
                self.http(tags)?.add_part(usize::from(part), value);
                return self.for_by(tags, |tally| {
                    tally.add_part(usize::from(part), value);
                    Ok(())
                });
            }
            Known::Duration => {
                record(&mut self.http(tags)?.times, value, sample.metric)?;
                self.seconds.time(sample.time.div_euclid(NS_PER_SECOND), value);
                return self.for_by(tags, |tally| record(&mut tally.times, value, sample.metric));
            }
            Known::Requests => {
                self.widen(sample.time);
                self.seconds.request(sample.time.div_euclid(NS_PER_SECOND));
                self.http(tags)?.requests += 1;
                return self.for_by(tags, |tally| {
                    tally.requests += 1;
                    Ok(())
                });
            }
            Known::Failed => {
                let failed = u64::from(value > 0.0);
                if failed > 0 {
                    self.seconds.failure(sample.time.div_euclid(NS_PER_SECOND));
                }
                let count = |tally: &mut Tally| {
                    tally.failures += failed;
                    tally.outcomes += 1;
                };
                count(self.http(tags)?);
                return self.for_by(tags, |tally| {
                    count(tally);
                    Ok(())
                });
            }
            Known::Grpc => self.timed(Kind::Grpc, sample, tags)?,
            Known::Websocket => self.timed(Kind::Websocket, sample, tags)?,
            Known::Users => {
                let (low, high) = self.users.unwrap_or((value, value));
                self.users = Some((low.min(value), high.max(value)));
            }
            Known::Dropped => self.dropped += value,
            Known::Iterations => self.iterations += value,
            Known::Checks => self.check(value, tags)?,
            Known::Custom => self.add_custom(sample)?,
            Known::Ignored => {}
        }
        Ok(())
    }

    fn widen(&mut self, time: i64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// The tally of the HTTP endpoint that the tags name.
    fn http(&mut self, tags: u32) -> Result<&mut Tally, Problem> {
        let known = self.tagged[tags as usize].http;
        let at = match known {
            Some(at) => at,
            None => {
                let own = &self.tagged[tags as usize].tags;
                let key = key(Kind::Http, &own.method, own, &self.wanted.collapse);
                let at = self.endpoint(key)?;
                self.tagged[tags as usize].http = Some(at);
                at
            }
        };
        Ok(&mut self.endpoints[at as usize].1)
    }

    /// Does the same for the group or scenario of the tags, where those are asked for.
    fn for_by(
        &mut self,
        tags: u32,
        mut count: impl FnMut(&mut Tally) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let Some(by) = self.wanted.by else { return Ok(()) };
        let at = match self.tagged[tags as usize].by {
            Some(at) => at,
            None => {
                let own = &self.tagged[tags as usize].tags;
                let (kind, name) = match by {
                    By::Group => (Kind::Group, &own.group),
                    By::Scenario => (Kind::Scenario, &own.scenario),
                };
                // What is in none has nothing to be told apart by.
                if name.is_empty() {
                    return Ok(());
                }
                let key = EndpointKey::named(kind, None, name);
                let at = self.endpoint(key)?;
                self.tagged[tags as usize].by = Some(at);
                at
            }
        };
        count(&mut self.endpoints[at as usize].1)
    }

    /// A request of which there is one sample alone.
    fn timed(&mut self, kind: Kind, sample: Sample<'_>, tags: u32) -> Result<(), Problem> {
        self.widen(sample.time);
        let own = &self.tagged[tags as usize].tags;
        let key = match kind {
            Kind::Websocket => {
                EndpointKey::named(kind, None, &format!("{} {}", sample.metric, own.url))
            }
            _ => key(kind, &own.method, own, &self.wanted.collapse),
        };
        let at = self.endpoint(key)?;
        let tally = &mut self.endpoints[at as usize].1;
        record(&mut tally.times, sample.value, sample.metric)?;
        tally.requests += 1;
        Ok(())
    }

    /// The place of an endpoint.
    fn endpoint(&mut self, key: EndpointKey) -> Result<u32, Problem> {
        if let Some(at) = self.known.get(&key) {
            return Ok(*at);
        }
        if self.endpoints.len() >= MOST_ENDPOINTS {
            let example = offenders(&key, &self.endpoints);
            return Err(Problem::TooManyEndpoints { limit: MOST_ENDPOINTS, example });
        }
        let at = self.endpoints.len() as u32;
        self.endpoints.push((key.clone(), Tally::default()));
        self.known.insert(key, at);
        Ok(at)
    }

    fn check(&mut self, value: f64, tags: u32) -> Result<(), Problem> {
        let own = &self.tagged[tags as usize].tags;
        let separator = if own.group.is_empty() { "" } else { "::" };
        let name = format!("{}{separator}{}", own.group, own.check);
        let held = value > 0.0;
        self.count_check(name, u64::from(held), u64::from(!held))
    }

    fn count_check(&mut self, name: String, passes: u64, fails: u64) -> Result<(), Problem> {
        if self.checks.len() >= MOST_METRICS && !self.checks.contains_key(&name) {
            return Err(Problem::TooMany { what: "checks", limit: MOST_METRICS });
        }
        let own = self.checks.entry(name).or_default();
        *own = (own.0 + passes, own.1 + fails);
        Ok(())
    }

    fn series(&mut self, name: &str) -> Result<&mut Series, Problem> {
        if !self.custom.contains_key(name) {
            if self.custom.len() >= MOST_METRICS {
                return Err(Problem::TooMany { what: "metrics", limit: MOST_METRICS });
            }
            let series = Series { times: Some(Distribution::default()), ..Series::default() };
            self.custom.insert(name.to_owned(), series);
        }
        Ok(self.custom.entry(name.to_owned()).or_default())
    }

    fn add_custom(&mut self, sample: Sample<'_>) -> Result<(), Problem> {
        let series = self.series(sample.metric)?;
        series.count += 1;
        series.sum = series.sum.saturating_add((sample.value / SUM_STEP).round() as i128);
        series.keep_last((sample.time, sample.order, sample.value));
        if series.times.as_mut().is_some_and(|times| times.record(sample.value).is_err()) {
            series.times = None;
        }
        Ok(())
    }

    /// Adds what another worker gathered.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Problem> {
        for (key, tally) in other.endpoints {
            let at = self.endpoint(key)?;
            self.endpoints[at as usize].1.merge(&tally);
        }
        if let Some((first, last)) = other.span {
            self.widen(first);
            self.widen(last);
        }
        if let Some((low, high)) = other.users {
            let (own_low, own_high) = self.users.unwrap_or((low, high));
            self.users = Some((own_low.min(low), own_high.max(high)));
        }
        self.dropped += other.dropped;
        self.iterations += other.iterations;
        for (name, (passes, fails)) in other.checks {
            self.count_check(name, passes, fails)?;
        }
        for (name, series) in other.custom {
            self.series(&name)?.merge(series);
        }
        self.declared.extend(other.declared);
        self.seconds.merge(other.seconds);
        Ok(())
    }

    /// The run that was gathered.
    pub(super) fn finish(mut self, file: &str) -> Ingested {
        let mut run = Run::new(Tool { name: "k6".to_owned(), version: None });
        let mut warnings = Vec::new();
        if let Some((first, last)) = self.span {
            run.started_at = Timestamp::from_nanosecond(first.into()).ok();
            run.duration_s =
                Some(last.saturating_sub(first) as f64 / NS_PER_SECOND as f64).filter(|s| *s > 0.0);
        }
        run.load.users = match self.users {
            // The number of users is a whole number in the file; a ramp has none.
            Some((low, high)) if (high - low).abs() < 0.5 && high >= 0.0 => Some(high as u64),
            _ => None,
        };
        self.endpoints.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut total = Tally::default();
        for (key, tally) in self.endpoints {
            if matches!(key, EndpointKey::Named { kind: Kind::Http, .. }) {
                total.merge(&tally);
            }
            run.endpoints.push(tally.endpoint(key, run.duration_s));
        }
        let http = total.requests > 0 || run.endpoints.is_empty();
        // Where only WebSocket or gRPC was used, the HTTP total is not zero requests but no total at all.
        run.total = match http {
            true => total.endpoint(EndpointKey::Total, run.duration_s),
            false => Endpoint::new(EndpointKey::Total),
        };
        let named = |(name, (passes, fails))| Check { name, passes, fails };
        run.checks = self.checks.into_iter().map(named).collect();
        let custom: BTreeMap<String, Series> = self.custom.into_iter().collect();
        for (name, series) in custom {
            run.metrics.push(custom_metric(&name, series, self.declared.get(&name)));
        }
        run.metrics.extend(dropped_metrics(self.dropped, self.iterations));
        run.timeline = self.seconds.timelines();
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

/// The endpoint that the tags name. What the script does before and after the load stands apart, and names that a pattern of the
/// policy holds are one.
fn key(kind: Kind, method: &str, tags: &Tags, collapse: &[Pattern]) -> EndpointKey {
    let name = if tags.name.is_empty() { &tags.url } else { &tags.name };
    let method = Some(method).filter(|method| !method.is_empty());
    let part_of = |group: &&&str| {
        tags.group
            .strip_prefix(**group)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let apart = APART.iter().find(part_of);
    let name = apart.map_or_else(|| name.clone(), |group| format!("{group} {name}"));
    let key = EndpointKey::named(kind, method, &name);
    match collapse.iter().find(|pattern| pattern.matches(&key)) {
        Some(pattern) => EndpointKey::named(kind, method, pattern.name()),
        None => key,
    }
}

/// The name that was too much, and the shapes that most of them have.
fn offenders(last: &EndpointKey, all: &[(EndpointKey, Tally)]) -> String {
    let shape = |key: &EndpointKey| -> String {
        let text = key.to_string();
        let parts = text.split('/').map(|part| {
            let id = part.len() > 20 || part.bytes().any(|b| b.is_ascii_digit());
            if id { "*" } else { part }
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    all.iter().for_each(|(key, _)| *shapes.entry(shape(key)).or_default() += 1);
    let mut shapes: Vec<(usize, String)> =
        shapes.into_iter().map(|(shape, n)| (n, shape)).collect();
    shapes.sort_by(|a, b| b.cmp(a));
    let most = shapes.iter().take(3).filter(|(n, _)| *n > 1);
    let most: Vec<String> = most.map(|(n, shape)| format!("{n} like {}", cut(shape))).collect();
    format!("{} ({})", cut(&last.to_string()), most.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

impl Series {
    fn keep_last(&mut self, new: (i64, u64, f64)) {
        if self.last.is_none_or(|own| (own.0, own.1) <= (new.0, new.1)) {
            self.last = Some(new);
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        if let Some(last) = other.last {
            self.keep_last(last);
        }
        let both = self.times.take().zip(other.times);
        self.times = both.and_then(|(mut own, more)| own.merge(&more).is_ok().then_some(own));
    }
}

fn custom_metric(name: &str, series: Series, declared: Option<&Declaration>) -> CustomMetric {
    let mut metric = CustomMetric::new(name, unit(declared.map(|d| d.contains.as_str())));
    metric.count = Some(series.count);
    let sum = series.sum as f64 * SUM_STEP;
    let mean = sum / series.count.max(1) as f64;
    match declared.map(|d| d.sort.as_str()) {
        Some("counter") => (metric.value, metric.count) = (Some(sum), None),
        Some("gauge") => {
            (metric.value, metric.count) = (series.last.map(|(_, _, value)| value), None)
        }
        Some("rate") => (metric.value, metric.unit) = (Some(mean), Unit::Ratio),
        // The CSV output does not say the type: the mean and the quantiles of the samples then say what can be said.
        _ => {
            metric.value = Some(mean);
            let times = series.times.unwrap_or_default();
            metric.quantiles = times.quantiles(&Quantile::GRID).into_iter().collect();
        }
    }
    metric
}
