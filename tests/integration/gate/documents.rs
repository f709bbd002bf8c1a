//! What performance documents say, pasted as they write it: every statement is in the resolved policy, with its number, its
//! unit, its sign and what it holds for.

use crate::support::{Repo, fixture, perfgate};
use perfgate::config::{Limited, Policy, QuantityKind, Scope, When};
use perfgate::model::{Raw as _, now};
use serde_json::json;
use std::fs;
use tempfile::TempDir;

fn policy(text: &str) -> Policy {
    Policy::parse("perfgate.yaml", text).unwrap_or_else(|e| panic!("{e}"))
}

fn error(text: &str) -> String {
    Policy::parse("perfgate.yaml", text).map(|_| ()).unwrap_err().to_string()
}

/// A limited thing in words.
fn subject(limited: &Limited) -> String {
    let of = |scope: &Scope| match scope {
        Scope::Total => "total".to_owned(),
        Scope::Class(name) => format!("each {name}"),
        Scope::Endpoints(pattern) => pattern.text().to_owned(),
    };
    match limited {
        Limited::Measurement(scope, metric, statistic) => {
            format!("{} {} {statistic}", of(scope), metric.text().raw())
        }
        Limited::Resource(name, statistic) => format!("{name} {statistic}"),
        Limited::MemoryLeak => "memory leak".to_owned(),
        Limited::Load(scope, number) => format!("{} {number:?}", of(scope)),
        Limited::Window(metric, statistic, span) => format!("{metric:?} {statistic} {span:?}"),
    }
}

/// Every budget of a profile in words: what is limited, each tier with its sign, its number in base units, and their kind.
fn budgets(policy: &Policy, profile: Option<&str>) -> Vec<String> {
    let all = policy.rules.budgets(profile).into_iter();
    let in_words = all.map(|budget| {
        let tiers = budget.tiers.iter().map(|(tier, bound)| {
            let unit = match bound.kind {
                QuantityKind::Time => "ms",
                QuantityKind::Share => "of one",
                QuantityKind::Rate => "/s",
                QuantityKind::Size => "bytes",
                QuantityKind::Money => "usd",
                QuantityKind::Number => "",
            };
            let (tier, sign, value) = (tier.name(), bound.comparison.sign(), bound.value);
            format!("{tier} {sign} {value} {unit}").trim().to_owned()
        });
        let tiers: Vec<String> = tiers.collect();
        format!("{}: {}", subject(&budget.limited), tiers.join(", "))
    });
    in_words.collect()
}

const LOADS: &str = "\
# How we test the shop under load.
profile: everyday
description: A usual afternoon
users: 80
spawn_rate: 8
duration: 12m
targets:
  - api_response_time_p95: \"< 400ms\"
  - websocket_latency_p99: \"< 120ms\"
  - error_rate: \"< 0.2%\"
  - throughput: \"> 90 RPS\"
---
profile: sale
users: 900
duration: \"1h30m\"
environment: staging
targets:
  api_response_time_p99: under 3 seconds
  throughput: 1,200+ requests/sec
  memory_leak: none
