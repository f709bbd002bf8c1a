//! A chunk line by line.

use super::{Chunk, ChunkDiagnostics};
use crate::ingest::error::Problem;
use memchr::memchr;

/// What takes lines.
pub(in crate::ingest) trait TakeLine {
    /// Takes a line without its end. `order` grows with the place in the file.
    fn line(&mut self, line: &[u8], order: u64) -> Result<(), Problem>;

    /// Takes the line at the start of these bytes if it is known without looking for its end, and says how long it is with its
    /// end. Whatever is unusual is left to [`TakeLine::line`].
    fn known_line(&mut self, _bytes: &[u8], _order: u64) -> Option<usize> {
        None
    }
}

/// Hands out the lines of a chunk.
pub(in crate::ingest) fn each_line(
    chunk: &Chunk,
    diagnostics: &mut ChunkDiagnostics,
    taker: &mut impl TakeLine,
) {
    let bytes = chunk.bytes();
    let mut start = 0;
    while start < bytes.len() {
        let order = chunk.order(diagnostics.lines);
        diagnostics.lines += 1;
        if let Some(length) = taker.known_line(&bytes[start..], order) {
            start += length;
            continue;
        }
        let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let line = &bytes[start..end];
        let cut = end == bytes.len() && !line.trim_ascii().is_empty();
        let how = |how: &str| Problem::Truncated { lines: 0, how: how.to_owned() };
        let problem = match taker.line(line, order) {
            // What a whole line says wrongly is wrong; what a line without an end says is cut.
            Err(Problem::Malformed(_)) if cut => Some(how("the last line is cut")),
            // Whoever writes lines ends each of them: there were more.
            Ok(()) if cut => Some(how("the last line has no end")),
            taken => taken.err(),
        };
        if let Some(problem) = problem {
            let number = diagnostics.lines;
            if diagnostics.problem(|| number, problem).is_break() {
                return;
            }
        }
        start = end + 1;
    }
}
