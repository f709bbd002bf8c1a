//! `perfgate normalize`: any supported format in, `perfgate.run/1` out.

use super::args::NormalizeArgs;
use super::error::CliError;
use super::exit::Exit;
use super::output::write_file;
use super::policy::load;
use super::profile::refuse_misspelt_profile;
use super::results::{Read, read_results};
use super::session::Session;
use crate::model::{Run, Warning};
use crate::report::{escape_terminal, harmless, warning_text, write_json};
use crate::schema::RunV1;
use std::io::{self, Write};
use std::path::Path;

pub(super) fn run(args: &NormalizeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load(session)?;
    refuse_misspelt_profile(&args.run, &loaded)?;
    let Read { runs, warnings } = read_results(&args.results, &args.run, &loaded, session)?;
    if runs.is_empty() {
        return Err(no_results());
    }
    if args.output.is_some() && runs.len() > 1 {
        let problem = format!("{} runs do not fit into one file", runs.len());
        return Err(CliError::usage(
            problem,
            "normalise them one by one, or add shards up with --merge",
        ));
    }
    write_runs(&runs, !args.no_histograms, args.output.as_deref(), session)?;
    say_warnings(&warnings, session)?;
    Ok(Exit::Pass)
}

/// Nothing to read was named anywhere.
pub(super) fn no_results() -> CliError {
    let help = "name result files, or set `results` in perfgate.yaml";
    CliError::usage("there is nothing to read", help)
}

/// Writes runs as JSON, one document each.
pub(super) fn write_runs(
    runs: &[Run],
    histograms: bool,
    file: Option<&Path>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let mut text = Vec::new();
    for run in runs {
        let wire =
            if histograms { RunV1::with_histograms(run)? } else { RunV1::without_histograms(run) };
        write_json(&wire, &mut text).map_err(CliError::Output)?;
    }
    match file {
        Some(path) => write_file(&session.path(path), |out: &mut dyn Write| out.write_all(&text)),
        None => session.print(|out| -> io::Result<()> { out.write_all(&text) }),
    }
}

/// Warnings of commands that make no report.
pub(super) fn say_warnings(
    warnings: &[Warning],
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    for warning in warnings {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{}:{line}: ", escape_terminal(&place.file)),
            None => format!("{}: ", escape_terminal(&place.file)),
        });
        let text = harmless(&warning_text(&warning.kind));
        session.say(&format!("warning: {}{text}", place.unwrap_or_default()))?;
    }
    Ok(())
}
