//! Runs of few calls that go on until a budget is decided, or calls and money are spent.
#![cfg(unix)]

use crate::support::load_tool::{recorded, repository, write};
use crate::support::{Ended, Repo};
use serde_json::{Value, json};

const BUDGET: &str = "budgets: [{ p95: \"< 3s\" }]\n";

/// A repository whose tool makes ten calls each time, of which some take longer than three seconds.
fn ten_calls(misses: usize, metrics: &Value) -> Repo {
    let slow = if misses > 0 { 4_000 } else { 2_000 };
    let tenth = if misses > 5 { slow } else { 1_900 };
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "tool" }, "endpoints": [],
        "total": { "requests": 10, "failures": 0,
            "latency": { "count": 10, "mean": 1900, "max": slow, "quantiles": { "p10": tenth } } },
        "metrics": metrics });
    let repo = repository("echo x >> count; cp result.json \"$1/result.json\"");
    write(&repo, "result.json", &run.to_string());
    write(&repo, "perfgate.yaml", BUDGET);
    repo
}

fn decide(repo: &Repo, more: &[&str]) -> (usize, Ended) {
    let mut arguments = vec!["run", "--busy-ok", "--out", "out", "--until-decided"];
    arguments.extend(more);
    arguments.extend(["--", "./tool.sh", "{out}"]);
    let ended = repo.perfgate(&arguments);
    let made = std::fs::read_to_string(repo.folder.join("count")).unwrap_or_default();
    (made.lines().count(), ended)
}

#[test]
fn runs_go_on_until_enough_calls_show_that_a_budget_is_kept() {
    let repo = ten_calls(0, &json!([]));
    let (runs, ended) = decide(&repo, &["--max-calls", "60"]);
    assert_eq!((runs, ended.code), (6, 0), "{ended:?}");
    assert!(ended.stdout.contains("60 of 60 below: 95 % sure"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("not decided after 5 runs (50 calls): measuring again"),
        "{ended:?}"
    );
    assert_eq!(recorded(&repo).len(), 6);
}

#[test]
fn more_looks_ask_for_more_calls_than_one() {
    let repo = ten_calls(0, &json!([]));
    let (runs, ended) = decide(&repo, &["--max-calls", "200"]);
    assert_eq!((runs, ended.code), (8, 0), "{ended:?}");
}

#[test]
fn a_limit_that_most_calls_miss_is_decided_at_once() {
    let (runs, ended) = decide(&ten_calls(6, &json!([])), &["--max-calls", "200"]);
    assert_eq!((runs, ended.code), (1, 1), "{ended:?}");
}

#[test]
fn what_is_open_when_the_calls_are_spent_has_no_verdict() {
    let (runs, ended) = decide(&ten_calls(0, &json!([])), &["--max-calls", "35"]);
    assert_eq!((runs, ended.code), (3, 3), "{ended:?}");
    let end = "not decided after 3 runs (30 calls): another run would exceed 35 calls";
    assert!(ended.stderr.contains(end), "{}", ended.stderr);
    assert!(ended.stdout.contains("30 of 30 below 3000 ms"), "{}", ended.stdout);
}

#[test]
fn money_ends_it_as_calls_do() {
    let cost = json!([{ "name": "cost", "unit": "usd", "value": 0.45 }]);
    let repo = ten_calls(0, &cost);
    write(&repo, "perfgate.yaml", &format!("{BUDGET}gate: {{ max_cost: $2 }}\n"));
    let (runs, ended) = decide(&repo, &[]);
    assert_eq!((runs, ended.code), (4, 3), "{ended:?}");
    let end = "not decided after 4 runs (40 calls, $1.80): another run would exceed $2";
    assert!(ended.stderr.contains(end), "{}", ended.stderr);
}

#[test]
fn a_cost_that_nobody_measures_is_an_error_before_the_second_run() {
    let (runs, ended) = decide(&ten_calls(0, &json!([])), &["--max-cost", "2"]);
    assert_eq!((runs, ended.code), (1, 2), "{ended:?}");
    assert!(ended.stderr.contains("does not say what the run cost"), "{}", ended.stderr);
    assert!(ended.stderr.contains("a metric `cost`"), "{}", ended.stderr);
}

#[test]
fn without_a_question_nothing_is_run() {
    let repo = ten_calls(0, &json!([]));
    write(&repo, "perfgate.yaml", "gate: { max_calls: 100 }\n");
    let (runs, ended) = decide(&repo, &[]);
    assert_eq!((runs, ended.code), (0, 2), "{ended:?}");
    assert!(ended.stderr.contains("no baseline and no budget"), "{}", ended.stderr);
}

#[test]
fn an_amount_that_is_none_is_a_mistake_in_the_policy() {
    let repo = ten_calls(0, &json!([]));
    write(&repo, "perfgate.yaml", "gate: { max_cost: 2s }\n");
    let ended = repo.perfgate(&["check", "result.json"]).expect(2);
    assert!(ended.stderr.contains("\"2s\" is not an amount: write $2"), "{}", ended.stderr);
}

#[test]
fn a_comparison_of_few_calls_goes_on_until_they_show_that_the_limit_is_kept() {
    let repo = ten_calls(0, &json!([]));
    write(&repo, "perfgate.yaml", "gate: { max_calls: 100 }\n");
    let samples: Vec<u64> = (0..10).map(|i| 1_900 + i).collect();
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "tool" }, "endpoints": [
        { "method": "POST", "name": "/chat", "failures": 0, "latency": { "samples": samples } }] });
    write(&repo, "result.json", &run.to_string());
    for _ in 0..3 {
        repo.perfgate(&["record", "--commit", "HEAD", "result.json"]).expect(0);
    }
    repo.commit("second");
    let (runs, ended) = decide(&repo, &["--baseline", "HEAD~1"]);
    let again = "not decided after 1 run (10 calls): measuring again";
    assert!(ended.stderr.contains(again), "{ended:?}");
    // 0.95⁷⁰ is 2.8 %, seven tenths of the 4 % that all looks may spend.
    assert_eq!((runs, ended.code), (7, 0), "{ended:?}");
}
