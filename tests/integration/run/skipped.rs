//! A profile that requires what is not there is skipped: said in every form, never passed, and never skipped by a pull request.
#![cfg(unix)]

use crate::support::load_tool::{ARGUMENTS, GOOD, recorded, repository, write};
use crate::support::pull_request::{PullRequest, STRICT};
use crate::support::{Ended, Repo, command, level_run};

const POLICY: &str = "profiles:\n  llm: { users: 2, spawn_rate: 1, duration: 1m, requires: { env: [LLM_KEY, LLM_URL] }, targets: [{ error_rate: 1% }] }\n";
const SAID: &str = "skipped: profile llm requires LLM_KEY and LLM_URL, which are not set";

fn skipping() -> Repo {
    let repo = repository(GOOD);
    write(&repo, "perfgate.yaml", POLICY);
    repo
}

fn run(repo: &Repo, variables: &[(&str, &str)], more: &[&str]) -> Ended {
    let arguments = [&["run", "--busy-ok", "--profile", "llm"], more, &ARGUMENTS].concat();
    let variables = variables.iter().copied();
    Ended::of(command(&repo.folder).args(arguments).envs(variables).output().unwrap())
}

#[test]
fn nothing_is_run_and_nothing_recorded() {
    let repo = skipping();
    let ended = run(&repo, &[], &[]).expect(0);
    assert_eq!(ended.stdout, format!("? {SAID}\n  exit 0\n"));
    assert!(!repo.folder.join("perfgate-results").exists() && recorded(&repo).is_empty());
    // A secret that a fork does not get is empty.
    let empty = run(&repo, &[("LLM_KEY", ""), ("LLM_URL", "http://secret")], &[]).expect(0);
    assert!(empty.stdout.contains("requires LLM_KEY, which is not set"), "{}", empty.stdout);
    assert!(!format!("{empty:?}").contains("secret"));
    let required = run(&repo, &[], &["--skipped", "fail"]).expect(3);
    assert!(required.stdout.contains("exit 3 (--skipped warn makes this a warning)"));
}

#[test]
fn with_what_it_requires_it_runs_and_no_value_is_printed() {
    let repo = skipping();
    let set = [("LLM_KEY", "hunter2"), ("LLM_URL", "http://hunter2")];
    let ended = run(&repo, &set, &[]).expect(0);
    assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    assert_eq!(recorded(&repo).len(), 1);
    // What was measured is judged, here as well as where the variables are set.
    repo.perfgate(&["check", "--profile", "llm"]).expect(0);
}

#[test]
fn a_run_that_is_missing_for_that_reason_is_skipped_and_not_passed() {
    let repo = skipping();
    for arguments in [
        &["check", "--profile", "llm"][..],
        &["check", "--profile", "llm", "llm.json"],
        &["compare", "--baseline", "main", "--profile", "llm"],
        &["compare", "--baseline", "main", "--profile", "llm", "results/*.json"],
        &["compare", "--baseline-file", "result.json", "--profile", "llm", "llm.json"],
    ] {
        let json = repo.perfgate(&[arguments, &["--format", "json"]].concat()).expect(0).json();
        assert_eq!(
            (&json["verdict"], &json["reason"]),
            (&"not_compared".into(), &"skipped".into())
        );
        let skipped = serde_json::json!({ "profile": "llm", "missing": ["LLM_KEY", "LLM_URL"] });
        assert_eq!(json["skipped"], skipped);
        repo.perfgate(&[arguments, &["--skipped", "fail"]].concat()).expect(3);
    }
    let form = |format: &str| {
        repo.perfgate(&["check", "--profile", "llm", "--format", format]).expect(0).stdout
    };
    assert_eq!(form("table"), format!("? {SAID}\n  exit 0\n"));
    assert!(form("markdown").starts_with("### ❓ Performance: skipped\n\nSkipped: profile `llm`"));
    assert!(form("junit").contains("skipped=\"1\"") && form("junit").contains("<skipped message"));
    write(&repo, "perfgate.yaml", &format!("{POLICY}gate: {{ skipped: fail }}\n"));
    repo.perfgate(&["check", "--profile", "llm"]).expect(3);
}

#[test]
fn other_profiles_and_results_that_are_there_are_judged_as_ever() {
    let repo = skipping();
    repo.perfgate(&["check", "--profile", "llm", "result.json"]).expect(0);
    write(
        &repo,
        "result.json",
        &level_run(0, &[1.0]).to_string().replace("\"failures\":0", "\"failures\":600"),
    );
    repo.perfgate(&["check", "--profile", "llm", "result.json"]).expect(1);
    repo.perfgate(&["compare", "--baseline", "main", "--profile", "stress"]).expect(2);
    repo.perfgate(&["check", "--profile", "stress"]).expect(2);
    // Without a baseline nothing can be judged, whatever is skipped.
    let gone = ["compare", "--baseline-file", "gone.json", "--profile", "llm", "result.json"];
    repo.perfgate(&gone).expect(2);
}

#[test]
fn a_report_of_a_skipped_profile_says_so() {
    let repo = skipping();
    let report = repo.perfgate(&["report", "--full", "--baseline", "main", "--profile", "llm"]);
    assert!(report.expect(0).stdout.contains("? skipped: profile `llm` requires"));
    let file = ["check", "--profile", "llm", "--output", "json=report.json"];
    repo.perfgate(&file).expect(0);
    repo.perfgate(&["report", "report.json", "--html", "report.html"]).expect(0);
    let page = std::fs::read_to_string(repo.folder.join("report.html")).unwrap();
    assert!(page.contains("kipped: profile llm requires LLM_KEY and LLM_URL"), "{page}");
}

#[test]
fn a_pull_request_skips_no_profile_that_main_does_not_skip() {
    let base = format!("{STRICT}\nprofiles: {{ llm: {{ targets: [{{ error_rate: 1% }}] }} }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &base)]);
    let policy = base.replace("llm: {", "llm: { requires: { env: [NOT_SET_ANYWHERE] },");
    pull_request.commit(&[("perfgate.yaml", &policy)]);
    pull_request.gate("pull_request", &["--profile", "llm", "gone.json"]).expect(2);
    // A push is nobody's pull request.
    pull_request.gate("push", &["--profile", "llm", "gone.json"]).expect(0);
}

#[test]
fn a_requirement_is_the_name_of_a_variable() {
    let repo = skipping();
    write(&repo, "perfgate.yaml", "profiles: { llm: { requires: { env: [\"LLM KEY\"] } } }\n");
    let ended = repo.perfgate(&["check", "result.json"]).expect(2);
    assert!(ended.stderr.contains("the name of an environment variable is expected"));
}
