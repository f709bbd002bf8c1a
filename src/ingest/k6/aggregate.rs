//! The samples of a raw k6 output, gathered into a run. The two raw formats differ only in how a line is read.
//!
//! Nothing depends on the order of the lines: what several workers gather adds up to the same, digit by digit.

use super::metric::{DURATION, dropped_metrics};
use super::pages::Pages;
use super::sample::{Declaration, Known, Sample, Tags};
use super::series::{Series, custom_metric};
use crate::ingest::endpoint_stats::{EndpointStats, record};
use crate::ingest::endpoint_table::EndpointTable;
use crate::ingest::error::Problem;
use crate::ingest::raw::{Echo, Sum};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::timeline::TimelineBuilder;
use crate::ingest::{By, Ingested};
use crate::model::limits::{self, check_name, check_number};
use crate::model::{Check, Endpoint, EndpointKey, Kind, Run, Tool, Warning, WarningKind};
use jiff::Timestamp;
use rustc_hash::FxHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash as _, Hasher as _};

/// Sets of tags that are known at once, and their bytes: a tag may be as long as a line.
const MOST_TAGS: usize = 20_000;
const MOST_TAG_BYTES: usize = 4 << 20;
const NS_PER_SECOND: i64 = 1_000_000_000;

/// A set of tags, and what it stands for once that is known: places of endpoints and of a check.
struct Tagged {
    tags: Tags,
    /// The same for the same tags in every worker.
    hash: u64,
    http: Option<u32>,
    by: Option<u32>,
    /// With the metric that names the endpoint as well.
    timed: Option<(u32, u32)>,
    check: Option<u32>,
}

/// A metric by its name, and its samples where perfgate has no other use for it.
struct MetricStats {
    name: String,
    hash: u64,
    known: Known,
    series: Series,
}

/// How often a check held, and how often not.
struct Counted {
    name: String,
    passes: u64,
    fails: u64,
}

/// Everything that was gathered so far.
pub(super) struct SampleAggregate {
    filter: SampleFilter,
    endpoints: EndpointTable,
    tagged: Vec<Tagged>,
    ids: HashMap<Tags, u32>,
    tag_bytes: usize,
    /// How often all tags were forgotten: numbers of before mean nothing now.
    generation: u64,
    span: Option<(i64, i64)>,
    users: Option<(f64, f64)>,
    dropped: f64,
    iterations: f64,
    checks: Vec<Counted>,
    check_ids: HashMap<String, u32>,
    metrics: Vec<MetricStats>,
    metric_ids: HashMap<String, u32>,
    pages: Pages,
    /// The last declaration of each metric, with its place in the file.
    declared: BTreeMap<String, (u64, Declaration)>,
    timeline: TimelineBuilder,
    echo: Echo,
}

impl SampleAggregate {
    pub(super) fn new(filter: SampleFilter) -> Self {
        Self {
            filter,
            endpoints: EndpointTable::default(),
            tagged: Vec::new(),
            ids: HashMap::new(),
            tag_bytes: 0,
            generation: 0,
            span: None,
            users: None,
            dropped: 0.0,
            iterations: 0.0,
            checks: Vec::new(),
            check_ids: HashMap::new(),
            metrics: Vec::new(),
            metric_ids: HashMap::new(),
            pages: Pages::default(),
            declared: BTreeMap::new(),
            timeline: TimelineBuilder::default(),
            echo: Echo::default(),
        }
    }

    pub(super) fn declare(
        &mut self,
        metric: String,
        declaration: Declaration,
        order: u64,
    ) -> Result<(), Problem> {
        check_number("metrics", self.declared.len(), limits::METRICS)?;
        check_name("a metric's name", &metric)?;
        if self.declared.get(&metric).is_none_or(|(known, _)| *known <= order) {
            self.declared.insert(metric, (order, declaration));
        }
        Ok(())
    }

