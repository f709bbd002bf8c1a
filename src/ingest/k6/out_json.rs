//! k6 `--out json`: one JSON object a line, either the declaration of a metric or one of its points.

use super::aggregate::SampleAggregate;
use super::fast::Memory;
use super::sample::{Declaration, Sample, Tags, failure};
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
use crate::model::Named as _;
use crate::model::limits::check_name;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "k6-json",
    tool: "k6",
    title: "k6 `--out json`",
    get: "`k6 run --out json=x.ndjson.gz`",
    section: "k6 `--out json`",
    versions: "0.49, 1.1, 2.2",
    holds: Holds::Samples { dated: true, grouped: true },
    tells: Fact::ALL,
    remark: "",
    claim,
    read,
};

fn claim(head: &Head<'_>) -> Claim {
    #[derive(Deserialize)]
    struct Beginning<'a> {
        #[expect(dead_code, reason = "its presence is what counts")]
        metric: IgnoredAny,
        #[serde(borrow)]
        r#type: Cow<'a, str>,
    }
    let is_line = |line: Beginning<'_>| matches!(&*line.r#type, "Metric" | "Point");
    let whole = || serde_json::from_slice(head.line()).is_ok_and(is_line);
    // The line may be longer than the head.
    let line = String::from_utf8_lossy(head.line());
    let marks = ["\"type\":\"Metric\"", "\"type\":\"Point\""];
    let cut = marks.iter().any(|mark| line.contains(mark));
    Claim::certain_if(head.begins_with(b'{') && (cut || whole()))
}

#[derive(Deserialize)]
struct WrittenLine<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: WrittenData<'a>,
}

/// The data of a declaration or of a point; which fields are there depends on the type of the line.
#[derive(Deserialize)]
struct WrittenData<'a> {
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
    #[serde(borrow)]
    tags: Option<WrittenTags<'a>>,
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    contains: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
struct WrittenTags<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    group: Option<Cow<'a, str>>,
    #[serde(borrow)]
    scenario: Option<Cow<'a, str>>,
    #[serde(borrow)]
    check: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error_code: Option<Cow<'a, str>>,
}

impl WrittenTags<'_> {
    fn owned(self) -> Tags {
        let [status, error, code] = [&self.status, &self.error, &self.error_code]
            .map(|tag| tag.as_deref().unwrap_or_default());
        let failure = failure(status, error, code);
        let text = |tag: Option<Cow<'_, str>>| tag.map(Cow::into_owned).unwrap_or_default();
        Tags {
            method: text(self.method),
            name: text(self.name),
            url: text(self.url),
            group: text(self.group),
            scenario: text(self.scenario),
            check: text(self.check),
            failure,
        }
    }
}

fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let filter = SampleFilter::ordered(&mut source, options, first_time)?;
    let fast = !options.parser_only;
    let make = || SampleLines {
        aggregate: SampleAggregate::new(filter.clone()),
        memory: Memory::default(),
        generation: 0,
        fast,
    };
    let how = Scan { records: Records::Lines, lenient: options.lenient, in_order: false };
    scan(source, &how, make)
}

/// The earliest time of the first lines: k6 writes them roughly in order.
fn first_time(head: &[u8]) -> Option<i64> {
    let lines = head.split(|b| *b == b'\n');
    let time = |line: &[u8]| {
        let line: WrittenLine<'_> = serde_json::from_slice(line).ok()?;
        nanoseconds(&line.data.time?)
    };
    lines.filter_map(time).min()
}

fn nanoseconds(text: &str) -> Option<i64> {
    let at: Timestamp = text.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok()
}

/// One worker's lines.
struct SampleLines {
    aggregate: SampleAggregate,
    memory: Memory,
    /// That of the tags whose numbers `memory` has.
    generation: u64,
    fast: bool,
}

impl Gather for SampleLines {
    type Sum = SampleAggregate;

    fn bytes(&self) -> usize {
        self.aggregate.bytes()
    }

    fn sum(self) -> SampleAggregate {
        self.aggregate
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        each_line(chunk, diagnostics, self);
    }
}

impl TakeLine for SampleLines {
    fn known_line(&mut self, bytes: &[u8], order: u64) -> Option<usize> {
        let point = self.memory.read(bytes)?;
        let sample = Sample { metric: point.metric, time: point.time, value: point.value, order };
        // What cannot be added is told by the other way, which comes to the same.
        self.aggregate.add(sample, point.tags).ok()?;
        Some(point.length)
    }

    fn line(&mut self, line: &[u8], order: u64) -> Result<(), Problem> {
        let read = self.parse(line, order);
        // Also where the line is broken: its tags may have been those too many.
        if self.generation != self.aggregate.generation() {
            self.generation = self.aggregate.generation();
            self.memory.forget_tags();
        }
        let read = read?;
        if self.fast
            && let Some((metric, tags)) = read
            && self.memory.learn(line, metric, tags)
        {
            self.aggregate.forget_tags();
            self.generation = self.aggregate.generation();
        }
        Ok(())
    }
}

impl SampleLines {
    /// Reads a line of any shape; gives the numbers of a point's metric and tags.
    fn parse(&mut self, line: &[u8], order: u64) -> Result<Option<(u32, u32)>, Problem> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(line.trim_ascii_end());
        let line: WrittenLine<'_> =
            parsed.map_err(|error| Problem::Malformed(explained(&error)))?;
        let missing = |field: &str| Problem::Malformed(format!("`{field}` is missing"));
        match line.r#type.as_ref() {
            "Metric" => {
                let sort = line.data.r#type.ok_or_else(|| missing("data.type"))?.into_owned();
                let contains = line.data.contains.unwrap_or_default().into_owned();
                check_name("a metric's type", &sort)?;
                check_name("a metric's unit", &contains)?;
                let metric = line.metric.into_owned();
                self.aggregate.declare(metric, Declaration { sort, contains }, order)?;
                Ok(None)
            }
            "Point" => {
                let text = line.data.time.ok_or_else(|| missing("data.time"))?;
                let time = nanoseconds(&text).ok_or_else(|| Problem::BadValue {
                    what: "data.time".to_owned(),
                    value: text.to_string(),
                    why: "is no RFC 3339 time",
                })?;
                let value = line.data.value.ok_or_else(|| missing("data.value"))?;
                let tags = line.data.tags.unwrap_or_default().owned();
                let tags = self.aggregate.tags(tags);
                let metric = self.aggregate.metric(&line.metric)?;
                self.aggregate.add(Sample { metric, time, value, order }, tags)?;
                Ok(Some((metric, tags)))
            }
            other => Err(Problem::Malformed(format!("`{other}` is neither Metric nor Point"))),
        }
    }
}
