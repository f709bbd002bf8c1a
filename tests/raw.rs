//! Raw samples: what is left out and told apart, where the time goes, and files that are cut or broken.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use support::{Ended, fixture, perfgate};
use tempfile::TempDir;

/// So many requests a second for so many seconds, as k6 writes them, every time multiplied.
fn k6(seconds: usize, level: f64) -> String {
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

fn normalized(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["normalize", "raw.json"];
    arguments.extend(more);
    perfgate(folder, &arguments).expect(0).json()
}

fn names(run: &Value) -> Vec<String> {
    let name =
        |e: &Value| format!("{} {}", e["kind"].as_str().unwrap(), e["name"].as_str().unwrap());
    run["endpoints"].as_array().unwrap().iter().map(name).collect()
}

fn scratch(text: &str) -> TempDir {
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
    assert_eq!(parts["receiving"], 1.5);
    assert!(parts["waiting"].as_f64().unwrap() > 10.0 && parts.get("blocked").is_none(), "{parts}");
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
    assert!(table.contains("fail, mostly HTTP 503 (120 against 0)"), "{table}");
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
fn a_broken_line_among_more_tags_than_are_remembered_is_left_out_alone() {
    let point = |i: usize, value: f64| {
        format!(
            "{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-20T22:00:00Z\",\"value\":{value},\"tags\":{{\"name\":\"/n/{}\",\"url\":\"/u/{i}\"}}}}}}\n",
            i % 3
        )
    };
    // Tags are forgotten at a line that is broken; the next one has tags that were known before.
    let text: String =
        (0..120_000).map(|i| if i % 2 == 0 { point(i, -1.0) } else { point(1, 5.0) }).collect();
    let source =
        perfgate::ingest::Source::from_reader("raw.json", Box::new(std::io::Cursor::new(text)));
    let options = perfgate::ingest::ReadOptions { lenient: true, ..Default::default() };
    let run = perfgate::ingest::read(source.unwrap(), &options).unwrap().run;
    let count = |e: &perfgate::model::Endpoint| e.latency.as_ref().unwrap().count.unwrap();
    assert_eq!(run.endpoints.iter().map(count).sum::<u64>(), 60_000);
}

#[test]
fn what_is_wrong_inside_a_page_of_jmeter_changes_nothing_outside_of_it() {
    let scratch = TempDir::new().unwrap();
    let sample = |label: &str, ms: &str| {
        format!("<httpSample t=\"{ms}\" ts=\"1795215750494\" s=\"true\" lb=\"{label}\"")
    };
    let read = |inside: &str, more: &[&str]| {
        let text = format!(
            "<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n{}>{inside}</httpSample>\n{}/>\n</testResults>\n",
            sample("page", "300"),
            sample("/after", "20")
        );
        std::fs::write(scratch.path().join("x.xml"), text).unwrap();
        let mut arguments = vec!["normalize", "x.xml"];
        arguments.extend(more);
        perfgate(scratch.path(), &arguments)
    };
    let part = format!("{}/>", sample("part", "100"));
    assert_eq!(read(&part, &[]).expect(0).json()["total"]["requests"], 2);
    let broken = format!("{}>x</httpSample>{part}", sample("broken", "-1"));
    let error = read(&broken, &[]).expect(2).stderr;
    assert!(error.contains("x.xml:3: `-1` for t must be a number from 0 on"), "{error}");
    let lenient = read(&broken, &["--lenient"]).expect(0).json();
    assert_eq!(lenient["total"]["requests"], 2, "the page and what is behind it");
    // Ends of what has not begun, and what has no end.
    for inside in ["</httpSample></httpSample>", "<httpSample>"] {
        read(inside, &[]).expect(2);
    }
    std::fs::write(scratch.path().join("x.xml"), "no document").unwrap();
    let none = perfgate(scratch.path(), &["normalize", "--format-in", "jmeter-xml", "x.xml"]);
    assert!(none.expect(2).stderr.contains("ends in the middle"));
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

/// Several chunks of a file.
fn large() -> String {
    k6(200, 1.0)
}

#[test]
fn a_broken_line_in_a_large_file_is_named_by_its_number() {
    let mut lines: Vec<String> = large().lines().map(str::to_owned).collect();
    assert!(lines.iter().map(String::len).sum::<usize>() > 3 << 20, "several chunks");
    let at = lines.len() * 2 / 3;
    lines[at] = "{\"metric\":\"http_reqs\",\"type\":\"Poi".to_owned();
    let scratch = scratch(&(lines.join("\n") + "\n"));
    let read = |more: &[&str]| -> Ended {
        let mut arguments = vec!["normalize", "raw.json", "-o", "run.json"];
        arguments.extend(more);
        perfgate(scratch.path(), &arguments)
    };
    let error = read(&[]).expect(2).stderr;
    assert!(error.contains(&format!("raw.json:{}: ", at + 1)), "{error}");
    let warning = read(&["--lenient"]).expect(0).stderr;
    assert!(warning.contains(&format!("raw.json:{}: 1 line was left out", at + 1)), "{warning}");
}

#[test]
fn a_cut_file_is_no_pass_whatever_it_is_packed_in() {
    let text = large();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (name, mut bytes) in [
        ("raw.json", text.clone().into_bytes()),
        ("raw.json.gz", gzip.finish().unwrap()),
        ("raw.json.zst", zstd),
    ] {
        let scratch = TempDir::new().unwrap();
        let write = |bytes: &[u8]| std::fs::write(scratch.path().join(name), bytes).unwrap();
        let read = |more: &[&str]| {
            let mut arguments = vec!["normalize", "--no-histograms", name];
            arguments.extend(more);
            perfgate(scratch.path(), &arguments)
        };
        write(&bytes);
        let whole = read(&[]).expect(0).json();
        assert_eq!(whole["total"]["requests"], 4000, "{name}");
        bytes.truncate(bytes.len() * 3 / 4);
        write(&bytes);
        let error = read(&[]).expect(2).stderr;
        assert!(error.contains("ends in the middle") || error.contains("cut"), "{name}: {error}");
        let lenient = read(&["--lenient"]).expect(0);
        assert!(lenient.stderr.contains("cut short"), "{name}: {}", lenient.stderr);
        assert!(lenient.json()["total"]["requests"].as_u64().unwrap() > 1000, "{name}");
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
        assert!(said.starts_with("error: "), "{format}: {said}");
    }
    std::fs::write(scratch.path().join("x.xml"), "<html><body>502</body></html>").unwrap();
    let page = perfgate(scratch.path(), &["normalize", "--format-in", "jmeter-xml", "x.xml"]);
    assert!(page.expect(2).stderr.contains("is no testResults of JMeter"));
}

#[test]
fn a_row_that_is_cut_in_its_last_column_is_no_row() {
    let mut text = String::new();
    let file = std::fs::File::open(fixture("jmeter/base.jtl.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let scratch = scratch(text.trim_end().strip_suffix(|c: char| c.is_ascii_digit()).unwrap());
    let error = perfgate(scratch.path(), &["normalize", "raw.json"]).expect(2).stderr;
    assert!(error.contains("the last row is cut"), "{error}");
    perfgate(scratch.path(), &["normalize", "raw.json", "--lenient"]).expect(0);
}

#[test]
fn line_ends_of_windows_are_no_cut_wherever_a_buffer_ends() {
    for padding in 0..130 {
        let mut text = "timeStamp,elapsed,label,success\r\n".to_owned();
        write!(text, "1795215750000,10,/{},true\r\n", "x".repeat(padding)).unwrap();
        for i in 0..400 {
            write!(text, "{},{},/api/{},true\r\n", 1_795_215_750_494_i64 + i, 20 + i % 9, i % 3)
                .unwrap();
        }
        let source = perfgate::ingest::Source::from_reader(
            "crlf.jtl",
            Box::new(std::io::Cursor::new(text.into_bytes())),
        );
        let run =
            perfgate::ingest::read(source.unwrap(), &perfgate::ingest::ReadOptions::default())
                .unwrap()
                .run;
        assert_eq!(run.total.requests, Some(401), "{padding}");
    }
}

/// Fixtures of every raw format, unpacked.
fn raw_files() -> Vec<(&'static str, Vec<u8>)> {
    const FILES: [&str; 7] = [
        "vegeta/base.csv.gz",
        "jmeter/base.jtl.gz",
        "jmeter/nested.xml",
        "hey/flaky.csv",
        "oha/flaky.csv",
        "k6/2.2.0/full-short/raw.csv.gz",
        "k6/2.2.0/names/raw.csv",
    ];
    let read = |name: &&'static str| {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let mut plain = Vec::new();
        if name.ends_with(".gz") {
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
        } else {
            plain = bytes;
        }
        (*name, plain)
    };
    FILES.iter().map(read).collect()
}

/// What a crash or a bad disk leaves: a sector of zeros. Refused wherever it is, 60 places of each file.
#[test]
fn a_lost_sector_is_an_error_wherever_it_is() {
    let options = perfgate::ingest::ReadOptions::default();
    let read = |bytes: Vec<u8>| {
        let source =
            perfgate::ingest::Source::from_reader("raw", Box::new(std::io::Cursor::new(bytes)));
        source.and_then(|source| perfgate::ingest::read(source, &options))
    };
    for (name, good) in raw_files() {
        assert!(read(good.clone()).is_ok(), "{name}");
        let step = (good.len() / 60).max(1);
        for at in (0..good.len().saturating_sub(512)).step_by(step) {
            let mut damaged = good.clone();
            damaged[at..at + 512].fill(0);
            assert!(read(damaged).is_err(), "{name}: at {at}");
        }
    }
}

/// Without one of its quotes, a tag swallows those behind it.
#[test]
fn a_tag_of_jmeter_without_a_quote_is_an_error_or_changes_nothing() {
    let options = perfgate::ingest::ReadOptions::default();
    let read = |bytes: Vec<u8>| {
        let source =
            perfgate::ingest::Source::from_reader("raw", Box::new(std::io::Cursor::new(bytes)));
        let requests = |own: perfgate::ingest::Ingested| own.run.total.requests;
        source.and_then(|source| perfgate::ingest::read(source, &options)).map(requests)
    };
    let good = std::fs::read(fixture("jmeter/nested.xml")).unwrap();
    let all = read(good.clone()).unwrap();
    let quotes: Vec<usize> = (0..good.len()).filter(|at| good[*at] == b'"').collect();
    for (i, one) in quotes.iter().enumerate() {
        for other in quotes[i..].iter().step_by(7) {
            let mut damaged = good.clone();
            (damaged[*one], damaged[*other]) = (b'x', b'x');
            if let Ok(requests) = read(damaged) {
                assert_eq!(requests, all, "quotes at {one} and {other}");
            }
        }
    }
}
