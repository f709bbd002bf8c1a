//! The `perfgate` program; everything it does is in the library.

use perfgate::cli::{Environment, Exit, Session, run};
use std::io::{self, BufWriter, IsTerminal as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(folder) = std::env::current_dir() else { return Exit::CouldNotRun.into() };
    let terminals = [io::stdout().is_terminal(), io::stderr().is_terminal()];
    let (out, err) = (Box::new(BufWriter::new(io::stdout())), Box::new(io::stderr()));
    let mut session = Session::new(folder, Environment::of_process(), out, err, terminals);
    run(std::env::args_os(), &mut session)
}
