//! Pull requests that try to turn their gate green without a faster program: from a branch of the repository, from a fork, and
//! in a merge queue. Each stays red, or ends without a verdict, and says why.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

#[path = "support/forge.rs"]
mod fake;
mod support;
#[path = "support/trusted.rs"]
mod trusted;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use support::{Ended, Repo, command, level_run};
use trusted::{HEAD, Trusted};

/// A policy that limits nothing.
const NOTHING_COUNTS: &str =
    "regression_thresholds: { api_response_time: { p95: off, p99: off }, error_rate: off }\n";
/// A policy with a limit that the slow run crosses.
const STRICT: &str = "regression_thresholds: { api_response_time: { p95: 10% } }\n";

/// A repository whose main has eight recorded runs, and a pull request that is half as slow again.
struct PullRequest {
    repo: Repo,
    /// The commit of main that the pull request goes to.
    base: String,
}

impl PullRequest {
    /// Main with these files, and a branch with a commit on top of it that is checked out.
    fn new(main: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        write(&repo, main);
        for r in 0..8 {
            repo.record_level("main", r, &[1.0; 3]);
        }
        // Records in a folder are files of main.
        repo.git(&["add", "."]);
        let base = repo.commit("main with its records");
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        Self { repo, base }
    }

    /// Commits files to the pull request.
    fn commit(&self, files: &[(&str, &str)]) {
        write(&self.repo, files);
        self.repo.git(&["add", "--all", "."]);
        self.repo.commit("a change");
    }

    /// The event of CI, as GitHub writes it, and the gate as the action calls it.
    fn gate(&self, event: &str, more: &[&str]) -> Ended {
        let results = self.results(1.5);
        let arguments = [
            &["compare", "--baseline=main", "--missing-baseline=warn", "--inconclusive=warn"][..],
            &["--format", "json"],
            more,
            &[results.to_str().unwrap()],
        ];
        self.run(event, &arguments.concat())
    }

    fn run(&self, event: &str, arguments: &[&str]) -> Ended {
        self.run_in(&self.repo.folder, event, arguments)
    }

    /// Runs perfgate in a folder of the repository.
    fn run_in(&self, folder: &Path, event: &str, arguments: &[&str]) -> Ended {
        let (head, base) = (self.repo.git(&["rev-parse", "HEAD"]), &self.base);
        let end = |sha: &str, id: u64| json!({ "sha": sha, "repo": { "id": id } });
        let text = match event {
            "merge_group" => json!({ "merge_group": { "base_sha": base, "head_sha": head } }),
            "workflow_run" => json!({
                "workflow_run": {
                    "event": "pull_request", "head_sha": head, "head_repository": { "id": 2 },
                },
                "repository": { "id": 1 },
            }),
            "fork" => json!({ "pull_request": { "base": end(base, 1), "head": end(&head, 2) } }),
            _ => json!({ "pull_request": { "base": end(base, 1), "head": end(&head, 1) } }),
        };
        let file = self.repo.around().join("event.json");
        std::fs::write(&file, text.to_string()).unwrap();
        let mut command = command(folder);
        let name = if event == "fork" { "pull_request" } else { event };
        command.args(arguments).env("GITHUB_EVENT_NAME", name).env("GITHUB_EVENT_PATH", &file);
        Ended::of(command.env("GITHUB_SHA", base).output().unwrap())
    }

    fn results(&self, level: f64) -> PathBuf {
        let file = self.repo.around().join("slow.json");
        std::fs::write(&file, level_run(30, &[level, 1.0, 1.0]).to_string()).unwrap();
        file
    }
}

