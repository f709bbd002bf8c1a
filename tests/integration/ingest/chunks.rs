//! Files that are read in many pieces by many workers: rows and elements that hold line ends, and what is broken behind megabytes.

use crate::support::fixture;
use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read};
use perfgate::model::Run;
use std::collections::BTreeMap;

/// More than three pieces.
const LARGE: usize = 3_500_000;

/// What stands at the start of a file, what can be repeated, and what stands at its end.
struct Parts {
    name: &'static str,
    head: String,
    body: String,
    /// What stands behind many bodies once more: a file that has all of its samples as often is refused.
    once: String,
    end: String,
}

impl Parts {
    /// The first lines are the head, the last lines the end.
    fn of(name: &'static str, head: usize, once: usize, end: usize) -> Self {
        let file = std::fs::File::open(fixture(name)).unwrap();
        let mut reader: Box<dyn std::io::Read> = match name.rsplit('.').next() {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
            Some("zst") => Box::new(zstd::Decoder::new(file).unwrap()),
            _ => Box::new(file),
        };
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (before, behind) = (&lines[..head], &lines[lines.len() - end..]);
        let body = lines[head..lines.len() - end].concat();
        let once = lines[head..head + once].concat();
        Self { name, head: before.concat(), body, once, end: behind.concat() }
    }

    /// How often its body makes a large file.
    fn times(&self) -> usize {
        LARGE.div_ceil(self.body.len())
    }

    fn repeated(&self, times: usize) -> String {
        format!("{}{}{}{}", self.head, self.body.repeat(times), self.once, self.end)
    }

    fn read(&self, text: String, lenient: bool) -> Result<Ingested, IngestError> {
        let source =
            Source::from_reader(self.name, Box::new(std::io::Cursor::new(text.into_bytes())));
        read(source.unwrap(), &ReadOptions { lenient, ..ReadOptions::default() })
    }
}

fn all() -> [Parts; 6] {
    [
        Parts::of("k6/2.2.0/names/raw.csv", 1, 20, 0),
        Parts::of("jmeter/base.jtl.gz", 1, 20, 0),
        Parts::of("jmeter/nested.xml", 2, 1, 1),
        Parts::of("vegeta/base.csv.gz", 0, 20, 0),
        Parts::of("vegeta/base.ndjson.zst", 0, 20, 0),
        Parts::of("hey/flaky.csv", 1, 20, 0),
    ]
}

/// Requests and failures by endpoint, the total among them.
fn counts(run: &Run) -> BTreeMap<String, (u64, u64)> {
    let count = |of: &perfgate::model::Endpoint| {
        (of.key.text().into_raw(), (of.requests.unwrap(), of.failures.unwrap_or_default()))
    };
    std::iter::once(&run.total).chain(&run.endpoints).map(count).collect()
}

#[test]
fn many_pieces_hold_what_all_of_them_hold_and_each_of_it_once() {
    for parts in all() {
        let times = parts.times() as u64;
        let Parts { name, head, body, once, end } = &parts;
        let read = |text: String| parts.read(text, false).unwrap().run;
        let one = read(format!("{head}{body}{end}"));
        let many = read(parts.repeated(times as usize));
        let rest = counts(&read(format!("{head}{once}{end}")));
        let expected = counts(&one).into_iter().map(|(endpoint, (n, f))| {
            let (more, failed) = rest.get(&endpoint).copied().unwrap_or_default();
            (endpoint, (n * times + more, f * times + failed))
        });
        let expected: BTreeMap<_, _> = expected.collect();
        assert_eq!(counts(&many), expected, "{name}");
        let p = |run: &Run, p: f64| {
            run.total.latency.as_ref().unwrap().distribution.as_ref().unwrap().at(p).unwrap()
        };
        // The p50 of many copies lies between those of one copy around the same rank.
        let (low, high) = (p(&one, 0.49), p(&one, 0.51));
        let own = p(&many, 0.5);
        assert!((low * 0.999..=high * 1.001).contains(&own), "{name}: {low} {own} {high}");
    }
}

#[test]
fn what_is_broken_behind_megabytes_is_named_by_its_line() {
    let broken = [
        "http_reqs,1795214152\n",
        "soon,121,/api/chat\n",
        "<sample ts='x'/>\n",
        "1,2\n",
        "{\n",
        "0.1\n",
    ];
    assert_eq!(all().len(), broken.len());
    for (parts, broken) in all().into_iter().zip(broken) {
        let times = parts.times();
        let before = format!("{}{}", parts.head, parts.body.repeat(times / 2));
        let line = before.matches('\n').count() as u64 + 1;
        let after = parts.body.repeat(times.div_ceil(2));
        let text = format!("{before}{broken}{after}{}{}", parts.once, parts.end);
        let error = parts.read(text.clone(), false).unwrap_err();
        assert_eq!(error.line, Some(line), "{}: {error}", parts.name);
        let lenient = parts.read(text, true).unwrap();
        let whole = parts.read(parts.repeated(times), false).unwrap();
        assert_eq!(counts(&lenient.run), counts(&whole.run), "{}", parts.name);
        let place = lenient.warnings.iter().find_map(|warning| warning.place.as_ref()?.line);
        assert_eq!(place, Some(line), "{}: {:?}", parts.name, lenient.warnings);
    }
}

#[test]
fn a_broken_row_and_a_cut_end_are_both_said() {
    for parts in all() {
        let Parts { head, body, .. } = &parts;
        let text = format!("{head}{body}nothing\n{}", &body[..body.len() - 9]);
        let read = parts.read(text, true).unwrap();
        let warnings: Vec<&str> = read.warnings.iter().map(|w| w.kind.code()).collect();
        assert!(warnings.contains(&"truncated"), "{}: {warnings:?}", parts.name);
        // Text between elements is no element.
        if !parts.name.ends_with(".xml") {
            assert!(warnings.contains(&"broken_lines"), "{}: {warnings:?}", parts.name);
        }
    }
}
