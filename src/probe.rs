//! What a fuzzer calls: each function takes any bytes, hands them to one reader, and panics where that broke its word. It may
//! refuse anything; what it takes must read back, once written, as what was written.
//!
//! The targets in `fuzz/` are these functions, one of them for all formats, and `tests/integration/corpus.rs` runs them over inputs that are kept.

use crate::config::{Accept, Policy};
use crate::forge::{Marker, comments_in};
use crate::ingest::{
    FORMATS, Format, ReadOptions, Source, read, read_benchmark_data, read_resources, recognise,
};
use crate::model::Run;
use crate::report::{TableStyle, render_plain_markdown};
use crate::report::{harmless, read_report, render_json, render_markdown, render_table};
use crate::schema::{RunV1, decode_histogram, encode_histogram, read_run};
use crate::trend::read_series;
use std::fmt::Display;
use std::io::Cursor;

/// A function that is fed with any bytes.
pub type Probe = fn(&[u8]);

/// Something that is fed with any bytes.
#[derive(Clone, Copy)]
pub enum Target {
    /// The reader of a format.
    Format(&'static Format),
    /// Anything else that reads.
    Other(Probe),
}

impl Target {
    /// Feeds it.
    pub fn run(self, bytes: &[u8]) {
        match self {
            Self::Format(format) => result(format, bytes),
            Self::Other(target) => target(bytes),
        }
    }
}

/// The targets that are no formats.
pub const OTHERS: [(&str, Probe); 11] = [
    ("detect", detect),
    ("run", run),
    ("bundle", bundle),
    ("report", report),
    ("policy", policy),
    ("trailers", trailers),
    ("histogram", histogram),
    ("resources", resources),
    ("series", series),
    ("benchmark-data", benchmark_data),
    ("forge", forge),
];

/// Every target by its name.
pub fn targets() -> impl Iterator<Item = (&'static str, Target)> {
    let formats = FORMATS.iter().map(|format| (format.name, Target::Format(format)));
    formats.chain(OTHERS.map(|(name, target)| (name, Target::Other(target))))
}

/// Calls the target of this name, if there is one.
pub fn run_target(name: &str, bytes: &[u8]) {
    if let Some((_, target)) = targets().find(|(known, _)| *known == name) {
        target.run(bytes);
    }
}

fn source(bytes: &[u8]) -> Option<Source> {
    Source::from_reader("input", Box::new(Cursor::new(bytes.to_vec()))).ok()
}

/// Whatever was read reads back as what was written of it.
fn round_trip(run: &Run) {
    let text = written(run);
    let again = must(read_run(&text), "what was written is not read");
    assert_eq!(
        again.unknown_fields,
        Vec::<String>::new(),
        "the format does not know its own fields"
    );
    let text_again = written(&again.run);
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    assert_eq!(shown(&text), shown(&text_again), "what was read back is something else");
}

fn written(run: &Run) -> Vec<u8> {
    let file = must(RunV1::with_histograms(run), "a histogram cannot be written");
    must(serde_json::to_vec(&file), "a run cannot be written")
}

fn must<T, E: Display>(result: Result<T, E>, broken: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => unreachable!("{broken}: {error}"),
    }
}

/// Recognising a format, and reading what was recognised.
fn detect(bytes: &[u8]) {
    if let Some(format) = source(bytes).and_then(|source| recognise(source).ok()) {
        result(format, bytes);
    }
}

/// Reading a result as a format, strictly and leniently. Samples that one way reads fast and another way always are read the same.
fn result(format: &'static Format, bytes: &[u8]) {
    for lenient in [false, true] {
        let options = ReadOptions { format: Some(format), lenient, ..ReadOptions::default() };
        if let Some(Ok(ingested)) = source(bytes).map(|source| read(source, &options)) {
            round_trip(&ingested.run);
        }
    }
    if format.is_raw() {
        let read = |parser_only| {
            let format = Some(format);
            let options = ReadOptions { format, parser_only, ..ReadOptions::default() };
            let ingested = source(bytes).map(|source| read(source, &options));
            ingested.map(|own| own.map(|own| written(&own.run)).map_err(|error| error.to_string()))
        };
        assert_eq!(read(false), read(true), "the two ways of reading differ");
    }
}

fn run(bytes: &[u8]) {
    if let Ok(read) = read_run(bytes) {
        round_trip(&read.run);
    }
}

/// A file of a bundle: the numbers alone.
fn bundle(bytes: &[u8]) {
    let Ok(read) = read_run(bytes) else { return };
    let text = must(serde_json::to_vec(&RunV1::without_histograms(&read.run)), "not written");
    must(read_run(&text), "a bundle's file is not read");
}

/// A report, in every form that untrusted ones are shown in.
fn report(bytes: &[u8]) {
    let Ok(report) = read_report(bytes) else { return };
    let text = |report: &crate::gate::Report| {
        let mut text = Vec::new();
        must(render_json(report, &mut text), "a report cannot be written");
        text
    };
    let first = text(&report);
    let again = must(read_report(&first), "what was written is not read");
    assert_eq!(String::from_utf8_lossy(&first), String::from_utf8_lossy(&text(&again)));
    let mut out = Vec::new();
    must(render_markdown(&report, &mut out), "no Markdown");
    must(render_plain_markdown(&report, &mut out), "no Markdown");
    // The escape of Markdown puts word joiners of its own between signs that would mean something together.
    let mut shown = String::from_utf8_lossy(&out).replace('\u{2060}', "");
    out.clear();
    must(render_table(&report, TableStyle::default(), &mut out), "no table");
    shown.push_str(&String::from_utf8_lossy(&out));
    for line in shown.lines() {
        assert_eq!(harmless(line).as_str(), line, "a line would move a terminal");
    }
}

fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Policy::parse("perfgate.yaml", text) {
        drop(error.to_string());
    }
}

fn trailers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for value in Accept::trailers(&text) {
        drop(Accept::parse(value));
    }
}

fn histogram(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(all) = decode_histogram(text.trim()) else { return };
    let text = must(encode_histogram(&all, all.digits()), "a histogram cannot be written");
    let again = must(decode_histogram(&text), "what was written is not read");
    assert_eq!(all.recorded(), again.recorded(), "what was read back is something else");
}

fn resources(bytes: &[u8]) {
    if let Some(Ok(series)) = source(bytes).map(read_resources) {
        let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
        assert!(series.summary().values().all(|own| finite(own.max)), "an infinite maximum");
        drop(series.timeline());
    }
}

fn series(bytes: &[u8]) {
    if let Ok(all) = read_series(bytes) {
        assert!(all.iter().all(|own| own.values.iter().flatten().all(|value| value.is_finite())));
    }
}

fn benchmark_data(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for own in read_benchmark_data("data.js", &text).into_iter().flatten() {
        round_trip(&own.run);
    }
}

/// An answer of a forge: a page of comments, in any of which may stand a marker.
fn forge(bytes: &[u8]) {
    for comment in comments_in(bytes).into_iter().flatten() {
        if let Some(marker) = Marker::of(&comment.body) {
            for style in [crate::forge::Style::Html, crate::forge::Style::Definition] {
                assert_eq!(Marker::of(&marker.line(style)).as_ref(), Some(&marker));
            }
        }
    }
}
