//! siege's report: what two decimals leave of it.

use super::printed::{MEAN, compare_by, cuts_are_refused, edited, ingest, ingest_text};
use crate::support::compare;

fn counts(name: &str) -> (Option<u64>, Option<u64>) {
    let total = ingest(name).run.total;
    (total.requests, total.failures)
}

#[test]
fn requests_are_those_that_succeeded_and_those_that_failed() {
    assert_eq!(counts("siege/base.json"), (Some(2276), Some(0)));
    assert_eq!(counts("siege/errors.json"), (Some(1777 + 463), Some(463)));
    assert_eq!(counts("siege/errors.txt"), (Some(1775 + 392), Some(392)));
    assert_eq!(counts("siege/dropped.json"), (Some(30), Some(5)));
}

/// `response_time` is 0.01, which may be anything from 5 to 15 ms.
#[test]
fn the_mean_is_that_of_all_transactions_with_more_digits_than_siege_prints() {
    let run = ingest("siege/base.json").run;
    assert_eq!((run.duration_s, run.total.throughput_rps), (Some(3.98), Some(2276.0 / 3.98)));
    let latency = run.total.latency.unwrap();
    let mean = 4.95 * 3.98 * 1e3 / 2276.0;
    assert!((latency.mean.unwrap() - mean).abs() < 1e-9);
    assert!((mean - 8.656).abs() < 5e-4);
    assert_eq!((latency.quantiles.len(), latency.min, latency.max), (0, None, None));
}

#[test]
fn the_text_alone_says_how_many_users_there_were() {
    assert_eq!(ingest("siege/errors.txt").run.load.users, Some(5));
    assert_eq!(ingest("siege/errors.json").run.load.users, None);
}

#[test]
fn a_run_in_which_nothing_succeeded_failed() {
    for name in ["siege/allfail.json", "siege/refused.json"] {
        assert!(ingest(name).run.total.all_failed(), "{name}");
        let itself = compare(name, name, &[]).expect(3);
        assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
    }
    assert!(ingest("siege/refused.json").run.total.latency.is_none());
}

/// Nothing but the mean is left to judge of the latency, which needs a limit.
#[test]
fn a_report_passes_against_itself_by_its_mean_and_a_failing_one_does_not() {
    compare_by(MEAN, "siege/base.json", "siege/base.json").expect(0);
    compare_by(MEAN, "siege/base.json", "siege/errors.json").expect(1);
    compare("siege/base.json", "siege/base.json", &[]).expect(3);
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (name, what, by) in [
        ("siege/errors.txt", "1775 hits", "1175 hits"),
        ("siege/errors.txt", "81.91 %", "91.91 %"),
        ("siege/errors.txt", "515.99", "615.99"),
        ("siege/errors.txt", "4.91", "-4.91"),
        ("siege/errors.txt", "Concurrency:", "Concurrent:"),
        ("siege/errors.json", "79.33", "89.33"),
        ("siege/errors.json", "463", "563"),
    ] {
        assert!(ingest_text(&edited(name, &[(what, by)])).is_err(), "{by}");
    }
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("siege/errors.txt");
    cuts_are_refused("siege/errors.json");
}
