//! pytest-benchmark's JSON.

use super::benchmarks::{benchmark, latency, names, quantile, run, run_of};
use super::totals::{document, near};
use serde_json::Value;

const FILE: &str = "pytest-benchmark/base.json";

/// The statistics of a benchmark as the file has them, in seconds.
fn stats(place: usize) -> Value {
    document(FILE)["benchmarks"][place]["stats"].clone()
}

#[test]
fn a_benchmark_is_called_by_file_test_and_parameters() {
    let run = run(FILE);
    assert_eq!(
        names(&run)[..2],
        ["src/test_bench.py::test_sha", "src/test_bench.py::test_sort[n=10]"]
    );
}

#[test]
fn times_are_seconds_and_each_round_is_a_sample() {
    let run = run(FILE);
    for (place, name) in names(&run).iter().enumerate() {
        let (own, theirs) = (latency(&run, name), stats(place));
        let ms = |key: &str| theirs[key].as_f64().unwrap() * 1e3;
        near(quantile(&run, name, "p50"), ms("median"));
        for (ours, key) in
            [(own.mean, "mean"), (own.min, "min"), (own.max, "max"), (own.stddev, "stddev")]
        {
            near(ours, ms(key));
        }
        assert_eq!(own.count, theirs["rounds"].as_u64());
    }
}

#[test]
fn without_its_rounds_a_file_says_what_it_states() {
    let mut file = document(FILE);
    file["benchmarks"][0]["stats"].as_object_mut().unwrap().remove("data");
    let run = run_of(&file.to_string());
    let own = latency(&run, "src/test_bench.py::test_sha");
    near(
        quantile(&run, "src/test_bench.py::test_sha", "p50"),
        stats(0)["median"].as_f64().unwrap() * 1e3,
    );
    assert_eq!((own.quantiles.len(), own.count), (1, stats(0)["rounds"].as_u64()));
    assert!(own.distribution.is_none());
}

#[test]
fn a_time_below_a_microsecond_keeps_its_digits() {
    let run = run(FILE);
    let own = latency(&run, "src/test_bench.py::test_sort[n=10]");
    assert!(own.distribution.is_none(), "it would count whole nanoseconds");
    near(
        quantile(&run, "src/test_bench.py::test_sort[n=10]", "p50"),
        stats(1)["median"].as_f64().unwrap() * 1e3,
    );
}

#[test]
fn rounds_that_fail_are_not_in_the_file_so_that_no_error_rate_is_known() {
    let run = run(FILE);
    assert_eq!(benchmark(&run, "src/test_bench.py::test_sha").error_rate(), None);
}
