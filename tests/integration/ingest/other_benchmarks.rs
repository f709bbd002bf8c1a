//! Benchmarks of JMH and BenchmarkDotNet, and those that scripts write for github-action-benchmark and Bencher.

use super::benchmarks::{benchmark, ingest, latency, metric, names, quantile, run, run_of};
use super::totals::near;
use crate::support::{fixture, perfgate};
use perfgate::model::{Direction, Unit};

const JMH: &str = "jmh/made/modes.json";
const DOTNET: &str = "benchmarkdotnet/made/brief.json";

#[test]
fn jmh_names_parameters_and_where_there_are_several_the_mode() {
    assert_eq!(
        names(&run(JMH)),
        [
            "org.shop.Cart.add [n=10]",
            "org.shop.Cart.add [n=100]",
            "org.shop.Cart.total thrpt",
            "org.shop.Cart.total avgt",
            "org.shop.Cart.sampled"
        ]
    );
}

#[test]
fn the_iterations_of_all_forks_of_jmh_are_rounds() {
    let run = run(JMH);
    let own = latency(&run, "org.shop.Cart.add [n=10]");
    assert_eq!((own.count, own.min, own.max), (Some(6), Some(4.0e-3), Some(4.3e-3)));
    near(quantile(&run, "org.shop.Cart.add [n=10]", "p50"), 4.1e-3);
}

#[test]
fn throughput_of_jmh_is_a_rate_per_second_whatever_its_unit() {
    let run = run(JMH);
    let own = benchmark(&run, "org.shop.Cart.total thrpt");
    near(own.throughput_rps, 250e3);
    assert!(own.latency.is_none());
}

#[test]
fn samples_of_jmh_have_the_median_that_it_states() {
    let run = run(JMH);
    near(quantile(&run, "org.shop.Cart.sampled", "p50"), 11.0);
    near(latency(&run, "org.shop.Cart.sampled").mean, 12.5);
}

#[test]
fn what_jmh_and_benchmarkdotnet_allocate_is_one_metric() {
    for (path, name, bytes) in
        [(JMH, "org.shop.Cart.add [n=10]", 128.0), (DOTNET, "Shop.Cart.Add(n: 10)", 64.0)]
    {
        let run = run(path);
        let own = metric(&run, name, "bytes_per_op");
        assert_eq!((own.value, own.direction), (Some(bytes), Some(Direction::Lower)));
    }
}

#[test]
fn an_unknown_unit_of_jmh_is_refused() {
    let text = std::fs::read_to_string(fixture(JMH)).unwrap().replace("ns/op", "points");
    let error = ingest(&text).unwrap_err().to_string();
    assert!(error.contains("scoreUnit is `points`"), "{error}");
}

#[test]
fn values_of_benchmarkdotnet_are_nanoseconds() {
    let run = run(DOTNET);
    near(quantile(&run, "Shop.Cart.Add(n: 10)", "p50"), 102e-6);
    assert_eq!(latency(&run, "Shop.Cart.Total").count, Some(3));
}

#[test]
fn a_benchmark_of_benchmarkdotnet_without_statistics_failed() {
    let run = run(DOTNET);
    assert_eq!(benchmark(&run, "Shop.Cart.Broken").error_rate(), Some(1.0));
}

#[test]
fn units_of_time_become_milliseconds_and_smaller_is_better() {
    let run = run("custom/made/smaller.json");
    near(latency(&run, "parse").mean, 12.5);
    near(latency(&run, "parse/small").mean, 0.25);
    let size = metric(&run, "binary", "value");
    assert_eq!((size.value, size.direction), (Some(8.25), Some(Direction::Lower)));
    assert_eq!(size.unit, Unit::Other("MB".into()));
}

#[test]
fn rates_are_better_when_they_are_bigger() {
    let run = run("custom/made/bigger.json");
    assert_eq!(metric(&run, "parse", "value").direction, Some(Direction::Higher));
}

#[test]
fn a_unit_that_does_not_say_which_way_is_better_asks_for_it() {
    let path = fixture("custom/made/unclear.json");
    let folder = path.parent().unwrap();
    let refused = perfgate(folder, &["normalize", "unclear.json"]).expect(2);
    assert!(refused.stderr.contains("--format-in custom-smaller"), "{}", refused.stderr);
    for (format, direction) in [("custom-smaller", "lower"), ("custom-bigger", "higher")] {
        let told = perfgate(folder, &["normalize", "unclear.json", "--format-in", format]);
        assert_eq!(told.expect(0).json()["metrics"][0]["direction"], direction);
    }
}

#[test]
fn units_of_both_directions_in_one_file_ask_for_one() {
    let mixed =
        r#"[{"name": "a", "unit": "ms", "value": 1}, {"name": "b", "unit": "ops/s", "value": 2}]"#;
    assert!(ingest(mixed).unwrap_err().help().unwrap().contains("custom-bigger"));
}

#[test]
fn measures_of_bencher_have_the_units_and_directions_that_it_gives_them() {
    let run = run("bencher/made/measures.json");
    near(latency(&run, "parse \"it\"").mean, 88e-6);
    near(benchmark(&run, "parse \"it\"").throughput_rps, 11e6);
    assert_eq!(metric(&run, "./build.sh", "build-time").direction, Some(Direction::Lower));
    assert_eq!(metric(&run, "tool", "grade").direction, None);
}

#[test]
fn objects_of_other_shapes_are_not_of_bencher() {
    for other in [r#"{"a": {"value": 1}}"#, r#"{"a": {"b": 1}}"#, r#"{"a": {"b": {"c": 1}}}"#] {
        assert!(ingest(other).is_err(), "{other}");
    }
    assert_eq!(names(&run_of(r#"{"a": {"b": {"value": 1}}}"#)), ["a"]);
}
