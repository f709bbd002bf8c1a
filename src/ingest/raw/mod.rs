//! Raw samples, line by line, on every processor: the file in chunks that end at line ends, one gatherer for each worker, and
//! what they gathered put together at the end. Memory is that of a few chunks, however large the file is.
//!
//! A plain file is read by the workers themselves, each its own chunks; a stream (standard input, gzip, zstd) by one reader that
//! hands chunks on.

mod chunks;

use super::error::{IngestError, Problem};
use super::source::{Source, io_error};
use crate::model::{Warning, WarningKind};
use chunks::{Chunk, Files, Stream};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Workers at most: beyond, the memory bus is the limit.
const MOST_WORKERS: usize = 8;

/// What gathers lines.
pub(super) trait Gather: Send {
    /// Takes a line without its end. `order` grows with the place in the file.
    fn line(&mut self, line: &[u8], order: u64) -> Result<(), Problem>;

    /// Takes the line at the start of these bytes if it is known without looking for its end, and says how long it is with its
    /// end. Whatever is unusual is left to [`Gather::line`].
    fn known_line(&mut self, bytes: &[u8], order: u64) -> Option<usize>;
}

/// Everything that was read.
pub(super) struct Scanned<G> {
    /// What each worker gathered, in no order.
    pub(super) parts: Vec<G>,
    /// What was left out, and where the file was cut.
    pub(super) warnings: Vec<Warning>,
}

/// What a chunk came to.
#[derive(Default)]
struct Outcome {
    lines: u64,
    /// Lines that were left out, and the first of them, counted from the chunk's start.
    broken: u64,
    first: Option<(u64, Problem)>,
}

/// Reads a whole source. With `lenient`, broken lines and a cut end are warnings; else the first of them is the error.
pub(super) fn scan<G: Gather>(
    source: Source,
    lenient: bool,
    make: impl Fn() -> G + Sync,
) -> Result<Scanned<G>, IngestError> {
    let name = source.name().to_owned();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let state = State {
        lenient,
        outcomes: Mutex::default(),
        stop: AtomicUsize::new(usize::MAX),
        failure: Mutex::default(),
    };
    let progress = source.progress();
    let parts = match source.plain_file() {
        Some((path, length)) => {
            let files = Files::new(path, length);
            let workers = workers.min(files.count()).max(1);
            on_all(workers, || {
                let mut gather = make();
                let mut reader = match files.open() {
                    Ok(reader) => reader,
                    Err(error) => {
                        state.fail(0, error);
                        return gather;
                    }
                };
                while let Some(index) = files.next(state.stop.load(Ordering::Relaxed)) {
                    match reader.read(index) {
                        Ok(chunk) => {
                            state.work(&chunk, &mut gather);
                            reader.reuse(chunk);
                        }
                        Err(error) => state.fail(index, error),
                    }
                    if let Some(progress) = &progress {
                        progress(files.size_of(index));
                    }
                }
                gather
            })
        }
        None => {
            let stream = Stream::new(source);
            on_all(workers, || {
                let mut gather = make();
                while let Some((index, read)) = stream.next(state.stop.load(Ordering::Relaxed)) {
                    match read {
                        Ok(chunk) => {
                            state.work(&chunk, &mut gather);
                            if let Some(progress) = &progress {
                                progress(chunk.bytes().len() as u64);
                            }
                        }
                        Err(error) => state.fail(index, error),
                    }
                }
                gather
            })
        }
    };
    let warnings = state.finish(&name)?;
    Ok(Scanned { parts, warnings })
}

/// Does the same on so many threads.
fn on_all<G: Send>(workers: usize, work: impl Fn() -> G + Sync) -> Vec<G> {
    if workers == 1 {
        return vec![work()];
    }
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}

/// What the workers share.
struct State {
    lenient: bool,
    outcomes: Mutex<BTreeMap<usize, Outcome>>,
    /// Chunks from this one on need not be read any more.
    stop: AtomicUsize,
    /// The first chunk that could not be read, and why.
    failure: Mutex<Option<(usize, std::io::Error)>>,
}

impl State {
    fn work(&self, chunk: &Chunk, gather: &mut impl Gather) {
        let mut outcome = Outcome::default();
        let bytes = chunk.bytes();
        let mut start = 0;
        while start < bytes.len() {
            let order = ((chunk.index as u64) << 32) | outcome.lines;
            outcome.lines += 1;
            if let Some(length) = gather.known_line(&bytes[start..], order) {
                start += length;
                continue;
            }
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
            let line = &bytes[start..end];
            if let Err(problem) = gather.line(line, order) {
                // What a whole line says wrongly is wrong; what a line without an end says is cut.
                let cut = end == bytes.len() && matches!(problem, Problem::Malformed(_));
                let problem = if cut {
                    Problem::Truncated { lines: 0, how: "the last line is cut".to_owned() }
                } else {
                    problem
                };
                let grave =
                    matches!(problem, Problem::TooManyEndpoints { .. } | Problem::TooMany { .. });
                outcome.broken += 1;
                if outcome.first.is_none() || grave {
                    outcome.first = Some((outcome.lines, problem));
                }
                if grave || !self.lenient {
                    self.stop.fetch_min(chunk.index, Ordering::Relaxed);
                    break;
                }
            }
            start = end + 1;
        }
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(chunk.index, outcome);
    }

    fn fail(&self, index: usize, error: std::io::Error) {
        self.stop.fetch_min(index, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|(known, _)| index < *known) {
            *failure = Some((index, error));
        }
    }

    /// The warnings, or the first error of the file.
    fn finish(self, name: &str) -> Result<Vec<Warning>, IngestError> {
        let outcomes = self.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut failure = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (mut lines, mut broken, mut first, mut cut) = (0, 0, None, None);
        for (index, outcome) in outcomes {
            if failure.as_ref().is_some_and(|(failed, _)| *failed < index) {
                break;
            }
            if let Some((line, problem)) = outcome.first {
                let at = lines + line;
                match problem {
                    Problem::TooManyEndpoints { .. } | Problem::TooMany { .. } => {
                        return Err(IngestError::at(name, at, problem));
                    }
                    Problem::Truncated { how, .. } if self.lenient => {
                        cut = Some((at, how));
                        broken += outcome.broken - 1;
                    }
                    Problem::Truncated { how, .. } => {
                        let problem = Problem::Truncated { lines: at - 1, how };
                        return Err(IngestError::at(name, at, problem));
                    }
                    problem if !self.lenient => return Err(IngestError::at(name, at, problem)),
                    problem => {
                        broken += outcome.broken;
                        first = first.or(Some((at, problem.to_string())));
                    }
                }
            }
            lines += outcome.lines;
        }
        if let Some((_, error)) = failure.take() {
            match io_error(name, error, lines) {
                IngestError { problem: Problem::Truncated { how, .. }, .. } if self.lenient => {
                    cut = Some((lines + 1, how));
                }
                other => return Err(other),
            }
        }
        let mut warnings = Vec::new();
        if let Some((line, how)) = cut {
            warnings.push(Warning::at(WarningKind::Truncated { how }, name, Some(line)));
        }
        if let Some((line, first)) = first {
            let kind = WarningKind::BrokenLines { count: broken, first };
            warnings.push(Warning::at(kind, name, Some(line)));
        }
        Ok(warnings)
    }
}
