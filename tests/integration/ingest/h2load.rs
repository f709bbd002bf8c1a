//! h2load's report: units, and what its counts are of.

use super::printed::{
    MEAN, compare_by, cuts_are_refused, edited, ingest, ingest_text, ms, text_of,
};
use crate::support::compare;
use perfgate::model::{Endpoint, Quantile, Raw as _};

fn counts(name: &str) -> (Option<u64>, Option<u64>) {
    let total = ingest(name).run.total;
    (total.requests, total.failures)
}

fn kinds(total: &Endpoint) -> Vec<(&str, u64)> {
    total.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

#[test]
fn a_report_has_a_mean_and_before_1_69_no_percentile() {
    let run = ingest("h2load/base.txt").run;
    assert_eq!(counts("h2load/base.txt"), (Some(1000), Some(0)));
    assert_eq!(run.duration_s.map(|s| ms(s * 1e3)), Some(981.97));
    assert_eq!((run.total.throughput_rps, run.load.users), (Some(1018.37), Some(5)));
    let latency = run.total.latency.unwrap();
    assert_eq!((latency.mean, latency.min, latency.max), (Some(4.81), Some(2.28), Some(10.81)));
    assert_eq!((latency.stddev, latency.quantiles.len()), (Some(1.31), 0));
}

#[test]
fn from_1_69_on_it_has_the_median_p95_and_p99() {
    let latency = ingest("h2load/made/1.69.txt").run.total.latency.unwrap();
    let levels: Vec<(String, f64)> =
        latency.quantiles.iter().map(|(level, ms)| (level.to_string(), *ms)).collect();
    let expected = [("p50", 6.61), ("p95", 14.02), ("p99", 18.53)];
    assert_eq!(levels, expected.map(|(level, ms)| (level.to_owned(), ms)));
    assert_eq!((latency.mean, latency.stddev), (Some(7.34), Some(3.5)));
    assert_eq!(ms(latency.half_step(Quantile::P99, 18.53)), 0.005);
}

#[test]
fn a_status_of_400_and_more_is_a_failure() {
    let some = ingest("h2load/errors.txt").run.total;
    assert_eq!((some.requests, some.failures), (Some(1000), Some(215)));
    assert_eq!(kinds(&some), [("HTTP 5xx", 215)]);
    assert!(ingest("h2load/allfail.txt").run.total.all_failed());
}

/// 94 of 100: 5 that were never answered, and 89 that were never sent because their connection was gone.
#[test]
fn requests_that_were_never_sent_are_failures_and_in_no_response_time() {
    let late = ingest("h2load/late.txt").run.total;
    assert_eq!((late.requests, late.failures), (Some(100), Some(94)));
    assert_eq!(kinds(&late), [("connection error", 89), ("timeout", 5)]);
    assert_eq!(late.latency.unwrap().count, Some(6));
}

#[test]
fn a_refused_run_failed_and_has_no_response_time() {
    let refused = ingest("h2load/refused.txt").run.total;
    assert!(refused.all_failed());
    assert!(refused.latency.is_none());
}

#[test]
fn the_connections_of_all_threads_are_the_users() {
    let run = ingest("h2load/threads.txt").run;
    assert_eq!(run.load.users, Some(4));
}

/// It finished in 6.02 s, of which it counted 4.
#[test]
fn a_warm_up_is_no_part_of_the_duration() {
    let run = ingest("h2load/warm-up.txt").run;
    assert_eq!((run.total.requests, run.total.throughput_rps), (Some(2582), Some(645.5)));
    assert_eq!(run.duration_s.map(|s| s.round()), Some(4.0));
}

#[test]
fn a_report_without_its_beginning_is_read_and_does_not_say_how_many_users_there_were() {
    let text = text_of("h2load/base.txt");
    let (_, end) = text.split_once("\n\n").unwrap();
    let run = ingest_text(end).unwrap().run;
    assert_eq!((run.total.requests, run.load.users), (Some(1000), None));
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (what, by) in [
        ("1000 succeeded", "900 succeeded"),
        ("0 errored", "7 errored"),
        ("1018.37 req/s", "918.37 req/s"),
        ("1018.37 req/s", "1118.37 req/s"),
        ("finished in 981.97ms", "finished in 1.98s"),
        ("1000 2xx", "100 2xx"),
        ("1000 done", "2000 done"),
        ("4.81ms", "4.81"),
        ("requests: 1000 total,", "requests: 1000,"),
    ] {
        assert!(ingest_text(&edited("h2load/base.txt", &[(what, by)])).is_err(), "{by}");
    }
    for (what, by) in [("14.02ms", "4.02ms"), ("18.53ms", "28.53ms")] {
        assert!(ingest_text(&edited("h2load/made/1.69.txt", &[(what, by)])).is_err(), "{by}");
    }
    let twice = text_of("h2load/base.txt").repeat(2);
    assert!(ingest_text(&twice).unwrap_err().contains("two reports in one file"));
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("h2load/base.txt");
    cuts_are_refused("h2load/late.txt");
    cuts_are_refused("h2load/made/1.69.txt");
}

/// Without a percentile, nothing is left to judge but the mean, which needs a limit.
#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    for name in ["h2load/base.txt", "h2load/made/1.69.txt"] {
        compare_by(MEAN, name, name).expect(0);
    }
    compare("h2load/base.txt", "h2load/base.txt", &[]).expect(3);
    let same_load = ["--allow-different", "duration"];
    compare("h2load/base.txt", "h2load/errors.txt", &same_load).expect(1);
    for name in ["h2load/allfail.txt", "h2load/refused.txt"] {
        let itself = compare(name, name, &[]).expect(3);
        assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
    }
}
