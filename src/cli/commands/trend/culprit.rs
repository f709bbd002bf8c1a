//! The command that finds the commit of a step, where commits between the two that were recorded may be it.

use crate::cli::error::CliError;
use crate::cli::labels::TestNames;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::report::{bisect_command, escape_shell};
use crate::store::History;
use crate::trend::Table;
use std::io::Write as _;

/// Prints the command for the newest step for the worse.
pub(super) fn say_command(
    table: &Table,
    test: &TestNames,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let Some(worse) = table.newest_worse_step() else { return Ok(()) };
    let ends = (worse.before, worse.from);
    let history = History::open(session.folder(), loaded.reach(Network::Offline))?;
    // Without the history of a commit, whatever lies between is not known.
    if history.between(ends.0, ends.1).is_ok_and(|commits| commits.len() < 2) {
        return Ok(());
    }
    let command = bisect_command(ends, worse.column, &arguments(test).into());
    let command = crate::report::escape_terminal(&command);
    session.print(|out| writeln!(out, "\n  find the commit of the step: {command}"))
}

/// The arguments that select the test, with a blank in front.
fn arguments(test: &TestNames) -> String {
    let named =
        [("suite", &test.suite), ("profile", &test.profile), ("environment", &test.environment)];
    let given = named.iter().filter_map(|(option, value)| Some((option, (*value).as_ref()?)));
    given.map(|(option, value)| format!(" --{option} {}", escape_shell(value))).collect()
}
