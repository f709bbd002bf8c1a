//! `perfgate schema`: the JSON Schema of a file that perfgate reads or writes.

use crate::cli::args::{SchemaArgs, SchemaFile, SchemaFormat};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::schema_table::write_table;
use crate::cli::session::Session;
use crate::config::PolicyFile;
use crate::schema::{FleetV1, HistoryV1, NoticeV1, ReportV1, RunV1};
use std::io::Write as _;

pub(super) fn run(args: &SchemaArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let schema = match args.file {
        SchemaFile::Run => schemars::schema_for!(RunV1),
        SchemaFile::Report => schemars::schema_for!(ReportV1),
        SchemaFile::History => schemars::schema_for!(HistoryV1),
        SchemaFile::Notice => schemars::schema_for!(NoticeV1),
        SchemaFile::Fleet => schemars::schema_for!(FleetV1),
        SchemaFile::Config => schemars::schema_for!(PolicyFile),
    };
    match args.format {
        SchemaFormat::Json => {
            let text = serde_json::to_string_pretty(&schema)?;
            session.print(|out| writeln!(out, "{text}"))?;
        }
        SchemaFormat::Markdown => session.print(|out| write_table(schema.as_value(), out))?,
    }
    Ok(Exit::Pass)
}
