//! `perfgate publish` as a job of a CI runs it, against a forge on this machine; and bundles that somebody tampered with.

use crate::support::forge::{Fault, Forge};
use crate::support::trusted::{Job, TOKEN};
use crate::support::{self, Ended, command, fixture};
use serde_json::{Value, json};
use tempfile::TempDir;

const BASE: &str = "k6/2.2.0/base-1/summary.json";

const BASES: [&str; 3] = [BASE, "k6/2.2.0/base-2/summary.json", "k6/2.2.0/base-3/summary.json"];

const SLOWER: &str = "k6/2.2.0/regressed-1/summary.json";

#[test]
fn a_pull_request_gets_a_comment_a_summary_annotations_and_outputs() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let ended = job.publish(&[], &[]).expect(0);
    let body = job.forge.state().comments[0].body.clone();
    assert!(body.starts_with("<!-- perfgate key=default run=5.1 sha=headsha rank=4 -->\n### ❌ Performance: 1 endpoint slower\n"), "{body}");
    let summary = job.read("summary.md");
    assert!(summary.starts_with("what the job wrote before\n### ❌ Performance"), "{summary}");
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
fn the_comment_leads_to_the_page_and_the_site_where_the_job_says_where_they_are() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let pages = [
        ("PERFGATE_PAGE_URL", "https://pages.example/pr/7.html"),
        ("PERFGATE_SITE_URL", "javascript:alert(1)"),
    ];
    job.publish(&[], &pages).expect(0);
    let body = job.forge.state().comments[0].body.clone();
    let last = body.trim_end().lines().last().unwrap();
    assert_eq!(last, "<sub>[full report](https://pages.example/pr/7.html)</sub>");
    let site = [("PERFGATE_SITE_URL", "https://pages.example/history/index.html")];
    job.publish(&[], &site).expect(0);
    let body = job.forge.state().comments[0].body.clone();
    let history = "<sub>[history](https://pages.example/history/index.html)</sub>";
    assert!(body.contains(history), "{body}");
    let page = ["report", "report.json", "--html", "page.html"];
    job.run(&page, &site, job.folder.path()).expect(1);
    let html = job.read("page.html");
    let link = "<dt>History</dt><dd><a href=\"https://pages.example/history/index.html\" rel=\"noreferrer\">all commits</a></dd>";
    assert!(html.contains(link), "{html}");
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
        assert!(job.read("summary.md").contains("### ❌ Performance"));
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
    assert!(ended.stdout.starts_with("### ❌ Performance"), "{}", ended.stdout);
}

#[test]
fn a_summary_is_never_larger_than_a_step_may_have() {
    let job = Job::new();
    job.compare(&BASES, SLOWER);
    let full = "x".repeat((1 << 20) - 10);
    std::fs::write(job.path("summary.md"), &full).unwrap();
    let ended = job.publish(&["--no-comment"], &[]).expect(0);
    assert_eq!(job.read("summary.md"), full);
    assert!(ended.stdout.contains("### ❌ Performance"), "then the report is in the log");
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
