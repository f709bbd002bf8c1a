//! criterion's folder.

use super::benchmarks::{latency, names, quantile};
use super::totals::near;
use crate::support::{fixture, perfgate};
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::Run;
use std::path::Path;
use tempfile::TempDir;

const FOLDER: &str = "criterion/target";

fn run_in(folder: &Path) -> Run {
    let source = Source::open(folder).unwrap();
    read(source, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}")).run
}

#[test]
fn a_folder_is_a_run_and_each_benchmark_has_its_whole_name() {
    let run = run_in(&fixture(FOLDER));
    let mut own = names(&run);
    own.sort_unstable();
    assert_eq!(
        own,
        ["fold 1000", "group/with slash, comma/fold|x/10", "group/with slash, comma/fold|x/100"]
    );
}

#[test]
fn the_last_run_is_read_and_its_median_is_the_one_that_criterion_estimates() {
    let run = run_in(&fixture(FOLDER));
    for (folder, name) in [
        ("fold 1000", "fold 1000"),
        ("group_with slash, comma/fold_x/10", "group/with slash, comma/fold|x/10"),
        ("group_with slash, comma/fold_x/100", "group/with slash, comma/fold|x/100"),
    ] {
        let path = fixture(FOLDER).join(folder).join("new/estimates.json");
        let estimates: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let median = estimates["median"]["point_estimate"].as_f64().unwrap();
        near(quantile(&run, name, "p50"), median * 1e-6);
        near(
            latency(&run, name).mean,
            estimates["mean"]["point_estimate"].as_f64().unwrap() * 1e-6,
        );
    }
}

#[test]
fn one_of_its_files_names_the_folder() {
    for file in ["benchmark.json", "estimates.json", "sample.json"] {
        let path = fixture(FOLDER).join("fold 1000/new").join(file);
        let error = read(Source::open(&path).unwrap(), &ReadOptions::default()).unwrap_err();
        assert!(error.help().unwrap().contains("target/criterion"), "{file}: {error}");
    }
}

#[test]
fn a_file_that_is_cut_is_named_and_a_folder_of_anything_else_is_no_result() {
    let scratch = TempDir::new().unwrap();
    assert!(Source::open(scratch.path()).is_err());
    let run = scratch.path().join("fold/new");
    std::fs::create_dir_all(&run).unwrap();
    std::fs::write(run.join("benchmark.json"), r#"{"full_id": "fold"}"#).unwrap();
    std::fs::write(run.join("sample.json"), r#"{"iters": [1.0"#).unwrap();
    let error = Source::open(scratch.path()).err().unwrap().to_string();
    assert!(error.contains("sample.json"), "{error}");
}

#[test]
fn the_program_takes_the_folder_as_a_result() {
    let folder = fixture(FOLDER);
    let ended = perfgate(&folder, &["normalize", "."]).expect(0);
    assert_eq!(ended.json()["endpoints"].as_array().unwrap().len(), 3);
}
