//! `perfgate completions`: what a shell completes when the tab key is pressed.

use crate::cli::args::{Arguments, CompletionsArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use clap::{Command, CommandFactory as _};

pub(super) fn run(args: &CompletionsArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let all = Arguments::command();
    // clap would complete hidden commands, too.
    let visible = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let mut command =
        Command::new("perfgate").args(all.get_arguments().cloned()).subcommands(visible);
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "perfgate", &mut text);
    session.print(|out| out.write_all(&text))?;
    Ok(Exit::Pass)
}
