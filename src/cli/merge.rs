//! `perfgate merge`: the shards of one distributed load test become one run.

use super::args::MergeArgs;
use super::error::CliError;
use super::exit::Exit;
use super::normalize::{say_warnings, write_runs};
use super::results::{expand, read_files};
use super::session::Session;
use crate::ingest::ReadOptions;
use crate::model::merge_shards;

pub(super) fn run(args: &MergeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let paths = expand(&args.runs, session.folder(), session)?;
    let read = read_files(&paths, &ReadOptions::default(), session)?;
    let whole = merge_shards(read.runs)?;
    write_runs(&[whole], true, args.output.as_deref(), session)?;
    say_warnings(&read.warnings, session)?;
    Ok(Exit::Pass)
}
