//! ab's report: what its `Failed requests` mean.

use super::printed::{cuts_are_refused, edited, ingest, ingest_text, text_of};
use crate::support::compare;
use perfgate::ingest::Ingested;
use perfgate::model::{Endpoint, EndpointKey, Kind, Quantile, Raw as _, Rounding, WarningKind};

fn counts(total: &Endpoint) -> (Option<u64>, Option<u64>, Option<u64>) {
    (total.requests, total.outcomes, total.failures)
}

fn kinds(total: &Endpoint) -> Vec<(&str, u64)> {
    total.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

#[test]
fn a_report_is_one_endpoint_in_whole_milliseconds() {
    let run = ingest("ab/base.txt").run;
    assert_eq!(counts(&run.total), (Some(2000), None, Some(0)));
    assert_eq!((run.duration_s, run.total.throughput_rps), (Some(3.487), Some(573.49)));
    assert_eq!(run.load.users, Some(10));
    assert_eq!(run.tool.version.unwrap().raw(), "2.3");
    let latency = run.total.latency.unwrap();
    let levels = [Quantile::P50, Quantile::P95, Quantile::P99];
    assert_eq!(levels.map(|level| latency.quantiles[&level]), [16.0, 32.0, 43.0]);
    assert_eq!((latency.min, latency.max), (Some(4.0), Some(65.0)));
    assert_eq!(latency.rounding, Some(Rounding::Steps { us: 1_000 }));
    assert_eq!(latency.stddev, Some(7.8));
    // Rounded to whole milliseconds, it would be taken for exact.
    assert_eq!(latency.mean, None);
    assert_eq!(run.endpoints[0].key, EndpointKey::named(Kind::Http, None, "/api/chat"));
    assert_eq!(run.endpoints[0].latency.as_ref().unwrap().quantiles, latency.quantiles);
}

/// 134 with a status of 500, whose bodies have another length as well.
#[test]
fn a_status_other_than_2xx_is_one_failure_whatever_the_length_of_its_body() {
    let ingested = ingest("ab/errors.txt");
    assert_eq!(counts(&ingested.run.total), (Some(500), None, Some(134)));
    assert_eq!(kinds(&ingested.run.total), [("HTTP status other than 2xx", 134)]);
    assert!(ingested.warnings.is_empty());
}

#[test]
fn failures_of_one_length_are_failures_though_ab_counts_none() {
    assert!(text_of("ab/allfail.txt").contains("Failed requests:        0\n"));
    assert!(ingest("ab/allfail.txt").run.total.all_failed());
}

/// A server that closes every fourth connection looks like one that sends bodies of different lengths.
#[test]
fn a_body_of_another_length_has_no_known_outcome() {
    for (name, known) in [("ab/lengths.txt", 67), ("ab/dropped.txt", 150)] {
        let Ingested { run, warnings } = ingest(name);
        assert_eq!(counts(&run.total), (Some(200), Some(known), Some(0)), "{name}");
        let kind = WarningKind::UnknownOutcomes { known, requests: 200 };
        assert_eq!(warnings.into_iter().map(|own| own.kind).collect::<Vec<_>>(), [kind]);
    }
}

/// ab counts 60 refused requests as 90 failed ones.
#[test]
fn a_refused_request_is_one_failure() {
    let total = ingest("ab/refused.txt").run.total;
    assert_eq!(counts(&total), (Some(60), None, Some(60)));
    assert!(total.all_failed());
}

/// The first body is empty, so that no other has another length.
#[test]
fn a_run_without_one_byte_of_response_failed() {
    let causes = "   (Connect: 0, Receive: 60, Length: 0, Exceptions: 30)\n";
    let text = edited("ab/refused.txt", &[("requests:        90", "requests: 0"), (causes, "")]);
    let total = ingest_text(&text).unwrap().run.total;
    assert!(total.all_failed());
    assert_eq!(kinds(&total), [("no response", 60)]);
}

#[test]
fn errors_of_connecting_and_writing_are_failures() {
    let text = edited(
        "ab/base.txt",
        &[(
            "Failed requests:        0\n",
            "Failed requests: 8\n(Connect: 3, Receive: 2, Length: 2, Exceptions: 1)\nWrite errors: 4\n",
        )],
    );
    let total = ingest_text(&text).unwrap().run.total;
    assert_eq!(counts(&total), (Some(2003), None, Some(9)));
    let kinds_of = [("write error", 4), ("connect error", 3), ("receive error", 2)];
    assert_eq!(kinds(&total), kinds_of);
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (name, what, by) in [
        ("ab/base.txt", "Complete requests:      2000", "Complete requests:      1000"),
        ("ab/base.txt", "573.49", "673.49"),
        ("ab/base.txt", "95%     32", "95%     12"),
        ("ab/base.txt", "99%     43", "99%     93"),
        ("ab/errors.txt", "Length: 134", "Length: 34"),
        ("ab/base.txt", "seconds", "minutes"),
    ] {
        assert!(ingest_text(&edited(name, &[(what, by)])).is_err(), "{by}");
    }
    let twice = text_of("ab/base.txt").repeat(2);
    assert!(ingest_text(&twice).unwrap_err().contains("two reports in one file"));
}

#[test]
fn a_report_that_is_cut_is_refused() {
    cuts_are_refused("ab/base.txt");
    cuts_are_refused("ab/errors.txt");
}

#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    compare("ab/base.txt", "ab/base.txt", &[]).expect(0);
    let same_load = ["--allow-different", "duration", "--allow-different", "users"];
    for failing in ["ab/allfail.txt", "ab/refused.txt"] {
        let ended = compare("ab/base.txt", failing, &same_load);
        assert!(matches!(ended.code, 1 | 3), "{failing}: {}", ended.stdout);
        let itself = compare(failing, failing, &[]).expect(3);
        assert!(itself.stdout.contains("every request failed"), "{failing}: {}", itself.stdout);
    }
}
