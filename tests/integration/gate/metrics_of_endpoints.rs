//! Which endpoint a custom metric belongs to: one rule for comparing, for budgets and for histories.

use crate::support::{Repo, perfgate};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A run with two methods of one name, and a metric that belongs to what is called so.
fn run(metric_of: &str, value: f64) -> Value {
    let endpoint = |method: &str| {
        json!({
            "method": method, "name": "/cart", "requests": 1000, "failures": 0,
            "latency": { "count": 1000, "quantiles": { "p95": 100.0, "p99": 150.0 } },
        })
    };
    json!({
        "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": 60,
        "endpoints": [endpoint("GET"), endpoint("POST")],
        "metrics": [{ "name": "rows", "value": value, "endpoint": metric_of }],
    })
}

/// The findings about the metric: each with its endpoint and both values.
fn compared(baseline: &Value, current: &Value) -> Vec<(String, Value, Value)> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("perfgate.yaml"), "regression_thresholds: { rows: 10% }\n")
        .unwrap();
    for (name, run) in [("old.json", baseline), ("new.json", current)] {
        fs::write(folder.path().join(name), run.to_string()).unwrap();
    }
    let arguments = ["compare", "--baseline-file", "old.json", "new.json", "--format", "json"];
    let report = perfgate(folder.path(), &arguments).json();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|own| own["metric"] == "rows")
        .map(|own| {
            let endpoint = own["endpoint"].as_str().unwrap().to_owned();
            (endpoint, own["baseline"].clone(), own["current"].clone())
        })
        .collect()
}

#[test]
fn a_metric_of_a_name_and_one_of_a_method_and_a_name_are_of_one_endpoint() {
    let both = vec![("GET /cart".to_owned(), json!(10.0), json!(30.0))];
    assert_eq!(compared(&run("/cart", 10.0), &run("GET /cart", 30.0)), both);
    assert_eq!(compared(&run("GET /cart", 10.0), &run("/cart", 30.0)), both);
}

#[test]
fn a_metric_of_one_method_is_none_of_the_other() {
    let each = [("GET /cart", json!(10.0), Value::Null), ("POST /cart", Value::Null, json!(30.0))];
    let each = each.map(|(endpoint, old, new)| (endpoint.to_owned(), old, new));
    assert_eq!(compared(&run("GET /cart", 10.0), &run("POST /cart", 30.0)), each);
}

#[test]
fn what_a_run_does_not_list_is_known_by_the_other_side() {
    let mut old = run("GET /cart", 10.0);
    old["endpoints"].as_array_mut().unwrap().clear();
    let both = vec![("GET /cart".to_owned(), json!(10.0), json!(30.0))];
    assert_eq!(compared(&old, &run("GET /cart", 30.0)), both);
    // Neither side lists it: the name alone is the same.
    let both = vec![("scenario:a".to_owned(), json!(10.0), json!(30.0))];
    assert_eq!(compared(&run("scenario:a", 10.0), &run("scenario:a", 30.0)), both);
}

#[test]
fn a_budget_and_a_history_mean_the_same_endpoint() {
    let repo = Repo::new();
    fs::write(repo.folder.join("perfgate.yaml"), "budgets: [{ rows: \"< 20\" }]\n").unwrap();
    fs::write(repo.folder.join("run.json"), run("/cart", 30.0).to_string()).unwrap();
    repo.commit("Measure");
    let report = repo.perfgate(&["check", "run.json", "--format", "json"]).expect(1).json();
    let subjects: Vec<&Value> =
        report["budgets"].as_array().unwrap().iter().map(|own| &own["subject"]).collect();
    assert_eq!(subjects, [&json!("GET /cart rows")]);
    repo.perfgate(&["record", "run.json"]).expect(0);
    let history = repo.perfgate(&["trend", "--offline", "--metric", "rows", "--format", "json"]);
    assert_eq!(history.expect(0).json()["series"][0]["id"], "GET /cart rows");
}

#[test]
fn a_metric_of_something_that_is_no_endpoint_has_a_history_of_its_own() {
    let repo = Repo::new();
    fs::write(repo.folder.join("run.json"), run("scenario:a", 30.0).to_string()).unwrap();
    repo.commit("Measure");
    repo.perfgate(&["record", "run.json"]).expect(0);
    let history = repo.perfgate(&["trend", "--offline", "--metric", "rows", "--format", "json"]);
    let history = history.expect(0).json();
    assert_eq!(history["series"][0]["id"], "scenario:a rows");
    assert_eq!(history["rows"][0]["values"][0]["value"], 30.0);
}