fn write(repo: &Repo, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = repo.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn link(repo: &Repo, target: &str, name: &str) {
    let path = repo.folder.join(name);
    if path.symlink_metadata().is_ok() {
        std::fs::remove_file(&path).unwrap();
    }
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// The text of a report's warning.
fn warning(report: &Value, code: &str) -> String {
    let all = report["warnings"].as_array().unwrap();
    let found = all.iter().find(|warning| warning["code"] == code);
    found.unwrap_or_else(|| panic!("no {code}: {report:#}"))["message"].as_str().unwrap().to_owned()
}

/// The gate is red, with a warning about these keys of the policy.
fn assert_red(ended: Ended, keys: &str) {
    let report = ended.expect(1).json();
    let said = warning(&report, "policy_changed");
    assert!(said.contains(&format!("changes the policy: {keys} count")), "{said}");
}

// --- a branch of the repository ---

#[test]
fn rules_of_a_pull_request_do_not_count_on_any_event_about_one() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    pull_request.commit(&[("perfgate.yaml", NOTHING_COUNTS)]);
    for event in ["pull_request", "pull_request_review", "fork", "merge_group", "workflow_run"] {
        assert_red(pull_request.gate(event, &[]), "regression_thresholds");
    }
    // A push is nobody's pull request.
    pull_request.gate("push", &[]).expect(0);
}

#[test]
fn a_pull_request_that_says_where_the_records_are_is_judged_by_those_of_main() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let store = "store: { kind: directory, path: mine }\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{STRICT}{store}"))]);
    // An empty folder: "no baseline".
    assert_red(pull_request.gate("pull_request", &[]), "store");
    // A folder with slow runs that main is said to have had.
    forge_records(&pull_request);
    pull_request.commit(&[]);
    assert_red(pull_request.gate("pull_request", &[]), "store");
}

/// Records slow runs for the base where the policy at hand says.
fn forge_records(pull_request: &PullRequest) {
    let file = pull_request.repo.around().join("forged.json");
    for r in 40..44 {
        std::fs::write(&file, level_run(r, &[1.5, 1.0, 1.0]).to_string()).unwrap();
        let arguments = ["record", "--commit", &pull_request.base, file.to_str().unwrap()];
        pull_request.repo.perfgate(&arguments).expect(0);
    }
}

#[test]
fn a_first_policy_counts_once_it_is_merged_and_until_then_the_defaults_do() {
    let pull_request = PullRequest::new(&[]);
    let lax = NOTHING_COUNTS.trim_end();
    let gate = "gate: { missing_baseline: warn }\nendpoints: { \"**\": { severity: warn } }\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{lax}\n{gate}"))]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    let said = warning(&report, "policy_changed");
    assert!(said.contains("endpoints, gate, regression_thresholds count only once"), "{said}");
    assert!(said.contains("has no perfgate.yaml, so the defaults decide"), "{said}");
    // The policy that `--policy` names is named by the workflow.
    pull_request.gate("pull_request", &["--policy", "perfgate.yaml"]).expect(0);
}

#[test]
fn records_in_a_folder_are_read_as_main_has_them() {
    let policy = format!("{STRICT}store: {{ kind: directory, path: baselines }}\n");
    let main: &[(&str, &str)] = &[("perfgate.yaml", &policy)];
    let pull_request = PullRequest::new(main);
    let red =
        || pull_request.gate("pull_request", &[]).expect(1).json()["baseline"]["runs"].clone();
    assert_eq!(red(), 8);
    forge_records(&pull_request);
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "records that the pull request adds are none");
    let named = pull_request.gate("pull_request", &["--policy", "perfgate.yaml"]).expect(1).json();
    assert_eq!(named["baseline"]["runs"], 8, "whoever names the policy");
    for file in files(&pull_request.repo.folder.join("baselines/runs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("\"p95\":", "\"p95\":9")).unwrap();
    }
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "nor do those count that it changes");
    std::fs::remove_dir_all(pull_request.repo.folder.join("baselines")).unwrap();
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "and it cannot remove any");
    write(&pull_request.repo, &[("elsewhere/runs/x", "")]);
    link(&pull_request.repo, "elsewhere", "baselines");
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "nor put a link in their place");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_folder_of_records_that_only_the_pull_request_has_is_empty() {
    let policy = format!("{STRICT}store: {{ kind: directory, path: baselines }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &policy)]);
    // Main keeps no records: they are those of a cache, under no version control.
    pull_request.repo.git(&["checkout", "--quiet", "main"]);
    pull_request.repo.git(&["mv", "baselines", "cache"]);
    pull_request.repo.commit("no records");
    let base = pull_request.repo.git(&["rev-parse", "HEAD"]);
    pull_request.repo.git(&["checkout", "--quiet", "-B", "feature"]);
    let pull_request = PullRequest { base, ..pull_request };
    let runs = |ended: Ended| ended.json()["baseline"]["runs"].clone();
    std::fs::create_dir_all(pull_request.repo.folder.join("baselines")).unwrap();
    copy(&pull_request.repo.folder.join("cache"), &pull_request.repo.folder.join("baselines"));
    assert_eq!(runs(pull_request.gate("pull_request", &[]).expect(1)), 8, "a cache is used");
    pull_request.commit(&[]);
    let results = pull_request.results(1.5);
    let arguments = ["compare", "--baseline=main", "--format", "json", results.to_str().unwrap()];
    let report = pull_request.run("pull_request", &arguments).expect(3).json();
    assert_eq!(report["baseline"], Value::Null, "the pull request's own files are not");
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let path = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(file, path).unwrap();
    }
}

