//! Chunks of a file or a stream that begin and end where records do.

use super::diagnostics::TooLong;
use super::record_boundaries::{Borders, Records};
use crate::ingest::source::Source;
use crate::model::limits;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a chunk, about: large enough that finding its borders costs nothing, small enough for a cache.
const SIZE: usize = 1 << 20;
/// Bytes that are read at once behind a chunk to find the end of its last line.
const STEP: usize = 4 << 10;

/// Whole records; the last one may be cut at the end of the file.
pub(in crate::ingest) struct Chunk {
    pub(in crate::ingest) index: usize,
    /// Whether the file ends here in the middle of a record.
    pub(in crate::ingest) cut: bool,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Chunk {
    pub(in crate::ingest) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// A number for a record that grows with its place in the file.
    pub(in crate::ingest) fn order(&self, record: u64) -> u64 {
        ((self.index as u64) << 32) | record
    }
}

/// Where chunks come from.
pub(super) enum Supply {
    /// The lines of a plain file: every worker reads its own.
    File { path: PathBuf, length: u64, next: AtomicUsize },
    /// Anything else: read by whichever worker asks next, and cut by one who has seen all of it.
    Stream(Mutex<Stream>),
}

impl Supply {
    pub(super) fn new(source: Source, records: Records) -> Self {
        match source.plain_file() {
            Some((path, length)) if records == Records::Lines => {
                Self::File { path: path.to_owned(), length, next: AtomicUsize::new(0) }
            }
            _ => Self::Stream(Mutex::new(Stream::new(source, records))),
        }
    }

    /// Chunks at most, where that is known.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::File { length, .. } => {
                usize::try_from(length.div_ceil(SIZE as u64)).unwrap_or(usize::MAX)
            }
            Self::Stream(_) => usize::MAX,
        }
    }

    /// One worker's access.
    pub(super) fn worker(&self) -> Worker<'_> {
        Worker { supply: self, file: None, buffer: Vec::new() }
    }
}

/// One worker's access to the chunks.
pub(super) struct Worker<'a> {
    supply: &'a Supply,
    /// Opened for the first chunk.
    file: Option<File>,
    /// The memory of the chunk before: new memory for each would cost more than reading it.
    buffer: Vec<u8>,
}

impl Worker<'_> {
    /// The next chunk that nobody has taken, before a limit; none at the end.
    pub(super) fn next(&mut self, limit: usize) -> Option<(usize, io::Result<Chunk>)> {
        match self.supply {
            Supply::File { next, .. } => {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let wanted = index < self.supply.most() && index <= limit;
                wanted.then(|| (index, self.lines(index)))
            }
            Supply::Stream(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.next(limit, std::mem::take(&mut self.buffer))
            }
        }
    }

    /// Takes a chunk's memory back.
    pub(super) fn reuse(&mut self, chunk: Chunk) {
        self.buffer = chunk.buffer;
        // One long record is no reason to keep its room.
        if self.buffer.len() > 4 * SIZE {
            self.buffer = Vec::new();
        }
    }

    /// The lines that begin inside this part of the file.
    fn lines(&mut self, index: usize) -> io::Result<Chunk> {
        let file = match (&mut self.file, self.supply) {
            (Some(file), _) => file,
            (none, Supply::File { path, .. }) => none.insert(File::open(path)?),
            (_, Supply::Stream(_)) => return Err(io::ErrorKind::Unsupported.into()),
        };
        let begin = index as u64 * SIZE as u64;
        // One byte earlier: a line that begins right at the border is this chunk's.
        file.seek(SeekFrom::Start(begin.saturating_sub(1)))?;
        let wanted = SIZE + usize::from(index > 0);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut end = fill(file, &mut buffer, 0, wanted).whole()?;
        let start = match index {
            0 => 0,
            _ => memchr::memchr(b'\n', &buffer[..end]).map_or(end, |at| at + 1),
        };
        if start < end && end == wanted && buffer[end - 1] != b'\n' {
            end = rest_of_line(file, &mut buffer, start, end)?;
        }
        let cut = start < end && buffer[end - 1] != b'\n';
        Ok(Chunk { index, cut, start, end: end.max(start), buffer })
    }
}

