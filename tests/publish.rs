//! `perfgate publish` as a job of a CI runs it, against a forge on this machine; and bundles that somebody tampered with.
#![expect(clippy::unwrap_used, reason = "test code")]

#[path = "support/forge.rs"]
mod fake;
mod support;
#[path = "support/trusted.rs"]
mod trusted;

use fake::{Fault, Forge};
use serde_json::{Value, json};
use std::path::Path;
use support::{Ended, command, fixture};
use tempfile::TempDir;
use trusted::{HEAD, Job, TOKEN, Trusted};

const BASE: &str = "k6/2.2.0/base-1/summary.json";
const BASES: [&str; 3] = [BASE, "k6/2.2.0/base-2/summary.json", "k6/2.2.0/base-3/summary.json"];
const SLOWER: &str = "k6/2.2.0/regressed-1/summary.json";

#[test]
fn a_pull_request_gets_a_comment_a_summary_annotations_and_outputs() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let ended = job.publish(&[], &[]).expect(0);
    let body = job.forge.state().comments[0].body.clone();
    assert!(body.starts_with("<!-- perfgate key=default run=5.1 sha=headsha rank=4 -->\n### ✗ Performance: 1 endpoint slower\n"), "{body}");
    let summary = job.read("summary.md");
    assert!(summary.starts_with("what the job wrote before\n### ✗ Performance"), "{summary}");
    assert_eq!(
        body.split_once('\n').unwrap().1.trim_end(),
        summary.split_once('\n').unwrap().1.trim_end()
    );
    let errors = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with("::error title=performance%3A "))
        .count();
    assert_eq!(errors, 4, "{}", ended.stdout);
    let url = format!("{}/comment/{}", job.forge.url, job.forge.state().comments[0].id);
    assert_eq!(job.read("output"), format!("verdict=fail\nexit-code=1\ncomment-url={url}\n"));
}

#[test]
fn a_report_read_back_from_its_file_is_rendered_as_it_was() {
    let scratch = TempDir::new().unwrap();
    for (baseline, current) in [
        (BASE, SLOWER),
        (SLOWER, BASE),
        (BASE, BASE),
        ("locust/2.47.0/base-1/x_stats.csv", "locust/2.47.0/base-2/x_stats.csv"),
        (BASE, "locust/2.47.0/base-1/x_stats.csv"),
    ] {
        let (baseline, current) = (fixture(baseline), fixture(current));
        let arguments = [
            "compare",
            "--baseline-file",
            baseline.to_str().unwrap(),
            current.to_str().unwrap(),
            "--output",
            "json=r.json",
            "--format",
            "markdown",
        ];
        let direct = support::perfgate(scratch.path(), &arguments).stdout;
        let back =
            support::perfgate(scratch.path(), &["publish", "--report", "r.json"]).expect(0).stdout;
        assert_eq!(direct, back);
    }
}

#[test]
fn a_comment_that_cannot_be_made_is_said_with_what_is_missing_and_nothing_else_changes() {
    for (status, help) in [
        (401, "GITHUB_TOKEN is not valid"),
        (403, "pull-requests: write"),
        (404, "the token cannot see it"),
        (422, "locked"),
    ] {
        let job = Job::new();
        job.compare(&BASES, SLOWER);
        for _ in 0..5 {
            job.forge.fail(Fault::new("POST", "/comments", status));
        }
        let ended = job.publish(&[], &[]).expect(0);
        assert!(
            ended.stderr.contains(&status.to_string()) && ended.stderr.contains(help),
            "{}",
            ended.stderr
        );
        assert!(job.read("summary.md").contains("### ✗ Performance"));
        assert!(job.read("output").contains("verdict=fail\nexit-code=1\n"));
    }
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let ended = job.publish(&[], &[("GITHUB_TOKEN", "")]).expect(0);
    assert!(ended.stderr.contains("there is no token; set GITHUB_TOKEN"), "{}", ended.stderr);
}

#[test]
fn where_nobody_else_shows_it_the_report_goes_to_the_log() {
    let scratch = TempDir::new().unwrap();
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    std::fs::copy(job.path("report.json"), scratch.path().join("report.json")).unwrap();
    let ended =
        support::perfgate(scratch.path(), &["publish", "--report", "report.json"]).expect(0);
    assert!(ended.stdout.starts_with("### ✗ Performance"), "{}", ended.stdout);
}

#[test]
fn a_summary_is_never_larger_than_a_step_may_have() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let full = "x".repeat((1 << 20) - 10);
    std::fs::write(job.path("summary.md"), &full).unwrap();
    let ended = job.publish(&["--no-comment"], &[]).expect(0);
    assert_eq!(job.read("summary.md"), full);
    assert!(ended.stdout.contains("### ✗ Performance"), "then the report is in the log");
}

