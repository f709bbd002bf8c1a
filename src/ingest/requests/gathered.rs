//! The requests of a file, gathered into a run.

use crate::ingest::Ingested;
use crate::ingest::error::Problem;
use crate::ingest::raw::Sum;
use crate::ingest::seconds::Seconds;
use crate::ingest::tallies::{Tallies, collapsed};
use crate::ingest::tally::{PARTS, Tally, record};
use crate::ingest::wanted::Wanted;
use crate::model::{EndpointKey, Kind, Run, Tool};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

const NS_PER_MS: f64 = 1e6;
const NS_PER_SECOND: i64 = 1_000_000_000;
/// Names that are remembered as they are written; a file that has a new one in every row has no use for more.
const MOST_NAMES: usize = 20_000;
const MOST_NAME_BYTES: usize = 8 << 20;

/// What was requested.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) kind: Kind,
    pub(super) method: &'a str,
    pub(super) name: &'a str,
}

/// One request of a file.
pub(super) struct Request<'a> {
    /// None where the file does not say.
    pub(super) name: Option<Name<'a>>,
    /// Nanoseconds since 1970, or since the start of the test.
    pub(super) start: i64,
    /// Response time in milliseconds; none where what was counted has none.
    pub(super) ms: Option<f64>,
    /// What the failure is called, where it is one.
    pub(super) failure: Option<&'a str>,
    /// Times of parts of the request, by name.
    pub(super) parts: &'a [(&'static str, f64)],
}

/// The requests of a file.
pub(super) struct Requests {
    tool: &'static str,
    wanted: Wanted,
    /// Whether times are of the calendar.
    dated: bool,
    endpoints: Tallies,
    /// Places of endpoints by their names as written.
    places: FxHashMap<Box<[u8]>, u32>,
    text: Vec<u8>,
    name_bytes: usize,
    unnamed: Tally,
    span: Option<(i64, i64)>,
    seconds: Seconds,
}

impl Requests {
    pub(super) fn new(tool: &'static str, wanted: Wanted, dated: bool) -> Self {
        Self {
            tool,
            wanted,
            dated,
            endpoints: Tallies::default(),
            places: FxHashMap::default(),
            text: Vec::new(),
            name_bytes: 0,
            unnamed: Tally::default(),
            span: None,
            seconds: Seconds::default(),
        }
    }

    pub(super) fn add(&mut self, request: Request<'_>) -> Result<(), Problem> {
        if self.wanted.leaves_out(request.start) {
            return Ok(());
        }
        match request.name {
            Some(name) => {
                let place = self.place(name)?;
                count(self.endpoints.at(place), &request)?;
            }
            None => count(&mut self.unnamed, &request)?,
        }
        let took = request.ms.unwrap_or_default();
        let end = request.start.saturating_add((took * NS_PER_MS) as i64);
        self.widen(request.start, end);
        let second = request.start.div_euclid(NS_PER_SECOND);
        self.seconds.request(second);
        if let Some(ms) = request.ms {
            self.seconds.time(second, ms);
        }
        if request.failure.is_some() {
            self.seconds.failure(second);
        }
        Ok(())
    }

    /// A time that holds requests which are counted by themselves: no part of the total.
    pub(super) fn add_group(
        &mut self,
        name: &str,
        start: i64,
        ms: f64,
        failure: Option<&str>,
    ) -> Result<(), Problem> {
        if self.wanted.leaves_out(start) {
            return Ok(());
        }
        let place = self.place(Name { kind: Kind::Group, method: "", name })?;
        // Its message counts its requests, which have kinds of their own.
        let failure = failure.map(|_| "a request in it failed");
        let request = Request { name: None, start, ms: Some(ms), failure, parts: &[] };
        count(self.endpoints.at(place), &request)
    }

    fn widen(&mut self, start: i64, end: i64) {
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
        let key = if kind == Kind::Group { key } else { collapsed(key, &self.wanted.collapse) };
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

impl Sum for Requests {
    fn merge(&mut self, other: Self) -> Result<(), Problem> {
        self.endpoints.merge(other.endpoints)?;
        self.unnamed.merge(&other.unnamed);
        if let Some((first, last)) = other.span {
            self.widen(first, last);
        }
        self.seconds.merge(other.seconds);
        Ok(())
    }

    fn finish(mut self, _file: &str) -> Ingested {
        let mut run = Run::new(Tool { name: self.tool.to_owned(), version: None });
        if let Some((first, last)) = self.span {
            run.duration_s = Some(last.saturating_sub(first) as f64 / 1e9).filter(|s| *s > 0.0);
            run.started_at = Timestamp::from_nanosecond(first.into()).ok().filter(|_| self.dated);
        }
        let endpoints = self.endpoints.sorted();
        let mut total = self.unnamed;
        let is_group =
            |key: &EndpointKey| matches!(key, EndpointKey::Named { kind: Kind::Group, .. });
        for (_, tally) in endpoints.iter().filter(|(key, _)| !is_group(key)) {
            total.merge(tally);
        }
        // JMeter can write transactions alone: then they are what was requested.
        if total.requests == 0 {
            endpoints.iter().for_each(|(_, tally)| total.merge(tally));
        }
        let duration = run.duration_s;
        run.total = total.endpoint(EndpointKey::Total, duration);
        let endpoint = |(key, tally): (EndpointKey, Tally)| tally.endpoint(key, duration);
        run.endpoints = endpoints.into_iter().map(endpoint).collect();
        run.timeline = self.seconds.timelines();
        Ingested { run, warnings: Vec::new() }
    }
}

fn count(tally: &mut Tally, request: &Request<'_>) -> Result<(), Problem> {
    if let Some(ms) = request.ms {
        record(&mut tally.times, ms, "the response time")?;
    }
    tally.requests += 1;
    tally.outcome(request.failure);
    for (name, ms) in request.parts {
        if let Some(part) = PARTS.iter().position(|own| own == name) {
            tally.add_part(part, *ms);
        }
    }
    Ok(())
}
