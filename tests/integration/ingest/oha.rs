//! oha's JSON.

use super::totals::{changed, document, ingest, kinds, near, quantile, run};
use serde_json::json;

#[test]
fn seconds_become_milliseconds_as_in_its_own_table_of_milliseconds() {
    let (run, own) = (run("oha/base.json"), document("oha/base.json"));
    let own = &own["metrics"]["latency_ms"];
    let close = |ours: Option<f64>, name: &str| {
        let (ours, theirs) = (ours.unwrap(), own[name].as_f64().unwrap());
        // The table has three decimals.
        assert!((ours - theirs).abs() <= 0.000_501, "{name}: {ours} for {theirs}");
    };
    for level in ["p50", "p95", "p99"] {
        close(quantile(&run, level), level);
    }
    let latency = run.total.latency.as_ref().unwrap();
    close(latency.mean, "mean");
    close(latency.min, "min");
    close(latency.max, "max");
    near(quantile(&run, "p99.9"), 62.309348);
}

#[test]
fn an_http_error_is_a_failure_whatever_the_success_rate_says() {
    let run = run("oha/errors.json");
    assert_eq!(document("oha/errors.json")["summary"]["successRate"], 1.0);
    assert_eq!((run.total.requests, run.total.failures), (Some(500), Some(133)));
    assert_eq!(kinds(&run), [("HTTP 500", 90), ("HTTP 503", 43)]);
}

#[test]
fn requests_without_a_response_are_requests_that_failed() {
    let run = run("oha/made/refused.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(500), Some(500)));
    assert_eq!(kinds(&run), [("Connection refused (os error 111)", 500)]);
    let latency = run.total.latency.as_ref().unwrap();
    assert_eq!((latency.count, latency.mean, latency.quantiles.len()), (Some(0), None, 0));
}

/// 500 responses, and ten requests that were under way when the time was over.
#[test]
fn what_the_end_of_a_timed_test_interrupts_is_no_failure() {
    let mut timed =
        changed("oha/errors.json", "/errorDistribution", json!({"aborted due to deadline": 10}));
    timed["summary"]["requestsPerSec"] = json!(510.0 / 0.372628979);
    let run = ingest(&timed).unwrap().run;
    assert_eq!((run.total.requests, run.total.failures), (Some(500), Some(133)));
    near(run.total.throughput_rps, 500.0 / 0.372628979);
    // Nothing but those is a test without a request.
    timed["statusCodeDistribution"] = json!({});
    timed["summary"]["requestsPerSec"] = json!(10.0 / 0.372628979);
    let nothing = ingest(&timed).unwrap();
    assert_eq!(nothing.run.total.requests, Some(0));
    assert_eq!(nothing.warnings[0].kind.code(), "no_requests");
}

#[test]
fn a_lost_count_is_refused() {
    for (pointer, value, why) in [
        (
            "/statusCodeDistribution",
            json!({"200": 367}),
            "says 500 requests, the statuses and errors 367",
        ),
        ("/summary/total", json!(37.0), "requestsPerSec says"),
        ("/latencyPercentiles/p95", json!(0.001), "the percentiles fall"),
    ] {
        let error = ingest(&changed("oha/errors.json", pointer, value)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn users_start_and_parts_are_not_measured() {
    let run = run("oha/base.json");
    assert!(run.load.users.is_none() && run.started_at.is_none() && run.total.parts.is_empty());
}
