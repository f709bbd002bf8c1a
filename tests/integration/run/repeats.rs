//! Repeated runs: until something is decided, and loads that rise step by step.
#![cfg(unix)]

use crate::support::load_tool::{GOOD, POLICY, recorded, repository, run, write};
use crate::support::{Repo, level_run};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn it_measures_again_only_while_nothing_is_decided() {
    let repo = Repo::new();
    repo.record_steady(12, &[1.0; 6]);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    write(&repo, "perfgate.yaml", "gate: { decide: confirmed }\n");
    let tool = |level: f64| {
        let runs: String = (0..5)
            .map(|r| format!("{}\n", level_run(20 + r, &[level, 1.0, 1.0, 1.0, 1.0, 1.0])))
            .collect();
        write(&repo, "runs", &runs);
        write(
            &repo,
            "tool.sh",
            "#!/bin/sh\necho x >> count\nsed -n \"$(wc -l < count)p\" runs > \"$1/result.json\"\n",
        );
        std::fs::set_permissions(
            repo.folder.join("tool.sh"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        drop(std::fs::remove_file(repo.folder.join("count")));
    };
    let decide = |out: &str| {
        let ended = repo.perfgate(&[
            "run",
            "--busy-ok",
            "--until-decided",
            "--baseline",
            "main",
            "--no-record",
            "--out",
            out,
            "--",
            "./tool.sh",
            "{out}",
        ]);
        (std::fs::read_to_string(repo.folder.join("count")).unwrap().lines().count(), ended)
    };
    tool(1.0);
    let (runs, ended) = decide("same");
    assert_eq!((runs, ended.code), (1, 0), "{}", ended.stdout);
    tool(1.6);
    let (runs, ended) = decide("slow");
    assert_eq!((runs, ended.code), (2, 1), "{}", ended.stdout);
    assert!(ended.stderr.contains("not decided after 1 run: measuring again"), "{}", ended.stderr);
}

#[test]
fn a_spike_must_recover_and_steps_end_at_the_breaking_point() {
    let repo = repository("cp \"level-$1.json\" \"$2/result.json\"");
    for (users, level) in [(10, 1.0), (50, 1.1), (100, 8.0)] {
        write(&repo, &format!("level-{users}.json"), &level_run(0, &[level]).to_string());
    }
    let policy = "profiles:\n  \
        spike: { phases: [{ name: normal, users: 10, duration: 1s }, { name: spike, users: 100, duration: 1s }, { name: normal again, users: 10, duration: 1s }], targets: [{ error_rate: 5% }] }\n  \
        limit: { duration: 1s, steps: [10, 50, 100, 200], targets: [{ api_response_time_p95: \"< 500ms\" }] }\n";
    write(&repo, "perfgate.yaml", policy);
    let go = |profile: &str, out: &str| {
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            profile,
            "--out",
            out,
            "--",
            "./tool.sh",
            "{users}",
            "{out}",
        ])
    };
    let spike = go("spike", "spike").expect(0);
    assert!(
        spike.stderr.contains("recovery: the last phase against the first (normal)"),
        "{}",
        spike.stderr
    );
    let profiles: Vec<Value> = recorded(&repo).iter().map(|run| run["profile"].clone()).collect();
    assert!(
        profiles.contains(&json!("spike:normal")) && profiles.contains(&json!("spike:spike")),
        "{profiles:?}"
    );
    let limit = go("limit", "limit").expect(0);
    assert!(limit.stderr.contains("breaking point: between 50 and 100 users"), "{}", limit.stderr);
    assert!(!repo.folder.join("limit/200-users").exists());
}

#[test]
fn steps_that_nobody_could_judge_have_no_breaking_point() {
    let repo = repository("cp result.json \"$2/result.json\"");
    let policy = "profiles:\n  unmeasured: { duration: 1s, steps: [10, 50], targets: [{ queue_depth: \"< 5\" }] }\n  \
        unlimited: { duration: 1s, steps: [10, 50] }\n";
    write(&repo, "perfgate.yaml", policy);
    let go = |profile: &str| {
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            profile,
            "--out",
            profile,
            "--",
            "./tool.sh",
            "{users}",
            "{out}",
        ])
    };
    let ended = go("unmeasured").expect(3);
    assert!(
        !ended.stderr.contains("breaking point")
            && ended.stdout.contains("queue_depth (< 5): not measured"),
        "{ended:?}"
    );
    assert!(
        go("unlimited")
            .expect(2)
            .stderr
            .contains("steps end when a budget is broken, but the profile has none")
    );
    let mixed = repo
        .perfgate(&["run", "--profile", "unmeasured", "--repeat", "2", "--", "./tool.sh"])
        .expect(2);
    assert!(mixed.stderr.contains("runs exactly once"), "{}", mixed.stderr);
}

#[test]
fn steps_need_a_command_that_takes_the_number_of_users() {
    let repo = repository(GOOD);
    write(
        &repo,
        "perfgate.yaml",
        "profiles: { limit: { duration: 1s, steps: [10, 50], targets: [{ error_rate: 1% }] } }\n",
    );
    let ended = repo
        .perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            "limit",
            "--out",
            "x",
            "--",
            "./tool.sh",
            "{out}",
        ])
        .expect(2);
    assert!(ended.stderr.contains("does not take the number of users"), "{}", ended.stderr);
    // Users that the command never got are not recorded either.
    write(&repo, "perfgate.yaml", POLICY);
    run(&repo, &["--", "./tool.sh", "{out}"]).expect(0);
    assert_eq!(recorded(&repo)[0].get("load"), None);
}

#[test]
fn a_generator_that_cannot_keep_up_makes_no_comparison() {
    let repo = Repo::new();
    let mut busy = level_run(1, &[1.0]);
    busy["resources"] = json!({ "generator_cpu_percent": { "mean": 97, "max": 100 } });
    write(&repo, "busy.json", &busy.to_string());
    write(&repo, "fine.json", &level_run(0, &[1.0]).to_string());
    let ended = repo.perfgate(&["compare", "--baseline-file", "fine.json", "busy.json"]).expect(3);
    assert!(
        ended.stdout.contains("generator overloaded: its CPU was at 97 % vs fine"),
        "{}",
        ended.stdout
    );
    repo.perfgate(&[
        "compare",
        "--baseline-file",
        "fine.json",
        "busy.json",
        "--allow-different",
        "generator",
    ])
    .expect(0);
}
