//! perfgate's own format, `perfgate.run/1`; the schema is in [`crate::schema`].

use super::error::{IngestError, Problem};
use super::fact::Fact;
use super::format::{Format, Holds, Ingested};
use super::head::{Claim, Head};
use super::json_file::json_error;
use super::source::Source;
use crate::model::{Named as _, Warning, WarningKind, limits};
use crate::schema::{RunFileError, read_run};

pub(super) static FORMAT: Format = Format {
    name: "perfgate",
    tool: "perfgate",
    title: "`perfgate.run/1`",
    get: "perfgate's own JSON, which any script can write (see below)",
    section: "perfgate's own format",
    versions: "0.1",
    holds: Holds::Run,
    tells: Fact::ALL,
    remark: "says what whoever wrote it has put in",
    claim,
    read: |source, _| read(source),
};

/// A script may write its keys in any order, and its samples may fill the head.
fn claim(head: &Head<'_>) -> Claim {
    let has = |key| head.has_key(key);
    let named = has("schema") && head.text().contains("perfgate.run/");
    let shaped = has("endpoints") && (has("latency") || has("samples") || has("quantiles"));
    Claim::likely_if(named || shaped)
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::RUN_BYTES)?;
    let read = read_run(&bytes).map_err(|error| match error {
        RunFileError::Json { source } => json_error(&name, &source),
        other => IngestError::new(&name, Problem::Malformed(other.to_string())),
    })?;
    let warn = |path| Warning::at(WarningKind::UnknownField { path }, &name, None);
    Ok(Ingested { run: read.run, warnings: read.unknown_fields.into_iter().map(warn).collect() })
}
