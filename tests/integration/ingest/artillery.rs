//! Artillery's JSON report: what it takes for an error, and what it leaves out.

use super::printed::{ingest, ingest_text, ms, text_of};
use crate::support::compare;
use perfgate::model::{Endpoint, Quantile, Raw as _, Run};

fn named<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    run.endpoints.iter().find(|endpoint| endpoint.key.text().raw() == name).unwrap()
}

fn kinds(endpoint: &Endpoint) -> Vec<(&str, u64)> {
    endpoint.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

fn counts(endpoint: &Endpoint) -> (Option<u64>, Option<u64>) {
    (endpoint.requests, endpoint.failures)
}

#[test]
fn a_report_has_the_whole_run_and_the_endpoints_of_the_plugin() {
    let run = ingest("artillery/base.json").run;
    assert_eq!(counts(&run.total), (Some(360), Some(0)));
    assert_eq!(run.duration_s, Some(7.952));
    assert_eq!(run.total.throughput_rps, Some(360.0 / 7.952));
    assert_eq!(run.started_at.unwrap().as_millisecond(), 1_795_215_025_394);
    assert_eq!(run.total.latency.as_ref().unwrap().quantiles[&Quantile::P95], 25.8);
    let names: Vec<_> = run.endpoints.iter().map(|own| own.key.text().into_raw()).collect();
    assert_eq!(names, ["/api/analytics/metrics", "/api/chat", "/api/flaky (flaky|x)"]);
    let chat = named(&run, "/api/chat");
    assert_eq!(counts(chat), (Some(120), Some(0)));
    let latency = chat.latency.as_ref().unwrap();
    assert_eq!((latency.count, latency.mean, latency.max), (Some(120), Some(18.2), Some(60.0)));
    let levels: Vec<String> = latency.quantiles.keys().map(ToString::to_string).collect();
    assert_eq!(levels, ["p50", "p75", "p90", "p95", "p99", "p99.9"]);
}

/// Whole milliseconds go into a sketch that is off by 1 % at most.
#[test]
fn a_percentile_may_be_off_by_half_a_millisecond_and_one_percent() {
    let latency = ingest("artillery/base.json").run.total.latency.unwrap();
    let off = |level| ms(latency.half_step(level, latency.quantiles[&level]));
    assert_eq!([Quantile::P50, Quantile::P99].map(off), [0.55, 0.893]);
}

#[test]
fn a_status_of_400_and_more_and_a_request_without_an_answer_are_failures() {
    let run = ingest("artillery/errors.json").run;
    assert_eq!(counts(&run.total), (Some(80), Some(46)));
    assert_eq!(kinds(&run.total), [("HTTP 500", 40), ("ECONNRESET", 6)]);
    assert!(named(&run, "/fail").all_failed());
    let dropped = named(&run, "/drop (second)");
    assert_eq!(counts(dropped), (Some(40), Some(6)));
    assert_eq!(dropped.latency.as_ref().unwrap().count, Some(34));
}

#[test]
fn requests_that_time_out_are_in_no_summary_and_are_failures() {
    let run = ingest("artillery/late.json").run;
    assert_eq!(counts(&run.total), (Some(69), Some(11)));
    assert_eq!(run.total.latency.as_ref().unwrap().count, Some(58));
    assert_eq!(kinds(named(&run, "/slow")), [("ETIMEDOUT", 11)]);
}

#[test]
fn a_refused_run_has_failures_and_no_response_times() {
    let run = ingest("artillery/refused.json").run;
    assert_eq!(counts(&run.total), (Some(40), Some(40)));
    assert!(run.total.latency.is_none());
    assert!(named(&run, "/a").all_failed());
}

#[test]
fn an_error_before_a_request_is_a_failure_as_well() {
    let text = r#"{"aggregate": {"counters": {"errors.no such function": 3, "vusers.failed": 3}, "summaries": {}}}"#;
    let run = ingest_text(text).unwrap().run;
    assert_eq!(counts(&run.total), (Some(3), Some(3)));
    assert_eq!(run.duration_s, None);
}

#[test]
fn a_report_without_a_request_is_told() {
    let text = r#"{"aggregate": {"counters": {"vusers.created": 3}, "summaries": {}}}"#;
    let ingested = ingest_text(text).unwrap();
    assert_eq!(counts(&ingested.run.total), (Some(0), Some(0)));
    assert_eq!(ingested.warnings.len(), 1);
}

#[test]
fn what_cannot_be_is_refused() {
    let text = text_of("artillery/base.json");
    let first = |what: &str, by: &str| text.replacen(what, by, 1);
    for (broken, why) in [
        (first("\"http.requests\": 360", "\"http.requests\": -1"), "is no count"),
        (first("\"p99\": 39.3", "\"p99\": 9.3"), "less than the percentile before it"),
        (first("\"mean\": 9.2", "\"mean\": -9.2"), "must be a number from 0 on"),
        (text[..text.len() / 2].to_owned(), "the JSON is not closed"),
        (text.repeat(2), "trailing characters"),
        (first("\"vusers.created\"", "\"scenariosCreated\""), "is a report of Artillery 1"),
    ] {
        let error = ingest_text(&broken).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

/// 120 requests of each endpoint are too few for a verdict on their latency.
#[test]
fn a_report_has_no_regression_against_itself_and_a_failing_one_does_not_pass() {
    let itself = compare("artillery/base.json", "artillery/base.json", &[]).expect(3);
    assert!(itself.stdout.contains("compared  4 of 11 measurements"), "{}", itself.stdout);
    assert!(itself.stdout.contains("/api/chat p99 (120 requests, needs 500)"), "{}", itself.stdout);
    let same_load = ["--allow-different", "duration"];
    compare("artillery/base.json", "artillery/errors.json", &same_load).expect(1);
    let itself = compare("artillery/refused.json", "artillery/refused.json", &[]).expect(3);
    assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
}
