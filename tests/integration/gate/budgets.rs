//! Absolute limits: what teams' performance documents say is judged line by line, and what cannot be judged does not pass.

use crate::support::{Ended, Repo, fixture, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run with an endpoint, a WebSocket, metrics and resources.
fn run() -> Value {
    let latency = |p95: f64| {
        json!({ "count": 6000, "mean": p95 / 2.0, "max": p95 * 3.0, "stddev": p95 / 5.0,
        "quantiles": { "p50": p95 / 2.0, "p90": p95 * 0.9, "p95": p95, "p99": p95 * 1.5, "p99.9": p95 * 2.0 } })
    };
    json!({
        "schema": "perfgate.run/1", "tool": { "name": "locust" }, "duration_s": 60,
        "endpoints": [
            { "method": "POST", "name": "/api/chat", "requests": 60000, "failures": 30, "throughput_rps": 1000, "latency": latency(234.56) },
            { "method": "GET", "name": "/api/items", "requests": 60000, "failures": 0, "throughput_rps": 1000, "latency": latency(80.0) },
            { "kind": "websocket", "method": "WS", "name": "/ws/echo", "requests": 6000, "failures": 0, "latency": latency(20.0) },
        ],
        "total": { "requests": 126_000, "failures": 30, "throughput_rps": 2100, "latency": latency(150.0) },
        "metrics": [
            { "name": "websocket_backpressure_drops", "unit": "count", "value": 10 },
            { "name": "cache_hit_rate", "unit": "ratio", "direction": "higher", "value": 0.61 },
            { "name": "cost_per_request", "unit": "usd", "value": 0.004 },
            { "name": "retry_cv", "unit": "number", "value": 1 },
            { "name": "queue_depth", "unit": "number", "value": 50 },
            { "name": "ttft", "unit": "ms", "value": 120, "count": 6000, "quantiles": { "p95": 300 } },
        ],
        "resources": {
            "cpu_percent": { "mean": 41, "max": 99 },
            "memory_percent": { "mean": 60, "max": 70 },
            "service_memory_mb": { "mean": 410, "max": 455, "slope_per_hour": 3.0, "slope_interval": { "low": -2.0, "high": 6.0 } },
        },
    })
}

fn check_run(run: &Value, policy: &str, more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let mut arguments = vec!["check", "run.json"];
    arguments.extend(more);
    perfgate(scratch.path(), &arguments)
}

/// The budget lines of a check of one limit, and its exit code.
fn judged(target: &str) -> (String, i32) {
    let ended = check_run(&run(), &format!("budgets:\n  - {target}\n"), &[]);
    let lines = ended.stdout.lines().filter(|line| line.starts_with("            "));
    (lines.map(str::trim).collect::<Vec<_>>().join("; "), ended.code)
}

#[test]
fn every_sort_of_limit_is_judged_as_it_is_written() {
    let is = |target: &str, line: &str, code: i32| {
        assert_eq!(judged(target), (line.to_owned(), code), "{target}");
    };
    is("p95: \"< 1000ms\"", "✓ total p95 150.00 ms < 1000 ms", 0);
    is("p99.9: \"< 0.2s\"", "✗ total p99.9 300.00 ms, limit < 200 ms", 1);
    is("response_time_mean: 100ms", "✓ total mean 75.00 ms ≤ 100 ms", 0);
    is("max: \"< 400ms\"", "✗ total max 450.00 ms, limit < 400 ms", 1);
    is(
        "api_response_time_p95: \"< 200ms\"",
        "✗ POST /api/chat p95 234.56 ms, limit < 200 ms; ✓ GET /api/items p95 80.00 ms < 200 ms",
        1,
    );
    is("websocket_latency_p99: \"< 100ms\"", "✓ WS /ws/echo p99 30.00 ms < 100 ms", 0);
    is("error_rate: \"< 0.1%\"", "✓ total error rate 0.0238 % < 0.1 %", 0);
    is("throughput: \"> 1000 RPS\"", "✓ total throughput 2100 /s > 1000 /s", 0);
    is("throughput: 3000 req/s", "✗ total throughput 2100 /s, limit ≥ 3000 /s", 1);
    is("cost_per_request: \"< $0.01\"", "✓ cost_per_request 0.00400 usd < 0.01 usd", 0);
    is("websocket_backpressure_drops: \"<= 10\"", "✓ websocket_backpressure_drops 10 ≤ 10", 0);
    is(
        "websocket_backpressure_drops: \"< 10\"",
        "✗ websocket_backpressure_drops 10, limit < 10",
        1,
    );
    is("cache_hit_rate: \"> 60%\"", "✓ cache_hit_rate 61.0 % > 60 %", 0);
    is("ttft: \"< 100ms\"", "✗ ttft 120.00 ms, limit < 100 ms", 1);
    is("ttft_p95: \"< 500ms\"", "✓ ttft p95 300.00 ms < 500 ms", 0);
    is("cpu: \"< 70%\"", "✓ cpu mean 41.0 % < 70 %", 0);
    is("cpu_max: \"< 70%\"", "✗ cpu max 99.0 %, limit < 70 %", 1);
    is("memory: \"< 512MB\"", "✓ service memory max 455 MB < 512 MB", 0);
    is("memory: \"< 65%\"", "✗ memory max 70.0 %, limit < 65 %", 1);
    is("memory_leak: none", "✓ service memory growth: no leak", 0);
    is("memory_leak: \"< 50MB\"", "✓ service memory growth 0 MB/h < 50 MB/h", 0);
    is("service_memory_mb: \"< 400MB\"", "✗ service_memory_mb 410 mb, limit < 400 mb", 1);
    is("service_memory_mb_max: \"< 500MB\"", "✓ service_memory_mb max 455 mb < 500 mb", 0);
    is("stddev: \"< 50ms\"", "✓ total stddev 30.00 ms < 50 ms", 0);
    is("latency_cv: \"< 30%\"", "✗ total cv 40.0 %, limit < 30 %", 1);
    is("{ operation: /api/chat, cv: \"< 30%\" }", "✗ POST /api/chat cv 40.0 %, limit < 30 %", 1);
    is(
        "api_response_time_stddev: \"< 50ms\"",
        "✓ POST /api/chat stddev 46.91 ms < 50 ms; ✓ GET /api/items stddev 16.00 ms < 50 ms",
        0,
    );
    is("retry_cv: \"< 2\"", "✓ retry_cv 1 < 2", 0);
    is("cpu_percent: \"< 70%\"", "✓ cpu_percent 41.0 percent < 70 percent", 0);
}

#[test]
fn a_leak_may_be_limited_by_what_it_takes_in_an_hour() {
    let mut run = run();
    run["resources"]["service_memory_mb"]["slope_interval"]["low"] = json!(60.0);
    for (limit, code) in [("< 50MB", 1), ("60MiB", 0), ("< 1GB", 0)] {
        check_run(&run, &format!("budgets: [{{ memory_leak: \"{limit}\" }}]\n"), &[]).expect(code);
    }
}

#[test]
fn tiers_warn_fail_and_are_named() {
    let tiers = |target: u32, acceptable: u32, critical: u32| {
        judged(&format!(
            "p95: {{ target: {target}ms, acceptable: {acceptable}ms, critical: {critical}ms }}"
        ))
    };
    assert_eq!(tiers(200, 300, 400), ("✓ total p95 150.00 ms ≤ 200 ms".to_owned(), 0));
    assert_eq!(tiers(100, 300, 400), ("! total p95 150.00 ms, target ≤ 100 ms".to_owned(), 0));
    assert_eq!(tiers(100, 140, 400), ("✗ total p95 150.00 ms, limit ≤ 140 ms".to_owned(), 1));
    assert_eq!(
        tiers(100, 120, 140),
        ("✗ total p95 150.00 ms: critical, limit ≤ 140 ms".to_owned(), 1)
    );
    assert_eq!(
        judged(
            "{ operation: POST /api/chat, expected_p95: 200ms, limit: 1s, error_rate: \"< 0.01%\" }"
        )
        .0,
        "✗ POST /api/chat error rate 0.0500 %, limit < 0.01 %; ! POST /api/chat p95 234.56 ms, target ≤ 200 ms"
    );
}

#[test]
fn a_rule_for_one_endpoint_takes_the_place_of_its_class() {
    let policy = "budgets:\n  - api_response_time_p95: \"< 100ms\"\n  - { operation: /api/chat, limit: 300ms }\n";
    let ended = check_run(&run(), policy, &[]).expect(0);
    assert!(ended.stdout.contains("✓ POST /api/chat p95 234.56 ms ≤ 300 ms"), "{}", ended.stdout);
    assert!(ended.stdout.contains("✓ GET /api/items p95 80.00 ms < 100 ms"), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_judged_does_not_pass() {
    let is =
        |target: &str, line: &str| assert_eq!(judged(target), (line.to_owned(), 3), "{target}");
    is("cache_hit_rat: \"> 60%\"", "? cache_hit_rat: not measured; did you mean cache_hit_rate?");
    is(
        "queue_depth: \"< 2s\"",
        "? queue_depth: the limit has a different unit than the metric (number)",
    );
    is("ttft: \"< 5%\"", "? ttft: the limit has a different unit than the metric (ms)");
    is("{ operation: /nowhere, limit: 1s }", "? /nowhere p95 (≤ 1000 ms): not measured");
    let mut no_resources = run();
    no_resources["resources"] = json!({});
    let ended =
        check_run(&no_resources, "budgets: [{ cpu: \"< 70%\" }, { error_rate: \"< 1%\" }]\n", &[])
            .expect(3);
    assert!(
        ended.stdout.contains(
            "no verdict: 1 of 2 budgets could not be judged: cpu mean (< 70 %): not measured"
        ),
        "{}",
        ended.stdout
    );
}

#[test]
fn an_endpoint_that_was_hardly_requested_is_said_and_does_not_block_its_class() {
    let mut rare = run();
    rare["endpoints"][1]["requests"] = json!(50);
    rare["endpoints"][1]["latency"]["count"] = json!(50);
    let policy = "budgets: [{ api_response_time_p95: \"< 300ms\" }]\n";
    let ended = check_run(&rare, policy, &[]).expect(0);
    assert!(
        ended.stdout.contains("! GET /api/items p95: 50 of 50 below 300 ms: shows p90 < 300 ms"),
        "{}",
        ended.stdout
    );
    rare["endpoints"][0]["requests"] = json!(50);
    rare["endpoints"][0]["latency"]["count"] = json!(50);
    check_run(&rare, policy, &[]).expect(3);
}

#[test]
fn a_mistake_in_a_budget_is_an_error_with_what_was_meant() {
    let error = |policy: &str| check_run(&run(), policy, &[]).expect(2).stderr;
    for (policy, said) in [
        ("budgets: [{ eror_rate: \"< 1%\" }]", "did you mean error_rate?"),
        ("budgets: [{ apy_response_time_p95: \"< 1s\" }]", "did you mean api_response_time_p95?"),
        ("budgets: [{ p95: \"< fast\" }]", "\"< fast\" is not a limit"),
        ("budgets: [{ workers_online: 60% }]", "needs a sign: write < 60% or > 60%"),
        ("budgets: [{ cpu: \"< 70\" }]", "a number does not fit here: write < 70%"),
        ("budgets: [{ error_rate: 1 }]", "a number does not fit here: write < 0.1%"),
        ("budgets: [{ p95: \"< 500\" }]", "a number does not fit here: write < 500ms"),
        ("budgets: [{ p95: { target: 2s, acceptable: 1s } }]", "tiers go from good to bad"),
        ("budgets: [{ p95: { goal: 2s } }]", "unknown tier \"goal\""),
        ("budgets: [{ p95: 1s }, { response_time_p95: 2s }]", "limited twice"),
        ("budgets: [{ operation: /a, p95th: 1s }]", "unknown column \"p95th\""),
        ("profiles: { stress: { durations: 5m } }", "did you mean duration?"),
        ("profiles: { stress: { duration: soon } }", "\"soon\" is not a duration"),
        ("targets: [{ p95: 1s }]", "write its name beside it: profile: baseline"),
    ] {
        let error = error(policy);
        assert!(error.contains(said), "{policy}: {error}");
    }
    let policy = "profiles: { baseline: { targets: [{ p95: 1s }] }, empty: {} }";
    let named = |name: &str| check_run(&run(), policy, &["--profile", name]);
    assert!(named("baselin").expect(2).stderr.contains("did you mean baseline?"));
    assert!(named("empty").expect(2).stderr.contains("has no targets"));
    assert!(
        check_run(&run(), policy, &[])
            .expect(2)
            .stderr
            .contains("name one with --profile: baseline, empty")
    );
    assert!(check_run(&run(), "results: []", &[]).expect(2).stderr.contains("write `budgets:`"));
}

const DOCUMENTS: &str = r#"
profiles:
  baseline:
    description: Normal production load
    users: 100
    spawn_rate: 10
    duration: 10m
    targets:
      - api_response_time_p95: "< 500ms"
      - error_rate: "< 0.1%"
      - throughput: "> 100 RPS"
  stress: { users: 500, spawn_rate: 50, duration: 5m, targets: [{ api_response_time_p95: "< 2s" }, { error_rate: "< 1%" }] }
  spike: { users: 1000, spawn_rate: 100, duration: 2m, targets: [{ error_rate: "< 5%" }] }
  soak: { users: 200, spawn_rate: 20, duration: 2h, targets: [{ memory_leak: none }, { cpu: "< 70%" }, { memory: "< 80%" }] }
"#;

#[test]
fn the_profiles_of_a_performance_document_are_judged_line_by_line() {
    let lines = |profile: &str| {
        let ended =
            check_run(&run(), DOCUMENTS, &["--profile", profile, "--format", "json"]).expect(0);
        let budgets = ended.json()["budgets"].as_array().unwrap().clone();
        let names: Vec<String> =
            budgets.iter().map(|b| b["budget"].as_str().unwrap().to_owned()).collect();
        assert!(budgets.iter().all(|b| b["verdict"] == "pass"), "{budgets:#?}");
        names.join(" ")
    };
    assert_eq!(
        lines("baseline"),
        "api_response_time_p95 api_response_time_p95 error_rate throughput"
    );
    assert_eq!(lines("stress"), "api_response_time_p95 api_response_time_p95 error_rate");
    assert_eq!(lines("spike"), "error_rate");
    assert_eq!(lines("soak"), "memory_leak cpu memory");
    let top = "profile: baseline\ndescription: Normal\nusers: 100\nspawn_rate: 10\nduration: 10m\ntargets:\n  - error_rate: \"< 0.01%\"\n";
    check_run(&run(), top, &["--profile", "baseline"]).expect(1);
}

#[test]
fn a_profile_that_is_nearly_called_like_one_of_the_policy_is_a_slip() {
    let repo = Repo::new();
    repo.commit("main");
    let file = |name: &str, text: &str| std::fs::write(repo.folder.join(name), text).unwrap();
    file("perfgate.yaml", "profiles: { stress: { users: 500 } }\n");
    file("run.json", &run().to_string());
    for command in [
        &["record"][..],
        &["check"],
        &["compare", "--baseline", "main"],
        &["compare", "--baseline-file", "run.json"],
        &["normalize"],
    ] {
        let ended =
            repo.perfgate(&[command, &["--profile", "strss", "run.json"]].concat()).expect(2);
        assert!(ended.stderr.contains("has no profile strss"), "{}", ended.stderr);
        assert!(ended.stderr.contains("did you mean stress?"), "{}", ended.stderr);
    }
    let ended = repo.perfgate(&["run", "--profile", "strss", "--", "true"]).expect(2);
    assert!(ended.stderr.contains("did you mean stress?"), "{}", ended.stderr);
    // Any other name is a load of its own, and so is a part of a profile.
    for name in ["stress", "stress:recovery", "nightly", ""] {
        repo.perfgate(&["record", "--profile", name, "run.json"]).expect(0);
    }
}

#[test]
fn compare_judges_the_budgets_of_the_profile_as_well() {
    let repo = Repo::new();
    let record = |file: &str| repo.perfgate(&["record", "--profile", "baseline", file]).expect(0);
    std::fs::write(repo.folder.join("run.json"), run().to_string()).unwrap();
    repo.commit("first");
    record("run.json");
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("second");
    let compare = |policy: &str, more: &[&str]| {
        std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
        let mut arguments =
            vec!["compare", "--baseline", "main", "--profile", "baseline", "run.json"];
        arguments.extend(more);
        repo.perfgate(&arguments)
    };
    let broken = DOCUMENTS.replace("< 0.1%", "< 0.01%");
    assert!(compare(DOCUMENTS, &[]).expect(0).stdout.contains("  budgets   4 of 4 kept"));
    let ended = compare(&broken, &[]).expect(1);
    assert!(
        ended.stdout.starts_with("✗ over budget: total error rate 0.0238 %, limit < 0.01 %"),
        "{}",
        ended.stdout
    );
    for (format, said) in [
        ("markdown", "* ❌ `total error rate` 0.0238 %, limit < 0.01 %"),
        ("junit", "<testcase classname=\"error_rate\" name=\"total error rate\">"),
        ("sarif", "\"ruleId\": \"budget\""),
        ("codequality", "\"check_name\": \"budget\""),
        (
            "github",
            "::error title=budget%3A error_rate::total error rate 0.0238 %25, limit < 0.01 %25",
        ),
    ] {
        let text = compare(&broken, &["--format", format]).expect(1).stdout;
        assert!(text.contains(said), "{format}: {text}");
    }
    let unmeasured = DOCUMENTS.replace("throughput: \"> 100 RPS\"", "queue_length: \"< 5\"");
    assert!(
        compare(&unmeasured, &[])
            .expect(3)
            .stdout
            .contains("could not be judged: queue_length (< 5): not measured")
    );
    // Without the profile, its budgets do not hold.
    repo.perfgate(&["record", "run.json"]).expect(0);
    repo.perfgate(&["report", "--html", "page.html", "--baseline-file", "run.json", "run.json"])
        .expect(0);
}

#[test]
fn a_report_with_budgets_reads_back() {
    let scratch = TempDir::new().unwrap();
    let file = fixture("k6/2.2.0/base-1/summary.json");
    std::fs::write(
        scratch.path().join("perfgate.yaml"),
        "budgets: [{ p95: \"< 10ms\" }, { error_rate: 1% }]\n",
    )
    .unwrap();
    perfgate(scratch.path(), &["check", file.to_str().unwrap(), "--output", "json=r.json"])
        .expect(1);
    perfgate(scratch.path(), &["report", "r.json", "--html", "page.html"]).expect(1);
    let html = std::fs::read_to_string(scratch.path().join("page.html")).unwrap();
    assert!(html.contains("Budgets: 1 of 2 kept"), "{html}");
    assert!(html.contains("<li class=\"fail\">✗ total p95 "), "{html}");
}
