//! The verdict on benchmarks: few rounds, no load, and numbers that are no times.

use crate::support::{Ended, fixture, perfgate};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tempfile::TempDir;

/// What `go test -bench -count 10` prints of six benchmarks that take about `ns` each, the first `slower` times as long, and
/// allocate `allocs` times, the others twice at most.
fn go(ns: f64, slower: f64, allocs: u64) -> String {
    let mut text = "goos: linux\npkg: shop\n".to_owned();
    for benchmark in 0..6 {
        for round in 0..10_u32 {
            let factor = if benchmark == 0 { slower } else { 1.0 };
            let allocs = if benchmark == 0 { allocs } else { allocs.min(2) };
            let own = ns * factor * (1.0 + f64::from(round % 5) / 200.0);
            writeln!(
                text,
                "BenchmarkOf{benchmark}-8\t1000\t{own:.4} ns/op\t64 B/op\t{allocs} allocs/op"
            )
            .unwrap();
        }
    }
    text + "PASS\nok  \tshop\t12.3s\n"
}

fn compared(policy: &str, before: &str, after: &str) -> Ended {
    let scratch = TempDir::new().unwrap();
    let files = [("perfgate.yaml", policy), ("before", before), ("after", after)];
    for (name, text) in files.iter().filter(|(_, text)| !text.is_empty()) {
        std::fs::write(scratch.path().join(name), text).unwrap();
    }
    perfgate(scratch.path(), &["compare", "--baseline-file", "before", "after", "--format", "json"])
}

/// The verdict and the reason of a finding.
fn verdict(report: &Value, endpoint: &str, metric: &str) -> (String, String) {
    let all = report["findings"].as_array().unwrap();
    let own = all.iter().find(|f| f["endpoint"] == endpoint && f["metric"] == metric);
    let own = own.unwrap_or_else(|| panic!("no {metric} of {endpoint}: {report:#}"));
    (own["verdict"].as_str().unwrap().to_owned(), own["reason"].as_str().unwrap().to_owned())
}

fn fails() -> (String, String) {
    ("fail".to_owned(), "over_threshold".to_owned())
}

#[test]
fn ten_rounds_of_unchanged_benchmarks_pass() {
    let report = compared("", &go(3.0, 1.0, 2), &go(3.01, 1.0, 2)).expect(0).json();
    assert_eq!(report["coverage"]["compared"], report["coverage"]["total"], "{report:#}");
}

#[test]
fn a_benchmark_of_three_nanoseconds_that_takes_six_fails() {
    let report = compared("", &go(3.0, 1.0, 2), &go(3.0, 2.0, 2)).expect(1).json();
    assert_eq!(verdict(&report, "shop.BenchmarkOf0", "latency"), fails());
    assert_eq!(verdict(&report, "shop.BenchmarkOf1", "latency").0, "pass");
}

#[test]
fn one_allocation_more_fails_however_fast_it_is() {
    let report = compared("", &go(3.0, 1.0, 2), &go(3.0, 1.0, 3)).expect(1).json();
    assert_eq!(verdict(&report, "shop.BenchmarkOf0", "allocs_per_op"), fails());
    assert_eq!(verdict(&report, "shop.BenchmarkOf0", "latency").0, "pass");
}

#[test]
fn benchmarks_that_allocate_nothing_have_not_changed() {
    let report = compared("", &go(3.0, 1.0, 0), &go(3.0, 1.0, 0)).expect(0).json();
    assert_eq!(verdict(&report, "shop.BenchmarkOf0", "allocs_per_op").0, "pass");
}

#[test]
fn the_policy_may_limit_what_is_measured_beside_times_or_not() {
    let (before, after) = (go(3.0, 1.0, 2), go(3.0, 1.0, 3));
    compared("regression_thresholds: { bench_metrics: off }\n", &before, &after).expect(0);
    compared("regression_thresholds: { bench_metrics: 60% }\n", &before, &after).expect(0);
    let by_name = "regression_thresholds: { bench_metrics: off, allocs_per_op: { absolute: 0 } }\n";
    compared(by_name, &before, &after).expect(1);
}

#[test]
fn classes_of_requests_leave_benchmarks_their_own() {
    let policy = "endpoint_classes: { api: [\"* /api/**\"] }\n";
    let report = compared(policy, &go(3.0, 1.0, 2), &go(3.0, 2.0, 2)).expect(1).json();
    assert_eq!(verdict(&report, "shop.BenchmarkOf0", "latency"), fails());
}

/// Google Benchmark's file, with or without the benchmark that fails, or with it repaired.
fn google(change: impl Fn(&mut Vec<Value>)) -> String {
    let text = std::fs::read_to_string(fixture("google-benchmark/base.json")).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    change(file["benchmarks"].as_array_mut().unwrap());
    file.to_string()
}

fn repaired(rows: &mut [Value]) {
    for row in rows.iter_mut().filter(|row| row["run_name"] == "BM_Skip") {
        (row["error_occurred"], row["real_time"]) = (json!(false), json!(12.0));
    }
}

#[test]
fn a_benchmark_that_fails_now_is_a_regression() {
    let report = compared("", &google(|rows| repaired(rows)), &google(|_| ())).expect(1).json();
    assert_eq!(verdict(&report, "BM_Skip", "error_rate"), fails());
}

#[test]
fn a_new_benchmark_that_fails_is_told() {
    let without = google(|rows| rows.retain(|row| row["run_name"] != "BM_Skip"));
    let report = compared("", &without, &google(|_| ())).json();
    assert_eq!(verdict(&report, "BM_Skip", "error_rate").1, "all_failed");
    assert!(report["warnings"].to_string().contains("blind"), "{report:#}");
}

/// perfgate's own format, of six benchmarks.
fn own(of: Value) -> String {
    let benchmark = |i: u32| {
        let mut benchmark = json!({ "kind": "bench", "name": format!("b{i}") });
        benchmark.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        benchmark
    };
    let endpoints: Vec<Value> = (0..6).map(benchmark).collect();
    json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "endpoints": endpoints })
        .to_string()
}

#[test]
fn a_mean_is_judged_where_there_is_no_median() {
    let mean = |ms: f64| own(json!({ "latency": { "mean": ms } }));
    compared("", &mean(4.0), &mean(4.1)).expect(0);
    let report = compared("", &mean(4.0), &mean(12.0)).json();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["statistic"] == "mean"), "{report:#}");
    assert_ne!(report["verdict"], "pass");
}

#[test]
fn a_rate_is_judged_for_each_benchmark() {
    let rate = |rate: f64| own(json!({ "requests": 5, "throughput_rps": rate }));
    compared("", &rate(1e6), &rate(0.99e6)).expect(0);
    let report = compared("", &rate(1e6), &rate(0.3e6)).json();
    assert_eq!(verdict(&report, "b0", "throughput").0, report["verdict"].as_str().unwrap());
    assert_ne!(report["verdict"], "pass");
}
