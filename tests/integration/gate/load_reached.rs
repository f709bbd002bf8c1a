//! Was the load reached? Good numbers of a load that was never there are worth nothing, and nobody passes for being asked little.

use crate::support::{Ended, fixture, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

fn check(policy: &str, files: &[(&str, &str)], more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let mut arguments = vec!["check"];
    for (name, text) in files {
        std::fs::write(scratch.path().join(name), text).unwrap();
        arguments.push(name);
    }
    arguments.extend(more);
    perfgate(scratch.path(), &arguments)
}

/// The first budget line of a check, and its exit code.
fn judged(budget: &str, runs: &[Value]) -> (String, i32) {
    let texts: Vec<String> = runs.iter().map(Value::to_string).collect();
    let names = ["a.json", "b.json", "c.json"];
    let files: Vec<(&str, &str)> =
        names.into_iter().zip(texts.iter().map(String::as_str)).collect();
    let ended = check(&format!("budgets:\n  - {budget}\n"), &files, &[]);
    let line = ended.stdout.lines().find(|line| line.starts_with("            "));
    (line.unwrap_or(&ended.stderr).trim().to_owned(), ended.code)
}

/// A run with this load.
fn run(load: Value) -> Value {
    json!({
        "schema": "perfgate.run/1", "tool": { "name": "own" }, "duration_s": 599.2, "load": load,
        "endpoints": [
            { "method": "POST", "name": "/login", "requests": 450, "failures": 0 },
            { "method": "GET", "name": "/items", "requests": 2000, "failures": 0 },
        ],
        "metrics": [{ "name": "iterations", "type": "counter", "value": 490 }],
    })
}

#[test]
fn a_number_of_the_load_is_a_lower_limit_unless_it_says_otherwise() {
    let of = |budget: &str| judged(budget, &[run(json!({ "users": 100, "connections": 50 }))]);
    let is = |budget: &str, line: &str, code: i32| {
        assert_eq!(of(budget), (line.to_owned(), code), "{budget}");
    };
    is("users: 100", "✓ users 100 ≥ 100", 0);
    is("users: \">= 101\"", "✗ users 100, limit ≥ 101", 1);
    is("users: \"> 100\"", "✗ users 100, limit > 100", 1);
    is("users: \"<= 100\"", "✓ users 100 ≤ 100", 0);
    is("requests: \">= 2450\"", "✓ requests 2450 ≥ 2450", 0);
    is("requests: 2451", "✗ requests 2450, limit ≥ 2451", 1);
    is("connections: \">= 50\"", "✓ connections 50 ≥ 50", 0);
    is("iterations: 500", "✗ iterations 490, limit ≥ 500", 1);
    is("users: { target: 200, acceptable: 50 }", "! users 100, target ≥ 200", 0);
    is("{ operation: POST /login, requests: 451 }", "✗ POST /login requests 450, limit ≥ 451", 1);
    is("{ operation: total, users: 100 }", "✓ users 100 ≥ 100", 0);
    is(
        "{ operation: /nowhere, requests: 1 }",
        "? /nowhere requests (≥ 1): not measured: the results do not say how much there was",
        3,
    );
}

#[test]
fn the_ends_of_a_load_show_no_request_and_count_all_the_same() {
    let lasted = |seconds: f64, limit: &str| {
        let mut run = run(json!({}));
        run["duration_s"] = json!(seconds);
        judged(&format!("duration: {limit}"), &[run])
    };
    assert_eq!(lasted(600.0, "10m"), ("✓ duration 600.00 s ≥ 600 s".to_owned(), 0));
    // A hundredth of ten minutes.
    assert_eq!(
        lasted(594.0, "\">= 10m\""),
        ("✓ duration 594.00 s, as good as ≥ 600 s".to_owned(), 0)
    );
    assert_eq!(lasted(593.99, "10m"), ("✗ duration 593.99 s, limit ≥ 600 s".to_owned(), 1));
    // A second of ten.
    assert_eq!(lasted(9.0, "10s").1, 0);
    assert_eq!(lasted(8.99, "10").1, 1);
    assert_eq!(lasted(600.5, "\"<= 10m\"").1, 1, "an upper limit has no such reason");
}

#[test]
fn what_nobody_counted_was_not_reached() {
    let is = |budget: &str, load: Value| {
        let (line, code) = judged(budget, &[run(load)]);
        assert!(
            line.ends_with("not measured: the results do not say how much there was"),
            "{line}"
        );
        assert_eq!(code, 3);
    };
    is("users: 100", json!({}));
    is("users: 100", json!({ "users": 100, "users_planned": true }));
    is("connections: 100", json!({ "users": 100 }));
    is("duration: 10m", json!({ "duration_planned": true }));
    let fell_short = run(json!({ "users": 100, "peak_users": 60 }));
    assert_eq!(judged("users: 100", &[fell_short]), ("✗ users 60, limit ≥ 100".to_owned(), 1));
}

#[test]
fn the_run_that_fell_short_speaks_for_all() {
    let with = |users: u64| run(json!({ "users": 100, "peak_users": users }));
    assert_eq!(
        judged("users: 100", &[with(100), with(120), with(99)]).0,
        "✗ users 99, limit ≥ 100"
    );
    assert_eq!(judged("users: \"<= 100\"", &[with(100), with(120)]).1, 1);
}

#[test]
fn each_tool_tells_its_load_in_its_own_way() {
    let users_of = |path: &str, budget: &str| {
        let scratch = TempDir::new().unwrap();
        let policy = format!("budgets:\n  - {budget}\n");
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        let ended = perfgate(scratch.path(), &["check", fixture(path).to_str().unwrap()]);
        let line = ended.stdout.lines().find(|line| line.starts_with("            "));
        line.unwrap_or(&ended.stderr).trim().to_owned()
    };
    // The history beside it says how many there were.
    assert_eq!(users_of("locust/2.47.0/users-10/x_stats.csv", "users: 10"), "✓ users 10 ≥ 10");
    // A ramp that k6 has not come to the end of: what is allocated is not reached.
    assert_eq!(users_of("k6/2.2.0/base-1/summary.json", "users: 1").split(' ').next(), Some("✓"));
    for path in ["wrk/base.txt", "ab/base.txt"] {
        assert!(users_of(path, "connections: 1").starts_with("✓ connections "), "{path}");
        assert!(users_of(path, "users: 1").starts_with("✓ users "), "{path}");
    }
    assert!(users_of("hey/base.txt", "users: 1").starts_with("? users (≥ 1): not measured"));
}

#[test]
fn of_a_ramp_the_peak_is_what_was_reached() {
    let point = |second: u32, metric: &str, value: f64| {
        json!({ "metric": metric, "type": "Point", "data": { "time": format!("2026-11-20T10:00:{second:02}Z"), "value": value, "tags": { "name": "/a", "method": "GET", "status": "200", "url": "/a" } } }).to_string()
    };
    let mut lines = Vec::new();
    for second in 0..50 {
        lines.push(point(second, "vus", f64::from(second.min(40))));
        lines.push(point(second, "vus_max", 80.0));
        lines.push(point(second, "http_reqs", 1.0));
        lines.push(point(second, "http_req_duration", 20.0));
        lines.push(point(second, "http_req_failed", 0.0));
    }
    let text = lines.join("\n") + "\n";
    let of = |limit: u32| {
        check(&format!("budgets: [{{ users: {limit} }}]\n"), &[("k6.json", &text)], &[]).code
    };
    assert_eq!((of(40), of(41)), (0, 1));
    let jtl: String = (0..200)
        .map(|i| format!("{},20,/a,200,true,t-1,{}\n", 1_795_215_750_000_u64 + i * 100, i / 20 + 1))
        .collect();
    let jtl = format!("timeStamp,elapsed,label,responseCode,success,threadName,allThreads\n{jtl}");
    let of = |limit: u32| {
        check(&format!("budgets: [{{ users: {limit} }}]\n"), &[("a.jtl", &jtl)], &[]).code
    };
    assert_eq!((of(10), of(11)), (0, 1));
}

#[test]
fn a_run_of_a_profile_with_fewer_users_warns() {
    let policy = "profiles:\n  stress: { users: 100, targets: [{ error_rate: \"< 1%\" }] }\n  spike:\n    phases: [{ name: spike, users: 1000, duration: 1m }]\n    targets: [{ error_rate: \"< 1%\" }]\n";
    let warned = |users: u64, profile: &str| {
        let text = run(json!({ "users": users })).to_string();
        let ended =
            check(policy, &[("a.json", &text)], &["--profile", profile, "--format", "json"]);
        let warnings = ended.expect(0).json()["warnings"].clone();
        let codes: Vec<Value> =
            warnings.as_array().unwrap().iter().map(|w| w["code"].clone()).collect();
        codes.contains(&json!("users_missed"))
    };
    assert!(!warned(90, "stress"), "a tenth less is the same load");
    assert!(warned(89, "stress"));
    assert!(warned(100, "spike:spike"));
    assert!(!warned(950, "spike:spike"));
}

#[test]
fn runs_of_other_connections_are_not_compared() {
    let scratch = TempDir::new().unwrap();
    for (name, connections) in [("old.json", 50), ("new.json", 100)] {
        let text = run(json!({ "connections": connections })).to_string();
        std::fs::write(scratch.path().join(name), text).unwrap();
    }
    let ended = perfgate(
        scratch.path(),
        &["compare", "--baseline-file", "old.json", "new.json", "--format", "json"],
    );
    let differences = ended.expect(3).json()["differences"].clone();
    assert_eq!(
        differences,
        json!([{ "field": "connections", "baseline": "50", "current": "100" }])
    );
}

#[test]
fn a_quantity_that_does_not_fit_is_an_error_with_its_place() {
    for (budget, problem) in [
        ("users: 100ms", "a time does not fit here: write >= 100"),
        ("users: 50%", "a percentage does not fit here: write >= 100"),
        ("duration: 5 parsecs", "\"5 parsecs\" is not a limit: write it like 10m, >= 90s or >= 2h"),
        ("db_connections: 50", "\"50\" needs a sign: write < 50 or > 50"),
        ("{ operation: /a, users: 5 }", "unknown column \"users\""),
    ] {
        let (error, code) = judged(budget, &[run(json!({}))]);
        assert!(error.contains(problem), "{budget}: {error}");
        assert_eq!(code, 2);
    }
}
