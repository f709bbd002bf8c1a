//! Parts of requests (time to the first byte, connecting) as metrics: limited where the policy says so, and nowhere else.

use crate::support::{Ended, Repo, fixture, perfgate};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// The times of a part whose p95 is this.
fn times(p95: f64) -> Value {
    json!({ "mean": p95 / 2.0, "min": p95 / 10.0, "max": p95 * 2.0,
        "quantiles": { "p50": p95 / 2.0, "p90": p95 * 0.9, "p95": p95, "p99": p95 * 1.5 } })
}

/// A run of two endpoints with these times to the first byte; response times and connecting are always the same.
fn run(chat: f64, search: f64) -> Value {
    let endpoint = |method: &str, name: &str, first_byte: f64| {
        json!({
            "method": method, "name": name, "requests": 6000, "failures": 0, "throughput_rps": 100,
            "latency": times(1000.0),
            "parts": { "ttfb": times(first_byte), "connecting": times(4.0), "db": 12 },
        })
    };
    let latency = |mut run: Value| {
        for own in run["endpoints"].as_array_mut().unwrap() {
            own["latency"]["count"] = json!(6000);
        }
        run
    };
    latency(json!({
        "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": 60,
        "load": { "users": 10 },
        "endpoints": [endpoint("POST", "/chat", chat), endpoint("GET", "/search", search)],
    }))
}

fn in_folder(policy: &str, files: &[(&str, &Value)], arguments: &[&str]) -> Ended {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("perfgate.yaml"), policy).unwrap();
    for (name, run) in files {
        fs::write(folder.path().join(name), run.to_string()).unwrap();
    }
    perfgate(folder.path(), arguments)
}

/// The subjects and verdicts of a check of one budget, and its exit code.
fn checked(budget: &str) -> (Vec<String>, i32) {
    let policy = format!("budgets:\n  - {budget}\n");
    let ended = in_folder(
        &policy,
        &[("run.json", &run(500.0, 200.0))],
        &["check", "run.json", "--format", "json"],
    );
    let report = ended.json();
    let line = |own: &Value| {
        format!("{} {}", own["subject"].as_str().unwrap(), own["verdict"].as_str().unwrap())
    };
    (report["budgets"].as_array().unwrap().iter().map(line).collect(), ended.code)
}

/// The findings about a metric in a comparison by plain limits, and its exit code.
fn compared(limits: &str, baseline: &Value, current: &Value) -> (Vec<String>, i32) {
    let policy = format!("{limits}\ngate: {{ decide: threshold }}\n");
    let files = [("old.json", baseline), ("new.json", current)];
    let arguments = ["compare", "--baseline-file", "old.json", "new.json", "--format", "json"];
    let ended = in_folder(&policy, &files, &arguments);
    let report = ended.json();
    let all = report["findings"].as_array().unwrap().iter();
    let of_parts = all.filter(|own| {
        !["latency", "error_rate", "throughput"].iter().any(|known| own["metric"] == *known)
    });
    let line = |own: &Value| {
        let text = |field: &str| own[field].as_str().unwrap().to_owned();
        [text("endpoint"), text("metric"), text("statistic"), text("verdict")].join(" ")
    };
    (of_parts.map(line).collect(), ended.code)
}

#[test]
fn a_budget_on_the_first_byte_is_on_every_endpoint_that_has_one() {
    let both = |chat: &str, search: &str| {
        vec![format!("GET /search ttfb p95 {search}"), format!("POST /chat ttfb p95 {chat}")]
    };
    assert_eq!(checked("ttfb_p95: \"< 501ms\""), (both("pass", "pass"), 0));
    assert_eq!(checked("ttfb_p95: \"< 500ms\""), (both("fail", "pass"), 1));
    assert_eq!(checked("ttfb_p95: \"<= 500ms\""), (both("pass", "pass"), 0));
    // Times are better short: a limit without a sign is one of those.
    assert_eq!(checked("ttfb_p95: 500ms"), (both("pass", "pass"), 0));
    assert_eq!(checked("ttfb_p95: 499.9ms"), (both("fail", "pass"), 1));
    assert_eq!(checked("time_to_first_byte_p95: 499.9ms"), (both("fail", "pass"), 1));
    assert_eq!(checked("api_ttfb_p95: 499.9ms").1, 1);
}

