//! Damaged result files, at every position of real ones: each is refused, or comes to the same numbers, or is warned of.

use crate::support::fixture;
use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read};
use perfgate::schema::RunV1;
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// A fixture of each format, and records of it that are enough to damage it at every byte.
const FILES: [(&str, usize); 22] = [
    ("vegeta/base.csv.gz", 6),
    ("vegeta/base.ndjson.zst", 6),
    ("vegeta/errors.json", usize::MAX),
    ("jmeter/base.jtl.gz", 12),
    ("jmeter/errors.jtl.gz", 12),
    ("jmeter/nested.xml", usize::MAX),
    ("gatling/made/3.10.log", 12),
    ("hey/flaky.csv", 12),
    ("oha/flaky.csv", 12),
    ("oha/errors.json", usize::MAX),
    ("autocannon/errors.json", usize::MAX),
    ("bombardier/errors.json", usize::MAX),
    ("k6/2.2.0/full-short/raw.csv.gz", 12),
    ("k6/2.2.0/csv-unix_milli/raw.csv", 12),
    ("k6/2.2.0/full-short/raw.ndjson.gz", 24),
    ("locust/2.47.0/users-10/requests.csv", 12),
    ("locust/2.47.0/custom/x_stats.csv", usize::MAX),
    ("locust/2.47.0/one-request/out.json", usize::MAX),
    ("k6/2.2.0/allfail/summary.json", usize::MAX),
    ("wrk/late.txt", usize::MAX),
    ("ab/errors.txt", usize::MAX),
    ("artillery/refused.json", usize::MAX),
];

/// Formats whose file does not say where it ends: cut between two records, it is a shorter test.
fn has_no_end(name: &str) -> bool {
    name.contains("raw.")
        || name.contains("requests.csv")
        || name.contains(".jtl")
        || name.starts_with("gatling/")
        || name.ends_with("/flaky.csv")
        || name.starts_with("vegeta/base.")
}

fn unpacked(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    let mut plain = Vec::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    } else if name.ends_with(".zst") {
        plain = zstd::decode_all(&bytes[..]).unwrap();
    } else {
        plain = bytes;
    }
    plain
}

/// The first records of a fixture.
fn start_of(name: &str, records: usize) -> Vec<u8> {
    let whole = unpacked(name);
    if records == usize::MAX {
        return whole;
    }
    let ends = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    let end = ends.take(records).last().unwrap_or(whole.len());
    whole[..end].to_vec()
}

fn ingest(bytes: &[u8]) -> Result<Ingested, IngestError> {
    let source = Source::from_reader("results", Box::new(Cursor::new(bytes.to_vec())))?;
    read(source, &ReadOptions::default())
}

/// The numbers of a run as text, and whether anything was said.
fn told(ingested: &Ingested) -> (String, Vec<String>) {
    let run = serde_json::to_string(&RunV1::without_histograms(&ingested.run)).unwrap();
    (run, ingested.warnings.iter().map(|own| format!("{:?}", own.kind)).collect())
}

/// What a damaged file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Refused,
    Same,
    Warned,
    Silent,
}

/// Reads damaged copies of one file.
struct Damaged {
    name: &'static str,
    good: Vec<u8>,
    told: (String, Vec<String>),
    came: BTreeMap<Came, usize>,
}

impl Damaged {
    fn new(name: &'static str, good: Vec<u8>) -> Self {
        let told = told(&ingest(&good).unwrap_or_else(|error| panic!("{name}: {error}")));
        Self { name, good, told, came: BTreeMap::new() }
    }

    fn came(&mut self, bytes: &[u8]) -> Came {
        let came = match ingest(bytes) {
            Err(_) => Came::Refused,
            Ok(ingested) => match told(&ingested) {
                (run, _) if run == self.told.0 => Came::Same,
                (_, warnings) if warnings.iter().any(|own| !self.told.1.contains(own)) => {
                    Came::Warned
                }
                _ => Came::Silent,
            },
        };
        *self.came.entry(came).or_default() += 1;
        came
    }
}

fn all() -> impl Iterator<Item = Damaged> {
    FILES.into_iter().map(|(name, records)| Damaged::new(name, start_of(name, records)))
}

/// What a crash or a bad disk leaves: a sector, or a page, of zeros.
#[test]
fn a_lost_sector_is_refused_at_every_place_of_every_format() {
    let mut places = 0;
    for (name, _) in FILES {
        let mut damaged = Damaged::new(
            name,
            start_of(
                name,
                if name.contains("k6/2.2.0/") && name.contains("raw") { 300 } else { usize::MAX },
            ),
        );
        for size in [512, 4096] {
            for start in (0..damaged.good.len()).step_by(512) {
                let mut bytes = damaged.good.clone();
                let end = (start + size).min(bytes.len());
                bytes[start..end].fill(0);
                assert_eq!(damaged.came(&bytes), Came::Refused, "{name}: {size} bytes at {start}");
                places += 1;
            }
        }
    }
    assert!(places > 2_000, "{places}");
}

