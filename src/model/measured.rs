//! What was measured of one endpoint.

use super::credentials::without_credentials;
use super::distribution::Distribution;
use super::endpoint::EndpointKey;
use super::latency::Latency;
use super::metric::{Metric, Statistic};
use super::named::Named as _;
use super::part::{Part, PartTime};
use super::untrusted::Untrusted;
use std::collections::BTreeMap;

/// Share of the mean response time up to which a part of it is not worth telling.
const WORTH_TELLING: f64 = 0.01;

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
    /// Where the time goes: how long each part of a request took, by the names of [`Part`] and those that scripts give.
    pub parts: BTreeMap<Untrusted, PartTime>,
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

    /// One number of this endpoint; none where it was not measured. Of custom metrics, only the parts of a request are an
    /// endpoint's; the others are the run's.
    pub fn value(&self, metric: &Metric, statistic: Statistic) -> Option<f64> {
        match metric {
            Metric::Latency => {
                self.latency.as_ref().filter(|l| !l.has_no_data())?.statistic(statistic)
            }
            Metric::ErrorRate => self.error_rate(),
            Metric::Throughput => self.throughput_rps,
            Metric::Custom(name) => self.parts.get(name)?.statistic(statistic),
        }
    }

    /// Number of response times, as far as it is known.
    pub fn timed(&self) -> Option<u64> {
        self.latency.as_ref().and_then(|latency| latency.count).or(self.requests)
    }

    /// This endpoint with the times of one of its parts for its response times; without any where it has no such part.
    pub fn with_times_of(&self, part: &Untrusted) -> Self {
        let times = |time: &PartTime| {
            let times = time.latency();
            Latency { count: times.count.or(self.timed()), ..times }
        };
        Self {
            requests: self.requests,
            failures: self.failures,
            outcomes: self.outcomes,
            stated_error_rate: self.stated_error_rate,
            latency: self.parts.get(part).map(times),
            ..Self::new(self.key.clone())
        }
    }

    /// Where the time goes: the mean of each part that is worth telling, in milliseconds. They come one after another; the time
    /// to the first byte is none of them, because it holds others.
    pub fn phases(&self) -> impl Iterator<Item = (&Untrusted, f64)> {
        let whole = self.latency.as_ref().and_then(|latency| latency.mean);
        let least = whole.unwrap_or_default() * WORTH_TELLING;
        let phases = self.parts.iter().filter(|(name, _)| **name != Part::Ttfb.name());
        let means = phases.filter_map(|(name, time)| Some((name, time.mean()?)));
        means.filter(move |(_, mean)| *mean > least)
    }

    /// Whether not one request succeeded: then the response times say nothing.
    pub fn all_failed(&self) -> bool {
        self.error_rate().is_some_and(|rate| rate >= 1.0)
    }

    /// Bytes of its samples.
    pub fn sample_bytes(&self) -> usize {
        let whole = self.latency.iter().filter_map(|latency| latency.distribution.as_ref());
        let parts = self.parts.values().filter_map(PartTime::distribution);
        whole.chain(parts).map(Distribution::bytes).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_has_no_error_rate() {
        let mut endpoint = Endpoint::new(EndpointKey::Total);
        (endpoint.requests, endpoint.failures) = (Some(0), Some(0));
        assert_eq!((endpoint.error_rate(), endpoint.all_failed()), (None, false));
        (endpoint.requests, endpoint.failures) = (Some(4), Some(4));
        assert_eq!((endpoint.error_rate(), endpoint.all_failed()), (Some(1.0), true));
    }
}
