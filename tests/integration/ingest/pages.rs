//! Pages: Lighthouse's reports and those of the library web-vitals.

use crate::support::{Ended, compare_with, fixture, perfgate};
use perfgate::ingest::{FORMATS, Format, IngestError, Ingested, ReadOptions, Source, read};
use perfgate::model::{CustomMetric, EndpointKey, Kind, Quantile, Raw as _, Run, Unit};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};
use std::path::Path;

const LOADS: [&str; 5] = ["page-1", "page-2", "page-3", "page-4", "page-5"];

/// What Lighthouse wrote.
fn written(name: &str) -> String {
    let packed = std::fs::read(fixture(&format!("lighthouse/{name}.json.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    text
}

fn report(name: &str) -> Value {
    serde_json::from_str(&written(name)).unwrap()
}

fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|own| own.name == name).copied()
}

fn ingest(text: String, options: &ReadOptions) -> Result<Ingested, IngestError> {
    read(Source::from_reader("results", Box::new(Cursor::new(text.into_bytes())))?, options)
}

fn run_of(report: &Value) -> Run {
    // The keys are in another order now, which hides what it begins with.
    let options = ReadOptions { format: format("lighthouse"), ..ReadOptions::default() };
    ingest(report.to_string(), &options).unwrap().run
}

fn metric<'a>(run: &'a Run, name: &str) -> Option<&'a CustomMetric> {
    run.metrics.iter().find(|metric| metric.name == name)
}

fn value(run: &Run, name: &str) -> Option<f64> {
    metric(run, name)?.value
}

/// Reads files as one command does.
fn normalized(names: &[String]) -> Value {
    let arguments =
        ["normalize", "--no-histograms"].into_iter().chain(names.iter().map(String::as_str));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    perfgate(&folder, &arguments.collect::<Vec<_>>()).expect(0).json()
}

#[test]
fn audits_are_metrics_of_the_page_under_the_names_that_every_tool_has() {
    let report = report("page-1");
    let run = run_of(&report);
    let [page] = run.endpoints.as_slice() else { panic!("{:?}", run.endpoints) };
    let url = report["requestedUrl"].as_str().unwrap();
    assert_eq!(page.key, EndpointKey::named(Kind::Page, Some("mobile"), url));
    for (audit, name) in [
        ("first-contentful-paint", "fcp"),
        ("largest-contentful-paint", "lcp"),
        ("cumulative-layout-shift", "cls"),
        ("total-blocking-time", "tbt"),
        ("speed-index", "speed_index"),
        ("interactive", "tti"),
        ("server-response-time", "ttfb"),
        ("total-byte-weight", "total_byte_weight"),
    ] {
        let theirs = report["audits"][audit]["numericValue"].as_f64();
        assert_eq!(value(&run, name), theirs, "{name}");
        assert_eq!(metric(&run, name).unwrap().endpoint, page.key, "{name}");
    }
    let units =
        ["fcp", "cls", "total_byte_weight"].map(|name| metric(&run, name).unwrap().unit.clone());
    assert_eq!(units, [Unit::Milliseconds, Unit::Number, Unit::Bytes]);
    let score = report["categories"]["performance"]["score"].as_f64();
    assert_eq!(value(&run, "performance_score"), score);
    assert_eq!(run.started_at, Some(report["fetchTime"].as_str().unwrap().parse().unwrap()));
}

#[test]
fn a_load_for_a_phone_and_one_for_a_desktop_are_two_pages() {
    let texts = ["page-1", "desktop"].map(|name| run_of(&report(name)).endpoints[0].key.text());
    assert!(texts[0].raw().starts_with("mobile ") && texts[1].raw().starts_with("desktop "));
}

