//! autocannon's JSON.

use super::totals::{changed, document, ingest, kinds, near, quantile, run};
use crate::support::compare;
use perfgate::model::{Raw as _, Rounding};
use serde_json::json;

#[test]
fn times_are_whole_milliseconds_and_there_is_no_p95() {
    let run = run("autocannon/base.json");
    near(quantile(&run, "p97.5"), 39.0);
    near(quantile(&run, "p99.9"), 70.0);
    assert_eq!(quantile(&run, "p95"), None);
    let latency = run.total.latency.as_ref().unwrap();
    near(latency.mean, 17.39);
    near(latency.stddev, 8.54);
    assert_eq!(latency.rounding, Some(Rounding::Steps { us: 1_000 }));
    assert_eq!(latency.half_step("p99".parse().unwrap(), 49.0), 0.5);
}

#[test]
fn every_percentile_of_the_file_is_read() {
    let own = document("autocannon/base.json");
    let stated = own["latency"].as_object().unwrap().iter().filter_map(|(key, ms)| {
        Some((format!("p{}", key.strip_prefix('p')?.replace('_', ".")), ms.as_f64()))
    });
    let stated: Vec<(String, Option<f64>)> = stated.collect();
    let run = run("autocannon/base.json");
    for (level, ms) in &stated {
        assert_eq!(quantile(&run, level), *ms, "{level}");
    }
    let read = run.total.latency.as_ref().unwrap().quantiles.len();
    assert_eq!((stated.len(), read), (15, 15));
}

#[test]
fn a_limit_on_p95_says_that_it_was_not_measured() {
    let path = "autocannon/base.json";
    let report = compare(path, path, &["--format", "json"]).json();
    let p95 = report["findings"].as_array().unwrap().iter().find(|own| own["statistic"] == "p95");
    let p95 = p95.unwrap();
    assert_eq!((&p95["verdict"], &p95["reason"]), (&"not_compared".into(), &"not_measured".into()));
}

#[test]
fn the_file_tells_connections_url_and_start() {
    let run = run("autocannon/base.json");
    assert_eq!(run.load.users, Some(10));
    assert_eq!(run.load.target.as_ref().unwrap().raw(), "http://127.0.0.1:18080/api/chat");
    assert_eq!(run.started_at.unwrap().to_string(), "2026-11-20T22:49:27.609Z");
    near(run.total.throughput_rps, 2791.0 / 5.03);
}

#[test]
fn other_statuses_than_2xx_are_failures() {
    let run = run("autocannon/errors.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(3876), Some(919)));
    assert_eq!(kinds(&run), [("HTTP 500", 645), ("HTTP 503", 274)]);
}

/// autocannon's own count of requests is 0.
#[test]
fn refused_connections_are_requests_that_failed() {
    let run = run("autocannon/refused.json");
    assert_eq!(document("autocannon/refused.json")["requests"]["total"], 0);
    assert_eq!((run.total.requests, run.total.failures), (Some(41_583), Some(41_583)));
    assert_eq!(kinds(&run), [("connection error", 41_583)]);
    assert!(run.total.latency.unwrap().has_no_data());
}

#[test]
fn a_timeout_is_one_of_the_errors_and_not_one_more() {
    let run = run("autocannon/timeouts.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(796), Some(12)));
    assert_eq!(kinds(&run), [("timeout", 12)]);
    assert_eq!(run.total.latency.unwrap().count, Some(784));
}

/// `min` is 1 where the median is 0.
#[test]
fn the_smallest_time_is_not_measured() {
    let own = document("autocannon/timeouts.json");
    assert_eq!((&own["latency"]["min"], &own["latency"]["p50"]), (&json!(1), &json!(0)));
    assert_eq!(run("autocannon/timeouts.json").total.latency.unwrap().min, None);
}

#[test]
fn unexpected_bodies_are_failures_of_any_status() {
    let mut run = run("autocannon/mismatches.json");
    assert_eq!((run.total.requests, run.total.failures.take()), (Some(300), Some(130)));
    assert_eq!(kinds(&run), [("unexpected body", 100), ("HTTP 503", 30)]);
    // Never more failures than there are responses.
    let all = changed("autocannon/mismatches.json", "/mismatches", json!(300));
    assert_eq!(ingest(&all).unwrap().run.total.failures, Some(300));
}

#[test]
fn counts_that_contradict_each_other_are_refused() {
    for (pointer, value) in [
        ("/requests/total", json!(2957)),
        ("/2xx", json!(3877)),
        ("/statusCodeStats/500/count", json!(0)),
        ("/timeouts", json!(1)),
    ] {
        let error = ingest(&changed("autocannon/errors.json", pointer, value)).unwrap_err();
        assert!(error.to_string().contains("the file is damaged"), "{pointer}: {error}");
    }
}
