//! JMeter's JTL as XML: an element for each sample.
//!
//! `<httpSample t="121" lt="110" ct="52" ts="1795215750494" s="true" lb="/api/chat" rc="200"/>`: times in milliseconds. A `<sample>`
//! with samples inside is a transaction, and so is one whose message is that of a transaction; an `<httpSample>` inside another is a
//! part of its page and is counted with it.

use super::aggregate::{Name, Request, RequestAggregate, Transaction};
use super::failure::of_jmeter;
use super::transactions::{Held, Threads, Time, samples_in};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::raw::{Chunk, ChunkDiagnostics, Gather, Records, Scan, Sum as _, scan};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::ingest::xml_file::{attribute, refuse_broken_tag};
use crate::model::{Kind, Part};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "jmeter-xml",
    tool: "jmeter",
    title: "JMeter, XML",
    get: "`jmeter -n -t plan.jmx -l x.jtl -Jjmeter.save.saveservice.output_format=xml`",
    section: "JMeter",
    versions: "none, from its documentation",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Parts,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "larger than the CSV, and says the same",
    claim,
    read,
};

/// Bytes of the beginning in which the first sample stands.
const BEGINNING: usize = 2_000;

fn claim(head: &Head<'_>) -> Claim {
    let text = head.text();
    let text = &text[..text.floor_char_boundary(BEGINNING)];
    let own = text.contains("<testResults") || text.contains("<httpSample");
    Claim::certain_if(head.begins_with(b'<') && own)
}

const NS_PER_MS: i64 = 1_000_000;
/// Elements inside each other at most.
const DEEPEST: usize = 64;

/// A sample that is open.
struct Open {
    /// None where it could not be taken: what is in it is no part of anything else all the same.
    sample: Option<ReadSample>,
    http: bool,
    has_children: bool,
}

impl Open {
    fn name(&self) -> &'static str {
        if self.http { "httpSample" } else { "sample" }
    }
}

struct ReadSample {
    label: String,
    thread: Option<String>,
    /// Threads that were active.
    users: Option<u64>,
    /// Of a transaction, how many samples it holds.
    transaction: Option<u64>,
    start: i64,
    ms: f64,
    connect: f64,
    first_byte: f64,
    /// What the failure is called, where it is one.
    failure: Option<String>,
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    // Behind what is no XML, nobody knows where an element begins: what counts is what stands before.
    let how =
        Scan { records: Records::Elements, lenient: options.lenient, in_order: options.lenient };
    let read = |source, filter: &SampleFilter| {
        let requests = || RequestAggregate::new(FORMAT.tool, filter.clone(), true);
        scan(source, &how, || Samples { requests: requests(), threads: Threads::of_chunk(0) })
    };
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything))?;
    read(source, &filter)
}

/// A reader of a part of a document.
fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    let mut reader = Reader::from_reader(bytes);
    // That of the document began in another part.
    reader.config_mut().allow_unmatched_ends = true;
    reader
}

/// One worker's samples.
struct Samples {
    requests: RequestAggregate,
    /// Of the chunk that is read.
    threads: Threads,
}

impl Gather for Samples {
    type Sum = RequestAggregate;

    fn bytes(&self) -> usize {
        self.requests.bytes()
    }

    fn sum(self) -> RequestAggregate {
        self.requests
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        self.threads = Threads::of_chunk(chunk.index);
        let bytes = chunk.bytes();
        let mut reader = reader(bytes);
        let mut open: Vec<Open> = Vec::new();
        // Where the document begins.
        let mut first = chunk.index == 0;
        let line = |reader: &Reader<&[u8]>| {
            let before = bytes.get(..reader.buffer_position() as usize).unwrap_or(bytes);
            memchr::memchr_iter(b'\n', before).count() as u64 + 1
        };
        loop {
            let problem = match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(Event::Start(root)) if first => {
                    first = false;
                    if root.name().as_ref() != b"testResults" {
                        let why = "the document is no testResults of JMeter".to_owned();
                        diagnostics.unreadable(line(&reader), why);
                        break;
                    }
                    continue;
                }
                Ok(event) => match self.take(event, &mut open) {
                    _ if open.len() > DEEPEST => {
                        let why = "samples are nested too deeply".to_owned();
                        diagnostics.unreadable(line(&reader), why);
                        break;
                    }
                    Ok(()) => continue,
                    Err(problem) => problem,
                },
                // What is cut is no XML either.
                Err(_) if chunk.cut => break,
                Err(error) => {
                    diagnostics.unreadable(line(&reader), error.to_string());
                    break;
                }
            };
            if diagnostics.problem(|| line(&reader), problem).is_break() {
                break;
            }
        }
        if let Some(last) = open.last().filter(|_| !chunk.cut && !diagnostics.is_over()) {
            let problem = Problem::Malformed(format!("a {} has no end", last.name()));
            let _ = diagnostics.problem(|| line(&reader), problem);
        }
        self.requests.end_chunk(&mut self.threads);
        diagnostics.lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        if chunk.cut {
            // JMeter writes the end when the test ends.
            let how = "the end of testResults is missing".to_owned();
            let line = diagnostics.lines + 1;
            let _ = diagnostics.problem(|| line, Problem::Truncated { lines: 0, how });
        }
    }
}

