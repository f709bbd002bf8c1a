//! Finding a baseline in histories of every shape.

use crate::support::{self, Repo};

/// Which commit the report was compared with, and how far it lies before the merge base.
fn baseline(ended: support::Ended) -> (String, u64) {
    let report = ended.expect(0).json();
    let baseline = &report["baseline"];
    (baseline["commit"].as_str().unwrap().to_owned(), baseline["distance"].as_u64().unwrap())
}

/// A repository with `n` commits on main; their ids.
fn linear(n: usize) -> (Repo, Vec<String>) {
    let repo = Repo::new();
    let commits = (0..n).map(|i| repo.commit(&format!("main {i}"))).collect();
    (repo, commits)
}

#[test]
fn thirty_commits_with_merges_and_a_branch_find_the_nearest_recorded_ancestor_of_the_merge_base() {
    let repo = Repo::new();
    let mut main = Vec::new();
    for i in 0..26 {
        main.push(repo.commit(&format!("main {i}")));
        if i % 6 == 5 {
            repo.git(&["checkout", "--quiet", "-b", &format!("side{i}"), "HEAD~2"]);
            let side = repo.commit(&format!("side {i}"));
            repo.record(&side, 900 + i);
            repo.git(&["checkout", "--quiet", "main"]);
            main.push(repo.merge(&format!("side{i}")));
        }
    }
    assert_eq!(main.len(), 30);
    for (number, at) in [(1, 3), (2, 10), (3, 20), (4, 28)] {
        repo.record(&main[at], number);
    }
    // Branch off before the last record: it lies beyond the merge base and must not be taken.
    repo.git(&["checkout", "--quiet", "-b", "feature", &main[23]]);
    repo.commit("feature 1");
    let own = repo.commit("feature 2");
    repo.record(&own, 5);
    assert_eq!(baseline(repo.compare("main", &[])), (main[20].clone(), 3));

    let explained = repo
        .perfgate(&["baseline", "explain", "--baseline", "main", &repo.results()])
        .expect(0)
        .stdout;
    for (at, outcome) in
        [(23, "no record"), (22, "no record"), (21, "no record"), (20, "taken: 1 run")]
    {
        let line = explained.lines().find(|line| line.contains(&main[at][..7])).unwrap();
        assert!(line.contains(outcome), "{explained}");
    }
    let taken: Vec<&str> = explained.lines().filter(|l| l.contains("taken:")).collect();
    assert_eq!(
        taken.len(),
        3,
        "further comparable runs of earlier commits show the noise: {explained}"
    );
    assert!(
        !explained.contains(&main[28][..7]),
        "neither what lies beyond the merge base: {explained}"
    );
}

#[test]
fn a_revision_may_be_a_branch_a_remote_branch_a_tag_or_an_id() {
    let (repo, commits) = linear(6);
    repo.record(&commits[2], 1);
    repo.git(&["tag", "-a", "v1", "-m", "v1", &commits[3]]);
    repo.git(&["update-ref", "refs/remotes/origin/released", &commits[4]]);
    let origin = repo.folder.to_str().unwrap().to_owned();
    repo.git(&["remote", "add", "origin", &origin]);
    for revision in ["main", "v1", "released", &commits[4], &commits[3][..10], "HEAD~1"] {
        let (commit, _) = baseline(repo.compare(revision, &["--offline"]));
        assert_eq!(commit, commits[2], "{revision}");
    }
    let unknown = repo.compare("no-such-branch", &["--offline"]).expect(2);
    assert!(unknown.stderr.contains("`no-such-branch` is unknown"), "{}", unknown.stderr);
}

#[test]
fn a_detached_head_is_as_good_as_a_branch() {
    let (repo, commits) = linear(5);
    repo.record(&commits[1], 1);
    repo.git(&["checkout", "--quiet", "--detach", &commits[3]]);
    assert_eq!(baseline(repo.compare("main", &[])), (commits[1].clone(), 2));
}

