//! `perfgate man`: a man page for each command, for packages.

use crate::cli::args::Arguments;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::write_file;
use crate::cli::session::Session;
use crate::report::plural;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use std::path::Path;

pub(super) fn run(folder: &Path, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let target = session.path(folder);
    let written = write_pages(&program, &target)?;
    session.say(&format!("wrote {} to {}", plural(written, "page"), folder.display()))?;
    Ok(Exit::Pass)
}

/// The page of a command and of all below it; how many.
fn write_pages(command: &Command, folder: &Path) -> Result<usize, CliError> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let page = Man::new(command.clone()).title(&name).section("1");
    write_file(&folder.join(format!("{name}.1")), |mut out| page.render(&mut out))?;
    let below = command.get_subcommands().filter(|own| !own.is_hide_set());
    below.map(|own| write_pages(own, folder)).sum::<Result<usize, CliError>>().map(|n| n + 1)
}
