//! A pass of which much was not checked says so in its first line, in every form.

use crate::support::{self, Repo, level_run, perfgate};
use serde_json::Value;
use tempfile::TempDir;

/// Compares a run of one endpoint with one of as many as there are levels.
fn compare(levels: &[f64], format: &str) -> String {
    let scratch = TempDir::new().unwrap();
    let file = |name: &str, run: Value| {
        let path = scratch.path().join(name);
        std::fs::write(&path, run.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let baseline = file("baseline.json", level_run(0, &[1.0]));
    let current = file("current.json", level_run(0, levels));
    let compare = ["compare", "--baseline-file", &baseline, &current, "--format", format];
    perfgate(scratch.path(), &compare).expect(0).stdout
}

#[test]
fn a_pass_that_compared_little_says_so_in_its_first_line() {
    let part = "no regression in the 5 of 11 measurements that could be compared";
    let text = compare(&[1.0, 1.0, 1.0], "table");
    let first = text.lines().next().unwrap();
    assert!(first.starts_with(&format!("✓ {part}")), "{text}");
    assert!(first.ends_with("; not compared: 6 new)"), "{text}");
    let comment = compare(&[1.0, 1.0, 1.0], "markdown");
    assert!(
        comment.starts_with("### ✅ Performance: no regression in 5 of 11 measurements\n\nNo regression in the 5 of 11"),
        "{comment}"
    );
}

#[test]
fn a_pass_that_compared_most_is_as_short_as_ever() {
    let text = compare(&[1.0], "table");
    assert!(text.starts_with("✓ no regression: 5 of 5 measurements within limits"), "{text}");
}

#[test]
fn a_pass_of_runs_that_hardly_agree_says_so_in_its_first_line() {
    let repo = Repo::new();
    let wide = "regression_thresholds: { api_response_time: { p95: 400%, p99: 400% } }\n";
    std::fs::write(repo.folder.join("perfgate.yaml"), wide).unwrap();
    for r in 0..6 {
        let level = |e: usize| [1.0, 3.0, 2.0][(r * (e + 1) + e) % 3];
        repo.record_level("main", r, &[0, 1, 2, 3, 4, 5].map(level));
    }
    repo.commit("a change");
    repo.compare_level(20, &[1.0; 6], &[]).expect(0);
    let level = repo.around().join("level.json");
    let compare = ["compare", "--baseline", "main", level.to_str().unwrap()];
    let text = repo.perfgate(&compare).expect(0).stdout;
    assert!(text.starts_with("✓ no regression above the noise (results vary by "), "{text}");
}

#[test]
fn that_every_request_failed_is_said_before_anything_else() {
    let all_failed = "locust/2.47.0/allfail/x_stats.csv";
    let text =
        support::compare("locust/2.47.0/base-1/x_stats.csv", all_failed, &[]).expect(3).stdout;
    let begin =
        "? no verdict: every request failed, and the runs had different loads (users 3 vs 10, ";
    assert!(text.starts_with(begin), "{text}");
}
