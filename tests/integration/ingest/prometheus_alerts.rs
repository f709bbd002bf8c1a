//! Alerts of the policy, evaluated over the time of a run.

use crate::support::prometheus::{answering, series};
use crate::support::{Ended, level_run, perfgate};
use serde_json::{Value, json};
use tempfile::TempDir;

const ERRORS: &str = "sum(rate(http_errors_total[15s])) > 5";
const DEPTH: &str = "queue_depth > 100";

/// The policy with one alert of this condition, and further keys of it.
fn alert(condition: &str, keys: &str) -> String {
    format!("alerts:\n  - name: High Error Rate\n    condition: '{condition}'\n{keys}")
}

/// A folder with a run of a minute, a policy, and `perfgate ARGUMENTS run.json` in it.
struct Scratch(TempDir);

impl Scratch {
    fn new(policy: &str) -> Self {
        let scratch = Self(TempDir::new().unwrap());
        let mut run = level_run(0, &[1.0]);
        run["started_at"] = json!("2026-01-01T00:00:00Z");
        scratch.write("run.json", &run.to_string());
        scratch.write("perfgate.yaml", policy);
        scratch
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// Checks the run against alerts that a server answers so.
    fn check(&self, answer: impl Fn(&str) -> Value + Send + 'static) -> Ended {
        let address = answering(answer);
        perfgate(self.0.path(), &["check", "run.json", "--attach", &address])
    }

    fn perfgate(&self, arguments: &[&str]) -> Ended {
        perfgate(self.0.path(), arguments)
    }
}

/// An answer with one series without labels.
fn one(points: &[(i64, &str)]) -> Value {
    series(&[(json!({}), points)])
}

#[test]
fn an_alert_fires_at_the_time_from_which_its_condition_has_held_for_long_enough() {
    let holds = |_: &str| one(&[(20, "9"), (21, "9"), (22, "9"), (23, "9"), (40, "9"), (41, "9")]);
    for (holds_for, said) in [
        ("0s", "alert High Error Rate would have fired at 00:00:20 UTC for 6 s"),
        ("2s", "alert High Error Rate would have fired at 00:00:22 UTC for 2 s"),
        ("3s", "alert High Error Rate would have fired at 00:00:23 UTC for 1 s"),
    ] {
        let scratch = Scratch::new(&alert(ERRORS, &format!("    for: {holds_for}\n")));
        let report = scratch.check(holds).expect(1).stdout;
        assert!(report.contains(&format!("✗ over budget: {said}")), "{report}");
    }
    let scratch = Scratch::new(&alert(ERRORS, "    for: 4s\n"));
    let report = scratch.check(holds).expect(0).stdout;
    assert!(report.contains("✓ alert High Error Rate would not have fired"), "{report}");
}

#[test]
fn the_severity_says_whether_an_alert_fails_or_warns() {
    for (severity, code, mark) in [
        ("", 1, "✗"),
        ("    severity: critical\n", 1, "✗"),
        ("    severity: Page\n", 1, "✗"),
        ("    severity: warning\n", 0, "!"),
        ("    labels: { severity: ticket, team: chat }\n", 0, "!"),
    ] {
        let scratch = Scratch::new(&alert(ERRORS, severity));
        let report = scratch.check(|_| one(&[(20, "9")])).expect(code).stdout;
        assert!(report.contains(&format!("{mark} alert High Error Rate would")), "{report}");
        assert!(report.contains("budgets   0 of 1 kept"), "{report}");
    }
}

#[test]
fn series_that_fire_at_the_same_time_fire_once_and_the_first_is_named() {
    let answer = |_: &str| {
        series(&[
            (json!({ "handler": "/b" }), &[(22, "9"), (23, "9")]),
            (json!({ "handler": "/a", "__name__": "x" }), &[(21, "9"), (22, "9")]),
        ])
    };
    let report = Scratch::new(&alert(ERRORS, "")).check(answer).expect(1).stdout;
    assert!(report.contains("fired at 00:00:21 UTC for 3 s (handler=\"/a\")"), "{report}");
}

#[test]
fn an_alert_that_nothing_was_measured_for_is_not_judged() {
    let quiet = |query: &str| match query {
        ERRORS => series(&[]),
        "sum(rate(http_errors_total[15s]))" => one(&[(20, "0"), (30, "1")]),
        other => panic!("{other}"),
    };
    Scratch::new(&alert(ERRORS, "")).check(quiet).expect(0);
    let nothing = |_: &str| series(&[]);
    let no_number = |query: &str| match query {
        ERRORS => series(&[]),
        _ => one(&[(20, "NaN")]),
    };
    let refused = |_: &str| json!({ "status": "error", "error": "parse error at char 3" });
    let unknown =
        |answer: fn(&str) -> Value| Scratch::new(&alert(ERRORS, "")).check(answer).expect(3).stdout;
    for (answer, why) in [
        (
            nothing as fn(&str) -> Value,
            "no series; for zero, add `or vector(0)`: http_errors_total",
        ),
        (no_number, "no number (no requests?): sum(rate(http_errors_total[15s]))"),
        (refused, "parse error at char 3"),
    ] {
        let report = unknown(answer);
        assert!(report.contains("alert High Error Rate was not evaluated: "), "{report}");
        let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(report.contains(why), "{report}");
    }
}

#[test]
fn errors_that_never_came_are_none_where_their_requests_were_counted() {
    let condition = r#"rate(a{status=~"5.."}[15s]) / rate(a[15s]) > 0.01"#;
    let answer = |requests: bool| {
        move |query: &str| match query {
            "count(a)" if requests => one(&[(20, "4")]),
            _ => series(&[]),
        }
    };
    let scratch = Scratch::new(&alert(condition, ""));
    let report = scratch.check(answer(true)).expect(0).stdout;
    assert!(report.contains("✓ alert High Error Rate would not have fired"), "{report}");
    scratch.check(answer(false)).expect(3);
    // Both metrics are there, and their labels never match.
    let scratch = Scratch::new(&alert("a / b > 1", ""));
    let parts = |query: &str| match query {
        "count(a)" | "count(b)" => one(&[(20, "4")]),
        _ => series(&[]),
    };
    let report = scratch.check(parts).expect(3).stdout;
    assert!(
        report.contains("no value, but its metrics have some: do the labels match? a / b"),
        "{report}"
    );
}

#[test]
fn a_condition_without_a_comparison_is_known_to_be_quiet_only_if_it_is_about_absence() {
    let nothing = |_: &str| series(&[]);
    Scratch::new(&alert("absent(up)", "")).check(nothing).expect(0);
    let report = Scratch::new(&alert("queue_full", "")).check(nothing).expect(3).stdout;
    assert!(report.contains("it compares nothing"), "{report}");
}

#[test]
fn a_run_that_is_too_short_for_an_alert_to_fire_does_not_pass_it() {
    let last = |_: &str| one(&[(58, "9"), (59, "9"), (60, "9")]);
    let scratch = Scratch::new(&alert(ERRORS, "    for: 10m\n"));
    let report = scratch.check(last).expect(3).stdout;
    assert!(
        report.contains("it held for the last 2 s, and must hold for 600 s: run for longer"),
        "{report}"
    );
    // It was over before the end: no longer run would have changed that.
    scratch.check(|_| one(&[(20, "9"), (21, "9")])).expect(0);
    // It could have fired, and had not yet.
    Scratch::new(&alert(ERRORS, "    for: 30s\n")).check(last).expect(0);
}

#[test]
fn a_run_keeps_what_came_of_its_alerts_and_is_judged_by_it_later() {
    let policy = alert(ERRORS, "    severity: warning\n")
        + &format!("  - {{ name: Depth, condition: {DEPTH}, for: 1s }}\n");
    let scratch = Scratch::new(&policy);
    let address = answering(|query| match query {
        DEPTH => one(&[(20, "101"), (21, "102"), (22, "103")]),
        ERRORS => series(&[]),
        _ => one(&[(20, "0")]),
    });
    let normalized = scratch.perfgate(&["normalize", "run.json", "--attach", &address]).expect(0);
    let alerts = normalized.json()["alerts"].clone();
    let expected = json!([
        { "name": "High Error Rate", "condition": ERRORS, "holds_for_s": 0.0, "severity": "warning" },
        {
            "name": "Depth", "condition": DEPTH, "holds_for_s": 1.0, "severity": "critical",
            "fired_at": "2026-01-01T00:00:21Z", "for_s": 2.0,
        },
    ]);
    assert_eq!(alerts, expected);
    scratch.write("asked.json", &normalized.stdout);
    let checked = scratch.perfgate(&["check", "asked.json", "--format", "json"]).expect(1);
    let report = checked.json();
    assert_eq!(report["budgets"][0]["alert"], json!({}));
    assert_eq!(report["budgets"][1]["alert"]["fired_at"], "2026-01-01T00:00:21Z");
    assert_eq!(report["budgets"][1]["reason"], "over_threshold");
    // A comparison holds the run against them as well.
    let compare = ["compare", "--baseline-file", "run.json", "asked.json"];
    let compared = scratch.perfgate(&compare).expect(1).stdout;
    assert!(compared.contains("✗ alert Depth would have fired at 00:00:21 UTC"), "{compared}");
    // A report that is read back says the same.
    scratch.write("report.json", &checked.stdout);
    scratch.perfgate(&["report", "report.json", "--html", "page.html"]).expect(1);
    let page = std::fs::read_to_string(scratch.0.path().join("page.html")).unwrap();
    assert!(page.contains("alert Depth would have fired at 00:00:21 UTC for 2 s"), "{page}");
}

#[test]
fn alerts_that_nobody_asked_about_are_said_and_change_no_verdict() {
    let scratch = Scratch::new(&(alert(ERRORS, "") + "budgets: [{ error_rate: \"< 1%\" }]\n"));
    let ended = scratch.perfgate(&["check", "run.json", "--format", "json"]).expect(0);
    let report = ended.json();
    assert_eq!(report["verdict"], "pass");
    let warning = &report["warnings"][0];
    assert_eq!(warning["code"], "alerts_not_checked");
    let said = "1 alert not checked: High Error Rate; no Prometheus was attached to the run (--attach prometheus:URL)";
    assert_eq!(warning["message"], said);
    // What an alert of another condition did says nothing about this one.
    let address = answering(|_| one(&[(20, "9")]));
    let normalized = scratch.perfgate(&["normalize", "run.json", "--attach", &address]).expect(0);
    scratch.write("asked.json", &normalized.stdout);
    let other = alert(DEPTH, "") + "budgets: [{ error_rate: \"< 1%\" }]\n";
    scratch.write("perfgate.yaml", &other);
    let report = scratch.perfgate(&["check", "asked.json"]).expect(0).stdout;
    assert!(report.contains("not in the policy when the run was measured"), "{report}");
}

#[test]
fn a_server_that_does_not_answer_is_an_error_and_not_a_quiet_alert() {
    let scratch = Scratch::new(&alert(ERRORS, ""));
    let ended =
        scratch.perfgate(&["check", "run.json", "--attach", "prometheus:http://127.0.0.1:9"]);
    let error = ended.expect(2).stderr;
    assert!(error.contains("Prometheus: High Error Rate: "), "{error}");
}

#[test]
fn rules_of_prometheus_are_read_as_they_stand() {
    let scratch = Scratch::new("alerts: { file: rules.yml }\n");
    let rules = format!(
        "groups:\n- name: chat\n  interval: 30s\n  rules:\n  - record: job:depth\n    expr: sum(queue_depth)\n  - alert: Depth\n    \
         expr: {DEPTH}\n    for: 1m30s\n    keep_firing_for: 5m\n    labels: {{ severity: page }}\n    annotations: {{ summary: deep }}\n"
    );
    scratch.write("rules.yml", &rules);
    let address = answering(|_| one(&[(20, "101")]));
    let run = scratch.perfgate(&["normalize", "run.json", "--attach", &address]).expect(0).json();
    let alerts = run["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!((&alerts[0]["name"], &alerts[0]["condition"]), (&json!("Depth"), &json!(DEPTH)));
    assert_eq!(
        (&alerts[0]["holds_for_s"], &alerts[0]["severity"]),
        (&json!(90.0), &json!("critical"))
    );
}

#[test]
fn rules_that_perfgate_writes_from_budgets_are_rules_that_it_reads() {
    let budgets = "budgets: [{ error_rate: \"< 1%\" }, { api_response_time_p95: { target: 200ms, acceptable: 500ms } }]\n";
    let scratch = Scratch::new(budgets);
    scratch.perfgate(&["init", "--alerts", "rules.yml"]).expect(0);
    scratch.write("perfgate.yaml", &format!("{budgets}alerts: {{ file: rules.yml }}\n"));
    let address = answering(|query| match query.contains('>') {
        true => series(&[]),
        false => one(&[(20, "0")]),
    });
    let arguments = ["check", "run.json", "--attach", &address, "--format", "json"];
    let report = scratch.perfgate(&arguments).expect(0).json();
    let budgets = report["budgets"].as_array().unwrap();
    let alerts: Vec<&Value> = budgets.iter().filter(|own| own.get("alert").is_some()).collect();
    let names: Vec<&str> = alerts.iter().map(|own| own["budget"].as_str().unwrap()).collect();
    let expected =
        ["ErrorRateAcceptable", "ApiResponseTimeP95Target", "ApiResponseTimeP95Acceptable"];
    assert_eq!(names, expected);
    assert_eq!(alerts[1]["tier"], "target", "a warning");
    assert_eq!(alerts[2]["tier"], "critical");
}

#[test]
fn what_is_wrong_with_an_alert_is_said_with_its_place() {
    let error =
        |policy: &str| Scratch::new(policy).perfgate(&["check", "run.json"]).expect(2).stderr;
    for (policy, said) in [
        (alert(ERRORS, "    severity: grave\n"), "perfgate.yaml:4:15: unknown severity \"grave\""),
        (
            alert(ERRORS, "    for: soon\n"),
            "perfgate.yaml:4:10: \"soon\" is not a duration of Prometheus",
        ),
        (alert("", ""), "perfgate.yaml:3:16: a condition has 1 to 4096 bytes"),
        ("alerts: [{ name: a }]\n".to_owned(), "missing field `condition`"),
        ("alerts: { file: no.yml }\n".to_owned(), "no.yml"),
        ("alerts: { files: no.yml }\n".to_owned(), "did you mean file?"),
        ("alerts: yes please\n".to_owned(), "a list of alerts (name, condition, severity)"),
    ] {
        let error = error(&policy);
        assert!(error.contains(said), "{error}");
    }
    let scratch = Scratch::new("alerts: { file: rules.yml }\n");
    scratch.write("rules.yml", "groups: [{ name: a, rules: [{ record: b, expr: c }] }]\n");
    let error = scratch.perfgate(&["check", "run.json"]).expect(2).stderr;
    assert!(error.contains("rules.yml: no rule in it has an `alert`"), "{error}");
}
