//! The `perfgate` program; everything it does is in the library.

use perfgate::cli::{Environment, Exit, Session, Stream, run};
use std::io::{self, BufWriter};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(folder) = std::env::current_dir() else { return Exit::CouldNotRun.into() };
    let streams = [Stream::of(io::stdout()), Stream::of(io::stderr())];
    let (out, err) = (Box::new(BufWriter::new(io::stdout())), Box::new(io::stderr()));
    let mut session = Session::new(folder, Environment::of_process(), out, err, streams);
    run(std::env::args_os(), &mut session)
}
