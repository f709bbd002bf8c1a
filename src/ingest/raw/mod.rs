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

use super::error::IngestError;
use super::source::Source;
use crate::model::Warning;
use chunks::Supply;
use found::Findings;

/// Workers at most: beyond, the memory bus is the limit.
const MOST_WORKERS: usize = 8;

/// What gathers the records of a file.
pub(super) trait Gather: Send {
    /// Takes the records of a chunk, and counts its lines.
    fn chunk(&mut self, chunk: &Chunk, found: &mut Found);
}

/// How a file is read.
pub(super) struct Scan {
    pub(super) records: Records,
    /// Whether broken records and a cut end are warnings; else the first of them is the error.
    pub(super) lenient: bool,
    /// Whether one worker reads it all, from its start to its end.
    pub(super) in_order: bool,
}

/// Everything that was read.
pub(super) struct Scanned<G> {
    /// What each worker gathered, in no order.
    pub(super) parts: Vec<G>,
    /// What was left out, and where the file was cut.
    pub(super) warnings: Vec<Warning>,
}

/// Reads a whole source.
pub(super) fn scan<G: Gather>(
    source: Source,
    how: &Scan,
    make: impl Fn() -> G + Sync,
) -> Result<Scanned<G>, IngestError> {
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
                    gather.chunk(&chunk, &mut found);
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
    Ok(Scanned { parts, warnings: findings.finish(&name)? })
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
