//! What is counted of one endpoint: requests, failures, response times and their parts.

use super::error::Problem;
use crate::model::{Distribution, Endpoint, EndpointKey, Latency};
use std::collections::BTreeMap;

/// The parts of a request's time, as k6 names them behind `http_req_`.
pub(super) const PARTS: [&str; 6] =
    ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
/// Share of the mean response time below which a part is not worth keeping.
const WORTH_KEEPING: f64 = 0.01;
/// Samples that are kept one by one: below, a histogram is larger than they are.
const FEW: usize = 4_096;

const NS_PER_MS: f64 = 1e6;

/// Response times, small where there are few.
pub(super) enum Times {
    Few(Vec<f64>),
    Many(Box<Distribution>),
}

impl Default for Times {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Times {
    pub(super) fn record(&mut self, ms: f64, what: &str) -> Result<(), Problem> {
        let taken = match self {
            // What is no latency is found when it is recorded; until then it must not be let in.
            Self::Few(few) => {
                let takes = Distribution::takes(ms);
                if takes {
                    few.push(ms);
                }
                takes
            }
            Self::Many(all) => all.record(ms).is_ok(),
        };
        if !taken {
            return Err(Problem::BadValue {
                what: what.to_owned(),
                value: ms.to_string(),
                why: "is no response time in milliseconds",
            });
        }
        if matches!(self, Self::Few(few) if few.len() >= FEW) {
            *self = Self::Many(Box::new(self.distribution()));
        }
        Ok(())
    }

    pub(super) fn distribution(&self) -> Distribution {
        match self {
            Self::Many(all) => all.as_ref().clone(),
            Self::Few(few) => {
                let mut all = Distribution::new();
                // Nothing else was let in.
                few.iter().for_each(|ms| all.record(*ms).unwrap_or_default());
                all
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Few(own), Self::Few(mut more)) if own.len() + more.len() < FEW => {
                own.append(&mut more)
            }
            (_, other) => {
                let mut all = self.distribution();
                // Both hold latencies alone, so that one takes the other.
                all.merge(&other.distribution()).unwrap_or_default();
                *self = Self::Many(Box::new(all));
            }
        }
    }
}

/// What is counted of one endpoint.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) failures: u64,
    pub(super) outcomes: u64,
    pub(super) times: Times,
    /// Sum in nanoseconds, and number, of each of [`PARTS`].
    pub(super) parts: [(u64, u64); PARTS.len()],
}

impl Tally {
    pub(super) fn add_part(&mut self, part: usize, ms: f64) {
        let (sum, count) = &mut self.parts[part];
        *sum = sum.saturating_add((ms.max(0.0) * NS_PER_MS).round() as u64);
        *count += 1;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.outcomes += other.outcomes;
        self.times.merge(other.times);
        for (own, more) in self.parts.iter_mut().zip(other.parts) {
            *own = (own.0.saturating_add(more.0), own.1 + more.1);
        }
    }

    /// Adds what another counts, which stays.
    pub(super) fn add(&mut self, other: &Self, all: &Distribution) {
        self.merge(Self {
            requests: other.requests,
            failures: other.failures,
            outcomes: other.outcomes,
            times: Times::Many(Box::new(all.clone())),
            parts: other.parts,
        });
    }

    pub(super) fn endpoint(
        &self,
        key: EndpointKey,
        all: Distribution,
        duration_s: Option<f64>,
    ) -> Endpoint {
        let mut endpoint = Endpoint::new(key);
        endpoint.requests = Some(self.requests);
        if self.outcomes > 0 {
            endpoint.failures = Some(self.failures);
            endpoint.outcomes = Some(self.outcomes).filter(|of| *of != self.requests);
        }
        endpoint.throughput_rps = duration_s.map(|s| self.requests as f64 / s);
        let latency = Latency::from_distribution(all);
        endpoint.parts = self.means(latency.mean);
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
