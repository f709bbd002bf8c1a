//! The gate on real result files: what fails, what only warns, what is not compared, and that nothing empty passes.

use crate::support::levels::codes;
use crate::support::{self, compare, compare_with, finding};
use serde_json::{Value, json};

const JSON: &[&str] = &["--format", "json"];

fn near(value: &serde_json::Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 5e-3 * expected.abs().max(1e-9)
}

#[test]
fn a_slower_endpoint_fails_whatever_form_k6_wrote_its_summary_in() {
    for file in ["summary.json", "handleSummary.json"] {
        let bases = [1, 2, 3].map(|n| format!("k6/2.2.0/base-{n}/{file}"));
        let slower = format!("k6/2.2.0/regressed-1/{file}");
        // One baseline run makes it suspicious, three make it sure.
        compare(&bases[0], &slower, JSON).expect(3);
        let ended = compare_with(&bases, &slower, JSON).expect(1);
        let report = ended.json();
        assert_eq!((&report["verdict"], &report["exit_code"]), (&"fail".into(), &1.into()));

        let p95 = finding(&report, "/api/chat", "p95");
        assert!(near(&p95["baseline"], 32.97) && near(&p95["current"], 41.86), "{p95}");
        assert!(near(&p95["change"]["relative"], 0.2696), "{p95}");
        assert_eq!((&p95["verdict"], &p95["reason"]), (&"fail".into(), &"over_threshold".into()));

        let p99 = finding(&report, "/api/chat", "p99");
        assert!(near(&p99["change"]["relative"], 0.2806), "{p99}");
        assert_eq!(p99["verdict"], "fail");

        let errors = finding(&report, "total", "error_rate");
        assert!(
            near(&errors["baseline"], 0.000_982) && near(&errors["current"], 0.005_010_9),
            "{errors}"
        );
        assert_eq!(errors["verdict"], "fail");

        let health = finding(&report, "/health", "p99");
        assert_eq!(
            (&health["verdict"], &health["reason"]),
            (&"not_compared".into(), &"too_few_requests".into())
        );
        assert_eq!(
            (&health["baseline_requests"], &health["needs_requests"]),
            (&373.into(), &500.into())
        );

        let never = finding(&report, "/never/called", "p95");
        assert_eq!(
            (&never["verdict"], &never["reason"]),
            (&"not_compared".into(), &"no_data".into())
        );
    }
}

#[test]
fn unchanged_code_never_fails_and_chance_only_warns() {
    let mut warned = 0;
    for base in 1..=3 {
        for new in 1..=3 {
            for file in ["summary.json", "handleSummary.json"] {
                let (base, new) =
                    (format!("k6/2.2.0/base-{base}/{file}"), format!("k6/2.2.0/base-{new}/{file}"));
                let report = compare(&base, &new, JSON).expect(0).json();
                let findings = report["findings"].as_array().unwrap();
                for finding in findings.iter().filter(|f| f["verdict"] == "warn") {
                    assert_eq!(finding["reason"], "within_noise", "{finding}");
                    warned += 1;
                }
            }
        }
    }
    assert!(warned > 0, "chance crosses a limit in some of these pairs");
}

#[test]
fn the_plain_rule_fails_on_chance() {
    let scratch = tempfile::TempDir::new().unwrap();
    let policy = scratch.path().join("plain.yaml");
    std::fs::write(&policy, "gate: { decide: threshold }\n").unwrap();
    let plain = ["--format", "json", "--policy", policy.to_str().unwrap()];
    let report = compare("k6/2.2.0/base-2/summary.json", "k6/2.2.0/base-1/summary.json", &plain)
        .expect(1)
        .json();
    assert_eq!(report["decide"], "threshold");
    assert_eq!(finding(&report, "/api/flaky", "error_rate")["verdict"], "fail");
    compare("k6/2.2.0/base-2/summary.json", "k6/2.2.0/base-1/summary.json", JSON).expect(0);
}

#[test]
fn locust_fails_on_errors_and_its_rounding_is_not_taken_for_a_change() {
    let report =
        compare("locust/2.47.0/base-1/x_stats.csv", "locust/2.47.0/regressed-1/x_stats.csv", JSON)
            .expect(1)
            .json();
    assert_eq!(finding(&report, "total", "error_rate")["verdict"], "fail");
    let p95 = finding(&report, "POST /api/chat", "p95");
    assert_eq!((&p95["baseline"], &p95["current"]), (&35.0.into(), &43.0.into()));
    assert_eq!((&p95["verdict"], &p95["reason"]), (&"warn".into(), &"below_resolution".into()));
    let p99 = finding(&report, "POST /api/chat", "p99");
    let expected = (&"inconclusive".into(), &"measure_again".into());
    assert_eq!((&p99["verdict"], &p99["reason"]), expected);
}

#[test]
fn locust_json_holds_more_than_its_csv_and_finds_the_same() {
    let report =
        compare("locust/2.47.0/base-1/stats.json", "locust/2.47.0/regressed-1/stats.json", JSON)
            .expect(1)
            .json();
    assert_eq!(finding(&report, "total", "error_rate")["verdict"], "fail");
}

#[test]
fn what_was_not_measured_is_said_with_how_to_get_it() {
    let file = "k6/2.2.0/machine-readable/base/summary.json";
    let report =
        compare(file, "k6/2.2.0/machine-readable/full/summary.json", &["--format", "json"]).json();
    let p99 = finding(&report, "total", "p99");
    assert_eq!((&p99["verdict"], &p99["reason"]), (&"not_compared".into(), &"not_measured".into()));
    let warnings = report["warnings"].as_array().unwrap();
    let how = warnings.iter().find(|w| w["code"] == "not_measured").unwrap();
    assert!(how["message"].as_str().unwrap().contains("--summary-trend-stats"), "{how}");
}