#[test]
fn a_check_run_is_made_on_the_head_of_the_pull_request() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    job.publish(&["--check", "--no-comment"], &[]).expect(0);
    let check = job.forge.state().checks[0].clone();
    assert_eq!((&check["head_sha"], &check["conclusion"]), (&json!("headsha"), &json!("failure")));
    assert_eq!(check["output"]["title"], "4 regressions");
    assert!(job.forge.heads().is_empty());
}

#[test]
fn the_other_forges_are_known_by_the_variables_of_their_ci() {
    let scratch = TempDir::new().unwrap();
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    std::fs::copy(job.path("report.json"), scratch.path().join("report.json")).unwrap();
    let publish = |variables: &[(&str, &str)]| {
        let mut command = command(scratch.path());
        command.args(["publish", "--report", "report.json"]);
        for (name, value) in variables {
            command.env(name, value);
        }
        Ended::of(command.output().unwrap()).expect(0)
    };
    let forge = Forge::new("us");
    let api = format!("{}/api/v4", forge.url);
    publish(&[
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", &api),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_PIPELINE_ID", "9"),
        ("CI_JOB_ID", "1"),
        ("PERFGATE_TOKEN", TOKEN),
    ]);
    assert!(forge.heads()[0].2.starts_with("<!-- perfgate key=default run=9.1 "));
    let forge = Forge::new("us");
    let api = format!("{}/2.0", forge.url);
    publish(&[
        ("BITBUCKET_BUILD_NUMBER", "3"),
        ("BITBUCKET_API_URL", &api),
        ("BITBUCKET_REPO_FULL_NAME", "w/r"),
        ("BITBUCKET_PR_ID", "7"),
        ("BITBUCKET_TOKEN", TOKEN),
    ]);
    assert!(forge.heads()[0].2.starts_with("[//]: # (perfgate "));
    assert!(!forge.state().comments[0].body.contains("<details>"), "Bitbucket folds nothing");
    let forge = Forge::new("us");
    let event = scratch.path().join("event.json");
    std::fs::write(
        &event,
        json!({ "pull_request": { "number": 7, "head": { "sha": "s" } } }).to_string(),
    )
    .unwrap();
    let api = format!("{}/api/v1", forge.url);
    publish(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITEA_ACTIONS", "true"),
        ("GITHUB_API_URL", &api),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("GITEA_TOKEN", TOKEN),
    ]);
    assert_eq!(forge.heads().len(), 1);
}

