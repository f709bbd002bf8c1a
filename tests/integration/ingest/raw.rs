//! Raw samples: what is left out and told apart, and where the time goes.

use crate::support::{fixture, perfgate};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use tempfile::TempDir;

/// So many requests a second for so many seconds, as k6 writes them, every time multiplied.
pub(super) fn k6(seconds: usize, level: f64) -> String {
    let mut text = String::new();
    for metric in [
        "http_reqs",
        "http_req_duration",
        "http_req_waiting",
        "http_req_receiving",
        "http_req_failed",
    ] {
        let sort = if metric == "http_reqs" { "counter" } else { "trend" };
        writeln!(text, "{{\"metric\":\"{metric}\",\"type\":\"Metric\",\"data\":{{\"name\":\"{metric}\",\"type\":\"{sort}\",\"contains\":\"time\",\"thresholds\":[],\"submetrics\":null}}}}").unwrap();
    }
    for i in 0..seconds * 20 {
        let (second, id) = (i / 20, i % 7);
        let time =
            format!("2026-11-20T22:{:02}:{:02}.{:03}Z", second / 60, second % 60, (i % 20) * 50);
        let waiting = (10.0 + (i % 13) as f64) * level;
        let group = if i % 2 == 0 { "::Login" } else { "::Browse" };
        let tags = format!(
            "{{\"expected_response\":\"true\",\"group\":\"{group}\",\"method\":\"GET\",\"name\":\"http://h/users/{id}\",\"scenario\":\"default\",\"status\":\"200\",\"url\":\"http://h/users/{id}\"}}"
        );
        for (metric, value) in [
            ("http_reqs", 1.0),
            ("http_req_duration", waiting + 1.5),
            ("http_req_waiting", waiting),
            ("http_req_receiving", 1.5),
            ("http_req_failed", 0.0),
        ] {
            writeln!(text, "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"{time}\",\"value\":{value},\"tags\":{tags}}}}}").unwrap();
        }
    }
    text
}

pub(super) fn normalized(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["normalize", "raw.json"];
    arguments.extend(more);
    perfgate(folder, &arguments).expect(0).json()
}

fn names(run: &Value) -> Vec<String> {
    let name =
        |e: &Value| format!("{} {}", e["kind"].as_str().unwrap(), e["name"].as_str().unwrap());
    run["endpoints"].as_array().unwrap().iter().map(name).collect()
}

pub(super) fn scratch(text: &str) -> TempDir {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("raw.json"), text).unwrap();
    scratch
}

#[test]
fn the_start_and_any_other_time_can_be_left_out() {
    let scratch = scratch(&k6(60, 1.0));
    let requests =
        |more: &[&str]| normalized(scratch.path(), more)["total"]["requests"].as_u64().unwrap();
    assert_eq!(requests(&[]), 1200);
    assert_eq!(requests(&["--trim-start", "10s"]), 1000);
    assert_eq!(requests(&["--from", "2026-11-20T22:00:30Z"]), 600);
    assert_eq!(requests(&["--from", "2026-11-20T22:00:30Z", "--to", "2026-11-20T22:00:31Z"]), 20);
    assert_eq!(requests(&["--trim-start", "50s", "--from", "2026-11-20T22:00:30Z"]), 200);
}

#[test]
fn groups_are_told_apart_on_demand_and_names_with_ids_are_one_where_the_policy_says_so() {
    let scratch = scratch(&k6(10, 1.0));
    assert_eq!(names(&normalized(scratch.path(), &[])).len(), 7);
    let by_group = normalized(scratch.path(), &["--by", "group"]);
    assert_eq!(names(&by_group)[7..], ["group ::Browse", "group ::Login"]);
    assert_eq!(by_group["total"]["requests"], 200, "counted once");
    assert!(
        names(&normalized(scratch.path(), &["--by", "scenario"]))
            .contains(&"scenario default".to_owned())
    );
    std::fs::write(scratch.path().join("perfgate.yaml"), "collapse: [\"/users/*\"]\n").unwrap();
    let one = normalized(scratch.path(), &[]);
    assert_eq!(
        (names(&one), &one["endpoints"][0]["requests"]),
        (vec!["http /users/*".to_owned()], &Value::from(200))
    );
}

