//! `perfgate fleet`: many services at once.

mod gates;
mod index;
mod site;
mod steps;

use crate::cli::args::{Back, FleetArgs, FleetCommand};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::Unread;
use crate::cli::session::Session;
use crate::report::escape_terminal;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

pub(super) fn run(args: &FleetArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    match &args.command {
        FleetCommand::Index(args) => index::run(args, session),
        FleetCommand::Top(args) => steps::top(args, session),
        FleetCommand::Steps(args) => steps::all(args, session),
        FleetCommand::Gates(args) => gates::run(args, session),
        FleetCommand::Site(args) => site::run(args, session),
    }
}

/// The time that is meant.
fn time_of(back: Back) -> Result<Timestamp, CliError> {
    let at = match back {
        Back::Days(days) => Timestamp::now().checked_sub((24 * i64::from(days)).hours()),
        Back::Day(day) => day.to_zoned(TimeZone::UTC).map(|at| at.timestamp()),
    };
    at.map_err(|error| CliError::usage(error.to_string(), "give a time that is not so long ago"))
}

/// Names the services that could not be read; then the command has not done all its work.
fn say_unread(unread: &[Unread], session: &Session<'_>) -> Result<Exit, CliError> {
    for Unread { service, why } in unread {
        session.say(&format!("{}: {}", escape_terminal(service), escape_terminal(why)))?;
    }
    Ok(if unread.is_empty() { Exit::Pass } else { Exit::CouldNotRun })
}
