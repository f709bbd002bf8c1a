//! The command line: parses arguments, brings the other rooms together, maps the outcome to an exit code.
//!
//! `args` is what was typed. A command turns its arguments into values of the files beside it (a `ComparisonSpec`, a
//! `ResultSelection`); below `commands`, nothing knows about arguments.

mod args;
mod bundle;
mod ci_forge;
mod codes;
mod commands;
mod comparison;
mod documents;
mod error;
mod exit;
mod fleet;
mod histograms;
mod history;
mod job_page;
mod labels;
mod masthead;
mod meant_revision;
mod open_store;
mod output;
mod policy;
mod profile_names;
mod read_file;
mod recorded_numbers;
mod remote_files;
mod repository;
mod results;
mod rule_files;
mod rule_overrides;
mod schema_table;
mod screen;
mod sensitivity;
mod session;
mod skip;
mod under_test;

pub use exit::Exit;
pub use screen::Stream;
pub use session::{Environment, Session};

use crate::driver::survive_size_limit;
use crate::model::brief;
use args::{Arguments, Command};
use clap::Parser as _;
use clap::error::ErrorKind;
use error::CliError;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs perfgate with these arguments (the first is the program's name) and returns its exit status. All output goes through
/// the session.
pub fn run(arguments: impl IntoIterator<Item = OsString>, session: &mut Session<'_>) -> ExitCode {
    // Where it cannot be asked for, such a write ends the process as it would anyway.
    survive_size_limit().unwrap_or_default();
    match Arguments::try_parse_from(arguments) {
        // Exits with the supervised tool's status.
        Ok(Arguments { command: Some(Command::Supervise { command }), .. }) => {
            commands::supervisor(&command, session)
        }
        Ok(arguments) => execute(arguments, session).into(),
        Err(error) => usage(&error, session).into(),
    }
}

/// Runs perfgate inside this process, for a command that shows others at work.
fn run_inside(arguments: Vec<OsString>, session: &mut Session<'_>) -> Exit {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => execute(arguments, session),
        Err(error) => usage(&error, session),
    }
}

fn execute(arguments: Arguments, session: &mut Session<'_>) -> Exit {
    session.set_color(arguments.color);
    session.policy_file = arguments.policy;
    let outcome = match &arguments.command {
        Some(command) => commands::run(command, run_inside, session),
        None if arguments.version => commands::version(arguments.verbose, session),
        None => Err(CliError::usage("no command is given", "perfgate --help lists them")),
    };
    let outcome = outcome.and_then(|exit| session.flush().map(|()| exit));
    match outcome {
        Ok(exit) => exit,
        Err(error) => {
            // Where not even the error can be written there is nobody left to tell.
            let text = error.text(|line| session.on_err(line));
            drop(writeln!(session.err.get_mut(), "{text}"));
            error.exit()
        }
    }
}

/// What the parsers of numbers say, and what that means for who typed the number.
const WORDS: [(&str, &str); 5] = [
    ("invalid digit found in string", "write a whole number"),
    ("cannot parse integer from empty string", "write a whole number"),
    ("number too large to fit in target type", "the number is too large"),
    ("invalid float literal", "write a number"),
    ("number would be zero for non-zero type", "write a number from 1 up"),
];

/// What clap has to say: help and version are answers, everything else is a mistake of the caller.
fn usage(error: &clap::Error, session: &mut Session<'_>) -> Exit {
    let text = error.render();
    let (written, exit) = if error.use_stderr() {
        // It repeats the argument that is wrong.
        let mut text = styled(&text, session.paper_err.color);
        for (theirs, ours) in WORDS {
            text = text.replace(theirs, ours);
        }
        if error.kind() == ErrorKind::UnknownArgument && is_of_driver(&text) {
            text += "\nwrite the load tool's command behind --, as in: perfgate run -- locust -f locustfile.py";
        }
        // It takes whatever begins with two dashes for a value; nobody has results of such names.
        let lines = text.lines().filter(|line| !line.contains("tip: to pass"));
        let lines: Vec<_> = lines.map(brief).collect();
        (writeln!(session.err.get_mut(), "{}", lines.join("\n")), Exit::CouldNotRun)
    } else {
        (write!(session.out, "{}", styled(&text, session.paper.color)), Exit::Pass)
    };
    drop(written.and_then(|()| session.out.flush()));
    exit
}

/// Whether the mistake was made in a command that starts a load tool.
fn is_of_driver(text: &str) -> bool {
    ["perfgate run", "perfgate ab"].iter().any(|command| text.contains(command))
}

fn styled(text: &clap::builder::StyledStr, color: bool) -> String {
    if color { text.ansi().to_string() } else { text.to_string() }
}
