//! Result file in, normalised [`Run`] and warnings out.
//!
//! [`read`] recognises a file by its content and hands it to the one module that knows the format. A new format is a
//! new module, a variant of [`Format`] and a line in `detect.rs`. Nothing here compares or decides.

mod baseline_table;
mod benchmark_data;
mod csv_file;
mod detect;
mod error;
mod format;
mod json_file;
mod k6_csv;
mod k6_metric;
mod k6_ndjson;
mod k6_raw;
mod k6_summary;
mod k6_summary_run;
mod locust_csv;
mod locust_json;
mod locust_key;
mod locust_side;
mod native;
mod prometheus;
mod resources;
mod source;

pub use benchmark_data::{HistoryRun, is_benchmark_data, read_benchmark_data};
pub use error::{IngestError, Problem};
pub use format::Format;
pub use prometheus::{PrometheusError, attach_prometheus};
pub use resources::{ResourceSeries, read_resources};
pub use source::Source;

use crate::model::{Run, Warning, WarningKind};

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// The format, if it is not to be recognised by content.
    pub format: Option<Format>,
    /// Whether a cut file and broken lines are warnings instead of errors.
    pub lenient: bool,
}

/// A run that was read.
#[derive(Debug)]
pub struct Ingested {
    /// The run.
    pub run: Run,
    /// What was noticed on the way.
    pub warnings: Vec<Warning>,
}

/// The format of a result file, by its content.
pub fn recognise(mut source: Source) -> Result<Format, IngestError> {
    detect::detect(&mut source)
}

/// Reads one result file.
pub fn read(source: Source, options: ReadOptions) -> Result<Ingested, IngestError> {
    let mut source = source;
    let format = match options.format {
        Some(format) => format,
        None => detect::detect(&mut source)?,
    };
    let name = source.name().to_owned();
    let mut ingested = match format {
        Format::Perfgate => native::read(source),
        Format::LocustCsv => locust_csv::read(source, options.lenient),
        Format::LocustJson => locust_json::read(source),
        Format::K6Summary => k6_summary_run::read(source),
        Format::K6Json => k6_ndjson::read(source, options.lenient),
        Format::K6Csv => k6_csv::read(source, options.lenient),
        Format::Table => baseline_table::read(source),
    }?;
    if ingested.run.total.requests == Some(0) {
        ingested.warnings.push(Warning::at(WarningKind::NoRequests, &name, None));
    }
    let never_held = |check: &&crate::model::Check| check.passes == 0 && check.fails > 0;
    for check in ingested.run.checks.iter().filter(never_held) {
        let kind = WarningKind::CheckNeverHeld { name: check.name.clone() };
        ingested.warnings.push(Warning::at(kind, &name, None));
    }
    Ok(ingested)
}
