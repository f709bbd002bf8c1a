//! Where the bytes come from: a file or standard input, plain, gzip or zstd.

use super::criterion_folder;
use super::error::{IngestError, Problem};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempPath;

/// How a gzip stream begins, and a zstd one.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes that are looked at to recognise a format.
const HEAD: usize = 64 << 10;

/// A result file that is open for reading, decompressed.
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    /// The length of a file that holds its lines as they are.
    plain: Option<u64>,
    /// Is told how many bytes of the file, packed or not, were read.
    progress: Arc<OnceLock<Progress>>,
    /// The bytes that the format was recognised by.
    head: Vec<u8>,
    reader: BufReader<Reader>,
    /// A copy of what could be read only once, until nobody needs it.
    _copy: Option<Arc<TempPath>>,
}

/// What a NUL byte means: no tool writes one. A crash or a bad disk left it, and what stood there is lost.
pub(super) const NUL: &str =
    "a NUL byte: a part of the file was lost, and what stood there with it";

type Reader = Box<dyn Read + Send>;
/// What is told how many bytes were read, by whichever thread has read them.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a file; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, IngestError> {
        if path.as_os_str() == "-" {
            return Self::from_reader("standard input", Box::new(io::stdin()));
        }
        let name = path.display().to_string();
        let wrap = |error| IngestError::new(&name, Problem::Io(error));
        let file = File::open(path).map_err(wrap)?;
        let about = file.metadata().map_err(wrap)?;
        if about.is_dir() {
            if let Some(document) = criterion_folder::document_of(path) {
                return Self::from_reader(&name, Box::new(io::Cursor::new(document?)));
            }
            return Err(wrap(io::Error::other("is a folder, not a result file")));
        }
        let progress = Arc::new(OnceLock::new());
        let told = Told { reader: file, progress: Arc::clone(&progress) };
        let mut source = Self::from_reader(&name, Box::new(told))?;
        source.progress = progress;
        source.path = Some(path.to_owned());
        source.plain = source.plain.filter(|_| about.is_file()).map(|_| about.len());
        Ok(source)
    }

    /// Reads from anything; `name` is for messages.
    pub fn from_reader(name: &str, raw: Reader) -> Result<Self, IngestError> {
        let wrap = |error| IngestError::new(name, Problem::Io(error));
        let (start, raw) = peeked(raw, 4).map_err(wrap)?;
        let mut plain = None;
        let lines: Reader = if start.starts_with(&GZIP) {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(HEAD, raw)))
        } else if start.starts_with(&ZSTD) {
            let decoder = zstd::stream::read::Decoder::new(raw).map_err(wrap)?;
            Box::new(Cuttable(decoder))
        } else {
            plain = Some(0);
            raw
        };
        Ok(Self {
            name: name.to_owned(),
            path: None,
            plain,
            progress: Arc::default(),
            head: Vec::new(),
            reader: BufReader::with_capacity(HEAD, lines),
            _copy: None,
        })
    }

    /// The same bytes from their beginning, two times: to look for something first, and to read then. What is no file that could be
    /// opened again goes into one.
    pub(super) fn twice(mut self) -> Result<(Self, Self), IngestError> {
        if let Some(path) = self.path.as_ref().filter(|path| path.is_file()) {
            return Ok((Self::open(path)?, self));
        }
        let mut file = match tempfile::NamedTempFile::new() {
            Ok(file) => file,
            Err(error) => return Err(self.io_error(error, 0)),
        };
        if let Err(error) = io::copy(&mut self.reader, &mut file) {
            return Err(self.io_error(error, 0));
        }
        let copy = Arc::new(file.into_temp_path());
        let open = || -> Result<Self, IngestError> {
            let file = File::open(&*copy).map_err(|error| self.io_error(error, 0))?;
            let source = Self::from_reader(&self.name, Box::new(file))?;
            Ok(Self { _copy: Some(Arc::clone(&copy)), ..source })
        };
        Ok((open()?, open()?))
    }

    /// Tells somebody how many bytes of the file were read; only once.
    pub fn on_progress(&self, progress: Progress) {
        // A second listener would hear the same.
        let _ = self.progress.set(progress);
    }

    /// Who wants to know what is read past this source.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.progress.get().cloned()
    }

    /// Path and length of a file whose lines stand in it as they are.
    pub(super) fn plain_file(&self) -> Option<(&Path, u64)> {
        Some((self.path.as_deref()?, self.plain?))
    }

    /// The name for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that lies beside this one and is named like it but for the ending.
    pub(super) fn sibling(&self, ending: &str, other: &str) -> Option<PathBuf> {
        let path = self.path.as_ref()?;
        let stem = path.file_name()?.to_str()?.strip_suffix(ending)?;
        let sibling = path.with_file_name(format!("{stem}{other}"));
        sibling.is_file().then_some(sibling)
    }

    /// The first bytes, which stay unread; fewer than [`HEAD`] only when there are no more.
    pub(super) fn head(&mut self) -> Result<&[u8], IngestError> {
        let empty = BufReader::new(Box::new(io::empty()) as Reader);
        let reader = std::mem::replace(&mut self.reader, empty);
        match peeked(Box::new(reader), HEAD) {
            Ok((head, reader)) => {
                self.head = head;
                self.reader = BufReader::with_capacity(HEAD, reader);
                Ok(&self.head)
            }
            Err(error) => Err(self.io_error(error, 0)),
        }
    }

    /// The whole document, which may have so many bytes, with a byte order mark left out.
    pub(super) fn document(mut self, limit: u64) -> Result<Vec<u8>, IngestError> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.io_error(error, lines(&bytes)))?;
        if bytes.len() as u64 > limit {
            return Err(IngestError::new(&self.name, Problem::TooLarge { limit }));
        }
        if let Some(at) = memchr::memchr(0, &bytes) {
            let problem = Problem::Malformed(NUL.to_owned());
            return Err(IngestError::at(&self.name, lines(&bytes[..at]) + 1, problem));
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(bytes)
    }

    /// The reader itself, for a parser that does its own buffering.
    pub(super) fn into_reader(self) -> impl Read + Send + 'static {
        self.reader
    }

    /// The error for a failed read: a gzip stream without its end is a file that was cut.
    pub(super) fn io_error(&self, error: io::Error, lines: u64) -> IngestError {
        io_error(&self.name, error, lines)
    }
}

