//! A chunk of CSV row by row.

use super::{Chunk, ChunkDiagnostics};
use crate::ingest::csv_file::csv_error;
use crate::ingest::error::{IngestError, Problem};
use csv::{ByteRecord, ReaderBuilder};
use rustc_hash::FxHashMap;

/// The columns of a file, by name.
pub(in crate::ingest) struct Header {
    places: FxHashMap<String, usize>,
    columns: usize,
    /// Whether the file begins with it.
    written: bool,
}

impl Header {
    /// The first row of a file, of which these are the first bytes.
    pub(in crate::ingest) fn of(name: &str, head: &[u8]) -> Result<Self, IngestError> {
        if !head.contains(&b'\n') {
            let how = "the first line has no end".to_owned();
            return Err(IngestError::at(name, 1, Problem::Truncated { lines: 0, how }));
        }
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(head);
        let names = reader.byte_headers().map_err(|error| csv_error(name, error))?;
        let names = names.iter().map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(Self::new(names, true))
    }

    /// The columns of a file that does not name them.
    pub(in crate::ingest) fn unwritten(names: &[&str]) -> Self {
        Self::new(names.iter().map(|name| (*name).to_owned()), false)
    }

    fn new(names: impl Iterator<Item = String>, written: bool) -> Self {
        let mut places = FxHashMap::default();
        let mut columns = 0;
        for name in names {
            places.entry(name).or_insert(columns);
            columns += 1;
        }
        Self { places, columns, written }
    }

    pub(in crate::ingest) fn place(&self, column: &str) -> Option<usize> {
        self.places.get(column).copied()
    }

    /// The whole rows of the first bytes of a file.
    pub(in crate::ingest) fn rows<'a>(
        &self,
        head: &'a [u8],
    ) -> impl Iterator<Item = ByteRecord> + 'a {
        let reader =
            ReaderBuilder::new().flexible(true).has_headers(self.written).from_reader(head);
        let columns = self.columns;
        reader.into_byte_records().map_while(Result::ok).filter(move |row| row.len() == columns)
    }
}

/// Hands out the rows of a chunk that have as many fields as the header. `order` grows with the place in the file.
pub(in crate::ingest) fn each_row(
    chunk: &Chunk,
    header: &Header,
    diagnostics: &mut ChunkDiagnostics,
    mut take: impl FnMut(&ByteRecord, u64) -> Result<(), Problem>,
) {
    let bytes = chunk.bytes();
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .has_headers(header.written && chunk.index == 0)
        .buffer_capacity(64 << 10)
        .from_reader(bytes);
    let mut row = ByteRecord::new();
    for number in 0.. {
        let taken = match reader.read_byte_record(&mut row) {
            Ok(false) => break,
            Ok(true) if chunk.cut && reader.position().byte() == bytes.len() as u64 => {
                let how = "the last row is cut".to_owned();
                Err(Problem::Truncated { lines: 0, how })
            }
            Ok(true) if row.len() != header.columns => {
                let how = format!("the row has {} of {} columns", row.len(), header.columns);
                Err(Problem::Malformed(how))
            }
            Ok(true) => take(&row, chunk.order(number)),
            Err(error) => Err(csv_error("", error).problem),
        };
        if let Err(problem) = taken
            && diagnostics.problem(|| line_of(bytes, &row), problem).is_break()
        {
            break;
        }
    }
    diagnostics.lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
}

/// The line that a row starts in. The CSV reader's own count is one behind where lines end with CR LF, because it counts the LF
/// to the next row.
fn line_of(bytes: &[u8], row: &ByteRecord) -> u64 {
    let start = row.position().map_or(0, csv::Position::byte) as usize;
    let end = start + usize::from(bytes.get(start) == Some(&b'\n'));
    let before = bytes.get(..end).unwrap_or_default();
    memchr::memchr_iter(b'\n', before).count() as u64 + 1
}
