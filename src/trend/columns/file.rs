//! A segment as a file: Parquet, in which each number is a column of its own and each run a row.

use super::name::ColumnName;
use super::segment::{Data, Memory, Segment, Shape, Stored, key};
use crate::schema::{RunV1, read_recorded};
use crate::trend::parquet::{
    Column, ColumnType, FrameError, Nulls, Reader, Writer, numbers, texts,
};
use flate2::Crc;
use polars_arrow::datatypes::ArrowDataType;
use polars_parquet::write::StatisticsOptions;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;

/// What stands beside the columns.
const ABOUT: &str = "perfgate";
/// Rows of a group at most: so many are written at once.
const GROUP: usize = 4_096;
/// Numbers that are nearly random are not worth more.
const LEVEL: i32 = 1;
/// The columns that say which runs these are, in front of those of numbers.
const TEXTS: [&str; 3] = ["commit", "run_id", "rest"];
const NUMBERS: [&str; 4] = ["head", "shape", "duration_s", "started_ms"];
const REST: usize = 2;
const STARTED: usize = 6;

/// What all runs have in common.
#[derive(Serialize, Deserialize)]
struct About {
    /// What tells whether runs are comparable.
    heads: Vec<String>,
    /// What runs have.
    shapes: Vec<Shape>,
    /// Checksums of the columns, group by group.
    sums: Vec<u32>,
}

/// Writes a segment that is in memory.
pub(super) fn write(segment: &Segment, out: &mut dyn Write) -> Result<(), FrameError> {
    let Data::Memory(memory) = &segment.data else {
        return Err(FrameError::new("it is a file already"));
    };
    let named: Result<Vec<String>, _> = segment.names.iter().map(ColumnName::to_text).collect();
    let named = named.map_err(FrameError::new)?;
    let types = types(&named);
    let mut writer = Writer::new(out, &types, Some(LEVEL), StatisticsOptions::empty())?;
    let rows = segment.records.len();
    for from in (0..rows).step_by(GROUP) {
        writer.write(&group(segment, memory, from, (from + GROUP).min(rows)))?;
    }
    let heads = segment.heads.iter().map(|head| {
        serde_json::to_string(&RunV1::without_histograms(head)).map_err(FrameError::new)
    });
    let about = About {
        heads: heads.collect::<Result<_, _>>()?,
        shapes: segment.shapes.clone(),
        sums: writer.sums(),
    };
    let about = serde_json::to_string(&about).map_err(FrameError::new)?;
    let sum = sum(&about, types.iter().map(|(name, ..)| *name), rows);
    writer.finish(Some((ABOUT, format!("{sum:08x}{about}"))))
}

fn types(named: &[String]) -> Vec<ColumnType<'_>> {
    let text = |name| (name, ArrowDataType::Utf8View, Nulls::Never);
    let number = |name| (name, ArrowDataType::Float64, Nulls::Never);
    let about = TEXTS.into_iter().map(text).chain(NUMBERS.into_iter().map(number));
    about.chain(named.iter().map(|name| number(name))).collect()
}

fn group(segment: &Segment, memory: &Memory, from: usize, to: usize) -> Vec<Column> {
    let records = &segment.records[from..to];
    let commits: Vec<String> = records.iter().map(|(commit, _)| commit.to_string()).collect();
    let ids: Vec<String> = records.iter().map(|(_, id)| format!("{id:016x}")).collect();
    let places = |all: &[u32]| numbers(all[from..to].iter().map(|at| f64::from(*at)).collect());
    let mut columns = vec![
        texts(&commits),
        texts(&ids),
        texts(&memory.rest[from..to]),
        places(&segment.head_of),
        places(&segment.shape_of),
        numbers(segment.durations[from..to].to_vec()),
        numbers(memory.started[from..to].to_vec()),
    ];
    columns.extend(memory.columns.iter().map(|column| {
        let end = column.len().min(to);
        let mut part = column[from.min(end)..end].to_vec();
        part.resize(to - from, f64::NAN);
        numbers(part)
    }));
    columns
}

/// The checksum of what tells all the rest.
fn sum<'n>(about: &str, names: impl Iterator<Item = &'n str>, rows: usize) -> u32 {
    let mut sum = Crc::new();
    sum.update(about.as_bytes());
    names.for_each(|name| sum.update(name.as_bytes()));
    sum.update(&rows.to_le_bytes());
    sum.sum()
}

/// The segment of a file.
pub(super) fn read(file: File) -> Result<Segment, FrameError> {
    let damaged = || FrameError::new("it is damaged");
    let mut reader = Reader::new(file)?;
    let text = reader.text(ABOUT).ok_or_else(damaged)?;
    let (told, about) = text.split_at_checked(8).ok_or_else(damaged)?;
    let groups = reader.groups().count();
    let rows: usize = reader.groups().sum();
    if u32::from_str_radix(told, 16).ok() != Some(sum(about, reader.names(), rows)) {
        return Err(damaged());
    }
    let About { heads, shapes, sums } = serde_json::from_str(about).map_err(FrameError::new)?;
    let names: Vec<String> = reader.names().map(str::to_owned).collect();
    let first = TEXTS.len() + NUMBERS.len();
    let expected = TEXTS.iter().chain(&NUMBERS);
    if names.len() < first || !names.iter().zip(expected).all(|(a, b)| a == b) {
        return Err(damaged());
    }
    if sums.len() != groups * names.len() {
        return Err(damaged());
    }
    let of_column = |column: usize| sums.iter().skip(column).step_by(names.len()).copied();
    let sums: Vec<Vec<u32>> = (0..names.len()).map(|column| of_column(column).collect()).collect();
    let heads = heads.iter().map(|json| read_recorded(json.as_bytes()).map_err(FrameError::new));
    let heads = heads.collect::<Result<Vec<_>, _>>()?;
    let numbered = names[first..].iter().map(|text| ColumnName::from_text(text));
    let numbered: Vec<ColumnName> = numbered.collect::<Option<_>>().ok_or_else(damaged)?;
    let places = numbered.iter().cloned().zip(0..).collect();
    let commits = reader.texts(0, &sums[0])?;
    let ids = reader.texts(1, &sums[1])?;
    let record = |(commit, id): (&String, &String)| key(commit.parse().ok()?, id);
    let records: Option<Vec<_>> = commits.iter().zip(&ids).map(record).collect();
    let mut at = |column: usize| reader.numbers(column, &sums[column]);
    let whole = |numbers: Vec<f64>| numbers.iter().map(|n| *n as u32).collect::<Vec<u32>>();
    let (head_of, shape_of, durations) = (whole(at(3)?), whole(at(4)?), at(5)?);
    let records = records.ok_or_else(damaged)?;
    let alike = [records.len(), head_of.len(), shape_of.len(), durations.len()];
    let inside = head_of.iter().all(|at| (*at as usize) < heads.len())
        && shape_of.iter().all(|at| (*at as usize) < shapes.len());
    if alike.iter().any(|len| *len != rows) || !inside {
        return Err(damaged());
    }
    let stored = Stored { reader, sums, started: STARTED, rest: REST, first };
    let (names, data) = (numbered, Data::File(Box::new(stored)));
    Ok(Segment { records, heads, head_of, shapes, shape_of, durations, names, places, data })
}