#[test]
fn nothing_that_measured_nothing_passes() {
    let k6 = ["zero", "setup-fails", "allfail", "refused", "all-throw"]
        .map(|s| (format!("k6/2.2.0/{s}/summary.json"), "k6/2.2.0/base-1/summary.json".to_owned()));
    let raw = ["zero/raw.ndjson", "zero/raw.csv", "setup-fails/raw.ndjson", "setup-fails/raw.csv"]
        .map(|s| (format!("k6/2.2.0/{s}"), "k6/2.2.0/full-short/raw.ndjson.gz".to_owned()));
    let locust = [
        "zero/x_stats.csv",
        "one-request/x_stats.csv",
        "allfail/x_stats.csv",
        "refused/x_stats.csv",
        "base-1/out.json",
        "zero/out.json",
        "one-request/out.json",
        "allfail/out.json",
        "refused/out.json",
    ]
    .map(|s| (format!("locust/2.47.0/{s}"), "locust/2.47.0/base-1/x_stats.csv".to_owned()));
    for (file, base) in k6.into_iter().chain(raw).chain(locust) {
        compare(&base, &file, JSON).expect(3);
        let against_itself = compare(&file, &file, JSON).expect(3).json();
        assert_eq!(against_itself["verdict"], "not_compared", "{file}");
    }
}

#[test]
fn failing_requests_fail_the_gate_though_they_are_fast() {
    let longer = ["--format", "json", "--allow-different", "duration"];
    let report = compare("k6/2.2.0/base-1/summary.json", "k6/2.2.0/refused/summary.json", &longer)
        .expect(1)
        .json();
    assert_eq!(finding(&report, "total", "error_rate")["verdict"], "fail");
    assert_eq!(finding(&report, "total", "p95")["reason"], "all_failed");
}

#[test]
fn another_load_is_no_verdict_unless_it_is_allowed() {
    let (base, short) = ("k6/2.2.0/base-1/summary.json", "k6/2.2.0/perendpoint/summary.json");
    let report = compare(base, short, JSON).expect(3).json();
    assert_eq!(
        (&report["verdict"], &report["reason"]),
        (&"inconclusive".into(), &"not_comparable".into())
    );
    compare(base, short, &["--allow-different", "duration"]).expect(0);
    compare(base, short, &["--inconclusive", "warn"]).expect(3);
}

#[test]
fn less_coverage_than_required_is_no_verdict() {
    let (base, new) = ("k6/2.2.0/base-1/summary.json", "k6/2.2.0/base-2/summary.json");
    let report =
        compare(base, new, &["--format", "json", "--require-coverage", "95%"]).expect(3).json();
    assert_eq!(report["reason"], "coverage_too_low");
    compare(base, new, &["--require-coverage", "60%"]).expect(0);
}

#[test]
fn a_summary_and_a_raw_output_of_the_same_tool_join_where_one_does_not_know_the_method() {
    let report =
        compare("k6/2.2.0/base-1/summary.json", "k6/2.2.0/killed/raw.ndjson.gz", JSON).json();
    assert_ne!(finding(&report, "POST /api/chat", "p95")["reason"], "new_endpoint");
}

#[test]
fn a_file_appears_whole_and_a_device_is_written_to_not_replaced() {
    let scratch = tempfile::TempDir::new().unwrap();
    let file = scratch.path().join("reports/new/report.json");
    let (json, sink) = (format!("json={}", file.display()), "markdown=/dev/null");
    let outputs = ["--output", json.as_str(), "--output", sink];
    let outputs = if cfg!(unix) { &outputs[..] } else { &outputs[..2] };
    compare("k6/2.2.0/base-1/summary.json", "k6/2.2.0/base-2/summary.json", outputs).expect(0);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["verdict"], "pass");
    assert_eq!(
        std::fs::read_dir(file.parent().unwrap()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}

/// What two runs of one endpoint, the first with this latency and the second with that, come to.
fn of_two(old: Value, new: Value) -> Value {
    let scratch = tempfile::TempDir::new().unwrap();
    let write = |name: &str, latency: Value| {
        let endpoint = |name: &str, latency: Value| json!({ "name": name, "requests": 5000, "failures": 0, "latency": latency });
        let other = json!({ "count": 5000, "quantiles": { "p95": 100, "p99": 120 } });
        let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "x" },
                          "endpoints": [endpoint("/a", latency), endpoint("/b", other)] });
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap();
    };
    write("old.json", old);
    write("new.json", new);
    let arguments = ["compare", "--baseline-file", "old.json", "new.json", "--format", "json"];
    support::perfgate(scratch.path(), &arguments).expect(0).json()
}

#[test]
fn what_one_side_measured_and_could_not_be_compared_is_never_a_plain_pass() {
    let good = || json!({ "count": 5000, "quantiles": { "p95": 100, "p99": 120 } });
    assert_eq!(of_two(good(), good())["verdict"], "pass");
    for (old, new) in [
        // A baseline of zero, which nothing can be relative to; a percentile that was lost; too few now; no answer at all.
        (json!({ "count": 5000, "mean": 0.2, "quantiles": { "p95": 0, "p99": 0 } }), good()),
        (good(), json!({ "count": 5000, "quantiles": { "p95": 100 } })),
        (good(), json!({ "count": 50, "quantiles": { "p95": 500, "p99": 600 } })),
        (good(), json!({ "count": 5000, "mean": 0, "quantiles": { "p95": 0, "p99": 0 } })),
    ] {
        let report = of_two(old.clone(), new.clone());
        assert_eq!(report["verdict"], "warn", "{old} {new}");
        assert!(codes(&report).contains(&"blind"), "{old} {new}");
    }
}