#[test]
fn on_main_itself_the_commit_under_test_is_not_its_own_baseline() {
    let (repo, commits) = linear(4);
    repo.record(&commits[3], 1);
    repo.record(&commits[1], 2);
    assert_eq!(baseline(repo.compare("main", &[])), (commits[1].clone(), 2));
    let report = repo.compare("main", &[]).json();
    let passed_over = &report["visited"][0];
    assert_eq!(passed_over["commit"], commits[3].as_str());
    assert_eq!(passed_over["outcome"], "under_test");
}

#[test]
fn runs_of_another_load_are_passed_over_and_named() {
    let (repo, commits) = linear(6);
    repo.record(&commits[1], 1);
    repo.record_with(&commits[3], 2, &["--profile", "stress"]);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("feature");
    assert_eq!(baseline(repo.compare("main", &[])), (commits[1].clone(), 4));

    let report = repo.compare("main", &["--profile", "stress"]).expect(0).json();
    assert_eq!(report["baseline"]["commit"], commits[3].as_str());

    let none = repo
        .perfgate(&["compare", "--baseline", "main", "--profile", "soak", &repo.results()])
        .expect(3);
    assert!(
        none.stdout.contains("not comparable: profile stress, this run soak"),
        "{}",
        none.stdout
    );
    assert!(none.stdout.contains("not comparable: profile none, this run soak"), "{}", none.stdout);
}

#[test]
fn several_runs_of_one_commit_are_all_taken() {
    let (repo, commits) = linear(3);
    for number in 1..=2 {
        repo.record(&commits[1], number);
    }
    repo.record(&commits[1], 2);
    let report = repo.compare("main", &[]).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 2, "recording the same run twice changes nothing");
}

#[test]
fn without_a_baseline_there_is_no_verdict_and_the_next_step_is_named() {
    let (repo, commits) = linear(3);
    let ended = repo.perfgate(&["compare", "--baseline", "main", &repo.results()]).expect(3);
    for said in ["no verdict", "searched", &commits[2][..7], "perfgate record", "exit 3"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let warned = repo.compare("main", &["--missing-baseline", "warn"]).expect(0).json();
    assert_eq!(warned["verdict"], "not_compared");
    assert!(warned["warnings"].to_string().contains("NOTHING WAS COMPARED"), "{warned}");
}

#[test]
fn a_baseline_further_away_than_the_limit_is_not_taken() {
    let (repo, commits) = linear(8);
    repo.record(&commits[1], 1);
    // From HEAD (7) six steps lead to commit 1.
    assert_eq!(baseline(repo.compare("main", &["--max-distance", "6"])).1, 6);
    repo.compare("main", &["--max-distance", "5"]).expect(3);
}

#[test]
fn histories_without_a_common_commit_are_no_baseline() {
    let (repo, commits) = linear(3);
    repo.record(&commits[1], 1);
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.commit("a beginning of its own");
    let ended = repo.compare("main", &[]).expect(3);
    assert!(ended.stderr.contains("no common history"), "{}", ended.stderr);
}

/// CI checks a pull request out as a merge that exists nowhere else.
#[test]
fn a_throw_away_merge_is_compared_with_the_base_that_it_holds() {
    let (repo, commits) = linear(4);
    repo.git(&["checkout", "--quiet", "-b", "feature", &commits[1]]);
    let head = repo.commit("feature");
    repo.git(&["checkout", "--quiet", "--detach", "main"]);
    repo.merge("feature");
    repo.record(&commits[0], 1);
    repo.record(&commits[3], 2);
    repo.record(&head, 3);
    let event = repo.around().join("event.json");
    let ends = format!(
        r#"{{"pull_request": {{"base": {{"sha": "{}"}}, "head": {{"sha": "{head}"}}}}}}"#,
        commits[3]
    );
    std::fs::write(&event, ends).unwrap();
    let results = repo.results();
    let mut command = support::command(&repo.folder);
    command.args(["compare", "--baseline", "main", "--format", "json", &results]);
    command.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", &event);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["baseline"]["commit"],
        commits[3].as_str(),
        "what was measured holds that commit"
    );
    assert_eq!(
        report["current"]["commit"],
        head.as_str(),
        "people know it by the pull request's head"
    );

    // What is recorded there belongs to the pull request's head, not to the merge.
    let mut command = support::command(&repo.folder);
    command.args(["record", &results]);
    command.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", &event);
    assert!(command.output().unwrap().status.success());
    repo.perfgate(&["baseline", "show", "--format", "json", &head]).expect(0);
}

