//! Locust `--json` / `--json-file` (2.x): one object an endpoint, with complete counts and a histogram.
//!
//! Times are rounded before they are counted; sum, minimum and maximum are exact. There is no
//! total in the file, so it is added up here. `[]` is what Locust writes when nothing was measured, and also into the
//! file when `--json` and `--json-file` are given together: no data, never a pass.

use super::key::key;
use super::rounding::rounding_of;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::{amount, count, parse};
use crate::ingest::source::Source;
use crate::model::limits::{self, Census, check_number};
use crate::model::{Distribution, Endpoint, EndpointKey, Latency, OutOfRange, Run, Tool};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "locust-json",
    tool: "locust",
    title: "Locust `--json`",
    get: "`locust --json > x.json`",
    section: "Locust `--json`",
    versions: "2.47",
    holds: Holds::Counts,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::Throughput,
        Fact::Start,
    ],
    remark: "rounded to two digits",
    claim: |head| Claim::possible_if(head.begins_with(b'[')),
    read: |source, _| read(source),
};

/// One entry of the file.
#[derive(Deserialize)]
struct StatsEntry {
    name: LooseText,
    #[serde(default)]
    method: LooseText,
    last_request_timestamp: Option<f64>,
    start_time: Option<f64>,
    num_requests: u64,
    #[serde(default)]
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: f64,
    min_response_time: Option<f64>,
    response_times: Times,
}

/// How often each response time was seen, as the file has them: numbers in quotes.
struct Times(Counts);

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TimesVisitor)
    }
}

struct TimesVisitor;

impl<'de> Visitor<'de> for TimesVisitor {
    type Value = Times;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("response times in milliseconds, and how often each was seen")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Times, A::Error> {
        let mut all = Vec::new();
        while let Some((text, n)) = entries.next_entry::<Cow<'_, str>, u64>()? {
            let ms = text.parse::<f64>().ok().filter(|ms| Distribution::takes(*ms));
            let ms = ms.ok_or_else(|| {
                let text = limits::shown(&text);
                Error::custom(format!("`{text}` is no response time in milliseconds"))
            })?;
            all.push((ms, n));
            check_number("response times of one endpoint", all.len(), limits::RESPONSE_TIMES)
                .map_err(Error::custom)?;
        }
        Ok(Times(all))
    }
}

/// A name as the script fires it: mostly text, but Locust takes anything.
#[derive(Deserialize, Default)]
#[serde(from = "serde_json::Value")]
struct LooseText(String);

