//! Queries as documents write them: one series for each set of labels, and ranges that are longer than the run.

use crate::support::prometheus::{answering, series};
use crate::support::{Ended, level_run, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

const RATE: &str = "rate(http_requests_total[15s])";

/// Asks what the policy says about a run of a minute with the endpoints GET /0, GET /1 and so on.
fn attach(policy: &str, endpoints: usize, answer: Value) -> (TempDir, Ended) {
    let scratch = TempDir::new().unwrap();
    let mut run = level_run(0, &vec![1.0; endpoints]);
    run["started_at"] = json!("2026-01-01T00:00:00Z");
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let address = answering(move |_| answer.clone());
    let arguments = ["normalize", "run.json", "--attach", &address, "--output", "asked.json"];
    let ended = perfgate(scratch.path(), &arguments);
    (scratch, ended)
}

fn by(keys: &str) -> String {
    format!("prometheus:\n  request_rate: {{ query: \"{RATE}\", {keys} }}\n")
}

/// The metrics of the run that was asked about, as endpoint and value.
fn metrics(scratch: &TempDir) -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(scratch.path().join("asked.json")).unwrap();
    let run: Value = serde_json::from_str(&text).unwrap();
    let of = |own: &Value| {
        (own["endpoint"].as_str().unwrap_or("").to_owned(), own["value"].as_f64().unwrap())
    };
    run["metrics"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn each_series_is_a_metric_of_the_endpoint_that_its_label_names() {
    let answer = series(&[
        (json!({ "handler": "/0" }), &[(10, "4"), (20, "6")]),
        (json!({ "handler": "/1" }), &[(10, "8")]),
        (json!({ "handler": "/metrics" }), &[(10, "1")]),
    ]);
    let policy = by("by: handler") + "budgets: [{ request_rate: \"> 6\" }]\n";
    let (scratch, ended) = attach(&policy, 2, answer);
    let said = ended.expect(0).stderr;
    assert!(said.contains("request_rate: left out /metrics, which is no endpoint"), "{said}");
    assert_eq!(metrics(&scratch), [("GET /0".to_owned(), 5.0), ("GET /1".to_owned(), 8.0)]);
    let judged = perfgate(scratch.path(), &["check", "asked.json"]).expect(1).stdout;
    assert!(judged.contains("✗ GET /0 request_rate 5, limit > 6"), "{judged}");
    assert!(judged.contains("✓ GET /1 request_rate 8 > 6"), "{judged}");
}

#[test]
fn two_labels_name_method_and_endpoint() {
    let answer = series(&[
        (json!({ "method": "GET", "handler": "/0" }), &[(10, "4")]),
        (json!({ "method": "POST", "handler": "/0" }), &[(10, "9")]),
    ]);
    let (scratch, ended) = attach(&by("by: [method, handler]"), 1, answer);
    let said = ended.expect(0).stderr;
    assert!(said.contains("left out POST /0"), "{said}");
    assert_eq!(metrics(&scratch), [("GET /0".to_owned(), 4.0)]);
}

#[test]
fn several_series_of_an_endpoint_are_combined_as_the_policy_says_and_otherwise_an_error() {
    let answer = series(&[
        (json!({ "handler": "/0", "pod": "a" }), &[(10, "4"), (20, "4")]),
        (json!({ "handler": "/0", "pod": "b" }), &[(10, "8"), (20, "NaN")]),
    ]);
    for (combine, value) in [("sum", 8.0), ("max", 6.0), ("mean", 5.0)] {
        let keys = format!("by: handler, combine: {combine}");
        let (scratch, ended) = attach(&by(&keys), 1, answer.clone());
        ended.expect(0);
        assert_eq!(metrics(&scratch), [("GET /0".to_owned(), value)], "{combine}");
        let (scratch, ended) = attach(&by(&format!("combine: {combine}")), 1, answer.clone());
        ended.expect(0);
        assert_eq!(metrics(&scratch), [(String::new(), value)], "{combine} without by");
    }
    let said = attach(&by("by: handler"), 1, answer).1.expect(2).stderr;
    let expected = "request_rate: the query gives 2 series of /0, which differ in pod (a, b): write sum by (handler) \
        (rate(http_requests_total[15s])), or add `combine: sum`, `max` or `mean`";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn many_series_without_a_label_to_tell_them_apart_are_an_error_that_names_it() {
    let answer = series(&[
        (json!({ "instance": "a:80", "handler": "/0", "job": "x" }), &[(10, "4")]),
        (json!({ "instance": "b:80", "handler": "/1", "job": "x" }), &[(10, "8")]),
    ]);
    let said = attach(&by("unit: number"), 2, answer).1.expect(2).stderr;
    let expected = "the query gives 2 series, which differ in handler (/0, /1), instance (a:80, b:80): for one metric for each \
        endpoint, write sum by (handler) (rate(http_requests_total[15s])) with `by: handler`; for one of the run, write sum(rate(http_requests_total[15s]))";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn labels_that_name_no_endpoint_or_more_than_one_are_errors() {
    let one = |labels: Value| series(&[(labels, &[(10, "4")])]);
    for (keys, answer, said) in [
        (
            "by: handler",
            one(json!({ "handler": "/other" })),
            "no series is of an endpoint of the run: handler is /other; the run has GET /0",
        ),
        (
            "by: handler",
            one(json!({ "path": "/0" })),
            "a series has no label handler: keep it in the query, like sum by (handler)",
        ),
    ] {
        let error = attach(&by(keys), 1, answer).1.expect(2).stderr;
        assert!(error.contains(said), "{error}");
    }
    let scratch = TempDir::new().unwrap();
    let mut run = level_run(0, &[1.0, 1.0]);
    run["started_at"] = json!("2026-01-01T00:00:00Z");
    run["endpoints"][1]["name"] = json!("/0");
    run["endpoints"][1]["method"] = json!("POST");
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), by("by: handler")).unwrap();
    let address = answering(move |_| one(json!({ "handler": "/0" })));
    let ended = perfgate(scratch.path(), &["normalize", "run.json", "--attach", &address]);
    let error = ended.expect(2).stderr;
    let expected =
        "/0 may be GET /0 or POST /0: write `by: [method, handler]` with sum by (method, handler)";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_range_that_is_longer_than_the_run_is_a_warning() {
    let answer = series(&[(json!({}), &[(10, "4")])]);
    let policy = |range: &str| format!("prometheus: {{ load: \"sum(rate(a[{range}]))\" }}\n");
    let said = attach(&policy("5m"), 1, answer.clone()).1.expect(0).stderr;
    assert!(said.contains("load looks back over 5m, but the run took 60 s"), "{said}");
    assert!(said.contains("such as [15s]"), "{said}");
    let said = attach(&policy("1m"), 1, answer).1.expect(0).stderr;
    assert!(!said.contains("looks back"), "{said}");
}

#[test]
fn a_ratio_that_is_always_one_is_a_warning_with_the_query_to_write() {
    let ratio = "rate(a{status='500'}[15s]) / rate(a[15s])";
    let policy = format!(
        "prometheus: {{ failing: \"{ratio}\" }}\nalerts: [{{ name: Errors, condition: \"{ratio} > 0.1\" }}]\n"
    );
    let said = attach(&policy, 1, series(&[(json!({}), &[(10, "1")])])).1.expect(0).stderr;
    for name in ["failing", "Errors"] {
        let expected = format!(
            "{name} divides each series by itself, so that its value is always 1: write sum(rate(a{{status='500'}}[15s])) / sum(rate(a[15s]))"
        );
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_query_says_its_name() {
    let error = |keys: &str| attach(&by(keys), 1, series(&[])).1.expect(2).stderr;
    for (keys, said) in [
        ("by: [a, b, c]", "request_rate: `by` takes the label of the endpoint, or those of method"),
        ("by: handler, resource: true", "request_rate: a resource belongs to the whole run"),
        ("combine: avg", "unknown value \"avg\""),
        ("bye: handler", "did you mean by?"),
    ] {
        let error = error(keys);
        assert!(error.contains(said), "{error}");
    }
}
