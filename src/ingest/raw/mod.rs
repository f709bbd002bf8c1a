//! Raw samples, record by record, on every processor: the file in chunks that end where records do, one gatherer for each worker,
//! and what they gathered put together at the end. Memory is that of a few chunks, however large the file is.

mod borders;
mod chunks;
mod found;
mod lines;
mod rows;

pub(super) use borders::Records;
pub(super) use chunks::Chunk;
pub(super) use found::Found;
pub(super) use lines::{TakeLine, each_line};
pub(super) use rows::{Header, each_row};

use super::Ingested;
use super::error::{IngestError, Problem};
use super::source::Source;
use chunks::Supply;
use found::Findings;

/// Workers at most: beyond, the memory bus is the limit.
const MOST_WORKERS: usize = 8;

/// What gathers the records of a file, one for each worker.
pub(super) trait Gather: Send {
    /// What is gathered.
    type Sum: Sum;

    /// Takes the records of a chunk, and counts its lines.
    fn chunk(&mut self, chunk: &Chunk, found: &mut Found);

    /// What was gathered.
    fn sum(self) -> Self::Sum;
}

/// What adds up to a run, in any order.
pub(super) trait Sum {
    /// Adds what another worker gathered.
    fn merge(&mut self, other: Self) -> Result<(), Problem>;

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
    let findings = Findings::new(how.lenient);
    let progress = source.progress();
    let supply = Supply::new(source, how.records);
    // A stream is read through the source, which tells by itself.
    let progress = progress.filter(|_| matches!(supply, Supply::File { .. }));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if how.in_order { 1 } else { processors.min(MOST_WORKERS) };
    let parts = on_all(workers.min(supply.most()).max(1), || {
        let mut gather = make();
        let mut worker = supply.worker();
        while let Some((index, chunk)) = worker.next(findings.limit()) {
            match chunk {
                Ok(chunk) => {
                    let mut found = findings.of_chunk();
                    refuse_nul(&chunk, &mut found);
                    if !found.is_over() {
                        gather.chunk(&chunk, &mut found);
                    }
                    findings.done(index, found);
                    if let Some(progress) = &progress {
                        progress(chunk.bytes().len() as u64);
                    }
                    worker.reuse(chunk);
                }
                Err(error) => findings.fail(index, error),
            }
        }
        gather
    });
    let warnings = findings.finish(&name)?;
    let mut whole = make().sum();
    for part in parts {
        whole.merge(part.sum()).map_err(|problem| IngestError::new(&name, problem))?;
    }
    let mut ingested = whole.finish(&name);
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

/// A NUL byte is what a crash or a bad disk left: no tool writes one, and what stood there is lost.
fn refuse_nul(chunk: &Chunk, found: &mut Found) {
    let bytes = chunk.bytes();
    let Some(at) = memchr::memchr(0, bytes) else { return };
    let line = || memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1;
    let why = "a NUL byte: a part of the file was lost, and what stood there with it";
    // Whether to read on is asked before the chunk is.
    let _ = found.problem(line, Problem::Malformed(why.to_owned()));
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
