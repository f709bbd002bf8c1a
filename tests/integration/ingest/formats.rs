//! Every result file in tests/fixtures, as perfgate understands it; and what it says about broken ones.
#![expect(clippy::use_debug, reason = "test code")]

use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read};
use perfgate::model::{Endpoint, EndpointKey, Latency, Quantile, Raw as _, Run};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn ingest(path: &str, lenient: bool) -> Result<Ingested, IngestError> {
    let options = ReadOptions { lenient, ..ReadOptions::default() };
    Source::open(&fixtures().join(path)).and_then(|source| read(source, &options))
}

fn run(path: &str) -> Run {
    ingest(path, false).unwrap_or_else(|e| panic!("{e}")).run
}

/// All files below a folder of the fixtures, sorted, as paths relative to the fixtures.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![fixtures().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(fixtures()).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// One line an endpoint: what a gate would judge.
fn described(endpoint: &Endpoint) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.3}"));
    let count = |value: Option<u64>| value.map_or("-".to_owned(), |v| v.to_string());
    let latency = endpoint.latency.as_ref();
    let quantile = |level| number(latency.and_then(|l: &Latency| l.quantiles.get(&level).copied()));
    let mut line = format!(
        "{:?}: {} requests, {} failed ({}), {}/s, mean {} p50 {} p95 {} p99 {} max {}",
        endpoint.key.text().raw(),
        count(endpoint.requests),
        count(endpoint.failures),
        endpoint.error_rate().map_or("-".to_owned(), |rate| format!("{:.4} %", rate * 100.0)),
        number(endpoint.throughput_rps),
        number(latency.and_then(|l| l.mean)),
        quantile(Quantile::P50),
        quantile(Quantile::P95),
        quantile(Quantile::P99),
        number(latency.and_then(|l| l.max)),
    );
    if let EndpointKey::Named { kind, .. } = &endpoint.key {
        write!(line, " [{kind}]").unwrap();
    }
    if latency.is_some_and(Latency::has_no_data) {
        line.push_str(" NO DATA");
    }
    line
}

fn in_words(path: &str, lenient: bool) -> String {
    let mut text = format!("== {path}{}\n", if lenient { " --lenient" } else { "" });
    let local = |message: String| message.replace(fixtures().to_str().unwrap(), "FIXTURES");
    match ingest(path, lenient) {
        Err(error) => {
            writeln!(text, "error: {}", local(error.to_string())).unwrap();
            if let Some(help) = error.help() {
                writeln!(text, "  {}", local(help)).unwrap();
            }
        }
        Ok(Ingested { run, warnings }) => {
            let (tool, version) =
                (run.tool.name.raw(), run.tool.version.as_ref().map_or("?", |own| own.raw()));
            let length = run.duration_s.map_or("?".to_owned(), |s| format!("{s:.2}"));
            let users = run.load.users.map_or("?".to_owned(), |n| n.to_string());
            let start = run.started_at.map_or("?".to_owned(), |at| at.to_string());
            writeln!(text, "{tool} {version}, {length} s, {users} users, from {start}").unwrap();
            for endpoint in run.all_endpoints() {
                writeln!(text, "  {}", described(endpoint)).unwrap();
                for kind in &endpoint.failure_kinds {
                    writeln!(text, "    {} x {:?}", kind.count, kind.message.raw()).unwrap();
                }
            }
            for metric in &run.metrics {
                let p95 = metric.quantiles.get(&Quantile::P95);
                let endpoint = match &metric.endpoint {
                    EndpointKey::Total => "-".to_owned(),
                    named @ EndpointKey::Named { .. } => named.text().into_raw(),
                };
                writeln!(
                    text,
                    "  metric {:?} of {endpoint:?}: {:.3?} {} (n {:?}, p95 {p95:.3?})",
                    metric.name.raw(),
                    metric.value,
                    metric.unit.raw(),
                    metric.count
                )
                .unwrap();
            }
            for check in &run.checks {
                writeln!(
                    text,
                    "  check {:?}: {} held, {} not",
                    check.name.raw(),
                    check.passes,
                    check.fails
                )
                .unwrap();
            }
            for warning in warnings {
                let line = warning.place.and_then(|place| place.line);
                let line = line.map_or(String::new(), |line| format!(" line {line}"));
                let message = local(perfgate::report::warning_text(&warning.kind).into_raw());
                writeln!(text, "  warning{line}: {message}").unwrap();
            }
        }
    }
    text
}

