//! A baseline that moved: slowdowns on main, changes that somebody accepts, drift since an anchor, machines that differ, and
//! endpoints with new names.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use serde_json::{Value, json};
use support::{Ended, Repo, command, finding, fixture, level_run};

/// Six endpoints, the first of them at this level.
fn first(level: f64) -> [f64; 6] {
    [level, 1.0, 1.0, 1.0, 1.0, 1.0]
}

/// Main at these levels, oldest first, one recorded commit each; then a branch with one commit that says this.
fn branch_off(policy: &str, levels: &[[f64; 6]], message: &str) -> Repo {
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    for (r, level) in levels.iter().enumerate() {
        repo.record_level(&format!("main {r}"), r, level);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit(message);
    repo
}

fn p95(report: &Value) -> &Value {
    finding(report, "GET /0", "p95")
}

fn codes(report: &Value) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

/// Verdict and reason.
fn decided(finding: &Value) -> (&str, &str) {
    (finding["verdict"].as_str().unwrap(), finding["reason"].as_str().unwrap())
}

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

const ACCEPT: &str =
    "Rebuild the index\n\nPerfgate-Accept: GET /0 p95 <= +60% | new index, see #123";

#[test]
fn a_commit_of_the_branch_accepts_one_change_up_to_a_ceiling() {
    let repo = branch_off("", &[first(1.0); 8], ACCEPT);
    let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    let accepted = p95(&report);
    assert_eq!(decided(accepted), ("warn", "accepted"));
    assert_eq!(accepted["accepted"]["author"], "Test");
    assert_eq!(accepted["accepted"]["reason"], "new index, see #123");
    assert_eq!(accepted["accepted"]["commit"], repo.git(&["rev-parse", "HEAD"]).as_str());
    assert_eq!(
        decided(finding(&report, "GET /0", "p99")).0,
        "fail",
        "everything else stays judged"
    );
    let beyond = repo.compare_level(20, &first(1.7), &[]).expect(1).json();
    assert_eq!(decided(p95(&beyond)).0, "fail");
}

#[test]
fn past_the_merge_an_accepted_change_is_the_new_level_and_accepts_nothing_more() {
    let both = format!("{ACCEPT}\nPerfgate-Accept: GET /0 p99 <= +60% | the same");
    let repo = branch_off("", &[first(1.0); 8], &both);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.merge("feature");
    repo.record_level("the first commit after it", 8, &first(1.5));
    repo.git(&["checkout", "--quiet", "-b", "next"]);
    repo.commit("another change");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(0).json();
    for (statistic, level) in [("p95", 150.0), ("p99", 225.0)] {
        let now = finding(&report, "GET /0", statistic);
        assert_eq!(decided(now), ("pass", "within_limit"), "{now}");
        assert!((now["baseline"].as_f64().unwrap() / level - 1.0).abs() < 0.03, "{now}");
    }
    let slower = repo.compare_level(20, &first(2.1), &[]).expect(1).json();
    assert_eq!(decided(p95(&slower)).0, "fail");
}

/// Compares on a pull request whose branch is of the repository with this id.
fn compare_pull_request(repo: &Repo, head_repository: Value) -> Ended {
    let sha = |revision: &str| repo.git(&["rev-parse", revision]);
    let end = |sha: String, id: Value| json!({ "sha": sha, "repo": id });
    let event = repo.around().join("event.json");
    let pull_request = json!({
        "base": end(sha("main"), json!({ "id": 1 })), "head": end(sha("HEAD"), head_repository),
    });
    std::fs::write(&event, json!({ "pull_request": pull_request }).to_string()).unwrap();
    let file = repo.around().join("level.json");
    std::fs::write(&file, level_run(20, &first(1.5)).to_string()).unwrap();
    let output = command(&repo.folder)
        .args(["compare", "--baseline", "main", "--format", "json", file.to_str().unwrap()])
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", event)
        .output()
        .unwrap();
    Ended::of(output)
}

#[test]
fn what_a_fork_accepts_is_listed_and_does_not_count_unless_the_base_says_so() {
    let repo = branch_off("", &[first(1.0); 8], ACCEPT);
    let own = compare_pull_request(&repo, json!({ "id": 1 })).json();
    assert_eq!(decided(p95(&own)), ("warn", "accepted"));
    for fork in [json!({ "id": 2 }), Value::Null] {
        let report = compare_pull_request(&repo, fork).expect(1).json();
        assert_eq!(decided(p95(&report)).0, "fail");
        assert!(codes(&report).contains(&"not_honoured"), "{report:#}");
    }
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), "accept: { from: [repository, forks] }\n")
        .unwrap();
    repo.git(&["add", "."]);
    for r in 0..8 {
        repo.record_level("main", r, &first(1.0));
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit(ACCEPT);
    let report = compare_pull_request(&repo, json!({ "id": 2 })).json();
    assert_eq!(decided(p95(&report)), ("warn", "accepted"), "{report:#}");
}