    /// The number by which a metric is known from now on.
    pub(super) fn metric(&mut self, name: &str) -> Result<u32, Problem> {
        if let Some(id) = self.metric_ids.get(name) {
            return Ok(*id);
        }
        check_number("metrics", self.metrics.len() + 1, limits::METRICS)?;
        check_name("a metric's name", name)?;
        let id = self.metrics.len() as u32;
        let (known, series) = (Known::of(name), Series::default());
        let mut hasher = FxHasher::default();
        name.hash(&mut hasher);
        let hash = hasher.finish();
        self.metrics.push(MetricStats { name: name.to_owned(), hash, known, series });
        self.metric_ids.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The number by which a set of tags is known from now on.
    pub(super) fn tags(&mut self, tags: Tags) -> u32 {
        if let Some(id) = self.ids.get(&tags) {
            return *id;
        }
        // A line whose tags no other line has would keep them for nothing.
        if self.tagged.len() >= MOST_TAGS || self.tag_bytes >= MOST_TAG_BYTES {
            self.forget_tags();
        }
        self.tag_bytes += tags.bytes();
        let id = self.tagged.len() as u32;
        let (http, by, timed, check) = (None, None, None, None);
        let mut hasher = FxHasher::default();
        tags.hash(&mut hasher);
        let hash = hasher.finish();
        self.tagged.push(Tagged { tags: tags.clone(), hash, http, by, timed, check });
        self.ids.insert(tags, id);
        id
    }

    /// Forgets every set of tags: their numbers mean nothing any more.
    pub(super) fn forget_tags(&mut self) {
        self.generation += 1;
        self.tag_bytes = 0;
        self.tagged.clear();
        self.ids.clear();
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Adds one sample with the tags of this number.
    pub(super) fn add(&mut self, sample: Sample, tags: u32) -> Result<(), Problem> {
        if self.filter.leaves_out(sample.time) {
            return Ok(());
        }
        let value = sample.value;
        let metric = &self.metrics[sample.metric as usize];
        let hash = self.tagged[tags as usize].hash ^ metric.hash;
        self.echo.add([sample.time as u64, value.to_bits(), hash]);
        match metric.known {
            Known::Part(part) => self.count(tags, |stats, _| {
                stats.parts.add(part, value);
                Ok(())
            })?,
            Known::Duration => {
                self.count(tags, |stats, _| record(&mut stats.times, value, DURATION))?;
                self.timeline.time(sample.time.div_euclid(NS_PER_SECOND), value);
            }
            Known::Requests => {
                self.count(tags, |stats, _| {
                    stats.requests += 1;
                    Ok(())
                })?;
                self.widen(sample.time);
                self.timeline.request(sample.time.div_euclid(NS_PER_SECOND));
            }
            Known::Failed => {
                let failed = value > 0.0;
                self.count(tags, |stats, tags| {
                    stats.outcome(failed.then_some(&tags.failure));
                    Ok(())
                })?;
                if failed {
                    self.timeline.failure(sample.time.div_euclid(NS_PER_SECOND));
                }
            }
            Known::Grpc => self.timed(Kind::Grpc, sample, tags)?,
            Known::Websocket => self.timed(Kind::Websocket, sample, tags)?,
            Known::Users => {
                let (low, high) = self.users.unwrap_or((value, value));
                self.users = Some((low.min(value), high.max(value)));
                let second = sample.time.div_euclid(NS_PER_SECOND);
                self.timeline.users(second, value.max(0.0) as u64);
            }
            Known::Dropped => self.dropped += value,
            Known::Iterations => self.iterations += value,
            Known::Checks => self.check(value, tags)?,
            Known::WebVital(vital) => {
                let tags = &self.tagged[tags as usize].tags;
                let page = tags.endpoint(Kind::Page, &self.filter.collapse);
                self.pages.add(page, vital, value)?;
            }
            Known::Custom => self.metrics[sample.metric as usize].series.add(sample),
            Known::Ignored => {}
        }
        Ok(())
    }

    fn widen(&mut self, time: i64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// The place of the HTTP endpoint that the tags name.
    fn http(&mut self, tags: u32) -> Result<u32, Problem> {
        let known = self.tagged[tags as usize].http;
        Ok(match known {
            Some(at) => at,
            None => {
                let own = &mut self.tagged[tags as usize];
                let key = own.tags.endpoint(Kind::Http, &self.filter.collapse);
                *own.http.insert(self.endpoints.place(key)?)
            }
        })
    }

    /// The place of the group or scenario of the tags, where those are asked for.
    fn by(&mut self, tags: u32) -> Result<Option<u32>, Problem> {
        let Some(by) = self.filter.by else { return Ok(None) };
        let own = &mut self.tagged[tags as usize];
        if own.by.is_none() {
            let (kind, name) = match by {
                By::Group => (Kind::Group, &own.tags.group),
                By::Scenario => (Kind::Scenario, &own.tags.scenario),
            };
            // What is in none has nothing to be told apart by.
            if !name.is_empty() {
                own.by = Some(self.endpoints.place(EndpointKey::named(kind, None, name))?);
            }
        }
        Ok(own.by)
    }

    /// Counts something for each endpoint that the tags name.
    fn count(
        &mut self,
        tags: u32,
        mut count: impl FnMut(&mut EndpointStats, &Tags) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let http = self.http(tags)?;
        let by = if self.filter.by.is_some() { self.by(tags)? } else { None };
        let tags = &self.tagged[tags as usize].tags;
        count(self.endpoints.at(http), tags)?;
        by.map_or(Ok(()), |by| count(self.endpoints.at(by), tags))
    }

    /// A request of which there is one sample alone.
    fn timed(&mut self, kind: Kind, sample: Sample, tags: u32) -> Result<(), Problem> {
        self.widen(sample.time);
        let known = self.tagged[tags as usize].timed;
        let at = match known.filter(|(metric, _)| *metric == sample.metric) {
            Some((_, at)) => at,
            None => {
                let own = &mut self.tagged[tags as usize];
                let metric = &self.metrics[sample.metric as usize].name;
                let key = match kind {
                    Kind::Websocket => {
                        EndpointKey::named(kind, None, &format!("{metric} {}", own.tags.url))
                    }
                    _ => own.tags.endpoint(kind, &self.filter.collapse),
                };
                own.timed.insert((sample.metric, self.endpoints.place(key)?)).1
            }
        };
        let stats = self.endpoints.at(at);
        record(&mut stats.times, sample.value, &self.metrics[sample.metric as usize].name)?;
        stats.requests += 1;
        Ok(())
    }

    fn check(&mut self, value: f64, tags: u32) -> Result<(), Problem> {
        let at = match self.tagged[tags as usize].check {
            Some(at) => at,
            None => {
                let own = &self.tagged[tags as usize].tags;
                let separator = if own.group.is_empty() { "" } else { "::" };
                let at = self.named_check(format!("{}{separator}{}", own.group, own.check))?;
                self.tagged[tags as usize].check = Some(at);
                at
            }
        };
        let held = value > 0.0;
        let check = &mut self.checks[at as usize];
        check.passes += u64::from(held);
        check.fails += u64::from(!held);
        Ok(())
    }

    /// The place of a check.
    fn named_check(&mut self, name: String) -> Result<u32, Problem> {
        if let Some(at) = self.check_ids.get(&name) {
            return Ok(*at);
        }
        check_number("checks", self.checks.len() + 1, limits::METRICS)?;
        check_name("a check's name", &name)?;
        let at = self.checks.len() as u32;
        self.check_ids.insert(name.clone(), at);
        self.checks.push(Counted { name, passes: 0, fails: 0 });
        Ok(at)
    }
}

impl Sum for SampleAggregate {
    fn merge(&mut self, other: Self) -> Result<(), Problem> {
        self.endpoints.merge(other.endpoints)?;
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
        for check in other.checks {
            let at = self.named_check(check.name)? as usize;
            self.checks[at].passes += check.passes;
            self.checks[at].fails += check.fails;
        }
        for metric in other.metrics {
            let at = self.metric(&metric.name)? as usize;
            self.metrics[at].series.merge(metric.series);
        }
        self.pages.merge(other.pages)?;
        for (metric, (order, declaration)) in other.declared {
            self.declare(metric, declaration, order)?;
        }
        self.timeline.merge(other.timeline);
        self.echo.merge(&other.echo);
        Ok(())
    }

    fn bytes(&self) -> usize {
        let metrics = self.metrics.iter().map(|metric| metric.series.bytes());
        self.endpoints.bytes() + self.pages.bytes() + metrics.sum::<usize>()
    }

    fn echo(&self) -> &Echo {
        &self.echo
    }

    fn finish(mut self, file: &str) -> Ingested {
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        let mut warnings = Vec::new();
        if let Some((first, last)) = self.span {
            run.started_at = Timestamp::from_nanosecond(first.into()).ok();
            run.duration_s =
                Some(last.saturating_sub(first) as f64 / NS_PER_SECOND as f64).filter(|s| *s > 0.0);
        }
        if let Some((low, high)) = self.users.filter(|(_, high)| *high >= 0.0) {
            // The number of users is a whole number in the file; a ramp has none, and a peak.
            match (high - low).abs() < 0.5 {
                true => run.load.users = Some(high as u64),
                false => run.load.peak_users = Some(high as u64),
            }
        }
        let mut total = EndpointStats::default();
        for (key, stats) in self.endpoints.sorted() {
            if matches!(key, EndpointKey::Named { kind: Kind::Http, .. }) {
                total.merge(&stats);
            }
            run.endpoints.push(stats.endpoint(key, run.duration_s));
        }
        self.pages.add_to(&mut run);
        if total.requests != total.times.count() {
            let (requests, times) = (total.requests, total.times.count());
            warnings.push(Warning::at(WarningKind::LinesMissing { requests, times }, file, None));
        }
        let http = total.requests > 0 || run.endpoints.is_empty();
        // Where only WebSocket or gRPC was used, the HTTP total is not zero requests but no total at all.
        run.total = match http {
            true => total.endpoint(EndpointKey::Total, run.duration_s),
            false => Endpoint::new(EndpointKey::Total),
        };
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
        let check = |Counted { name, passes, fails }| Check { name: name.into(), passes, fails };
        run.checks = self.checks.into_iter().map(check).collect();
        self.metrics.sort_by(|a, b| a.name.cmp(&b.name));
        for MetricStats { name, series, .. } in self.metrics {
            if !series.is_empty() {
                run.metrics.push(custom_metric(
                    &name,
                    series,
                    self.declared.get(&name).map(|(_, own)| own),
                ));
            }
        }
        run.metrics.extend(dropped_metrics(self.dropped, self.iterations));
        run.timeline = self.timeline.timelines();
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
