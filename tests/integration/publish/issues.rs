//! Issues on a forge on this machine: one for each cause, whatever else goes on there.

use super::forge::assert_requests_are_valid;
use crate::support::forge::{Fault, Forge};
use perfgate::forge::{
    Draft, ForgeError, GitHub, Issue, IssueMarker, Issues, Patience, Tracker, Webhook,
};
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;

const TOKEN: &str = "secret-token-1234";

thread_local! {
    static WAITED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

fn patience() -> Patience {
    WAITED.with_borrow_mut(Vec::clear);
    let sleep = |time: Duration| WAITED.with_borrow_mut(|list| list.push(time.as_secs()));
    Patience { total: 200, request: Duration::from_secs(30), sleep, now: || 1_000 }
}

fn marker(since: &str) -> IssueMarker {
    let (key, told) = ("default".to_owned(), "raised".to_owned());
    IssueMarker { key, since: since.to_owned(), told, series: 1 }
}

fn draft(text: &str) -> Draft {
    Draft { title: "slower".to_owned(), text: text.to_owned(), open: true }
}

fn open(forge: &Forge, since: &str) -> Result<Issue, ForgeError> {
    let github = GitHub::new(&forge.url, "o/r", TOKEN, patience()).unwrap();
    Tracker::new(&github, "perfgate", "default").unwrap().open(&marker(since), &draft("text"))
}

/// Number and state of every issue.
fn states(forge: &Forge) -> Vec<(u64, bool)> {
    forge.state().tracker.issues.iter().map(|own| (own.number, own.open)).collect()
}

#[test]
fn of_two_jobs_at_once_one_issue_stays_open() {
    let forge = Forge::new("bot");
    forge.state().tracker.twin = true;
    assert_eq!(open(&forge, "aaa").unwrap().number, 1, "the older one stays");
    assert_eq!(states(&forge), [(1, true), (2, false)]);
    assert!(forge.state().tracker.issues[1].body.ends_with("This is a duplicate of #1."));
    // What was closed as a duplicate is known no more.
    let github = GitHub::new(&forge.url, "o/r", TOKEN, patience()).unwrap();
    let tracker = Tracker::new(&github, "perfgate", "default").unwrap();
    assert_eq!(tracker.known().unwrap().len(), 1);
}

#[test]
fn what_was_lost_on_the_way_is_not_made_twice() {
    let forge = Forge::new("bot");
    let mut lost = Fault::new("POST", "/issues", 502);
    lost.done = true;
    forge.fail(lost);
    assert_eq!(open(&forge, "aaa").unwrap().number, 1);
    assert_eq!(states(&forge), [(1, true)]);
    forge.fail(Fault::new("POST", "/issues", 502));
    assert_eq!(open(&forge, "bbb").unwrap().number, 2);
    assert_eq!(states(&forge), [(1, true), (2, true)]);
}

#[test]
fn only_our_own_issues_with_the_label_and_the_marker_count() {
    let forge = Forge::new("bot");
    open(&forge, "aaa").unwrap();
    let mine = forge.state().tracker.issues[0].clone();
    let mut others = vec![mine.clone(), mine.clone(), mine.clone(), mine.clone()];
    others[0].author = "mallory".to_owned();
    others[1].body = format!("quoted\n{}", mine.body);
    others[2].body = mine.body.replace("key=default", "key=web");
    others[3].labels = vec!["bug".to_owned()];
    for (mut other, number) in others.into_iter().zip(2..) {
        other.number = number;
        forge.state().tracker.issues.push(other);
    }
    let github = GitHub::new(&forge.url, "o/r", TOKEN, patience()).unwrap();
    let known = Tracker::new(&github, "perfgate", "default").unwrap().known().unwrap();
    let numbers: Vec<u64> = known.iter().map(|(issue, _)| issue.number).collect();
    assert_eq!(numbers, [1]);
}

/// Makes an issue, edits it, comments on it, and closes it.
fn walk(issues: &dyn Issues) {
    let tracker = Tracker::new(issues, "perfgate", "default").unwrap();
    let made = tracker.open(&marker("aaa"), &draft("one")).unwrap();
    tracker.comment(made.number, "more").unwrap();
    tracker.put(made.number, &marker("aaa"), &Draft { open: false, ..draft("two") }).unwrap();
    let known = tracker.known().unwrap();
    assert_eq!(known.len(), 1);
    let (issue, told) = &known[0];
    assert!(!issue.open && issue.body.ends_with("\ntwo") && issue.url.is_some(), "{issue:?}");
    assert_eq!(*told, marker("aaa"));
}

#[test]
fn every_forge_with_issues_makes_edits_and_closes_one() {
    struct Variables(Vec<(&'static str, String)>);
    impl perfgate::forge::Variables for Variables {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
        }
    }
    let mut walked = Vec::new();
    for known in perfgate::forge::FORGES {
        let Some(tracking) = &known.tracking else { continue };
        let forge = Forge::new("us");
        let variables = Variables(vec![
            ("GITHUB_API_URL", forge.url.clone()),
            ("GITHUB_REPOSITORY", "o/r".to_owned()),
            ("CI_API_V4_URL", format!("{}/api/v4", forge.url)),
            ("CI_PROJECT_ID", "42".to_owned()),
        ]);
        walk(&*(tracking.issues)(&variables, TOKEN, patience()).unwrap());
        let state = forge.state();
        assert_eq!(state.tracker.issues[0].comments, ["more"], "{}", known.name);
        assert_eq!(state.tracker.issues[0].labels, ["perfgate"], "{}", known.name);
        walked.push(known.name);
        drop(state);
        if known.name == "github" {
            assert_requests_are_valid(&forge);
        }
    }
    assert_eq!(walked, ["gitea", "github", "gitlab"]);
}

#[test]
fn the_address_of_a_webhook_is_never_said() {
    let forge = Forge::new("bot");
    let address = format!("{}/services/T0SECRET/b1secret?key=s3cret-key", forge.url);
    let mut echo = Fault::new("POST", "/b1secret", 404);
    echo.body = "no such hook: /services/T0SECRET/b1secret?key=s3cret-key";
    forge.fail(echo);
    let webhook = Webhook::new(&address, patience()).unwrap();
    let error = webhook.send(&json!({})).unwrap_err();
    let text = format!("{error} {error:?} {webhook:?}");
    for secret in ["T0SECRET", "b1secret", "s3cret-key"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("posting to the webhook on 127.0.0.1: the answer is 404"), "{text}");
    assert!(Webhook::new("hooks.slack.com/x", patience()).is_err());
}

#[test]
fn a_busy_webhook_is_waited_for_and_a_lost_answer_is_not_repeated() {
    let forge = Forge::new("bot");
    let webhook = Webhook::new(&format!("{}/hook-1", forge.url), patience()).unwrap();
    let mut done = Fault::new("POST", "/hook-1", 200);
    done.body = "ok";
    forge.fail(Fault::new("POST", "/hook-1", 429).with("retry-after", "7"));
    forge.fail(done);
    webhook.send(&json!({ "text": "hello" })).unwrap();
    assert_eq!(WAITED.with_borrow(Clone::clone), [7]);
    forge.fail(Fault::new("POST", "/hook-1", 500));
    assert_eq!(webhook.send(&json!({})).unwrap_err().status(), Some(500));
    assert_eq!(forge.count("POST", "/hook-1"), 3);
}
