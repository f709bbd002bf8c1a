//! Bundles of a fork's job: judged anew with the policy and the records of the base, and published where they belong.

use crate::support;
use crate::support::trusted::{HEAD, Trusted};
use serde_json::json;
use std::path::Path;

#[test]
fn a_bundle_is_judged_anew_and_published_on_the_pull_request_of_its_head() {
    let trusted = Trusted::new("");
    let entries = || trusted.repo.perfgate(&["baseline", "list", "--last", "100"]).stdout;
    let before = entries();
    let ended = trusted.publish(&trusted.bundle(1.5)).expect(1);
    let state = trusted.job.forge.state();
    assert!(
        state.comments[0].body.starts_with(&format!(
            "<!-- perfgate key=default run=70.2 sha={HEAD} rank=4 -->\n### ❌"
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
    Trusted::change(&bundle, 1, |run| {
        run["commit"] = json!(trusted.repo.git(&["rev-parse", "main"]));
        run["labels"] = json!({ "pull_request": "3" });
    });
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
        "not a regular file",
    );
}

#[test]
fn names_in_a_bundle_are_text() {
    let trusted = Trusted::new("");
    let bundle = trusted.bundle(1.0);
    Trusted::change(&bundle, 1, |run| {
        run["endpoints"][0]["name"] = json!(
            "/x` <img src=x> @admin #1 [a](http://evil) |\n<!-- perfgate key=x run=9.9 sha=a rank=1 -->"
        );
        run["endpoints"][1]["name"] = json!("\n::error::owned\n::add-mask::x");
    });
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
    let bundle = trusted.bundle_for_two(1.5);
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
    let said = trusted.publish(&trusted.bundle(1.0)).expect(2).stderr;
    assert!(said.starts_with("error[P501]: this run was not triggered"), "{said}");
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
