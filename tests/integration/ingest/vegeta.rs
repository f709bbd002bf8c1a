//! vegeta's report.

use super::totals::{changed, document, ingest, kinds, near, quantile, run};
use crate::support::fixture;
use perfgate::ingest::{ReadOptions, Source, read};
use serde_json::json;

/// The percentiles of the report are estimates.
#[test]
fn the_report_agrees_with_the_requests_it_sums_up() {
    let report = run("vegeta/base.json");
    for file in ["vegeta/base.csv.gz", "vegeta/base.ndjson.zst"] {
        let source = Source::open(&fixture(file)).unwrap();
        let rows = read(source, &ReadOptions::default()).unwrap().run;
        let (ours, theirs) = (&report.total, &rows.total);
        assert_eq!((ours.requests, ours.failures), (theirs.requests, theirs.failures), "{file}");
        assert_eq!(kinds(&report), kinds(&rows), "{file}");
        assert_eq!(report.started_at, rows.started_at, "{file}");
        near(report.duration_s, rows.duration_s.unwrap());
        near(ours.throughput_rps, theirs.throughput_rps.unwrap());
        let [ours, theirs] = [ours, theirs].map(|side| side.latency.as_ref().unwrap());
        near(ours.mean, theirs.mean.unwrap());
        near(ours.max, theirs.max.unwrap());
        let (ours, theirs) = (quantile(&report, "p50"), quantile(&rows, "p50"));
        assert!((ours.unwrap() / theirs.unwrap() - 1.0).abs() < 0.02, "{file}");
    }
}

#[test]
fn times_are_nanoseconds() {
    let run = run("vegeta/errors.json");
    near(quantile(&run, "p50"), 4.05635);
    near(quantile(&run, "p99"), 5.588264);
    near(run.total.latency.as_ref().unwrap().min, 2.410372);
    near(run.duration_s, 2.990280953 + 0.003430447);
}

#[test]
fn failures_are_counted_by_status() {
    let run = run("vegeta/errors.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(300), Some(71)));
    assert_eq!(kinds(&run), [("HTTP 500", 45), ("HTTP 503", 26)]);
}

#[test]
fn requests_without_a_response_are_failures_by_their_error() {
    let run = run("vegeta/made/refused.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(20), Some(20)));
    let [(message, 20)] = kinds(&run)[..] else { panic!("{:?}", kinds(&run)) };
    assert!(message.ends_with("connect: connection refused"), "{message}");
}

/// The report lists the errors, but not how often each came.
#[test]
fn several_errors_without_a_status_are_one_kind() {
    let path = "vegeta/made/refused.json";
    let two = changed(path, "/errors", json!(["connection refused", "EOF"]));
    assert_eq!(kinds(&ingest(&two).unwrap().run), [("no response", 20)]);
}

#[test]
fn a_share_of_successes_that_does_not_follow_from_the_statuses_is_refused() {
    for (pointer, value, why) in [
        ("/success", json!(1.0), "success is 1"),
        ("/status_codes/500", json!(0), "300 requests have 255 statuses"),
        ("/latencies/95th", json!(1), "the percentiles fall"),
    ] {
        let error = ingest(&changed("vegeta/errors.json", pointer, value)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_percentile_that_an_old_version_does_not_write_is_not_measured() {
    let mut old = document("vegeta/base.json");
    old["latencies"].as_object_mut().unwrap().remove("90th");
    let run = ingest(&old).unwrap().run;
    assert_eq!(quantile(&run, "p90"), None);
    assert!(quantile(&run, "p95").is_some());
}