#[test]
fn files_given_together_are_loads_of_one_run() {
    let names: Vec<String> =
        LOADS.iter().chain(&["cart-1"]).map(|name| format!("lighthouse/{name}.json.gz")).collect();
    let run = normalized(&names);
    let loads: Vec<u64> = run["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["requests"].as_u64().unwrap())
        .collect();
    assert_eq!(loads, [5, 1]);
    let mut all: Vec<f64> = LOADS
        .iter()
        .map(|name| {
            report(name)["audits"]["largest-contentful-paint"]["numericValue"].as_f64().unwrap()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    let lcp =
        run["metrics"].as_array().unwrap().iter().find(|m| m["name"] == "lcp" && m["count"] == 5);
    assert_eq!(lcp.unwrap()["quantiles"]["p50"].as_f64(), Some(all[2]));
}

#[test]
fn a_folder_of_lighthouse_ci_is_its_reports() {
    let folder = tempfile::tempdir().unwrap();
    let ci = folder.path().join(".lighthouseci");
    std::fs::create_dir(&ci).unwrap();
    for (number, name) in LOADS.iter().enumerate() {
        std::fs::write(ci.join(format!("lhr-{number}.json")), written(name)).unwrap();
    }
    std::fs::write(ci.join("links.json"), "{}").unwrap();
    let run = perfgate(folder.path(), &["normalize", ".lighthouseci"]).expect(0).json();
    assert_eq!(run["endpoints"][0]["requests"], 5);
}

#[test]
fn a_page_that_could_not_be_loaded_is_a_failure_without_times() {
    let run = run_of(&report("broken"));
    let page = &run.endpoints[0];
    assert_eq!((page.requests, page.failures), (Some(1), Some(1)));
    assert_eq!(page.failure_kinds[0].message.raw(), "ERRORED_DOCUMENT_REQUEST");
    assert!(run.metrics.is_empty());
}

#[test]
fn a_performance_score_of_null_is_a_failed_load_by_what_could_not_be_told() {
    let mut report = report("page-1");
    report["categories"]["performance"]["score"] = Value::Null;
    let lcp = &mut report["audits"]["largest-contentful-paint"];
    (lcp["scoreDisplayMode"], lcp["errorMessage"]) = (json!("error"), json!("NO_LCP"));
    let run = run_of(&report);
    assert_eq!(run.endpoints[0].failures, Some(1));
    assert_eq!(run.endpoints[0].failure_kinds[0].message.raw(), "NO_LCP");
    assert!(run.metrics.is_empty());
}

/// A report of other categories than performance has no such score, and did not fail.
#[test]
fn a_report_without_the_category_performance_is_a_load_that_went_well() {
    let mut report = report("page-1");
    report["categories"] = json!({ "seo": { "score": 0.9 } });
    let run = run_of(&report);
    assert_eq!((run.endpoints[0].failures, value(&run, "seo_score")), (Some(0), Some(0.9)));
}

#[test]
fn a_page_that_never_loads_does_not_pass_against_one_that_did() {
    let loads = LOADS.map(|name| format!("lighthouse/{name}.json.gz"));
    let broken = "lighthouse/broken.json.gz";
    let ended = compare_with(&loads, broken, &["--format", "json"]);
    assert_ne!(ended.code, 0, "{}", ended.stdout);
}

#[test]
fn the_lists_that_lighthouse_ci_keeps_and_the_page_for_people_name_the_reports() {
    let manifest =
        r#"[{"url": "http://localhost/", "isRepresentativeRun": true, "jsonPath": "x"}]"#;
    let assertions = r#"[{"name": "minScore", "auditId": "x", "auditProperty": ["score"]}]"#;
    let page =
        "<!--\nlicense\n-->\n<!doctype html>\n<html lang=\"en\"><title>Lighthouse Report</title>";
    for (text, says) in
        [(manifest, "lhr-*.json"), (assertions, "lhr-*.json"), (page, "--output=json")]
    {
        let error = ingest(text.to_owned(), &ReadOptions::default()).unwrap_err();
        assert!(error.help().unwrap().contains(says), "{error}");
    }
}

fn vitals() -> String {
    std::fs::read_to_string(fixture("web-vitals/reports.jsonl")).unwrap()
}

fn vitals_of(text: &str, lenient: bool) -> Result<Ingested, IngestError> {
    ingest(text.to_owned(), &ReadOptions { lenient, ..ReadOptions::default() })
}

#[test]
fn reports_of_web_vitals_are_samples_of_their_page() {
    let run = vitals_of(&vitals(), false).unwrap().run;
    let mut compared = 0;
    for own in &run.metrics {
        let EndpointKey::Named { name: page, kind: Kind::Page, .. } = &own.endpoint else {
            panic!("{:?}", own.endpoint)
        };
        let reports = vitals();
        let reports = reports.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_metric = reports.filter(|report| {
            let name = report["name"].as_str().unwrap();
            own.name == name.to_lowercase().as_str() && *page == report["url"].as_str().unwrap()
        });
        let mut values: Vec<f64> =
            of_metric.map(|report| report["value"].as_f64().unwrap()).collect();
        values.sort_by(f64::total_cmp);
        assert_eq!(own.count, Some(values.len() as u64));
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        let median = own.quantiles[&Quantile::P50];
        assert!((low..=high).contains(&median), "{median} of {values:?}");
        compared += 1;
    }
    assert_eq!((compared, run.endpoints.len()), (9, 2));
}

#[test]
fn a_metric_that_was_reported_again_counts_once_with_its_last_value() {
    let line = |value: f64| {
        json!({ "name": "CLS", "value": value, "rating": "good", "id": "v6-1", "url": "/cart" })
            .to_string()
    };
    let run = vitals_of(&format!("{}\n{}\n", line(0.02), line(0.31)), false).unwrap().run;
    let cls = metric(&run, "cls").unwrap();
    assert_eq!((cls.value, cls.count), (Some(0.31), Some(1)));
}

#[test]
fn a_report_that_is_broken_is_an_error_with_its_line_or_a_warning_when_lenient() {
    let first = vitals().lines().next().unwrap().to_owned();
    let broken =
        format!("{first}\n{}\n", r#"{"name": "LCP", "value": -1, "id": "v6-2", "rating": "good"}"#);
    let error = vitals_of(&broken, false).unwrap_err();
    assert_eq!(error.line, Some(2), "{error}");
    let read = vitals_of(&broken, true).unwrap();
    assert_eq!((read.run.metrics.len(), read.warnings.len()), (1, 1));
}

#[test]
fn a_file_in_which_every_report_is_broken_is_an_error_all_the_same() {
    let options =
        ReadOptions { format: format("web-vitals"), lenient: true, ..ReadOptions::default() };
    assert_eq!(ingest("{}\n{}\n".to_owned(), &options).unwrap_err().line, Some(1));
    assert!(ingest("\n".to_owned(), &options).is_err());
}

/// Loads of a page with these values of LCP, in milliseconds, as web-vitals reports them.
fn reported(loads: &[f64]) -> String {
    let line = |(n, ms): (usize, &f64)| {
        let own = json!({ "name": "LCP", "value": ms, "rating": "good", "id": format!("v6-{n}"), "url": "/cart" });
        format!("{own}\n")
    };
    loads.iter().enumerate().map(line).collect()
}

/// The budgets of a report about such loads.
fn judged(loads: &[f64], policy: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("loads.jsonl"), reported(loads)).unwrap();
    std::fs::write(folder.path().join("perfgate.yaml"), policy).unwrap();
    let ended = perfgate(
        folder.path(),
        &["compare", "--baseline-file", "loads.jsonl", "loads.jsonl", "--format", "json"],
    );
    ended.json()["budgets"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_web_vital_has_the_target_of_web_dev_and_missing_it_is_a_warning() {
    let of = |lcp: f64| {
        let budgets = judged(&[lcp; 5], "");
        (budgets[0]["verdict"].clone(), budgets[0]["tier"].clone())
    };
    assert_eq!(of(2_500.0), (json!("pass"), json!("target")));
    assert_eq!(of(2_500.1), (json!("warn"), json!("target")));
}

#[test]
fn a_page_that_was_loaded_fewer_than_five_times_is_not_judged() {
    let budgets = judged(&[100.0; 4], "");
    assert_eq!(budgets[0]["verdict"], "not_compared");
    assert_eq!(budgets[0]["reason"], "too_few_requests");
}

/// What a check without a policy says of loads of a page with this LCP, in milliseconds.
fn checked(loads: &[f64]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("loads.jsonl"), reported(loads)).unwrap();
    perfgate(folder.path(), &["check", "loads.jsonl"])
}

#[test]
fn a_check_of_pages_judges_their_web_vitals_without_a_policy() {
    let good = checked(&[1_000.0; 5]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    assert!(good.stdout.contains("1 of 1 kept"), "{}", good.stdout);
    let slow = checked(&[9_000.0; 5]);
    assert!(slow.stdout.contains("lcp p75"), "{}", slow.stdout);
    let few = checked(&[1_000.0; 3]);
    assert!(few.stdout.contains("too few loads, needs 5"), "{}", few.stdout);
}

#[test]
fn a_budget_of_the_policy_replaces_the_target_and_off_leaves_it_out() {
    let budgets = judged(&[4_000.0; 200], "performance_budget: { LCP: 5000 }");
    assert_eq!((budgets.len(), &budgets[0]["verdict"]), (1, &json!("pass")));
    let budgets = judged(&[4_000.0; 5], "gate: { web_vitals: off }");
    assert!(budgets.is_empty(), "{budgets:?}");
}
