//! pytest-benchmark `--benchmark-json`: one object, times in seconds, each that of one call: a round of many is divided already.
//!
//! The times of the rounds are in it with `--benchmark-save-data` only; `--benchmark-json` has them always.

use super::{Benchmark, Stated, Suite, Times};
use crate::ingest::error::{IngestError, OtherFile};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::limits;
use serde::Deserialize;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "pytest-benchmark",
    tool: "pytest-benchmark",
    title: "pytest-benchmark `--benchmark-json`",
    get: "`pytest --benchmark-json FILE`",
    section: "pytest-benchmark",
    versions: "5.3.1",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::P99, Fact::ResponseTimes],
    remark: "a test that fails is not in the file",
    claim: |head| {
        let table = ["OPS", "Rounds", "Iterations"];
        if !head.begins_with(b'{') && table.into_iter().all(|title| head.text().contains(title)) {
            return Claim::Other(&PRINTED);
        }
        // As written, and with sorted keys.
        let own = [["machine_info", "python_version"], ["fullname", "disable_gc"]];
        Claim::likely_if(own.iter().any(|keys| keys.iter().all(|key| head.has_key(key))))
    },
    read: |source, _| read(source),
};

/// What pytest prints.
static PRINTED: OtherFile = OtherFile {
    what: "is what pytest prints, whose numbers are rounded and whose unit changes",
    help: |_| "write JSON: pytest --benchmark-json FILE".to_owned(),
    beside_results: true,
};

#[derive(Deserialize)]
struct Report {
    machine_info: MachineInfo,
    benchmarks: Vec<Entry>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct MachineInfo {
    python_version: Option<String>,
    #[serde(default)]
    cpu: Cpu,
}

#[derive(Deserialize, Default)]
struct Cpu {
    brand_raw: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    /// The file, the test and its parameters: the only name that is unique.
    fullname: String,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    rounds: u64,
    mean: f64,
    median: f64,
    min: f64,
    max: f64,
    stddev: f64,
    data: Option<Vec<f64>>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut suite = Suite::new(&name, FORMAT.tool, report.version.as_deref());
    suite.label("cpu", report.machine_info.cpu.brand_raw.as_deref());
    suite.label("python", report.machine_info.python_version.as_deref());
    let times = Times { file: &name, unit_ms: 1e3 };
    for Entry { fullname, stats } in report.benchmarks {
        let rounds = times.rounds(stats.data.as_deref().unwrap_or_default())?;
        let latency = match rounds {
            Some(latency) => latency,
            None => times.stated(Stated {
                rounds: Some(stats.rounds),
                mean: Some(stats.mean),
                median: Some(stats.median),
                min: Some(stats.min),
                max: Some(stats.max),
                stddev: Some(stats.stddev).filter(|_| stats.rounds > 1),
            })?,
        };
        suite.add(Benchmark {
            name: fullname,
            rounds: Some(stats.rounds),
            latency: Some(latency),
            ..Benchmark::default()
        })?;
    }
    suite.finish()
}
