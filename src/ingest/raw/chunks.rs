//! Chunks of a file or a stream that begin and end at line ends.

use crate::ingest::source::Source;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a chunk, about: large enough that finding its borders costs nothing, small enough for a cache.
const SIZE: usize = 1 << 20;
/// Bytes that are read at once behind a chunk to find the end of its last line.
const STEP: usize = 64 << 10;
/// The longest line; a real one has a few hundred bytes.
const LONGEST_LINE: usize = 16 << 20;

/// Whole lines; the last one has no end only at the end of the file.
pub(super) struct Chunk {
    pub(super) index: usize,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Chunk {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "more than 16 MiB in one line")
}

/// The chunks of a plain file.
pub(super) struct Files {
    path: PathBuf,
    length: u64,
    next: AtomicUsize,
}

impl Files {
    pub(super) fn new(path: &Path, length: u64) -> Self {
        Self { path: path.to_owned(), length, next: AtomicUsize::new(0) }
    }

    pub(super) fn count(&self) -> usize {
        usize::try_from(self.length.div_ceil(SIZE as u64)).unwrap_or(usize::MAX)
    }

    /// The next chunk that nobody has taken, before a limit.
    pub(super) fn next(&self, limit: usize) -> Option<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.count() && index <= limit).then_some(index)
    }

    pub(super) fn size_of(&self, index: usize) -> u64 {
        (self.length - index as u64 * SIZE as u64).min(SIZE as u64)
    }

    pub(super) fn open(&self) -> io::Result<FileReader> {
        Ok(FileReader { file: File::open(&self.path)?, buffer: Vec::new() })
    }
}

/// One worker's view of the file.
pub(super) struct FileReader {
    file: File,
    buffer: Vec<u8>,
}

impl FileReader {
    /// Takes a chunk's memory back: new memory for each would cost more than reading it.
    pub(super) fn reuse(&mut self, chunk: Chunk) {
        self.buffer = chunk.buffer;
    }

    /// The lines that begin inside this part of the file.
    pub(super) fn read(&mut self, index: usize) -> io::Result<Chunk> {
        let begin = index as u64 * SIZE as u64;
        // One byte earlier: a line that begins right at the border is this chunk's.
        let from = begin.saturating_sub(1);
        let wanted = SIZE + usize::from(index > 0);
        self.file.seek(SeekFrom::Start(from))?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        (&mut self.file).take(wanted as u64).read_to_end(&mut buffer)?;
        let start = match index {
            0 => 0,
            _ => memchr::memchr(b'\n', &buffer).map_or(buffer.len(), |at| at + 1),
        };
        let mut end = buffer.len();
        if start < buffer.len() && buffer.len() == wanted && !buffer.ends_with(b"\n") {
            end = self.finish_line(&mut buffer)?;
        }
        Ok(Chunk { index, start, end: end.max(start), buffer })
    }

    /// Reads on to the end of the last line, and says where that is.
    fn finish_line(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            let known = buffer.len();
            (&mut self.file).take(STEP as u64).read_to_end(buffer)?;
            if let Some(at) = memchr::memchr(b'\n', &buffer[known..]) {
                return Ok(known + at + 1);
            }
            if buffer.len() == known {
                return Ok(known);
            }
            if buffer.len() > LONGEST_LINE {
                return Err(too_long());
            }
        }
    }
}

/// The chunks of a stream, read by whichever worker asks next.
pub(super) struct Stream {
    state: Mutex<StreamState>,
}

struct StreamState {
    reader: Box<dyn Read + Send>,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    index: usize,
    done: bool,
}

impl Stream {
    pub(super) fn new(source: Source) -> Self {
        let reader = Box::new(source.into_reader());
        Self { state: Mutex::new(StreamState { reader, rest: Vec::new(), index: 0, done: false }) }
    }

    /// The next chunk, before a limit; none at the end. A stream that breaks off gives the lines before that first.
    pub(super) fn next(&self, limit: usize) -> Option<(usize, io::Result<Chunk>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.done || state.index > limit {
            return None;
        }
        let index = state.index;
        state.index += 1;
        match state.fill() {
            Ok(Some((buffer, end))) => Some((index, Ok(Chunk { index, start: 0, end, buffer }))),
            Ok(None) => None,
            Err(error) => {
                state.done = true;
                Some((index, Err(error)))
            }
        }
    }
}

impl StreamState {
    /// A buffer and the end of its last whole line; what is behind that stays for the next.
    fn fill(&mut self) -> io::Result<Option<(Vec<u8>, usize)>> {
        let mut buffer = std::mem::take(&mut self.rest);
        buffer.reserve(SIZE);
        loop {
            let known = buffer.len();
            let read = (&mut self.reader).take(SIZE as u64).read_to_end(&mut buffer);
            if let Err(error) = read {
                // The whole lines before the break count; the next call meets the break again.
                let whole = memchr::memrchr(b'\n', &buffer).map(|at| at + 1);
                let Some(end) = whole else { return Err(error) };
                self.reader = Box::new(Broken(Some(error)));
                buffer.truncate(end);
                return Ok(Some((buffer, end)));
            }
            if buffer.len() == known {
                self.done = true;
                let end = buffer.len();
                return Ok((end > 0).then_some((buffer, end)));
            }
            if let Some(at) = memchr::memrchr(b'\n', &buffer[known..]) {
                let end = known + at + 1;
                self.rest.extend_from_slice(&buffer[end..]);
                return Ok(Some((buffer, end)));
            }
            if buffer.len() > LONGEST_LINE {
                return Err(too_long());
            }
        }
    }
}

/// A reader that fails as another one did.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()))
    }
}
