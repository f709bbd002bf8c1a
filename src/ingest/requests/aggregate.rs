//! The requests of a file, gathered into a run.

pub(super) use super::request::{Name, Request, Transaction};
use super::transactions::{Held, Threads, Time, Transactions, Waiting, add_to_total};
use crate::ingest::Ingested;
use crate::ingest::endpoint_stats::{EndpointStats, record_n};
use crate::ingest::endpoint_table::{EndpointTable, collapsed};
use crate::ingest::error::Problem;
use crate::ingest::raw::{Echo, Sum};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::timeline::TimelineBuilder;
use crate::model::{EndpointKey, Kind, Run, Tool, Warning};
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash as _, Hasher as _};

/// What an error calls it.
const RESPONSE_TIME: &str = "the response time";
const NS_PER_MS: f64 = 1e6;
const NS_PER_SECOND: i64 = 1_000_000_000;
/// Names that are remembered as they are written; a file that has a new one in every row has no use for more.
const MOST_NAMES: usize = 20_000;
const MOST_NAME_BYTES: usize = 8 << 20;

/// An endpoint whose name was looked up.
#[derive(Clone, Copy)]
pub(super) struct Known {
    place: u32,
    hash: u64,
}

/// The requests of a file.
pub(super) struct RequestAggregate {
    tool: &'static str,
    filter: SampleFilter,
    /// Whether times are of the calendar.
    dated: bool,
    endpoints: EndpointTable,
    /// Places of endpoints by their names as written.
    places: FxHashMap<Box<[u8]>, u32>,
    text: Vec<u8>,
    name_bytes: usize,
    unnamed: EndpointStats,
    /// By the places of their endpoints.
    transactions: FxHashMap<u32, Transactions>,
    span: Option<(i64, i64)>,
    peak_users: Option<u64>,
    timeline: TimelineBuilder,
    echo: Echo,
}

impl RequestAggregate {
    pub(super) fn new(tool: &'static str, filter: SampleFilter, dated: bool) -> Self {
        Self {
            tool,
            filter,
            dated,
            endpoints: EndpointTable::default(),
            places: FxHashMap::default(),
            text: Vec::new(),
            name_bytes: 0,
            unnamed: EndpointStats::default(),
            transactions: FxHashMap::default(),
            span: None,
            peak_users: None,
            timeline: TimelineBuilder::default(),
            echo: Echo::default(),
        }
    }

    pub(super) fn add(&mut self, request: Request<'_>) -> Result<(), Problem> {
        if self.filter.leaves_out(request.start) {
            return Ok(());
        }
        let known = request.name.map(|name| self.known(name)).transpose()?;
        self.add_to(known, &request)
    }

    /// The endpoint of this name, for whoever meets it again and again.
    pub(super) fn known(&mut self, name: Name<'_>) -> Result<Known, Problem> {
        Ok(Known { place: self.place(name)?, hash: hash(name) })
    }

    /// Adds a request of an endpoint, or of none.
    pub(super) fn add_to(
        &mut self,
        known: Option<Known>,
        request: &Request<'_>,
    ) -> Result<(), Problem> {
        if self.filter.leaves_out(request.start) {
            return Ok(());
        }
        let stats = match known {
            Some(known) => self.endpoints.at(known.place),
            None => &mut self.unnamed,
        };
        count(stats, request)?;
        let took = request.ms.unwrap_or_default();
        self.echo.add([request.start as u64, took.to_bits(), known.map_or(0, |own| own.hash)]);
        self.over_time(request);
        Ok(())
    }

    /// Notes a good request that [`Self::add_alike`] adds later, together with others: its start is nanoseconds since 1970. False where
    /// it is left out.
    pub(super) fn note(&mut self, known: Known, start: i64, ms: f64) -> bool {
        if self.filter.leaves_out(start) {
            return false;
        }
        self.echo.add([start as u64, ms.to_bits(), known.hash]);
        self.span_to(start, start.saturating_add((ms * NS_PER_MS) as i64));
        true
    }

    /// Adds good requests that began in the same second and took equally long, each of which was noted.
    pub(super) fn add_alike(
        &mut self,
        known: Known,
        second: i64,
        ms: f64,
        n: u32,
    ) -> Result<(), Problem> {
        let stats = self.endpoints.at(known.place);
        record_n(&mut stats.times, ms, n.into(), RESPONSE_TIME)?;
        stats.requests += u64::from(n);
        stats.good(n.into());
        self.timeline.sample(second, Some(ms), false, n);
        Ok(())
    }

    /// Notes how many users there were at a time.
    pub(super) fn users(&mut self, time: i64, users: u64) {
        if !self.filter.leaves_out(time) {
            self.peak_users = self.peak_users.max(Some(users));
            self.timeline.users(time.div_euclid(NS_PER_SECOND), users);
        }
    }

    /// A time that holds requests: a group of its own, and a part of the total only where the file has nothing else of them. What
    /// its thread writes next may be one of them.
    pub(super) fn add_transaction(
        &mut self,
        own: &Transaction<'_>,
        threads: &mut Threads,
    ) -> Result<(), Problem> {
        let Transaction { time, failed, .. } = *own;
        if self.filter.leaves_out(time.start) {
            return Ok(());
        }
        let request = request_of(time, failed);
        let name = Name { kind: Kind::Group, method: "", name: own.name };
        let place = self.place(name)?;
        self.echo.add([time.start as u64, time.ms.to_bits(), hash(name)]);
        count(self.endpoints.at(place), &request)?;
        self.widen(&request);
        // What holds nothing is no request.
        if own.samples == 0 {
            return Ok(());
        }
        let alike = self.transactions.entry(place).or_default();
        count(&mut alike.all, &request)?;
        alike.samples = alike.samples.saturating_add(own.samples);
        match own.held {
            Held::Nowhere => threads.wait(own.thread, Waiting { place, time, failed }),
            held => alike.held(held),
        }
        Ok(())
    }