#[test]
fn statistics_of_a_part_may_stand_below_its_name_or_behind_it() {
    for budget in ["ttfb: { p90: 449ms, p99: 1s }", "{ ttfb_p90: 449ms, ttfb_p99: 1s }"] {
        let (lines, code) = checked(budget);
        assert_eq!(code, 1, "{budget}");
        assert_eq!(
            lines.iter().filter(|line| line.contains("ttfb p90 fail")).count(),
            1,
            "{lines:?}"
        );
        assert_eq!(
            lines.iter().filter(|line| line.contains("ttfb p99 pass")).count(),
            2,
            "{lines:?}"
        );
    }
    let tiers = "ttfb_p95: { target: 300ms, critical: 1s }";
    assert_eq!(checked(tiers).0, ["GET /search ttfb p95 pass", "POST /chat ttfb p95 warn"]);
}

#[test]
fn without_a_statistic_a_part_is_limited_by_its_mean() {
    let lines =
        |chat: &str| vec!["GET /search ttfb pass".to_owned(), format!("POST /chat ttfb {chat}")];
    assert_eq!(checked("ttfb: 250ms"), (lines("pass"), 0));
    assert_eq!(checked("ttfb: \"< 250ms\""), (lines("fail"), 1));
    assert_eq!(
        checked("{ operation: POST /chat, ttfb: 249ms }"),
        (vec![lines("fail")[1].clone()], 1)
    );
}

#[test]
fn a_row_of_a_table_limits_the_parts_of_its_operation_and_no_other_budget_does() {
    let row = "{ operation: POST /chat, p95: 2s, ttfb_p95: 500ms }";
    assert_eq!(
        checked(row),
        (vec!["POST /chat p95 pass".to_owned(), "POST /chat ttfb p95 pass".to_owned()], 0)
    );
    let (lines, code) = checked(&format!("ttfb_p95: 100ms\n  - {row}"));
    assert_eq!((lines.len(), code), (3, 1), "{lines:?}");
    assert_eq!(lines[0], "GET /search ttfb p95 fail");
}

#[test]
fn a_part_that_a_script_names_is_limited_like_any_other() {
    assert_eq!(checked("db: \"< 12ms\"").1, 1);
    assert_eq!(checked("db: \"<= 12ms\"").1, 0);
    // Its percentiles are in no file.
    assert_eq!(checked("db_p95: \"<= 12ms\"").1, 3);
}

#[test]
fn a_change_of_the_first_byte_counts_where_it_has_a_limit_and_nowhere_else() {
    let (old, new) = (run(500.0, 200.0), run(601.0, 200.0));
    assert_eq!(compared("", &old, &new), (Vec::new(), 0));
    let limits = "regression_thresholds: { ttfb: { p95: 20% } }";
    let lines = |chat: &str| {
        vec![format!("POST /chat ttfb p95 {chat}"), "GET /search ttfb p95 pass".to_owned()]
    };
    assert_eq!(compared(limits, &old, &new), (lines("fail"), 1));
    assert_eq!(compared(limits, &old, &run(600.0, 200.0)), (lines("pass"), 0));
    assert_eq!(
        compared("regression_thresholds: { ttfb: { p95: 100ms } }", &old, &new),
        (lines("fail"), 1)
    );
    assert_eq!(
        compared("regression_thresholds: { ttfb: { p95: 101ms } }", &old, &new),
        (lines("pass"), 0)
    );
    assert_eq!(compared("regression_thresholds: { ttfb: { max: 20% } }", &old, &new).1, 1);
}

#[test]
fn a_rule_for_endpoints_limits_their_parts() {
    let (old, new) = (run(500.0, 200.0), run(601.0, 250.0));
    let own = "endpoints: { POST /chat: { ttfb_p95: 20% } }";
    assert_eq!(compared(own, &old, &new), (vec!["POST /chat ttfb p95 fail".to_owned()], 1));
    let loose = "regression_thresholds: { ttfb: { p95: 20% } }\nendpoints: { /search: { ttfb: { p95: 30% } }, POST /chat: { ttfb_p95: off } }";
    assert_eq!(compared(loose, &old, &new), (vec!["GET /search ttfb p95 pass".to_owned()], 0));
}

#[test]
fn a_part_that_only_one_side_has_is_not_compared() {
    let mut old = run(500.0, 200.0);
    for own in old["endpoints"].as_array_mut().unwrap() {
        own["parts"].as_object_mut().unwrap().remove("ttfb");
    }
    let (lines, code) =
        compared("regression_thresholds: { ttfb: { p95: 20% } }", &old, &run(900.0, 200.0));
    assert_eq!(lines, ["POST /chat ttfb p95 not_compared", "GET /search ttfb p95 not_compared"]);
    assert_eq!(code, 0, "response times were compared");
}