#[test]
fn what_happened_over_time_and_where_the_time_went_is_kept() {
    let scratch = scratch(&k6(30, 1.0));
    let run = normalized(scratch.path(), &[]);
    assert_eq!(run["timeline"]["throughput_rps"]["values"][5], 20.0);
    assert_eq!(run["timeline"]["throughput_rps"]["values"].as_array().unwrap().len(), 30);
    let parts = &run["endpoints"][0]["parts"];
    assert_eq!(parts["receiving"]["mean"], 1.5);
    assert!(parts["waiting"]["mean"].as_f64().unwrap() > 10.0, "{parts}");
    assert!(parts.get("blocked").is_none(), "{parts}");
    std::fs::write(scratch.path().join("raw.json"), k6(300, 1.0)).unwrap();
    std::fs::write(scratch.path().join("slow.json"), k6(300, 2.0)).unwrap();
    // Every endpoint is slower, so that evidence would ask for another run.
    std::fs::write(scratch.path().join("perfgate.yaml"), "gate: { decide: threshold }\n").unwrap();
    let ended = perfgate(scratch.path(), &["compare", "--baseline-file", "raw.json", "slow.json"])
        .expect(1);
    assert!(ended.stdout.contains("fail, mostly waiting +1"), "{}", ended.stdout);
    let explained = perfgate(
        scratch.path(),
        &[
            "compare",
            "--baseline-file",
            "raw.json",
            "slow.json",
            "--explain",
            "GET http://h/users/1 p95",
        ],
    );
    assert!(explained.expect(1).stdout.contains("Where does the time go? (means)"));
}

#[test]
fn a_failure_of_the_error_rate_names_the_kind_that_grew() {
    let scratch = TempDir::new().unwrap();
    // Every fiftieth request is refused; from a place on, some are answered with a status that was rare before.
    let write = |name: &str, broken: usize| {
        let mut text =
            "timeStamp,elapsed,label,responseCode,responseMessage,success,failureMessage\n"
                .to_owned();
        for i in 0..3_000_usize {
            let (code, message, success) = match i {
                _ if i % 50 == 0 => (
                    "Non HTTP response code: java.net.ConnectException",
                    "Non HTTP response message: Connection refused",
                    false,
                ),
                _ if i % 50 <= broken => ("503", "Service Unavailable", false),
                _ => ("200", "OK", true),
            };
            let start = 1_795_215_750_000 + i * 20;
            let elapsed = 20 + i % 7;
            writeln!(text, "{start},{elapsed},/api,{code},{message},{success},").unwrap();
        }
        std::fs::write(scratch.path().join(name), text).unwrap();
    };
    write("base.jtl", 0);
    write("new.jtl", 2);
    let ended = perfgate(scratch.path(), &["compare", "--baseline-file", "base.jtl", "new.jtl"]);
    let table = ended.expect(1).stdout;
    assert!(table.contains("fail, mostly HTTP 503 (120 vs 0)"), "{table}");
    let arguments =
        ["compare", "--baseline-file", "base.jtl", "new.jtl", "--explain", "/api error_rate"];
    let explained = perfgate(scratch.path(), &arguments).expect(1).stdout;
    assert!(
        explained.contains("0 → 120  HTTP 503\n     60 → 60  Connection refused"),
        "{explained}"
    );
    let json = ["compare", "--baseline-file", "base.jtl", "new.jtl", "--format", "json"];
    let report = perfgate(scratch.path(), &json).expect(1).json();
    let rate = |f: &&Value| f["metric"] == "error_rate" && f["endpoint"] == "/api";
    let finding = report["findings"].as_array().unwrap().iter().find(rate).unwrap();
    assert_eq!(
        finding["failure_kinds"][0],
        serde_json::json!({ "message": "HTTP 503", "baseline": 0, "current": 120 })
    );
}

#[test]
fn more_urls_than_are_remembered_are_still_counted_one_by_one() {
    let mut text = String::new();
    for i in 0..45_000 {
        let status = if i % 9 == 0 { 500 } else { 200 };
        let tags =
            format!("{{\"method\":\"GET\",\"status\":\"{status}\",\"url\":\"http://h/u/{i}\"}}");
        let failed = u32::from(status == 500);
        for (metric, value) in [("http_reqs", 1), ("http_req_failed", failed)] {
            writeln!(text, "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-20T22:00:00Z\",\"value\":{value},\"tags\":{tags}}}}}").unwrap();
        }
    }
    let scratch = scratch(&text);
    std::fs::write(scratch.path().join("perfgate.yaml"), "collapse: [\"/u/*\"]\n").unwrap();
    let run = normalized(scratch.path(), &[]);
    let endpoint = &run["endpoints"][0];
    assert_eq!((&endpoint["requests"], &endpoint["failures"]), (&45_000.into(), &5_000.into()));
    assert_eq!(
        endpoint["failure_kinds"],
        serde_json::json!([{ "message": "HTTP 500", "count": 5_000 }])
    );
}

