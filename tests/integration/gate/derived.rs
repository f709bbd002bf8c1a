//! Metrics that the policy computes: what a request costs, how much a cache saves. Judged like any other, and by whoever's policy
//! decides.

use crate::support::{Ended, Repo, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 200 000 requests in 100 s: 20 million tokens in, 4 million out.
fn run() -> Value {
    json!({
        "schema": "perfgate.run/1", "tool": { "name": "own" }, "duration_s": 100, "load": { "users": 50 },
        "total": {
            "requests": 200_000, "failures": 100, "throughput_rps": 2000,
            "latency": { "count": 200_000, "mean": 20.0, "quantiles": { "p50": 15.0, "p95": 60.0 } },
        },
        "endpoints": [{ "name": "/chat", "requests": 200_000, "failures": 100 }],
        "metrics": [
            { "name": "prompt_tokens", "type": "counter", "unit": "tokens", "value": 20_000_000 },
            { "name": "completion_tokens", "type": "trend", "value": 20, "count": 200_000, "quantiles": { "p95": 50 } },
            { "name": "queries", "type": "counter", "value": 50_000 },
            { "name": "ttft", "type": "trend", "unit": "ms", "value": 8, "count": 200_000, "quantiles": { "p95": 24 } },
            { "name": "nothing", "type": "counter", "value": 0 },
        ],
        "resources": { "service_memory_mb": { "mean": 500 }, "cpu_percent": { "mean": 40 } },
    })
}

const POLICY: &str = "metrics:
  cost_per_request: \"(prompt_tokens * $3 + sum(completion_tokens) * $15) / 1e6 / requests\"
  cache_reduction: { formula: \"1 - queries / requests\", direction: higher }
  hosting: \"$2.40 / 3600 / throughput\"
  queue: { formula: \"p95 - ttft_p95\", direction: lower }
  memory_per_user: \"service_memory_mb / users\"
  tokens_per_second: \"prompt_tokens / duration\"
  wait: { formula: \"0.5\", unit: s }
  undefined: \"queries / nothing\"
  lacks: \"promt_tokens / requests\"
  rests_on_it: \"lacks * 2\"
  added: \"queries + ttft\"
  squared: \"ttft * ttft\"
";

fn check(policy: &str) -> Ended {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    std::fs::write(scratch.path().join("run.json"), run().to_string()).unwrap();
    perfgate(scratch.path(), &["check", "run.json"])
}

fn judged(budget: &str) -> (String, i32) {
    let ended = check(&format!("{POLICY}budgets:\n  - {budget}\n"));
    let line = ended.stdout.lines().find(|line| line.starts_with("            "));
    (line.unwrap_or(&ended.stderr).trim().to_owned(), ended.code)
}

#[test]
fn a_derived_metric_is_judged_like_any_other() {
    let is = |budget: &str, line: &str, code: i32| {
        assert_eq!(judged(budget), (line.to_owned(), code), "{budget}");
    };
    // (20e6 × 3 + 4e6 × 15) / 1e6 = 120 dollars for 200 000 requests.
    is("cost_per_request: \"< $0.01\"", "✓ cost_per_request 0.000600 usd < 0.01 usd", 0);
    is("cost_per_request: \"<= $0.0006\"", "✓ cost_per_request 0.000600 usd ≤ 0.0006 usd", 0);
    is("cost_per_request: \"< $0.0006\"", "✗ cost_per_request 0.000600 usd, limit < 0.0006 usd", 1);
    is("cache_reduction: \">= 75%\"", "✓ cache_reduction 75.0 % ≥ 75 %", 0);
    is("cache_reduction: \"> 75%\"", "✗ cache_reduction 75.0 %, limit > 75 %", 1);
    is("queue: \"<= 36ms\"", "✓ queue 36.00 ms ≤ 36 ms", 0);
    is("memory_per_user: \"<= 10MB\"", "✓ memory_per_user 10.0 MB ≤ 10 MB", 0);
    is("tokens_per_second: \">= 200000\"", "✓ tokens_per_second 200000 /s ≥ 200000 /s", 0);
    is("wait: \"<= 500ms\"", "✓ wait 500.00 ms ≤ 500 ms", 0);
    is("hosting: \"< $0.00001\"", "✓ hosting 0.000000333 usd < 0.00001 usd", 0);
}

#[test]
fn what_cannot_be_computed_does_not_pass_and_says_why() {
    let is = |name: &str, why: &str| {
        let (line, code) = judged(&format!("{name}: \"< 1\""));
        assert_eq!((line, code), (format!("? {name} (< 1): not measured: {why}"), 3));
    };
    is("undefined", "its formula divides by zero");
    is("lacks", "the run has no promt_tokens; did you mean prompt_tokens?");
    is("rests_on_it", "the run has no promt_tokens; did you mean prompt_tokens?");
    is("added", "its formula adds a number and s");
    is("squared", "its formula gives s^2, which is not a unit of it");
}

#[test]
fn a_mistake_in_a_formula_is_an_error_with_its_place() {
    let refused = |metrics: &str, problem: &str| {
        let ended = check(&format!("metrics:\n  {metrics}\nbudgets: [{{ p95: 1s }}]\n")).expect(2);
        assert!(ended.stderr.contains(problem), "{metrics}: {}", ended.stderr);
        assert!(ended.stderr.contains("perfgate.yaml:2:"), "{metrics}: {}", ended.stderr);
    };
    refused("a: \"1 +\"", "the formula of a is not one: something is missing at its end");
    refused("a: \"p95 + error_rate\"", "the formula of a adds s and a share");
    refused("a: \"$1 + duration\"", "the formula of a adds USD and s");
    refused(
        "a: \"p95 * p95\"",
        "the formula of a gives s^2, which is no unit: give the metric a `unit`",
    );
    refused(
        "a: { formula: \"p95\", unit: usd }",
        "the formula of a gives s, which is not its unit",
    );
    refused(
        "a: \"reqests / 2\"",
        "\"reqests\" in the formula of a is unknown: did you mean requests?",
    );
    refused("p95: \"1\"", "every run has its own p95: call the metric otherwise");
    refused("a: { unit: usd }", "a `formula` is missing");
    refused("a: { formula: \"1\", units: usd }", "did you mean unit?");
    refused("{ a: \"b\", b: \"c * 2\", c: \"a\" }", "a is computed from itself: a → b → c → a");
    refused("{ a: \"p95\", b: \"a + $1\" }", "the formula of b adds s and USD");
}

#[test]
fn a_change_of_a_derived_metric_is_limited_like_that_of_any_other() {
    let scratch = TempDir::new().unwrap();
    let policy = format!(
        "{}regression_thresholds:\n  cost_per_request: 10%\ngate: {{ decide: threshold }}\n",
        "metrics:\n  cost_per_request: \"prompt_tokens * $3 / 1e6 / requests\"\n"
    );
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let compared = |tokens: u64| {
        let mut new = run();
        new["metrics"][0]["value"] = json!(tokens);
        // A value that the file itself has is not what the policy means.
        new["metrics"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "name": "cost_per_request", "value": 0 }));
        std::fs::write(scratch.path().join("old.json"), run().to_string()).unwrap();
        std::fs::write(scratch.path().join("new.json"), new.to_string()).unwrap();
        let arguments = ["compare", "--baseline-file", "old.json", "new.json", "--format", "json"];
        let ended = perfgate(scratch.path(), &arguments);
        let report = ended.json();
        let own = report["findings"].as_array().unwrap().iter();
        let own = own.clone().find(|f| f["metric"] == "cost_per_request").unwrap().clone();
        (own["verdict"].clone(), own["unit"].clone())
    };
    assert_eq!(compared(22_000_000), (json!("pass"), json!("usd")));
    assert_eq!(compared(22_100_000), (json!("fail"), json!("usd")));
}

#[test]
fn recorded_runs_are_computed_by_the_policy_of_the_day() {
    let repo = Repo::new();
    let write = |name: &str, text: &str| std::fs::write(repo.folder.join(name), text).unwrap();
    write("run.json", &run().to_string());
    repo.commit("first");
    repo.perfgate(&["record", "run.json"]).expect(0);
    write(
        "perfgate.yaml",
        "metrics: { per_request: \"prompt_tokens / requests\" }\nbudgets: [{ per_request: \"<= 100\" }]\n",
    );
    let ended = repo.perfgate(&["check"]).expect(0);
    assert!(ended.stdout.contains("✓ per_request 100 ≤ 100"), "{}", ended.stdout);
    write(
        "perfgate.yaml",
        "metrics: { per_request: \"prompt_tokens / requests * 2\" }\nbudgets: [{ per_request: \"<= 100\" }]\n",
    );
    repo.perfgate(&["check"]).expect(1);
    let trend = repo.perfgate(&["trend", "--metric", "per_request"]).expect(0);
    assert!(trend.stdout.contains("per_request"), "{}", trend.stdout);
}
