//! Taurus' `dump-xml`: an element `Group` for each label, with an element for each number; the duration in seconds.

use super::{Label, TOOL, run_of};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::ingest::xml_file::{attribute, each_event};
use crate::model::limits;
use quick_xml::events::{BytesStart, Event};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "taurus-xml",
    tool: TOOL,
    title: "Taurus `dump-xml`",
    get: "`dump-xml` of the reporter `final-stats`",
    section: "Taurus",
    versions: "1.17",
    holds: Holds::Summary,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput],
    remark: "whole milliseconds, and whole seconds of duration",
    claim,
    read: |source, _| read(source),
};

fn claim(head: &Head<'_>) -> Claim {
    Claim::certain_if(head.begins_with(b'<') && head.text().contains("<FinalStatus"))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let mut stats = Stats::default();
    each_event(&name, &bytes, |event| stats.take(&event))?;
    let run = run_of(&name, stats.labels, stats.duration_s)?;
    Ok(Ingested { run, warnings: Vec::new() })
}

#[derive(Default)]
struct Stats {
    labels: Vec<Label>,
    duration_s: Option<f64>,
    in_duration: bool,
}

impl Stats {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Problem> {
        match event {
            Event::Start(element) => match element.name().as_ref() {
                b"TestDuration" => self.in_duration = true,
                b"Group" => {
                    let name = need(element, "label")?;
                    self.labels.push(Label { name, ..Label::default() });
                }
                // Each number has its name and its value inside once more.
                b"FinalStatus" | b"ReportURL" | b"name" | b"value" => {}
                own => {
                    let name = String::from_utf8_lossy(own).into_owned();
                    return self.number(&name, element);
                }
            },
            Event::Text(text) if self.in_duration => {
                let text = String::from_utf8_lossy(text);
                let seconds = text.trim().parse::<f64>().ok();
                let seconds = seconds.filter(|own| own.is_finite() && *own >= 0.0);
                self.duration_s = Some(seconds.ok_or_else(|| bad_value("TestDuration", &text))?);
            }
            Event::End(_) => self.in_duration = false,
            _ => {}
        }
        Ok(())
    }

    fn number(&mut self, name: &str, element: &BytesStart<'_>) -> Result<(), Problem> {
        let text = need(element, "value")?;
        let value = text.parse().map_err(|_| bad_value(name, &text))?;
        let of = attribute(element, "param").map_err(Problem::Malformed)?;
        let label = self
            .labels
            .last_mut()
            .ok_or_else(|| Problem::Malformed(format!("`{name}` is a number of no Group")))?;
        label.take(name, of.as_deref(), value)
    }
}

fn need(element: &BytesStart<'_>, name: &'static str) -> Result<String, Problem> {
    let value = attribute(element, name).map_err(Problem::Malformed)?;
    value.ok_or_else(|| Problem::Malformed(format!("an element has no `{name}`")))
}

fn bad_value(what: &str, value: &str) -> Problem {
    let why = "must be a number from 0 on";
    Problem::BadValue { what: what.to_owned(), value: value.to_owned(), why }
}
