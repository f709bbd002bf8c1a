//! The checklist of a policy: perfgate checks off what it can, and leaves the rest to people.

use crate::support::{Ended, level_run, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run of two endpoints that says where it ran.
fn run(environment: &str) -> Value {
    let mut run = level_run(0, &[1.0, 1.0]);
    run["environment"] = json!(environment);
    run
}

fn compare(policy: &str, [baseline, current]: [&Value; 2], more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(scratch.path().join(name), text).unwrap();
    write("perfgate.yaml", policy.to_owned());
    write("a.json", baseline.to_string());
    write("b.json", current.to_string());
    let arguments = ["compare", "--baseline-file", "a.json", "b.json"];
    perfgate(scratch.path(), &[&arguments[..], more].concat())
}

/// The state of the only item, and the exit code.
fn state(item: &str, runs: [&Value; 2]) -> (String, i32) {
    let ended = compare(&format!("checklist: [{item}]\n"), runs, &["--format", "json"]);
    let report = ended.json();
    (report["checklist"][0]["state"].as_str().unwrap().to_owned(), ended.code)
}

fn is(found: (String, i32), state: &str, code: i32) {
    assert_eq!(found, (state.to_owned(), code));
}

#[test]
fn environments_match_only_where_both_runs_state_the_same() {
    let [ci, staging] = [run("ci"), run("staging")];
    let unknown = level_run(0, &[1.0, 1.0]);
    is(state("environment matches", [&ci, &ci]), "checked", 0);
    is(state("environment matches", [&ci, &staging]), "failed", 1);
    is(state("environment matches", [&unknown, &unknown]), "cannot_tell", 3);
}

#[test]
fn an_endpoint_without_a_baseline_keeps_the_box_open() {
    let (old, new) = (run("ci"), run("ci"));
    let mut one = run("ci");
    one["endpoints"].as_array_mut().unwrap().truncate(1);
    is(state("Baseline taken for all endpoints", [&old, &new]), "checked", 0);
    is(state("Baseline taken for all endpoints", [&one, &new]), "failed", 1);
}

#[test]
fn what_nobody_asked_for_cannot_be_told() {
    let own = run("ci");
    for item in ["load reached", "no alert fired", "all budgets kept"] {
        is(state(item, [&own, &own]), "cannot_tell", 3);
        is(state(&format!("{{ item: {item}, severity: warn }}"), [&own, &own]), "cannot_tell", 0);
    }
}

#[test]
fn no_regressions_is_the_verdict_of_the_comparison() {
    let own = run("ci");
    let mut slow = level_run(0, &[3.0, 3.0]);
    slow["environment"] = json!("ci");
    is(state("no regressions", [&own, &own]), "checked", 0);
    let found = compare(
        "gate: { decide: threshold }\nchecklist: [no regressions]\n",
        [&own, &slow],
        &["--format", "json"],
    );
    assert_eq!(found.json()["checklist"][0]["state"], "failed");
    assert_eq!(found.code, 1);
}

#[test]
fn the_load_is_reached_where_the_users_and_the_time_of_the_profile_were_there() {
    let policy = |users: u32| {
        format!(
            "profiles: {{ load: {{ users: {users}, duration: 1m }} }}\nchecklist: [load reached]\n"
        )
    };
    let mut own = run("ci");
    own["profile"] = json!("load");
    own["load"] = json!({ "users": 100 });
    let of = |users| {
        let ended = compare(&policy(users), [&own, &own], &["--format", "json"]);
        (ended.json()["checklist"][0]["state"].as_str().unwrap().to_owned(), ended.code)
    };
    is(of(100), "checked", 0);
    is(of(200), "failed", 1);
}

#[test]
fn items_for_people_never_decide_and_a_slip_does_not_make_one() {
    let own = run("ci");
    is(state("Reviewed by the DBA", [&own, &own]), "for_people", 0);
    let ended = compare("checklist: [enviroment matches]\n", [&own, &own], &[]).expect(2);
    assert!(ended.stderr.contains("almost \"environment matches\""), "{}", ended.stderr);
}

#[test]
fn a_check_without_a_baseline_is_not_asked_about_one() {
    let scratch = TempDir::new().unwrap();
    let policy = "budgets: [{ api_response_time_p95: 900ms }]\nchecklist: [no regressions, all budgets kept]\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    std::fs::write(scratch.path().join("b.json"), run("ci").to_string()).unwrap();
    let report =
        perfgate(scratch.path(), &["check", "b.json", "--format", "json"]).expect(0).json();
    let states = [0, 1].map(|i| report["checklist"][i]["state"].clone());
    assert_eq!(states, [json!("not_asked"), json!("checked")]);
}

#[test]
fn a_checklist_alone_is_something_to_check() {
    let scratch = TempDir::new().unwrap();
    let mut own = run("ci");
    own["profile"] = json!("load");
    own["load"] = json!({ "users": 100 });
    std::fs::write(scratch.path().join("b.json"), own.to_string()).unwrap();
    for (users, code) in [(100, 0), (200, 1)] {
        let policy =
            format!("profiles: {{ load: {{ users: {users} }} }}\nchecklist: [load reached]\n");
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        perfgate(scratch.path(), &["check", "b.json", "--profile", "load"]).expect(code);
    }
}

#[test]
fn people_see_boxes_in_the_comment_and_one_line_for_each_open_item_in_the_table() {
    let [ci, staging] = [run("ci"), run("staging")];
    let policy = "checklist: [environment matches, Reviewed by the DBA]\n";
    let text = "environment matches: failed, ci in the baseline, staging in this run";
    let comment = compare(policy, [&ci, &staging], &["--format", "markdown"]).expect(1).stdout;
    for line in
        ["checklist failed", "**Checklist**: 0 of 2 checked off", "- [ ] Reviewed by the DBA"]
    {
        assert!(comment.contains(line), "{line}\n{comment}");
    }
    assert!(comment.contains(&format!("- [ ] {text}")), "{comment}");
    let table = compare(policy, [&ci, &staging], &[]).expect(1).stdout;
    assert!(table.contains(&format!("            ✗ {text}")), "{table}");
    assert!(!table.contains("DBA"), "{table}");
    let kept = compare(policy, [&ci, &ci], &["--format", "markdown"]).expect(0).stdout;
    assert!(kept.contains("- [x] environment matches\n"), "{kept}");
}

#[test]
fn the_full_report_and_a_report_that_is_read_back_have_the_boxes() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(scratch.path().join(name), text).unwrap();
    write("perfgate.yaml", "checklist: [environment matches]\n".to_owned());
    write("a.json", run("ci").to_string());
    write("b.json", run("staging").to_string());
    let full = ["report", "--full", "--baseline-file", "a.json", "b.json"];
    let full = perfgate(scratch.path(), &full).expect(1).stdout;
    assert!(
        full.contains("## Checklist\n\n0 of 1 checked off\n\n- [ ] environment matches"),
        "{full}"
    );
    let compared = ["compare", "--baseline-file", "a.json", "b.json", "--output", "json=r.json"];
    perfgate(scratch.path(), &compared).expect(1);
    perfgate(scratch.path(), &["report", "r.json", "--html", "r.html"]).expect(1);
    let page = std::fs::read_to_string(scratch.path().join("r.html")).unwrap();
    assert!(page.contains("Checklist: 0 of 1 checked off"), "{page}");
}