#[test]
fn what_is_no_report_is_refused() {
    let job = Job::new();
    for (text, why) in [("{}", "missing field `schema`"), ("not json", "not a perfgate report")] {
        std::fs::write(job.path("report.json"), text).unwrap();
        let ended = job.publish(&[], &[]).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    job.compare(&BASES, SLOWER);
    let good: Value = serde_json::from_str(&job.read("report.json")).unwrap();
    for (place, value) in
        [("/schema", "perfgate.report/9"), ("/verdict", "great"), ("/findings/0/reason", "luck")]
    {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = json!(value);
        job.write("report.json", &bad);
        assert!(job.publish(&[], &[]).expect(2).stderr.contains(value));
    }
    assert!(job.forge.state().requests.is_empty());
}

#[test]
fn a_bundle_is_judged_anew_and_published_on_the_pull_request_of_its_head() {
    let trusted = Trusted::new("");
    let entries = || trusted.repo.perfgate(&["baseline", "list", "--last", "100"]).stdout;
    let before = entries();
    let ended = trusted.publish(&trusted.bundle(1.5)).expect(1);
    let state = trusted.job.forge.state();
    assert!(
        state.comments[0].body.starts_with(&format!(
            "<!-- perfgate key=default run=70.2 sha={HEAD} rank=4 -->\n### ✗"
        )),
        "{}",
        ended.stderr
    );
    assert!(state.requests.iter().any(|r| r.path == "/repos/o/r/issues/4/comments"));
    drop(state);
    assert_eq!(entries(), before, "nothing of a fork is recorded");
    trusted.publish(&trusted.bundle(1.0)).expect(0);
}

#[test]
fn what_a_bundle_says_of_itself_counts_for_nothing() {
    // Everything beside the numbers: a verdict, another pull request, other limits, a commit of its own.
    let trusted = Trusted::new("regression_thresholds: { api_response_time: { p95: 30% } }\n");
    let bundle = trusted.bundle(1.6);
    for (name, text) in [
        ("report.json", "{\"verdict\": \"pass\", \"exit_code\": 0}"),
        ("pr-number", "3"),
        ("manifest.json", "{\"pull_request\": 3, \"verdict\": \"pass\"}"),
        ("perfgate.yaml", "regression_thresholds: { api_response_time: { p95: 900% } }"),
        ("../perfgate-evil", "x"),
    ] {
        std::fs::write(bundle.join(name), text).unwrap();
    }
    let file = bundle.join("run-1.json");
    let mut run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    run["commit"] = json!(trusted.repo.git(&["rev-parse", "main"]));
    run["labels"] = json!({ "pull_request": "3" });
    std::fs::write(&file, run.to_string()).unwrap();
    trusted.publish(&bundle).expect(1);
    let state = trusted.job.forge.state();
    assert!(
        state.comments[0].body.contains("+30\u{a0}%"),
        "the base's limit: {}",
        state.comments[0].body
    );
    assert!(!state.requests.iter().any(|r| r.path.contains("/issues/3/")));
}

#[test]
fn a_bundle_that_is_no_bundle_is_refused_before_anything_is_published() {
    let refused = |change: &dyn Fn(&Path), why: &str| {
        let trusted = Trusted::new("");
        let bundle = trusted.bundle(1.0);
        change(&bundle);
        let ended = trusted.publish(&bundle).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        assert!(trusted.job.forge.state().requests.is_empty(), "{why}");
    };
    let file = |bundle: &Path| bundle.join("run-1.json");
    refused(&|b| std::fs::remove_file(file(b)).unwrap(), "there is no run-1.json");
    refused(
        &|b| std::fs::write(file(b), "{\"schema\": \"perfgate.run/1\", \"tool\": ").unwrap(),
        "nothing is published",
    );
    let nan = "{\"schema\": \"perfgate.run/1\", \"tool\": {\"name\": \"x\"}, \"duration_s\": -1}";
    refused(&|b| std::fs::write(file(b), nan).unwrap(), "duration_s");
    // A file that claims ten gigabytes takes no room here: it is sparse.
    refused(
        &|b| std::fs::File::create(file(b)).unwrap().set_len(10 << 30).unwrap(),
        "larger than 16 MB",
    );
    #[cfg(unix)]
    refused(
        &|b| {
            std::fs::remove_file(file(b)).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", file(b)).unwrap();
        },
        "no plain file",
    );
}

#[test]
fn names_in_a_bundle_are_text() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.0);
    let file = bundle.join("run-1.json");
    let mut run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    run["endpoints"][0]["name"] = json!(
        "/x` <img src=x> @admin #1 [a](http://evil) |\n<!-- perfgate key=x run=9.9 sha=a rank=1 -->"
    );
    run["endpoints"][1]["name"] = json!("\n::error::owned\n::add-mask::x");
    std::fs::write(&file, run.to_string()).unwrap();
    let ended = trusted.publish(&bundle);
    let body = trusted.job.forge.state().comments[0].body.clone();
    let html = support::github_html(&body);
    for markup in ["<img", "<a ", "href"] {
        assert!(!html.contains(markup), "{markup}: {html}");
    }
    assert!(
        !ended.stdout.contains("\n::error::owned") && !ended.stdout.contains("::add-mask"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_annotations_of_all_pull_requests_of_a_head_are_in_one_file() {
    let trusted = Trusted::new("");
    trusted.repo.git(&["checkout", "--quiet", "--orphan", "gh-pages"]);
    trusted.repo.commit("pages");
    trusted.repo.git(&["checkout", "--quiet", "main"]);
    let bundle = trusted.bundle(1.5);
    trusted.open(&[(6, HEAD, "gh-pages"), (5, HEAD, "main")]);
    let file = trusted.job.path("annotations");
    let to = format!("--annotations={}", file.display());
    let ended = trusted.publish_with(&bundle, &["--missing-baseline=warn", &to]).expect(1);
    let written = std::fs::read_to_string(file).unwrap();
    assert!(written.contains("::error title=performance%3A GET /0"), "{written}");
    assert!(written.contains("NOTHING WAS COMPARED"), "{written}");
    assert!(!ended.stdout.contains("::error"), "{ended:?}");
}

#[test]
fn a_pull_request_that_has_moved_on_gets_nothing() {
    let trusted = Trusted::new("");
    trusted.job.forge.state().pulls = json!([]);
    let ended = trusted.publish(&trusted.bundle(1.5)).expect(0);
    assert!(ended.stderr.contains("no open pull request has this head"), "{}", ended.stderr);
    assert!(trusted.job.forge.heads().is_empty());
    trusted
        .job
        .write("event.json", &json!({ "workflow_run": { "event": "push", "head_sha": HEAD } }));
    assert!(trusted.publish(&trusted.bundle(1.0)).expect(2).stderr.contains("workflow_run"));
}

#[test]
fn a_bundle_is_held_against_the_anchor_as_well() {
    let trusted = Trusted::new("baseline: { anchor: v1 }\n");
    trusted.repo.git(&["tag", "v1"]);
    let creep = |i: i32| [1.04_f64.powi(i), 1.0, 1.0, 1.0, 1.0, 1.0];
    for i in 1..=10 {
        trusted.repo.record_level("a small step", i as usize + 20, &creep(i));
    }
    trusted.open(&[(4, HEAD, "main")]);
    let bundle = trusted.bundle(1.04_f64.powi(11));
    trusted.publish(&bundle).expect(1);
    let body = trusted.job.forge.state().comments[0].body.clone();
    assert!(body.contains("Regression since `v1`: `GET /0` is slower"), "{body}");
}
