//! Facts that become a file.

use super::made::{Facts, RowFact};
use super::schema::{ABOUT, FACTS_SCHEMA, RUN_COUNTS, RUN_TEXTS, RUN_TIMES, SUBJECT_TEXTS, types};
use crate::trend::parquet::{Column, FrameError, Writer, dictionary, numbers, texts_of};
use polars_arrow::array::PrimitiveArray;
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_parquet::write::StatisticsOptions;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Rows from which on another metric or statistic begins a group of its own: whoever wants one need not read the others.
const LEAST: usize = 2_048;
/// Rows of a group at most.
const MOST: usize = 65_536;

/// What stands beside the columns.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) schema: String,
    /// How often each record was added and removed.
    pub(super) records: BTreeMap<String, u32>,
}

/// Metric and statistic, for the order; then suite, profile, environment, kind and endpoint, the time, and the id of the run.
type Order<'a> = ([Option<&'a str>; 7], Option<i64>, Option<&'a str>);

impl Facts {
    /// The facts as Parquet, the same for the same records in whatever order they came.
    pub fn to_parquet(&self) -> Result<Vec<u8>, FrameError> {
        let mut rows = self.rows.clone();
        rows.sort_by(|a, b| self.order(a).cmp(&self.order(b)));
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, &types(), None, StatisticsOptions::default())?;
        let mut from = 0;
        for to in 1..=rows.len() {
            let whole = to == rows.len() || to - from == MOST;
            let other = || self.measured(&rows[to]) != self.measured(&rows[to - 1]);
            if whole || (to - from >= LEAST && other()) {
                writer.write(&self.columns(&rows[from..to])?)?;
                from = to;
            }
        }
        if rows.is_empty() {
            writer.write(&self.columns(&rows)?)?;
        }
        let about = About { schema: FACTS_SCHEMA.to_owned(), records: self.records.clone() };
        let about = serde_json::to_string(&about).map_err(FrameError::new)?;
        writer.finish(Some((ABOUT, about)))?;
        Ok(bytes)
    }

    /// Metric and statistic.
    fn measured(&self, row: &RowFact) -> [Option<&str>; 2] {
        let of = &self.subjects[row.subject as usize];
        [of[3].as_deref(), of[4].as_deref()]
    }

    fn order(&self, row: &RowFact) -> Order<'_> {
        let (run, of) = (&self.runs[row.run as usize], &self.subjects[row.subject as usize]);
        let texts = [&of[3], &of[4], &run.texts[2], &run.texts[3], &run.texts[4], &of[0], &of[2]];
        (texts.map(Option::as_deref), run.times[0], run.texts[0].as_deref())
    }

    fn columns(&self, rows: &[RowFact]) -> Result<Vec<Column>, FrameError> {
        let mut all = Vec::with_capacity(types().len());
        let of_run = || rows.iter().map(|row| row.run as usize);
        for column in 0..RUN_TEXTS.len() {
            all.push(texts(of_run().map(|run| self.runs[run].texts[column].as_deref()))?);
        }
        for column in 0..RUN_TIMES.len() {
            let time = ArrowDataType::Timestamp(TimeUnit::Millisecond, None);
            all.push(repeated(of_run().map(|run| self.runs[run].times[column]), |known| {
                PrimitiveArray::<i64>::from_vec(known).to(time.clone()).boxed()
            })?);
        }
        for column in 0..RUN_COUNTS.len() {
            all.push(repeated(of_run().map(|run| self.runs[run].counts[column]), numbers)?);
        }
        let bits = of_run().map(|run| self.runs[run].duration_s.map(f64::to_bits));
        all.push(repeated(bits, |known| numbers(known.into_iter().map(f64::from_bits).collect()))?);
        let of_subject = || rows.iter().map(|row| &self.subjects[row.subject as usize]);
        for column in 0..SUBJECT_TEXTS.len() {
            all.push(texts(of_subject().map(|of| of[column].as_deref()))?);
        }
        all.push(numbers(rows.iter().map(|row| row.value).collect()));
        let requests: Vec<Option<i64>> = rows.iter().map(|row| row.requests).collect();
        all.push(PrimitiveArray::<i64>::from(requests).boxed());
        Ok(all)
    }
}

/// A column of texts that come many times.
fn texts<'t>(all: impl Iterator<Item = Option<&'t str>>) -> Result<Column, FrameError> {
    let (places, known) = places(all);
    texts_of(places, &known.into_iter().map(str::to_owned).collect::<Vec<_>>())
}

/// The same of numbers.
fn repeated<T: Copy + Eq + std::hash::Hash>(
    all: impl Iterator<Item = Option<T>>,
    column: impl Fn(Vec<T>) -> Column,
) -> Result<Column, FrameError> {
    let (places, known) = places(all);
    dictionary(places, column(known))
}

/// The place of each value among those that there are.
fn places<T: Copy + Eq + std::hash::Hash>(
    all: impl Iterator<Item = Option<T>>,
) -> (Vec<Option<u32>>, Vec<T>) {
    let (mut known, mut found) = (Vec::new(), HashMap::new());
    let mut place = |value: T| {
        *found.entry(value).or_insert_with(|| {
            known.push(value);
            known.len() as u32 - 1
        })
    };
    let places = all.map(|value| value.map(&mut place)).collect();
    (places, known)
}
