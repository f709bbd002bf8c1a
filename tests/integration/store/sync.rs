//! Exchanging records with a remote: many writers, nothing lost, and the user's clone untouched.

use crate::support::remote::{Shared, records};
use crate::support::{self, Repo};
use std::path::{Path, PathBuf};

#[test]
fn two_clones_that_record_and_push_both_keep_their_records() {
    let shared = Shared::new(4);
    let (one, two) = (shared.clone("one", &[]), shared.clone("two", &[]));
    one.record(&shared.commits[1], 1);
    two.record(&shared.commits[2], 2);
    one.perfgate(&["baseline", "push"]).expect(0);
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 2);
    // compare fetches by itself.
    let three = shared.clone("three", &[]);
    let report = three.compare("main", &[]).expect(0).json();
    assert_eq!(report["baseline"]["commit"], shared.commits[2].as_str());
}

#[test]
fn thirty_two_writers_at_once_lose_nothing() {
    const WRITERS: u32 = 32;
    let shared = Shared::new(2);
    let clones: Vec<Repo> =
        (0..WRITERS).map(|i| shared.clone(&format!("writer{i}"), &[])).collect();
    let mut running = Vec::new();
    for (number, clone) in (1..).zip(&clones) {
        let file = clone.folder.join("run.json");
        std::fs::write(&file, support::run(number)).unwrap();
        let mut command = support::command(&clone.folder);
        command.args(["record", "run.json", "--push"]).stderr(std::process::Stdio::piped());
        running.push(command.spawn().unwrap());
    }
    for writer in running {
        let output = writer.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(records(&shared.clone("reader", &[])), WRITERS as usize);
    // The next push folds in whatever had to take a ref of its own.
    clones[0].record(&shared.commits[0], 99);
    clones[0].perfgate(&["baseline", "push"]).expect(0);
    let refs = clones[0].git(&["ls-remote", "origin", "refs/perfgate/*"]);
    assert_eq!(refs.lines().count(), 1, "{refs}");
    assert_eq!(records(&shared.clone("later", &[])), WRITERS as usize + 1);
}

#[test]
fn what_was_pruned_and_pushed_stays_pruned_and_what_others_add_stays() {
    let shared = Shared::new(4);
    let (one, two) = (shared.clone("one", &[]), shared.clone("two", &[]));
    for (number, commit) in (1..).zip(&shared.commits) {
        one.record(commit, number);
    }
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&two), 4);
    one.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    two.record(&shared.commits[3], 50);
    two.perfgate(&["baseline", "push"]).expect(0);
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 2, "the newest commit's two runs");
    assert_eq!(records(&two), 2);
}

/// The bytes of what must not change in a clone.
fn untouchable(clone: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    ["config", "shallow", "HEAD", "packed-refs", "FETCH_HEAD", "index"]
        .map(|name| (PathBuf::from(name), std::fs::read(clone.join(".git").join(name)).ok()))
        .into()
}

#[test]
fn the_clone_itself_is_never_changed() {
    let shared = Shared::new(6);
    for options in [&[][..], &["--depth", "1"]] {
        let clone = shared.clone(&format!("clone{}", options.len()), options);
        let before = untouchable(&clone.folder);
        clone.record("HEAD", 1);
        clone.perfgate(&["baseline", "push"]).expect(0);
        clone.perfgate(&["baseline", "fetch"]).expect(0);
        clone.compare("main", &[]);
        clone.perfgate(&["baseline", "explain", "--baseline", "main", &clone.results()]).expect(0);
        assert_eq!(untouchable(&clone.folder), before);
        assert_eq!(clone.git(&["status", "--porcelain"]), "");
        assert_eq!(clone.git(&["for-each-ref", "refs/perfgate"]), "");
        clone.git(&["fetch", "--quiet"]);
        clone.git(&["gc", "--quiet"]);
        clone.git(&["fsck", "--no-progress"]);
    }
    let fresh = shared.clone("fresh", &[]);
    let objects = fresh.git(&["for-each-ref"]);
    assert!(!objects.contains("perfgate"), "a clone does not bring the records along: {objects}");
}

#[test]
fn a_shallow_clone_finds_a_baseline_far_back() {
    for filters in [true, false] {
        let shared = Shared::new(12);
        shared.serve_filters(filters);
        let full = shared.clone("full", &[]);
        full.record(&shared.commits[4], 1);
        full.perfgate(&["baseline", "push"]).expect(0);
        full.git(&["checkout", "--quiet", "-b", "feature", &shared.commits[8]]);
        full.commit("feature 1");
        full.commit("feature 2");
        full.git(&["push", "--quiet", "origin", "feature"]);

        let branch = shared.clone("shallow", &["--depth", "1", "--branch", "feature"]);
        let report = branch.compare("main", &[]).expect(0).json();
        assert_eq!(report["baseline"]["commit"], shared.commits[4].as_str());
        assert_eq!(report["baseline"]["distance"], 4);
        // What was fetched for it stays; the clone is as shallow as before.
        assert_eq!(branch.git(&["rev-list", "--count", "HEAD"]), "1");
    }
}