#[test]
fn a_trailer_that_cannot_be_read_accepts_nothing_and_says_so() {
    let repo = branch_off("", &[first(1.0); 8], "Faster\n\nPerfgate-Accept: GET /0 p95 +60%");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    assert_eq!(decided(p95(&report)).0, "fail");
    assert!(codes(&report).contains(&"broken_trailer"), "{report:#}");
}

#[test]
fn the_line_that_a_failure_prints_accepts_it() {
    let repo = branch_off("", &[first(1.0); 8], "a change");
    repo.compare_level(20, &first(1.5), &[]).expect(1);
    let file = repo.around().join("level.json");
    let compare = ["compare", "--baseline", "main", file.to_str().unwrap()];
    let text = repo.perfgate(&compare).expect(1).stdout;
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.starts_with("Perfgate-Accept:")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    repo.commit(&format!("It is worth it\n\n{}", lines.join("\n")));
    let after = repo.perfgate(&compare).expect(0).stdout;
    assert!(
        after.contains("accepted in ") && after.contains("by Test: why this is worth it"),
        "{after}"
    );
}

#[test]
fn a_control_that_moves_with_the_others_is_the_machine_and_one_that_stays_is_not() {
    let policy = "gate: { control: [\"GET /1\"] }\n";
    let main: Vec<[f64; 2]> = (0..8).map(|i| [1.0 + 0.03 * f64::from(i % 3); 2]).collect();
    let compare = |policy: &str, level: &[f64]| {
        let repo = Repo::new();
        std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
        for (r, level) in main.iter().enumerate() {
            repo.record_level("main", r, level);
        }
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        repo.commit("a change");
        repo.compare_level(20, level, &[]).json()
    };
    let both = [1.35, 1.35];
    let alone = compare("", &both);
    assert_eq!(decided(p95(&alone)), ("inconclusive", "whole_run"), "two endpoints cannot tell");
    let slow_machine = compare(policy, &both);
    assert!(decided(p95(&slow_machine)).0 == "warn", "{}", p95(&slow_machine));
    assert_eq!(decided(finding(&slow_machine, "GET /1", "p95")), ("warn", "control"));
    let slow_code = compare(policy, &[1.35, 1.0]);
    assert_eq!(decided(p95(&slow_code)).0, "fail", "{}", p95(&slow_code));
}

