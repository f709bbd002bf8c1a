//! The JSON Schemas are those of the wire types, and everything that perfgate writes is valid by them.

use crate::support::{compare, fixture, perfgate};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.v1.json"))
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(committed(name)).unwrap()).unwrap()
}

/// To renew: `for f in run report history notice fleet config; do cargo run -- schema $f > schemas/$f.v1.json; done`
#[test]
fn the_committed_schemas_are_fresh() {
    for name in ["run", "report", "history", "notice", "fleet", "config"] {
        let printed = perfgate(Path::new("."), &["schema", name]).expect(0).stdout;
        let committed = std::fs::read_to_string(committed(name)).unwrap_or_default();
        assert_eq!(
            committed, printed,
            "schemas/{name}.v1.json is not what `perfgate schema {name}` prints"
        );
    }
}

/// The page of the policy lists every key that its schema has.
#[test]
fn the_table_of_all_keys_is_fresh() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md"));
    let page = page.unwrap();
    let (_, rest) = page.split_once("<!-- perfgate schema config --format markdown -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end -->").unwrap();
    let table = ["schema", "config", "--format", "markdown"];
    let printed = perfgate(Path::new("."), &table).expect(0).stdout;
    assert_eq!(shown, printed, "print it again: perfgate schema config --format markdown");
    // Nothing of the schema is missing: each key of each definition is the end of a row.
    let schema = schema("config");
    let definitions = schema["$defs"].as_object().unwrap().values();
    for definition in definitions.chain([&schema]) {
        for key in definition["properties"].as_object().into_iter().flat_map(|keys| keys.keys()) {
            let is_of = |row: &str| {
                row.starts_with(&format!("| `{key}` |")) || row.contains(&format!(".{key}` |"))
            };
            assert!(printed.lines().any(is_of), "{key}");
        }
    }
}

#[test]
fn every_normalised_fixture_is_valid() {
    let validator = jsonschema::validator_for(&schema("run")).unwrap();
    let files = [
        "k6/2.2.0/base-1/summary.json",
        "k6/2.2.0/full-short/handleSummary.json",
        "k6/2.2.0/machine-readable/full/summary.json",
        "k6/2.2.0/full-short/raw.ndjson.gz",
        "k6/2.2.0/names/raw.csv",
        "k6/2.2.0/zero/summary.json",
        "locust/2.47.0/edge-names/x_stats.csv",
        "locust/2.47.0/custom/out.json",
        "locust/2.47.0/base-1/out.json",
        "vegeta/errors.json",
        "oha/errors.json",
        "oha/made/refused.json",
        "autocannon/errors.json",
        "autocannon/refused.json",
        "bombardier/errors.json",
        "hey/base.txt",
        "hey/refused.txt",
        "wrk/late.txt",
        "ab/dropped.txt",
        "ab/refused.txt",
        "artillery/errors.json",
        "artillery/refused.json",
    ];
    for file in files {
        let path = fixture(file);
        let text =
            perfgate(Path::new("."), &["normalize", path.to_str().unwrap()]).expect(0).stdout;
        let run: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&run).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
}

#[test]
fn every_report_is_valid() {
    let validator = jsonschema::validator_for(&schema("report")).unwrap();
    let pairs = [
        ("k6/2.2.0/base-1/summary.json", "k6/2.2.0/regressed-1/summary.json"),
        ("k6/2.2.0/base-1/summary.json", "k6/2.2.0/zero/summary.json"),
        ("locust/2.47.0/base-1/x_stats.csv", "locust/2.47.0/edge-names/x_stats.csv"),
        (
            "k6/2.2.0/machine-readable/base/summary.json",
            "k6/2.2.0/machine-readable/base/summary.json",
        ),
    ];
    for (base, new) in pairs {
        let report = compare(base, new, &["--format", "json"]).json();
        let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{new}: {errors:?}");
    }
}

#[test]
fn a_word_that_no_report_uses_is_refused_by_the_schema_and_by_perfgate() {
    let validator = jsonschema::validator_for(&schema("report")).unwrap();
    let (base, new) = ("k6/2.2.0/base-1/summary.json", "k6/2.2.0/regressed-1/summary.json");
    let report = compare(base, new, &["--format", "json"]).json();
    assert!(validator.is_valid(&report));
    for word in [
        "/verdict",
        "/reason",
        "/decide",
        "/findings/0/verdict",
        "/findings/0/reason",
        "/findings/0/direction",
        "/findings/0/kind",
    ] {
        let mut wrong = report.clone();
        *wrong.pointer_mut(word).unwrap() = "pas".into();
        assert!(!validator.is_valid(&wrong), "{word}");
        assert!(perfgate::report::read_report(wrong.to_string().as_bytes()).is_err(), "{word}");
    }
}

#[test]
fn a_history_is_valid() {
    let validator = jsonschema::validator_for(&schema("history")).unwrap();
    let series = fixture("series/step-at-27.csv");
    let text = perfgate(
        Path::new("."),
        &["trend", "--format", "json", "--input", series.to_str().unwrap()],
    );
    let history: Value = serde_json::from_str(&text.expect(0).stdout).unwrap();
    let errors: Vec<String> = validator.iter_errors(&history).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(history["series"][0]["steps"][0]["index"], 27);
    assert_eq!(history["series"][1]["steps"], serde_json::json!([]));
}

/// What a user's script writes in ten lines is valid, and so is what comes back.
#[test]
fn the_smallest_run_is_valid() {
    let run: Value = serde_json::from_str(
        r#"{"schema": "perfgate.run/1", "tool": {"name": "my-script"},
            "endpoints": [{"name": "/a", "latency": {"samples": [1.0, 2.5]}}]}"#,
    )
    .unwrap();
    let validator = jsonschema::validator_for(&schema("run")).unwrap();
    assert!(validator.is_valid(&run));
}