#[test]
fn recording_in_a_shallow_clone_fetches_nothing_of_the_history() {
    let shared = Shared::new(20);
    let clone = shared.clone("shallow", &["--depth", "1"]);
    clone.record_with(&shared.commits[19], 1, &["--push"]);
    let all = ["--git-dir=.git/perfgate.git", "cat-file", "--batch-all-objects", "--batch-check"];
    let here = clone.git(&all);
    let is_here = |commit: &&String| here.contains(commit.as_str());
    assert_eq!(shared.commits.iter().filter(is_here).count(), 0, "{here}");
    assert_eq!(records(&shared.clone("reader", &[])), 1);
}

#[test]
fn a_shallow_clone_that_cannot_be_completed_has_no_verdict() {
    let shared = Shared::new(12);
    let full = shared.clone("full", &[]);
    full.record(&shared.commits[4], 1);
    full.perfgate(&["baseline", "push"]).expect(0);
    let clone = shared.clone("shallow", &["--depth", "2"]);
    clone.perfgate(&["baseline", "fetch"]).expect(0);
    let ended = clone.compare("main", &["--offline"]).expect(3);
    assert!(ended.stderr.contains("shallow"), "{}", ended.stderr);
    clone.git(&["remote", "remove", "origin"]);
    let ended = clone.compare("main", &[]).expect(3);
    assert!(ended.stderr.contains("shallow"), "{}", ended.stderr);
}

#[test]
fn a_remote_without_records_is_an_empty_store_and_an_unreachable_one_is_an_error() {
    let shared = Shared::new(3);
    let clone = shared.clone("clone", &[]);
    clone.compare("main", &[]).expect(3);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere/at/all.git"]);
    let ended = clone.compare("main", &[]).expect(2);
    assert!(
        ended.stderr.contains("cannot be reached") && ended.stderr.contains("--offline"),
        "{}",
        ended.stderr
    );
    clone.compare("main", &["--offline"]).expect(3);
}

#[test]
fn only_the_runs_that_are_needed_are_fetched() {
    let shared = Shared::new(5);
    let full = shared.clone("full", &[]);
    for (number, commit) in (1..).zip(&shared.commits) {
        full.record(commit, number);
    }
    full.perfgate(&["baseline", "push"]).expect(0);
    let clone = shared.clone("clone", &[]);
    clone.compare("main", &["--max-distance", "1"]).expect(0);
    let private = clone.folder.join(".git/perfgate.git");
    let listed = clone.git(&[
        "--git-dir",
        private.to_str().unwrap(),
        "cat-file",
        "--batch-all-objects",
        "--batch-check",
    ]);
    // The smallest says that it is a store.
    let size = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    let blobs = listed.lines().filter(|line| line.contains(" blob ") && size(line) > 100).count();
    assert_eq!(blobs, 2, "two commits were looked at: {listed}");
}

#[test]
fn settings_of_the_clone_reach_git_but_no_command_line() {
    let shared = Shared::new(2);
    let clone = shared.clone("clone", &[]);
    clone.record("HEAD", 1);
    // A name that only the clone's own settings turn into the address of the remote.
    clone.git(&["config", &format!("url.{}.insteadOf", shared.url()), "secret://token@elsewhere"]);
    clone.git(&["remote", "set-url", "origin", "secret://token@elsewhere"]);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&clone), 1);
}

#[test]
fn records_that_were_not_fetched_yet_are_listed_all_the_same_and_never_taken_for_broken() {
    let shared = Shared::new(3);
    let full = shared.clone("full", &[]);
    for (number, commit) in (1..).zip(&shared.commits) {
        full.record(commit, number);
    }
    full.perfgate(&["baseline", "push"]).expect(0);
    let clone = shared.clone("clone", &[]);
    assert_eq!(records(&clone), 3);
    let pruned = clone.perfgate(&["baseline", "prune", "--broken"]).expect(0);
    assert!(pruned.stderr.contains("removed 0 of 3 runs"), "{}", pruned.stderr);
    let listed = clone.perfgate(&["baseline", "list"]).expect(0).stdout;
    assert!(shared.commits.iter().all(|commit| listed.contains(&commit[..7])), "{listed}");
}