#[test]
fn a_cut_is_refused_wherever_it_is_but_between_two_records() {
    for mut damaged in all() {
        let borders: Vec<usize> =
            (0..damaged.good.len()).filter(|at| damaged.good[*at] == b'\n').collect();
        for end in 0..damaged.good.len() {
            // All around the ends of lines, and every fifth byte between them.
            let near = borders.iter().any(|border| border.abs_diff(end) < 5);
            if !near && end % 5 > 0 {
                continue;
            }
            let bytes = damaged.good[..end].to_vec();
            let came = damaged.came(&bytes);
            let between = has_no_end(damaged.name) && matches!(bytes.last(), Some(b'\n' | b'\r'));
            let name = damaged.name;
            assert!(came != Came::Silent || between, "{name}: {came:?} at {end}");
        }
        assert!(damaged.came[&Came::Refused] > damaged.good.len() / 10, "{:?}", damaged.came);
    }
}

#[test]
fn a_file_that_was_appended_to_itself_is_refused() {
    for mut damaged in all() {
        for times in 2..=5 {
            let repeated = damaged.good.repeat(times);
            assert_eq!(damaged.came(&repeated), Came::Refused, "{}: {times}", damaged.name);
        }
    }
    let said = |name: &str| {
        let good = unpacked(name);
        ingest(&[&good[..], &good].concat()).unwrap_err().to_string()
    };
    // 500 requests in vegeta's file.
    let error = said("vegeta/base.csv.gz");
    assert_eq!(error, "results has all of its 1000 samples twice: one test would count as two");
    let thrice = ingest(&unpacked("vegeta/base.csv.gz").repeat(3)).unwrap_err().to_string();
    assert_eq!(thrice, "results has all of its 1500 samples 3 times: one test would count as 3");
    assert!(said("k6/2.2.0/full-short/raw.ndjson.gz").contains("samples twice"));
    assert!(said("jmeter/nested.xml").contains("two documents in one file"));
}

/// Without its quotes, an attribute swallows those behind it, and a tag the tags.
#[test]
fn two_damaged_quotes_of_jmeter_are_refused_or_change_nothing() {
    let mut damaged = Damaged::new("jmeter/nested.xml", unpacked("jmeter/nested.xml"));
    let quotes: Vec<usize> =
        (0..damaged.good.len()).filter(|at| damaged.good[*at] == b'"').collect();
    let requests = |own: Ingested| own.run.total.requests;
    let expected = requests(ingest(&damaged.good).unwrap());
    for (i, one) in quotes.iter().enumerate() {
        for other in &quotes[i..] {
            for by in [b'x', b' '] {
                let mut bytes = damaged.good.clone();
                (bytes[*one], bytes[*other]) = (by, by);
                if damaged.came(&bytes) == Came::Silent {
                    // Within one attribute, the text of a label is another one: no request is lost.
                    let found = requests(ingest(&bytes).unwrap());
                    assert_eq!(found, expected, "quotes at {one} and {other}");
                }
            }
        }
    }
}

/// What counts all in a file is held against what it counts.
#[test]
fn a_line_that_is_lost_from_a_file_with_totals_is_told() {
    for name in ["locust/2.47.0/base-1/x_stats.csv", "locust/2.47.0/custom/x_stats.csv"] {
        let mut damaged = Damaged::new(name, unpacked(name));
        let lines: Vec<Vec<u8>> =
            damaged.good.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        for lost in 0..lines.len() {
            let rest = [&lines[..lost], &lines[lost + 1..]].concat().concat();
            assert_ne!(damaged.came(&rest), Came::Silent, "{name}: line {}", lost + 1);
        }
    }
}

/// k6 writes counts, rates and percentiles that follow from each other.
#[test]
fn a_line_of_a_summary_that_counts_requests_or_failures_cannot_be_lost_without_a_word() {
    for name in ["k6/2.2.0/base-1/summary.json", "k6/0.49.0/base-1/handleSummary.json"] {
        let mut damaged = Damaged::new(name, unpacked(name));
        let document: serde_json::Value = serde_json::from_slice(&damaged.good).unwrap();
        for (metric, statistics) in [
            ("http_req_failed", ["passes", "fails", "rate", "value"]),
            ("http_reqs", ["count", "rate", "", ""]),
        ] {
            for statistic in statistics {
                let mut less = document.clone();
                let metric = &mut less["metrics"][metric];
                let values = match metric.get("values").is_some() {
                    true => &mut metric["values"],
                    false => metric,
                };
                if values.as_object_mut().unwrap().remove(statistic).is_none() {
                    continue;
                }
                let bytes = serde_json::to_vec(&less).unwrap();
                assert_ne!(
                    damaged.came(&bytes),
                    Came::Silent,
                    "{name}: {metric} without {statistic}",
                    metric = "metric"
                );
            }
        }
    }
    let without = unpacked("k6/2.2.0/base-1/summary.json");
    let mut document: serde_json::Value = serde_json::from_slice(&without).unwrap();
    document["metrics"]["http_req_failed"].as_object_mut().unwrap().remove("passes");
    let error = ingest(&serde_json::to_vec(&document).unwrap()).unwrap_err().to_string();
    assert!(error.contains("http_req_failed lacks its rate or one of its counts"), "{error}");
}

