//! Google Benchmark's JSON.

use super::benchmarks::{benchmark, latency, metric, names, quantile, run, run_of};
use super::totals::{document, near};
use perfgate::model::{Direction, Raw as _};
use serde_json::json;

const FILE: &str = "google-benchmark/base.json";

/// What the file states in its row of an aggregate.
fn aggregate(name: &str) -> f64 {
    let file = document(FILE);
    let rows = file["benchmarks"].as_array().unwrap().clone();
    rows.iter().find(|row| row["name"] == name).unwrap()["real_time"].as_f64().unwrap()
}

#[test]
fn repetitions_are_rounds_and_their_aggregates_are_not() {
    let run = run(FILE);
    assert_eq!(names(&run), ["BM_Sort/100", "BM_Sort/1000", "BM_Skip", "BM_Ms/real_time"]);
    assert_eq!(latency(&run, "BM_Sort/100").count, Some(3));
    near(quantile(&run, "BM_Sort/100", "p50"), aggregate("BM_Sort/100_median") * 1e-3);
    near(latency(&run, "BM_Sort/100").stddev, aggregate("BM_Sort/100_stddev") * 1e-3);
}

#[test]
fn each_row_has_its_own_unit() {
    near(quantile(&run(FILE), "BM_Ms/real_time", "p50"), aggregate("BM_Ms/real_time_median"));
}

#[test]
fn a_benchmark_with_an_error_failed_and_its_zeros_are_no_times() {
    let run = run(FILE);
    let own = benchmark(&run, "BM_Skip");
    assert_eq!((own.requests, own.failures), (Some(3), Some(3)));
    assert!(own.latency.is_none());
    assert_eq!(own.failure_kinds[0].message.raw(), "no, \"device\"");
}

#[test]
fn a_benchmark_that_skips_itself_is_not_there() {
    let mut file = document(FILE);
    for row in file["benchmarks"].as_array_mut().unwrap() {
        if row["run_name"] == "BM_Skip" {
            row["error_occurred"] = json!(false);
            row["skipped"] = json!(true);
        }
    }
    assert!(!names(&run_of(&file.to_string())).contains(&"BM_Skip"));
}

#[test]
fn with_aggregates_alone_the_stated_median_is_judged() {
    let mut file = document(FILE);
    let rows = file["benchmarks"].as_array_mut().unwrap();
    rows.retain(|row| row["run_type"] == "aggregate");
    let run = run_of(&file.to_string());
    assert_eq!(names(&run), ["BM_Sort/100", "BM_Sort/1000", "BM_Ms/real_time"]);
    near(quantile(&run, "BM_Sort/100", "p50"), aggregate("BM_Sort/100_median") * 1e-3);
    assert_eq!(latency(&run, "BM_Sort/100").count, None);
}

#[test]
fn rates_are_better_when_they_are_higher() {
    let own = run(FILE);
    let rate = metric(&own, "BM_Sort/100", "items_per_second");
    assert_eq!(rate.direction, Some(Direction::Higher));
}

#[test]
fn a_unit_that_is_no_time_is_refused() {
    let wrong = document(FILE).to_string().replace("\"us\"", "\"furlongs\"");
    let error = super::benchmarks::ingest(&wrong).unwrap_err().to_string();
    assert!(error.contains("time_unit is `furlongs`: is no unit of time"), "{error}");
}
