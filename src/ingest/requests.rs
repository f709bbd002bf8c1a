//! Tools that write a row for each request: the rows, gathered into a run.

use super::Ingested;
use super::error::Problem;
use super::k6_tally::{PARTS, Tally, record};
use super::seconds::Seconds;
use super::wanted::Wanted;
use crate::model::{EndpointKey, Kind, Run, Tool};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Most endpoints that a run may have.
const MOST_ENDPOINTS: usize = 10_000;
const NS_PER_MS: f64 = 1e6;

/// One request of a file.
pub(super) struct Request<'a> {
    /// What was requested; none where the file does not say.
    pub(super) key: Option<EndpointKey>,
    /// Nanoseconds since 1970, or since the start of the test.
    pub(super) start: i64,
    /// Response time in milliseconds.
    pub(super) ms: f64,
    pub(super) failed: bool,
    /// Times of parts of the request, by name.
    pub(super) parts: &'a [(&'static str, f64)],
}

/// The requests of a file.
pub(super) struct Requests {
    tool: &'static str,
    wanted: Wanted,
    /// Whether times are of the calendar.
    dated: bool,
    endpoints: BTreeMap<EndpointKey, Tally>,
    total: Tally,
    span: Option<(i64, i64)>,
    seconds: Seconds,
}

impl Requests {
    pub(super) fn new(tool: &'static str, wanted: Wanted, dated: bool) -> Self {
        let (endpoints, seconds) = (BTreeMap::new(), Seconds::default());
        Self { tool, wanted, dated, endpoints, total: Tally::default(), span: None, seconds }
    }

    pub(super) fn add(&mut self, request: Request<'_>) -> Result<(), Problem> {
        if self.wanted.leaves_out(request.start) {
            return Ok(());
        }
        count(&mut self.total, &request)?;
        let end = request.start.saturating_add((request.ms * NS_PER_MS) as i64);
        let (first, last) = self.span.unwrap_or((request.start, end));
        self.span = Some((first.min(request.start), last.max(end)));
        let second = request.start.div_euclid(1_000_000_000);
        self.seconds.request(second);
        self.seconds.time(second, request.ms);
        if request.failed {
            self.seconds.failure(second);
        }
        let Some(key) = request.key.clone() else { return Ok(()) };
        let key = collapsed(key, &self.wanted);
        if !self.endpoints.contains_key(&key) && self.endpoints.len() >= MOST_ENDPOINTS {
            let example = key.to_string().chars().take(100).collect();
            return Err(Problem::TooManyEndpoints { limit: MOST_ENDPOINTS, example });
        }
        count(self.endpoints.entry(key).or_default(), &request)
    }

    /// A time that holds requests which are counted by themselves: no part of the total.
    pub(super) fn add_group(
        &mut self,
        name: &str,
        start: i64,
        ms: f64,
        failed: bool,
    ) -> Result<(), Problem> {
        let request = Request { key: None, start, ms, failed, parts: &[] };
        if self.wanted.leaves_out(start) {
            return Ok(());
        }
        let key = EndpointKey::named(Kind::Group, None, name);
        count(self.endpoints.entry(key).or_default(), &request)
    }

    pub(super) fn finish(mut self) -> Ingested {
        let mut run = Run::new(Tool { name: self.tool.to_owned(), version: None });
        if let Some((first, last)) = self.span {
            run.duration_s = Some(last.saturating_sub(first) as f64 / 1e9).filter(|s| *s > 0.0);
            run.started_at = Timestamp::from_nanosecond(first.into()).ok().filter(|_| self.dated);
        }
        let duration = run.duration_s;
        // JMeter can write transactions alone: then they are what was requested.
        if self.total.requests == 0 {
            self.endpoints.values().for_each(|tally| self.total.merge(tally));
        }
        run.total = self.total.endpoint(EndpointKey::Total, duration);
        let endpoint = |(key, tally): (EndpointKey, Tally)| tally.endpoint(key, duration);
        run.endpoints = self.endpoints.into_iter().map(endpoint).collect();
        run.timeline = self.seconds.timelines();
        Ingested { run, warnings: Vec::new() }
    }
}

fn collapsed(key: EndpointKey, wanted: &Wanted) -> EndpointKey {
    let pattern = wanted.collapse.iter().find(|pattern| pattern.matches(&key));
    match (pattern, &key) {
        (Some(pattern), EndpointKey::Named { kind, method, .. }) => {
            EndpointKey::named(*kind, method.as_deref(), pattern.name())
        }
        _ => key,
    }
}

fn count(tally: &mut Tally, request: &Request<'_>) -> Result<(), Problem> {
    record(&mut tally.times, request.ms, "the response time")?;
    tally.requests += 1;
    tally.outcomes += 1;
    tally.failures += u64::from(request.failed);
    for (name, ms) in request.parts {
        if let Some(part) = PARTS.iter().position(|own| own == name) {
            tally.add_part(part, *ms);
        }
    }
    Ok(())
}
