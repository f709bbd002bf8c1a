//! Shards of one load test: those that ran at the same time, one after another, and nobody knows when.

use crate::support::{Ended, fixture, perfgate};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Read as _;
use tempfile::TempDir;

/// A run of so many requests that began so many seconds after noon.
fn shard(start: Option<u32>, seconds: f64, requests: usize, users: u64) -> Value {
    let samples: Vec<f64> = (0..requests).map(|i| 10.0 + (i % 7) as f64).collect();
    let mut run = json!({
        "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": seconds,
        "load": { "users": users },
        "endpoints": [{ "name": "/a", "failures": 0, "latency": { "samples": samples } }],
    });
    if let Some(start) = start {
        let at = format!("2026-01-01T12:{:02}:{:02}Z", start / 60, start % 60);
        run["started_at"] = json!(at);
    }
    run
}

fn merged(shards: &[Value]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let names: Vec<String> = (0..shards.len()).map(|i| format!("{i}.json")).collect();
    for (name, run) in names.iter().zip(shards) {
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap();
    }
    let mut arguments = vec!["merge"];
    arguments.extend(names.iter().map(String::as_str));
    perfgate(scratch.path(), &arguments).expect(0)
}

/// Duration, throughput of the total and of the endpoint, users.
fn load(run: &Value) -> (f64, f64, f64, u64) {
    let number = |value: &Value| value.as_f64().unwrap();
    (
        number(&run["duration_s"]),
        number(&run["total"]["throughput_rps"]),
        number(&run["endpoints"][0]["throughput_rps"]),
        run["load"]["users"].as_u64().unwrap(),
    )
}

#[test]
fn shards_of_the_same_time_add_up() {
    let ended = merged(&[shard(Some(0), 60.0, 600, 5), shard(Some(0), 60.0, 300, 5)]);
    assert_eq!(ended.stderr, "");
    assert_eq!(load(&ended.json()), (60.0, 15.0, 15.0, 10));
    // A shard that starts two seconds later is one of the same time; the load lasted 62 s.
    let ended = merged(&[shard(Some(0), 60.0, 620, 5), shard(Some(2), 60.0, 620, 5)]);
    assert_eq!(ended.stderr, "");
    assert_eq!(load(&ended.json()), (62.0, 20.0, 20.0, 10));
}

