//! placeholder
use super::args::DemoArgs;
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
pub(super) fn run(_: &DemoArgs, _: &mut Session<'_>) -> Result<Exit, CliError> {
    Ok(Exit::Pass)
}
