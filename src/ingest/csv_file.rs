//! What all CSV files have in common: one way to say where they are wrong.

use super::error::{IngestError, Problem};
use super::source::io_error;
use crate::model::limits;

/// The error of the CSV parser.
pub(super) fn csv_error(name: &str, error: csv::Error) -> IngestError {
    let line = error.position().map_or(0, csv::Position::line);
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => io_error(name, error, line),
        _ => IngestError::at(name, line, Problem::Malformed(text)),
    }
}

/// Refuses a file without a line end at its end, where its writer puts one behind every row: the last cell may be cut, and a
/// number that is cut is another number.
pub(super) fn refuse_cut(name: &str, bytes: &[u8]) -> Result<(), IngestError> {
    if matches!(bytes.last(), None | Some(b'\n' | b'\r')) {
        return Ok(());
    }
    let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let how = "the last line has no end".to_owned();
    Err(IngestError::at(name, lines + 1, Problem::Truncated { lines, how }))
}

/// Counts lines as records go by. The CSV reader's own count is one behind where lines end with CR LF, because it counts
/// the LF to the next record.
pub(super) struct LineCounter<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, counted: 0, line: 1 }
    }

    /// The line that a record which starts at this byte starts in.
    pub(super) fn of(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.bytes.len());
        let end = start + usize::from(self.bytes.get(start) == Some(&b'\n'));
        let passed = self.bytes.get(self.counted..end).unwrap_or_default();
        self.line += passed.iter().filter(|b| **b == b'\n').count() as u64;
        self.counted = self.counted.max(end);
        self.line
    }
}

/// A count.
pub(super) fn whole(file: &str, line: u64, what: &str, text: &str) -> Result<u64, IngestError> {
    let count = text.parse::<u64>().ok().filter(|count| *count <= limits::COUNT);
    count.ok_or_else(|| bad_value(file, line, what, text, "must be a whole number from 0 to 10^12"))
}

pub(super) fn bad_value(
    file: &str,
    line: u64,
    what: &str,
    value: &str,
    why: &'static str,
) -> IngestError {
    let problem = Problem::BadValue { what: what.to_owned(), value: value.to_owned(), why };
    IngestError::at(file, line, problem)
}