#[test]
fn a_calibration_in_every_run_is_a_control() {
    let repo = Repo::new();
    let file = repo.around().join("run.json");
    let path = file.to_str().unwrap();
    let write = |r: usize, level: f64, speed: f64| {
        let mut run = level_run(r, &[level]);
        run["calibration"] = json!({ "cpu": 10.0 * speed });
        std::fs::write(&file, run.to_string()).unwrap();
    };
    for r in 0..8 {
        let commit = repo.commit("main");
        let speed = 1.0 + 0.03 * (r % 3) as f64;
        write(r, speed, speed);
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let compare =
        || repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
    write(20, 1.35, 1.35);
    let slow_machine = compare();
    assert_eq!(decided(p95(&slow_machine)), ("warn", "within_noise"), "{}", p95(&slow_machine));
    write(20, 1.35, 1.0);
    assert_eq!(decided(p95(&compare())).0, "fail");
    let findings = slow_machine["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["endpoint"] != "cpu"), "a calibration is no finding");
}

#[test]
fn a_calibration_that_varies_for_itself_hides_no_slowdown() {
    let repo = Repo::new();
    let file = repo.around().join("run.json");
    let path = file.to_str().unwrap();
    let write = |r: usize, level: f64, [cpu, memory, loopback]: [u32; 3]| {
        let mut run = level_run(r, &[level]);
        run["calibration"] = json!({ "cpu": cpu, "memory": memory, "loopback": loopback });
        std::fs::write(&file, run.to_string()).unwrap();
    };
    for (r, speed) in [[10, 14, 11], [14, 10, 15], [9, 13, 10]].into_iter().enumerate() {
        let commit = repo.commit("main");
        write(r, 1.0, speed);
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    write(20, 1.6, [11, 12, 11]);
    let slow = repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
    assert_eq!(decided(p95(&slow)).0, "fail", "{}", p95(&slow));
}

#[test]
fn a_calibration_that_stands_still_is_not_outvoted_by_what_the_change_slows() {
    for endpoints in [2, 3, 4] {
        let repo = Repo::new();
        let file = repo.around().join("run.json");
        let path = file.to_str().unwrap();
        let write = |r: usize, level: f64| {
            let mut run = level_run(r, &vec![level; endpoints]);
            run["calibration"] = json!({ "cpu": 10.0 + (r % 3) as f64 / 100.0 });
            std::fs::write(&file, run.to_string()).unwrap();
        };
        for r in 0..5 {
            let commit = repo.commit("main");
            write(r, 1.0);
            repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
        }
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        repo.commit("a change");
        write(20, 1.35);
        let compared =
            repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
        assert_eq!(compared["verdict"], "fail", "{endpoints}: {}", p95(&compared));
    }
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

#[test]
fn an_explanation_leads_from_the_measured_numbers_to_the_verdict() {
    let base =
        |n: u8| fixture(&format!("k6/2.2.0/base-{n}/summary.json")).to_str().unwrap().to_owned();
    let mut arguments =
        vec!["compare".to_owned(), "--explain".to_owned(), "/api/chat p95".to_owned()];
    for n in 1..=3 {
        arguments.extend(["--baseline-file".to_owned(), base(n)]);
    }
    arguments.push(fixture("k6/2.2.0/regressed-1/summary.json").to_str().unwrap().to_owned());
    let scratch = tempfile::TempDir::new().unwrap();
    let ended = support::perfgate(
        scratch.path(),
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    insta::assert_snapshot!(ended.expect(1).stdout);
}

#[test]
fn a_ceiling_is_a_change_with_its_sign_and_names_what_is_judged() {
    for line in [
        "GET /0 p95 <= 160ms | x",
        "GET /0 p95 >= -60% | x",
        "GET /0 <= +60% | x",
        "GET /nothing p95 <= +60% | x",
    ] {
        let message = format!("faster\n\nPerfgate-Accept: {line}");
        let repo = branch_off("", &[first(1.0); 8], &message);
        let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
        assert_eq!(decided(p95(&report)).0, "fail", "{line}");
        assert!(codes(&report).contains(&"broken_trailer"), "{line}: {report:#}");
    }
}

#[test]
fn a_gate_whose_endpoints_are_all_controls_has_checked_nothing() {
    let repo = branch_off("gate: { control: [\"**\"] }\n", &[first(1.0); 4], "a change");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(3).json();
    assert_eq!(report["reason"], "no_latency_compared");
}

/// What two runs of one endpoint, the first with this latency and the second with that, come to.
fn of_two(old: Value, new: Value) -> Value {
    let scratch = tempfile::TempDir::new().unwrap();
    let write = |name: &str, latency: Value| {
        let endpoint = |name: &str, latency: Value| json!({ "name": name, "requests": 5000, "failures": 0, "latency": latency });
        let other = json!({ "count": 5000, "quantiles": { "p95": 100, "p99": 120 } });
        let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "x" },
                          "endpoints": [endpoint("/a", latency), endpoint("/b", other)] });
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap();
    };
    write("old.json", old);
    write("new.json", new);
    let arguments = ["compare", "--baseline-file", "old.json", "new.json", "--format", "json"];
    support::perfgate(scratch.path(), &arguments).expect(0).json()
}

#[test]
fn what_one_side_measured_and_could_not_be_compared_is_never_a_plain_pass() {
    let good = || json!({ "count": 5000, "quantiles": { "p95": 100, "p99": 120 } });
    assert_eq!(of_two(good(), good())["verdict"], "pass");
    for (old, new) in [
        // A baseline of zero, which nothing can be relative to; a percentile that was lost; too few now; no answer at all.
        (json!({ "count": 5000, "mean": 0.2, "quantiles": { "p95": 0, "p99": 0 } }), good()),
        (good(), json!({ "count": 5000, "quantiles": { "p95": 100 } })),
        (good(), json!({ "count": 50, "quantiles": { "p95": 500, "p99": 600 } })),
        (good(), json!({ "count": 5000, "mean": 0, "quantiles": { "p95": 0, "p99": 0 } })),
    ] {
        let report = of_two(old.clone(), new.clone());
        assert_eq!(report["verdict"], "warn", "{old} {new}");
        assert!(codes(&report).contains(&"blind"), "{old} {new}");
    }
}

#[test]
fn a_broken_trailer_that_was_merged_bothers_nobody_any_more() {
    let repo = Repo::new();
    for r in 0..4 {
        let message = if r == 2 { "Faster\n\nPerfgate-Accept: GET /0 p95" } else { "main" };
        repo.record_level(message, r, &first(1.0));
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let report = repo.compare_level(20, &first(1.0), &[]).expect(0).json();
    assert!(!codes(&report).contains(&"broken_trailer"), "{report:#}");
}
