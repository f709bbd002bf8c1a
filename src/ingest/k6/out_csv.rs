//! k6 `--out csv`: a sample a row. The columns depend on the tags that are switched on, so they go by name.

use super::aggregate::SampleAggregate;
use super::sample::{Sample, Tags, failure};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::Claim;
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Gather, Header, Records, Scan, Sum as _, each_row, scan,
};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::Named as _;
use csv::ByteRecord;
use jiff::Timestamp;
use rustc_hash::FxHashMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "k6-csv",
    tool: "k6",
    title: "k6 `--out csv`",
    get: "`k6 run --out csv=x.csv`",
    section: "k6 `--out csv`",
    versions: "0.49, 1.1, 2.2",
    holds: Holds::Samples { dated: true, grouped: true },
    tells: Fact::ALL,
    remark: "metrics without their units",
    claim: |head| Claim::certain_if(head.columns().have(&["metric_name", "metric_value"])),
    read,
};

/// The columns that tell what a sample belongs to.
const TAGS: [&str; 9] =
    ["method", "name", "url", "group", "scenario", "check", "status", "error", "error_code"];
/// Sets of tags that are remembered; a script that puts something new into every row has no use for more.
const MOST_TAGS: usize = 20_000;
const MOST_TAG_BYTES: usize = 8 << 20;

fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let header = Header::of(&name, source.head()?)?;
    let columns = SampleColumns::new(&name, &header)?;
    let filter = SampleFilter::ordered(&mut source, options, |head| {
        // k6 writes rows roughly in order.
        let time = |row: ByteRecord| nanoseconds(std::str::from_utf8(row.get(columns.time)?).ok()?);
        header.rows(head).filter_map(time).min()
    })?;
    let make = || SampleRows {
        header: &header,
        columns: &columns,
        aggregate: SampleAggregate::new(filter.clone()),
        tags: KnownTags::default(),
        last_time: None,
    };
    let how = Scan { records: Records::Rows, lenient: options.lenient, in_order: false };
    scan(source, &how, make)
}

/// Where the columns are; those of tags may be missing.
struct SampleColumns {
    metric: usize,
    time: usize,
    value: usize,
    /// Those of [`TAGS`].
    tags: [Option<usize>; TAGS.len()],
}

impl SampleColumns {
    fn new(file: &str, header: &Header) -> Result<Self, IngestError> {
        let need = |name: &'static str| {
            let missing = || IngestError::at(file, 1, Problem::MissingColumn(name));
            header.place(name).ok_or_else(missing)
        };
        Ok(Self {
            metric: need("metric_name")?,
            time: need("timestamp")?,
            value: need("metric_value")?,
            tags: TAGS.map(|name| header.place(name)),
        })
    }
}

/// The numbers of tags that came before, by the bytes of their fields.
#[derive(Default)]
struct KnownTags {
    numbers: FxHashMap<Box<[u8]>, u32>,
    /// That of the numbers.
    generation: u64,
    /// The fields of the row before, and their number: the nine rows of a request have the same.
    last: (Vec<u8>, Option<u32>),
    fields: Vec<u8>,
    /// Of all fields.
    bytes: usize,
}

