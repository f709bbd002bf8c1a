//! Reports of the library web-vitals, as a page sends them home: one JSON object a line, with the page that it is of beside what the
//! library says. A metric is reported again whenever it changes, under the same `id`: the last report of an id counts.

use super::{Measure, Pages};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::explained;
use crate::ingest::source::Source;
use crate::model::{EndpointKey, KnownMetric, Tool, Warning, WarningKind, known_metric, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "web-vitals",
    tool: "web-vitals",
    title: "web-vitals, a JSON object a line",
    get: "send `{ ...metric, url: location.pathname }` of [web-vitals](https://github.com/GoogleChrome/web-vitals) home, and keep a line each",
    section: "web-vitals",
    versions: "6.2.3",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::Metrics],
    remark: "loads that reported nothing are not in the file",
    claim,
    read,
};

/// The names that the library gives its metrics.
const NAMES: [&str; 6] = ["CLS", "FCP", "FID", "INP", "LCP", "TTFB"];

fn claim(head: &Head<'_>) -> Claim {
    let line = String::from_utf8_lossy(head.line());
    let keys = ["name", "value", "id"].iter().all(|key| line.contains(&format!("\"{key}\":")));
    let own = ["rating", "navigationType"].iter().any(|key| line.contains(&format!("\"{key}\":")));
    let is_report =
        || serde_json::from_str::<Report>(&line).is_ok_and(|own| own.metric().is_some());
    Claim::certain_if(head.begins_with(b'{') && keys && own && is_report())
}

#[derive(Deserialize)]
struct Report {
    name: String,
    value: f64,
    id: String,
    /// The page, by whichever of these names it was sent home.
    #[serde(alias = "page", alias = "path", alias = "pathname", alias = "href")]
    url: Option<String>,
}

impl Report {
    fn metric(&self) -> Option<&'static KnownMetric> {
        NAMES.iter().find(|name| **name == self.name).and_then(|name| known_metric(name))
    }
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let mut pages = Pages::new(&name, &options.collapse);
    let mut warnings = Vec::new();
    let mut last: BTreeMap<(&'static str, String), (EndpointKey, f64)> = BTreeMap::new();
    let mut broken = Broken::default();
    for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match report_of(line) {
            Ok((known, report)) => {
                let page = pages.page(None, report.url.as_deref().unwrap_or_default())?;
                last.insert((known.name, report.id), (page, report.value));
            }
            Err(problem) if options.lenient => broken.count(number, problem),
            Err(problem) => return Err(IngestError::at(&name, number, problem)),
        }
    }
    if last.is_empty() {
        return Err(broken.error(&name));
    }
    warnings.extend(broken.warning(&name));
    for ((metric, _), (page, value)) in last {
        let Some(known) = known_metric(metric) else { continue };
        let name = known.name.to_owned();
        let measure = Measure { name, unit: known.unit(), direction: known.direction };
        pages.measured(&page, measure, value)?;
    }
    let run = pages.finish(Tool { name: FORMAT.tool.into(), version: None });
    Ok(Ingested { run, warnings })
}

fn report_of(line: &[u8]) -> Result<(&'static KnownMetric, Report), Problem> {
    let report: Report =
        serde_json::from_slice(line).map_err(|error| Problem::Malformed(explained(&error)))?;
    let bad =
        |what: &str, value: String, why| Problem::BadValue { what: what.to_owned(), value, why };
    if !(report.value.is_finite() && report.value >= 0.0) {
        return Err(bad("value", report.value.to_string(), "must be a number from 0 on"));
    }
    match report.metric() {
        Some(known) => Ok((known, report)),
        None => Err(bad("name", report.name, "is no metric of web-vitals")),
    }
}

/// Lines that leniency passed over.
#[derive(Default)]
struct Broken {
    lines: u64,
    first: Option<(u64, String)>,
}

impl Broken {
    fn count(&mut self, line: u64, problem: Problem) {
        self.lines += 1;
        self.first.get_or_insert_with(|| (line, problem.to_string()));
    }

    /// The error for a file of which nothing is left.
    fn error(self, file: &str) -> IngestError {
        match self.first {
            Some((line, first)) => IngestError::at(file, line, Problem::Malformed(first)),
            None => IngestError::new(file, Problem::Empty),
        }
    }

    fn warning(self, file: &str) -> Option<Warning> {
        let (line, first) = self.first?;
        Some(Warning::at(WarningKind::BrokenLines { count: self.lines, first }, file, Some(line)))
    }
}
