//! The command line: parses arguments, brings the other rooms together, maps the outcome to an exit code.
//!
//! One file per command, all of the same shape: the arguments as typed, then `run(&Args, &mut Session)`.

mod args;
mod baseline;
mod bundle;
mod check;
mod commit;
mod compare;
mod comparison;
mod completions;
mod demo;
mod doctor;
mod error;
mod exit;
mod init;
mod input;
mod merge;
mod normalize;
mod output;
mod place;
mod policy;
mod profile;
mod publish;
mod record;
mod report;
mod results;
mod run;
mod schema;
mod selftest;
mod session;
mod sight;
mod trend;

pub use exit::Exit;
pub use session::{Environment, Session};

use crate::driver::survive_size_limit;
use crate::model::brief;
use args::{Arguments, Command};
use clap::Parser as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs perfgate with these arguments (the first is the program's name) and returns how it ended. Everything that it
/// writes goes through the session.
pub fn run(arguments: impl IntoIterator<Item = OsString>, session: &mut Session<'_>) -> ExitCode {
    // Where it cannot be asked for, such a write ends the process as it would anyway.
    survive_size_limit().unwrap_or_default();
    match Arguments::try_parse_from(arguments) {
        // It ends as the tool does that it looks after.
        Ok(Arguments { command: Command::Supervise { command }, .. }) => {
            run::supervisor(&command, session)
        }
        Ok(arguments) => command(arguments, session).into(),
        Err(error) => usage(&error, session).into(),
    }
}

/// The same inside the program: for commands that show others at work.
fn run_inside(arguments: Vec<OsString>, session: &mut Session<'_>) -> Exit {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => command(arguments, session),
        Err(error) => usage(&error, session),
    }
}

fn command(arguments: Arguments, session: &mut Session<'_>) -> Exit {
    session.set_color(arguments.color);
    session.policy_file = arguments.policy;
    let outcome = match &arguments.command {
        Command::Record(args) => record::run(args, session),
        Command::Compare(args) => compare::run(args, session),
        Command::Run(args) => run::run(args, session),
        Command::Check(args) => check::run(args, session),
        Command::Normalize(args) => normalize::run(args, session),
        Command::Merge(args) => merge::run(args, session),
        Command::Baseline(args) => baseline::run(args, session),
        Command::Trend(args) => trend::run(args, session),
        Command::Report(args) => report::run(args, session),
        Command::Publish(args) => publish::run(args, session),
        Command::Selftest(args) => selftest::run(args, session),
        Command::Init(args) => init::run(args, session),
        Command::Doctor(args) => doctor::run(args, session),
        Command::Schema(args) => schema::run(args, session),
        Command::Completions(args) => completions::run(args, session),
        Command::Demo(args) => demo::run(args, run_inside, session),
        Command::Supervise { .. } => Ok(Exit::Pass),
    };
    let outcome = outcome.and_then(|exit| session.flush().map(|()| exit));
    match outcome {
        Ok(exit) => exit,
        Err(error) => {
            // Where not even the error can be written there is nobody left to tell.
            drop(error.write(session.err.get_mut()));
            error.exit()
        }
    }
}

/// What clap has to say: help and version are answers, everything else is a mistake of the caller.
fn usage(error: &clap::Error, session: &mut Session<'_>) -> Exit {
    let text = error.render();
    let (written, exit) = if error.use_stderr() {
        // It repeats the argument that is wrong.
        let text = styled(&text, session.color_err);
        let lines: Vec<_> = text.lines().map(brief).collect();
        (writeln!(session.err.get_mut(), "{}", lines.join("\n")), Exit::CouldNotRun)
    } else {
        (write!(session.out, "{}", styled(&text, session.color)), Exit::Pass)
    };
    drop(written.and_then(|()| session.out.flush()));
    exit
}

fn styled(text: &clap::builder::StyledStr, color: bool) -> String {
    if color { text.ansi().to_string() } else { text.to_string() }
}
