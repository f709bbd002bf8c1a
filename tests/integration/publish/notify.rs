//! `perfgate notify` as a nightly job runs it, against a forge and a webhook on this machine.

use crate::support::forge::{Fault, Forge};
use crate::support::issues::KeptIssue;
use crate::support::{Ended, Repo, command, level_run};
use serde_json::Value;

const TOKEN: &str = "secret-token-1234";
const HOOK: &str = "/services/T0SECRET";

/// A branch that is measured night by night, with a forge.
struct Nightly {
    repo: Repo,
    forge: Forge,
    nights: std::cell::Cell<usize>,
}

impl Nightly {
    fn new() -> Self {
        let nightly =
            Self { repo: Repo::new(), forge: Forge::new("bot"), nights: std::cell::Cell::new(0) };
        nightly.nights_at(12, 1.0);
        nightly
    }

    /// One night at a level of the first two of six endpoints; its commit.
    fn night_with(&self, level: f64, message: &str) -> String {
        self.nights.set(self.nights.get() + 1);
        self.repo.record_level(message, self.nights.get(), &[level, level, 1.0, 1.0, 1.0, 1.0])
    }

    fn nights_at(&self, nights: usize, level: f64) -> Vec<String> {
        (0..nights).map(|_| self.night_with(level, "Change @everyone <b>")).collect()
    }

    fn notify(&self, more: &[&str]) -> Ended {
        self.notify_with(more, &[("GITHUB_ACTIONS", "true"), ("GITHUB_TOKEN", TOKEN)])
    }

    fn notify_with(&self, more: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = command(&self.repo.folder);
        command.arg("notify").args(more);
        command.env("GITHUB_API_URL", &self.forge.url).env("GITHUB_REPOSITORY", "o/r");
        command.env("GITHUB_SERVER_URL", "https://github.example");
        command.envs(variables.iter().copied());
        let ended = Ended::of(command.output().unwrap());
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.contains(TOKEN) && !said.contains("T0SECRET"), "{said}");
        ended
    }

    fn issues(&self) -> Vec<KeptIssue> {
        self.forge.state().tracker.issues.clone()
    }

    /// Messages that the webhook takes, and its address.
    fn hook(&self) -> String {
        for _ in 0..50 {
            let mut taken = Fault::new("POST", HOOK, 200);
            taken.body = "ok";
            self.forge.fail(taken);
        }
        format!("{}{HOOK}", self.forge.url)
    }

    fn messages(&self) -> Vec<Value> {
        let state = self.forge.state();
        let sent = state.requests.iter().filter(|request| request.path == HOOK);
        sent.map(|request| request.body.clone()).collect()
    }
}

#[test]
fn a_step_is_one_issue_that_is_closed_when_the_level_is_back() {
    let nightly = Nightly::new();
    nightly.notify(&[]).expect(0);
    assert!(nightly.issues().is_empty());
    let mut first = String::new();
    for night in 0..8 {
        let commit = nightly.night_with(1.5, "Change @everyone <b>");
        first = if night == 0 { commit } else { first };
        nightly.notify(&[]).expect(0);
    }
    let issues = nightly.issues();
    assert_eq!(issues.len(), 1, "{issues:#?}");
    assert!(issues[0].open && issues[0].title.contains(&first[..7]), "{issues:#?}");
    let body = &issues[0].body;
    for series in ["GET /0 p95", "GET /0 p99", "GET /1 p95", "GET /1 p99"] {
        assert!(body.contains(&format!("| `{series}` |")), "{body}");
    }
    assert!(!body.contains("GET /2") && body.contains("https://github.example/o/r/compare/"));
    let comments = issues[0].comments.len();
    nightly.notify(&[]).expect(0);
    assert_eq!(nightly.issues()[0].comments.len(), comments, "nothing changed");
    for _ in 0..8 {
        nightly.night_with(1.0, "Take it back");
        nightly.notify(&[]).expect(0);
    }
    let issues = nightly.issues();
    assert!(issues.len() == 1 && !issues[0].open, "{issues:#?}");
    assert!(issues[0].comments.last().unwrap().contains("back to the level before"));
}

