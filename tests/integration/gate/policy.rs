//! What perfgate.yaml means, and what is said when it is wrong.

use crate::support;
use perfgate::config::{Policy, Threshold};
use perfgate::model::{EndpointKey, Kind, Statistic};
use tempfile::TempDir;

fn policy(text: &str) -> Policy {
    Policy::parse("perfgate.yaml", text).unwrap_or_else(|e| panic!("{e}"))
}

fn error(text: &str) -> String {
    Policy::parse("perfgate.yaml", text).map(|_| ()).unwrap_err().to_string()
}

fn limit(policy: &Policy, key: &EndpointKey, statistic: &str) -> Option<Threshold> {
    let statistic: Statistic = statistic.parse().unwrap();
    policy.rules.for_endpoint(key).latency.get(&statistic).copied()
}

fn get(name: &str) -> EndpointKey {
    EndpointKey::named(Kind::Http, Some("GET"), name)
}

#[test]
fn without_a_policy_the_documented_limits_hold() {
    for policy in [policy(""), policy("# nothing\n"), Policy::default()] {
        let socket = EndpointKey::named(Kind::Websocket, None, "ws_connecting");
        assert_eq!(limit(&policy, &get("/a"), "p95"), Some(Threshold::Relative(0.20)));
        assert_eq!(limit(&policy, &get("/a"), "p99"), Some(Threshold::Relative(0.25)));
        assert_eq!(limit(&policy, &socket, "p95"), Some(Threshold::Relative(0.15)));
        assert_eq!(limit(&policy, &socket, "p99"), Some(Threshold::Relative(0.20)));
        let total = policy.rules.for_endpoint(&EndpointKey::Total);
        assert_eq!(total.error_rate, Some(Threshold::Absolute(0.001)));
        assert_eq!(total.throughput, Some(Threshold::Relative(0.10)));
        assert_eq!(policy.rules.for_endpoint(&get("/a")).throughput, None);
    }
}

#[test]
fn what_is_written_overrides_key_by_key_and_off_removes_one() {
    let policy = policy(
        "regression_thresholds:\n  api_response_time: { p95: 50%, p99: off, mean: 30ms }\n  throughput: off\n",
    );
    assert_eq!(limit(&policy, &get("/a"), "p95"), Some(Threshold::Relative(0.5)));
    assert_eq!(limit(&policy, &get("/a"), "p99"), None);
    assert_eq!(limit(&policy, &get("/a"), "mean"), Some(Threshold::Absolute(30.0)));
    assert_eq!(policy.rules.for_endpoint(&EndpointKey::Total).throughput, None);
    assert_eq!(
        policy.rules.for_endpoint(&EndpointKey::Total).error_rate,
        Some(Threshold::Absolute(0.001))
    );
}

#[test]
fn a_later_rule_for_an_endpoint_overrides_an_earlier_one() {
    let policy = policy(
        "endpoints:\n  \"GET /search**\": { p95: 35%, min_requests: 200 }\n  \"GET /search/slow\": { p95: 60%, severity: warn }\n",
    );
    assert_eq!(limit(&policy, &get("/search/slow"), "p95"), Some(Threshold::Relative(0.6)));
    assert_eq!(policy.rules.for_endpoint(&get("/search/slow")).min_requests, 200);
    assert_eq!(limit(&policy, &get("/search?q=1"), "p95"), Some(Threshold::Relative(0.35)));
    assert_eq!(limit(&policy, &get("/other"), "p95"), Some(Threshold::Relative(0.2)));
}

#[test]
fn a_class_of_ones_own_has_limits_of_its_own_and_the_rest_has_none() {
    let policy = policy(
        "endpoint_classes:\n  checkout: [\"POST /checkout\"]\n  api: [\"* /api/**\"]\nregression_thresholds:\n  checkout_latency: { p95: 5% }\n",
    );
    let checkout = EndpointKey::named(Kind::Http, Some("POST"), "/checkout");
    assert_eq!(limit(&policy, &checkout, "p95"), Some(Threshold::Relative(0.05)));
    assert_eq!(limit(&policy, &get("/api/x"), "p95"), Some(Threshold::Relative(0.2)));
    let other = policy.rules.for_endpoint(&get("/health"));
    assert_eq!((other.class, other.latency.len()), (None, 0));
}

