//! JMeter's JTL as XML: an element for each sample.
//!
//! `<httpSample t="121" lt="110" ct="52" ts="1795215750494" s="true" lb="/api/chat" rc="200"/>`: times in milliseconds. A `<sample>`
//! with samples inside is a transaction; an `<httpSample>` inside another is a part of its page and is counted with it.

use super::error::{IngestError, Problem};
use super::requests::{Request, Requests};
use super::source::{Source, io_error};
use super::wanted::Wanted;
use super::{Ingested, ReadOptions};
use crate::model::{EndpointKey, Kind, Warning, WarningKind};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::BufReader;

const NS_PER_MS: i64 = 1_000_000;
/// Elements inside each other at most.
const DEEPEST: usize = 64;

/// A sample that is open.
struct Open {
    sample: Sample,
    http: bool,
    has_children: bool,
}

struct Sample {
    label: String,
    start: i64,
    ms: f64,
    connect: f64,
    first_byte: f64,
    failed: bool,
}

pub(super) fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let mut reader = Reader::from_reader(BufReader::with_capacity(256 << 10, source.into_reader()));
    // Where the load began is known only from its first sample.
    let mut requests: Option<Requests> = None;
    let mut open: Vec<Open> = Vec::new();
    let mut warnings = Vec::new();
    let mut buffer = Vec::new();
    let mut ended = false;
    loop {
        buffer.clear();
        let place = format!("byte {}", reader.buffer_position());
        let malformed =
            |what: String| IngestError::new(&name, Problem::Malformed(format!("{place}: {what}")));
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => {
                let kind = error.kind();
                return Err(io_error(&name, std::io::Error::new(kind, error.to_string()), 0));
            }
            Err(error) if options.lenient => {
                let kind = WarningKind::Truncated { how: error.to_string() };
                warnings.push(Warning::at(kind, &name, None));
                break;
            }
            Err(error) => return Err(malformed(error.to_string())),
        };
        match event {
            Event::Start(element) if is_sample(&element) => {
                if open.len() >= DEEPEST {
                    return Err(malformed("samples are nested too deeply".to_owned()));
                }
                if let Some(outer) = open.last_mut() {
                    outer.has_children = true;
                }
                let http = element.name().as_ref() == b"httpSample";
                open.push(Open {
                    sample: sample(&element).map_err(malformed)?,
                    http,
                    has_children: false,
                });
            }
            Event::Empty(element) if is_sample(&element) => {
                if let Some(outer) = open.last_mut() {
                    outer.has_children = true;
                }
                let own = sample(&element).map_err(malformed)?;
                let inside_page = open.iter().any(|outer| outer.http);
                let into = gather(&mut requests, options, own.start);
                if !inside_page {
                    add(own, into).map_err(|problem| IngestError::new(&name, problem))?;
                }
            }
            Event::End(element) if matches!(element.name().as_ref(), b"httpSample" | b"sample") => {
                let Some(own) = open.pop() else { continue };
                let inside_page = open.iter().any(|outer| outer.http);
                let into = gather(&mut requests, options, own.sample.start);
                let added = if own.has_children && !own.http {
                    into.add_group(
                        &own.sample.label,
                        own.sample.start,
                        own.sample.ms,
                        own.sample.failed,
                    )
                } else if inside_page {
                    Ok(())
                } else {
                    add(own.sample, into)
                };
                added.map_err(|problem| IngestError::new(&name, problem))?;
            }
            Event::End(element) if element.name().as_ref() == b"testResults" => ended = true,
            Event::Eof => break,
            _ => {}
        }
    }
    let cut = !ended && warnings.is_empty();
    if cut {
        // JMeter writes the end when the test ends.
        let how = "the end of testResults is missing".to_owned();
        if !options.lenient {
            return Err(IngestError::new(&name, Problem::Truncated { lines: 0, how }));
        }
        warnings.push(Warning::at(WarningKind::Truncated { how }, &name, None));
    }
    let mut ingested =
        requests.unwrap_or_else(|| Requests::new("jmeter", Wanted::default(), true)).finish();
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

fn gather<'r>(
    requests: &'r mut Option<Requests>,
    options: &ReadOptions,
    first: i64,
) -> &'r mut Requests {
    requests.get_or_insert_with(|| {
        Requests::new("jmeter", Wanted::new(options, Some(first)).unwrap_or_default(), true)
    })
}

fn is_sample(element: &BytesStart<'_>) -> bool {
    matches!(element.name().as_ref(), b"httpSample" | b"sample")
}

fn sample(element: &BytesStart<'_>) -> Result<Sample, String> {
    let text = |name: &str| -> Result<Option<String>, String> {
        let found = element.try_get_attribute(name).map_err(|error| error.to_string())?;
        let value = found.map(|own| {
            own.normalized_value(XmlVersion::Explicit1_0).map(std::borrow::Cow::into_owned)
        });
        value.transpose().map_err(|error| error.to_string())
    };
    let number = |name: &str| -> Result<Option<f64>, String> {
        let Some(text) = text(name)? else { return Ok(None) };
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        value.map(Some).ok_or_else(|| format!("`{text}` for {name} must be a number from 0 on"))
    };
    let need = |name: &str| number(name)?.ok_or_else(|| format!("a sample has no `{name}`"));
    Ok(Sample {
        label: text("lb")?.ok_or("a sample has no `lb`")?,
        start: (need("ts")? as i64)
            .checked_mul(NS_PER_MS)
            .ok_or("`ts` is no time in milliseconds")?,
        ms: need("t")?,
        connect: number("ct")?.unwrap_or_default(),
        first_byte: number("lt")?.unwrap_or_default(),
        failed: text("s")?.as_deref() != Some("true"),
    })
}

fn add(own: Sample, requests: &mut Requests) -> Result<(), Problem> {
    let parts = [
        ("connecting", own.connect),
        ("waiting", (own.first_byte - own.connect).max(0.0)),
        ("receiving", (own.ms - own.first_byte).max(0.0)),
    ];
    let parts = if own.first_byte > 0.0 { &parts[..] } else { &[] };
    let key = Some(EndpointKey::named(Kind::Http, None, &own.label));
    requests.add(Request { key, start: own.start, ms: own.ms, failed: own.failed, parts })
}