#[test]
fn the_issue_names_what_moved_whence_and_how_to_see_it() {
    let nightly = Nightly::new();
    nightly.nights_at(5, 1.5);
    nightly.notify(&["--label", "speed"]).expect(0);
    let issue = nightly.issues()[0].clone();
    assert_eq!(issue.labels, ["speed"]);
    insta::assert_snapshot!(format!("{}\n---\n{}", issue.title, issue.body));
    let html = crate::support::github_html(&issue.body);
    assert!(!html.contains("<b>") && !html.contains("@everyone</a>"), "{html}");
}

#[test]
fn an_issue_that_somebody_closed_stays_closed() {
    let nightly = Nightly::new();
    nightly.nights_at(5, 1.5);
    nightly.notify(&[]).expect(0);
    nightly.forge.state().tracker.issues[0].open = false;
    nightly.nights_at(1, 1.5);
    let ended = nightly.notify(&[]).expect(0);
    assert_eq!(ended.stdout, "unchanged: no cause is open in 18 recorded commits\n");
    assert!(nightly.issues().len() == 1 && !nightly.issues()[0].open);
}

#[test]
fn a_commit_that_accepts_every_series_closes_the_issue() {
    let nightly = Nightly::new();
    nightly.nights_at(5, 1.5);
    nightly.notify(&[]).expect(0);
    let body = nightly.issues()[0].body.clone();
    let accept: Vec<&str> =
        body.lines().filter(|line| line.starts_with("Perfgate-Accept:")).collect();
    assert_eq!(accept.len(), 4, "{body}");
    nightly.night_with(1.5, &format!("Say why\n\n{}", accept[..3].join("\n")));
    nightly.notify(&[]).expect(0);
    assert!(nightly.issues()[0].open, "one series is not accepted");
    nightly.night_with(1.5, &format!("Say why\n\n{}", accept[3]));
    let ended = nightly.notify(&[]).expect(0);
    assert!(ended.stdout.starts_with("accepted #1: GET /"), "{}", ended.stdout);
    assert!(!nightly.issues()[0].open);
}

#[test]
fn a_failed_gate_is_told_at_once_and_becomes_the_step_that_it_was() {
    let nightly = Nightly::new();
    let commit = nightly.repo.commit("Slow down");
    let results = nightly.repo.around().join("new.json");
    std::fs::write(&results, level_run(40, &[1.5, 1.5, 1.0, 1.0, 1.0, 1.0]).to_string()).unwrap();
    let results = results.to_str().unwrap();
    let arguments = ["compare", "--baseline", "main", results, "--output", "json=report.json"];
    nightly.repo.perfgate(&arguments).expect(1);
    nightly.repo.perfgate(&["record", results]).expect(0);
    nightly.notify(&["--report", "report.json"]).expect(0);
    let issue = nightly.issues()[0].clone();
    assert!(issue.title.starts_with(&format!("gate failed at {}: ", &commit[..7])), "{issue:?}");
    nightly.notify(&["--report", "report.json"]).expect(0);
    for _ in 0..5 {
        nightly.night_with(1.5, "Something else");
        nightly.notify(&[]).expect(0);
    }
    let issues = nightly.issues();
    assert_eq!(issues.len(), 1, "{issues:#?}");
    assert!(issues[0].title.contains(&format!("since {}", &commit[..7])), "{issues:#?}");
}

#[test]
fn a_failed_gate_that_the_history_does_not_confirm_is_closed() {
    let nightly = Nightly::new();
    let results = nightly.repo.around().join("new.json");
    std::fs::write(&results, level_run(40, &[1.5, 1.0, 1.0, 1.0, 1.0, 1.0]).to_string()).unwrap();
    let results = results.to_str().unwrap();
    nightly.repo.commit("Seem slow");
    let arguments = ["compare", "--baseline", "main", results, "--output", "json=report.json"];
    nightly.repo.perfgate(&arguments).expect(1);
    nightly.repo.perfgate(&["record", results]).expect(0);
    nightly.notify(&["--report", "report.json"]).expect(0);
    assert!(nightly.issues()[0].open);
    nightly.nights_at(4, 1.0);
    let ended = nightly.notify(&[]).expect(0);
    assert!(ended.stdout.starts_with("gone #1: the history no longer shows"), "{}", ended.stdout);
    let issues = nightly.issues();
    assert!(!issues[0].open && issues[0].title.starts_with("gate failed"), "{issues:#?}");
}

