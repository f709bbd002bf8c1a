//! Histories from elsewhere: tables, data.js, results in folders named by commit.

use crate::support::remote::{Shared, records};
use crate::support::{self, Repo, fixture};
use serde_json::json;
use std::fmt::Write as _;

/// A repository with so many commits, oldest first.
fn repository(commits: usize) -> (Repo, Vec<String>) {
    let repo = Repo::new();
    let ids = (0..commits).map(|i| {
        repo.commit(&format!("change {i}"));
        repo.git(&["rev-parse", "HEAD"])
    });
    let ids = ids.collect();
    (repo, ids)
}

fn write(repo: &Repo, name: &str, text: &str) {
    let path = repo.folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A table whose p95 is 12 % higher from the twentieth commit on.
fn table(ids: &[String]) -> String {
    let mut text = "commit,timestamp,POST /api/chat p95 (ms),cache_hit_rate (%)\n".to_owned();
    for (i, id) in ids.iter().enumerate() {
        let level = if i < 20 { 30.0 } else { 33.6 };
        let wobble = 1.0 + 0.01 * (((i * 7) % 11) as f64 / 5.0 - 1.0);
        writeln!(text, "{id},{},{},{}", 1_790_000_000 + i * 3600, level * wobble, 90 + i % 3)
            .unwrap();
    }
    text
}

#[test]
fn a_table_becomes_a_history_with_its_step() {
    let (repo, ids) = repository(40);
    write(&repo, "history.csv", &table(&ids));
    let arguments = ["baseline", "import", "--tool", "k6", "history.csv"];
    let first = repo.perfgate(&arguments).expect(0);
    assert_eq!(first.stderr, "imported 40 runs; 0 were already there\n");
    let again = repo.perfgate(&arguments).expect(0);
    assert_eq!(again.stderr, "imported 0 runs; 40 were already there\n");
    let trend = repo.perfgate(&["trend", "--format", "json"]).expect(0).json();
    let series = &trend["series"][0];
    assert_eq!(
        (series["id"].as_str(), series["unit"].as_str()),
        (Some("POST /api/chat p95"), Some("ms"))
    );
    assert_eq!(series["steps"].as_array().unwrap().len(), 1, "{series:#}");
    assert_eq!(series["steps"][0]["commit"].as_str(), Some(ids[20].as_str()));
}

#[test]
fn what_trend_writes_as_csv_comes_back_as_it_was() {
    let repo = Repo::new();
    repo.record_steady(6, &[1.0, 1.0]);
    let csv = [
        "trend",
        "--format",
        "csv",
        "--metric",
        "latency",
        "--statistic",
        "p95",
        "--statistic",
        "p50",
    ];
    let written = repo.perfgate(&csv).expect(0).stdout;
    let (other, _) =
        (Repo::clone_of(repo.folder.to_str().unwrap(), &repo.around().join("other"), &[]), ());
    std::fs::write(other.folder.join("trend.csv"), &written).unwrap();
    other.perfgate(&["baseline", "import", "trend.csv"]).expect(0);
    let mut offline = csv.to_vec();
    offline.push("--offline");
    assert_eq!(other.perfgate(&offline).expect(0).stdout, written);
}

#[test]
fn a_broken_table_imports_nothing_and_names_the_line() {
    let (repo, ids) = repository(3);
    write(&repo, "bad.csv", &format!("commit,p95\n{},1\n{},much\n", ids[0], ids[1]));
    let ended = repo.perfgate(&["baseline", "import", "bad.csv"]).expect(2);
    assert!(
        ended.stderr.contains("bad.csv: line 3: `much` of p95 is no finite number"),
        "{}",
        ended.stderr
    );
    write(&repo, "bad.csv", &format!("commit,p95\n{},1\nnowhere,2\n", ids[0]));
    let ended = repo.perfgate(&["baseline", "import", "bad.csv"]).expect(2);
    assert!(ended.stderr.contains("there is no commit \"nowhere\""), "{}", ended.stderr);
    assert!(repo.perfgate(&["trend"]).stderr.contains("no run is recorded"));
}

#[test]
fn a_pages_branch_of_benchmarks_becomes_a_history_of_each_suite() {
    let (repo, ids) = repository(5);
    let entry = |(i, id): (usize, &String)| {
        json!({ "commit": { "id": id, "message": "x", "url": "https://example.com" }, "date": 1_790_000_000_000_u64 + i as u64,
            "tool": "go", "benches": [{ "name": "BenchmarkParse", "value": 1_500_000, "unit": "ns/op", "extra": "" }] })
    };
    let entries: Vec<_> = ids.iter().enumerate().map(entry).collect();
    let stranger = json!({ "commit": { "id": "f".repeat(40) }, "date": 1, "tool": "go", "benches": entries[0]["benches"] });
    let data =
        json!({ "lastUpdate": 1, "repoUrl": "", "entries": { "Go": entries, "Old": [stranger] } });
    write(&repo, "data.js", &format!("window.BENCHMARK_DATA = {data:#}"));
    let ended = repo.perfgate(&["baseline", "import", "data.js"]).expect(0);
    assert!(ended.stderr.contains("imported 6 runs"), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 of 6 commits are not in this clone"), "{}", ended.stderr);
    let trend = repo.perfgate(&[
        "trend",
        "--suite",
        "Go",
        "--metric",
        "BenchmarkParse",
        "--format",
        "json",
    ]);
    let trend = trend.expect(0).json();
    assert_eq!(
        (trend["rows"].as_array().unwrap().len(), &trend["series"][0]["unit"]),
        (5, &json!("ms"))
    );
    assert_eq!(trend["rows"][2]["values"][0]["value"], json!(1.5));
}

#[test]
fn results_in_folders_and_files_named_by_commit_are_bound_to_them() {
    let (repo, ids) = repository(3);
    let copy = |from: &str, to: &str| {
        let target = repo.folder.join(to);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(fixture(from), target).unwrap();
    };
    copy("k6/2.2.0/base-1/summary.json", &format!("results/{}/summary.json", &ids[0][..7]));
    copy("k6/2.2.0/base-2/summary.json", &format!("results/{}/summary.json", ids[1]));
    copy("k6/2.2.0/base-3/summary.json", &format!("results/k6-{}.json", &ids[2][..10]));
    write(&repo, "results/README.md", "not a result");
    write(&repo, &format!("results/{}/notes.txt", ids[1]), "not a result either");
    let ended = repo.perfgate(&["baseline", "import", "results"]).expect(0);
    assert!(ended.stderr.contains("imported 3 runs"), "{}", ended.stderr);
    let said = ended.stderr.lines().last().unwrap();
    let start = "note: 2 files passed over as no result of a known commit: ";
    assert!(said.starts_with(start), "{said}");
    assert!(said.contains("README.md") && said.contains("/notes.txt"), "{said}");
    let list = repo.perfgate(&["baseline", "list"]).expect(0).stdout;
    assert!(ids.iter().all(|id| list.contains(&id[..7])), "{list}");
    write(&repo, "empty/README.md", "nothing");
    let none = repo.perfgate(&["baseline", "import", "empty"]).expect(2);
    assert!(none.stderr.contains("holds no result that names a commit"), "{}", none.stderr);
}

#[test]
fn a_table_with_a_time_that_is_none_imports_nothing_and_names_the_line() {
    let (repo, ids) = repository(2);
    let text = format!("commit,timestamp,p95\n{},1790000000,1\n{},yesterday,2\n", ids[0], ids[1]);
    write(&repo, "bad.csv", &text);
    let ended = repo.perfgate(&["baseline", "import", "bad.csv"]).expect(2);
    let said = "bad.csv: line 3: `yesterday` of timestamp is no time: write RFC 3339";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(repo.perfgate(&["trend"]).stderr.contains("no run is recorded"));
}

#[test]
fn a_row_whose_percentiles_fall_imports_nothing_and_names_the_line() {
    let (repo, ids) = repository(2);
    let text = format!("commit,/a p50,/a p95\n{},10,20\n{},20,10\n", ids[0], ids[1]);
    write(&repo, "bad.csv", &text);
    let ended = repo.perfgate(&["baseline", "import", "bad.csv"]).expect(2);
    let said = "bad.csv: line 3: endpoints[0].latency.quantiles: p95 is smaller than p50";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(repo.perfgate(&["trend"]).stderr.contains("no run is recorded"));
}

#[test]
fn a_plain_table_becomes_a_recorded_baseline() {
    let repo = Repo::new();
    repo.commit("first");
    let table = r#"{"api_baselines": {"chat_endpoint": {"p50": 150, "p95": 450, "p99": 800, "max": 1200, "unit": "ms"}}}"#;
    std::fs::write(repo.folder.join("table.json"), table).unwrap();
    repo.perfgate(&["record", "--tool", "locust", "table.json"]).expect(0);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("second");
    let new = |p95: u32| {
        let quantiles = json!({ "p50": 150, "p66": 200, "p75": 250, "p80": 300, "p90": p95 - 20, "p95": p95, "p98": p95 + 100, "p99": p95 + 200 });
        json!({ "schema": "perfgate.run/1", "tool": { "name": "locust" }, "endpoints": [{ "name": "chat_endpoint",
            "requests": 50000, "failures": 0, "latency": { "count": 50000, "quantiles": quantiles } }] })
    };
    let finding = |p95: u32| {
        std::fs::write(repo.folder.join("new.json"), new(p95).to_string()).unwrap();
        let report = repo
            .perfgate(&["compare", "--baseline", "main", "new.json", "--format", "json"])
            .json();
        let found = support::finding(&report, "chat_endpoint", "p95").clone();
        (found["baseline"].as_f64().unwrap(), found["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(finding(540), (450.0, "pass".to_owned()), "20 % more is at the limit");
    assert_eq!(finding(900), (450.0, "fail".to_owned()));
}

#[test]
fn many_runs_are_imported_beside_records_whose_contents_are_only_on_the_remote() {
    let shared = Shared::new(3);
    let one = shared.clone("one", &[]);
    for n in 0..8 {
        one.record(&shared.commits[n % 3], n as u32);
    }
    one.perfgate(&["baseline", "push"]).expect(0);
    let two = shared.clone("two", &[]);
    assert_eq!(records(&two), 8);
    let folder = two.folder.join("many").join(&shared.commits[1]);
    std::fs::create_dir_all(&folder).unwrap();
    for n in 100..200 {
        std::fs::write(folder.join(format!("{n}.json")), support::run(n)).unwrap();
    }
    let said = two.perfgate(&["baseline", "import", "many"]).expect(0).stderr;
    assert!(said.contains("imported 100 runs"), "{said}");
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 108);
    two.perfgate(&["baseline", "verify"]).expect(0);
}
