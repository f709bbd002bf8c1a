//! Files of benchmarks: what holds for every tool that writes one.

use crate::support::{compare, fixture};
use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read, recognise};
use perfgate::model::{CustomMetric, Endpoint, EndpointKey, Kind, Latency, Raw as _, Run};
use std::io::Cursor;

/// A fixture of each format, and its format.
const FILES: [(&str, &str); 11] = [
    ("pytest-benchmark/base.json", "pytest-benchmark"),
    ("hyperfine/base.json", "hyperfine-json"),
    ("hyperfine/params.json", "hyperfine-json"),
    ("google-benchmark/base.json", "google-benchmark"),
    ("go-bench/base.txt", "go-bench"),
    ("go-bench/base.json", "go-bench-json"),
    ("jmh/made/modes.json", "jmh"),
    ("benchmarkdotnet/made/brief.json", "benchmarkdotnet"),
    ("custom/made/smaller.json", "custom-smaller"),
    ("custom/made/bigger.json", "custom-bigger"),
    ("bencher/made/measures.json", "bencher"),
];

pub(super) fn ingest(text: &str) -> Result<Ingested, IngestError> {
    let bytes = Cursor::new(text.to_owned().into_bytes());
    read(Source::from_reader("results", Box::new(bytes))?, &ReadOptions::default())
}

pub(super) fn run_of(text: &str) -> Run {
    ingest(text).unwrap_or_else(|error| panic!("{error}")).run
}

pub(super) fn run(path: &str) -> Run {
    run_of(&std::fs::read_to_string(fixture(path)).unwrap())
}

pub(super) fn names(run: &Run) -> Vec<&str> {
    run.endpoints.iter().map(name).collect()
}

fn name(endpoint: &Endpoint) -> &str {
    match &endpoint.key {
        EndpointKey::Named { kind: Kind::Bench, name, .. } => name.raw(),
        other => panic!("{} is no benchmark", other.text().raw()),
    }
}

pub(super) fn benchmark<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    let place = names(run).iter().position(|own| *own == name);
    &run.endpoints[place.unwrap_or_else(|| panic!("{name} is not in {:?}", names(run)))]
}

pub(super) fn latency<'a>(run: &'a Run, name: &str) -> &'a Latency {
    benchmark(run, name).latency.as_ref().unwrap()
}

/// A percentile of the rounds of a benchmark, in milliseconds.
pub(super) fn quantile(run: &Run, name: &str, level: &str) -> Option<f64> {
    latency(run, name).quantiles.get(&level.parse().unwrap()).copied()
}

pub(super) fn metric<'a>(run: &'a Run, benchmark: &str, name: &str) -> &'a CustomMetric {
    let own = |m: &&CustomMetric| m.name == name && m.endpoint.text() == benchmark;
    run.metrics.iter().find(own).unwrap()
}

#[test]
fn a_file_is_recognised_by_its_content() {
    for (path, format) in FILES {
        assert_eq!(
            recognise(Source::open(&fixture(path)).unwrap()).unwrap().name,
            format,
            "{path}"
        );
    }
}

#[test]
fn what_a_tool_writes_without_its_rounds_names_the_option_that_has_them() {
    for (path, option) in [
        ("pytest-benchmark/stdout.txt", "--benchmark-json"),
        ("hyperfine/base.csv", "--export-json"),
        ("google-benchmark/base.csv", "--benchmark_out_format=json"),
    ] {
        let error = ingest(&std::fs::read_to_string(fixture(path)).unwrap()).unwrap_err();
        assert!(error.help().unwrap().contains(option), "{path}: {error}");
    }
}

#[test]
fn benchmarks_have_no_total_and_no_load() {
    for (path, _) in FILES {
        let run = run(path);
        assert!(run.total.is_empty() || run.total.requests.is_none(), "{path}");
        let report = compare(path, path, &["--format", "json"]).json();
        let findings = report["findings"].as_array().unwrap();
        assert!(
            !findings.is_empty() && findings.iter().all(|f| f["endpoint"] != "total"),
            "{path}"
        );
        let warnings = report["warnings"].to_string();
        for of_loads in ["load_unknown", "requests_unknown", "not_measured"] {
            assert!(!warnings.contains(of_loads), "{path}: {warnings}");
        }
    }
}

#[test]
fn a_file_that_is_cut_is_an_error() {
    for (path, format) in FILES {
        let text = std::fs::read_to_string(fixture(path)).unwrap();
        let whole = text.trim_end();
        assert!(ingest(&whole[..whole.len() - 2]).is_err(), "{format}");
    }
}

#[test]
fn a_benchmark_that_stands_twice_is_an_error() {
    for (path, list) in
        [("hyperfine/base.json", "results"), ("pytest-benchmark/base.json", "benchmarks")]
    {
        let mut file = super::totals::document(path);
        let entry = file[list][0].clone();
        file[list].as_array_mut().unwrap().push(entry);
        let error = ingest(&file.to_string()).unwrap_err().to_string();
        assert!(error.contains("stands twice"), "{error}");
    }
}

#[test]
fn a_file_without_a_benchmark_is_an_error() {
    for (path, list) in [
        ("hyperfine/base.json", "results"),
        ("pytest-benchmark/base.json", "benchmarks"),
        ("google-benchmark/base.json", "benchmarks"),
    ] {
        let mut file = super::totals::document(path);
        file[list] = serde_json::json!([]);
        assert!(ingest(&file.to_string()).is_err(), "{path}");
    }
}
