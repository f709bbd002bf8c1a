//! `perfgate fleet`: many services at once.

mod gates;
mod index;
mod shared;
mod site;
mod steps;

use crate::cli::args::{FleetArgs, FleetCommand};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;

pub(super) fn run(args: &FleetArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    match &args.command {
        FleetCommand::Index(args) => index::run(args, session),
        FleetCommand::Top(args) => steps::top(args, session),
        FleetCommand::Steps(args) => steps::all(args, session),
        FleetCommand::Gates(args) => gates::run(args, session),
        FleetCommand::Site(args) => site::run(args, session),
    }
}
