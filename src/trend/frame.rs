//! The recorded history as a table, one row for each run and measurement: for tools that work on tables.

use super::parquet::{
    Column, ColumnType, FrameError, Nulls, Writer, dictionary, numbers, texts_of,
};
use crate::model::{CommitId, Raw, harmless};
use polars_arrow::array::PrimitiveArray;
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_parquet::write::StatisticsOptions;
use std::collections::HashMap;
use std::io::Write;

/// Rows that are written at once.
const GROUP: usize = 512 * 512;

/// The columns of text, in their order: seven of the run, five of what was measured.
const TEXT: [&str; 12] = [
    "run_id",
    "commit",
    "profile",
    "environment",
    "tool",
    "tool_version",
    "runner",
    "kind",
    "endpoint",
    "metric",
    "statistic",
    "unit",
];
const OF_RUN: usize = 7;

/// The columns of numbers, in their order.
const NUMBERS: [&str; 6] =
    ["committed_at", "started_at", "duration_s", "users", "value", "requests"];

/// A run whose rows follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunOfFrame<'a> {
    pub(super) id: &'a str,
    pub(super) commit: CommitId,
    pub(super) committed_at: Option<jiff::Timestamp>,
    pub(super) started_at: Option<jiff::Timestamp>,
    pub(super) duration_s: Option<f64>,
    pub(super) profile: Option<&'a str>,
    pub(super) environment: Option<&'a str>,
    pub(super) tool: &'a str,
    pub(super) tool_version: Option<&'a str>,
    pub(super) runner: Option<&'a str>,
    pub(super) users: Option<u64>,
}

/// Writes rows, a part at a time.
pub struct FrameWriter<'w> {
    form: Form<'w>,
    runs: Vec<RunRow>,
    whats: Vec<[String; 5]>,
    known: HashMap<[String; 5], u32>,
    rows: Vec<FrameRow>,
    written: usize,
}

enum Form<'w> {
    Parquet(Box<Writer<&'w mut dyn Write>>),
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
}

/// What all rows of a run have in common.
#[derive(Clone)]
struct RunRow {
    text: [Option<String>; OF_RUN],
    committed_at: Option<jiff::Timestamp>,
    started_at: Option<jiff::Timestamp>,
    duration_s: Option<f64>,
    users: Option<u64>,
}

/// A row: the places of its run and of what it is about, and its numbers.
struct FrameRow {
    run: u32,
    what: u32,
    value: f64,
    requests: Option<u64>,
}

impl std::fmt::Debug for FrameWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameWriter").field("written", &self.written).finish_non_exhaustive()
    }
}

impl<'w> FrameWriter<'w> {
    /// Writes Parquet, compressed with zstd.
    pub fn parquet(out: &'w mut dyn Write) -> Result<Self, FrameError> {
        let types = types();
        let writer = Writer::new(out, &types, None, StatisticsOptions::default())?;
        Ok(Self::new(Form::Parquet(Box::new(writer))))
    }

    /// Writes CSV, times in RFC 3339.
    pub fn csv(out: &'w mut dyn Write) -> Result<Self, FrameError> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(TEXT.iter().chain(&NUMBERS)).map_err(FrameError::new)?;
        Ok(Self::new(Form::Csv(Box::new(csv))))
    }

    fn new(form: Form<'w>) -> Self {
        let (runs, whats, rows) = (Vec::new(), Vec::new(), Vec::new());
        Self { form, runs, whats, known: HashMap::new(), rows, written: 0 }
    }

    /// The number of what a row may be about: kind, endpoint, metric, statistic and unit.
    pub(super) fn what(&mut self, words: &[String; 5]) -> u32 {
        if let Some(known) = self.known.get(words) {
            return *known;
        }
        let number = self.whats.len() as u32;
        self.whats.push(words.clone());
        self.known.insert(words.clone(), number);
        number
    }

