//! What was wrong with the records of a file: the first of it is the error, or all of it a warning.

use crate::ingest::error::{IngestError, Problem};
use crate::ingest::source::io_error;
use crate::model::{Warning, WarningKind, limits};
use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What was found in a chunk.
pub(in crate::ingest) struct ChunkDiagnostics {
    lenient: bool,
    /// Lines that end in the chunk.
    pub(in crate::ingest) lines: u64,
    /// Records that were left out, and the first of them, by its line in the chunk.
    broken: u64,
    first: Option<(u64, Problem)>,
    /// Where the file is cut, and how.
    cut: Option<(u64, String)>,
    /// Whether nothing behind this needs to be read.
    stop: bool,
}

impl ChunkDiagnostics {
    /// Notes a record that could not be taken. Whether to read on. `line` is asked for its line in the chunk, from 1 on, only
    /// where it is told: of thousands of broken records that is one.
    pub(in crate::ingest) fn problem(
        &mut self,
        line: impl FnOnce() -> u64,
        problem: Problem,
    ) -> ControlFlow<()> {
        let grave = is_grave(&problem);
        match problem {
            Problem::Truncated { how, .. } => self.cut = Some((line(), how)),
            problem => {
                self.broken += 1;
                if self.first.is_none() || grave {
                    self.first = Some((line(), problem.shortened()));
                }
            }
        }
        self.stop |= grave || !self.lenient;
        if self.stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether nothing more is read.
    pub(in crate::ingest) fn is_over(&self) -> bool {
        self.stop
    }

    /// Notes that nothing behind this line of the chunk can be read: what was read before counts, where that is wanted.
    pub(in crate::ingest) fn unreadable(&mut self, line: u64, why: String) {
        let lines = 0;
        let problem = if self.lenient {
            Problem::Truncated { lines, how: why }
        } else {
            Problem::Malformed(why)
        };
        let _ = self.problem(|| line, problem);
        self.stop = true;
    }
}

/// What no leniency passes over.
fn is_grave(problem: &Problem) -> bool {
    matches!(problem, Problem::TooManyEndpoints { .. } | Problem::Exceeded(_))
}

/// A record without an end.
#[derive(Debug, thiserror::Error)]
#[error(
    "more than {} in one line or record: a quote or an element is not closed",
    limits::size(limits::RECORD_BYTES as u64)
)]
pub(super) struct TooLong {
    /// Lines between the last chunk that could be read and this record.
    pub(super) lines: u64,
}

/// What all workers found.
pub(super) struct Diagnostics {
    lenient: bool,
    chunks: Mutex<BTreeMap<usize, ChunkDiagnostics>>,
    /// Chunks behind this one need not be read any more.
    stop: AtomicUsize,
    /// The first chunk that could not be read, and why.
    failure: Mutex<Option<(usize, io::Error)>>,
}

impl Diagnostics {
    pub(super) fn new(lenient: bool) -> Self {
        let stop = AtomicUsize::new(usize::MAX);
        Self { lenient, chunks: Mutex::default(), stop, failure: Mutex::default() }
    }

    pub(super) fn limit(&self) -> usize {
        self.stop.load(Ordering::Relaxed)
    }

    /// Where what is found in one chunk is noted.
    pub(super) fn chunk(&self) -> ChunkDiagnostics {
        let lenient = self.lenient;
        ChunkDiagnostics { lenient, lines: 0, broken: 0, first: None, cut: None, stop: false }
    }

    pub(super) fn done(&self, index: usize, found: ChunkDiagnostics) {
        if found.stop {
            self.stop.fetch_min(index, Ordering::Relaxed);
        }
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner).insert(index, found);
    }

    pub(super) fn fail(&self, index: usize, error: io::Error) {
        self.stop.fetch_min(index, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|(known, _)| index < *known) {
            *failure = Some((index, error));
        }
    }

    /// The warnings, or the first error of the file.
    pub(super) fn finish(self, name: &str) -> Result<Vec<Warning>, IngestError> {
        let chunks = self.chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failure = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (mut lines, mut broken, mut first, mut cut) = (0, 0, None, None);
        for (index, found) in chunks {
            if failure.as_ref().is_some_and(|(failed, _)| *failed < index) {
                break;
            }
            if let Some((line, problem)) = found.first {
                let at = lines + line;
                if is_grave(&problem) || !self.lenient {
                    return Err(IngestError::at(name, at, problem));
                }
                broken += found.broken;
                first = first.or(Some((at, problem.to_string())));
            }
            if let Some((line, how)) = found.cut {
                let at = lines + line;
                if !self.lenient {
                    let problem = Problem::Truncated { lines: at - 1, how };
                    return Err(IngestError::at(name, at, problem));
                }
                cut = Some((at, how));
            }
            lines += found.lines;
        }
        if let Some((_, error)) = failure {
            let why = error.to_string();
            // What has no end could be anything: nobody knows where the next record begins.
            let endless = error.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>());
            let at = lines + endless.map_or(0, |own| own.lines) + 1;
            let endless = endless.is_some();
            match io_error(name, error, lines).problem {
                _ if endless && self.lenient => cut = Some((at, why)),
                _ if endless => return Err(IngestError::at(name, at, Problem::Malformed(why))),
                Problem::Truncated { how, .. } if self.lenient => cut = Some((at, how)),
                problem => return Err(IngestError::new(name, problem)),
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
