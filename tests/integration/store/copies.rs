//! One measurement that is recorded for two commits counts once, and everybody is told.

use crate::support::{Repo, level_run};
use serde_json::json;

/// Records a measurement of this hour for the commit that is checked out; what record says.
fn record(repo: &Repo, hour: usize, level: f64, more: &[&str]) -> String {
    let mut run = level_run(hour, &[level, 1.0]);
    run["started_at"] = json!(format!("2026-01-01T{hour:02}:00:00Z"));
    let file = repo.around().join("measured.json");
    std::fs::write(&file, run.to_string()).unwrap();
    let record = ["record", file.to_str().unwrap()];
    repo.perfgate(&[&record, more].concat()).expect(0).stderr
}

#[test]
fn the_results_of_another_commit_are_noticed_and_count_once() {
    let repo = Repo::new();
    let measured = repo.commit("measured");
    assert!(!record(&repo, 1, 1.0, &[]).contains("note:"));
    let copied = repo.commit("not measured");
    let said = record(&repo, 1, 1.0, &[]);
    let [of, at] = [&measured[..7], &copied[..7]];
    let note = format!(
        "note: the run of {at} has the very numbers of the run recorded for {of}: did the load test not run again?\n  \
         run it and record that; perfgate baseline prune --run "
    );
    assert!(said.contains(&note), "{said}");
    repo.commit("measured, too");
    assert!(!record(&repo, 2, 1.0, &[]).contains("note:"));
    repo.commit("under test");
    let report = repo.compare_level(3, &[1.0, 1.0], &["--suite", "default"]).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 2, "{report:#}");
    assert_eq!(report["baseline"]["oldest_commit"], measured.as_str());
    assert_eq!(report["visited"][2]["outcome"], "same_measurement");
    assert_eq!(report["visited"][2]["measured"], measured.as_str());
    let mut warnings = report["warnings"].as_array().unwrap().iter();
    let warning = warnings.find(|own| own["code"] == "recorded_twice").unwrap();
    let message = warning["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!(
            "the results recorded for {at} are those of {of} and count once"
        ))
    );
}

#[test]
fn the_same_numbers_at_another_time_are_another_measurement() {
    let repo = Repo::new();
    for hour in 1..=3 {
        repo.commit("main");
        let mut run = level_run(0, &[1.0, 1.0]);
        run["started_at"] = json!(format!("2026-01-01T{hour:02}:00:00Z"));
        let file = repo.around().join("measured.json");
        std::fs::write(&file, run.to_string()).unwrap();
        repo.perfgate(&["record", file.to_str().unwrap()]).expect(0);
    }
    repo.commit("under test");
    let report = repo.compare_level(3, &[1.0, 1.0], &[]).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 3, "{report:#}");
}

#[test]
fn one_measurement_under_two_labels_of_one_commit_counts_once() {
    let repo = Repo::new();
    repo.commit("main");
    record(&repo, 1, 1.0, &[]);
    record(&repo, 1, 1.0, &["--label", "job=2"]);
    repo.commit("under test");
    let report = repo.compare_level(3, &[1.0, 1.0], &[]).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 1, "{report:#}");
}

#[test]
fn explain_says_which_runs_were_left_out_and_what_would_let_them_in() {
    let repo = Repo::new();
    let both = repo.commit("two loads");
    record(&repo, 1, 1.0, &[]);
    record(&repo, 2, 1.0, &["--profile", "stress"]);
    let mut short = level_run(3, &[1.0, 1.0]);
    short["duration_s"] = json!(40);
    let file = repo.around().join("short.json");
    std::fs::write(&file, short.to_string()).unwrap();
    repo.perfgate(&["record", file.to_str().unwrap()]).expect(0);
    repo.commit("copied");
    record(&repo, 1, 1.0, &[]);
    repo.commit("under test");
    let file = repo.around().join("level.json");
    std::fs::write(&file, level_run(4, &[1.0, 1.0]).to_string()).unwrap();
    let explain = ["baseline", "explain", "--baseline", "main", file.to_str().unwrap()];
    let text = repo.perfgate(&explain).expect(0).stdout;
    assert!(text.contains("taken: 1 run, 2 left out"), "{text}");
    assert!(text.contains(&format!("passed over: has the results of {}", &both[..7])), "{text}");
    for line in [
        "duration 40.0 s, this run 60.0 s\n    to let them in: measure for 40.0 s, or compare anyway: --allow-different duration",
        "profile stress, this run none\n    to let them in: if these results are of the same test: --profile stress",
        ", which counts once\n    to let them in: run the load test for the commit and record that; perfgate baseline prune --run ",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