#[test]
fn shards_that_ran_one_after_another_are_no_larger_load() {
    let ended = merged(&[
        shard(Some(0), 15.0, 150, 5),
        shard(Some(15), 15.0, 150, 5),
        shard(Some(30), 15.0, 150, 5),
    ]);
    assert_eq!(load(&ended.json()), (45.0, 10.0, 10.0, 5));
    let said = "the 3 shards did not run at the same time: there was load for 45.0 of 45.0 s";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn a_pause_between_shards_is_no_time_of_load() {
    let ended = merged(&[shard(Some(0), 15.0, 150, 5), shard(Some(45), 15.0, 150, 7)]);
    assert_eq!(load(&ended.json()), (60.0, 10.0, 10.0, 7));
    assert!(ended.stderr.contains("there was load for 30.0 of 60.0 s"), "{}", ended.stderr);
}

#[test]
fn the_order_of_shards_and_how_they_are_read_change_nothing() {
    let shards: Vec<Value> = (0..7).map(|i| shard(Some(i * 10), 30.0, 300, 5)).collect();
    let forwards = merged(&shards).json();
    let backwards: Vec<Value> = shards.into_iter().rev().collect();
    assert_eq!(load(&forwards), load(&merged(&backwards).json()));
    // From 0 to 90 s; three at a time but for edges.
    assert_eq!(load(&forwards).0, 90.0);
    assert_eq!(load(&forwards).3, 15);
}

#[test]
fn shards_that_do_not_say_when_they_ran_are_taken_for_those_of_one_time_and_it_is_said() {
    let ended = merged(&[shard(None, 60.0, 600, 5), shard(Some(0), 60.0, 600, 5)]);
    assert_eq!(load(&ended.json()), (60.0, 20.0, 20.0, 10));
    assert!(
        ended.stderr.contains("not all of the 2 shards state when they ran"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_two_halves_of_a_file_of_k6_are_the_file() {
    let mut text = String::new();
    let file = std::fs::File::open(fixture("k6/2.2.0/full-short/raw.ndjson.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let declarations: String = lines
        .iter()
        .filter(|line| line.contains("\"type\":\"Metric\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let scratch = TempDir::new().unwrap();
    let half = lines.len() / 2;
    for (name, part) in [("1.ndjson", &lines[..half]), ("2.ndjson", &lines[half..])] {
        std::fs::write(scratch.path().join(name), declarations.clone() + &part.join("\n") + "\n")
            .unwrap();
    }
    std::fs::write(scratch.path().join("all.ndjson"), text.as_bytes()).unwrap();
    let whole = perfgate(scratch.path(), &["normalize", "all.ndjson"]).expect(0).json();
    let ended = perfgate(scratch.path(), &["merge", "1.ndjson", "2.ndjson"]).expect(0);
    assert!(ended.stderr.contains("did not run at the same time"), "{}", ended.stderr);
    let both = ended.json();
    assert_eq!(both["duration_s"], whole["duration_s"]);
    assert_eq!(both["total"]["requests"], whole["total"]["requests"]);
    let rate = |run: &Value| run["total"]["throughput_rps"].as_f64().unwrap();
    assert!((rate(&both) / rate(&whole) - 1.0).abs() < 0.01, "{} {}", rate(&both), rate(&whole));
    // Every custom metric is that of the whole file, percentiles and all.
    assert!(whole["metrics"].as_array().unwrap().len() > 3);
    assert_eq!(both["metrics"], whole["metrics"]);
}

/// One metric of k6, sample by sample from this second on.
fn k6(name: &str, sort: &str, start: usize, values: &[f64]) -> String {
    let mut text = format!(
        "{{\"metric\":\"{name}\",\"type\":\"Metric\",\"data\":{{\"name\":\"{name}\",\"type\":\"{sort}\",\"contains\":\"default\"}}}}\n"
    );
    let request = ("http_reqs", 1.0);
    for (i, value) in values.iter().enumerate() {
        for (metric, value) in [request, ("http_req_duration", 5.0), (name, *value)] {
            writeln!(text, "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-01-01T12:00:{:02}Z\",\"value\":{value:e},\"tags\":{{\"url\":\"/a\"}}}}}}", start + i).unwrap();
        }
    }
    text
}

fn merged_metric(sort: &str, shards: [&[f64]; 2], starts: [usize; 2]) -> Value {
    let scratch = TempDir::new().unwrap();
    for (i, values) in shards.iter().enumerate() {
        let text = k6("own", sort, starts[i], values);
        std::fs::write(scratch.path().join(format!("{i}.ndjson")), text).unwrap();
    }
    let run = perfgate(scratch.path(), &["merge", "0.ndjson", "1.ndjson"]).expect(0).json();
    run["metrics"][0].clone()
}

#[test]
fn a_gauge_is_what_it_was_at_the_end_and_a_counter_is_the_sum() {
    let shards: [&[f64]; 2] = [&[3.0, 29.0, 7.0], &[5.0, 30.0, 12.0]];
    assert_eq!(merged_metric("gauge", shards, [1, 0])["value"], 7.0);
    assert_eq!(merged_metric("gauge", shards, [0, 1])["value"], 12.0);
    assert_eq!(merged_metric("counter", shards, [0, 0])["value"], 86.0);
    let rate = merged_metric("rate", [&[1.0, 0.0, 0.0], &[1.0, 1.0, 1.0]], [0, 0]);
    assert!((rate["value"].as_f64().unwrap() - 4.0 / 6.0).abs() < 1e-12);
}

#[test]
fn a_trend_keeps_its_percentiles_where_the_samples_are_there() {
    let (left, right): (Vec<f64>, Vec<f64>) =
        ((0..40).map(f64::from).collect(), (40..60).map(f64::from).collect());
    let own = merged_metric("trend", [&left, &right], [0, 0]);
    assert_eq!((&own["value"], &own["count"]), (&json!(29.5), &json!(60)));
    assert_eq!(own["quantiles"]["p50"], 29.5);
}

#[test]
fn what_cannot_be_put_together_is_left_out_and_named() {
    let with = |metrics: Value| {
        let mut run = shard(Some(0), 60.0, 100, 5);
        run["metrics"] = metrics;
        run
    };
    let one = json!([
        { "name": "ttft", "unit": "ms", "value": 10, "count": 5, "quantiles": { "p95": 12 } },
        { "name": "depth", "value": 10 },
        { "name": "sold", "type": "counter", "value": 10 },
    ]);
    let ended = merged(&[with(one.clone()), with(one)]);
    let said = "merged for them: percentiles of ttft; values of depth";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let metrics = &ended.json()["metrics"];
    assert_eq!((&metrics[0]["value"], &metrics[0]["quantiles"]), (&json!(10.0), &Value::Null));
    assert_eq!(metrics[1]["value"], Value::Null);
    assert_eq!(metrics[2]["value"], 20.0);
}

#[test]
fn metrics_of_any_size_have_percentiles_and_a_limit_on_them_is_judged() {
    let scratch = TempDir::new().unwrap();
    let values = |level: f64| -> Vec<f64> {
        (0..3_000_u32).map(|i| level * (1.0 + f64::from((i * 7919) % 1_000) / 1_000.0)).collect()
    };
    std::fs::write(
        scratch.path().join("perfgate.yaml"),
        "regression_thresholds: { own: { p95: 20% }, api_latency: off, throughput: off, error_rate: off }\n",
    )
    .unwrap();
    for level in [1.2e-5, 2e-6, 3e-7, 1.0, 1e9] {
        for (name, factor) in [("base.ndjson", 1.0), ("new.ndjson", 1.5)] {
            // All within a minute.
            let text = k6("own", "trend", 0, &values(level * factor));
            let text = text.lines().map(second_of_minute).collect::<String>();
            std::fs::write(scratch.path().join(name), text).unwrap();
        }
        let run = perfgate(scratch.path(), &["normalize", "base.ndjson"]).expect(0).json();
        let p95 = run["metrics"][0]["quantiles"]["p95"].as_f64().unwrap();
        // Of 1.000, 1.001, …, 1.999 times the level, each three times.
        assert!((p95 / (1.949 * level) - 1.0).abs() < 1e-3, "{level}: {p95}");
        let ended = perfgate(
            scratch.path(),
            &["compare", "--baseline-file", "base.ndjson", "new.ndjson", "--format", "json"],
        );
        let report = ended.json();
        let finding = &report["findings"][0];
        assert_eq!((&finding["metric"], &finding["statistic"]), (&json!("own"), &json!("p95")));
        let change = finding["change"]["relative"].as_f64().unwrap();
        assert!((change - 0.5).abs() < 2e-3, "{level}: {finding:#}");
        assert_eq!(finding["verdict"], "fail", "{finding:#}");
    }
    // What may be below zero has percentiles as well.
    let signed: Vec<f64> = (0..50).map(|i| f64::from(i) - 25.0).collect();
    let own = merged_metric("trend", [&signed, &[]], [0, 0]);
    assert_eq!(own["quantiles"]["p50"], -0.5);
}

/// A line whose second may have more than two digits, within the minute.
fn second_of_minute(line: &str) -> String {
    let Some(at) = line.find("12:00:") else { return format!("{line}\n") };
    let rest = &line[at + 6..];
    let digits = rest.find('Z').unwrap();
    let second: usize = rest[..digits].parse().unwrap();
    format!("{}{:02}{}\n", &line[..at + 6], second % 60, &rest[digits..])
}

#[test]
fn the_deviation_of_shards_is_that_of_all_their_requests() {
    let run = |samples: &[f64]| {
        json!({ "schema": "perfgate.run/1", "tool": { "name": "my-script" },
            "endpoints": [{ "name": "/a", "latency": { "samples": samples } }] })
    };
    let (fast, slow) = (vec![10.0; 300], vec![50.0; 100]);
    let both = [fast.clone(), slow.clone()].concat();
    let [whole, sum] = [merged(&[run(&both)]), merged(&[run(&fast), run(&slow)])]
        .map(|ended| ended.json()["endpoints"][0]["latency"]["stddev"].as_f64().unwrap());
    assert!((sum - whole).abs() < 1e-6 && whole > 17.0, "{sum} and {whole}");
}
