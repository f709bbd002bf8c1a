//! JMeter's transactions: what is a request of the run, and what only holds requests.

use crate::support::{Ended, command, perfgate};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use tempfile::TempDir;

const START: u64 = 1_795_215_750_000;

const HEADER: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success\n";

/// A row of a thread: start after the first in ms, how long it took, label, whether it succeeded.
fn request(thread: usize, start: u64, took: u64, label: &str, good: bool) -> String {
    let code = if good { "200" } else { "500" };
    format!("{},{took},{label},{code},OK,users 1-{thread},{good}\n", START + start)
}

/// The row of a transaction that holds so many samples.
fn transaction(thread: usize, start: u64, took: u64, holds: u64, good: bool) -> String {
    let failing = u64::from(!good);
    format!(
        "{},{took},checkout,,\"Number of samples in transaction : {holds}, number of failing samples : {failing}\",users 1-{thread},{good}\n",
        START + start
    )
}

fn scratch(text: &str) -> TempDir {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("results.jtl"), text).unwrap();
    scratch
}

fn normalize(text: &str, more: &[&str]) -> Ended {
    let scratch = scratch(text);
    perfgate(scratch.path(), &[&["normalize", "results.jtl"][..], more].concat())
}

/// Requests and failures of the total, and the seconds that the run took.
fn total(text: &str) -> (u64, u64, f64) {
    let ended = normalize(text, &[]).expect(0);
    assert_eq!(ended.stderr, "");
    let run = ended.json();
    let count = |field: &str| run["total"][field].as_u64().unwrap();
    (count("requests"), count("failures"), run["duration_s"].as_f64().unwrap())
}

/// 600 checkouts by three threads, half of them failed, and 200 requests of a health check by another.
fn checkouts(with_children: bool) -> String {
    let mut text = HEADER.to_owned();
    for i in 0..200 {
        let at = i * 70;
        for thread in 1..=3 {
            let good = (i + thread as u64).is_multiple_of(2);
            if with_children {
                text += &request(thread, at, 20, "/cart", true);
                text += &request(thread, at + 25, 30, "/pay", good);
            }
            text += &transaction(thread, at, 60, 2, good);
        }
        text += &request(4, at + 10, 5, "/health", true);
    }
    text
}

#[test]
fn a_transaction_whose_requests_are_nowhere_is_a_request() {
    // The last checkout starts after 199 · 70 ms and takes 60 ms.
    assert_eq!(total(&checkouts(false)), (800, 300, 13.99));
}

#[test]
fn a_transaction_whose_requests_are_in_the_file_is_none() {
    assert_eq!(total(&checkouts(true)), (1_400, 300, 13.99));
}

#[test]
fn a_budget_on_the_total_sees_what_failed_inside_of_transactions() {
    let scratch = scratch(&checkouts(false));
    std::fs::write(scratch.path().join("perfgate.yaml"), "budgets: [{ error_rate: \"< 1%\" }]\n")
        .unwrap();
    let ended = perfgate(scratch.path(), &["check", "results.jtl"]).expect(1);
    assert!(ended.stdout.contains("total error rate 37.5 %"), "{}", ended.stdout);
}

#[test]
fn transactions_alone_have_a_start_a_duration_and_a_throughput() {
    let text: String = HEADER.to_owned()
        + &(0..200).map(|i| transaction(1, i * 70, 60, 1, true)).collect::<String>();
    let run = normalize(&text, &[]).expect(0).json();
    assert_eq!(run["total"]["requests"], 200);
    assert_eq!(run["started_at"], "2026-11-20T23:02:30Z");
    assert_eq!(run["duration_s"], 13.99);
    let rate = run["total"]["throughput_rps"].as_f64().unwrap();
    assert!((rate - 200.0 / 13.99).abs() < 1e-9, "{rate}");
    assert_eq!(run["endpoints"][0]["kind"], "group");
}

#[test]
fn a_transaction_belongs_to_the_time_of_the_run_also_where_its_requests_are_there() {
    // A timer before the first request, and one behind the last.
    let text = HEADER.to_owned()
        + &request(1, 500, 100, "/cart", true)
        + &transaction(1, 0, 1_000, 1, true);
    assert_eq!(total(&text), (1, 0, 1.0));
}

#[test]
fn transactions_inside_of_transactions_count_once() {
    let text = HEADER.to_owned()
        + &request(1, 0, 20, "/cart", true)
        + &transaction(1, 0, 25, 1, true).replace("checkout", "inner")
        + &request(1, 30, 20, "/pay", true)
        + &transaction(1, 0, 60, 2, true).replace("checkout", "outer");
    assert_eq!(total(&text), (2, 0, 0.06));
    // The inner one has its requests inside, the outer one the inner one.
    let text = HEADER.to_owned()
        + &transaction(1, 0, 25, 4, false).replace("checkout", "inner")
        + &transaction(1, 0, 60, 1, false).replace("checkout", "outer");
    assert_eq!(total(&text), (1, 1, 0.06));
}

