//! perfgate's own format, `perfgate.run/1`; the schema is in [`crate::schema`].

use super::Ingested;
use super::error::{IngestError, Problem};
use super::json_file::json_error;
use super::source::Source;
use crate::model::{Warning, WarningKind, limits};
use crate::schema::{RunFileError, read_run};

pub(super) fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::RUN_BYTES)?;
    let read = read_run(&bytes).map_err(|error| match error {
        RunFileError::Json { source } => json_error(&name, &source),
        other => IngestError::new(&name, Problem::Malformed(other.to_string())),
    })?;
    let warn = |path| Warning::at(WarningKind::UnknownField { path }, &name, None);
    Ok(Ingested { run: read.run, warnings: read.unknown_fields.into_iter().map(warn).collect() })
}
