//! Raw samples, record by record, on every processor: the file in chunks that end where records do, one gatherer for each worker,
//! and what they gathered put together at the end. Memory is that of a few chunks, however large the file is.

mod chunks;
mod diagnostics;
mod echo;
mod lines;
mod record_boundaries;
mod rows;

pub(super) use chunks::Chunk;
pub(super) use diagnostics::ChunkDiagnostics;
pub(super) use echo::Echo;
pub(super) use lines::{TakeLine, each_line};
pub(super) use record_boundaries::Records;
pub(super) use rows::{Header, each_row};

use super::Ingested;
use super::error::{IngestError, Problem};
use super::source::{NUL, Source};
use crate::model::limits::{self, Exceeded};
use chunks::Supply;
use diagnostics::Diagnostics;
use std::sync::{Mutex, PoisonError};

/// Workers at most: beyond, the memory bus is the limit.
const MOST_WORKERS: usize = 8;
/// Bytes that all workers together gather before they hand it over: then what they have in common takes its room only once.
const SHARED_BYTES: usize = limits::MEASURED_BYTES / 2;

/// What gathers the records of a file, one for each worker.
pub(super) trait Gather: Send {
    /// What is gathered.
    type Sum: Sum;

    /// Takes the records of a chunk, and counts its lines.
    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics);

    /// Bytes that what was gathered takes, as far as they grow with the file.
    fn bytes(&self) -> usize;

    /// What was gathered.
    fn sum(self) -> Self::Sum;
}

/// What adds up to a run, in any order.
pub(super) trait Sum: Send {
    /// Adds what another worker gathered.
    fn merge(&mut self, other: Self) -> Result<(), Problem>;

    /// Bytes that it takes, as far as they grow with the file.
    fn bytes(&self) -> usize;

    /// Whether all of it came more than once.
    fn echo(&self) -> &Echo;

    /// The run.
    fn finish(self, file: &str) -> Ingested;
}

/// How a file is read.
pub(super) struct Scan {
    pub(super) records: Records,
    /// Whether broken records and a cut end are warnings; else the first of them is the error.
    pub(super) lenient: bool,
    /// Whether one worker reads it all, from its start to its end.
    pub(super) in_order: bool,
}

/// Reads a whole source.
pub(super) fn scan<G: Gather>(
    source: Source,
    how: &Scan,
    make: impl Fn() -> G + Sync,
) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let diagnostics = Diagnostics::new(how.lenient);
    let progress = source.progress();
    let supply = Supply::new(source, how.records);
    // A stream is read through the source, which tells by itself.
    let progress = progress.filter(|_| matches!(supply, Supply::File { .. }));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if how.in_order { 1 } else { processors.min(MOST_WORKERS) };
    let workers = workers.min(supply.most()).max(1);
    let whole = Whole { sum: Mutex::new(make().sum()), problem: Mutex::new(None) };
    let parts = on_all(workers, || {
        let mut gather = make();
        let mut worker = supply.worker();
        while let Some((index, chunk)) = worker.next(diagnostics.limit()) {
            match chunk {
                Ok(chunk) => {
                    let mut noted = diagnostics.chunk();
                    refuse_nul(&chunk, &mut noted);
                    if !noted.is_over() {
                        gather.chunk(&chunk, &mut noted);
                    }
                    diagnostics.done(index, noted);
                    if gather.bytes() > SHARED_BYTES / workers {
                        whole.add(std::mem::replace(&mut gather, make()).sum());
                    }
                    if whole.is_over() {
                        break;
                    }
                    if let Some(progress) = &progress {
                        progress(chunk.bytes().len() as u64);
                    }
                    worker.reuse(chunk);
                }
                Err(error) => diagnostics.fail(index, error),
            }
        }
        gather
    });
    let warnings = diagnostics.finish(&name)?;
    parts.into_iter().for_each(|part| whole.add(part.sum()));
    let whole = whole.finish().map_err(|problem| IngestError::new(&name, problem))?;
    if let Some((times, samples)) = whole.echo().repeated() {
        return Err(IngestError::new(&name, Problem::Repeated { times, samples }));
    }
    let mut ingested = whole.finish(&name);
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

/// What all workers have handed over: at the end, or before it takes too much room.
struct Whole<S> {
    sum: Mutex<S>,
    /// Why it cannot be added up.
    problem: Mutex<Option<Problem>>,
}

impl<S: Sum> Whole<S> {
    fn add(&self, part: S) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        let merged = if self.is_over() { Ok(()) } else { sum.merge(part) };
        let fits = sum.bytes() <= limits::MEASURED_BYTES;
        let problem = merged.err().or((!fits).then_some(Problem::Exceeded(Exceeded::Memory)));
        if let Some(problem) = problem {
            *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
        }
    }

    fn is_over(&self) -> bool {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn finish(self) -> Result<S, Problem> {
        match self.problem.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(problem) => Err(problem),
            None => Ok(self.sum.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

fn refuse_nul(chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
    let bytes = chunk.bytes();
    let Some(at) = memchr::memchr(0, bytes) else { return };
    let line = || memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1;
    // Whether to read on is asked before the chunk is.
    let _ = diagnostics.problem(line, Problem::Malformed(NUL.to_owned()));
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