    /// Begins the rows of a run.
    pub(super) fn run(&mut self, run: RunOfFrame<'_>) {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let text = [
            own(Some(run.id)),
            Some(run.commit.to_string()),
            own(run.profile),
            own(run.environment),
            own(Some(run.tool)),
            own(run.tool_version),
            own(run.runner),
        ];
        let RunOfFrame { committed_at, started_at, duration_s, users, .. } = run;
        self.runs.push(RunRow { text, committed_at, started_at, duration_s, users });
    }

    /// Adds a row of the run that was begun last.
    pub(super) fn row(
        &mut self,
        what: u32,
        value: f64,
        requests: Option<u64>,
    ) -> Result<(), FrameError> {
        let run = self.runs.len().saturating_sub(1) as u32;
        self.rows.push(FrameRow { run, what, value, requests });
        if self.rows.len() == GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes the end. How many rows there are.
    pub fn finish(mut self) -> Result<usize, FrameError> {
        self.flush()?;
        match self.form {
            Form::Parquet(writer) => writer.finish(None)?,
            Form::Csv(mut csv) => csv.flush().map_err(FrameError::new)?,
        }
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<(), FrameError> {
        if !self.rows.is_empty() {
            match &mut self.form {
                Form::Parquet(writer) => {
                    writer.write(&columns(&self.rows, &self.runs, &self.whats)?)?;
                }
                Form::Csv(csv) => write_csv(csv, &self.rows, &self.runs, &self.whats)?,
            }
        }
        self.written += self.rows.len();
        self.rows.clear();
        // The last run may have more rows.
        self.runs.drain(..self.runs.len().saturating_sub(1));
        Ok(())
    }
}

fn types() -> Vec<ColumnType<'static>> {
    let time = || ArrowDataType::Timestamp(TimeUnit::Millisecond, None);
    let text = TEXT.into_iter().map(|name| (name, ArrowDataType::Utf8View));
    let numbers = NUMBERS.into_iter().zip([
        time(),
        time(),
        ArrowDataType::Float64,
        ArrowDataType::UInt64,
        ArrowDataType::Float64,
        ArrowDataType::UInt64,
    ]);
    text.chain(numbers).map(|(name, of)| (name, of, Nulls::Allowed)).collect()
}

fn columns(
    rows: &[FrameRow],
    runs: &[RunRow],
    whats: &[[String; 5]],
) -> Result<Vec<Column>, FrameError> {
    let mut all = Vec::with_capacity(TEXT.len() + NUMBERS.len());
    for column in 0..OF_RUN {
        let texts = runs.iter().map(|run| run.text[column].as_deref());
        all.push(text_column(rows.iter().map(|row| row.run), texts)?);
    }
    for column in 0..TEXT.len() - OF_RUN {
        let texts = whats.iter().map(|what| Some(what[column].as_str()));
        all.push(text_column(rows.iter().map(|row| row.what), texts)?);
    }
    let places = || rows.iter().map(|row| row.run);
    let milliseconds = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
    let times = |of: fn(&RunRow) -> Option<jiff::Timestamp>| {
        let known: Vec<Option<i64>> = runs.iter().map(|run| milliseconds(of(run))).collect();
        let of = ArrowDataType::Timestamp(TimeUnit::Millisecond, None);
        number_column(places(), &known, |all| {
            PrimitiveArray::<i64>::from_vec(all).to(of.clone()).boxed()
        })
    };
    all.push(times(|run| run.committed_at)?);
    all.push(times(|run| run.started_at)?);
    let durations: Vec<Option<f64>> = runs.iter().map(|run| run.duration_s).collect();
    all.push(number_column(places(), &durations, numbers)?);
    let users: Vec<Option<u64>> = runs.iter().map(|run| run.users).collect();
    all.push(number_column(places(), &users, numbers)?);
    all.push(numbers(rows.iter().map(|row| row.value).collect()));
    let requests: Vec<Option<u64>> = rows.iter().map(|row| row.requests).collect();
    all.push(PrimitiveArray::<u64>::from(requests).boxed());
    Ok(all)
}

/// A column of texts, from the place of each row in a list that may have the same text many times.
fn text_column<'t>(
    rows: impl Iterator<Item = u32>,
    listed: impl Iterator<Item = Option<&'t str>>,
) -> Result<Column, FrameError> {
    let listed: Vec<Option<&str>> = listed.collect();
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut texts: Vec<String> = Vec::new();
    // In the order of the rows, and those alone that have rows.
    let mut places: Vec<Option<Option<u32>>> = vec![None; listed.len()];
    let mut all = Vec::with_capacity(rows.size_hint().0);
    for row in rows {
        let row = row as usize;
        let place = *places[row].get_or_insert_with(|| {
            listed[row].map(|text| {
                *seen.entry(text).or_insert_with(|| {
                    texts.push(text.to_owned());
                    texts.len() as u32 - 1
                })
            })
        });
        all.push(place);
    }
    texts_of(all, &texts)
}

/// The same of numbers.
fn number_column<T: Copy>(
    rows: impl Iterator<Item = u32>,
    listed: &[Option<T>],
    column: impl Fn(Vec<T>) -> Column,
) -> Result<Column, FrameError> {
    let mut known = Vec::new();
    let places: Vec<Option<u32>> = listed
        .iter()
        .map(|own| {
            own.map(|own| {
                known.push(own);
                known.len() as u32 - 1
            })
        })
        .collect();
    dictionary(rows.map(|row| places[row as usize]).collect(), column(known))
}

