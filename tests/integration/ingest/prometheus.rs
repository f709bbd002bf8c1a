//! Metrics that Prometheus measured during the run.

use crate::support::{self, level_run, perfgate};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use tempfile::TempDir;

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
            "gives 2 series, which differ in nothing: write sum(queue)",
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
