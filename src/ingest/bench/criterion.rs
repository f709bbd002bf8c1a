//! criterion's folder, `target/criterion`, as `criterion_folder.rs` puts it together: nanoseconds, each sample of many iterations.

use super::{Benchmark, Suite, Times};
use crate::ingest::criterion_folder::KEY;
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::limits;
use serde::Deserialize;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "criterion",
    tool: "criterion",
    title: "criterion's folder",
    get: "`cargo bench`: give the folder `target/criterion`",
    section: "criterion",
    versions: "0.5",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::P99],
    remark: "the last run (`new`) of each benchmark in it",
    claim: |head| {
        if head.has_key(KEY) {
            return Claim::Certain;
        }
        let part = |keys: &[&str]| keys.iter().all(|key| head.has_key(key));
        let parts: [&[&str]; 3] = [
            &["group_id", "full_id", "directory_name"],
            &["mean", "point_estimate", "confidence_interval"],
            &["sampling_mode", "iters", "times"],
        ];
        if parts.into_iter().any(part) { Claim::Other(&PART) } else { Claim::No }
    },
    read: |source, _| read(source),
};

/// One of the files of a benchmark.
static PART: OtherFile = OtherFile {
    what: "is one of the files that criterion writes for a benchmark",
    help: |_| "give the whole folder, such as target/criterion".to_owned(),
    beside_results: true,
};

#[derive(Deserialize)]
struct Document {
    criterion_benchmarks: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    benchmark: Name,
    sample: Sample,
}

#[derive(Deserialize)]
struct Name {
    /// Group, function and parameter; those of the folder have other characters in the place of some.
    full_id: String,
}

/// How many iterations each sample has, and how many nanoseconds all of them took.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let document: Document = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut suite = Suite::new(&name, FORMAT.tool, None);
    for Entry { benchmark, sample } in document.criterion_benchmarks {
        if sample.iters.len() != sample.times.len() || sample.iters.iter().any(|n| *n <= 0.0) {
            let problem = format!("{}: iters and times do not fit together", benchmark.full_id);
            return Err(IngestError::new(&name, Problem::Malformed(problem)));
        }
        let each = sample.times.iter().zip(&sample.iters).map(|(time, iters)| time / iters);
        let times: Vec<f64> = each.collect();
        suite.add(Benchmark {
            name: benchmark.full_id,
            rounds: Some(times.len() as u64),
            latency: Times { file: &name, unit_ms: 1e-6 }.rounds(&times)?,
            ..Benchmark::default()
        })?;
    }
    suite.finish()
}
