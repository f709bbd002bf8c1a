//! CSV files with a row for each request: what all of them have in common. What a row means is each format's own.

use super::aggregate::RequestAggregate;
use super::transactions::Threads;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::format::{Format, Ingested, ReadOptions};
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Gather, Header, Records, Scan, Sum as _, each_row, scan,
};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::{Warning, WarningKind};
use csv::ByteRecord;

/// A CSV format with a row for each request.
pub(super) struct RowFormat {
    pub(super) format: &'static Format,
    /// The columns of files that do not name them.
    pub(super) columns: Option<&'static [&'static str]>,
    /// Whether requests that got no answer are missing from the file.
    pub(super) answers_only: bool,
    /// Adds what a row says.
    pub(super) add: fn(&Row<'_>, &mut RequestAggregate, &mut Threads) -> Result<(), Problem>,
}

/// Seconds that a test may take: a year.
const LONGEST_TEST_S: f64 = 366.0 * 24.0 * 3600.0;
const MS_PER_SECOND: f64 = 1e3;
const NS_PER_SECOND: f64 = 1e9;

impl RowFormat {
    /// Reads a file of this format.
    pub(super) fn read(
        &self,
        mut source: Source,
        options: &ReadOptions,
    ) -> Result<Ingested, IngestError> {
        let name = source.name().to_owned();
        let header = match self.columns {
            Some(columns) => Header::unwritten(columns),
            None => Header::of(&name, source.head()?)?,
        };
        let how = Scan { records: Records::Rows, lenient: options.lenient, in_order: false };
        let read = |source, filter: &SampleFilter, dated| {
            let requests = || RequestAggregate::new(self.format.tool, filter.clone(), dated);
            let rows = || RequestRows { header: &header, add: self.add, requests: requests() };
            scan(source, &how, rows)
        };
        let everything = SampleFilter::everything(options);
        let (filter, source) =
            SampleFilter::unordered(source, options, |source| read(source, &everything, true))?;
        let mut ingested = read(source, &filter, self.format.is_dated())?;
        if self.answers_only {
            ingested.warnings.push(Warning::at(WarningKind::AnswersOnly, &name, None));
        }
        Ok(ingested)
    }
}

/// One worker's rows.
struct RequestRows<'a> {
    header: &'a Header,
    add: fn(&Row<'_>, &mut RequestAggregate, &mut Threads) -> Result<(), Problem>,
    requests: RequestAggregate,
}

impl Gather for RequestRows<'_> {
    type Sum = RequestAggregate;

    fn bytes(&self) -> usize {
        self.requests.bytes()
    }

    fn sum(self) -> RequestAggregate {
        self.requests
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        let mut threads = Threads::of_chunk(chunk.index);
        each_row(chunk, self.header, diagnostics, |record, _| {
            let row = Row { header: self.header, record };
            (self.add)(&row, &mut self.requests, &mut threads)
        });
        self.requests.end_chunk(&mut threads);
    }
}

/// A row of a file.
pub(super) struct Row<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
}

impl Row<'_> {
    /// The field of a column, where the file has that.
    pub(super) fn text(&self, column: &str) -> Result<Option<&str>, Problem> {
        let field = self.header.place(column).and_then(|at| self.record.get(at));
        let text = field.map(std::str::from_utf8).transpose();
        text.map_err(|_| Problem::Malformed(format!("the {column} is not UTF-8")))
    }

    /// The field of a column that the file must have.
    pub(super) fn need(&self, column: &'static str) -> Result<&str, Problem> {
        self.text(column)?.ok_or(Problem::MissingColumn(column))
    }

    /// A number that is not negative.
    pub(super) fn number(&self, column: &'static str) -> Result<f64, Problem> {
        let text = self.need(column)?;
        let value = text.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        let why = "must be a number from 0 on";
        value.ok_or_else(|| bad_value(column, text, why))
    }

    /// A number that is not negative, where the file has the column.
    pub(super) fn optional_number(&self, column: &'static str) -> Result<Option<f64>, Problem> {
        match self.text(column)? {
            Some(_) => self.number(column).map(Some),
            None => Ok(None),
        }
    }

    /// Milliseconds of a column in seconds.
    pub(super) fn ms_of_seconds(&self, column: &'static str) -> Result<f64, Problem> {
        Ok(self.number(column)? * MS_PER_SECOND)
    }

    /// Nanoseconds of a column that counts seconds from the start of the test.
    pub(super) fn since_start(&self, column: &'static str) -> Result<i64, Problem> {
        let seconds = self.number(column)?;
        if seconds <= LONGEST_TEST_S {
            return Ok((seconds * NS_PER_SECOND) as i64);
        }
        let why = "is more than a year after the start of the test";
        Err(bad_value(column, &seconds.to_string(), why))
    }

    /// Nanoseconds since 1970 of a column that counts something of so many nanoseconds; `why` is told where it does not.
    pub(super) fn since_1970(
        &self,
        column: &'static str,
        ns: i64,
        why: &'static str,
    ) -> Result<i64, Problem> {
        let text = self.need(column)?;
        let value = text.trim().parse::<i64>().ok().and_then(|value| value.checked_mul(ns));
        value.ok_or_else(|| bad_value(column, text, why))
    }
}

fn bad_value(column: &str, value: &str, why: &'static str) -> Problem {
    Problem::BadValue { what: column.to_owned(), value: value.to_owned(), why }
}
