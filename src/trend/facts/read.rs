//! Facts that were written: whole, to be added to, or those columns and groups of rows that are asked for.

use super::made::{Facts, RowFact, RunFact};
use super::schema::{
    ABOUT, DURATION, FACTS_SCHEMA, REQUESTS, RUN_COUNTS, RUN_TEXTS, RUN_TIMES, SUBJECT_TEXTS, VALUE,
};
use super::write::About;
use crate::trend::parquet::{Column, FrameError};
use polars_arrow::array::{PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::ArrowSchema;
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_parquet::parquet::statistics::Statistics;
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, PageReader, column_iter_to_arrays, infer_schema, read_metadata,
};
use std::collections::HashMap;
use std::io::Cursor;

/// A file of facts.
pub(super) struct File {
    bytes: Buffer<u8>,
    about: FileMetadata,
    schema: ArrowSchema,
    records: About,
}

/// A column of texts.
pub(super) struct Texts(Vec<Utf8ViewArray>);

impl Texts {
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().flat_map(|part| part.iter())
    }

    fn owned(&self) -> Vec<Option<String>> {
        self.iter().map(|text| text.map(str::to_owned)).collect()
    }
}

/// Why facts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// They are cut, or something else than facts.
    #[error("{0}")]
    Damaged(#[from] FrameError),
    /// Another version of perfgate made them.
    #[error("the facts are of the version {found}, and this perfgate knows {FACTS_SCHEMA}")]
    OtherVersion {
        /// The version that they name.
        found: String,
    },
}

fn damaged(why: &str) -> FrameError {
    FrameError::new(format!("the facts are damaged: {why}"))
}

impl File {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, FactsError> {
        let bytes = Buffer::from(bytes);
        let about = read_metadata(&mut Cursor::new(&bytes[..])).map_err(FrameError::new)?;
        let schema = infer_schema(&about).map_err(FrameError::new)?;
        let text = about.key_value_metadata().as_ref();
        let text = text.and_then(|all| all.iter().find(|own| own.key == ABOUT)?.value.as_deref());
        let records: About = serde_json::from_str(text.unwrap_or_default())
            .map_err(|_| damaged("they do not say what they are"))?;
        if records.schema != FACTS_SCHEMA {
            return Err(FactsError::OtherVersion { found: records.schema });
        }
        Ok(Self { bytes, about, schema, records })
    }

    /// How many groups of rows there are.
    pub(super) fn groups(&self) -> usize {
        self.about.row_groups.len()
    }

    /// The smallest and the largest text of a column of a group, where they are known.
    pub(super) fn range(&self, group: usize, column: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let at = self.schema.index_of(column)?;
        let chunk = self.about.row_groups.get(group)?.parquet_columns().get(at)?;
        match chunk.statistics(&self.about.footer_buf)?.ok()? {
            Statistics::Binary(own) => own.min_value.zip(own.max_value),
            _ => None,
        }
    }

    /// A column of texts of a group.
    pub(super) fn texts(&self, group: usize, column: &str) -> Result<Texts, FrameError> {
        let parts = self.parts(group, column)?;
        let cast = |part: &Column| part.as_any().downcast_ref::<Utf8ViewArray>().cloned();
        let parts: Option<Vec<Utf8ViewArray>> = parts.iter().map(cast).collect();
        Ok(Texts(parts.ok_or_else(|| damaged(column))?))
    }

    /// A column of numbers of a group.
    pub(super) fn numbers<T: NativeType>(
        &self,
        group: usize,
        column: &str,
    ) -> Result<Vec<Option<T>>, FrameError> {
        let mut all = Vec::new();
        for part in self.parts(group, column)? {
            let own = part.as_any().downcast_ref::<PrimitiveArray<T>>();
            all.extend(own.ok_or_else(|| damaged(column))?.iter().map(|number| number.copied()));
        }
        Ok(all)
    }

    fn parts(&self, group: usize, column: &str) -> Result<Vec<Column>, FrameError> {
        let at = self.schema.index_of(column).ok_or_else(|| damaged(column))?;
        let (_, field) = self.schema.get_at_index(at).ok_or_else(|| damaged(column))?;
        let row_group = self.about.row_groups.get(group).ok_or_else(|| damaged(column))?;
        let chunk = row_group.parquet_columns().get(at).ok_or_else(|| damaged(column))?;
        let range = chunk.byte_range();
        if range.start > range.end || range.end > self.bytes.len() as u64 {
            return Err(damaged("they are cut off"));
        }
        let pages = self.bytes.clone().sliced(range.start as usize..range.end as usize);
        let pages = PageReader::new(Cursor::new(pages), chunk, Vec::new(), usize::MAX);
        let pages = BasicDecompressor::new(pages, Vec::new());
        let of = &chunk.descriptor().descriptor.primitive_type;
        let made = column_iter_to_arrays(vec![pages], vec![of], field.clone(), None);
        Ok(made.map_err(FrameError::new)?.0)
    }
}

impl Facts {
    /// The facts of a file.
    pub fn from_parquet(bytes: Vec<u8>) -> Result<Self, FactsError> {
        let file = File::open(bytes)?;
        let mut own = Self::default();
        let mut runs: HashMap<(Option<String>, Option<String>), u32> = HashMap::new();
        for group in 0..file.groups() {
            let texts = |names: &[&str]| -> Result<Vec<Vec<Option<String>>>, FrameError> {
                names.iter().map(|name| Ok(file.texts(group, name)?.owned())).collect()
            };
            let (mut of_run, mut of_subject) = (texts(&RUN_TEXTS)?, texts(&SUBJECT_TEXTS)?);
            let times = RUN_TIMES.map(|name| file.numbers::<i64>(group, name));
            let counts = RUN_COUNTS.map(|name| file.numbers::<i64>(group, name));
            let ([committed, started], [users, connections]) = (times, counts);
            let numbers = [committed?, started?, users?, connections?];
            let durations = file.numbers::<f64>(group, DURATION)?;
            let values = file.numbers::<f64>(group, VALUE)?;
            let requests = file.numbers::<i64>(group, REQUESTS)?;
            let rows = values.len();
            let lengths = of_run.iter().chain(&of_subject).map(Vec::len);
            let others = numbers.iter().map(Vec::len).chain([durations.len(), requests.len()]);
            if lengths.chain(others).any(|len| len != rows) {
                return Err(damaged("their columns are of different lengths").into());
            }
            for row in 0..rows {
                let key = (of_run[0][row].clone(), of_run[1][row].clone());
                let next = own.runs.len() as u32;
                let run = *runs.entry(key).or_insert(next);
                if run == next {
                    own.runs.push(RunFact {
                        texts: std::array::from_fn(|column| of_run[column][row].take()),
                        times: [numbers[0][row], numbers[1][row]],
                        counts: [numbers[2][row], numbers[3][row]],
                        duration_s: durations[row],
                    });
                }
                let subject =
                    own.subject(std::array::from_fn(|column| of_subject[column][row].take()));
                let value = values[row].ok_or_else(|| damaged("a value is missing"))?;
                own.rows.push(RowFact { run, subject, value, requests: requests[row] });
            }
        }
        own.records = file.records.records;
        Ok(own)
    }
}