---
profile: ramp
steps: [10, 100, 1000]
targets: [error_rate: \"< 5%\"]
---
regression_thresholds:
  throughput: { relative: 8% }
performance_tests:
  everyday: Every PR
  sale: Nightly
  ramp: once a week
";

#[test]
fn profile_blocks_stand_one_after_another() {
    let policy = policy(LOADS);
    let profiles = &policy.rules.profiles;
    let loads: Vec<_> =
        profiles.iter().map(|(name, own)| (name.as_str(), own.users, own.duration_s)).collect();
    assert_eq!(
        loads,
        [
            ("everyday", Some(80), Some(720.0)),
            ("ramp", None, None),
            ("sale", Some(900), Some(5400.0))
        ]
    );
    assert_eq!(profiles["everyday"].spawn_rate, Some(8.0));
    assert_eq!(profiles["everyday"].description.as_deref(), Some("A usual afternoon"));
    assert_eq!(profiles["sale"].environment.as_deref(), Some("staging"));
    assert_eq!(profiles["ramp"].steps, [10, 100, 1000]);
    assert_eq!(
        budgets(&policy, Some("everyday")),
        [
            "each api latency p95: acceptable < 400 ms",
            "each websocket latency p99: acceptable < 120 ms",
            "total error_rate rate: acceptable < 0.002 of one",
            "total throughput rate: acceptable > 90 /s",
        ]
    );
    assert_eq!(
        budgets(&policy, Some("sale")),
        [
            "each api latency p99: acceptable < 3000 ms",
            "total throughput rate: acceptable ≥ 1200 /s",
            "memory leak: ",
        ]
    );
    assert_eq!(budgets(&policy, Some("ramp")), ["total error_rate rate: acceptable < 0.05 of one"]);
    let cadence: Vec<_> =
        policy.cadence.iter().map(|own| (own.profile.as_str(), own.when.clone())).collect();
    assert_eq!(
        cadence,
        [("everyday", When::PullRequest), ("sale", When::Nightly), ("ramp", When::Weekly)]
    );
}

#[test]
fn profiles_may_be_a_list() {
    let list = "profiles:\n  - profile: everyday\n    users: 80\n  - { name: sale, users: 900 }\n";
    let users = |name: &str| policy(list).rules.profiles[name].users;
    assert_eq!((users("everyday"), users("sale")), (Some(80), Some(900)));
    assert!(
        error("profiles:\n  - users: 80\n")
            .contains("perfgate.yaml:2:5: a profile in a list needs a name")
    );
    let twice = "profiles:\n  - profile: a\n  - profile: a\n";
    assert!(
        error(twice).contains("perfgate.yaml:3:14: profile \"a\" is given twice: first in line 2")
    );
    let other = "profiles: { a: { profile: b } }\n";
    assert!(error(other).contains("this profile is called \"a\" already"), "{}", error(other));
}

#[test]
fn mistakes_are_told_with_their_place_in_every_document() {
    let at_the_end = |more: &str| error(&format!("{LOADS}{more}"));
    let line = LOADS.lines().count() + 1;
    let misspelt = at_the_end("gat: {}\n");
    assert!(
        misspelt.contains(&format!("perfgate.yaml:{line}:1: unknown key \"gat\"")),
        "{misspelt}"
    );
    let limit = at_the_end("budgets: [p95: soon]\n");
    assert!(
        limit.contains(&format!("perfgate.yaml:{line}:16: \"soon\" is not a limit")),
        "{limit}"
    );
    let first = 1 + LOADS.lines().position(|line| line == "regression_thresholds:").unwrap();
    let twice = at_the_end("---\nregression_thresholds: { throughput: off }\n");
    let problem = format!(
        "perfgate.yaml:{}:1: \"regression_thresholds\" is given twice: first in line {first}",
        line + 1
    );
    assert!(twice.contains(&problem), "{twice}");
    let again = at_the_end("---\nprofile: sale\n");
    let sale = 1 + LOADS.lines().position(|line| line == "profile: sale").unwrap();
    assert!(
        again.contains(&format!("profile \"sale\" is given twice: first in line {sale}")),
        "{again}"
    );
    let nameless = at_the_end("---\nusers: 5\n");
    assert!(
        nameless.contains(&format!(
            "perfgate.yaml:{}:1: \"users\" at the top level belongs to a profile",
            line + 1
        )),
        "{nameless}"
    );
    let together = error("profile: a\nusers: 1\nprofile: b\nusers: 2\n");
    assert!(
        together.contains(
            "perfgate.yaml:3:1: \"profile\" is given twice: write --- between two profiles"
        ),
        "{together}"
    );
    let cadence = error("profile: a\nperformance_tests: { b: nightly }\n");
    assert!(cadence.contains("perfgate.yaml:2:22: there is no profile \"b\""), "{cadence}");
    let when = error("profile: a\nperformance_tests: { a: at times }\n");
    assert!(when.contains("\"at times\" does not say how often"), "{when}");
}

#[test]
fn the_critical_tier_may_say_what_is_critical() {
    let policy = policy(
        "budgets:
  - p50: { target: \"< 90ms\", acceptable: \"< 180ms\", critical: \"> 450ms\" }
  - throughput: { target: \"> 120 req/s\", acceptable: \"> 60 req/s\", critical: \"< 25 req/s\" }
  - error_rate: { target: \"< 0.1%\", acceptable: \"< 1%\", critical: \"> 5%\" }
  - cpu: { target: \"< 65%\", acceptable: \"< 80%\", critical: \">= 95%\" }
  - memory: { target: \"< 256MiB\", acceptable: \"< 1GB\", critical: \"> 2GB\" }
  - queue_depth: { target: \"< 10\", critical: \"> 100\" }
  - p99: { target: \"< 1s\", critical: \"< 2s\" }
  - { operation: POST /orders, target: \"< 1s\", acceptable: \"< 2s\", critical: \"> 4s\" }
",
    );
    assert_eq!(
        budgets(&policy, None),
        [
            "total latency p50: target < 90 ms, acceptable < 180 ms, critical ≤ 450 ms",
            "total throughput rate: target > 120 /s, acceptable > 60 /s, critical ≥ 25 /s",
            "total error_rate rate: target < 0.001 of one, acceptable < 0.01 of one, critical ≤ 0.05 of one",
            "cpu mean: target < 0.65 of one, acceptable < 0.8 of one, critical < 0.95 of one",
            "memory max: target < 268435456 bytes, acceptable < 1000000000 bytes, critical ≤ 2000000000 bytes",
            "total queue_depth value: target < 10, critical ≤ 100",
            "total latency p99: target < 1000 ms, critical < 2000 ms",
            "POST /orders latency p95: target < 1000 ms, acceptable < 2000 ms, critical ≤ 4000 ms",
        ]
    );
    for (tiers, said) in [
        ("p95: { target: \"< 2s\", acceptable: \"< 1s\" }", "tiers go from good to bad"),
        ("p95: { target: \"< 1s\", acceptable: \"> 2s\" }", "tiers go from good to bad"),
        ("p95: { target: \"< 2s\", critical: \"> 1s\" }", "tiers go from good to bad"),
        ("p95: { target: \"< 1s\", critical: \"> 5%\" }", "tiers go from good to bad"),
        ("queue_depth: { critical: \"> 100\" }", "does not say which way is better"),
    ] {
        let error = error(&format!("budgets: [{{ {tiers} }}]\n"));
        assert!(error.contains(said), "{tiers}: {error}");
    }
}

#[test]
fn beside_what_is_expected_the_target_is_the_limit() {
    let policy = policy(
        "budgets:
  - { operation: Place an order, target: \"< 3s\", expected_p95: \"< 2s\" }
  - { operation: Cancel, target: 1s, limit: 2s }
",
    );
    assert_eq!(
        budgets(&policy, None),
        [
            "Place an order latency p95: target < 2000 ms, acceptable < 3000 ms",
            "Cancel latency p95: target ≤ 1000 ms, acceptable ≤ 2000 ms",
        ]
    );
    let twice = "budgets: [{ operation: /a, limit: 1s, acceptable: 2s }]\n";
    assert!(error(twice).contains("tiers go from good to bad"), "{}", error(twice));
}

#[test]
fn the_budget_of_a_page_has_the_units_of_its_metrics() {
    for key in ["performance_budget", "performanceBudget"] {
        let policy = policy(&format!(
            "{key}: {{ \"FCP\": 1400, \"LCP\": 2.4s, \"CLS\": 0.1, \"INP\": 180, \"TTFB\": 450, \"Total\": 2800, \"bundle_kb\": 300 }}\n"
        ));
        assert_eq!(
            budgets(&policy, None),
            [
                "total fcp value: acceptable ≤ 1400 ms",
                "total lcp value: acceptable ≤ 2400 ms",
                "total cls value: acceptable ≤ 0.1",
                "total inp value: acceptable ≤ 180 ms",
                "total ttfb value: acceptable ≤ 450 ms",
                "total page_load value: acceptable ≤ 2800 ms",
                "total bundle_kb value: acceptable ≤ 300",
            ]
        );
    }
    let twice = "performance_budget: { LCP: 2500, largest-contentful-paint: 3000 }\n";
    assert!(error(twice).contains("is limited twice: \"LCP\" is the same"), "{}", error(twice));
    let script = "performance_budget: {\n  FCP: 1500,  // painted: 1.5s\n  LCP: 2500,\n}\n";
    assert!(error(script).contains("a comment begins with #, not //"), "{}", error(script));
    let both = "performance_budget: { LCP: 2500 }\n---\nperformanceBudget: { FCP: 900 }\n";
    assert!(error(both).contains("is given twice: first in line 1"), "{}", error(both));
}

#[test]
fn a_page_is_judged_by_whatever_its_metrics_are_called() {
    let run = json!({
        "schema": "perfgate.run/1", "tool": { "name": "k6" },
        "metrics": [
            { "name": "browser_web_vital_lcp", "unit": "ms", "value": 2600 },
            { "name": "browser_web_vital_cls", "value": 0.05 },
            { "name": "first_contentful_paint", "value": 900 },
        ],
    });
    let scratch = TempDir::new().unwrap();
    fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let check = |policy: &str, code: i32| {
        fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        perfgate(scratch.path(), &["check", "run.json"]).expect(code).stdout
    };
    let said = check("performance_budget: { LCP: 2500, CLS: 0.1, FCP: 1s }\n", 1);
    assert!(said.contains("✗ browser_web_vital_lcp 2600.00 ms, limit ≤ 2500 ms"), "{said}");
    assert!(said.contains("✓ browser_web_vital_cls 0.0500 ≤ 0.1"), "{said}");
    assert!(said.contains("✓ first_contentful_paint 900.00 ms ≤ 1000 ms"), "{said}");
    check("budgets: [{ lcp: 2.6s }]\n", 0);
    let said = check("performance_budget: { INP: 200 }\n", 3);
    assert!(said.contains("? inp (≤ 200 ms): not measured"), "{said}");
}

const TABLES: &str = r#"{
  "api_baselines": { "orders_endpoint": { "p50": 15, "p95": 40, "p99": 70, "unit": "ms" } },
  "websocket_baselines": {
    "dropped_messages": { "max": 3, "unit": "count" },
    "cpu_share": { "mean": 40, "p95": 60, "max": 80, "unit": "%" }
  }
}"#;

#[test]
fn rows_that_are_no_times_are_metrics_and_rows_without_a_match_are_named() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(scratch.path().join(name), text).unwrap();
    let latency =
        json!({ "count": 5000, "mean": 15, "quantiles": { "p50": 14, "p95": 38, "p99": 66 } });
    let run = json!({
        "schema": "perfgate.run/1", "tool": { "name": "locust" },
        "endpoints": [{ "method": "POST", "name": "/shop/orders", "requests": 5000, "failures": 0, "latency": latency }],
        "metrics": [{ "name": "dropped_messages", "unit": "count", "value": 5 }],
    });
    write("tables.json", TABLES);
    write("run.json", &run.to_string());
    let compare = |policy: &str, code: i32| {
        write("perfgate.yaml", policy);
        let arguments =
            ["compare", "--tool", "locust", "--baseline-file", "tables.json", "run.json"];
        perfgate(scratch.path(), &arguments).expect(code)
    };
    let unnamed = compare("", 3).stdout;
    assert!(
        unnamed.contains(
            "the run has nothing that is called orders_endpoint or cpu_share in the baseline; probably, in \
             perfgate.yaml: rename: { orders_endpoint: \"POST /shop/orders\" }"
        ),
        "{unnamed}"
    );
    assert!(
        unnamed.contains("ignored the unknown field `websocket_baselines.cpu_share.max`"),
        "{unnamed}"
    );
    let policy =
        "rename: { orders_endpoint: \"POST /shop/orders\" }\ngate: { decide: threshold }\n";
    let named = compare(policy, 0).stdout;
    assert!(!named.contains("orders_endpoint or"), "{named}");
    let limited = format!("{policy}regression_thresholds: {{ dropped_messages: 20% }}\n");
    assert!(compare(&limited, 1).stdout.contains("dropped_messages"));
}

#[test]
fn the_unit_of_a_monitors_column_is_what_the_policy_says() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(scratch.path().join(name), text).unwrap();
    write("monitor.csv", "timestamp,memory_mb\n1,500\n2,500\n");
    let check = |unit: &str, code: i32| {
        write("perfgate.yaml", &format!("budgets: [{{ memory: \"< 512MB\" }}]\n{unit}"));
        let results = fixture("locust/2.47.0/base-1/x_stats.csv");
        let arguments = ["check", results.to_str().unwrap(), "--attach", "monitor.csv"];
        perfgate(scratch.path(), &arguments).expect(code).stdout
    };
    check("", 0);
    check("resources: { memory_mb: MiB }\n", 1);
    write("monitor.csv", "timestamp,memory_mib\n1,500\n2,500\n");
    check("", 1);
    assert!(
        error("resources: { memory_mb: parsecs }\n").contains("\"parsecs\" is no unit of a size")
    );
    assert!(error("resources: { cpu_percent: MiB }\n").contains("columns of sizes end in _mb"));
}

#[test]
fn the_doctor_says_which_load_was_not_run_as_often_as_it_should_be() {
    let repo = Repo::new();
    repo.commit("begin");
    fs::write(
        repo.folder.join("perfgate.yaml"),
        "baseline: { branch: main }\nprofiles: { everyday: {}, sale: {}, ramp: {} }\nperformance_tests: { everyday: every pr, sale: nightly, ramp: weekly }\n",
    )
    .unwrap();
    let record = |profile: &str, started_at: &str| {
        let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "locust" }, "started_at": started_at,
            "total": { "requests": 10, "failures": 0, "latency": { "count": 10, "mean": 5 } } });
        fs::write(repo.folder.join("run.json"), run.to_string()).unwrap();
        repo.perfgate(&["record", "--profile", profile, "run.json"]).expect(0);
    };
    record("sale", "2020-01-01T00:00:00Z");
    record("everyday", "2020-01-01T00:00:00Z");
    let said = repo.perfgate(&["doctor"]).expect(0).stdout;
    let says = |mark: &str, text: &str| {
        let line = said.lines().find(|line| line.contains(text));
        assert!(line.is_some_and(|line| line.starts_with(mark)), "{mark} {text}:\n{said}");
    };
    says("✓", "everyday is to run every pr; its last record is");
    says("!", "sale is to run nightly; its last record is");
    says("!", "ramp is to run weekly; it has no record");
    record("sale", &now().to_string());
    let said = repo.perfgate(&["doctor"]).expect(0).stdout;
    assert!(
        said.contains("✓ cadence     sale is to run nightly; its last record is 0 days old"),
        "{said}"
    );
}

#[test]
fn known_names_are_taken_as_what_they_mean_and_need_no_sign() {
    let named = policy(
        "budgets: [lcp: 2.5s, cache_hit_rate: 60%, ttft_p95: 500ms, inter_chunk_latency: \"< 100ms\", inter_chunk_latency_p95: 0.2s]
regression_thresholds: { inter_token_latency: 20% }
",
    );
    assert!(named.rules.custom.contains_key("inter_token_latency"));
    assert_eq!(
        budgets(&named, None),
        [
            "total lcp value: acceptable ≤ 2500 ms",
            "total cache_hit_rate value: acceptable ≥ 0.6 of one",
            "total ttft p95: acceptable ≤ 500 ms",
            "total inter_chunk_latency value: acceptable < 100 ms",
            "total inter_chunk_latency p95: acceptable ≤ 200 ms",
        ]
    );
}
