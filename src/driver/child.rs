//! Runs the load tool to its end, or ends it: at a time limit, or when perfgate itself is asked to end.

use super::environment::withhold;
use super::family::BY_SIGNAL;
use super::supervise::NOT_STARTED;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the child is looked at.
const STEP: Duration = Duration::from_millis(50);

/// What is to be run.
#[derive(Debug)]
pub struct Job<'a> {
    /// Program and arguments.
    pub command: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// Where its output goes.
    pub log: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// Variables of the environment that it gets although they hold secrets.
    pub pass: &'a [String],
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal of this number, which perfgate did not send.
    Killed(i32),
    /// It could not be started.
    NotStarted,
    /// It took longer than its limit, and was ended.
    TimedOut,
    /// perfgate was asked to end, and ended it.
    Interrupted,
    /// It was not worth its time any more, and was ended.
    Stopped,
}

/// Runs a job under a supervisor. `started` gets the supervisor's process id, `tick` the time that has gone by, many times a
/// second, and says whether to go on.
pub fn run(
    job: &Job<'_>,
    interrupts: &Interrupts,
    started: impl FnOnce(u32),
    mut tick: impl FnMut(Duration) -> bool,
) -> io::Result<Ended> {
    let mut child = start(job, &[])?;
    started(child.id());
    let begin = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            break if interrupts.came() { Ended::Interrupted } else { ended_by(status) };
        }
        let elapsed = begin.elapsed();
        if interrupts.came() || elapsed > job.limit {
            end(&mut child)?;
            break if elapsed > job.limit { Ended::TimedOut } else { Ended::Interrupted };
        }
        if !tick(elapsed) {
            end(&mut child)?;
            break Ended::Stopped;
        }
        std::thread::sleep(STEP);
    };
    Ok(ended)
}

/// Starts a job under a supervisor that ends it when its pipe closes, with these variables in its environment.
pub(super) fn start(job: &Job<'_>, variables: &[(&str, String)]) -> io::Result<Child> {
    hide_environment();
    let log = new_log(job.log)?;
    let mut command = Command::new(std::env::current_exe()?);
    // Signals of the terminal are perfgate's; the supervisor hears of them by its pipe.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    withhold(&mut command, job.pass);
    command
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .arg("supervise")
        .arg("--")
        .args(job.command)
        .current_dir(job.folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// How a job ended that nobody ended.
pub(super) fn ended_by(status: ExitStatus) -> Ended {
    match status.code() {
        Some(NOT_STARTED) => Ended::NotStarted,
        Some(code) if code > BY_SIGNAL => Ended::Killed(code - BY_SIGNAL),
        Some(code) => Ended::Exited(code),
        None => Ended::Killed(0),
    }
}

/// The tool runs as the same user, and could otherwise read the environment that this process was started with, and the tokens in
/// it (`/proc/PID/environ`).
#[cfg(target_os = "linux")]
fn hide_environment() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Where the kernel refuses, the tool sees what it would have seen without this.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(not(target_os = "linux"))]
fn hide_environment() {}

/// A log of our own: two who were given one folder would write over each other. The tool prints what it likes, so the log is
/// for nobody else to read.
fn new_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Closes the supervisor's pipe, and waits until everything below it has ended.
pub(super) fn end(child: &mut Child) -> io::Result<()> {
    drop(child.stdin.take());
    child.wait().map(drop)
}

/// Whether somebody has asked perfgate to end, from now until it ends.
#[derive(Debug, Default)]
pub struct Interrupts {
    flag: Arc<AtomicBool>,
}

impl Interrupts {
    /// Listens from now on; signals do not end the process any more.
    pub fn watch() -> io::Result<Self> {
        let own = Self::default();
        #[cfg(unix)]
        for signal in {
            use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
            [SIGINT, SIGTERM, SIGHUP]
        } {
            signal_hook::flag::register(signal, Arc::clone(&own.flag))?;
        }
        Ok(own)
    }

    /// Whether somebody has.
    pub fn came(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}