fn write_csv(
    csv: &mut csv::Writer<&mut dyn Write>,
    rows: &[FrameRow],
    runs: &[RunRow],
    whats: &[[String; 5]],
) -> Result<(), FrameError> {
    let shown = |text: &Option<String>| csv_text(text.as_deref().unwrap_or_default());
    let time = |at: Option<jiff::Timestamp>| {
        // As the columns of Parquet have it.
        let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at.as_millisecond()).ok());
        at.map(|at| at.to_string()).unwrap_or_default()
    };
    let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let of_run = |run: &RunRow| {
        let text = run.text.iter().map(shown).collect::<Vec<String>>();
        let duration = run.duration_s.map(|s| s.to_string()).unwrap_or_default();
        (text, [time(run.committed_at), time(run.started_at), duration, count(run.users)])
    };
    let runs: Vec<_> = runs.iter().map(of_run).collect();
    let whats: Vec<_> = whats.iter().map(|what| what.each_ref().map(csv_text)).collect();
    for row in rows {
        let (text, numbers) = &runs[row.run as usize];
        let fields = text.iter().chain(&whats[row.what as usize]).chain(numbers);
        let own = [row.value.to_string(), count(row.requests)];
        csv.write_record(fields.chain(&own)).map_err(FrameError::new)?;
    }
    Ok(())
}

/// Text that no spreadsheet takes for a formula, in one line, with nothing unseen in it. Full-width signs are signs, too.
pub fn csv_text(text: &(impl Raw + ?Sized)) -> String {
    let text = harmless(text);
    let formula = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if text.trim_start().starts_with(formula) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool};
    use crate::trend::{Batch, Exported, RunColumns};
    use polars_arrow::array::Utf8ViewArray;
    use polars_parquet::read::{
        BasicDecompressor, PageReader, column_iter_to_arrays, infer_schema, read_metadata,
    };

    /// A column of the first group of rows.
    fn column(bytes: &[u8], name: &str) -> Column {
        let about = read_metadata(&mut std::io::Cursor::new(bytes)).unwrap();
        let schema = infer_schema(&about).unwrap();
        let chunk = &about.row_groups[0].parquet_columns()[schema.index_of(name).unwrap()];
        let range = chunk.byte_range();
        let bytes = bytes[range.start as usize..range.end as usize].to_vec();
        let pages = std::io::Cursor::new(bytes.into());
        let pages =
            BasicDecompressor::new(PageReader::new(pages, chunk, vec![], usize::MAX), vec![]);
        let of = &chunk.descriptor().descriptor.primitive_type;
        let field = schema.get(name).unwrap().clone();
        column_iter_to_arrays(vec![pages], vec![of], field, None).unwrap().0.remove(0)
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        let mut endpoint = Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), "/a"));
        let mut latency = Latency { count: Some(10), mean: Some(12.5), ..Latency::default() };
        latency.quantiles.insert(Quantile::P95, 20.0);
        endpoint.latency = Some(latency);
        endpoint.requests = Some(10);
        run.endpoints.push(endpoint);
        let commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let date = Some(jiff::Timestamp::from_second(1_790_000_000).unwrap());
        let id = "0123456789abcdef";
        let mut batch = Batch::new(1);
        batch.add(commit, id, run);
        let mut runs = RunColumns::open(None);
        runs.add(vec![batch]);
        let place = runs.place(commit, id).unwrap();
        let mut bytes = Vec::new();
        let mut out = FrameWriter::parquet(&mut bytes).unwrap();
        runs.export(&[Exported { id, commit, date, place }], &mut out).unwrap();
        assert_eq!(out.finish().unwrap(), 2);
        let text = |name: &str| {
            let column = column(&bytes, name);
            let column = column.as_any().downcast_ref::<Utf8ViewArray>().unwrap();
            column.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
        };
        let both = |text: &str| vec![Some(text.to_owned()); 2];
        assert_eq!(text("endpoint"), both("GET /a"));
        assert_eq!(text("statistic"), [Some("p95".to_owned()), Some("mean".to_owned())]);
        assert_eq!(text("commit"), both("0123456789abcdef0123456789abcdef01234567"));
        assert_eq!(text("profile"), [None, None]);
        let value = column(&bytes, "value");
        let value = value.as_any().downcast_ref::<PrimitiveArray<f64>>().unwrap();
        assert_eq!(value.values().as_slice(), [20.0, 12.5]);
        let at = column(&bytes, "committed_at");
        let at = at.as_any().downcast_ref::<PrimitiveArray<i64>>().unwrap();
        assert_eq!(at.values().as_slice(), [1_790_000_000_000; 2]);
    }
}
