//! What is counted of one endpoint: requests, failures, response times and their parts.

use super::error::Problem;
use super::part_stats::PartStats;
use crate::model::{Distribution, Endpoint, EndpointKey, FailureKind, Latency};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The kinds of failure of an endpoint that a run keeps, the most frequent ones.
pub(super) const MOST_KINDS: usize = 10;
/// Kinds that are told apart while a file is read; a tool that words every failure differently has no kinds.
const MOST_KINDS_READ: usize = 1_000;
/// The longest name of a kind, in characters.
const LONGEST_KIND: usize = 100;
/// Bytes that a kind takes, with its name and its place in the map, about.
const BYTES_OF_A_KIND: usize = 2 * LONGEST_KIND;
/// What kinds are called that have no name, or are too many.
const OTHER: &str = "other";
/// Digits in a row that are more likely a port, an id or a time than a part of the kind.
const DIGITS_OF_AN_ID: usize = 5;

/// The name of a kind of failure: the first line of a message, without the numbers that differ from one to the next.
pub(super) fn kind_of(message: &str) -> Cow<'_, str> {
    let first = message.lines().next().unwrap_or_default();
    let end = first.char_indices().nth(LONGEST_KIND).map_or(first.len(), |(at, _)| at);
    let name = if end == 0 { OTHER } else { &first[..end] };
    let id = |part: &str| part.len() >= DIGITS_OF_AN_ID && part.bytes().all(|b| b.is_ascii_digit());
    let parts = || name.split_inclusive(|c: char| !c.is_ascii_digit());
    let digits = |part: &str| part.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
    if !parts().any(|part| id(&part[..digits(part)])) {
        return Cow::Borrowed(name);
    }
    let without = |part: &str| {
        let (own, rest) = part.split_at(digits(part));
        format!("{}{rest}", if id(own) { "*" } else { own })
    };
    Cow::Owned(parts().map(without).collect())
}

/// Records a response time.
pub(super) fn record(times: &mut Distribution, ms: f64, what: &str) -> Result<(), Problem> {
    record_n(times, ms, 1, what)
}

/// Records a response time that several requests took.
pub(super) fn record_n(
    times: &mut Distribution,
    ms: f64,
    n: u64,
    what: &str,
) -> Result<(), Problem> {
    times.record_n(ms, n).map_err(|_| Problem::BadValue {
        what: what.to_owned(),
        value: ms.to_string(),
        why: "is no response time in milliseconds",
    })
}

/// The kinds of failure that a run keeps, the most frequent one first.
pub(super) fn most_frequent(kinds: impl IntoIterator<Item = (String, u64)>) -> Vec<FailureKind> {
    let kind = |(message, count): (String, u64)| FailureKind::new(&message, count);
    let mut kinds: Vec<FailureKind> = kinds.into_iter().map(kind).collect();
    // Those of the same number stay in the order of their names.
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds.truncate(MOST_KINDS);
    kinds
}

/// What is counted of one endpoint.
#[derive(Default)]
pub(super) struct EndpointStats {
    pub(super) requests: u64,
    failures: u64,
    outcomes: u64,
    /// How often which kind of failure came.
    kinds: BTreeMap<String, u64>,
    /// How often any other came.
    others: u64,
    pub(super) times: Distribution,
    pub(super) parts: PartStats,
}

impl EndpointStats {
    /// Counts requests that ended well.
    pub(super) fn good(&mut self, n: u64) {
        self.outcomes += n;
    }

    /// Counts how a request ended: well, or by this kind of failure.
    pub(super) fn outcome(&mut self, failure: Option<&str>) {
        self.outcomes += 1;
        if let Some(kind) = failure {
            self.failures += 1;
            self.count_kind(kind_of(kind), 1);
        }
    }

    fn count_kind(&mut self, kind: Cow<'_, str>, count: u64) {
        if let Some(known) = self.kinds.get_mut(&*kind) {
            *known += count;
            return;
        }
        self.kinds.insert(kind.into_owned(), count);
        // The last by name goes, so that it does not matter who came first.
        if self.kinds.len() > MOST_KINDS_READ {
            self.others += self.kinds.pop_last().map_or(0, |(_, count)| count);
        }
    }

    /// Bytes of all times, and about those of the kinds of failure.
    pub(super) fn bytes(&self) -> usize {
        self.times.bytes() + self.parts.bytes() + self.kinds.len() * BYTES_OF_A_KIND
    }

    /// Whether nothing was counted: all that there was could not be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.requests == 0 && self.outcomes == 0 && self.times.count() == 0 && self.parts.is_empty()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.outcomes += other.outcomes;
        self.others += other.others;
        other.kinds.iter().for_each(|(kind, count)| self.count_kind(Cow::Borrowed(kind), *count));
        // Both hold latencies alone, so that one takes the other.
        self.times.merge(&other.times).unwrap_or_default();
        self.parts.merge(&other.parts);
    }

    pub(super) fn endpoint(mut self, key: EndpointKey, duration_s: Option<f64>) -> Endpoint {
        let mut endpoint = Endpoint::new(key);
        // Where a file has lost some of its requests, their outcomes tell of them.
        self.requests = self.requests.max(self.outcomes);
        endpoint.requests = Some(self.requests);
        if self.outcomes > 0 {
            endpoint.failures = Some(self.failures);
            endpoint.outcomes = Some(self.outcomes).filter(|of| *of != self.requests);
        }
        let others = (OTHER.to_owned(), self.others);
        let kinds = std::mem::take(&mut self.kinds).into_iter();
        endpoint.failure_kinds = most_frequent(kinds.chain((self.others > 0).then_some(others)));
        endpoint.throughput_rps = duration_s.map(|s| self.requests as f64 / s);
        endpoint.parts = self.parts.times();
        let latency = Latency::from_distribution(self.times);
        endpoint.latency = Some(latency);
        endpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_differ_by_what_happened_and_not_by_port_or_id() {
        for (message, kind) in [
            ("HTTP 503", "HTTP 503"),
            ("", "other"),
            (
                "read tcp 10.0.0.1:54321->10.0.0.2:80: reset",
                "read tcp 10.0.0.1:*->10.0.0.2:80: reset",
            ),
            ("order 123456 failed\nat line 3", "order * failed"),
            ("no 98765", "no *"),
        ] {
            assert_eq!(kind_of(message), kind);
        }
    }

    #[test]
    fn which_kinds_are_kept_does_not_depend_on_their_order() {
        let message = |i: usize| {
            format!("kind {}", char::from(b'a' + (i % 26) as u8).to_string().repeat(1 + i / 26))
        };
        let kinds = |order: &mut dyn Iterator<Item = usize>| {
            let mut stats = EndpointStats::default();
            order.for_each(|i| stats.outcome(Some(&message(i % 1_500))));
            (stats.kinds.clone(), stats.others)
        };
        let forwards = kinds(&mut (0..4_000));
        assert_eq!(forwards, kinds(&mut (0..4_000).rev()));
        assert_eq!(forwards.0.len(), MOST_KINDS_READ);
        assert_eq!(forwards.0.values().sum::<u64>() + forwards.1, 4_000);
    }
}