/// Reads on to the end of a line, and says where that is. The lines of the chunk begin at `start`.
fn rest_of_line(
    file: &mut File,
    buffer: &mut Vec<u8>,
    start: usize,
    mut known: usize,
) -> io::Result<usize> {
    loop {
        let end = fill(file, buffer, known, known + STEP).whole()?;
        if let Some(at) = memchr::memchr(b'\n', &buffer[known..end]) {
            return Ok(known + at + 1);
        }
        if end == known {
            return Ok(known);
        }
        if end > limits::RECORD_BYTES {
            return Err(too_long(&buffer[start..known]));
        }
        known = end;
    }
}

/// The error for a record without an end; `before` is what was read behind the last chunk.
fn too_long(before: &[u8]) -> io::Error {
    let lines = memchr::memchr_iter(b'\n', before).count() as u64;
    io::Error::new(io::ErrorKind::InvalidData, TooLong { lines })
}

/// How far a buffer was filled, and why not further.
struct Filled {
    end: usize,
    error: Option<io::Error>,
}

impl Filled {
    fn whole(self) -> io::Result<usize> {
        self.error.map_or(Ok(self.end), Err)
    }
}

/// Reads into this part of the buffer. The buffer never shrinks, so that it is cleared once; `read_to_end` would begin with small
/// pieces each time.
fn fill(reader: &mut impl Read, buffer: &mut Vec<u8>, from: usize, to: usize) -> Filled {
    if buffer.len() < SIZE && to >= SIZE {
        // Memory that the system has cleared already.
        let mut larger = vec![0; to];
        larger[..from].copy_from_slice(&buffer[..from]);
        *buffer = larger;
    } else if buffer.len() < to {
        buffer.resize(to, 0);
    }
    let mut end = from;
    while end < to {
        match reader.read(&mut buffer[end..to]) {
            Ok(0) => break,
            Ok(n) => end += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Filled { end, error: Some(error) },
        }
    }
    Filled { end, error: None }
}

/// A stream, and how far it was read.
pub(super) struct Stream {
    reader: Box<dyn Read + Send>,
    borders: Borders,
    /// What was read behind the last whole record.
    rest: Vec<u8>,
    index: usize,
    /// Where the stream broke off, once the records before that were handed out.
    broken: Option<io::Error>,
    done: bool,
}

impl Stream {
    fn new(source: Source, records: Records) -> Self {
        let (reader, borders) = (Box::new(source.into_reader()), Borders::new(records));
        Self { reader, borders, rest: Vec::new(), index: 0, broken: None, done: false }
    }

    /// The next chunk, before a limit; none at the end. A stream that breaks off gives the records before that first.
    fn next(&mut self, limit: usize, memory: Vec<u8>) -> Option<(usize, io::Result<Chunk>)> {
        if self.done || self.index > limit {
            return None;
        }
        let index = self.index;
        self.index += 1;
        let chunk = self.chunk(memory).transpose()?;
        self.done |= chunk.is_err();
        Some((index, chunk))
    }

    fn chunk(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Chunk>> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let index = self.index - 1;
        let mut known = self.rest.len();
        if buffer.len() < known {
            buffer.resize(known, 0);
        }
        buffer[..known].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            let Filled { end, error } = fill(&mut self.reader, &mut buffer, known, known + SIZE);
            let border = self.borders.last_end(&buffer[..end]);
            match error {
                Some(error) if border == 0 => return Err(error),
                error => self.broken = error,
            }
            if end == known && self.broken.is_none() {
                self.done = true;
                let cut = !self.borders.is_whole(&buffer[..end]);
                let any = end > 0 || cut;
                return Ok(any.then_some(Chunk { index, cut, buffer, start: 0, end }));
            }
            if border > 0 {
                self.rest.extend_from_slice(&buffer[border..end]);
                self.borders.cut(border);
                return Ok(Some(Chunk { index, cut: false, buffer, start: 0, end: border }));
            }
            if end > limits::RECORD_BYTES {
                // A record of CSV or XML may hold line ends itself: it is named by the line that it begins in.
                return Err(too_long(&[]));
            }
            known = end;
        }
    }
}
