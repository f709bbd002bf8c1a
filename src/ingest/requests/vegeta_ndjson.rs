//! vegeta `encode -to json`: one JSON object for each request, latency in nanoseconds.

use super::aggregate::{Name, Request, RequestAggregate};
use super::failure::of_status;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::explained;
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Gather, Records, Scan, Sum as _, TakeLine, each_line, scan,
};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::Kind;
use serde::Deserialize;
use std::borrow::Cow;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "vegeta-json",
    tool: "vegeta",
    title: "vegeta `encode -to json`",
    get: "`vegeta encode -to json`",
    section: "vegeta",
    versions: "12.8",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "",
    claim,
    read,
};

fn claim(head: &Head<'_>) -> Claim {
    let line = String::from_utf8_lossy(head.line());
    let has = |key| line.contains(&format!("\"{key}\":"));
    let own = ["attack", "seq", "code", "latency"].into_iter().all(has);
    Claim::certain_if(head.begins_with(b'{') && own)
}

#[derive(Deserialize)]
struct ResultLine<'a> {
    code: u16,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    latency: u64,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let how = Scan { records: Records::Lines, lenient: options.lenient, in_order: false };
    let read = |source, filter: &SampleFilter| {
        scan(source, &how, || ResultLines(RequestAggregate::new(FORMAT.tool, filter.clone(), true)))
    };
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything))?;
    read(source, &filter)
}

fn start(line: &ResultLine<'_>) -> Option<i64> {
    let at: jiff::Timestamp = line.timestamp.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok()
}

/// One worker's lines.
struct ResultLines(RequestAggregate);

impl Gather for ResultLines {
    type Sum = RequestAggregate;

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn sum(self) -> RequestAggregate {
        self.0
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        each_line(chunk, diagnostics, self);
    }
}

impl TakeLine for ResultLines {
    fn line(&mut self, line: &[u8], _order: u64) -> Result<(), Problem> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let parsed = serde_json::from_slice(line);
        let line: ResultLine<'_> = parsed.map_err(|error| Problem::Malformed(explained(&error)))?;
        let start = start(&line).ok_or_else(|| Problem::BadValue {
            what: "timestamp".to_owned(),
            value: line.timestamp.to_string(),
            why: "is no RFC 3339 time",
        })?;
        let name = Some(Name { kind: Kind::Http, method: &line.method, name: &line.url });
        let failed = !(200..400).contains(&line.code) || !line.error.is_empty();
        let failure = failed.then(|| of_status(line.code, &line.error));
        let (ms, failure) = (Some(line.latency as f64 / 1e6), failure.as_deref());
        self.0.add(Request { name, start, ms, failure, parts: &[] })
    }
}