#[test]
fn without_a_forge_each_change_is_one_message() {
    let nightly = Nightly::new();
    let hook = nightly.hook();
    let night = |level: f64| {
        nightly.nights_at(1, level);
        nightly.notify_with(&[], &[("PERFGATE_WEBHOOK", &hook)]).expect(0);
    };
    (0..7).for_each(|_| night(1.5));
    (0..7).for_each(|_| night(1.0));
    let messages = nightly.messages();
    let events: Vec<&str> = messages.iter().map(|own| own["event"].as_str().unwrap()).collect();
    let (first, rest) = events.split_first().unwrap();
    let (last, between) = rest.split_last().unwrap();
    assert_eq!((*first, *last), ("opened", "back"), "{events:?}");
    assert!(between.iter().all(|event| *event == "updated"), "{events:?}");
    let text = std::fs::read_to_string("schemas/notice.v1.json").unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(messages.iter().all(|own| jsonschema::is_valid(&schema, own)), "{messages:#?}");
    assert!(nightly.forge.state().tracker.issues.is_empty());
}

#[test]
fn a_chat_gets_the_form_that_it_reads_with_a_link_to_the_issue() {
    let nightly = Nightly::new();
    let hook = nightly.hook();
    nightly.nights_at(5, 1.5);
    nightly.notify(&["--webhook", &hook, "--as", "slack"]).expect(0);
    let text = nightly.messages()[0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("✗ main: GET /"), "{text}");
    assert!(text.contains("&lt;b&gt;") && !text.contains("@everyone"), "{text}");
    assert!(text.ends_with(&format!("<{}/issue/1|Open the issue>", nightly.forge.url)), "{text}");
    nightly.notify(&["--webhook", &hook, "--as", "teams"]).expect(0);
    assert_eq!(nightly.messages().len(), 1, "nothing changed");
    nightly.notify(&["--webhook", &hook, "--as", "teams", "--always"]).expect(0);
    let card = nightly.messages()[1]["attachments"][0]["content"].clone();
    let shown = card["body"][0]["text"].as_str().unwrap();
    assert_eq!(shown, "✓ main: 1 cause still open");
}

#[test]
fn a_dry_run_changes_nothing() {
    let nightly = Nightly::new();
    nightly.nights_at(5, 1.5);
    let ended = nightly.notify_with(&["--dry-run"], &[]).expect(0);
    assert!(ended.stdout.starts_with("would be opened: GET /"), "{}", ended.stdout);
    nightly.notify(&["--dry-run"]).expect(0);
    assert!(nightly.issues().is_empty());
}

#[test]
fn what_cannot_be_told_is_said_with_what_to_do() {
    let nightly = Nightly::new();
    nightly.nights_at(5, 1.5);
    let refused = |ended: Ended, words: [&str; 2]| {
        let said = ended.expect(2).stderr;
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    refused(nightly.notify_with(&[], &[]), ["there is nobody to tell", "--webhook URL"]);
    let github = [("GITHUB_ACTIONS", "true")];
    refused(nightly.notify_with(&[], &github), ["there is no token", "GITHUB_TOKEN"]);
    let bitbucket = [("BITBUCKET_BUILD_NUMBER", "3")];
    refused(nightly.notify_with(&[], &bitbucket), ["no issues on Bitbucket", "--webhook URL"]);
    for status in [403, 404, 410] {
        nightly.forge.fail(Fault::new("POST", "/issues", status));
        refused(nightly.notify(&[]), [&status.to_string(), "issues: write"]);
    }
    let hook = format!("{}{HOOK}", nightly.forge.url);
    let webhook = [("PERFGATE_WEBHOOK", hook.as_str())];
    refused(
        nightly.notify_with(&["--always"], &webhook),
        ["the answer is 404", "check its address"],
    );
}
