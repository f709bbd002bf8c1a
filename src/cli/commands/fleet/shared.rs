//! What the commands of a fleet have in common.

use crate::cli::args::Back;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::Unread;
use crate::cli::session::Session;
use crate::report::escape_terminal;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The time that is meant.
pub(super) fn time_of(back: Back) -> Result<Timestamp, CliError> {
    let at = match back {
        Back::Days(days) => Timestamp::now().checked_sub((24 * i64::from(days)).hours()),
        Back::Day(day) => day.to_zoned(TimeZone::UTC).map(|at| at.timestamp()),
    };
    at.map_err(|error| CliError::usage(error.to_string(), "give a time that is not so long ago"))
}

/// Names the services that could not be read; then the command has not done all its work.
pub(super) fn say_unread(unread: &[Unread], session: &Session<'_>) -> Result<Exit, CliError> {
    for Unread { service, why } in unread {
        session.say(&format!("{}: {}", escape_terminal(service), escape_terminal(why)))?;
    }
    Ok(if unread.is_empty() { Exit::Pass } else { Exit::CouldNotRun })
}
