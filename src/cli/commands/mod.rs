//! One file per command, all of the same shape: the arguments as typed, then `run(&Args, &mut Session)`.

mod ab;
mod baseline;
mod bisect;
mod check;
mod compare;
mod completions;
mod demo;
mod doctor;
mod driving;
mod explain;
mod fleet;
mod init;
mod man;
mod mcp;
mod merge;
mod normalize;
mod notify;
mod publish;
mod record;
mod report;
mod run;
mod schema;
mod selftest;
mod trend;
mod version;
mod versions;

pub(super) use run::supervisor;
pub(super) use version::run as version;

use super::args::Command;
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use demo::Program;

/// Runs a command. `program` runs all of perfgate once more, in this process.
pub(super) fn run(
    command: &Command,
    program: Program,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    match command {
        Command::Record(args) => record::run(args, session),
        Command::Compare(args) => compare::run(args, session),
        Command::Run(args) => run::run(args, session),
        Command::Ab(args) => ab::run(args, session),
        Command::Bisect(args) => bisect::run(args, session),
        Command::Check(args) => check::run(args, session),
        Command::Normalize(args) => normalize::run(args, session),
        Command::Mcp => mcp::run(session),
        Command::Merge(args) => merge::run(args, session),
        Command::Baseline(args) => baseline::run(args, session),
        Command::Trend(args) => trend::run(args, session),
        Command::Report(args) => report::run(args, session),
        Command::Publish(args) => publish::run(args, session),
        Command::Fleet(args) => fleet::run(args, session),
        Command::Notify(args) => notify::run(args, session),
        Command::Selftest(args) => selftest::run(args, session),
        Command::Init(args) => init::run(args, session),
        Command::Doctor(args) => doctor::run(args, session),
        Command::Explain(args) => explain::run(args, session),
        Command::Schema(args) => schema::run(args, session),
        Command::Completions(args) => completions::run(args, session),
        Command::Man { folder } => man::run(folder, session),
        Command::Demo(args) => demo::run(args, program, session),
        // Handled before any other command: it ends with the status of the tool.
        Command::Supervise { .. } => Ok(Exit::Pass),
    }
}
