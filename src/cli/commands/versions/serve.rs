//! Starting a version.

use super::{Place, split};
use crate::cli::args::VersionArgs;
use crate::cli::codes::{self, Code};
use crate::cli::commands::driving::{Rig, output_in, tail};
use crate::cli::error::CliError;
use crate::driver::{Ended, Job, NotReady, Probe, Service, await_ready, free_port};
use std::path::{Path, PathBuf};

/// How often a service that ended because somebody took its port gets another one.
const TRIES: usize = 3;

/// A version that perfgate started.
pub(in crate::cli) struct Running {
    service: Service,
    /// Its output.
    log: PathBuf,
}

impl Running {
    /// A service that has ended is no service.
    pub(in crate::cli) fn refuse_ended(&mut self, name: &str) -> Result<(), CliError> {
        let Some(ended) = self.service.ended().map_err(CliError::Output)? else { return Ok(()) };
        let problem = format!("the service of {name} {} while it was measured", how_ended(ended));
        Err(with_output(&codes::NOT_READY, problem, &self.log))
    }
}

/// Starts a version on a free port, and waits until it responds.
pub(in crate::cli) fn serve(
    args: &VersionArgs,
    name: &str,
    folder: &Path,
    rig: &Rig<'_>,
) -> Result<(Running, Place), CliError> {
    let text = args.serve.as_deref().unwrap_or_default();
    let mut last = None;
    for _ in 0..TRIES {
        rig.refuse_interrupted()?;
        let port = free_port().map_err(CliError::Output)?;
        let place = Place::local(port);
        let probe = match &args.ready {
            Some(ready) => place.probe(ready)?,
            None => Probe::port(port),
        };
        let log = new_log(rig, name);
        let command = place.fill(&split(text)?);
        let pass = &rig.load.pass_env;
        let job = Job { command: &command, folder, log: &log, limit: args.ready_within, pass };
        let wrap = |source| CliError::File { path: log.clone(), source };
        let mut service = Service::start(&job, port).map_err(wrap)?;
        let found = await_ready(&probe, args.ready_within, &rig.interrupts, || service.ended());
        match found.map_err(wrap)? {
            None => return Ok((Running { service, log }, place)),
            Some(why) => {
                drop(service);
                rig.refuse_interrupted()?;
                let again = matches!(why, NotReady::Ended(_)) && is_port_taken(&log);
                last = Some(not_ready(name, why, port, args, &log));
                if !again {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| CliError::usage("no port is free", "try again")))
}

/// The log of a start: each has its own.
fn new_log(rig: &Rig<'_>, name: &str) -> PathBuf {
    let log = |number: usize| rig.out.join(format!("serve-{name}-{number}.log"));
    let number = (1..).find(|number| !log(*number).exists());
    log(number.unwrap_or_default())
}

/// Whether a service says that somebody took its port in the meantime.
fn is_port_taken(log: &Path) -> bool {
    let text = tail(log).join("\n").to_lowercase();
    text.contains("address already in use") || text.contains("eaddrinuse")
}

fn not_ready(name: &str, why: NotReady, port: u16, args: &VersionArgs, log: &Path) -> CliError {
    let within = args.ready_within.as_secs_f64();
    let problem = match why {
        NotReady::Ended(ended) => {
            format!("the service of {name} {} before it responded on port {port}", how_ended(ended))
        }
        NotReady::Status(status) => {
            format!("the service of {name} responds with status {status} after {within} s")
        }
        NotReady::Silent | NotReady::Interrupted => {
            format!("the service of {name} does not respond on port {port} after {within} s")
        }
    };
    with_output(&codes::NOT_READY, problem, log)
}

/// How a process ended, as the end of a sentence.
pub(super) fn how_ended(ended: Ended) -> String {
    match ended {
        Ended::Exited(code) => format!("ended with exit code {code}"),
        Ended::Killed(signal) => format!("was ended by signal {signal}"),
        Ended::NotStarted => "could not be started".to_owned(),
        Ended::TimedOut => "took too long and was ended".to_owned(),
        Ended::Interrupted | Ended::Stopped => "was interrupted".to_owned(),
    }
}

/// An error of a program, with where its output is and its last lines.
pub(super) fn with_output(code: &'static Code, problem: String, log: &Path) -> CliError {
    let said = tail(log);
    CliError::driven(code, problem, output_in(log, &said), said)
}
