//! Raw samples that are cut, or broken somewhere.

use super::raw::{k6, scratch};
use crate::support::{Ended, fixture, perfgate};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use tempfile::TempDir;

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
    assert!(
        warning.contains(&format!("raw.json:{}: skipped 1 malformed line", at + 1)),
        "{warning}"
    );
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
        assert!(lenient.stderr.contains("truncated"), "{name}: {}", lenient.stderr);
        assert!(lenient.json()["total"]["requests"].as_u64().unwrap() > 1000, "{name}");
    }
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
    const FILES: [&str; 9] = [
        "vegeta/base.csv.gz",
        "jmeter/base.jtl.gz",
        "jmeter/nested.xml",
        "gatling/made/3.13.log",
        "gatling/made/3.10.log",
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
