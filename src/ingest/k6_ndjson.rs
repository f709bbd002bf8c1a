//! k6 `--out json`: one JSON object a line, either the declaration of a metric or one of its points.

use super::error::{IngestError, Problem};
use super::json_file::explained;
use super::k6_fast::Memory;
use super::k6_raw::Gathered;
use super::k6_sample::{Declaration, Known, Sample, Tags};
use super::raw::{Gather, scan};
use super::source::Source;
use super::wanted::Wanted;
use super::{Ingested, ReadOptions};
use jiff::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

/// The data of a declaration or of a point; which fields are there depends on the type of the line.
#[derive(Deserialize)]
struct Data<'a> {
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
}

impl WrittenTags<'_> {
    fn owned(self) -> Tags {
        let text = |tag: Option<Cow<'_, str>>| tag.map(Cow::into_owned).unwrap_or_default();
        Tags {
            method: text(self.method),
            name: text(self.name),
            url: text(self.url),
            group: text(self.group),
            scenario: text(self.scenario),
            check: text(self.check),
        }
    }
}

pub(super) fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let first = options.trim_start.map(|_| first_time(source.head()?)).transpose()?;
    let wanted = Wanted::new(options, first.flatten())
        .map_err(|problem| IngestError::new(&name, problem))?;
    let fast = !options.parser_only;
    let make = || Lines {
        gathered: Gathered::new(wanted.clone()),
        memory: Memory::default(),
        generation: 0,
        fast,
    };
    let scanned = scan(source, options.lenient, make)?;
    let mut parts = scanned.parts.into_iter().map(|part| part.gathered);
    let mut whole = parts.next().unwrap_or_else(|| Gathered::new(wanted.clone()));
    for part in parts {
        whole.merge(part).map_err(|problem| IngestError::new(&name, problem))?;
    }
    let mut ingested = whole.finish(&name);
    ingested.warnings.extend(scanned.warnings);
    Ok(ingested)
}

/// The earliest time of the first lines: k6 writes them roughly in order.
fn first_time(head: &[u8]) -> Result<Option<i64>, IngestError> {
    let lines = head.split(|b| *b == b'\n');
    let time = |line: &[u8]| {
        let line: Line<'_> = serde_json::from_slice(line).ok()?;
        nanoseconds(&line.data.time?)
    };
    Ok(lines.filter_map(time).min())
}

fn nanoseconds(text: &str) -> Option<i64> {
    let at: Timestamp = text.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok()
}

/// One worker's lines.
struct Lines {
    gathered: Gathered,
    memory: Memory,
    /// That of the tags whose numbers are in `memory`.
    generation: u64,
    fast: bool,
}

impl Gather for Lines {
    fn known_line(&mut self, bytes: &[u8], order: u64) -> Option<usize> {
        if !self.fast || self.generation != self.gathered.generation() {
            return None;
        }
        let (shape, time, value, tags, length) = self.memory.known_line(bytes)?;
        let (metric, known) = self.memory.metric(shape);
        let sample = Sample { metric, known, time, value, order };
        // What cannot be added is told by the other way, which comes to the same.
        self.gathered.add(sample, tags).ok()?;
        self.memory.came(shape);
        Some(length)
    }

    fn line(&mut self, line: &[u8], order: u64) -> Result<(), Problem> {
        if !self.fast {
            return self.slow(line, order).map(drop);
        }
        if self.generation != self.gathered.generation() {
            self.memory = Memory::default();
            self.generation = self.gathered.generation();
        }
        let Some(point) = self.memory.point(line) else {
            return if line.trim_ascii().is_empty() {
                Ok(())
            } else {
                self.slow(line, order).map(drop)
            };
        };
        let Some(tags) = self.memory.find(point.tags) else {
            let id = self.slow(line, order)?;
            if let Some(id) = id
                && self.generation == self.gathered.generation()
                && self.memory.remember(point.tags, id)
            {
                self.gathered.forget_tags();
            }
            return Ok(());
        };
        let (metric, known) = self.memory.metric(point.shape);
        self.gathered
            .add(Sample { metric, known, time: point.time, value: point.value, order }, tags)
    }
}

impl Lines {
    /// Reads a line of any shape; gives the number of its tags.
    fn slow(&mut self, line: &[u8], order: u64) -> Result<Option<u32>, Problem> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(line.trim_ascii_end());
        let line: Line<'_> = parsed.map_err(|error| Problem::Malformed(explained(&error)))?;
        let missing = |field: &str| Problem::Malformed(format!("`{field}` is missing"));
        match line.r#type.as_ref() {
            "Metric" => {
                let sort = line.data.r#type.ok_or_else(|| missing("data.type"))?.into_owned();
                let contains = line.data.contains.unwrap_or_default().into_owned();
                self.gathered.declare(&line.metric, Declaration { sort, contains });
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
                let tags = self.gathered.tags(tags);
                let known = Known::of(&line.metric);
                self.gathered
                    .add(Sample { metric: &line.metric, known, time, value, order }, tags)?;
                Ok(Some(tags))
            }
            other => Err(Problem::Malformed(format!("`{other}` is neither Metric nor Point"))),
        }
    }
}
