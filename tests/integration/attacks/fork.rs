//! Bundles of a fork that try to turn a check green: by a second pull request, as another test, or with copied runs.
#![cfg(unix)]

use super::events::ACCEPTS;
use crate::support::level_run;
use crate::support::pull_request::{NOTHING_COUNTS, write};
use crate::support::trusted::{HEAD, LENIENT, Trusted};
use serde_json::{Value, json};

fn failure(name: &str) -> (String, String) {
    (name.to_owned(), "failure".to_owned())
}

#[test]
fn a_second_pull_request_on_the_same_commit_makes_nothing_green() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle_for_two(1.5);
    trusted.publish_with(&bundle, &LENIENT).expect(1);
    assert_eq!(trusted.checks(), [failure("perfgate"), failure("perfgate → gh-pages")]);
    assert!(trusted.comments(5)[0].contains("### ❌ Performance"), "{:?}", trusted.comments(5));
    assert!(trusted.comments(6)[0].contains("NOTHING WAS COMPARED"), "{:?}", trusted.comments(6));
}

#[test]
fn of_several_pull_requests_one_without_a_baseline_is_no_neutral_check() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle_for_two(1.0);
    trusted.publish_with(&bundle, &["--missing-baseline=warn"]).expect(3);
    assert_eq!(trusted.checks(), [failure("perfgate"), failure("perfgate → gh-pages")]);
}

#[test]
fn a_green_check_of_another_branch_is_not_the_one_that_main_requires() {
    // Opened against a branch with lax rules, and turned to main afterwards: a check stays with its commit.
    let trusted = Trusted::new("");
    trusted.repo.git(&["checkout", "--quiet", "-b", "lax"]);
    write(&trusted.repo, &[("perfgate.yaml", NOTHING_COUNTS)]);
    trusted.repo.git(&["add", "."]);
    trusted.repo.commit("lax");
    trusted.repo.git(&["checkout", "--quiet", "main"]);
    let bundle = trusted.bundle(1.5);
    trusted.open(&[(5, HEAD, "lax")]);
    trusted.publish(&bundle).expect(0);
    assert_eq!(trusted.checks(), [("perfgate → lax".to_owned(), "success".to_owned())]);
}

#[test]
fn more_pull_requests_than_anybody_needs_are_refused() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.5);
    let many: Vec<(u64, &str, &str)> = (1..=11).map(|number| (number, HEAD, "main")).collect();
    trusted.open(&many);
    let said = trusted.publish(&bundle).expect(2).stderr;
    assert!(said.contains("11 open pull requests have this head"), "{said}");
    assert!(trusted.checks().is_empty() && trusted.job.forge.heads().is_empty());
}

#[test]
fn a_bundle_of_another_suite_profile_or_environment_than_the_job_asks_for_is_refused() {
    for (what, asked) in [("suite", "`default`"), ("profile", "none"), ("environment", "none")] {
        let trusted = Trusted::new("");
        let bundle = trusted.bundle(1.5);
        Trusted::change(&bundle, 1, |run| run[what] = json!("dodge"));
        let said = trusted.publish_with(&bundle, &LENIENT).expect(2).stderr;
        let problem =
            format!("run-1.json of the bundle names the {what} `dodge`, and this job {asked}");
        assert!(said.contains(&problem), "{said}");
        assert!(trusted.checks().is_empty() && trusted.job.forge.heads().is_empty());
    }
}

#[test]
fn a_bundle_of_another_tool_is_no_verdict_and_is_refused_where_the_tool_is_named() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.5);
    Trusted::change(&bundle, 1, |run| run["tool"]["name"] = json!("dodge"));
    trusted.publish_with(&bundle, &LENIENT).expect(3);
    assert_eq!(trusted.checks(), [failure("perfgate")]);
    let named = [&LENIENT[..], &["--tool=my-script"]].concat();
    let said = trusted.publish_with(&bundle, &named).expect(2).stderr;
    assert!(said.contains("names the tool `dodge`, and this job `my-script`"), "{said}");
}

#[test]
fn a_bundle_of_the_test_that_the_job_asks_for_is_judged() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.5);
    Trusted::change(&bundle, 1, |run| run["profile"] = json!("nightly"));
    // Main has runs of another profile alone: nothing of a fork's doing, and still no green check.
    trusted.publish_with(&bundle, &["--profile=nightly"]).expect(3);
    assert_eq!(trusted.checks(), [failure("perfgate")]);
    Trusted::change(&bundle, 1, |run| run["profile"] = Value::Null);
    trusted.publish_with(&bundle, &["--profile=", "--suite=", "--environment="]).expect(1);
}

#[test]
fn another_load_is_no_verdict() {
    // Main has runs that name neither users nor runner, which any run is compared with.
    for (place, value, code) in [
        ("/load", json!({ "users": 1 }), 1),
        ("/duration_s", json!(1.0), 3),
        ("/labels", json!({ "runner": "huge" }), 1),
    ] {
        let trusted = Trusted::new("");
        for r in 0..8 {
            let file = trusted.repo.around().join("level.json");
            let mut run = level_run(r, &[1.0; 6]);
            run["load"] = json!({ "users": 50 });
            run["labels"] = json!({ "runner": "small" });
            std::fs::write(&file, run.to_string()).unwrap();
            let commit = trusted.repo.commit("main");
            trusted
                .repo
                .perfgate(&["record", "--commit", &commit, file.to_str().unwrap()])
                .expect(0);
        }
        trusted.open(&[(4, HEAD, "main")]);
        let bundle = trusted.bundle(1.5);
        Trusted::change(&bundle, 1, |run| {
            run["load"] = json!({ "users": 50 });
            run["labels"] = json!({ "runner": "small" });
            run[&place[1..]] = value.clone();
        });
        trusted.publish_with(&bundle, &LENIENT).expect(code);
        assert_eq!(trusted.checks(), [failure("perfgate")], "{place}");
    }
}

