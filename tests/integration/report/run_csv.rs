//! `perfgate normalize --format csv`: one run as a table.

use crate::support::{fixture, perfgate};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// The rows of the table, each by the names of its columns.
fn rows(run: &Value) -> Vec<BTreeMap<String, String>> {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let ended = perfgate(scratch.path(), &["normalize", "--format", "csv", "run.json"]).expect(0);
    let mut table = csv::Reader::from_reader(ended.stdout.as_bytes());
    let names = table.headers().unwrap().clone();
    let named = |row: Result<csv::StringRecord, csv::Error>| -> BTreeMap<String, String> {
        names.iter().map(str::to_owned).zip(row.unwrap().iter().map(str::to_owned)).collect()
    };
    table.records().map(named).collect()
}

/// A run with an endpoint and two metrics.
fn run() -> Value {
    json!({
        "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": 3,
        "endpoints": [{ "method": "POST", "name": "=cmd|' /C calc'!A0", "failures": 1,
            "latency": { "samples": [10.0, 20.0, 60.1], "quantiles": { "p97": 55.5 } } }],
        "metrics": [
            { "name": "ttft", "unit": "ms", "value": 120.25, "count": 7, "quantiles": { "p95": 300 } },
            { "name": "@tokens", "unit": "-usd", "value": -3 },
        ],
    })
}

#[test]
fn a_row_has_every_number_of_its_endpoint_unrounded() {
    let rows = rows(&run());
    let total = &rows[0];
    assert_eq!((total["kind"].as_str(), total["name"].as_str()), ("total", ""));
    let endpoint = &rows[1];
    let number = |column: &str| endpoint[column].parse::<f64>().unwrap();
    let mean = (10.0 + 20.0 + 60.1) / 3.0;
    let squares: f64 = [10.0_f64, 20.0, 60.1].iter().map(|ms| (ms - mean).powi(2)).sum();
    let stddev = (squares / 2.0).sqrt();
    for (column, value) in [
        ("requests", 3.0),
        ("failures", 1.0),
        ("error_rate", 1.0 / 3.0),
        ("throughput_rps", 1.0),
        ("count", 3.0),
        ("mean", mean),
        ("stddev", stddev),
        ("cv", stddev / mean),
        ("min", 10.0),
        ("p50", 20.0),
        ("p97", 55.5),
        ("max", 60.1),
    ] {
        assert!((number(column) - value).abs() < 1e-9, "{column}: {}", endpoint[column]);
    }
    assert_eq!((endpoint["metric"].as_str(), endpoint["unit"].as_str()), ("latency", "ms"));
}

#[test]
fn a_custom_metric_has_a_row_of_its_own() {
    let rows = rows(&run());
    let ttft = rows.iter().find(|row| row["metric"] == "ttft").unwrap();
    let cells = ["kind", "unit", "value", "count", "p95", "p50", "mean", "requests"];
    let cells = cells.map(|column| ttft[column].as_str());
    assert_eq!(cells, ["total", "ms", "120.25", "7", "300", "", "", ""]);
}

#[test]
fn no_spreadsheet_takes_a_name_for_a_formula() {
    let rows = rows(&run());
    assert_eq!(rows[1]["name"], "'=cmd|' /C calc'!A0");
    assert_eq!((rows[3]["metric"].as_str(), rows[3]["unit"].as_str()), ("'@tokens", "'-usd"));
    assert_eq!(rows[3]["value"], "-3", "a number is a number");
}

#[test]
fn several_runs_make_several_tables() {
    let file = fixture("wrk/base.txt");
    let file = file.to_str().unwrap();
    let scratch = TempDir::new().unwrap();
    let both = perfgate(scratch.path(), &["normalize", "--format", "csv", file, file]).expect(2);
    assert!(both.stderr.contains("2 runs do not fit into one table"), "{}", both.stderr);
    perfgate(scratch.path(), &["normalize", "--format", "csv", "-o", "run.csv", file]).expect(0);
    let table = std::fs::read_to_string(scratch.path().join("run.csv")).unwrap();
    assert!(table.starts_with("kind,method,name,metric,unit,requests,"), "{table}");
}
