//! Result file in, normalised [`crate::model::Run`] and warnings out.
//!
//! [`read`] recognises a file by its content and hands it to the one module that knows the format. A new format is a new module
//! and a line in `formats.rs`. One of raw samples takes records from `raw`, which reads a file in pieces, and gathers them: k6's
//! in `k6`, those of tools with one record for each request in `requests`. Documents about a whole test are in `totals`, reports for
//! people in `printed`, what services count of themselves in `telemetry`, tools that load language models in `llm`. Nothing here
//! compares or decides.

mod artillery;
mod baseline_table;
mod bench;
mod benchmark_data;
mod criterion_folder;
mod csv_file;
mod detect;
mod endpoint_stats;
mod endpoint_table;
mod error;
mod fact;
mod format;
mod format_group;
mod formats;
mod head;
mod json_file;
mod k6;
mod live;
mod llm;
mod locust;
mod native;
mod other_tools;
mod pages;
mod part_stats;
mod printed;
mod prometheus;
mod raw;
mod requests;
mod resources;
mod sample_filter;
mod source;
mod steps;
mod taurus;
mod telemetry;
mod timeline;
mod totals;
mod windows;
mod xml_file;

pub use benchmark_data::{HistoryRun, is_benchmark_data, read_benchmark_data};
pub use error::{IngestError, OtherFile, Problem};
pub use fact::Fact;
pub use format::{By, Format, Holds, Ingested, ReadOptions};
pub use format_group::FormatGroup;
pub use formats::FORMATS;
pub use live::{LiveCounts, LiveResults};
pub use prometheus::{PrometheusError, attach_prometheus};
pub use resources::{ResourceSeries, read_resources};
pub use source::{Progress, Source};

use crate::model::limits::check_run;
use crate::model::{Raw as _, Warning, WarningKind};
use std::path::Path;

/// The bytes of a document that holds no run: unpacked, without a byte order mark, no more of them than the limit, and no NUL
/// byte among them.
pub fn read_document(path: &Path, limit: u64) -> Result<Vec<u8>, IngestError> {
    Source::open(path)?.document(limit)
}

/// The format of a result file, by its content.
pub fn recognise(mut source: Source) -> Result<&'static Format, IngestError> {
    detect::detect(&mut source)
}

/// Reads one result file.
pub fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let mut source = source;
    let format = match options.format {
        Some(format) => format,
        None => detect::detect(&mut source)?,
    };
    let name = source.name().to_owned();
    if let Some((option, lacks)) = options.cannot_be_done(format) {
        let problem = Problem::NotRaw { option, lacks, raw: format.is_raw() };
        return Err(IngestError::new(&name, problem));
    }
    let mut ingested = (format.read)(source, options)?;
    check_run(&ingested.run).map_err(|exceeded| IngestError::new(&name, exceeded.into()))?;
    if ingested.run.total.requests == Some(0) {
        if options.trim_start.is_some() || options.from.is_some() || options.to.is_some() {
            return Err(IngestError::new(&name, Problem::NothingLeft));
        }
        let left_out = |warning: &Warning| {
            let why = match &warning.kind {
                WarningKind::BrokenLines { first, .. } => first.clone(),
                WarningKind::Truncated { how } => format!("nothing can be read: {how}"),
                _ => return None,
            };
            Some((warning.place.as_ref()?.line?, why))
        };
        // Leniency passes over what is broken or cut, and here that is everything.
        if let Some((line, why)) = ingested.warnings.iter().find_map(left_out) {
            return Err(IngestError::at(&name, line, Problem::Malformed(why)));
        }
        ingested.warnings.push(Warning::at(WarningKind::NoRequests, &name, None));
    }
    ingested.run.check_lengths().map_err(|long| IngestError::new(&name, Problem::TooLong(long)))?;
    let never_held = |check: &&crate::model::Check| check.passes == 0 && check.fails > 0;
    for check in ingested.run.checks.iter().filter(never_held) {
        let kind = WarningKind::CheckNeverHeld { name: check.name.raw().to_owned() };
        ingested.warnings.push(Warning::at(kind, &name, None));
    }
    Ok(ingested)
}
