//! A line of commits that was walked before. A commit never changes, so that it need not be read again.

use super::folder::{Folder, LINE};
use crate::model::CommitId;
use crate::trend::parquet::{FrameError, Nulls, Reader, Writer, numbers, texts};
use flate2::Crc;
use polars_arrow::datatypes::ArrowDataType;
use polars_parquet::write::StatisticsOptions;
use std::fs::File;
use std::io::Write;

/// A commit of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineCommit {
    /// Its id.
    pub id: CommitId,
    /// Its date, in seconds since 1970.
    pub seconds: i64,
    /// Who wrote it.
    pub author: String,
    /// First line of its message.
    pub subject: String,
}

/// Fewest commits that are worth writing the line anew.
const WORTH_KEEPING: usize = 64;
const SUMS: &str = "perfgate";
const TEXTS: [&str; 3] = ["commit", "author", "subject"];
const SECONDS: &str = "seconds";

/// The longest line that is kept, newest first.
pub(super) fn known(folder: &mut Folder) -> Vec<LineCommit> {
    let lines = folder.files_of(LINE, read);
    lines.into_iter().map(|(line, _)| line).max_by_key(Vec::len).unwrap_or_default()
}

/// Keeps a line in the place of one that had so many commits of it.
pub(super) fn keep(folder: &mut Folder, line: &[LineCommit], known: usize) {
    if line.len() < known + WORTH_KEEPING {
        return;
    }
    let before = folder.files_of(LINE, |_| Ok(()));
    if folder.write(LINE, |out| write(line, out)).is_some() {
        before.into_iter().for_each(|(_, kept)| folder.give_up(Some(kept)));
        folder.sweep();
    }
}

fn write(line: &[LineCommit], out: &mut dyn Write) -> Result<(), FrameError> {
    let text = |name| (name, ArrowDataType::Utf8View, Nulls::Never);
    let types: Vec<_> = TEXTS
        .into_iter()
        .map(text)
        .chain([(SECONDS, ArrowDataType::Float64, Nulls::Never)])
        .collect();
    let mut writer = Writer::new(out, &types, Some(1), StatisticsOptions::empty())?;
    let all = |of: fn(&LineCommit) -> String| texts(&line.iter().map(of).collect::<Vec<_>>());
    writer.write(&[
        all(|own| own.id.to_string()),
        all(|own| own.author.clone()),
        all(|own| own.subject.clone()),
        numbers(line.iter().map(|own| own.seconds as f64).collect()),
    ])?;
    let sums = writer.sums().iter().map(|sum| format!("{sum:08x}")).collect::<String>();
    writer.finish(Some((SUMS, format!("{sums}{:08x}", sum(&sums, line.len())))))
}

/// The checksum of what tells all the rest.
fn sum(sums: &str, rows: usize) -> u32 {
    let mut sum = Crc::new();
    sum.update(sums.as_bytes());
    sum.update(&rows.to_le_bytes());
    sum.sum()
}

fn read(file: File) -> Result<Vec<LineCommit>, FrameError> {
    let damaged = || FrameError::new("it is damaged");
    let mut reader = Reader::new(file)?;
    let rows = reader.groups().sum();
    let text = reader.text(SUMS).ok_or_else(damaged)?;
    let read = |from: usize| u32::from_str_radix(text.get(from..from + 8)?, 16).ok();
    let told: Option<Vec<u32>> = (0..5).map(|at| read(8 * at)).collect();
    let told = told.ok_or_else(damaged)?;
    let alike = reader.names().eq(TEXTS.into_iter().chain([SECONDS]));
    if !alike || told[4] != sum(text.get(..32).ok_or_else(damaged)?, rows) {
        return Err(damaged());
    }
    let mut column = |at: usize| reader.texts(at, &told[at..=at]);
    let (ids, authors, subjects) = (column(0)?, column(1)?, column(2)?);
    let seconds = reader.numbers(3, &told[3..4])?;
    if [ids.len(), authors.len(), subjects.len(), seconds.len()] != [rows; 4] {
        return Err(damaged());
    }
    let mut line = Vec::with_capacity(rows);
    for (((id, author), subject), seconds) in ids.iter().zip(authors).zip(subjects).zip(seconds) {
        let id = id.parse().map_err(|_| damaged())?;
        line.push(LineCommit { id, seconds: seconds as i64, author, subject });
    }
    Ok(line)
}
