//! wrk2's report: what its histogram counts, and what its timeouts are.

use super::printed::{
    MEAN, compare_by, cuts_are_refused, edited, ingest, ingest_text, ms, text_of,
};
use crate::support::compare;
use perfgate::model::{Latency, Quantile, Raw as _, WarningKind};

fn latency(name: &str) -> Latency {
    ingest(name).run.total.latency.unwrap()
}

fn at(latency: &Latency, percent: f64) -> (f64, f64) {
    let level = Quantile::from_percent(percent).unwrap();
    let value = latency.quantiles[&level];
    (ms(value), ms(latency.half_step(level, value)))
}

#[test]
fn it_is_recognized_by_its_histogram_or_its_calibration() {
    for name in ["wrk2/base.txt", "wrk2/plain.txt", "wrk2/late.txt"] {
        assert_eq!(ingest(name).run.tool.name.raw(), "wrk2", "{name}");
    }
    // Nothing in a short report without percentiles is not wrk's.
    assert_eq!(ingest("wrk2/short.txt").run.tool.name.raw(), "wrk");
    assert_eq!(ingest("wrk/base.txt").run.tool.name.raw(), "wrk");
}

/// Of 4799 requests, those behind the first ten seconds: 789.
#[test]
fn the_histogram_counts_fewer_requests_than_there_were() {
    let run = ingest("wrk2/base.txt").run;
    assert_eq!((run.total.requests, run.total.failures), (Some(4799), Some(0)));
    assert_eq!((run.duration_s, run.total.throughput_rps), (Some(12.0), Some(399.86)));
    assert_eq!(run.load.users, Some(10));
    let latency = run.total.latency.unwrap();
    assert_eq!(latency.count, Some(789));
    assert_eq!((latency.mean, latency.max), (Some(8.024), Some(39.424)));
    assert_eq!(latency.stddev, Some(3.767));
}

#[test]
fn percentiles_are_those_of_the_distribution_and_of_the_spectrum_between_them() {
    let latency = latency("wrk2/base.txt");
    assert_eq!(at(&latency, 50.0), (7.28, 0.005));
    assert_eq!(at(&latency, 99.0), (19.77, 0.005));
    assert_eq!(at(&latency, 99.99), (39.46, 0.005));
    // A row of the spectrum: a bucket of the histogram is a thousandth of the time wide.
    assert_eq!(at(&latency, 95.0), (15.279, ms(15.279 / 1024.0)));
    // Between the rows of 97.8125 % and 98.125 %.
    let half = (18.431 - 18.095) / 2.0 + 18.431 / 1024.0;
    assert_eq!(at(&latency, 98.0), (18.263, ms(half)));
}

/// A request that was sent late because others took their time has waited since it was due.
#[test]
fn corrected_times_are_read_and_not_the_uncorrected_ones() {
    let latency = latency("wrk2/uncorrected.txt");
    assert!(text_of("wrk2/uncorrected.txt").contains("Uncorrected Latency"));
    assert_eq!((at(&latency, 50.0).0, latency.mean), (8.83, Some(9.977)));
    // A rate that the server cannot keep up with.
    assert_eq!(at(&self::latency("wrk2/overload.txt"), 99.0), (9_540.0, 5.0));
}

#[test]
fn without_latency_there_are_mean_and_maximum_of_the_requests_behind_ten_seconds() {
    let latency = latency("wrk2/plain.txt");
    // 1201 in 12.01 s.
    assert_eq!(latency.count, Some(201));
    assert_eq!((latency.mean, latency.max), (Some(8.81), Some(24.99)));
    assert!(latency.quantiles.is_empty());
}

#[test]
fn a_status_of_400_and_more_is_a_failure() {
    let some = ingest("wrk2/errors.txt").run.total;
    assert_eq!((some.requests, some.failures), (Some(2202), Some(447)));
    assert!(ingest("wrk2/allfail.txt").run.total.all_failed());
}

#[test]
fn a_timeout_is_a_failure_where_connections_are_busy() {
    let ingested = ingest("wrk2/late.txt");
    let total = ingested.run.total;
    assert_eq!((total.requests, total.failures), (Some(127), Some(16)));
    assert!(total.latency.is_none(), "nothing was measured");
    assert!(ingested.warnings.is_empty());
}

/// wrk2 counts a connection as timed out that waits for its turn for two seconds: 120 times for 121 good requests.
#[test]
fn a_timeout_of_a_connection_that_waits_for_its_turn_says_nothing() {
    for (name, known, requests) in [("wrk2/idle.txt", 1, 121), ("wrk2/dropped.txt", 0, 14)] {
        let ingested = ingest(name);
        let total = ingested.run.total;
        assert_eq!((total.requests, total.outcomes), (Some(requests), Some(known)), "{name}");
        assert_eq!(total.failures, Some(0), "{name}");
        let kinds: Vec<_> = ingested.warnings.into_iter().map(|own| own.kind).collect();
        assert_eq!(kinds, [WarningKind::UnknownOutcomes { known, requests }], "{name}");
    }
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (what, by) in [
        ("4799 requests", "3799 requests"),
        ("399.86", "299.86"),
        (" 99.900%   29.55ms", " 99.900%   19.55ms"),
        ("Total count    =          789", "Total count    =          889"),
        ("0.950000          750", "0.950000          450"),
        ("15.279     0.950000", "12.279     0.950000"),
        ("15.279     0.950000", "15.279     0.930000"),
        ("[Mean    =        8.024", "[Mean    =        -8.024"),
    ] {
        assert!(ingest_text(&edited("wrk2/base.txt", &[(what, by)])).is_err(), "{by}");
    }
    let twice = text_of("wrk2/base.txt").repeat(2);
    assert!(ingest_text(&twice).unwrap_err().contains("two reports in one file"));
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("wrk2/errors.txt");
    cuts_are_refused("wrk2/idle.txt");
}

#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    let limits = "regression_thresholds: { api_response_time: { p95: 50%, p99: 50% } }\n";
    compare_by(limits, "wrk2/base.txt", "wrk2/base.txt").expect(0);
    compare_by(MEAN, "wrk2/plain.txt", "wrk2/plain.txt").expect(0);
    let same_load = ["--allow-different", "duration", "--allow-different", "users"];
    compare("wrk2/base.txt", "wrk2/errors.txt", &same_load).expect(1);
    let itself = compare("wrk2/allfail.txt", "wrk2/allfail.txt", &[]).expect(3);
    assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
    for name in ["wrk2/late.txt", "wrk2/dropped.txt"] {
        compare(name, name, &[]).expect(3);
    }
}
