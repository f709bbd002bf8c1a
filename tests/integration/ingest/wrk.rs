//! wrk's report: units, and what it leaves out of its counts.

use super::printed::{cuts_are_refused, edited, ingest, ingest_text, ms, text_of};
use crate::support::compare;
use perfgate::model::{Endpoint, Latency, Quantile, Raw as _};

fn total(text: &str) -> Endpoint {
    ingest_text(text).unwrap().run.total
}

fn kinds(total: &Endpoint) -> Vec<(&str, u64)> {
    total.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

fn at(latency: &Latency, level: Quantile) -> (f64, f64) {
    let value = latency.quantiles[&level];
    (ms(value), ms(latency.half_step(level, value)))
}

#[test]
fn a_report_has_four_percentiles_and_no_p95() {
    let run = ingest("wrk/base.txt").run;
    assert_eq!((run.total.requests, run.total.failures), (Some(2890), Some(0)));
    assert_eq!((run.duration_s, run.total.throughput_rps), (Some(5.0), Some(577.51)));
    assert_eq!(run.load.users, Some(10));
    let latency = run.total.latency.unwrap();
    assert_eq!((latency.mean, latency.max), (Some(17.51), Some(74.3)));
    assert_eq!(latency.stddev, Some(7.83));
    let levels: Vec<String> = latency.quantiles.keys().map(ToString::to_string).collect();
    assert_eq!(levels, ["p50", "p75", "p90", "p99"]);
    assert_eq!(at(&latency, Quantile::P50), (15.97, 0.005));
    assert_eq!(at(&latency, Quantile::P99), (43.55, 0.005));
}

#[test]
fn every_time_has_a_unit_and_a_rounding_of_its_own() {
    let text = edited(
        "wrk/base.txt",
        &[("  74.30ms", "   1.50m"), (" 15.97ms", "742.62us"), ("99%   43.55ms", "99%    1.10s")],
    );
    let latency = total(&text).latency.unwrap();
    assert_eq!(latency.max, Some(90_000.0));
    assert_eq!(at(&latency, Quantile::P50), (0.742_62, 0.000_005));
    assert_eq!(at(&latency, Quantile::P99), (1_100.0, 5.0));
    assert!(ingest_text(&edited("wrk/base.txt", &[("43.55ms", "43.55")])).is_err());
}

#[test]
fn a_status_of_400_and_more_is_a_failure() {
    let some = ingest("wrk/errors.txt").run.total;
    assert_eq!((some.requests, some.failures), (Some(4041), Some(992)));
    assert_eq!(kinds(&some), [("HTTP 4xx or 5xx", 992)]);
    assert!(ingest("wrk/allfail.txt").run.total.all_failed());
}

#[test]
fn socket_errors_are_requests_that_failed_though_wrk_counts_answers_alone() {
    let total = ingest("wrk/dropped.txt").run.total;
    assert_eq!((total.requests, total.failures), (Some(677 + 227), Some(227)));
    assert_eq!(kinds(&total), [("read error", 227)]);
}

#[test]
fn late_answers_are_failures_and_in_no_percentile() {
    let some = ingest("wrk/late.txt").run.total;
    assert_eq!((some.requests, some.failures), (Some(65), Some(10)));
    assert_eq!(kinds(&some), [("timeout", 10)]);
    assert_eq!(some.latency.unwrap().count, Some(55));
    let all = total(&edited("wrk/late.txt", &[("timeout 10", "timeout 65")]));
    assert!(all.all_failed());
    assert!(all.latency.is_none());
}

#[test]
fn without_latency_no_percentile_is_measured() {
    let text = text_of("wrk/base.txt");
    let (before, rest) = text.split_once("  Latency Distribution").unwrap();
    let (_, behind) = rest.split_once("43.55ms\n").unwrap();
    let latency = total(&format!("{before}{behind}")).latency.unwrap();
    assert_eq!((latency.quantiles.len(), latency.mean), (0, Some(17.51)));
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (what, by) in [
        ("2890 requests", "1890 requests"),
        ("577.51", "677.51"),
        ("in 5.00s", "in 6.00s"),
        ("27.59ms", "17.59ms"),
        ("99%   43.55ms", "99%   93.55ms"),
        ("10 connections", "ten connections"),
    ] {
        assert!(ingest_text(&edited("wrk/base.txt", &[(what, by)])).is_err(), "{by}");
    }
    let twice = text_of("wrk/base.txt").repeat(2);
    assert!(ingest_text(&twice).unwrap_err().contains("two reports in one file"));
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("wrk/base.txt");
    cuts_are_refused("wrk/late.txt");
}

/// wrk prints no report if nothing answers at its start.
#[test]
fn what_is_no_report_is_not_taken_for_one() {
    let error = ingest_text(&text_of("wrk/refused.txt")).unwrap_err();
    assert!(error.contains("is no result file that perfgate knows"), "{error}");
}

#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    compare("wrk/base.txt", "wrk/base.txt", &[]).expect(0);
    let same_load = ["--allow-different", "duration", "--allow-different", "users"];
    compare("wrk/base.txt", "wrk/allfail.txt", &same_load).expect(1);
    let itself = compare("wrk/allfail.txt", "wrk/allfail.txt", &[]).expect(3);
    assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
}
