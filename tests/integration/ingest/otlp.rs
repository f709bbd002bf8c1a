//! OpenTelemetry's metrics in OTLP JSON.

use crate::support::fixture;
use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read};
use perfgate::model::{Endpoint, EndpointKey, Kind, Quantile, Run};
use serde_json::{Value, json};
use std::io::Cursor;

fn exports(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(&format!("otlp/{name}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ingest(exports: &[Value]) -> Result<Ingested, IngestError> {
    let text: String = exports.iter().map(|export| format!("{export}\n")).collect();
    read(
        Source::from_reader("metrics", Box::new(Cursor::new(text.into_bytes())))?,
        &ReadOptions::default(),
    )
}

fn run(name: &str) -> Run {
    ingest(&exports(name)).unwrap().run
}

/// The points of the histogram of requests in an export.
fn points(export: &Value) -> Vec<Value> {
    let metrics = export["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let own = metrics.iter().find(|own| own["name"] == "http.server.request.duration");
    // An export in which nothing was counted has none.
    let Some(own) = own else { return Vec::new() };
    let histogram = own.get("histogram").unwrap_or(&own["exponentialHistogram"]);
    histogram["dataPoints"].as_array().unwrap().clone()
}

fn counted<'a>(points: impl IntoIterator<Item = &'a Value>) -> u64 {
    points.into_iter().map(|point| point["count"].as_u64().unwrap()).sum()
}

fn attribute(point: &Value, name: &str) -> Option<Value> {
    let all = point["attributes"].as_array().unwrap();
    let value = &all.iter().find(|own| own["key"] == name)?["value"];
    value.as_object().unwrap().values().next().cloned()
}

fn endpoint<'a>(run: &'a Run, method: &str, route: &str) -> &'a Endpoint {
    let key = EndpointKey::named(Kind::Http, Some(method), route);
    run.endpoints.iter().find(|own| own.key == key).unwrap()
}

#[test]
fn of_a_cumulative_series_the_last_point_counts() {
    for name in ["explicit-cumulative", "exp-cumulative"] {
        let last = points(exports(name).last().unwrap());
        assert_eq!(run(name).total.requests, Some(counted(&last)), "{name}");
    }
}

#[test]
fn delta_points_add_up() {
    let all: Vec<Value> = exports("explicit-delta").iter().flat_map(points).collect();
    assert_eq!(run("explicit-delta").total.requests, Some(counted(&all)));
}

#[test]
fn method_and_route_name_the_endpoint_and_statuses_from_400_on_are_failures() {
    for name in ["explicit-cumulative", "exp-cumulative"] {
        let last = points(exports(name).last().unwrap());
        let own = |point: &&Value| {
            attribute(point, "http.route") == Some(json!("/flaky"))
                && attribute(point, "http.request.method") == Some(json!("GET"))
        };
        let failed =
            |point: &&Value| attribute(point, "http.response.status_code") == Some(json!(503));
        let run = run(name);
        let flaky = endpoint(&run, "GET", "/flaky");
        assert_eq!(flaky.requests, Some(counted(last.iter().filter(own))), "{name}");
        let failures = counted(last.iter().filter(own).filter(failed));
        assert_eq!(flaky.failures, Some(failures), "{name}");
        assert!(failures > 0, "{name}");
    }
}

/// The mean is exact, and so are the extremes; a percentile is as wide as its bucket.
#[test]
fn times_are_milliseconds_and_a_percentile_may_be_off_by_its_bucket() {
    let last = points(exports("explicit-cumulative").last().unwrap());
    let run = run("explicit-cumulative");
    let own = run.total.latency.as_ref().unwrap();
    let number =
        |key: &str| last.iter().map(|point| point[key].as_f64().unwrap() * 1e3).collect::<Vec<_>>();
    let mean = number("sum").iter().sum::<f64>() / counted(&last) as f64;
    assert!((own.mean.unwrap() / mean - 1.0).abs() < 1e-12);
    assert_eq!(own.max, number("max").into_iter().reduce(f64::max));
    assert_eq!(own.min, number("min").into_iter().reduce(f64::min));
    let (value, off) = (own.quantiles[&Quantile::P50], own.half_steps[&Quantile::P50]);
    let bounds: Vec<f64> = last[0]["explicitBounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b.as_f64().unwrap() * 1e3)
        .collect();
    let above = bounds.iter().position(|bound| *bound >= value).unwrap();
    let (low, high) = (bounds[above - 1], bounds[above]);
    assert!(
        off > 0.0 && value - off <= low + 1e-9 && value + off >= high - 1e-9,
        "{value} ± {off}"
    );
}

#[test]
fn the_duration_is_from_the_start_of_the_counts_to_the_last_export() {
    let run = run("explicit-cumulative");
    let last = points(exports("explicit-cumulative").last().unwrap());
    let time = |key: &str| {
        last.iter().map(|p| p[key].as_str().unwrap().parse::<i128>().unwrap()).collect::<Vec<_>>()
    };
    let (from, to) =
        (time("startTimeUnixNano").into_iter().min(), time("timeUnixNano").into_iter().max());
    assert_eq!(run.started_at.map(|at| at.as_nanosecond()), from);
    let seconds = (to.unwrap() - from.unwrap()) as f64 / 1e9;
    assert!((run.duration_s.unwrap() - seconds).abs() < 1e-6);
}

fn one_point(point: Value) -> Value {
    json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [{
        "name": "http.client.request.duration", "unit": "s",
        "histogram": { "aggregationTemporality": 2, "dataPoints": [point] }
    }] }] }] })
}

#[test]
fn counts_are_read_as_text_as_well_and_requests_without_an_answer_are_failures() {
    let run = ingest(&[one_point(json!({
        "attributes": [
            { "key": "server.address", "value": { "stringValue": "api" } },
            { "key": "error.type", "value": { "stringValue": "timeout" } },
        ],
        "startTimeUnixNano": "1000000000", "timeUnixNano": "3000000000",
        "count": "4", "sum": 2.0, "explicitBounds": [0.5], "bucketCounts": ["4", "0"],
    }))]);
    let run = run.unwrap().run;
    assert_eq!((run.total.requests, run.total.failures), (Some(4), Some(4)));
    assert_eq!(run.total.throughput_rps, Some(2.0));
}

#[test]
fn what_contradicts_itself_or_has_no_requests_is_an_error() {
    let point = |counts: Value| json!({ "timeUnixNano": "1", "count": 4, "explicitBounds": [0.5], "bucketCounts": counts });
    for counts in [json!([4]), json!([1, 1]), json!([4, 0, 0])] {
        assert!(ingest(&[one_point(point(counts.clone()))]).is_err(), "{counts}");
    }
    let mut other = one_point(point(json!([4, 0])));
    assert!(ingest(std::slice::from_ref(&other)).is_ok());
    other["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["name"] = json!("queue.size");
    let error = ingest(&[other]).unwrap_err();
    assert!(error.to_string().contains("no histogram of HTTP requests"), "{error}");
}