    /// Notes where the requests of a transaction are.
    pub(super) fn resolve(&mut self, own: Waiting, held: Held) {
        self.transactions.entry(own.place).or_default().held(held);
        if held == Held::Nowhere {
            self.over_time(&request_of(own.time, own.failed));
        }
    }

    /// Behind the end of a chunk, nobody sees what would tell more.
    pub(super) fn end_chunk(&mut self, threads: &mut Threads) {
        threads.take_waiting().for_each(|own| self.resolve(own, Held::Nowhere));
    }

    fn over_time(&mut self, request: &Request<'_>) {
        self.widen(request);
        let second = request.start.div_euclid(NS_PER_SECOND);
        self.timeline.sample(second, request.ms, request.failure.is_some(), 1);
    }

    fn widen(&mut self, request: &Request<'_>) {
        let took = request.ms.unwrap_or_default();
        let end = request.start.saturating_add((took * NS_PER_MS) as i64);
        self.span_to(request.start, end);
    }

    fn span_to(&mut self, start: i64, end: i64) {
        let (first, last) = self.span.unwrap_or((start, end));
        self.span = Some((first.min(start), last.max(end)));
    }

    /// The place of the endpoint of this name.
    fn place(&mut self, name: Name<'_>) -> Result<u32, Problem> {
        let kind = name.kind;
        self.text.clear();
        self.text.push(u8::from(kind == Kind::Group));
        // The length tells `GET`, `/a` from `GET/`, `a`.
        self.text.extend_from_slice(&(name.method.len() as u32).to_ne_bytes());
        self.text.extend_from_slice(name.method.as_bytes());
        self.text.extend_from_slice(name.name.as_bytes());
        if let Some(place) = self.places.get(self.text.as_slice()) {
            return Ok(*place);
        }
        let method = Some(name.method).filter(|method| !method.is_empty());
        let key = EndpointKey::named(kind, method, name.name);
        let key = if kind == Kind::Group { key } else { collapsed(key, &self.filter.collapse) };
        let place = self.endpoints.place(key)?;
        if self.places.len() >= MOST_NAMES || self.name_bytes >= MOST_NAME_BYTES {
            self.places.clear();
            self.name_bytes = 0;
        }
        self.name_bytes += self.text.len();
        self.places.insert(self.text.as_slice().into(), place);
        Ok(place)
    }
}

impl Sum for RequestAggregate {
    fn merge(&mut self, other: Self) -> Result<(), Problem> {
        for (place, own) in &other.transactions {
            let place = self.endpoints.place(other.endpoints.key(*place).clone())?;
            self.transactions.entry(place).or_default().merge(own);
        }
        self.endpoints.merge(other.endpoints)?;
        self.unnamed.merge(&other.unnamed);
        self.peak_users = self.peak_users.max(other.peak_users);
        if let Some((first, last)) = other.span {
            self.span_to(first, last);
        }
        self.timeline.merge(other.timeline);
        self.echo.merge(&other.echo);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.endpoints.bytes() + self.unnamed.bytes()
    }

    fn echo(&self) -> &Echo {
        &self.echo
    }

    fn finish(mut self, file: &str) -> Ingested {
        let mut run = Run::new(Tool { name: self.tool.into(), version: None });
        if let Some((first, last)) = self.span {
            run.duration_s = Some(last.saturating_sub(first) as f64 / 1e9).filter(|s| *s > 0.0);
            run.started_at = Timestamp::from_nanosecond(first.into()).ok().filter(|_| self.dated);
        }
        run.load.peak_users = self.peak_users;
        let endpoints = self.endpoints.sorted();
        let mut total = self.unnamed;
        let is_group =
            |key: &EndpointKey| matches!(key, EndpointKey::Named { kind: Kind::Group, .. });
        for (_, stats) in endpoints.iter().filter(|(key, _)| !is_group(key)) {
            total.merge(stats);
        }
        let unclear = add_to_total(&mut total, self.transactions.values());
        let duration = run.duration_s;
        run.total = total.endpoint(EndpointKey::Total, duration);
        let endpoint = |(key, stats): (EndpointKey, EndpointStats)| stats.endpoint(key, duration);
        run.endpoints = endpoints.into_iter().map(endpoint).collect();
        run.timeline = self.timeline.timelines();
        let warnings = unclear.map(|kind| Warning::at(kind, file, None)).into_iter().collect();
        Ingested { run, warnings }
    }
}

/// A transaction as a request. Its message counts its requests, which have kinds of failure of their own.
fn request_of(time: Time, failed: bool) -> Request<'static> {
    let failure = failed.then_some("a request in it failed");
    Request { name: None, start: time.start, ms: Some(time.ms), failure, parts: &[] }
}

/// A number for a name, the same in every worker.
fn hash(name: Name<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    name.method.hash(&mut hasher);
    name.name.hash(&mut hasher);
    hasher.finish()
}

fn count(stats: &mut EndpointStats, request: &Request<'_>) -> Result<(), Problem> {
    if let Some(ms) = request.ms {
        record_n(&mut stats.times, ms, 1, RESPONSE_TIME)?;
    }
    stats.requests += 1;
    stats.outcome(request.failure);
    request.parts.iter().for_each(|(part, ms)| stats.parts.add(*part, *ms));
    Ok(())
}
