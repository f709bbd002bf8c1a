//! Tools that write one JSON document about a whole test, with the numbers of all requests together.
//!
//! Their success rates leave out failures: oha's counts HTTP errors as successes, autocannon's requests exclude those without a
//! response. Each reader counts failures from the statuses and errors instead.

pub(super) mod autocannon;
pub(super) mod bombardier;
pub(super) mod jmeter;
pub(super) mod oha;
pub(super) mod vegeta;

use super::endpoint_stats::{kind_of, most_frequent};
use super::error::{IngestError, Problem};
use super::format::Ingested;
use super::json_file::{amount, count};
use crate::model::{Distribution, Latency, Quantile, Run, Tool};
use std::collections::BTreeMap;

/// The numbers of all requests together.
struct Totals {
    /// Requests made, those without a response included.
    requests: u64,
    failures: u64,
    /// What the failures were, as the tool words them, and how often each came.
    kinds: Vec<(String, u64)>,
    duration_s: f64,
    latency: Latency,
}

impl Totals {
    /// The run that has these numbers; `file` is for messages.
    fn into_run(self, file: &str, tool: &str) -> Result<Ingested, IngestError> {
        let mut run = Run::new(Tool { name: tool.into(), version: None });
        let requests = count(file, "the number of requests", self.requests as f64)?;
        if self.failures > requests {
            return Err(damaged(file, format!("{} of {requests} requests failed", self.failures)));
        }
        let duration = amount(file, "the duration", self.duration_s)?;
        run.duration_s = Some(duration).filter(|s| *s > 0.0);
        run.total.requests = Some(requests);
        run.total.failures = Some(self.failures);
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for (message, count) in self.kinds.iter().filter(|(_, count)| *count > 0) {
            let known = kinds.entry(kind_of(message).into_owned()).or_default();
            *known = known.saturating_add(*count);
        }
        run.total.failure_kinds = most_frequent(kinds);
        run.total.throughput_rps = run.duration_s.map(|s| requests as f64 / s);
        run.total.latency = Some(self.latency);
        Ok(Ingested { run, warnings: Vec::new() })
    }
}

/// Response times as a file has them.
struct Times<'a> {
    /// The file, for messages.
    file: &'a str,
    /// How many milliseconds the unit of the file has.
    unit_ms: f64,
}

impl Times<'_> {
    /// One statistic, in milliseconds.
    fn ms(&self, what: &str, value: Option<f64>) -> Result<Option<f64>, IngestError> {
        let Some(value) = value else { return Ok(None) };
        let ms = amount(self.file, what, value)? * self.unit_ms;
        if Distribution::takes(ms) {
            return Ok(Some(ms));
        }
        let why = "is no response time";
        let problem = Problem::BadValue { what: what.to_owned(), value: value.to_string(), why };
        Err(IngestError::new(self.file, problem))
    }

    /// Percentiles by their level, in milliseconds. They must not fall.
    fn quantiles<'a>(
        &self,
        stated: impl IntoIterator<Item = (&'a str, Option<f64>)>,
    ) -> Result<BTreeMap<Quantile, f64>, IngestError> {
        let mut quantiles = BTreeMap::new();
        for (percent, value) in stated {
            let level = percent.parse().ok().and_then(Quantile::from_percent);
            let ms = self.ms(&format!("p{percent}"), value)?;
            quantiles.extend(level.zip(ms));
        }
        let ascending: Vec<f64> = quantiles.values().copied().collect();
        match ascending.windows(2).find(|pair| pair[0] > pair[1]) {
            Some(pair) => {
                let why = format!("the percentiles fall, from {} to {} ms", pair[0], pair[1]);
                Err(damaged(self.file, why))
            }
            None => Ok(quantiles),
        }
    }
}

/// The error for numbers of one file that contradict each other.
fn damaged(file: &str, contradiction: String) -> IngestError {
    IngestError::new(file, Problem::Malformed(format!("{contradiction}: the file is damaged")))
}

/// Adds up counts; more than a number can hold stays too many.
fn sum<'a>(counts: impl IntoIterator<Item = &'a u64>) -> u64 {
    counts.into_iter().copied().fold(0, u64::saturating_add)
}