#[test]
fn too_many_names_are_an_error_that_shows_what_they_look_like() {
    let line = |i: usize| {
        format!(
            "{{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-20T22:00:00Z\",\"value\":1,\"tags\":{{\"method\":\"GET\",\"url\":\"http://h/users/{i}\"}}}}}}\n"
        )
    };
    let scratch = scratch(&(0..10_002).map(line).collect::<String>());
    for more in [&[][..], &["--lenient"]] {
        let mut arguments = vec!["normalize", "raw.json"];
        arguments.extend(more);
        let error = perfgate(scratch.path(), &arguments).expect(2).stderr;
        assert!(
            error.contains("more than 10000 endpoints")
                && error.contains("like GET http://h/users/*"),
            "{error}"
        );
        assert!(error.contains("collapse: [\"/users/*\"]"), "{error}");
    }
}

#[test]
fn plain_gzip_zstd_and_standard_input_give_the_same_run() {
    let mut text = String::new();
    let file = std::fs::File::open(fixture("k6/2.2.0/full-short/raw.ndjson.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let scratch = scratch(&text);
    std::fs::write(scratch.path().join("raw.zst"), zstd::encode_all(text.as_bytes(), 3).unwrap())
        .unwrap();
    let of = |name: &str| perfgate(scratch.path(), &["normalize", name]).expect(0).stdout;
    let plain = of("raw.json");
    assert_eq!(plain, of("raw.zst"));
    assert_eq!(plain, of(fixture("k6/2.2.0/full-short/raw.ndjson.gz").to_str().unwrap()));
}

#[test]
fn an_option_that_a_file_cannot_follow_is_an_error() {
    let scratch = TempDir::new().unwrap();
    let refused = |file: &str, more: &[&str], why: &str| {
        let file = fixture(file);
        let mut arguments = vec!["normalize", file.to_str().unwrap()];
        arguments.extend(more);
        let error = perfgate(scratch.path(), &arguments).expect(2).stderr;
        assert!(error.contains(why), "{error}");
    };
    let time = "2026-11-20T22:00:00Z";
    refused(
        "locust/2.47.0/base-1/x_stats.csv",
        &["--trim-start", "5s"],
        "--trim-start cannot be done: this file holds numbers",
    );
    refused(
        "k6/2.2.0/base-1/summary.json",
        &["--from", time],
        "--from cannot be done: this file holds numbers",
    );
    refused("hey/flaky.csv", &["--to", time], "--to cannot be done: its samples have no date");
    refused("jmeter/base.jtl.gz", &["--by", "group"], "--by cannot be done: only k6's raw outputs");
    // What they can follow, they do; a transaction is cut like the requests in it.
    let file = fixture("jmeter/base.jtl.gz");
    let cut = perfgate(
        scratch.path(),
        &["normalize", file.to_str().unwrap(), "--from", "2026-11-20T23:02:31Z"],
    )
    .expect(0)
    .json();
    let group = cut["endpoints"].as_array().unwrap().iter().find(|e| e["kind"] == "group").unwrap();
    assert!(
        group["requests"].as_u64().unwrap() < 200
            && cut["total"]["requests"].as_u64().unwrap() < 800
    );
}

#[test]
fn what_leaves_nothing_to_judge_is_an_error() {
    let file = fixture("jmeter/base.jtl.gz");
    let scratch = TempDir::new().unwrap();
    let error = |arguments: &[&str]| {
        let mut all = vec!["normalize", file.to_str().unwrap()];
        all.extend(arguments);
        perfgate(scratch.path(), &all).expect(2).stderr
    };
    for option in [["--trim-start", "1h"], ["--from", "2027-01-01T00:00:00Z"]] {
        assert!(error(&option).contains("no sample is left"), "{option:?}");
    }
    // The wrong format, and leniency that would leave out all of it.
    for format in ["k6-json", "jmeter-xml", "hey-csv"] {
        let said = error(&["--lenient", "--format-in", format]);
        assert!(said.starts_with("error[P2"), "{format}: {said}");
    }
    std::fs::write(scratch.path().join("x.xml"), "<html><body>502</body></html>").unwrap();
    let page = perfgate(scratch.path(), &["normalize", "--format-in", "jmeter-xml", "x.xml"]);
    assert!(page.expect(2).stderr.contains("is no testResults of JMeter"));
}