#[test]
fn copies_of_recorded_runs_are_refused() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.5);
    // The slow run, and 19 that main has, under labels of their own.
    for number in 2..=9 {
        let mut copy = level_run(number - 2, &[1.0; 6]);
        copy["labels"] = json!({ "note": number.to_string() });
        copy["started_at"] = json!("2026-01-01T00:00:00Z");
        std::fs::write(bundle.join(format!("run-{number}.json")), copy.to_string()).unwrap();
    }
    let said = trusted.publish_with(&bundle, &LENIENT).expect(2).stderr;
    assert!(said.contains("run-2.json of the bundle is a copy of the run recorded for "), "{said}");
    // One alone.
    for number in 2..=9 {
        std::fs::remove_file(bundle.join(format!("run-{number}.json"))).unwrap();
    }
    std::fs::write(bundle.join("run-1.json"), level_run(3, &[1.0; 6]).to_string()).unwrap();
    trusted.publish_with(&bundle, &LENIENT).expect(2);
    assert!(trusted.checks().is_empty(), "{:?}", trusted.checks());
}

#[test]
fn a_run_that_stands_in_a_bundle_twice_is_refused() {
    let trusted = Trusted::new("gate: { decide: confirmed }\n");
    let bundle = trusted.bundle(1.0);
    std::fs::copy(bundle.join("run-1.json"), bundle.join("run-2.json")).unwrap();
    Trusted::change(&bundle, 2, |run| run["labels"] = json!({ "run": "2" }));
    let said = trusted.publish(&bundle).expect(2).stderr;
    assert!(said.contains("run-2.json of the bundle is a copy of run-1.json"), "{said}");
}

#[test]
fn histograms_and_samples_in_a_bundle_are_refused_before_they_are_unpacked() {
    for latency in [
        json!({ "samples": [1.0, 2.0] }),
        json!({ "histogram": { "unit": "ns", "data": "HISTFAAAAB542pNpmSzMwMDAxQABzFCaEUoz" } }),
    ] {
        let trusted = Trusted::new("");
        let bundle = trusted.bundle(1.5);
        Trusted::change(&bundle, 1, |run| run["endpoints"][0]["latency"] = latency.clone());
        let said = trusted.publish_with(&bundle, &LENIENT).expect(2).stderr;
        assert!(said.contains("a bundle holds no histogram and no samples"), "{said}");
    }
}

#[test]
fn without_a_baseline_there_is_no_green_check_unless_the_job_lets_it_be_neutral() {
    let trusted = Trusted::new("store: { kind: directory, path: nothing }\n");
    let file = trusted.repo.around().join("fork.json");
    std::fs::write(&file, level_run(30, &[1.0; 6]).to_string()).unwrap();
    let bundle = trusted.repo.around().join("bundle");
    std::fs::create_dir(&bundle).unwrap();
    std::fs::copy(&file, bundle.join("run-1.json")).unwrap();
    std::fs::remove_dir_all(trusted.repo.folder.join("nothing")).unwrap();
    trusted.publish(&bundle).expect(3);
    trusted.publish_with(&bundle, &["--missing-baseline=warn"]).expect(0);
    let how: Vec<String> = trusted.checks().into_iter().map(|(_, how)| how).collect();
    assert_eq!(how, ["failure", "neutral"]);
}

#[test]
fn what_the_commits_of_a_fork_accept_is_listed_and_counts_only_where_the_base_says_so() {
    let lines = ACCEPTS;
    let trusted = Trusted::new("");
    trusted.fork(lines);
    trusted.publish(&trusted.bundle(1.5)).expect(1);
    let said = trusted.comments(4).concat();
    assert!(said.contains("ignored ") && said.contains("branches of the repository"), "{said}");
    let trusted = Trusted::new("accept: { from: [repository, forks] }\n");
    trusted.fork(lines);
    trusted.publish(&trusted.bundle(1.5)).expect(0);
    let said = trusted.comments(4).concat();
    assert!(said.contains("trust me"), "{said}");
}

#[test]
fn a_level_that_main_has_accepted_is_the_level_of_a_fork_as_well() {
    // Main got slower by 30 % in a change that its commit accepts. A branch at that level passes, and so does a fork.
    let trusted = Trusted::new("");
    let slower = [1.3, 1.0, 1.0, 1.0, 1.0, 1.0];
    let accepts = "slower\n\nPerfgate-Accept: GET /0 p95 <= +40% | new index\nPerfgate-Accept: GET /0 p99 <= +40% | new index\n";
    trusted.repo.record_level(accepts, 11, &slower);
    trusted.repo.record_level("main", 12, &slower);
    trusted.open(&[(4, HEAD, "main")]);
    let bundle = trusted.bundle(1.3);
    trusted.repo.git(&["checkout", "--quiet", "-b", "branch"]);
    trusted.repo.commit("the same as a branch");
    let branch = trusted.repo.compare_level(30, &slower, &[]).expect(0).json();
    trusted.repo.git(&["checkout", "--quiet", "main"]);
    trusted.publish(&bundle).expect(0);
    assert_eq!(branch["verdict"], "pass", "{branch:#}");
    assert!(trusted.comments(4)[0].contains("### ✅ Performance"), "{:?}", trusted.comments(4));
}
