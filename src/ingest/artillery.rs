//! Artillery's JSON report: counters and summaries by name, of the whole run under `aggregate`.
//!
//! A status of 400 and more is no error to Artillery, and a request without an answer is in no summary and under no status: both are
//! failures here. Endpoints are there if the plugin `metrics-by-endpoint` is on.

use super::endpoint_stats::{MOST_KINDS, kind_of};
use super::error::{IngestError, OtherFile, Problem};
use super::fact::Fact;
use super::format::{Format, Holds, Ingested};
use super::head::{Claim, Head};
use super::json_file::{amount, count, parse};
use super::source::Source;
use crate::model::{
    Endpoint, EndpointKey, FailureKind, Kind, Latency, Quantile, Rounding, Run, Tool, limits,
    limits::Census,
};
use crate::schema::bounded;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) static FORMAT: Format = Format {
    name: "artillery",
    tool: "artillery",
    title: "Artillery's JSON report",
    get: "`artillery run --output x.json` (2.0), with the plugin `metrics-by-endpoint`",
    section: "Artillery",
    versions: "2.0.21",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
    ],
    remark: "times to the first byte in whole milliseconds; percentiles within 1 %",
    claim,
    read: |source, _| read(source),
};

/// A report of Artillery 1, whose names are others.
static TOO_OLD: OtherFile = OtherFile {
    what: "is a report of Artillery 1",
    help: |_| "run the test with Artillery 2.0 or newer".to_owned(),
    beside_results: false,
};

/// What the plugin puts in front of its names.
const BY_ENDPOINT: &str = "plugins.metrics-by-endpoint.";
/// Counters and summaries: a few for each endpoint.
const MOST_NAMES: usize = 4 * limits::ENDPOINTS;
/// How far a percentile may be from the truth, as a share of it: Artillery keeps a sketch of the times.
const SKETCH: f64 = 0.01;
/// The percentiles of a summary.
const LEVELS: [(&str, f64); 6] =
    [("p50", 50.0), ("p75", 75.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0), ("p999", 99.9)];

fn claim(head: &Head<'_>) -> Claim {
    if head.has_key("aggregate") && head.has_key("scenariosCreated") {
        return Claim::Other(&TOO_OLD);
    }
    Claim::likely_if(head.has_key("aggregate") && head.has_key("counters"))
}

#[derive(Deserialize)]
struct Document {
    aggregate: Aggregate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Aggregate {
    #[serde(deserialize_with = "bounded::map::<_, _, MOST_NAMES>")]
    counters: BTreeMap<String, f64>,
    #[serde(deserialize_with = "bounded::map::<_, _, MOST_NAMES>")]
    summaries: BTreeMap<String, BTreeMap<String, f64>>,
    first_metric_at: Option<f64>,
    last_metric_at: Option<f64>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let document: Document = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let report = Report { file: &name, aggregate: &document.aggregate };
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    if let (Some(first), Some(last)) =
        (report.aggregate.first_metric_at, report.aggregate.last_metric_at)
    {
        let first = report.amount("firstMetricAt", first)?;
        let lasted = report.amount("lastMetricAt", last)? - first;
        run.started_at = jiff::Timestamp::from_millisecond(first as i64).ok();
        run.duration_s = (lasted > 0.0).then_some(lasted / 1e3);
    }
    run.total = report.total()?.endpoint(EndpointKey::Total, run.duration_s);
    let mut census = Census::default();
    for (endpoint, counted) in report.endpoints()? {
        let key = EndpointKey::named(Kind::Http, None, endpoint);
        census.count(&key).map_err(|why| IngestError::new(&name, why.into()))?;
        run.endpoints.push(counted.endpoint(key, run.duration_s));
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// What is counted of one endpoint, or of all.
#[derive(Default)]
struct Counted {
    requests: u64,
    failures: BTreeMap<String, u64>,
    latency: Option<Latency>,
}

impl Counted {
    /// Requests that were answered with this status.
    fn answered(&mut self, status: &str, count: u64) {
        self.requests = self.requests.saturating_add(count);
        if status.parse::<u16>().is_ok_and(|status| status >= 400) {
            self.fail(&format!("HTTP {status}"), count);
        }
    }

    fn fail(&mut self, kind: &str, count: u64) {
        let known = self.failures.entry(kind_of(kind).into_owned()).or_default();
        *known = known.saturating_add(count);
    }

    fn endpoint(self, key: EndpointKey, duration_s: Option<f64>) -> Endpoint {
        let failures = self.failures.values().fold(0, |sum: u64, n| sum.saturating_add(*n));
        // An error may come before the request is made.
        let requests = self.requests.max(failures);
        let mut kinds: Vec<FailureKind> = self
            .failures
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| FailureKind::new(kind, *count))
            .collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds.truncate(MOST_KINDS);
        Endpoint {
            requests: Some(requests),
            failures: Some(failures),
            throughput_rps: duration_s.map(|s| requests as f64 / s),
            latency: self.latency,
            failure_kinds: kinds,
            ..Endpoint::new(key)
        }
    }
}

struct Report<'a> {
    file: &'a str,
    aggregate: &'a Aggregate,
}

impl<'a> Report<'a> {
    fn amount(&self, what: &str, value: f64) -> Result<f64, IngestError> {
        amount(self.file, what, value)
    }

