//! What is counted of one endpoint: requests, failures, response times and their parts.

use super::error::Problem;
use crate::model::{Distribution, Endpoint, EndpointKey, FailureKind, Latency};
use std::collections::BTreeMap;

/// The parts of a request's time, as k6 names them behind `http_req_`.
pub(super) const PARTS: [&str; 6] =
    ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
/// The kinds of failure of an endpoint that a run keeps, the most frequent ones.
const MOST_KINDS: usize = 10;
/// Kinds that are told apart while a file is read; a tool that words every failure differently has no kinds.
const MOST_KINDS_READ: usize = 1_000;
/// The longest name of a kind, in characters.
const LONGEST_KIND: usize = 100;
/// What kinds are called that have no name, or came too late.
const OTHER: &str = "other";
/// Share of the mean response time below which a part is not worth keeping.
const WORTH_KEEPING: f64 = 0.01;

const NS_PER_MS: f64 = 1e6;

/// Records a response time.
pub(super) fn record(times: &mut Distribution, ms: f64, what: &str) -> Result<(), Problem> {
    times.record(ms).map_err(|_| Problem::BadValue {
        what: what.to_owned(),
        value: ms.to_string(),
        why: "is no response time in milliseconds",
    })
}

/// What is counted of one endpoint.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    failures: u64,
    outcomes: u64,
    /// How often which kind of failure came.
    kinds: BTreeMap<String, u64>,
    pub(super) times: Distribution,
    /// Sum in nanoseconds, and number, of each of [`PARTS`].
    pub(super) parts: [(u64, u64); PARTS.len()],
}

impl Tally {
    /// Counts how a request ended: well, or by this kind of failure.
    pub(super) fn outcome(&mut self, failure: Option<&str>) {
        self.outcomes += 1;
        if let Some(kind) = failure {
            self.failures += 1;
            let first = kind.lines().next().unwrap_or_default();
            let end = first.char_indices().nth(LONGEST_KIND).map_or(first.len(), |(at, _)| at);
            self.count_kind(&first[..end], 1);
        }
    }

    fn count_kind(&mut self, kind: &str, count: u64) {
        if let Some(known) = self.kinds.get_mut(kind) {
            *known += count;
            return;
        }
        let known = !kind.is_empty() && self.kinds.len() < MOST_KINDS_READ;
        *self.kinds.entry(if known { kind } else { OTHER }.to_owned()).or_default() += count;
    }

    pub(super) fn add_part(&mut self, part: usize, ms: f64) {
        let (sum, count) = &mut self.parts[part];
        // Half a nanosecond rounds, and nothing is below zero.
        *sum = sum.saturating_add((ms * NS_PER_MS + 0.5) as u64);
        *count += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.outcomes += other.outcomes;
        other.kinds.iter().for_each(|(kind, count)| self.count_kind(kind, *count));
        // Both hold latencies alone, so that one takes the other.
        self.times.merge(&other.times).unwrap_or_default();
        for (own, more) in self.parts.iter_mut().zip(&other.parts) {
            *own = (own.0.saturating_add(more.0), own.1 + more.1);
        }
    }

    pub(super) fn endpoint(mut self, key: EndpointKey, duration_s: Option<f64>) -> Endpoint {
        let mut endpoint = Endpoint::new(key);
        endpoint.requests = Some(self.requests);
        if self.outcomes > 0 {
            endpoint.failures = Some(self.failures);
            endpoint.outcomes = Some(self.outcomes).filter(|of| *of != self.requests);
        }
        let mut kinds: Vec<FailureKind> = std::mem::take(&mut self.kinds)
            .into_iter()
            .map(|(message, count)| FailureKind { message, count })
            .collect();
        // Those of the same number stay in the order of their names.
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds.truncate(MOST_KINDS);
        endpoint.failure_kinds = kinds;
        endpoint.throughput_rps = duration_s.map(|s| self.requests as f64 / s);
        endpoint.parts = self.means(self.times.mean());
        let latency = Latency::from_distribution(self.times);
        endpoint.latency = Some(latency);
        endpoint
    }

    /// The mean of each part that is worth keeping, in milliseconds.
    fn means(&self, whole: Option<f64>) -> BTreeMap<String, f64> {
        let least = whole.unwrap_or_default() * WORTH_KEEPING;
        let mean = |(name, (sum, count)): (&&str, &(u64, u64))| {
            let mean = *sum as f64 / *count as f64 / NS_PER_MS;
            (*count > 0 && mean > least).then(|| ((*name).to_owned(), (mean * 1e3).round() / 1e3))
        };
        PARTS.iter().zip(&self.parts).filter_map(mean).collect()
    }
}