/// Lines that end in these bytes.
fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// A file that tells how much of it was read.
struct Told {
    reader: File,
    progress: Arc<OnceLock<Progress>>,
}

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        if let Some(progress) = self.progress.get() {
            progress(n as u64);
        }
        Ok(n)
    }
}

/// The first `n` bytes, and a reader that begins with them: a pipe may give them in pieces.
fn peeked(mut reader: Reader, n: usize) -> io::Result<(Vec<u8>, Reader)> {
    let mut start = Vec::with_capacity(n);
    match (&mut reader).take(n as u64).read_to_end(&mut start) {
        // Whoever reads on meets the same end; the start may be enough to tell the format.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !start.is_empty() => {
            let cut = Cut(Some(error));
            return Ok((start.clone(), Box::new(io::Cursor::new(start).chain(cut))));
        }
        other => drop(other?),
    }
    Ok((start.clone(), Box::new(io::Cursor::new(start).chain(reader))))
}

/// A zstd stream without its end is a file that was cut, whatever the decoder calls it.
struct Cuttable<R>(R);

impl<R: Read> Read for Cuttable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.to_string() {
            text if text.contains("incomplete frame") => io::ErrorKind::UnexpectedEof.into(),
            _ => error,
        })
    }
}

/// A reader that fails once more as one that was given up did.
struct Cut(Option<io::Error>);

impl Read for Cut {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0.take() {
            Some(error) => Err(error),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The error for a failed read: a gzip stream without its end is a file that was cut.
pub(super) fn io_error(name: &str, error: io::Error, lines: u64) -> IngestError {
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Problem::Truncated { lines, how: "unexpected end of file".to_owned() }
        }
        _ => Problem::Io(error),
    };
    IngestError::new(name, problem)
}