/// Files of an older perfgate, and scripts, have means by the names of k6.
#[test]
fn means_by_the_names_of_k6_still_read() {
    let mut old = run(500.0, 200.0);
    for own in old["endpoints"].as_array_mut().unwrap() {
        own["parts"] =
            json!({ "waiting": 40, "connecting": 2.5, "tls_handshaking": 1, "receiving": 0.25 });
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("old.json"), old.to_string()).unwrap();
    let read = perfgate(folder.path(), &["normalize", "old.json"]).expect(0).json();
    let parts = json!({ "waiting": 40.0, "connect": 2.5, "tls": 1.0, "receiving": 0.25 });
    assert_eq!(read["endpoints"][0]["parts"], parts);
    let limits = "regression_thresholds: { http_req_connecting: 10% }";
    let (lines, code) = compared(limits, &old, &run(500.0, 200.0));
    assert_eq!(
        (lines, code),
        (
            vec![
                "POST /chat connect value pass".to_owned(),
                "GET /search connect value pass".to_owned()
            ],
            0
        )
    );
}

#[test]
fn what_is_no_time_is_an_error_with_its_place() {
    for (part, problem) in [
        (json!("5ms"), "expected a mean in milliseconds, or a map as `latency` is"),
        (json!(-1), "endpoints[0].parts.ttfb: -1 must not be negative"),
        (
            json!({ "quantiles": { "p95": -1 } }),
            "endpoints[0].parts.ttfb.quantiles.p95: -1 must not be negative",
        ),
        (
            json!({ "unit": "apples" }),
            "endpoints[0].parts.ttfb.unit: `apples` is not a unit of time",
        ),
    ] {
        let mut wrong = run(500.0, 200.0);
        wrong["endpoints"][0]["parts"]["ttfb"] = part;
        let ended = in_folder("", &[("run.json", &wrong)], &["normalize", "run.json"]).expect(2);
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
    }
}

/// Real files of every tool that measures the first byte, with a limit on each of its statistics.
const LIMITS: &str = "regression_thresholds:
  ttfb: { mean: 5%, p50: 5%, p90: 5%, p95: 5%, p99: 5%, max: 5% }
  connect: { mean: 5%, p95: 5% }
  receiving: { p95: 5% }
";

#[test]
fn a_run_against_itself_never_fails_by_its_parts() {
    for file in [
        "k6/2.2.0/full-short/raw.ndjson.gz",
        "k6/2.2.0/full-short/raw.csv.gz",
        "jmeter/base.jtl.gz",
        "jmeter/nested.xml",
        "hey/flaky.csv",
        "oha/flaky.csv",
    ] {
        let path = fixture(file);
        let path = path.to_str().unwrap();
        for decide in ["threshold", "evidence"] {
            let policy = format!("{LIMITS}gate: {{ decide: {decide} }}\n");
            let arguments = ["compare", "--baseline-file", path, path, "--format", "json"];
            let ended = in_folder(&policy, &[], &arguments);
            let report = ended.json();
            let findings = report["findings"].as_array().unwrap();
            let first_byte: Vec<&Value> =
                findings.iter().filter(|own| own["metric"] == "ttfb").collect();
            assert!(!first_byte.is_empty(), "{file}");
            for own in first_byte {
                let verdict = own["verdict"].as_str().unwrap();
                assert!(matches!(verdict, "pass" | "not_compared"), "{file}: {own}");
            }
        }
    }
}

#[test]
fn records_hold_the_parts_and_a_history_shows_them() {
    let repo = Repo::new();
    let policy = format!("{LIMITS}gate: {{ decide: threshold }}\n");
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    fs::write(repo.folder.join("run.json"), run(500.0, 200.0).to_string()).unwrap();
    repo.commit("Measure");
    repo.perfgate(&["record", "run.json"]).expect(0);
    repo.commit("Change nothing");
    let arguments = ["compare", "--baseline", "HEAD", "run.json", "--format", "json"];
    let report = repo.perfgate(&arguments).expect(0).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let first_byte: Vec<&Value> = findings.filter(|own| own["metric"] == "ttfb").collect();
    // Six statistics of two endpoints.
    assert_eq!(first_byte.len(), 12, "{report}");
    assert!(first_byte.iter().all(|own| own["verdict"] == "pass"), "{report}");
    let metric = ["--metric", "TTFB", "--statistic", "p90", "--endpoint", "POST /chat"];
    let arguments = [&["trend", "--offline", "--format", "json"][..], &metric].concat();
    let history = repo.perfgate(&arguments).expect(0).json();
    assert_eq!(history["series"][0]["id"], "POST /chat ttfb p90");
    assert_eq!(history["series"][0]["unit"], "ms");
    assert_eq!(history["rows"][0]["values"][0]["value"], 450.0);
}