/// A digit that changed: the leading ones of what k6 counts, and of the requests that Locust counts.
#[test]
fn a_digit_that_changed_in_a_count_of_a_file_with_totals_is_told() {
    /// Digits of a number that are far from where rounding begins.
    const LEADING: usize = 4;
    for (name, keys, end, digits) in [
        (
            "k6/2.2.0/base-1/summary.json",
            &["\"http_reqs\": {", "\"http_req_failed\": {"][..],
            '}',
            10,
        ),
        ("locust/2.47.0/base-1/stats.json", &["\"num_requests\": "][..], ',', 10),
    ] {
        let mut damaged = Damaged::new(name, unpacked(name));
        let text = String::from_utf8(damaged.good.clone()).unwrap();
        let mut changed = 0;
        for (start, key) in keys.iter().flat_map(|key| text.match_indices(key)) {
            let part = start + key.len()..start + text[start..].find(end).unwrap();
            let mut leading = 0;
            for at in part {
                let digit = text.as_bytes()[at];
                leading = if digit.is_ascii_digit() || digit == b'.' { leading + 1 } else { 0 };
                if !digit.is_ascii_digit() || leading > LEADING {
                    continue;
                }
                let mut bytes = damaged.good.clone();
                bytes[at] = if digit == b'9' { b'1' } else { b'9' };
                assert_ne!(damaged.came(&bytes), Came::Silent, "{name}: the digit at {at}");
                changed += 1;
            }
        }
        assert!(changed > digits, "{name}: {changed}");
    }
}

#[test]
fn a_csv_that_is_cut_in_its_header_is_no_run_without_requests() {
    let is_csv = |name: &str| ["raw.csv", ".jtl", "flaky"].iter().any(|part| name.contains(part));
    let files: Vec<&str> = FILES.map(|(name, _)| name).into_iter().filter(|n| is_csv(n)).collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for name in files {
        let whole = unpacked(name);
        let header = whole.iter().position(|b| *b == b'\n').unwrap();
        // Every column that is needed may be there already.
        for end in header.saturating_sub(12)..=header {
            let error = ingest(&whole[..end]).unwrap_err().to_string();
            let expected = ["the first line has no end", "is missing", "no result file"];
            assert!(expected.iter().any(|why| error.contains(why)), "{name}: {error}");
        }
        assert!(ingest(&whole[..=header]).unwrap().run.total.requests == Some(0));
    }
}

/// What is left of a damaged file is written as `perfgate.run/1` that reads back as the same.
#[test]
fn what_a_damaged_file_comes_to_reads_back() {
    let read_back = |ingested: &Ingested| {
        let text = serde_json::to_vec(&RunV1::with_histograms(&ingested.run).unwrap()).unwrap();
        let again = perfgate::schema::read_run(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_vec(&RunV1::with_histograms(&again.run).unwrap()).unwrap(), text);
    };
    // Outcomes and times of requests that are not counted any more.
    let whole = String::from_utf8(start_of("k6/2.2.0/full-short/raw.ndjson.gz", 400)).unwrap();
    let requests = "{\"metric\":\"http_reqs\",\"type\":\"Point\"";
    let (lost, rest): (Vec<&str>, Vec<&str>) =
        whole.split_inclusive('\n').partition(|line| line.starts_with(requests));
    assert!(lost.len() > 10, "{}", lost.len());
    let ingested = ingest(rest.concat().as_bytes()).unwrap();
    let warnings = told(&ingested).1;
    assert!(warnings.iter().any(|own| own.contains("LinesMissing")), "{warnings:?}");
    read_back(&ingested);
    // Requests that lost their names.
    let whole = String::from_utf8(start_of("vegeta/base.ndjson.zst", 6)).unwrap();
    let ingested = ingest(whole.replace("\"url\":", "\"uri\":").as_bytes()).unwrap();
    let names: Vec<String> =
        ingested.run.endpoints.iter().map(|own| own.key.text().into_raw()).collect();
    assert_eq!(names, ["GET (unnamed)"]);
    read_back(&ingested);
    // A test without a request.
    read_back(&ingest(&unpacked("k6/2.2.0/machine-readable/zero/summary.json")).unwrap());
}