impl Samples {
    fn take(&mut self, event: Event<'_>, open: &mut Vec<Open>) -> Result<(), Problem> {
        match event {
            Event::Start(root) | Event::Empty(root) if root.name().as_ref() == b"testResults" => {
                let why = "another testResults begins: there are two documents in one file";
                return Err(Problem::Malformed(why.to_owned()));
            }
            Event::Start(element) if is_sample(&element) => {
                if let Some(outer) = open.last_mut() {
                    outer.has_children = true;
                }
                let http = element.name().as_ref() == b"httpSample";
                let (sample, problem) = match sample(&element) {
                    Ok(sample) => (Some(sample), None),
                    Err(why) => (None, Some(Problem::Malformed(why))),
                };
                open.push(Open { sample, http, has_children: false });
                return problem.map_or(Ok(()), Err);
            }
            Event::Empty(element) if is_sample(&element) => {
                if let Some(outer) = open.last_mut() {
                    outer.has_children = true;
                }
                let own = sample(&element).map_err(Problem::Malformed)?;
                if !open.iter().any(|outer| outer.http) {
                    return self.add(&own, false);
                }
            }
            Event::End(element) if matches!(element.name().as_ref(), b"httpSample" | b"sample") => {
                let Some(Open { sample, http, has_children }) = open.pop() else {
                    return Err(Problem::Malformed("a sample ends that has not begun".to_owned()));
                };
                let Some(sample) = sample else { return Ok(()) };
                if !open.iter().any(|outer| outer.http) {
                    return self.add(&sample, has_children && !http);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts a sample; `holds` says whether others stand inside of it that are counted by themselves.
    fn add(&mut self, own: &ReadSample, holds: bool) -> Result<(), Problem> {
        let (thread, start, ms) = (own.thread.as_deref(), own.start, own.ms);
        let time = Time { start, ms };
        own.users.into_iter().for_each(|users| self.requests.users(start, users));
        let held = if holds { Held::Apart } else { self.threads.held(thread, time) };
        if let Some((own, held)) = self.threads.wrote(thread, time) {
            self.requests.resolve(own, held);
        }
        if let Some(samples) = own.transaction.or(holds.then_some(1)) {
            let (name, failed) = (own.label.as_str(), own.failure.is_some());
            let own = Transaction { name, time, failed, samples, held, thread };
            return self.requests.add_transaction(&own, &mut self.threads);
        }
        let parts = [
            (Part::Ttfb, own.first_byte),
            (Part::Connect, own.connect),
            (Part::Waiting, own.first_byte - own.connect),
            (Part::Receiving, own.ms - own.first_byte),
        ];
        let parts = if own.first_byte > 0.0 { &parts[..] } else { &[] };
        let name = Some(Name { kind: Kind::Http, method: "", name: &own.label });
        let failure = own.failure.as_deref();
        self.requests.add(Request { name, start, ms: Some(ms), failure, parts })
    }
}

fn is_sample(element: &BytesStart<'_>) -> bool {
    matches!(element.name().as_ref(), b"httpSample" | b"sample")
}

fn sample(element: &BytesStart<'_>) -> Result<ReadSample, String> {
    refuse_broken_tag(element)?;
    let text = |name: &str| attribute(element, name);
    let number = |name: &str| -> Result<Option<f64>, String> {
        let Some(text) = text(name)? else { return Ok(None) };
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        value.map(Some).ok_or_else(|| format!("`{text}` for {name} must be a number from 0 on"))
    };
    let need = |name: &str| number(name)?.ok_or_else(|| format!("a sample has no `{name}`"));
    let message = text("rm")?.unwrap_or_default();
    Ok(ReadSample {
        label: text("lb")?.ok_or("a sample has no `lb`")?,
        thread: text("tn")?,
        users: text("na")?.and_then(|text| text.parse().ok()),
        transaction: samples_in(&message),
        start: (need("ts")? as i64)
            .checked_mul(NS_PER_MS)
            .ok_or("`ts` is no time in milliseconds")?,
        ms: need("t")?,
        connect: number("ct")?.unwrap_or_default(),
        first_byte: number("lt")?.unwrap_or_default(),
        failure: match text("s")?.as_deref() {
            Some("true") => None,
            _ => Some(of_jmeter(&text("rc")?.unwrap_or_default(), &message, "")),
        },
    })
}