/// A script that measures it by itself means its own.
#[test]
fn a_metric_of_the_scripts_own_comes_before_a_part_of_that_name() {
    let mut own = run(500.0, 200.0);
    own["metrics"] = json!([{ "name": "ttfb", "unit": "ms", "value": 10 }]);
    let arguments = ["check", "run.json", "--format", "json"];
    let policy = "budgets: [{ ttfb: \"< 20ms\" }]\n";
    let report = in_folder(policy, &[("run.json", &own)], &arguments).expect(0).json();
    assert_eq!(report["budgets"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["budgets"][0]["value"], 10.0);
}

#[test]
fn a_worse_first_byte_is_what_the_selftest_shows_the_gate() {
    let repo = Repo::new();
    fs::write(
        repo.folder.join("perfgate.yaml"),
        "regression_thresholds: { ttfb: { p95: 20% }, api_response_time: off }\n",
    )
    .unwrap();
    fs::write(repo.folder.join("run.json"), run(500.0, 200.0).to_string()).unwrap();
    repo.commit("Measure");
    for _ in 0..4 {
        repo.perfgate(&["record", "run.json"]).expect(0);
    }
    let shown = repo.perfgate(&["selftest", "run.json"]);
    assert!(shown.stdout.contains("ttfb p95"), "{}{}", shown.stdout, shown.stderr);
    assert!(!shown.stdout.contains("missed"), "{}", shown.stdout);
}

/// Shards that are merged, and the whole that they were cut from.
#[test]
fn shards_have_the_parts_of_the_whole() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(fixture("oha/flaky.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let shard = |keep: &dyn Fn(usize) -> bool| {
        let rows = rows.lines().enumerate().filter(|(i, _)| keep(*i));
        let kept: Vec<&str> = rows.map(|(_, row)| row).collect();
        format!("{head}\n{}\n", kept.join("\n"))
    };
    for (name, keep) in [("one.csv", 0), ("two.csv", 1)] {
        fs::write(folder.path().join(name), shard(&|i| i % 2 == keep)).unwrap();
    }
    fs::write(folder.path().join("whole.csv"), shard(&|_| true)).unwrap();
    let whole = perfgate(folder.path(), &["normalize", "whole.csv"]).expect(0).json();
    for half in ["one", "two"] {
        let name = format!("{half}.json");
        perfgate(folder.path(), &["normalize", "-o", &name, &format!("{half}.csv")]).expect(0);
    }
    for shards in [["one.csv", "two.csv"], ["one.json", "two.json"]] {
        let merged = perfgate(folder.path(), &["merge", shards[0], shards[1]]).expect(0).json();
        let (ours, theirs) = (&merged["total"]["parts"], &whole["total"]["parts"]);
        let parts = theirs.as_object().unwrap();
        assert!(parts.contains_key("ttfb") && parts.contains_key("connect"), "{theirs}");
        for (part, own) in parts {
            for (level, ms) in own["quantiles"].as_object().unwrap() {
                let merged = ours[part]["quantiles"][level].as_f64().unwrap();
                let whole = ms.as_f64().unwrap();
                assert!(
                    (merged - whole).abs() <= 0.004 * whole,
                    "{part} {level}: {merged} {whole}"
                );
            }
        }
    }
}

/// Samples of so many endpoints, two of each.
fn samples(endpoints: usize) -> String {
    let row = |n: usize| {
        format!(
            "{},{},{},200,OK,t 1-1,text,true,10,1,1,{},0,5\n",
            1_790_000_000_000 + n as u64 * 10,
            30 + n % 7,
            n % endpoints,
            20 + n % 5
        )
    };
    let head = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency,IdleTime,Connect\n";
    let rows = (0..2 * endpoints).map(row);
    std::iter::once(head.to_owned()).chain(rows).collect()
}

/// A thousand endpoints may have every time of their parts in memory; more of them have means, and say so by having no more.
#[test]
fn of_very_many_endpoints_the_parts_have_means_alone() {
    let folder = TempDir::new().unwrap();
    for endpoints in [1_000, 1_001] {
        fs::write(folder.path().join("x.jtl"), samples(endpoints)).unwrap();
        let read =
            perfgate(folder.path(), &["normalize", "--no-histograms", "x.jtl"]).expect(0).json();
        let first_byte = &read["endpoints"][7]["parts"]["ttfb"];
        match endpoints {
            1_000 => assert!(first_byte["quantiles"]["p95"].is_number(), "{first_byte}"),
            _ => assert!(first_byte.is_number(), "{first_byte}"),
        }
    }
}