#[test]
fn a_policy_that_is_a_link_is_the_file_that_main_has_behind_it() {
    let pull_request = PullRequest::new(&[("ci/perf/limits.yaml", STRICT)]);
    let repo = &pull_request.repo;
    repo.git(&["checkout", "--quiet", "main"]);
    link(repo, "perf", "ci/gate");
    link(repo, "ci/gate/limits.yaml", "perfgate.yaml");
    repo.git(&["add", "."]);
    let base = repo.commit("a link");
    repo.git(&["checkout", "--quiet", "-B", "feature"]);
    let pull_request = PullRequest { base, ..pull_request };
    pull_request.commit(&[("ci/perf/limits.yaml", NOTHING_COUNTS)]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    assert!(warning(&report, "policy_changed").contains("regression_thresholds"), "{report}");
    let limit = support::finding(&report, "GET /0", "p95")["threshold"]["relative"].clone();
    assert_eq!(limit, 0.1, "main's own");
    // A link elsewhere instead of the file.
    std::fs::remove_file(pull_request.repo.folder.join("perfgate.yaml")).unwrap();
    pull_request.commit(&[("perfgate.yaml", NOTHING_COUNTS)]);
    assert_red(pull_request.gate("pull_request", &[]), "regression_thresholds");
}

#[test]
fn a_policy_of_main_that_cannot_be_read_stops_all_but_who_mends_it() {
    for why in ["unclosed bracket", "leads out of the repository"] {
        let pull_request = PullRequest::new(&[]);
        let repo = &pull_request.repo;
        repo.git(&["checkout", "--quiet", "main"]);
        if why == "unclosed bracket" {
            write(repo, &[("perfgate.yaml", "gate: {\n")]);
        } else {
            std::fs::write(repo.around().join("outside.yaml"), NOTHING_COUNTS).unwrap();
            link(repo, "../outside.yaml", "perfgate.yaml");
        }
        repo.git(&["add", "."]);
        let base = repo.commit("broken");
        repo.git(&["checkout", "--quiet", "-B", "feature"]);
        let pull_request = PullRequest { base, ..pull_request };
        pull_request.commit(&[("a-change", "")]);
        let said = pull_request.gate("pull_request", &[]).expect(2).stderr;
        assert!(said.contains(why), "{said}");
        // One beside it mends nothing.
        pull_request.commit(&[("deep/perfgate.yaml", NOTHING_COUNTS)]);
        let results = pull_request.results(1.5);
        let arguments = ["compare", "--baseline=main", results.to_str().unwrap()];
        let deep = pull_request.repo.folder.join("deep");
        let said = pull_request.run_in(&deep, "pull_request", &arguments).expect(2).stderr;
        assert!(said.contains(why), "{said}");
        std::fs::remove_file(pull_request.repo.folder.join("perfgate.yaml")).unwrap();
        pull_request.commit(&[("perfgate.yaml", STRICT)]);
        let report = pull_request.gate("pull_request", &[]).expect(1).json();
        let said = warning(&report, "base_policy_broken");
        assert!(said.contains("the one that is checked out decides"), "{said}");
    }
}

#[test]
fn window_distance_anchor_and_collapse_are_those_of_main() {
    let policy = format!("{STRICT}baseline: {{ anchor: v1 }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &policy)]);
    pull_request.repo.git(&["tag", "v1", "main~1"]);
    for (key, text) in [
        ("baseline", "baseline: { max_distance: 1, window: 1 }\n"),
        ("baseline, collapse", "collapse: [\"**\"]\n"),
        ("baseline, rename", "rename: { \"GET /0\": \"GET /9\" }\n"),
    ] {
        pull_request.commit(&[("perfgate.yaml", &format!("{STRICT}{text}"))]);
        let report = pull_request.gate("pull_request", &[]).expect(1).json();
        assert_eq!(report["baseline"]["runs"], 8, "{text}");
        assert_eq!(report["anchor"]["requested"], "v1", "{text}");
        let said = warning(&report, "policy_changed");
        assert!(said.contains(&format!("policy: {key} count")), "{said}");
    }
}

#[test]
fn raw_samples_are_put_together_as_main_says() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", "collapse: [\"/users/*\"]\n")]);
    pull_request.commit(&[("perfgate.yaml", "collapse: [\"**\"]\nresults: [raw.csv]\n")]);
    let line = |i: u64| {
        let (second, latency, user) = (i / 5, 50_000_000 + i * 1_000, i % 3);
        format!(
            "{{\"attack\":\"a\",\"seq\":{i},\"code\":200,\"timestamp\":\"2026-01-01T00:00:{second:02}.000000000Z\",\
             \"latency\":{latency},\"bytes_out\":0,\"bytes_in\":1,\"error\":\"\",\"body\":null,\"method\":\"GET\",\
             \"url\":\"http://h/users/{user}\",\"headers\":null}}\n"
        )
    };
    let text: String = (0..300).map(line).collect();
    std::fs::write(pull_request.repo.around().join("raw.json"), text).unwrap();
    let file = pull_request.repo.around().join("raw.json");
    let arguments = [
        "compare",
        "--baseline-file",
        file.to_str().unwrap(),
        file.to_str().unwrap(),
        "--format",
        "json",
    ];
    let report = pull_request.run("pull_request", &arguments).json();
    support::finding(&report, "GET /users/*", "p95");
    assert!(warning(&report, "policy_changed").contains("policy: collapse counts"), "{report}");
}

