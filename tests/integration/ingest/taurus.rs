//! What Taurus dumps: CSV and XML of the same run.

use super::printed::{edited, ingest, ingest_text, text_of};
use crate::support::compare;
use perfgate::model::{Endpoint, Quantile, Raw as _, Rounding, Run};

fn named<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    run.endpoints.iter().find(|own| own.key.text().raw() == name).unwrap()
}

fn kinds(endpoint: &Endpoint) -> Vec<(&str, u64)> {
    endpoint.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

#[test]
fn an_empty_label_is_the_total_and_the_throughput_is_a_count() {
    for name in ["taurus/base.csv", "taurus/base.xml"] {
        let run = ingest(name).run;
        assert_eq!((run.total.requests, run.total.failures), (Some(1615), Some(86)), "{name}");
        let names: Vec<String> =
            run.endpoints.iter().map(|own| own.key.text().into_raw()).collect();
        assert_eq!(names, ["/ok", "/flaky", "search [a|b]"], "{name}");
        let flaky = named(&run, "/flaky");
        assert_eq!((flaky.requests, flaky.failures), (Some(408), Some(86)), "{name}");
        assert_eq!(kinds(flaky), [("HTTP 503", 86)], "{name}");
    }
}

#[test]
fn times_are_in_seconds_and_their_ends_are_the_percentiles_0_and_100() {
    for name in ["taurus/base.csv", "taurus/base.xml"] {
        let latency = ingest(name).run.total.latency.unwrap();
        let ms = |own: Option<f64>| own.map(|own| (own * 1e3).round() / 1e3);
        assert_eq!(ms(latency.mean), Some(15.16), "{name}");
        assert_eq!((ms(latency.min), ms(latency.max)), (Some(3.0), Some(182.0)), "{name}");
        let levels = [Quantile::P50, Quantile::P95, Quantile::P99]
            .map(|level| ms(latency.quantiles.get(&level).copied()));
        assert_eq!(levels, [Some(13.0), Some(27.0), Some(41.0)], "{name}");
        assert_eq!(latency.rounding, Some(Rounding::Steps { us: 1_000 }), "{name}");
    }
}

#[test]
fn the_xml_alone_has_the_duration_and_so_the_throughput() {
    let (csv, xml) = (ingest("taurus/base.csv").run, ingest("taurus/base.xml").run);
    assert_eq!((csv.duration_s, csv.total.throughput_rps), (None, None));
    assert_eq!((xml.duration_s, xml.total.throughput_rps), (Some(12.0), Some(1615.0 / 12.0)));
}

/// Taurus' executor for Locust writes 500 for a request without an answer.
#[test]
fn a_failing_run_fails_in_both_files() {
    for name in ["taurus/allfail.csv", "taurus/allfail.xml", "taurus/refused.csv"] {
        assert!(ingest(name).run.total.all_failed(), "{name}");
        let itself = compare(name, name, &[]).expect(3);
        assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
    }
}

#[test]
fn a_dump_has_no_regression_against_itself_and_a_failing_one_does_not_pass() {
    compare("taurus/base.xml", "taurus/base.xml", &[]).expect(0);
    compare("taurus/base.csv", "taurus/base.csv", &[]).expect(0);
    compare("taurus/base.csv", "taurus/allfail.csv", &[]).expect(1);
}

#[test]
fn a_code_that_is_no_status_names_the_failure() {
    let text = text_of("taurus/allfail.csv").replace("rc_500", "rc_ConnectionError");
    assert_eq!(kinds(&ingest_text(&text).unwrap().run.total), [("ConnectionError", 352)]);
}

#[test]
fn what_is_missing_or_contradicts_itself_is_refused() {
    let csv = text_of("taurus/base.csv");
    let rows: Vec<&str> = csv.lines().collect();
    for (text, why) in [
        (rows[..4].join("\n") + "\n", "nothing has an empty label"),
        (csv.clone() + rows[4] + "\n", "stands twice"),
        (csv.replace("succ,", "good,"), "`succ` is missing"),
        (csv.replace(",86,", ",87,"), "not as many as succ and fail"),
        (csv.replacen("0.01516", "-0.01516", 1), "must be a number from 0 on"),
        (csv.replace("0.02700", "0.92700"), "they fall"),
        (csv.trim_end().to_owned(), "ends in the middle"),
    ] {
        let error = ingest_text(&text).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
    let xml = text_of("taurus/base.xml");
    for (text, why) in [
        (xml[..xml.len() / 2].to_owned(), "ends in the middle"),
        (xml.clone() + &xml, "two in one file"),
        (xml.replace("<Group label=\"\">", "<Group label=\"all\">"), "nothing has an empty label"),
    ] {
        let error = ingest_text(&text).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
    assert!(ingest_text(&edited("taurus/base.xml", &[("12.0<", "long<")])).is_err());
}