impl From<serde_json::Value> for LooseText {
    fn from(value: serde_json::Value) -> Self {
        Self(match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    }
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let entries: Vec<StatsEntry> =
        parse(&name, &source.document(limits::RUN_BYTES)?).map_err(|mut error| {
            if let Problem::Malformed(why) = &mut error.problem {
                // A list in a result file is taken for Locust's; say so, in case it is something else.
                why.insert_str(0, "not a list as Locust's --json writes it: ");
            }
            error
        })?;
    let mut run = Run::new(Tool { name: "locust".into(), version: None });
    let starts = entries.iter().filter_map(|e| e.start_time).reduce(f64::min);
    let ends = entries.iter().filter_map(|e| e.last_request_timestamp).reduce(f64::max);
    run.started_at = starts.and_then(timestamp);
    run.duration_s = starts.zip(ends).map(|(start, end)| end - start).filter(|s| *s > 0.0);
    let times = || entries.iter().flat_map(|entry| &entry.response_times.0);
    check_number("response times", times().count(), limits::RESPONSE_TIMES)
        .map_err(|exceeded| IngestError::new(&name, exceeded.into()))?;
    let rounding = rounding_of(times().map(|(ms, _)| *ms));
    let mut seen = BTreeSet::new();
    let mut census = Census::default();
    let mut all_counts = Vec::new();
    for entry in entries {
        let (endpoint, counts) = endpoint(&name, entry, run.duration_s)?;
        census.count(&endpoint.key).map_err(|exceeded| IngestError::new(&name, exceeded.into()))?;
        if !seen.insert(endpoint.key.clone()) {
            let endpoint = endpoint.key.text().into_raw();
            return Err(IngestError::new(&name, Problem::Duplicate { endpoint }));
        }
        run.endpoints.push(endpoint);
        all_counts.extend(counts);
    }
    run.total = total(&name, &run.endpoints, all_counts, run.duration_s)?;
    for endpoint in run.endpoints.iter_mut().chain([&mut run.total]) {
        if let Some(latency) = &mut endpoint.latency {
            latency.set_rounding(rounding);
        }
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// The instant of unix seconds; none outside of what a calendar holds.
fn timestamp(seconds: f64) -> Option<jiff::Timestamp> {
    // Whole milliseconds: a float of this size is not finer than a microsecond anyway.
    jiff::Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
}

/// How often each response time in milliseconds was seen.
type Counts = Vec<(f64, u64)>;

fn endpoint(
    file: &str,
    entry: StatsEntry,
    duration_s: Option<f64>,
) -> Result<(Endpoint, Counts), IngestError> {
    let what = |field: &str| format!("{field} of {}", entry.name.0);
    let mut endpoint = Endpoint::new(key(&entry.method.0, &entry.name.0));
    let requests = count(file, &what("num_requests"), entry.num_requests as f64)?;
    if entry.num_failures > requests || entry.num_none_requests > requests {
        let problem = Problem::BadValue {
            what: what("num_failures"),
            value: entry.num_failures.to_string(),
            why: "more than there are requests",
        };
        return Err(IngestError::new(file, problem));
    }
    (endpoint.requests, endpoint.failures) = (Some(requests), Some(entry.num_failures));
    endpoint.throughput_rps = duration_s.map(|s| requests as f64 / s);
    for (_, n) in &entry.response_times.0 {
        count(file, &what("response_times"), *n as f64)?;
    }
    let counts = entry.response_times.0;
    let timed = requests - entry.num_none_requests;
    let counted = counts.iter().map(|(_, n)| *n).fold(0, u64::saturating_add);
    if counted != timed {
        let why = "not as many as there are response times";
        let (what, value) = (what("num_requests"), timed.to_string());
        return Err(IngestError::new(file, Problem::BadValue { what, value, why }));
    }
    let mut latency = summary(file, counts.clone())?;
    if timed > 0 {
        let sum = amount(file, &what("total_response_time"), entry.total_response_time)?;
        latency.mean = Some(sum / timed as f64);
        latency.max = Some(amount(file, &what("max_response_time"), entry.max_response_time)?);
        let min = entry.min_response_time.map(|min| amount(file, &what("min_response_time"), min));
        latency.min = min.transpose()?.or(latency.min);
        if latency.min > latency.max {
            let (what, value) =
                (what("min_response_time"), latency.min.unwrap_or_default().to_string());
            let problem = Problem::BadValue { what, value, why: "is larger than the maximum" };
            return Err(IngestError::new(file, problem));
        }
        let (min, max, mean) = (latency.min, latency.max, latency.mean);
        if let Some(all) = &mut latency.distribution {
            all.set_exact(min, max, mean);
        }
    }
    endpoint.latency = Some(latency);
    Ok((endpoint, counts))
}

fn summary(file: &str, counts: Counts) -> Result<Latency, IngestError> {
    let wrap = |error: OutOfRange| IngestError::new(file, Problem::Malformed(error.to_string()));
    Latency::from_counts(counts).map_err(wrap)
}

/// All endpoints together.
fn total(
    file: &str,
    endpoints: &[Endpoint],
    counts: Counts,
    duration_s: Option<f64>,
) -> Result<Endpoint, IngestError> {
    let mut total = Endpoint::new(EndpointKey::Total);
    let sum = |of: fn(&Endpoint) -> Option<u64>| {
        let all = endpoints.iter().filter_map(of).try_fold(0, u64::checked_add);
        all.ok_or_else(|| {
            IngestError::new(file, Problem::Malformed("the counts overflow".to_owned()))
        })
    };
    let requests = sum(|e| e.requests)?;
    (total.requests, total.failures) = (Some(requests), Some(sum(|e| e.failures)?));
    total.throughput_rps = duration_s.map(|s| requests as f64 / s);
    let mut latency = summary(file, counts)?;
    let parts = || endpoints.iter().filter_map(|e| e.latency.as_ref());
    let timed: f64 = parts().filter_map(|l| Some(l.mean? * l.count? as f64)).sum();
    latency.mean = latency.count.filter(|n| *n > 0).map(|n| timed / n as f64);
    latency.min = parts().filter_map(|l| l.min).reduce(f64::min);
    latency.max = parts().filter_map(|l| l.max).reduce(f64::max);
    let (min, max, mean) = (latency.min, latency.max, latency.mean);
    if let Some(all) = &mut latency.distribution {
        all.set_exact(min, max, mean);
    }
    total.latency = Some(latency);
    Ok(total)
}