    /// The counters whose names begin so, by the rest of their names.
    fn counters(
        &self,
        prefix: &'static str,
    ) -> impl Iterator<Item = Result<(&'a str, u64), IngestError>> {
        let file = self.file;
        let counters = self.aggregate.counters.iter();
        let own = counters.filter_map(move |(name, n)| Some((name, name.strip_prefix(prefix)?, n)));
        own.map(move |(name, rest, n)| Ok((rest, count(file, name, *n)?)))
    }

    /// All requests together.
    fn total(&self) -> Result<Counted, IngestError> {
        let mut total = Counted::default();
        for counter in self.counters("http.codes.") {
            let (status, count) = counter?;
            total.answered(status, count);
        }
        for counter in self.counters("errors.") {
            let (error, count) = counter?;
            total.fail(error, count);
        }
        if let Some(requests) = self.aggregate.counters.get("http.requests") {
            // Those without an answer as well.
            total.requests = total.requests.max(count(self.file, "http.requests", *requests)?);
        }
        let summary = self.aggregate.summaries.get("http.response_time");
        total.latency = summary.map(|own| self.latency("http.response_time", own)).transpose()?;
        Ok(total)
    }

    /// The endpoints of the plugin, by name.
    fn endpoints(&self) -> Result<BTreeMap<&'a str, Counted>, IngestError> {
        let mut all: BTreeMap<&str, Counted> = BTreeMap::new();
        for counter in self.counters(BY_ENDPOINT) {
            let (rest, count) = counter?;
            if let Some((name, status)) = rest.rsplit_once(".codes.") {
                all.entry(name).or_default().answered(status, count);
            } else if let Some((name, error)) = rest.rsplit_once(".errors.") {
                let endpoint = all.entry(name).or_default();
                endpoint.requests = endpoint.requests.saturating_add(count);
                endpoint.fail(error, count);
            }
        }
        for (name, summary) in &self.aggregate.summaries {
            let own = name.strip_prefix(BY_ENDPOINT);
            if let Some(endpoint) = own.and_then(|rest| rest.strip_prefix("response_time.")) {
                let counted = all.entry(endpoint).or_default();
                counted.latency = Some(self.latency(name, summary)?);
            }
        }
        Ok(all)
    }

    /// The response times of a summary.
    fn latency(&self, name: &str, summary: &BTreeMap<String, f64>) -> Result<Latency, IngestError> {
        let what = |statistic: &str| format!("{statistic} of {name}");
        let get = |statistic: &str| {
            let value = summary.get(statistic);
            value.map(|value| self.amount(&what(statistic), *value)).transpose()
        };
        let number = summary.get("count").map(|n| count(self.file, &what("count"), *n));
        let mut latency = Latency {
            count: number.transpose()?,
            mean: get("mean")?,
            min: get("min")?,
            max: get("max")?,
            rounding: Some(Rounding::Steps { us: 1_000 }),
            ..Latency::default()
        };
        let mut last = latency.min.unwrap_or_default();
        for (statistic, percent) in LEVELS {
            let Some((level, value)) = Quantile::from_percent(percent).zip(get(statistic)?) else {
                continue;
            };
            // The sketch may be off by that much at both.
            if value < last * (1.0 - 2.0 * SKETCH) {
                let problem = Problem::BadValue {
                    what: what(statistic),
                    value: value.to_string(),
                    why: "less than the percentile before it",
                };
                return Err(IngestError::new(self.file, problem));
            }
            latency.quantiles.insert(level, value);
            latency.half_steps.insert(level, 0.5 + value * SKETCH);
            last = value;
        }
        Ok(latency)
    }
}