/// What a checkout action leaves: one commit, detached, and nothing of the base.
#[test]
fn the_base_commits_policy_is_fetched_where_a_shallow_clone_does_not_have_it() {
    let shared = Shared::new(1);
    let full = shared.clone("full", &[]);
    std::fs::write(
        full.folder.join("perfgate.yaml"),
        "regression_thresholds: { api_latency: { p95: 1% } }\n",
    )
    .unwrap();
    full.git(&["add", "perfgate.yaml"]);
    let base = full.commit("a strict policy");
    full.git(&["push", "--quiet", "origin", "main"]);
    full.record(&base, 1);
    full.perfgate(&["baseline", "push"]).expect(0);
    full.git(&["checkout", "--quiet", "-b", "feature"]);
    std::fs::write(
        full.folder.join("perfgate.yaml"),
        "regression_thresholds: { api_latency: { p95: 900% } }\n",
    )
    .unwrap();
    full.git(&["add", "perfgate.yaml"]);
    let head = full.commit("a loose policy");
    full.git(&["push", "--quiet", "origin", "feature"]);
    let clone = shared.clone("checkout", &["--depth", "1", "--branch", "feature"]);
    let event = shared.maker.around().join("event.json");
    let ends = format!(
        r#"{{"pull_request": {{"base": {{"sha": "{base}"}}, "head": {{"sha": "{head}"}}}}}}"#
    );
    std::fs::write(&event, ends).unwrap();
    let mut command = support::command(&clone.folder);
    command.args(["compare", "--baseline", "main", "--format", "json", &clone.results()]);
    command.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", &event);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        support::finding(&report, "GET /a", "p95")["threshold"]["relative"],
        0.01,
        "{report:#}"
    );
    assert_eq!(report["baseline"]["commit"], base.as_str());
}

/// The same where the records are files of the base, which the pull request has removed.
#[test]
fn the_base_commits_records_are_fetched_where_a_shallow_clone_does_not_have_them() {
    for filters in [true, false] {
        let shared = Shared::new(4);
        shared.serve_filters(filters);
        let full = shared.clone("full", &[]);
        let policy = "store: { kind: directory, path: ci/baselines }\n";
        std::fs::write(full.folder.join("perfgate.yaml"), policy).unwrap();
        for (number, commit) in (1..).zip(&shared.commits) {
            full.record(commit, number);
        }
        full.git(&["add", "."]);
        let base = full.commit("main with its records");
        full.git(&["push", "--quiet", "origin", "main"]);
        full.git(&["checkout", "--quiet", "-b", "feature"]);
        full.git(&["rm", "--quiet", "-r", "ci", "perfgate.yaml"]);
        let head = full.commit("no records");
        full.git(&["push", "--quiet", "origin", "feature"]);
        let clone = shared.clone("checkout", &["--depth", "1", "--branch", "feature"]);
        let event = shared.maker.around().join("event.json");
        let ends = format!(
            r#"{{"pull_request": {{"base": {{"sha": "{base}"}}, "head": {{"sha": "{head}"}}}}}}"#
        );
        std::fs::write(&event, ends).unwrap();
        let mut command = support::command(&clone.folder);
        command.args(["compare", "--baseline", "main", "--format", "json", &clone.results()]);
        command.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", &event);
        let output = command.output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report["baseline"]["runs"], 4, "{report:#}");
        assert!(report["warnings"].to_string().contains("store takes"), "{report:#}");
    }
}

/// The state that a crash between fetching and joining leaves.
#[test]
fn a_crash_between_fetching_and_joining_loses_nothing() {
    let shared = Shared::new(4);
    let (one, two) = (shared.clone("one", &[]), shared.clone("two", &[]));
    one.record(&shared.commits[0], 1);
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&two), 1);
    one.record(&shared.commits[1], 2);
    one.perfgate(&["baseline", "push"]).expect(0);
    let private = two.folder.join(".git/perfgate.git");
    let git_dir = format!("--git-dir={}", private.display());
    two.git(&[
        &git_dir,
        "fetch",
        "--quiet",
        &shared.url(),
        "+refs/perfgate/*:refs/perfgate-incoming/*",
    ]);
    two.record(&shared.commits[2], 3);
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("reader", &[])), 3);
}

#[test]
fn a_remote_that_lost_its_records_gets_them_back_from_whoever_has_them() {
    let shared = Shared::new(3);
    let clone = shared.clone("clone", &[]);
    for (number, commit) in (1..).zip(&shared.commits) {
        clone.record(commit, number);
    }
    clone.perfgate(&["baseline", "push"]).expect(0);
    clone.git(&["push", "--quiet", "origin", ":refs/perfgate/runs"]);
    clone.record(&shared.commits[0], 9);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("reader", &[])), 4);
}

#[test]
fn locks_that_a_crash_left_do_not_block_the_store() {
    let shared = Shared::new(2);
    let clone = shared.clone("clone", &[]);
    clone.record("HEAD", 1);
    let private = clone.folder.join(".git/perfgate.git");
    for lock in ["refs/perfgate/runs.lock", "packed-refs.lock"] {
        std::fs::write(private.join(lock), "").unwrap();
    }
    clone.record("HEAD", 2);
    clone.perfgate(&["baseline", "push"]).expect(0);
}