impl KnownTags {
    fn number(
        &mut self,
        row: &ByteRecord,
        columns: &SampleColumns,
        aggregate: &mut SampleAggregate,
    ) -> Result<u32, Problem> {
        let many = self.numbers.len() > MOST_TAGS || self.bytes > MOST_TAG_BYTES;
        if many || self.generation != aggregate.generation() {
            self.numbers.clear();
            self.bytes = 0;
            self.last.1 = None;
        }
        self.generation = aggregate.generation();
        let field = |column: Option<usize>| column.and_then(|at| row.get(at)).unwrap_or_default();
        self.fields.clear();
        for column in columns.tags {
            let field = field(column);
            // The length tells `a`, `bc` from `ab`, `c`.
            self.fields.extend_from_slice(&(field.len() as u32).to_ne_bytes());
            self.fields.extend_from_slice(field);
        }
        let known = match self.last.1.filter(|_| self.last.0 == self.fields) {
            Some(number) => return Ok(number),
            None => self.numbers.get(self.fields.as_slice()).copied(),
        };
        let number = match known {
            Some(number) => number,
            None => {
                let mut texts = [""; TAGS.len()];
                for (text, column) in texts.iter_mut().zip(columns.tags) {
                    *text = utf8(field(column))?;
                }
                let [method, name, url, group, scenario, check, status, error, code] = texts;
                let failure = failure(status, error, code);
                let [method, name, url, group, scenario, check] =
                    [method, name, url, group, scenario, check].map(str::to_owned);
                let number =
                    aggregate.tags(Tags { method, name, url, group, scenario, check, failure });
                self.bytes += self.fields.len();
                self.numbers.insert(self.fields.as_slice().into(), number);
                number
            }
        };
        std::mem::swap(&mut self.last.0, &mut self.fields);
        self.last.1 = Some(number);
        Ok(number)
    }
}

/// One worker's rows.
struct SampleRows<'a> {
    header: &'a Header,
    columns: &'a SampleColumns,
    aggregate: SampleAggregate,
    tags: KnownTags,
    /// The time of the row before, as text and in nanoseconds since 1970.
    last_time: Option<(Vec<u8>, i64)>,
}

impl Gather for SampleRows<'_> {
    type Sum = SampleAggregate;

    fn bytes(&self) -> usize {
        self.aggregate.bytes()
    }

    fn sum(self) -> SampleAggregate {
        self.aggregate
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        each_row(chunk, self.header, diagnostics, |row, order| self.add(row, order));
    }
}

impl SampleRows<'_> {
    fn add(&mut self, row: &ByteRecord, order: u64) -> Result<(), Problem> {
        let field = |at: usize| row.get(at).unwrap_or_default();
        let time = self.time(field(self.columns.time))?;
        let text = utf8(field(self.columns.value))?;
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite());
        let value = value.ok_or_else(|| bad("metric_value", text, "is no finite number"))?;
        let metric = self.aggregate.metric(utf8(field(self.columns.metric))?)?;
        let tags = self.tags.number(row, self.columns, &mut self.aggregate)?;
        self.aggregate.add(Sample { metric, time, value, order }, tags)
    }

    fn time(&mut self, field: &[u8]) -> Result<i64, Problem> {
        if let Some((text, time)) = &self.last_time
            && text == field
        {
            return Ok(*time);
        }
        let text = utf8(field)?;
        let time = nanoseconds(text).ok_or_else(|| bad("timestamp", text, "is no time"))?;
        self.last_time = Some((field.to_vec(), time));
        Ok(time)
    }
}

fn utf8(field: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(field).map_err(|_| Problem::Malformed("not UTF-8".to_owned()))
}

fn bad(what: &str, value: &str, why: &'static str) -> Problem {
    Problem::BadValue { what: what.to_owned(), value: value.to_owned(), why }
}

fn nanoseconds(text: &str) -> Option<i64> {
    i64::try_from(timestamp(text)?.as_nanosecond()).ok()
}

/// A time as `K6_CSV_TIME_FORMAT` may have it: unix seconds, milli-, micro- or nanoseconds by the number of digits, or
/// RFC 3339.
fn timestamp(text: &str) -> Option<Timestamp> {
    if text.contains('T') {
        return text.parse().ok();
    }
    let number: i64 = text.parse().ok()?;
    match text.trim_start_matches('-').len() {
        0..=11 => Timestamp::from_second(number).ok(),
        12..=14 => Timestamp::from_millisecond(number).ok(),
        15..=17 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(number.into()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_tell_the_unit_of_a_timestamp() {
        let second = timestamp("1795214225");
        assert!(second.is_some());
        for text in [
            "1795214225000",
            "1795214225000000",
            "1795214225000000000",
            "2026-11-21T04:07:05+05:30",
        ] {
            assert_eq!(
                timestamp(text).map(|t| t.as_second()),
                second.map(|t| t.as_second()),
                "{text}"
            );
        }
        assert_eq!(timestamp("soon"), None);
    }
}