/// A pull request cannot loosen its own gate.
#[test]
fn on_a_pull_request_the_base_commits_policy_decides() {
    let (repo, _) = linear(1);
    std::fs::write(
        repo.folder.join("perfgate.yaml"),
        "regression_thresholds: { api_latency: { p95: 1% } }\n",
    )
    .unwrap();
    repo.git(&["add", "perfgate.yaml"]);
    let base = repo.commit("a strict policy");
    repo.record(&base, 1);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    std::fs::write(
        repo.folder.join("perfgate.yaml"),
        "regression_thresholds: { api_latency: { p95: 900% } }\n",
    )
    .unwrap();
    repo.git(&["add", "perfgate.yaml"]);
    let head = repo.commit("a loose policy");
    let event = repo.around().join("event.json");
    let ends = format!(
        r#"{{"pull_request": {{"base": {{"sha": "{base}"}}, "head": {{"sha": "{head}"}}}}}}"#
    );
    std::fs::write(&event, ends).unwrap();
    let compare = |more: &[&str]| {
        let mut command = support::command(&repo.folder);
        let results = repo.results();
        command.args(["compare", "--baseline", "main", "--format", "json", &results]).args(more);
        command.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", &event);
        serde_json::from_slice::<serde_json::Value>(&command.output().unwrap().stdout).unwrap()
    };
    let report = compare(&[]);
    assert_eq!(support::finding(&report, "GET /a", "p95")["threshold"]["relative"], 0.01);
    assert!(report["warnings"].to_string().contains("policy_changed"), "{report}");
    let overruled = compare(&["--policy", "perfgate.yaml"]);
    assert_eq!(support::finding(&overruled, "GET /a", "p95")["threshold"]["relative"], 9.0);
}

/// In CI, an argument is often a variable that is not set.
#[test]
fn an_empty_argument_is_none_when_recorded_runs_are_looked_for_as_well() {
    let (repo, commits) = linear(3);
    for (number, commit) in (1..).zip(&commits) {
        repo.record_with(commit, number, &["--suite", "", "--profile", "", "--environment", ""]);
    }
    let empty = ["--suite", "", "--profile", "", "--environment", ""];
    let compare = ["compare", "--baseline", "main", "--format", "json"];
    let report = repo.perfgate(&[&compare[..], &empty].concat()).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 2, "{report:#}");
    let trend = repo.perfgate(&[&["trend", "--branch", "main"][..], &empty].concat()).expect(0);
    assert!(trend.stdout.contains(&commits[2][..7]), "{}", trend.stdout);
    let test = repo.perfgate(&[&["selftest", "--baseline", "main"][..], &empty].concat());
    assert!(!test.stderr.contains("no run is recorded"), "{}", test.stderr);
    // A profile that the policy does not have is missing by name; an empty one is none.
    let check = repo.perfgate(&[&["check"][..], &empty].concat()).expect(2);
    assert!(check.stderr.contains("a run without a profile"), "{}", check.stderr);
}

#[test]
fn a_directory_store_finds_the_same_baseline() {
    let (repo, commits) = linear(5);
    std::fs::write(
        repo.folder.join("perfgate.yaml"),
        "store: { kind: directory, path: baselines }\n",
    )
    .unwrap();
    repo.record(&commits[2], 1);
    assert_eq!(baseline(repo.compare("main", &[])), (commits[2].clone(), 2));
    let folder = repo.folder.join("baselines/runs").join(&commits[2][..1]).join(&commits[2][1..2]);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    assert!(!repo.folder.join(".git/perfgate.git").exists(), "the git store is not touched");
}