#[test]
fn every_file_of_locust_is_understood() {
    let all = files("locust").into_iter().filter(|path| !path.ends_with("stdout.txt"));
    let text: Vec<String> = all.map(|path| in_words(&path, false)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn every_file_of_k6_is_understood() {
    let all = files("k6").into_iter().filter(|path| !path.ends_with("stdout.txt"));
    let text: Vec<String> = all.map(|path| in_words(&path, false)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

/// Tools that write a document about all requests together.
const TOTALS: [&str; 4] = ["vegeta", "oha", "autocannon", "bombardier"];

/// Whether a file is the document of a tool about all requests together.
fn is_total(path: &str) -> bool {
    path.ends_with(".json") && TOTALS.iter().any(|tool| path.starts_with(tool))
}

#[test]
fn every_document_about_a_whole_test_is_understood() {
    let all = TOTALS.into_iter().flat_map(files).filter(|path| is_total(path));
    let text: Vec<String> = all.map(|path| in_words(&path, false)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn every_file_with_a_row_for_each_request_is_understood() {
    let all = ["jmeter", "vegeta", "hey", "oha"].into_iter().flat_map(files);
    let all = all.filter(|path| !is_total(path) && !path.ends_with(".txt"));
    let text: Vec<String> = all.map(|path| in_words(&path, false)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn every_file_about_pages_is_understood() {
    let all = ["lighthouse", "web-vitals"].into_iter().flat_map(files);
    let text: Vec<String> = all.map(|path| in_words(&path, false)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_is_broken_is_an_error_with_its_place_or_said_aloud_when_lenient() {
    let both = |path: String| in_words(&path, false) + &in_words(&path, true);
    let text: Vec<String> = files("bad").into_iter().map(both).collect();
    insta::assert_snapshot!(text.join("\n"));
}

/// The numbers of a raw output agree with what k6's own summary says of the same run.
#[test]
fn raw_files_of_k6_agree_with_its_own_summary() {
    let scenarios = [
        "k6/2.2.0/full-short",
        "k6/0.49.0/full-short",
        "k6/2.2.0/names",
        "k6/0.49.0/names",
        "k6/2.2.0/refused",
    ];
    let mut compared = 0;
    for scenario in scenarios {
        let raws = files(scenario).into_iter().filter(|path| path.contains("/raw."));
        for raw in raws {
            let (raw_run, summary) = (run(&raw), run(&format!("{scenario}/summary.json")));
            assert_eq!(raw_run.total.requests, summary.total.requests, "{raw}");
            assert_eq!(raw_run.total.failures, summary.total.failures, "{raw}");
            assert_eq!(raw_run.total.error_rate(), summary.total.error_rate(), "{raw}");
            let (ours, theirs) = (raw_run.total.latency.unwrap(), summary.total.latency.unwrap());
            for (level, expected) in theirs.quantiles {
                let got = ours.quantiles.get(&level).copied().unwrap_or_default();
                assert!(
                    (got - expected).abs() <= 0.002 * expected,
                    "{raw} {level}: {got} for {expected}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 30, "{compared}");
}

#[test]
fn plain_gzip_and_standard_input_give_the_same_run() {
    let path = fixtures().join("k6/2.2.0/names/raw.ndjson.gz");
    let gz = std::fs::read(&path).unwrap();
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(gz.as_slice()), &mut plain)
        .unwrap();
    let read = |bytes: Vec<u8>| {
        let source = Source::from_reader("-", Box::new(std::io::Cursor::new(bytes))).unwrap();
        let run = read(source, &ReadOptions::default()).unwrap().run;
        run.all_endpoints().map(described).collect::<Vec<_>>()
    };
    assert_eq!(read(gz), read(plain));
}
