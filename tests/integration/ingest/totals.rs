//! Documents about a whole test: what holds for every tool that writes one.

use crate::support::{compare, fixture};
use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read, recognise};
use perfgate::model::Run;
use serde_json::{Value, json};
use std::io::Cursor;

/// A fixture of each format in which some requests succeeded, and its format.
const MEASURED: [(&str, &str); 10] = [
    ("vegeta/base.json", "vegeta-report"),
    ("vegeta/errors.json", "vegeta-report"),
    ("oha/base.json", "oha-json"),
    ("oha/errors.json", "oha-json"),
    ("autocannon/base.json", "autocannon-json"),
    ("autocannon/errors.json", "autocannon-json"),
    ("autocannon/timeouts.json", "autocannon-json"),
    ("autocannon/mismatches.json", "autocannon-json"),
    ("bombardier/base.json", "bombardier-json"),
    ("bombardier/errors.json", "bombardier-json"),
];
/// A fixture of each format in which no request succeeded.
const REFUSED: [&str; 4] = [
    "vegeta/made/refused.json",
    "oha/made/refused.json",
    "autocannon/refused.json",
    "bombardier/made/refused.json",
];

pub(super) fn document(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(path)).unwrap()).unwrap()
}

pub(super) fn ingest(document: &Value) -> Result<Ingested, IngestError> {
    let bytes = document.to_string().into_bytes();
    read(Source::from_reader("report.json", Box::new(Cursor::new(bytes)))?, &ReadOptions::default())
}

pub(super) fn run(path: &str) -> Run {
    ingest(&document(path)).unwrap_or_else(|error| panic!("{path}: {error}")).run
}

/// A fixture with one value replaced.
pub(super) fn changed(path: &str, pointer: &str, value: Value) -> Value {
    let mut document = document(path);
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{path}: {pointer}")) = value;
    document
}

/// The messages of the kinds of failure, and how often each came.
pub(super) fn kinds(run: &Run) -> Vec<(&str, u64)> {
    use perfgate::model::Raw as _;
    run.total.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

/// A percentile, in milliseconds.
pub(super) fn quantile(run: &Run, level: &str) -> Option<f64> {
    run.total.latency.as_ref()?.quantiles.get(&level.parse().unwrap()).copied()
}

#[track_caller]
pub(super) fn near(ours: Option<f64>, theirs: f64) {
    let ours = ours.unwrap();
    assert!((ours - theirs).abs() <= 1e-6 * theirs.abs(), "{ours} for {theirs}");
}

#[test]
fn a_document_is_recognised_by_its_keys() {
    for (path, format) in MEASURED {
        assert_eq!(recognise(Source::open(&fixture(path)).unwrap()).unwrap().name, format);
    }
}

#[test]
fn each_number_of_a_document_is_the_same_as_itself_or_has_too_few_requests_behind_it() {
    for (path, _) in MEASURED {
        let report = compare(path, path, &["--format", "json"]).json();
        let findings = report["findings"].as_array().unwrap();
        assert!(findings.len() >= 3, "{path}: {findings:?}");
        for finding in findings {
            let reason = finding["reason"].as_str().unwrap();
            let known = ["within_limit", "too_noisy", "too_few_requests", "not_measured"];
            assert!(known.contains(&reason), "{path}: {finding}");
        }
        let rate = findings.iter().find(|finding| finding["metric"] == "error_rate").unwrap();
        assert_eq!(rate["verdict"], "pass", "{path}");
    }
}

#[test]
fn a_run_in_which_every_request_failed_never_passes() {
    for path in REFUSED {
        assert!(run(path).total.all_failed(), "{path}");
        let (good, _) = MEASURED
            .iter()
            .find(|(good, _)| good.split('/').next() == path.split('/').next())
            .unwrap();
        let ended = compare(good, path, &["--format", "json"]);
        assert_ne!(ended.code, 0, "{path}: {}", ended.stdout);
        let ended = compare(path, path, &["--format", "json"]);
        assert_ne!(ended.code, 0, "{path}: {}", ended.stdout);
    }
}

#[test]
fn a_negative_or_endless_time_is_refused() {
    for (path, pointer) in [
        ("vegeta/base.json", "/latencies/99th"),
        ("oha/base.json", "/latencyPercentiles/p99"),
        ("autocannon/base.json", "/latency/p99"),
        ("bombardier/base.json", "/result/latency/percentiles/99"),
    ] {
        for wrong in [json!(-1.0), json!(1e30)] {
            assert!(ingest(&changed(path, pointer, wrong)).is_err(), "{path}");
        }
    }
}
