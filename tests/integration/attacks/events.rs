//! Forks, merge queues and `pull_request_target`: what an event may decide, and what it may not.
#![cfg(unix)]

use crate::support::pull_request::{PullRequest, STRICT, warning};
use crate::support::{Ended, command};

pub(super) const ACCEPTS: &str = "slower\n\nPerfgate-Accept: GET /0 p95 <= +90% | trust me\nPerfgate-Accept: GET /0 p99 <= +90% | trust me\n";

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
        ("merge_group", "a merge queue does not show"),
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
        assert!(
            said.contains("error[P008]: perfgate does not run on pull_request_target"),
            "{arguments:?}: {said}"
        );
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
