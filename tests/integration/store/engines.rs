//! Facts in engines that somebody else wrote: the queries of docs/fleet.md have the same answers in all of them. An engine that is
//! not installed is named and passed over (`pip install duckdb polars pyspark`; Spark needs Java).

use crate::support::{Repo, clean, level_run, perfgate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const ENGINES: [&str; 3] = ["duckdb", "polars", "spark"];
const QUERIES: usize = 10;

/// Services with runs in October and November; one stopped in between, one got slower.
fn facts() -> TempDir {
    let root = TempDir::new().unwrap();
    for (service, months, times) in
        [("checkout", &[10, 11][..], 1.3), ("search", &[10, 11], 1.0), ("cart", &[10], 1.0)]
    {
        let repo = Repo::new();
        let policy = format!(
            "store: {{ kind: object, url: 'file://{}/{service}' }}\n",
            root.path().display()
        );
        fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
        for month in months {
            for r in 1..=4_usize {
                let level = if *month == 11 { times } else { 1.0 };
                let mut run = level_run(r + month, &[level, 2.0]);
                run["suite"] = service.into();
                run["endpoints"][1]["failures"] = (r * month).into();
                run["total"] = serde_json::json!({ "requests": 12_000, "failures": r * month });
                let file = repo.around().join("run.json");
                fs::write(&file, run.to_string()).unwrap();
                dated(&repo, &format!("2026-{month}-{r:02}T12:00:00Z"));
                repo.perfgate(&["record", file.to_str().unwrap()]).expect(0);
            }
        }
    }
    let url = format!("file://{}", root.path().display());
    perfgate(root.path(), &["fleet", "index", &url]).expect(0);
    root
}

fn dated(repo: &Repo, date: &str) {
    let mut command = clean("git", &repo.folder);
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
    command.args(["commit", "--quiet", "--allow-empty", "-m", "change"]);
    command.env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date);
    assert!(command.status().unwrap().success());
}

/// Whether two answers are the same but for the last digits of sums that were added in another order.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        _ => a == b,
    }
}

#[test]
fn the_queries_of_the_docs_have_the_same_answers_in_every_engine() {
    let root = facts();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = clean("python3", here);
    command.arg(here.join("tests/engines/queries.py")).arg(root.path().join("facts"));
    let Ok(output) = command.arg(here.join("docs/fleet.md")).output() else {
        eprintln!("skipped: python3 is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: BTreeMap<String, Vec<Value>> = serde_json::from_slice(&output.stdout).unwrap();
    for engine in ENGINES.iter().filter(|engine| !answers.contains_key(**engine)) {
        eprintln!("skipped: {engine} is not installed (pip install duckdb polars pyspark)");
    }
    for (engine, own) in &answers {
        assert_eq!(own.len(), QUERIES, "{engine}");
        for (number, answer) in own.iter().enumerate() {
            assert!(!answer.as_array().unwrap().is_empty(), "{engine}, query {number}");
            for (other, all) in &answers {
                let same = is_same(answer, &all[number]);
                assert!(same, "query {number}: {engine} {answer}\n{other} {}", all[number]);
            }
        }
    }
    let Some(own) = answers.values().next() else { return };
    // As counted by hand: 4 runs a month, of 3 services and then of 2.
    let counted = |month: usize| [1, 2].map(|column| own[0][month][column].as_u64());
    assert_eq!((counted(0), counted(1)), ([Some(3), Some(12)], [Some(2), Some(8)]));
    let slower: Vec<&Value> = own[2].as_array().unwrap().iter().map(|row| &row[0]).collect();
    assert_eq!(slower, ["checkout"]);
    assert_eq!(own[6], serde_json::json!([["cart"]]));
}
