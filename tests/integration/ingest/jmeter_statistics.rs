//! JMeter's `statistics.json`.

use super::totals::{changed, document, ingest, near, quantile, run};
use crate::support::{compare, fixture};
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::{Endpoint, EndpointKey, Raw as _, Run, WarningKind};
use serde_json::{Value, json};

const PATH: &str = "jmeter/made/statistics.json";

/// What an endpoint is called, of whatever kind it is.
fn name(endpoint: &Endpoint) -> &str {
    match &endpoint.key {
        EndpointKey::Named { name, .. } => name.raw(),
        EndpointKey::Total => "",
    }
}

fn named<'a>(run: &'a Run, own: &str) -> &'a Endpoint {
    run.endpoints.iter().find(|endpoint| name(endpoint) == own).unwrap()
}

#[test]
fn an_entry_is_an_endpoint_and_total_is_the_total() {
    let run = run(PATH);
    let entries = document(PATH);
    assert_eq!(run.endpoints.len(), entries.as_object().unwrap().len() - 1);
    assert_eq!((run.total.requests, run.total.failures), (Some(800), Some(271)));
    let chat = named(&run, "/api/chat");
    assert_eq!((chat.requests, chat.failures), (Some(200), Some(5)));
    let latency = chat.latency.as_ref().unwrap();
    assert_eq!((latency.mean, latency.min, latency.max), (Some(23.615), Some(7.0), Some(139.0)));
    near(quantile(&run, "p99"), entries["Total"]["pct3ResTime"].as_f64().unwrap());
}

/// The statistics were computed of the rows of the other file, as JMeter does.
#[test]
fn the_statistics_agree_with_the_rows_that_they_are_of() {
    let source = Source::open(&fixture("jmeter/errors.jtl.gz")).unwrap();
    let rows = read(source, &ReadOptions::default()).unwrap().run;
    let own = run(PATH);
    assert_eq!(own.total.requests, rows.total.requests);
    assert_eq!(own.total.failures, rows.total.failures);
    for endpoint in &rows.endpoints {
        let ours = named(&own, name(endpoint));
        assert_eq!((ours.requests, ours.failures), (endpoint.requests, endpoint.failures));
        let mean = endpoint.latency.as_ref().unwrap().mean.unwrap();
        near(ours.latency.as_ref().unwrap().mean, mean);
    }
}

#[test]
fn which_percentiles_they_are_is_said_to_be_assumed() {
    let warnings = ingest(&document(PATH)).unwrap().warnings;
    let kinds: Vec<WarningKind> = warnings.into_iter().map(|own| own.kind).collect();
    assert_eq!(kinds, [WarningKind::PercentilesAssumed]);
}

/// JMeter writes what is no number as text, and the largest numbers that there are where there is no sample.
#[test]
fn an_entry_without_a_sample_has_no_data() {
    let entry = json!({
        "transaction": "unused", "sampleCount": 0, "errorCount": 0, "errorPct": "NaN",
        "meanResTime": "NaN", "medianResTime": "NaN", "minResTime": 9.223372036854776e18,
        "maxResTime": -9.223372036854776e18, "pct1ResTime": "NaN", "pct2ResTime": "NaN",
        "pct3ResTime": "NaN", "throughput": 0.0,
    });
    let mut all = document(PATH);
    all["unused"] = entry.clone();
    let unused = ingest(&all).unwrap().run;
    assert_eq!(named(&unused, "unused").requests, Some(0));
    assert!(named(&unused, "unused").latency.is_none());
    let none = ingest(&json!({ "Total": entry })).unwrap();
    assert!(none.warnings.iter().any(|own| own.kind == WarningKind::NoRequests));
}

#[test]
fn the_total_is_known_by_its_korean_name_too() {
    let mut all = document(PATH);
    let total = all.as_object_mut().unwrap().remove("Total").unwrap();
    let error = ingest(&all).unwrap_err();
    assert!(error.to_string().contains("it has no entry `Total`"), "{error}");
    all["총계"] = total;
    assert_eq!(ingest(&all).unwrap().run.total.requests, Some(800));
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    for (pointer, value) in [
        ("/Total/errorCount", json!(801)),
        ("/Total/errorPct", json!(0.0)),
        ("/Total/pct2ResTime", json!(3.0)),
        ("/Total/meanResTime", json!(-1)),
        ("/Total/meanResTime", json!("many")),
    ] {
        assert!(ingest(&changed(PATH, pointer, value.clone())).is_err(), "{pointer}: {value}");
    }
}

#[test]
fn a_run_that_failed_does_not_pass() {
    let itself = compare(PATH, PATH, &[]).expect(3);
    assert!(itself.stdout.contains("/api/chat p99 (200 requests, needs 500)"), "{itself:?}");
    let mut all = document(PATH);
    for (_, entry) in all.as_object_mut().unwrap() {
        entry["errorCount"] = entry["sampleCount"].clone();
        entry["errorPct"] = json!(100.0);
    }
    assert!(ingest(&all).unwrap().run.total.all_failed());
    let none: Value = json!({});
    assert!(ingest(&none).is_err());
}
