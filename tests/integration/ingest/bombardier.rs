//! bombardier's JSON.

use super::totals::{changed, document, ingest, kinds, near, quantile, run};
use perfgate::model::{Raw as _, Rounding};
use serde_json::json;

#[test]
fn times_are_microseconds() {
    let run = run("bombardier/base.json");
    for (level, ms) in [("p50", 15.865), ("p95", 32.68), ("p99", 45.393)] {
        near(quantile(&run, level), ms);
    }
    let latency = run.total.latency.as_ref().unwrap();
    near(latency.mean, 17.55778693555458);
    near(latency.max, 69.082);
    near(latency.stddev, 8.058_844_068_288_88);
    assert_eq!((latency.count, latency.min), (Some(2281), None));
    assert_eq!(latency.rounding, Some(Rounding::Steps { us: 1 }));
}

#[test]
fn the_file_tells_connections_url_and_duration() {
    let run = run("bombardier/base.json");
    assert_eq!(run.load.users, Some(10));
    assert_eq!(run.load.target.as_ref().unwrap().raw(), "http://127.0.0.1:18080/api/chat");
    near(run.duration_s, 4.013324465);
    // Its own rate, a mean over intervals, is 584.
    near(run.total.throughput_rps, 2281.0 / 4.013324465);
}

#[test]
fn http_errors_are_failures() {
    let run = run("bombardier/errors.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(500), Some(126)));
    assert_eq!(kinds(&run), [("HTTP 5xx", 126)]);
}

#[test]
fn requests_without_a_response_are_failures_by_their_error() {
    let path = "bombardier/made/refused.json";
    let run = run(path);
    assert_eq!((run.total.requests, run.total.failures), (Some(500), Some(500)));
    let message = "dial tcp 127.0.0.1:*: connect: connection refused";
    assert_eq!(kinds(&run), [(message, 500)]);
    let fewer = ingest(&changed(path, "/result/errors/0/count", json!(480))).unwrap().run;
    assert_eq!(kinds(&fewer), [(message, 480), ("other status", 20)]);
    assert_eq!(fewer.total.failures, Some(500));
}

#[test]
fn without_its_option_the_percentiles_are_not_measured() {
    let mut own = document("bombardier/base.json");
    own["result"]["latency"].as_object_mut().unwrap().remove("percentiles");
    let plain = ingest(&own).unwrap().run;
    let latency = plain.total.latency.as_ref().unwrap();
    assert!(latency.quantiles.is_empty() && latency.mean.is_some());
    own["result"].as_object_mut().unwrap().remove("latency");
    let bare = ingest(&own).unwrap().run;
    assert!(bare.total.latency.unwrap().mean.is_none());
}

#[test]
fn percentiles_that_fall_are_refused() {
    let wrong = changed("bombardier/base.json", "/result/latency/percentiles/95", json!(1));
    let error = ingest(&wrong).unwrap_err();
    assert!(error.to_string().contains("the percentiles fall"), "{error}");
}