#[test]
fn a_file_that_was_sorted_by_time_says_the_same() {
    for with_children in [false, true] {
        let text = checkouts(with_children);
        let mut rows: Vec<&str> = text.lines().skip(1).collect();
        // A transaction starts with its first request, and may stand before it.
        rows.sort_by_key(|row| (row[..13].to_owned(), !row.contains("checkout")));
        let sorted = HEADER.to_owned() + &rows.join("\n") + "\n";
        assert_eq!(total(&sorted), total(&text));
    }
}

#[test]
fn a_transaction_that_holds_nothing_is_no_request() {
    let text =
        HEADER.to_owned() + &request(2, 0, 20, "/cart", true) + &transaction(1, 0, 0, 0, true);
    assert_eq!(total(&text), (1, 0, 0.02));
}

#[test]
fn what_holds_for_most_transactions_of_a_name_holds_for_those_at_the_borders_of_chunks() {
    // Three megabytes, in which a chunk begins somewhere between the requests and their transaction.
    let long = |with_children: bool| {
        let mut text = HEADER.to_owned();
        for i in 0..16_000 {
            for thread in 1..=2 {
                if with_children {
                    text += &request(thread, i * 70 + thread as u64, 20, "/cart", true);
                }
                text += &transaction(thread, i * 70 + thread as u64, 60, 1, true);
            }
        }
        text
    };
    let text = long(false);
    assert!(text.len() > 3 << 20, "several chunks");
    assert_eq!(total(&text).0, 32_000);
    assert_eq!(total(&long(true)).0, 32_000, "and not those of the transactions");
}

#[test]
fn without_the_names_of_threads_the_numbers_decide_and_it_is_said() {
    let without = |text: &str| -> String {
        let column = |line: &str| {
            let start = line.find(",users").or_else(|| line.find(",threadName")).unwrap();
            let end = line.rfind(',').unwrap();
            format!("{}{}\n", &line[..start], &line[end..])
        };
        text.lines().map(column).collect()
    };
    for (with_children, requests, said) in [
        (false, 800, "counts each transaction as a request"),
        (true, 1_400, "leaves transactions out"),
    ] {
        let ended = normalize(&without(&checkouts(with_children)), &[]).expect(0);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(ended.json()["total"]["requests"], requests);
    }
}

/// The same as XML: what it holds inside, beside it, or nowhere.
fn xml(inside: bool, beside: bool) -> String {
    let sample = |element: &str, t: u64, ts: u64, label: &str, more: &str| {
        format!(
            "<{element} t=\"{t}\" ts=\"{}\" s=\"true\" lb=\"{label}\" tn=\"users 1-1\"{more}",
            START + ts
        )
    };
    let mut text = "<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n".to_owned();
    for i in 0..100 {
        let requests: String = [(0, "/cart"), (25, "/pay")]
            .map(|(at, label)| sample("httpSample", 20, i * 70 + at, label, "/>\n"))
            .concat();
        let message = " rm=\"Number of samples in transaction : 2, number of failing samples : 0\"";
        let own = sample("sample", 60, i * 70, "checkout", message);
        if beside {
            text += &requests;
        }
        if inside {
            writeln!(text, "{own}>\n{requests}</sample>").unwrap();
        } else {
            writeln!(text, "{own}/>").unwrap();
        }
    }
    text + "</testResults>\n"
}

#[test]
fn in_xml_the_requests_are_inside_or_beside_or_nowhere() {
    assert_eq!(total(&xml(true, false)), (200, 0, 6.99));
    assert_eq!(total(&xml(false, true)), (200, 0, 6.99));
    // jmeter.save.saveservice.subresults=false
    assert_eq!(total(&xml(false, false)), (100, 0, 6.99));
}

/// A request of a minute that is written last, and one each second meanwhile.
fn slow_first() -> String {
    let quick = (0..60).map(|i| request(1, 30_000 + i * 1_000, 10, "/quick", true));
    HEADER.to_owned() + &quick.collect::<String>() + &request(2, 0, 60_000, "/slow", true)
}

#[test]
fn the_start_is_that_of_the_request_that_started_first_wherever_it_is_written() {
    let left = |ended: Ended| ended.expect(0).json()["total"]["requests"].as_u64().unwrap();
    // From 40 s after the first request on: of the quick ones the first ten are left out.
    assert_eq!(left(normalize(&slow_first(), &["--trim-start", "40s"])), 50);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(slow_first().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    // What can be read only once is read twice all the same.
    for bytes in [packed, slow_first().into_bytes()] {
        let folder = TempDir::new().unwrap();
        let mut piped = command(folder.path());
        piped.args(["normalize", "-", "--trim-start", "40s"]);
        let mut child = piped
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        assert_eq!(left(Ended::of(child.wait_with_output().unwrap())), 50);
    }
}

#[test]
fn kinds_of_failures_of_transactions_say_that_a_request_failed() {
    let run = normalize(&checkouts(false), &[]).expect(0).json();
    let kinds = &run["total"]["failure_kinds"];
    assert_eq!(kinds[0]["message"], Value::from("a request in it failed"));
    assert_eq!(kinds[0]["count"], 300);
}