#[test]
fn comments_and_results_of_a_policy_are_nothing_to_speak_of() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let prometheus = "prometheus: { up: up }\nresults: [slow.json]\n# a comment\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{prometheus}{STRICT}"))]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    assert!(!report["warnings"].to_string().contains("policy_changed"), "{report}");
}

// --- trailers ---

const ACCEPTS: &str = "slower\n\nPerfgate-Accept: GET /0 p95 <= +90% | trust me\nPerfgate-Accept: GET /0 p99 <= +90% | trust me\n";

#[test]
fn what_a_fork_accepts_counts_neither_on_its_pull_request_nor_in_the_merge_queue() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    pull_request.commit(&[(
        "perfgate.yaml",
        &format!("{STRICT}accept: {{ from: [repository, forks, queue] }}\n"),
    )]);
    pull_request.repo.commit(ACCEPTS);
    for (event, why) in [
        ("fork", "only branches of the repository itself"),
        ("merge_group", "a merge queue does not say"),
    ] {
        let report = pull_request.gate(event, &[]).expect(1).json();
        let said = warning(&report, "not_honoured");
        assert!(said.contains("accepts GET /0 p95") && said.contains(why), "{said}");
    }
    pull_request.gate("pull_request", &[]).expect(0);
}

#[test]
fn what_is_in_a_merge_queue_accepts_a_change_only_where_main_says_so() {
    let trusting = format!("{STRICT}accept: {{ from: [repository, queue] }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &trusting)]);
    pull_request.repo.commit(ACCEPTS);
    pull_request.gate("merge_group", &[]).expect(0);
    pull_request.gate("fork", &[]).expect(1);
}

// --- events ---

#[test]
fn nothing_that_judges_or_records_the_checkout_runs_on_pull_request_target() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let results = pull_request.results(1.0);
    let results = results.to_str().unwrap();
    for arguments in [
        &["compare", "--baseline=main", results][..],
        &["compare", "--baseline-file", results, results],
        &["compare", "--baseline=main", "--policy", "perfgate.yaml", results],
        &["check", results],
        &["report", "--baseline=main", "--html", "x.html", results],
        &["report", "--full", results],
        &["record", results],
        &["baseline", "explain", "--baseline=main", results],
        &["run", "--", "true"],
    ] {
        let said = pull_request.run("pull_request_target", arguments).expect(2).stderr;
        assert!(said.contains("does not run on pull_request_target"), "{arguments:?}: {said}");
    }
    assert!(!pull_request.repo.folder.join("x.html").exists());
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_in_a_merge_queue_as_well() {
    let pull_request = PullRequest::new(&[]);
    let results = pull_request.results(1.0);
    for event in ["merge_group", "workflow_run", "pull_request"] {
        let mut command = command(&pull_request.repo.folder);
        command.args(["compare", "--baseline=main", results.to_str().unwrap()]);
        let ended = Ended::of(command.env("GITHUB_EVENT_NAME", event).output().unwrap()).expect(2);
        assert!(ended.stderr.contains("the event cannot be read"), "{}", ended.stderr);
    }
}

// --- budgets and profiles ---

#[test]
fn budgets_of_a_pull_request_do_not_count_when_it_checks_itself() {
    let strict = "profiles: { load: { targets: [{ api_response_time_p95: \"< 120ms\" }] } }\n";
    let pull_request = PullRequest::new(&[("perfgate.yaml", strict)]);
    let lax = strict.replace("120ms", "9s");
    pull_request.commit(&[("perfgate.yaml", &lax)]);
    let results = pull_request.results(1.5);
    let arguments = ["check", "--profile", "load", "--format", "json", results.to_str().unwrap()];
    for event in ["pull_request", "merge_group"] {
        let report = pull_request.run(event, &arguments).expect(1).json();
        assert!(warning(&report, "policy_changed").contains("policy: profiles count"), "{report}");
    }
}

// --- where a policy is looked for ---

#[test]
fn a_policy_above_the_root_of_the_repository_is_nobodys() {
    let repo = Repo::new();
    for r in 0..8 {
        repo.record_level("main", r, &[1.0; 3]);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(repo.around().join("perfgate.yaml"), NOTHING_COUNTS).unwrap();
    repo.compare_level(30, &[1.5, 1.0, 1.0], &[]).expect(1);
    // Inside the repository it is looked for as far as the root, and named where it is not in this folder.
    write(&repo, &[("perfgate.yaml", NOTHING_COUNTS), ("a/b/c", "")]);
    let deep = repo.within("a/b");
    let file = deep.folder.join("slow.json");
    std::fs::write(&file, level_run(30, &[1.5, 1.0, 1.0]).to_string()).unwrap();
    let ended = deep.perfgate(&["compare", "--baseline", "main", "slow.json"]).expect(0);
    assert!(
        ended.stderr.contains("policy: ") && ended.stderr.contains("repo/perfgate.yaml"),
        "{ended:?}"
    );
}

// --- forks: two pull requests ---

#[test]
fn a_second_pull_request_on_the_same_commit_makes_nothing_green() {
    let trusted = Trusted::new("");
    // An orphan branch without a history of runs, as the pages of a project have.
    trusted.repo.git(&["checkout", "--quiet", "--orphan", "gh-pages"]);
    trusted.repo.commit("pages");
    trusted.repo.git(&["checkout", "--quiet", "main"]);
    let bundle = trusted.bundle(1.5);
    trusted.open(&[(6, HEAD, "gh-pages"), (5, HEAD, "main")]);
    let lenient = ["--missing-baseline=warn", "--inconclusive=warn"];
    trusted.publish_with(&bundle, &lenient).expect(1);
    let failure = |name: &str| (name.to_owned(), "failure".to_owned());
    assert_eq!(trusted.checks(), [failure("perfgate"), failure("perfgate → gh-pages")]);
    assert!(trusted.comments(5)[0].contains("### ✗ Performance"), "{:?}", trusted.comments(5));
    assert!(trusted.comments(6)[0].contains("NOTHING WAS COMPARED"), "{:?}", trusted.comments(6));
}

#[test]
fn of_several_pull_requests_one_without_a_baseline_is_no_neutral_check() {
    let trusted = Trusted::new("");
    trusted.repo.git(&["checkout", "--quiet", "--orphan", "gh-pages"]);
    trusted.repo.commit("pages");
    trusted.repo.git(&["checkout", "--quiet", "main"]);
    let bundle = trusted.bundle(1.0);
    trusted.open(&[(6, HEAD, "gh-pages"), (5, HEAD, "main")]);
    trusted.publish_with(&bundle, &["--missing-baseline=warn"]).expect(3);
    assert!(trusted.checks().iter().all(|(_, how)| how == "failure"), "{:?}", trusted.checks());
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

// --- forks: what a bundle says it is ---

/// Changes the run of a bundle.
fn change(bundle: &Path, number: usize, change: impl Fn(&mut Value)) {
    let file = bundle.join(format!("run-{number}.json"));
    let mut run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut run);
    std::fs::write(&file, run.to_string()).unwrap();
}

const LENIENT: [&str; 2] = ["--missing-baseline=warn", "--inconclusive=warn"];

#[test]
fn a_bundle_of_another_suite_profile_or_environment_than_the_job_asks_for_is_refused() {
    for (what, asked) in [("suite", "`default`"), ("profile", "none"), ("environment", "none")] {
        let trusted = Trusted::new("");
        let bundle = trusted.bundle(1.5);
        change(&bundle, 1, |run| run[what] = json!("dodge"));
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
    change(&bundle, 1, |run| run["tool"]["name"] = json!("dodge"));
    trusted.publish_with(&bundle, &LENIENT).expect(3);
    assert_eq!(trusted.checks(), [("perfgate".to_owned(), "failure".to_owned())]);
    let named = [&LENIENT[..], &["--tool=my-script"]].concat();
    let said = trusted.publish_with(&bundle, &named).expect(2).stderr;
    assert!(said.contains("names the tool `dodge`, and this job `my-script`"), "{said}");
}

#[test]
fn a_bundle_of_the_test_that_the_job_asks_for_is_judged() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.5);
    change(&bundle, 1, |run| run["profile"] = json!("nightly"));
    // Main has runs of another profile alone: nothing of a fork's doing, and still no green check.
    trusted.publish_with(&bundle, &["--profile=nightly"]).expect(3);
    assert_eq!(trusted.checks(), [("perfgate".to_owned(), "failure".to_owned())]);
    change(&bundle, 1, |run| run["profile"] = Value::Null);
    trusted.publish_with(&bundle, &["--profile=", "--suite=", "--environment="]).expect(1);
}

#[test]
fn another_load_is_no_verdict() {
    for (place, value) in [
        ("/load", json!({ "users": 1 })),
        ("/duration_s", json!(1.0)),
        ("/labels", json!({ "runner": "huge" })),
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
        change(&bundle, 1, |run| {
            run["load"] = json!({ "users": 50 });
            run["labels"] = json!({ "runner": "small" });
            run[&place[1..]] = value.clone();
        });
        let ended = trusted.publish_with(&bundle, &LENIENT);
        assert!([1, 3].contains(&ended.code), "{place}: {ended:?}");
        assert_eq!(trusted.checks(), [("perfgate".to_owned(), "failure".to_owned())], "{place}");
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
    change(&bundle, 2, |run| run["labels"] = json!({ "run": "2" }));
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
        change(&bundle, 1, |run| run["endpoints"][0]["latency"] = latency.clone());
        let said = trusted.publish_with(&bundle, &LENIENT).expect(2).stderr;
        assert!(said.contains("a bundle holds no histogram and no samples"), "{said}");
    }
}

// --- forks: judged as a branch of the repository is ---

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
    assert!(
        said.contains("does not count") && said.contains("branches of the repository"),
        "{said}"
    );
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
    assert!(trusted.comments(4)[0].contains("### ✓ Performance"), "{:?}", trusted.comments(4));
}
