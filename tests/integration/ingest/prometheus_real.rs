//! The queries and alerts of a monitoring page against a real Prometheus, a real service and a real load.

use crate::support::perfgate;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const POLICY: &str = r#"
prometheus:
  request_rate:
    query: sum by (method, handler) (rate(http_requests_total[5s]))
    unit: per_second
    by: [method, handler]
  response_time:
    query: histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5s]))
    unit: s
    by: handler
  failing:
    query: sum(rate(http_requests_total{status=~"5.."}[5s])) / sum(rate(http_requests_total[5s]))
    unit: ratio
  connections: websocket_active_connections
  drops: websocket_backpressure_drops_total

alerts:
  - name: High Response Time
    condition: histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5s])) > 1
    severity: warning
  - name: High Error Rate
    condition: 'sum(rate(http_requests_total{status=~"5.."}[5s])) / sum(rate(http_requests_total[5s])) > 0.01'
    severity: critical
    for: 5s

profiles:
  page:
    users: 4
    spawn_rate: 4
    duration: 20s
    targets:
      - error_rate: "< 50%"
"#;

/// A process that ends with the test.
struct Process(Child);

impl Process {
    /// Starts a program and waits for a line of its output with this text.
    fn start(command: &mut Command, ready: &str) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut process = Self(child);
        let pipes: [Box<dyn Read + Send>; 2] = [
            Box::new(process.0.stdout.take().unwrap()),
            Box::new(process.0.stderr.take().unwrap()),
        ];
        let (lines, all) = std::sync::mpsc::channel();
        for pipe in pipes {
            let lines = lines.clone();
            // Both pipes are read to their end, so that the program never waits for a reader.
            std::thread::spawn(move || {
                BufReader::new(pipe)
                    .lines()
                    .map_while(Result::ok)
                    .for_each(|line| drop(lines.send(line)));
            });
        }
        drop(lines);
        assert!(all.iter().any(|line| line.contains(ready)), "{command:?} never said {ready}");
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that this test needs and that is not there.
fn missing() -> Option<&'static str> {
    let works = |program: &&str| {
        let output = Command::new(program).arg("--version").output();
        output.is_ok_and(|output| output.status.success())
    };
    ["python3", "locust", "prometheus"].into_iter().find(|program| !works(program))
}

fn prometheus(folder: &Path, service: u16) -> (Process, String) {
    let config = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs: [{{ job_name: chat, static_configs: [{{ targets: ['127.0.0.1:{service}'] }}] }}]\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new("prometheus");
    command.current_dir(folder).arg("--config.file=prometheus.yml");
    command.args(["--storage.tsdb.path=data", &format!("--web.listen-address={address}")]);
    let process = Process::start(&mut command, "Server is ready to receive web requests");
    (process, format!("prometheus:http://{address}"))
}

#[test]
#[ignore = "needs Prometheus, Locust and half a minute: cargo test --test integration prometheus_real -- --ignored"]
fn a_monitoring_page_holds_for_a_load_test() {
    if let Some(program) = missing() {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    let scratch = TempDir::new().unwrap();
    let folder = scratch.path();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/chat-service");
    let port = free_port();
    let mut service = Command::new("python3");
    service.arg(example.join("service.py")).args(["--port", &port.to_string(), "--fail", "0.1"]);
    let _service = Process::start(&mut service, "http://127.0.0.1");
    let (_prometheus, address) = prometheus(folder, port);
    std::fs::write(folder.join("perfgate.yaml"), POLICY).unwrap();
    let (script, host) = (example.join("locustfile.py"), format!("http://127.0.0.1:{port}"));
    let load = ["locust", "-f", script.to_str().unwrap(), "--host", &host];
    let run = [
        "run",
        "--profile",
        "page",
        "--no-record",
        "--busy-ok",
        "--out",
        "results",
        "--attach",
        &address,
    ];
    let ended = perfgate(folder, &[&run[..], &["--"], &load].concat());
    eprintln!("{}{}", ended.stderr, ended.stdout);

    let run = std::fs::read_to_string(folder.join("results/run-1/perfgate-run.json")).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    let metric = |name: &str, endpoint: Option<&str>| {
        let all = run["metrics"].as_array().unwrap();
        let found =
            all.iter().find(|own| own["name"] == name && own["endpoint"].as_str() == endpoint);
        found.unwrap_or_else(|| panic!("{name} {endpoint:?}: {all:#?}"))["value"].as_f64().unwrap()
    };
    // What Prometheus counts is what Locust counts, but for its first and last seconds.
    for endpoint in run["endpoints"].as_array().unwrap().iter().filter(|own| own["kind"] == "http")
    {
        let name = format!(
            "{} {}",
            endpoint["method"].as_str().unwrap(),
            endpoint["name"].as_str().unwrap()
        );
        let (counted, made) =
            (metric("request_rate", Some(&name)), endpoint["throughput_rps"].as_f64().unwrap());
        assert!((0.5..1.5).contains(&(counted / made)), "{name}: {counted} of {made} per second");
    }
    let slow = metric("response_time", Some("POST /api/chat"));
    assert!((25.0..100.0).contains(&slow), "{slow} ms");
    assert!((0.01..0.2).contains(&metric("failing", None)));
    assert!(metric("connections", None) > 0.0);
    assert!(metric("drops", None) == 0.0);
    let alert = |i: usize| run["alerts"][i].as_object().unwrap();
    assert!(alert(0).get("fired_at").is_none() && alert(0).get("unknown").is_none(), "{run}");
    assert!(alert(1)["for_s"].as_f64().unwrap() > 1.0, "{run}");

    let arguments = ["check", "--profile", "page", "results/run-1/perfgate-run.json"];
    let checked = perfgate(folder, &arguments).expect(1).stdout;
    eprintln!("{checked}");
    assert!(checked.contains("✗ alert High Error Rate would have fired at "), "{checked}");
    assert!(checked.contains("✓ alert High Response Time would not have fired"), "{checked}");
}
