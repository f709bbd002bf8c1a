//! Metrics in OTLP's JSON, as the collector's file exporter writes them: an export a line, or one document. The histograms of HTTP
//! requests by their conventional names are endpoints; other metrics are not read.
//!
//! A cumulative series counts from its start: of each start, the last point holds all that was counted. Delta points add up.

use super::buckets::Buckets;
use super::point::{Point, Temporality};
use crate::ingest::endpoint_stats::{kind_of, most_frequent};
use crate::ingest::endpoint_table::collapsed;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::json_error;
use crate::ingest::source::Source;
use crate::model::limits::{self, Census};
use crate::model::{Endpoint, EndpointKey, Kind, Run, Tool};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "otlp-json",
    tool: "opentelemetry",
    title: "OpenTelemetry metrics in OTLP JSON",
    get: "the collector's `file` exporter",
    section: "OpenTelemetry",
    versions: "0.223.0",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
    ],
    remark: "percentiles are as wide as the histogram's buckets",
    claim,
    read,
};

/// The metrics that are read, those of servers first: where both are in a file, they count the same requests twice.
const METRICS: [[&str; 2]; 2] = [
    ["http.server.request.duration", "http.server.duration"],
    ["http.client.request.duration", "http.client.duration"],
];

fn claim(head: &Head<'_>) -> Claim {
    Claim::certain_if(head.has_key("resourceMetrics") && head.has_key("scopeMetrics"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    #[serde(default)]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceMetrics {
    #[serde(default)]
    resource: serde_json::Value,
    #[serde(default)]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Deserialize)]
struct ScopeMetrics {
    #[serde(default)]
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    name: String,
    #[serde(default)]
    unit: String,
    histogram: Option<Histogram>,
    exponential_histogram: Option<Histogram>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Histogram {
    #[serde(default)]
    data_points: Vec<Point>,
    #[serde(default)]
    aggregation_temporality: Temporality,
}

/// The points of one series: those of one start replace each other, or add up.
type Series = BTreeMap<(u64, u64), Point>;

/// One metric's series, by what tells them apart.
#[derive(Default)]
struct Gathered {
    series: BTreeMap<String, Series>,
    factor: f64,
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    for export in serde_json::Deserializer::from_slice(&bytes).into_iter::<Export>() {
        let export = export.map_err(|error| json_error(&name, &error))?;
        for resource in export.resource_metrics {
            let of = resource.resource.to_string();
            let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            for metric in
                metrics.filter(|own| METRICS.iter().flatten().any(|known| *known == own.name))
            {
                add(&name, &mut gathered, &of, metric)?;
            }
        }
    }
    let found =
        METRICS.iter().find_map(|names| names.iter().find_map(|name| gathered.remove(*name)));
    let Some(found) = found else {
        let wanted = METRICS.map(|[name, _]| name).join(" or ");
        let problem = format!("it has no histogram of HTTP requests: {wanted}");
        return Err(IngestError::new(&name, Problem::Malformed(problem)));
    };
    let run = run_of(&name, found, options)?;
    Ok(Ingested { run, warnings: Vec::new() })
}

fn add(
    file: &str,
    gathered: &mut BTreeMap<String, Gathered>,
    resource: &str,
    metric: Metric,
) -> Result<(), IngestError> {
    let factor = match metric.unit.as_str() {
        "s" => 1e3,
        "ms" => 1.0,
        unit => {
            let problem = Problem::BadValue {
                what: format!("the unit of {}", metric.name),
                value: unit.to_owned(),
                why: "must be s or ms",
            };
            return Err(IngestError::new(file, problem));
        }
    };
    let own = gathered.entry(metric.name).or_default();
    own.factor = factor;
    for histogram in metric.histogram.into_iter().chain(metric.exponential_histogram) {
        for point in histogram.data_points {
            let wrong = |problem| IngestError::new(file, problem);
            point.check().map_err(wrong)?;
            let series = own.series.entry(format!("{resource} {}", point.attributes)).or_default();
            // A later point of a cumulative series holds all earlier ones of the same start.
            let place = match histogram.aggregation_temporality {
                Temporality::Cumulative => (point.start.0, 0),
                Temporality::Delta => (point.start.0, point.time.0),
                Temporality::Unspecified => {
                    let problem = "a histogram does not state its aggregationTemporality";
                    return Err(wrong(Problem::Malformed(problem.to_owned())));
                }
            };
            if series.get(&place).is_none_or(|known| known.time.0 <= point.time.0) {
                series.insert(place, point);
            }
        }
    }
    Ok(())
}

/// What was counted of one endpoint.
#[derive(Default)]
struct Counted {
    times: Buckets,
    failures: BTreeMap<String, u64>,
}

impl Counted {
    fn endpoint(self, key: EndpointKey, duration_s: Option<f64>) -> Endpoint {
        let requests = self.times.count();
        let mut endpoint = Endpoint::new(key);
        endpoint.requests = Some(requests);
        endpoint.failures = Some(self.failures.values().fold(0, |sum, n| sum.saturating_add(*n)));
        endpoint.failure_kinds = most_frequent(self.failures);
        endpoint.throughput_rps = duration_s.map(|s| requests as f64 / s);
        endpoint.latency = Some(self.times.latency());
        endpoint
    }
}

fn run_of(file: &str, found: Gathered, options: &ReadOptions) -> Result<Run, IngestError> {
    let (mut total, mut endpoints) = (Counted::default(), BTreeMap::<EndpointKey, Counted>::new());
    let mut census = Census::default();
    let mut span: Option<(u64, u64)> = None;
    for point in found.series.into_values().flat_map(BTreeMap::into_values) {
        let (from, to) = (point.start.0, point.time.0);
        span = Some(span.map_or((from, to), |(a, b)| (a.min(from), b.max(to))));
        let named = |name: &str| {
            let method = point.attribute(&["http.request.method", "http.method"]);
            collapsed(EndpointKey::named(Kind::Http, method.as_deref(), name), &options.collapse)
        };
        let key = named(
            &point.attribute(&["http.route", "url.template", "server.address"]).unwrap_or_default(),
        );
        if !endpoints.contains_key(&key) {
            census.count(&key).map_err(|why| IngestError::new(file, why.into()))?;
        }
        let own = endpoints.entry(key).or_default();
        for counted in [&mut total, own] {
            point.add_to(&mut counted.times, found.factor);
            if let Some(failure) = point.failure() {
                let count = counted.failures.entry(kind_of(&failure).into_owned()).or_default();
                *count = count.saturating_add(point.count.0);
            }
        }
    }
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    if let Some((from, to)) = span.filter(|(from, _)| *from > 0) {
        run.started_at = jiff::Timestamp::from_nanosecond(i128::from(from)).ok();
        run.duration_s = Some(to.saturating_sub(from) as f64 / 1e9).filter(|s| *s > 0.0);
    }
    run.total = total.endpoint(EndpointKey::Total, run.duration_s);
    let endpoint = |(key, counted): (EndpointKey, Counted)| counted.endpoint(key, run.duration_s);
    run.endpoints = endpoints.into_iter().map(endpoint).collect();
    Ok(run)
}