#[test]
fn records_survive_an_export_and_an_import() {
    let (repo, commits) = linear(4);
    for (number, commit) in (1..).zip(&commits[..3]) {
        repo.record(commit, number);
    }
    repo.perfgate(&["baseline", "export", "out"]).expect(0);
    let other = Repo::clone_of(repo.folder.to_str().unwrap(), &repo.around().join("other"), &[]);
    let from = repo.folder.join("out");
    let imported = other.perfgate(&["baseline", "import", from.to_str().unwrap()]).expect(0);
    assert!(imported.stderr.contains("imported 3 runs"), "{}", imported.stderr);
    let again = other.perfgate(&["baseline", "import", from.to_str().unwrap()]).expect(0);
    assert!(again.stderr.contains("imported 0 runs; 3 were already there"), "{}", again.stderr);
    for more in [&[][..], &["--histograms"]] {
        let show = [&["baseline", "show", "--format", "json", &commits[1]], more].concat();
        let shown = |repo: &Repo| repo.perfgate(&show).expect(0).stdout;
        assert_eq!(shown(&repo), shown(&other));
    }
}

#[test]
fn a_run_that_was_recorded_by_mistake_is_removed_by_its_id() {
    let (repo, commits) = linear(2);
    for (number, commit) in (1..).zip(&commits) {
        repo.record(commit, number);
    }
    let listed = repo.perfgate(&["baseline", "list"]).expect(0).stdout;
    let row = listed.lines().find(|line| line.contains(&commits[1][..7])).unwrap();
    let is_id = |word: &&str| word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let id = row.split_whitespace().find(is_id).unwrap();
    for (unknown, why) in [("ffffffffff", "no record has the id"), ("", "a value is required")] {
        let ended = repo.perfgate(&["baseline", "prune", "--run", unknown]).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    let pruned = repo.perfgate(&["baseline", "prune", "--run", &id[..10]]).expect(0);
    assert!(pruned.stderr.starts_with("removed 1 of 2 runs\n"), "{}", pruned.stderr);
    repo.perfgate(&["baseline", "show", &commits[0]]).expect(0);
    repo.perfgate(&["baseline", "show", &commits[1]]).expect(2);
}

#[test]
fn pruning_keeps_the_newest_commits() {
    let (repo, commits) = linear(5);
    for (number, commit) in (1..).zip(&commits) {
        repo.record(commit, number);
    }
    let dry = repo.perfgate(&["baseline", "prune", "--keep", "2", "--dry-run"]).expect(0);
    assert!(dry.stderr.contains("would remove 3 of 5 runs"), "{}", dry.stderr);
    repo.perfgate(&["baseline", "prune", "--keep", "2"]).expect(0);
    repo.perfgate(&["baseline", "show", "--format", "json", &commits[4]]).expect(0);
    repo.perfgate(&["baseline", "show", "--format", "json", &commits[2]]).expect(2);
}

#[test]
fn a_run_that_measured_nothing_is_not_recorded() {
    let (repo, _) = linear(1);
    let empty = support::fixture("k6/2.2.0/zero/summary.json");
    let ended = repo.perfgate(&["record", empty.to_str().unwrap()]).expect(2);
    assert!(ended.stderr.contains("contains no measurements"), "{}", ended.stderr);
    let list = repo.perfgate(&["baseline", "list"]).expect(0);
    assert!(list.stderr.contains("nothing is recorded"), "{}", list.stderr);
}

#[test]
fn a_broken_record_is_an_error_and_never_an_empty_one() {
    let (repo, commits) = linear(3);
    std::fs::write(
        repo.folder.join("perfgate.yaml"),
        "store: { kind: directory, path: baselines }\n",
    )
    .unwrap();
    repo.record(&commits[1], 1);
    let folder = repo.folder.join("baselines/runs").join(&commits[1][..1]).join(&commits[1][1..2]);
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, "{\"schema\": \"perf").unwrap();
    let ended = repo.compare("main", &[]).expect(2);
    assert!(ended.stderr.contains("cannot be read"), "{}", ended.stderr);
    assert!(file.exists());
    repo.perfgate(&["baseline", "prune", "--broken"]).expect(0);
    assert!(!file.exists());
}
