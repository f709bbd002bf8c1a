//! A baseline that moved: slowdowns on main, drift since an anchor, and endpoints with new names.

use crate::support::levels::{branch_off, codes, decided, first, p95};
use crate::support::{Repo, finding, level_run};
use serde_json::{Value, json};

#[test]
fn a_slowdown_on_main_is_the_level_that_new_runs_are_held_against() {
    let levels = [vec![first(1.0); 8], vec![first(1.5); 4]].concat();
    let repo = branch_off("", &levels, "no change");
    let same = repo.compare_level(20, &first(1.5), &[]).expect(0).json();
    let now = p95(&same);
    assert_eq!(decided(now), ("pass", "within_limit"), "{now}");
    assert!((now["baseline"].as_f64().unwrap() - 150.0).abs() < 3.0, "{now}");
    let interval = |f: &Value| {
        f["interval"]["high"].as_f64().unwrap() - f["interval"]["low"].as_f64().unwrap()
    };
    let other = finding(&same, "GET /1", "p95");
    assert!(interval(now) < 2.0 * interval(other), "the step is no noise: {now} {other}");

    let slower = repo.compare_level(20, &first(2.0), &[]).expect(1).json();
    assert_eq!(decided(p95(&slower)), ("fail", "over_threshold"));
    // What main gained is not lost again unseen.
    let levels = [vec![first(1.5); 8], vec![first(1.0); 4]].concat();
    let repo = branch_off("", &levels, "slower again");
    let back = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    assert_eq!(decided(p95(&back)), ("fail", "over_threshold"));
}

#[test]
fn errors_that_main_makes_already_do_not_fail_the_changes_after_it() {
    let with_failures = |r: usize, failures: u64| {
        let mut run = level_run(r, &first(1.0));
        run["endpoints"][0]["failures"] = json!(failures);
        run
    };
    let repo = Repo::new();
    let file = repo.around().join("run.json");
    let write = |run: Value| std::fs::write(&file, run.to_string()).unwrap();
    let path = file.to_str().unwrap();
    for (r, failures) in [0, 0, 0, 0, 0, 0, 0, 120].into_iter().enumerate() {
        let commit = repo.commit(&format!("main {r}"));
        write(with_failures(r, failures));
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let compare = || repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]);
    write(with_failures(9, 121));
    let report = compare().expect(0).json();
    let known = finding(&report, "GET /0", "error_rate");
    assert_eq!(decided(known), ("warn", "already_on_main"), "{known}");
    write(with_failures(9, 240));
    assert_eq!(decided(finding(&compare().expect(1).json(), "GET /0", "error_rate")).0, "fail");
}

#[test]
fn many_small_slowdowns_add_up_against_the_anchor() {
    let creep: Vec<[f64; 6]> = (0..12).map(|i| first(1.04_f64.powi(i))).collect();
    let repo = branch_off("", &creep, "the next small one");
    repo.git(&["tag", "v1", "main~9"]);
    let next = first(1.04_f64.powi(12));
    repo.compare_level(12, &next, &[]).expect(0);

    std::fs::write(repo.folder.join("perfgate.yaml"), "baseline: { anchor: v1 }\n").unwrap();
    let report = repo.compare_level(12, &next, &[]).expect(1).json();
    assert_eq!(report["anchor"]["requested"], "v1");
    let drifted: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["since_anchor"] == true)
        .collect();
    assert!(drifted.iter().all(|f| f["endpoint"] == "GET /0"), "{drifted:?}");
    assert_eq!(drifted.iter().filter(|f| f["verdict"] == "fail").count(), 2, "{drifted:?}");
    let known = ("warn", "within_noise");
    assert_eq!(decided(p95(&report)), known, "against main the change is small");
    assert_eq!(report["coverage"]["total"], 20, "the anchor is no further coverage");
    let text = repo.perfgate(&[
        "compare",
        "--baseline",
        "main",
        repo.around().join("level.json").to_str().unwrap(),
    ]);
    assert!(text.stdout.starts_with("✗ regression since v1: GET /0 is slower"), "{}", text.stdout);
}

#[test]
fn an_anchor_that_has_no_run_is_said_and_one_that_does_not_exist_is_an_error() {
    let repo = branch_off("baseline: { anchor: main }\n", &[first(1.0); 3], "a change");
    let empty = repo.git(&[
        "commit-tree",
        "-m",
        "another root",
        &repo.git(&["hash-object", "-t", "tree", "/dev/null"]),
    ]);
    repo.git(&["tag", "v0", &empty]);
    std::fs::write(repo.folder.join("perfgate.yaml"), "baseline: { anchor: v0 }\n").unwrap();
    let report = repo.compare_level(5, &first(1.0), &[]).expect(0).json();
    assert!(codes(&report).contains(&"no_anchor"), "{report:#}");
    std::fs::write(repo.folder.join("perfgate.yaml"), "baseline: { anchor: v9 }\n").unwrap();
    repo.compare_level(5, &first(1.0), &[]).expect(2);
}

#[test]
fn a_renamed_endpoint_is_compared_under_its_new_name() {
    let policy = "rename: { \"GET /0\": \"GET /v2/0\", /1: /v2/1, /7: /v2/7 }\n";
    let repo = branch_off(policy, &[first(1.0); 4], "rename");
    let mut run = level_run(20, &first(1.0));
    run["endpoints"][0]["name"] = json!("/v2/0");
    run["endpoints"][1]["name"] = json!("/v2/1");
    let file = repo.around().join("run.json");
    std::fs::write(&file, run.to_string()).unwrap();
    let arguments = ["compare", "--baseline", "main", "--format", "json", file.to_str().unwrap()];
    let report = repo.perfgate(&arguments).expect(0).json();
    for name in ["GET /v2/0", "GET /v2/1"] {
        assert_eq!(decided(finding(&report, name, "p95")), ("pass", "within_limit"));
    }
    assert_eq!(report["coverage"]["compared"], 20);
    let idle: Vec<&Value> = report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|w| w["code"] == "unmatched_rule")
        .collect();
    assert_eq!(idle.len(), 1, "{idle:?}");
    assert!(idle[0]["message"].as_str().unwrap().contains("rename: /7"));
}
