//! hey's report: what it counts and what it leaves out.

use super::printed::{cuts_are_refused, edited, ingest, ingest_text, ms, text_of};
use crate::support::compare;
use perfgate::model::{Quantile, Raw as _, Rounding, WarningKind};

#[test]
fn a_report_is_read_in_milliseconds_and_with_its_rounding() {
    let run = ingest("hey/base.txt").run;
    assert_eq!((run.total.requests, run.total.failures), (Some(2000), Some(0)));
    assert_eq!((run.duration_s, run.total.throughput_rps), (Some(3.6417), Some(549.1867)));
    let latency = run.total.latency.unwrap();
    let levels = [Quantile::P50, Quantile::P95, Quantile::P99];
    assert_eq!(levels.map(|level| ms(latency.quantiles[&level])), [15.6, 32.5, 43.7]);
    let others = [latency.min, latency.mean, latency.max].map(|value| ms(value.unwrap()));
    assert_eq!(others, [2.7, 17.5, 60.5]);
    assert_eq!(latency.rounding, Some(Rounding::Steps { us: 100 }));
    assert!(run.endpoints.is_empty());
}

#[test]
fn a_status_of_400_and_more_is_a_failure() {
    let total = ingest("hey/allfail.txt").run.total;
    assert!(total.all_failed());
    let kinds: Vec<_> = total.failure_kinds.iter().map(|k| (k.message.raw(), k.count)).collect();
    assert_eq!(kinds, [("HTTP 500", 142), ("HTTP 503", 58)]);
    let moved = edited("hey/allfail.txt", &[("[503]", "[302]")]);
    assert_eq!(ingest_text(&moved).unwrap().run.total.failures, Some(142));
}

#[test]
fn requests_without_an_answer_are_failures_though_no_status_counts_them() {
    let total = ingest("hey/dropped.txt").run.total;
    assert_eq!((total.requests, total.failures), (Some(200), Some(1)));
    assert!(total.failure_kinds[0].message.raw().ends_with("EOF"));
    assert_eq!(total.latency.unwrap().count, Some(199));
}

#[test]
fn a_refused_run_has_failures_and_no_response_times() {
    let total = ingest("hey/refused.txt").run.total;
    assert!(total.all_failed());
    assert_eq!((total.requests, total.failures), (Some(50), Some(50)));
    assert!(total.latency.is_none());
}

#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    compare("hey/base.txt", "hey/base.txt", &[]).expect(0);
    for failing in ["hey/allfail.txt", "hey/refused.txt"] {
        compare("hey/base.txt", failing, &["--allow-different", "duration"]).expect(1);
        let itself = compare(failing, failing, &[]).expect(3);
        assert!(itself.stdout.contains("every request failed"), "{failing}: {}", itself.stdout);
    }
}

/// hey keeps a million response times and statuses, and divides the sum of all times by that number.
#[test]
fn beyond_a_million_answers_the_others_have_no_known_outcome_and_there_is_no_mean() {
    let million = edited(
        "hey/base.txt",
        &[
            ("3.6417 secs", "20.0000 secs"),
            ("549.1867", "75000.0000"),
            ("2000 responses", "1000000 responses"),
        ],
    );
    let ingested = ingest_text(&million).unwrap();
    let total = ingested.run.total;
    assert_eq!((total.requests, total.outcomes), (Some(1_500_000), Some(1_000_000)));
    assert_eq!(total.latency.unwrap().mean, None);
    let kind = WarningKind::UnknownOutcomes { known: 1_000_000, requests: 1_500_000 };
    assert_eq!(ingested.warnings[0].kind, kind);
}

#[test]
fn percentiles_that_few_answers_do_not_have_are_not_measured() {
    for (what, by) in [("95% in 0.0325", "0% in 0.0000"), ("99% in 0.0437", "0% in 0.0000")] {
        let text = edited("hey/base.txt", &[(what, by)]);
        let latency = ingest_text(&text).unwrap().run.total.latency.unwrap();
        assert_eq!(latency.quantiles.len(), 6, "{what}");
    }
    let other_version = text_of("hey/base.txt").replace("% in", "%% in");
    let latency = ingest_text(&other_version).unwrap().run.total.latency.unwrap();
    assert_eq!(latency.quantiles.len(), 7);
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (what, by) in [
        ("[200]\t2000", "[200]\t1000"),
        ("549.1867", "949.1867"),
        ("95% in 0.0325", "95% in 0.0125"),
        ("99% in 0.0437", "99% in 0.9437"),
        ("Average:\t0.0175", "Average:\t NaN"),
        ("Slowest:\t0.0605 secs", "Slowest:\t0.0605 ms"),
    ] {
        assert!(ingest_text(&edited("hey/base.txt", &[(what, by)])).is_err(), "{by}");
    }
    let twice = text_of("hey/base.txt").repeat(2);
    assert!(ingest_text(&twice).unwrap_err().contains("two reports in one file"));
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("hey/base.txt");
    cuts_are_refused("hey/dropped.txt");
}

#[test]
fn the_report_of_oha_is_not_taken_for_one_of_hey() {
    let oha = edited("hey/base.txt", &[("Summary:\n", "Summary:\n  Success rate:\t100.00%\n")]);
    assert!(ingest_text(&oha).unwrap_err().contains("is no result file that perfgate knows"));
}
