//! What `go test -bench` prints.

use super::benchmarks::{ingest, latency, metric, names, quantile, run, run_of};
use super::totals::near;
use crate::support::fixture;
use perfgate::model::{Direction, Raw as _, Run, Unit};

const TEXT: &str = "go-bench/base.txt";

fn text() -> String {
    std::fs::read_to_string(fixture(TEXT)).unwrap()
}

/// The same output as `-json` wraps it, each line cut in two events as Go cuts name and numbers.
fn as_events(text: &str) -> String {
    let event = |output: &str| {
        let event = serde_json::json!({ "Time": "2026-01-01T00:00:00Z", "Action": "output", "Package": "bench", "Output": output });
        event.to_string() + "\n"
    };
    let cut = |line: &str| {
        let (name, numbers) = line.split_at(line.find('\t').unwrap_or(line.len()));
        event(name) + &event(&format!("{numbers}\n"))
    };
    text.lines().map(cut).collect()
}

fn numbers(run: &Run) -> Vec<(String, Option<f64>, Option<u64>)> {
    let of = |name: &&str| (name.to_string(), quantile(run, name, "p50"), latency(run, name).count);
    names(run).iter().map(of).collect()
}

#[test]
fn repeated_lines_are_rounds_of_one_benchmark() {
    let run = run(TEXT);
    let own = latency(&run, "bench.BenchmarkSHA256");
    // 2805, 2361, 2518, 2557 and 2512 ns.
    near(quantile(&run, "bench.BenchmarkSHA256", "p50"), 2518e-6);
    near(own.min, 2361e-6);
    assert_eq!(own.count, Some(5));
}

#[test]
fn the_number_of_processors_is_a_label_and_no_part_of_the_name() {
    let run = run(TEXT);
    assert!(names(&run).contains(&"bench.BenchmarkSort/n=0k/rand,|x"), "{:?}", names(&run));
    let label = run.labels.iter().find(|(key, _)| key.raw() == "gomaxprocs").unwrap();
    assert_eq!(label.1.raw(), "2");
}

#[test]
fn names_that_end_in_different_numbers_keep_them() {
    let text = "pkg: p\nBenchmarkFold/n-10 \t 100\t 10 ns/op\nBenchmarkFold/n-20 \t 100\t 20 ns/op\nPASS\n";
    assert_eq!(names(&run_of(text)), ["p.BenchmarkFold/n-10", "p.BenchmarkFold/n-20"]);
}

#[test]
fn what_is_allocated_is_better_when_it_is_less_and_a_rate_when_it_is_more() {
    let run = run(TEXT);
    let bytes = metric(&run, "bench.BenchmarkSort/n=1k/rand,|x", "bytes_per_op");
    assert_eq!((bytes.value, bytes.direction), (Some(8192.0), Some(Direction::Lower)));
    assert_eq!(bytes.unit, Unit::Bytes);
    let rate = metric(&run, "bench.BenchmarkSHA256", "bytes_per_second");
    assert_eq!((rate.value, rate.direction), (Some(1626.84), Some(Direction::Higher)));
    assert_eq!(metric(&run, "bench.BenchmarkCustom", "p95-ms/op").direction, None);
}

#[test]
fn a_fraction_of_a_nanosecond_is_no_zero() {
    near(quantile(&run(TEXT), "bench.BenchmarkCustom", "p50"), 0.3567e-6);
}

#[test]
fn events_say_the_same_as_the_text_also_where_one_line_is_two_events() {
    assert_eq!(numbers(&run_of(&as_events(&text()))), numbers(&run(TEXT)));
    assert_eq!(names(&run("go-bench/base.json")).len(), 3);
}

#[test]
fn a_failed_benchmark_is_an_error_that_names_it() {
    let failed = text().replace("PASS\n", "--- FAIL: BenchmarkBroken\n    x_test.go:3: no\nFAIL\n");
    for text in [as_events(&failed), failed] {
        let error = ingest(&text).unwrap_err().to_string();
        assert!(error.contains("bench.BenchmarkBroken failed"), "{error}");
    }
}

#[test]
fn a_package_that_does_not_build_is_an_error_that_names_it() {
    let error = ingest(&(text() + "FAIL\texample.com/other [build failed]\n")).unwrap_err();
    assert!(error.to_string().contains("example.com/other failed"), "{error}");
}
