//! What teams keep beside their code: tables of numbers, alert rules, reports by the book, Prometheus.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use support::{Repo, level_run, perfgate};
use tempfile::TempDir;

#[test]
fn a_plain_table_becomes_a_recorded_baseline() {
    let repo = Repo::new();
    repo.commit("first");
    let table = r#"{"api_baselines": {"chat_endpoint": {"p50": 150, "p95": 450, "p99": 800, "max": 1200, "unit": "ms"}}}"#;
    std::fs::write(repo.folder.join("table.json"), table).unwrap();
    repo.perfgate(&["record", "--tool", "locust", "table.json"]).expect(0);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("second");
    let new = |p95: u32| {
        let quantiles = json!({ "p50": 150, "p66": 200, "p75": 250, "p80": 300, "p90": p95 - 20, "p95": p95, "p98": p95 + 100, "p99": p95 + 200 });
        json!({ "schema": "perfgate.run/1", "tool": { "name": "locust" }, "endpoints": [{ "name": "chat_endpoint",
            "requests": 50000, "failures": 0, "latency": { "count": 50000, "quantiles": quantiles } }] })
    };
    let finding = |p95: u32| {
        std::fs::write(repo.folder.join("new.json"), new(p95).to_string()).unwrap();
        let report = repo
            .perfgate(&["compare", "--baseline", "main", "new.json", "--format", "json"])
            .json();
        let found = support::finding(&report, "chat_endpoint", "p95").clone();
        (found["baseline"].as_f64().unwrap(), found["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(finding(540), (450.0, "pass".to_owned()), "20 % more is at the limit");
    assert_eq!(finding(900), (450.0, "fail".to_owned()));
}

#[test]
fn a_policy_to_begin_with_is_the_default_one_and_never_overwrites() {
    let scratch = TempDir::new().unwrap();
    perfgate(scratch.path(), &["init"]).expect(0);
    let again = perfgate(scratch.path(), &["init"]).expect(2);
    assert!(again.stderr.contains("perfgate.yaml is there already"), "{}", again.stderr);
    let write = |name: &str, level: f64| {
        std::fs::write(scratch.path().join(name), level_run(0, &[level]).to_string()).unwrap();
    };
    write("old.json", 1.0);
    write("new.json", 1.6);
    let compare = || {
        perfgate(scratch.path(), &["compare", "--baseline-file", "old.json", "new.json"])
            .expect(1)
            .stdout
    };
    let with = compare();
    std::fs::remove_file(scratch.path().join("perfgate.yaml")).unwrap();
    assert_eq!(with, compare());
}

#[test]
fn alert_rules_match_the_budgets() {
    let scratch = TempDir::new().unwrap();
    let policy = "budgets:\n  - { operation: /login, limit: 2s, expected_p95: 800ms }\n\
        prometheus: { db_connections: sum(pg_connections) }\n\
        profiles: { baseline: { targets: [{ error_rate: \"< 0.1%\" }, { throughput: \"> 9 RPS\" }, { db_connections: \"< 50\" }, { memory_leak: none }] } }\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "alerts.yml"]).expect(0);
    let written = std::fs::read_to_string(scratch.path().join("alerts.yml")).unwrap();
    assert_eq!(written, include_str!("cmd/alerts.yml"));
    std::fs::write(scratch.path().join("perfgate.yaml"), "results: []\n").unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "other.yml"]).expect(2);
    assert!(!scratch.path().join("other.yml").exists());
}

#[test]
fn the_report_by_the_book_tells_levels_of_concurrency_apart() {
    let scratch = TempDir::new().unwrap();
    let mut names = Vec::new();
    for (users, level) in [(10, 1.0), (50, 1.2), (100, 3.0)] {
        let mut run = level_run(0, &[level]);
        run["load"] = json!({ "users": users });
        run["resources"] = json!({ "cpu_percent": { "mean": users, "max": 100 } });
        names.push(format!("{users}.json"));
        std::fs::write(scratch.path().join(names.last().unwrap()), run.to_string()).unwrap();
    }
    let full = |more: &[&str]| {
        let mut arguments = vec!["report", "--full"];
        arguments.extend(names.iter().map(String::as_str).chain(more.iter().copied()));
        perfgate(scratch.path(), &arguments)
    };
    let plain = full(&[]).expect(0).stdout;
    assert!(
        plain.contains("| 50 | 6000 |")
            && plain.contains("## Concurrency")
            && !plain.contains("## Budgets"),
        "{plain}"
    );
    std::fs::write(
        scratch.path().join("perfgate.yaml"),
        "budgets: [{ api_response_time_p95: 200ms }, { cpu: 80% }]\n",
    )
    .unwrap();
    let judged = full(&[]).expect(1).stdout;
    for line in [
        "✓ 10 users: within budget: 2 limits kept.",
        "✗ 100 users: over budget: `GET /0 p95` 294.00 ms, limit ≤ 200 ms, and 1 more.",
        "- [x] `GET /0 p95` 98.00 ms ≤ 200 ms",
        "- [ ] `cpu mean` 100 %, limit ≤ 80 %",
        "| `cpu_percent` | 10.0 | 100 |  |",
    ] {
        assert!(judged.contains(line), "{line}\n{judged}");
    }
}

/// A Prometheus on this machine that gives the same answer to each request, as many as are named, and tells what was asked.
fn prometheus(answer: Value, requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let serve = |_| {
            let (mut stream, _) = listener.accept().unwrap();
            let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let body = answer.to_string();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            lines.join("\n")
        };
        (0..requests).map(serve).collect()
    });
    (address, thread)
}