#[test]
fn a_slip_is_shown_where_it_stands_with_what_was_probably_meant() {
    insta::assert_snapshot!(error("regression_thresholds:\n  api_response_time:\n    p59: 20%\n"), @r#"
    perfgate.yaml:3:5: unknown threshold "p59" for api_response_time
       3 |     p59: 20%
         |     ^^^ did you mean p95?
      known: mean, max, p50, p66, p75, p80, p90, p95, p98, p99, p99.9, p99.99
    "#);
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    insta::assert_snapshot!(error("basline: { branch: main }\n"), @r#"
    perfgate.yaml:1:1: unknown key "basline"
       1 | basline: { branch: main }
         | ^^^^^^^ did you mean baseline?
      known: results, documents, baseline, store, endpoint_classes, regression_thresholds, endpoints, budgets, prometheus, metrics, alerts, checklist, performanceBudget, performance_budget, resources, profiles, performance_tests, profile, description, users, spawn_rate, duration, environment, targets, phases, requires, steps, collapse, rename, trend, accept, gate
    "#);
    insta::assert_snapshot!(error("gate:\n  decide: evidense\n"), @r#"
    perfgate.yaml:2:11: unknown value "evidense"
       2 |   decide: evidense
         |           ^^^^^^^^ did you mean evidence?
      known: threshold, evidence, confirmed
    "#);
    insta::assert_snapshot!(error("regression_thresholds:\n  api_respose_time: { p95: 20% }\n"), @r#"
    perfgate.yaml:2:3: unknown threshold "api_respose_time"
       2 |   api_respose_time: { p95: 20% }
         |   ^^^^^^^^^^^^^^^^ did you mean api_response_time?
      known: api_latency, bench_latency, page_latency, websocket_latency, api_response_time, error_rate, throughput, bench_metrics
    "#);
    insta::assert_snapshot!(error("endpoints:\n  \"GET /a\": { p95: 20%, severty: warn }\n"), @r#"
    perfgate.yaml:2:25: unknown rule "severty"
       2 |   "GET /a": { p95: 20%, severty: warn }
         |                         ^^^^^^^ did you mean severity?
      known: error_rate, throughput, min_requests, severity, ignore, mean, max, p50, p66, p75, p80, p90, p95, p98, p99, p99.9, p99.99
    "#);
}

#[test]
fn what_other_tools_call_a_limit_is_an_error_that_says_what_it_is_called_here() {
    insta::assert_snapshot!(error("regression_thresholds:\n  p95: 15%\n"), @r#"
    perfgate.yaml:2:3: "p95" is a statistic: write api_response_time: { p95: 15% }
       2 |   p95: 15%
         |   ^^^
    "#);
    insta::assert_snapshot!(error("regression_thresholds:\n  rps: { relative: 10% }\n"), @r#"
    perfgate.yaml:2:3: "rps" is called throughput here: write throughput: { relative: 10% } (a metric of your own: write its direction as well)
       2 |   rps: { relative: 10% }
         |   ^^^
    "#);
    insta::assert_snapshot!(error("regression_thresholds:\n  GET /search: { p95: 10% }\n"), @r#"
    perfgate.yaml:2:3: "GET /search" is an endpoint: its limits stand under `endpoints:`
       2 |   GET /search: { p95: 10% }
         |   ^^^^^^^^^^^
    "#);
    for (key, meant) in [
        ("http_req_duration", "write api_response_time: { p95: 20% }"),
        ("Latency", "write api_response_time: { p95: 20% }"),
        ("response time", "write api_response_time: { p95: 20% }"),
        ("p(99)", "write api_response_time: { p99: 7% }"),
        ("median", "write api_response_time: { p50: 7% }"),
        ("api_response_time_p95", "write api_response_time: { p95: 7% }"),
        ("ttfb_p95", "write ttfb: { p95: 7% }"),
        ("p99_latency", "write api_response_time: { p99: 7% }"),
        ("websocket_latency_p95", "write websocket_latency: { p95: 7% }"),
        ("http_reqs", "write throughput: { relative: 10% }"),
        ("requests-per-second", "write throughput: { relative: 10% }"),
        ("errors", "write error_rate: { absolute: 0.1% }"),
        ("http_req_failed", "write error_rate: { absolute: 0.1% }"),
        ("/search", "its limits stand under `endpoints:`"),
    ] {
        let error = error(&format!("regression_thresholds:\n  \"{key}\": 7%\n"));
        assert!(error.starts_with("perfgate.yaml:2:3: "), "{error}");
        assert!(error.lines().next().unwrap().contains(meant), "{error}");
    }
    // A metric of one's own may be called so; only such a one has a direction.
    let own = policy("regression_thresholds:\n  errors: { absolute: 1%, direction: lower }\n");
    assert!(own.rules.custom.contains_key("errors"));
}

#[test]
fn limits_that_mean_nothing_are_errors() {
    insta::assert_snapshot!(error("regression_thresholds:\n  api_latency: { p95: 0.2 }\n"), @r#"
    perfgate.yaml:2:23: "0.2" is not a limit here: write 20%, 50ms or off
       2 |   api_latency: { p95: 0.2 }
         |                       ^
    "#);
    insta::assert_snapshot!(error("regression_thresholds:\n  api_latency: 20%\n"), @r#"
    perfgate.yaml:2:16: "20%" limits no statistic: write { p95: 20% }
       2 |   api_latency: 20%
         |                ^
    "#);
    insta::assert_snapshot!(error("regression_thresholds:\n  error_rate: { absolut: 0.1% }\n"), @r#"
    perfgate.yaml:2:17: unknown kind of limit "absolut"
       2 |   error_rate: { absolut: 0.1% }
         |                 ^^^^^^^ did you mean absolute?
      known: relative, absolute
    "#);
    insta::assert_snapshot!(error("regression_thresholds: [1]\n"), @"
    perfgate.yaml:1:24: keys with values are expected: { key: value }
       1 | regression_thresholds: [1]
         |                        ^
    ");
    insta::assert_snapshot!(error("store: { kind: directory }\n"), @"perfgate.yaml: store: a directory store needs a `path`");
    insta::assert_snapshot!(error("results: x.csv\n"), @r#"
    perfgate.yaml:1:10: a list is expected: results: ["x.csv"]
       1 | results: x.csv
         |          ^
    "#);
    insta::assert_snapshot!(error("gate: {\n"), @"
    perfgate.yaml:1:7: unclosed bracket '{'
       1 | gate: {
         |       ^
    ");
}

#[test]
fn a_number_that_means_nothing_is_an_error_and_not_another_one() {
    for (text, place) in [
        ("baseline:\n  window: 0\n", "perfgate.yaml:2:11: 0 is too few: write 1 or more"),
        ("gate:\n  max_runs: 1\n", "perfgate.yaml:2:13: 1 is too few: write 2 or more"),
    ] {
        assert!(error(text).starts_with(place), "{}", error(text));
    }
    assert_eq!(policy("baseline: { window: 1 }\n").baseline.window, 1);
}

#[test]
fn two_stars_at_the_end_of_a_pattern_of_results_stand_for_every_file_below() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let run = support::level_run(0, &[1.0]).to_string();
    write("perf/a.json", &run);
    write("perf/nightly/b.json", &run);
    for pattern in ["perf/**", "perf/**/*.json", "**/*.json"] {
        write("perfgate.yaml", &format!("results: [\"{pattern}\"]\n"));
        let ended = support::perfgate(scratch.path(), &["normalize"]).expect(0);
        assert_eq!(ended.stdout.matches("perfgate.run/1").count(), 2, "{pattern}");
        let said = "reading perf/a.json, perf/nightly/b.json of perfgate.yaml\n";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let named = support::perfgate(scratch.path(), &["normalize", "perf/a.json"]).expect(0);
    assert!(!named.stderr.contains("reading"), "{}", named.stderr);
}

#[test]
fn results_that_the_policy_names_are_said_with_the_time_of_their_test() {
    let scratch = TempDir::new().unwrap();
    let mut run = support::level_run(0, &[1.0]);
    run["started_at"] = "2026-11-20T22:41:00Z".into();
    std::fs::write(scratch.path().join("a.json"), run.to_string()).unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), "results: [a.json]\n").unwrap();
    let compare = ["compare", "--baseline-file", "a.json"];
    let ended = support::perfgate(scratch.path(), &compare);
    let said = "reading a.json of perfgate.yaml, measured 2026-11-20 22:41 UTC\n";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
}

#[test]
fn how_far_response_times_lie_apart_has_budgets_and_no_limit_of_its_change() {
    for text in [
        "regression_thresholds:\n  api_response_time: { stddev: 20% }\n",
        "endpoints:\n  \"GET /a\": { cv: 20% }\n",
    ] {
        let error = error(text);
        assert!(error.contains("is not compared with the baseline: limit its value"), "{error}");
    }
    insta::assert_snapshot!(error("budgets: [{ latency_cv: \"< 30ms\" }]\n"), @r#"
    perfgate.yaml:1:25: a time does not fit here: write < 30%
       1 | budgets: [{ latency_cv: "< 30ms" }]
         |                         ^
    "#);
}
