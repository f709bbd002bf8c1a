//! `perfgate --version`: with `--verbose`, which build this is, for whoever reads a report of a bug.

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::ingest::FORMATS;
use crate::schema::{FLEET_SCHEMA, HISTORY_SCHEMA, NOTICE_SCHEMA, REPORT_SCHEMA, RUN_SCHEMA};
use std::env::consts::{ARCH, OS};
use std::io::Write as _;

/// The commit that it was built from, where whoever built it said so.
const COMMIT: Option<&str> = option_env!("PERFGATE_COMMIT");

/// What may be left out of a build.
const FEATURES: &str = if cfg!(feature = "object-store") { "object-store" } else { "none" };

pub(in crate::cli) fn run(verbose: bool, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    session.print(|out| writeln!(out, "perfgate {version}"))?;
    if !verbose {
        return Ok(Exit::Pass);
    }
    let commit = COMMIT.unwrap_or("unknown");
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let formats = FORMATS.len();
    session.print(|out| {
        writeln!(out, "  commit   {commit}")?;
        writeln!(out, "  build    {build}")?;
        writeln!(out, "  target   {ARCH} {OS}{}", libc())?;
        writeln!(out, "  features {FEATURES}")?;
        writeln!(out, "  reads    {formats} formats (perfgate normalize --list-formats)")?;
        writeln!(
            out,
            "  writes   {RUN_SCHEMA}, {REPORT_SCHEMA}, {HISTORY_SCHEMA}, {NOTICE_SCHEMA}, {FLEET_SCHEMA}"
        )
    })?;
    Ok(Exit::Pass)
}

/// The C library, where a platform has several.
fn libc() -> &'static str {
    if cfg!(target_env = "musl") {
        " (musl)"
    } else if cfg!(all(target_os = "linux", target_env = "gnu")) {
        " (glibc)"
    } else {
        ""
    }
}