fn timed_run() -> Value {
    let mut run = level_run(0, &[1.0]);
    run["started_at"] = json!("2026-01-01T00:00:00Z");
    run
}

#[test]
fn prometheus_is_asked_about_the_time_of_the_run() {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("run.json"), timed_run().to_string()).unwrap();
    let policy = "prometheus:\n  backend_p99: { query: \"histogram_quantile(0.99, sum by (le) (rate(x_bucket[1m])))\", unit: s, direction: lower }\n  \
        db_memory_mb: { query: db, resource: true }\nbudgets: [{ backend_p99: \"< 400ms\" }]\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let values = json!([[1_767_225_600, "0.2"], [1_767_225_630, "NaN"], [1_767_225_660, "0.4"]]);
    let answer = json!({ "status": "success", "data": { "resultType": "matrix", "result": [{ "metric": {}, "values": values }] } });
    let (address, asked) = prometheus(answer, 2);
    let attach = format!("prometheus:{address}");
    let run =
        perfgate(scratch.path(), &["normalize", "run.json", "--attach", &attach]).expect(0).json();
    let asked = asked.join().unwrap();
    assert!(
        asked[0].starts_with("GET /api/v1/query_range?query=histogram_quantile%280.99"),
        "{}",
        asked[0]
    );
    assert!(asked[0].contains("&start=1767225600.000&end=1767225660.000&step=1 "), "{}", asked[0]);
    let metric = &run["metrics"][0];
    assert_eq!((&metric["name"], &metric["unit"]), (&json!("backend_p99"), &json!("ms")));
    assert!((metric["value"].as_f64().unwrap() - 300.0).abs() < 1e-9);
    assert_eq!(run["resources"]["db_memory_mb"]["max"], json!(0.4));
    assert_eq!(run["timeline"]["backend_p99"]["values"][60], json!(400.0));
    std::fs::write(scratch.path().join("asked.json"), run.to_string()).unwrap();
    let judged = perfgate(scratch.path(), &["check", "asked.json"]).expect(0).stdout;
    assert!(judged.contains("✓ backend_p99 300.00 ms < 400 ms"), "{judged}");
}

#[test]
fn what_prometheus_cannot_answer_is_an_error_that_says_why() {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("run.json"), timed_run().to_string()).unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), "prometheus: { depth: queue }\n").unwrap();
    let attach = |file: &str, address: &str| {
        perfgate(scratch.path(), &["normalize", file, "--attach", &format!("prometheus:{address}")])
            .expect(2)
            .stderr
    };
    let series = json!({ "metric": {}, "values": [[1, "1"]] });
    for (answer, said) in [
        (
            json!({ "status": "success", "data": { "result": [] } }),
            "depth: the query gives nothing for the time of the run",
        ),
        (
            json!({ "status": "success", "data": { "result": [series, series] } }),
            "gives 2 series: make them one",
        ),
        (
            json!({ "status": "error", "error": "parse error at char 3" }),
            "depth: parse error at char 3",
        ),
        (json!("hello"), "and not as Prometheus does"),
    ] {
        let (address, asked) = prometheus(answer, 1);
        let error = attach("run.json", &address);
        asked.join().unwrap();
        assert!(error.contains(said), "{error}");
    }
    assert!(attach("run.json", "nowhere").contains("nowhere is no address"));
    std::fs::write(scratch.path().join("old.json"), level_run(0, &[1.0]).to_string()).unwrap();
    assert!(attach("old.json", "http://127.0.0.1:9").contains("does not say when it started"));
}

#[test]
fn what_prometheus_repeats_of_a_token_or_a_password_is_not_printed() {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("run.json"), timed_run().to_string()).unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), "prometheus: { depth: queue }\n").unwrap();
    let echo = json!({ "status": "error", "error": "401: Bearer t0ken-of-ours, reader:passw0rd" });
    let (address, asked) = prometheus(echo, 1);
    let address = address.replace("http://", "prometheus:http://reader:passw0rd@");
    let ended = support::command(scratch.path())
        .args(["normalize", "run.json", "--attach", &address])
        .env("PERFGATE_PROMETHEUS_TOKEN", "t0ken-of-ours")
        .output()
        .unwrap();
    asked.join().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert!(error.contains("depth: 401: Bearer ***, reader:***"), "{error}");
}
