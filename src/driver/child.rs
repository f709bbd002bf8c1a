//! Runs the load tool to its end, or ends it: at a time limit, or when perfgate itself is asked to end.

use super::supervise::{BY_SIGNAL, NOT_STARTED};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
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
}

/// Runs a job under a supervisor. `started` gets the supervisor's process id, `tick` the time that has gone by, many times a second.
pub fn run(
    job: &Job<'_>,
    started: impl FnOnce(u32),
    mut tick: impl FnMut(Duration),
) -> io::Result<Ended> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let signals = watch_signals(&interrupted)?;
    let log = File::create(job.log)?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("supervise")
        .arg("--")
        .args(job.command)
        .current_dir(job.folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    started(child.id());
    let begin = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            break match status.code() {
                _ if interrupted.load(Ordering::Relaxed) => Ended::Interrupted,
                Some(NOT_STARTED) => Ended::NotStarted,
                Some(code) if code > BY_SIGNAL => Ended::Killed(code - BY_SIGNAL),
                Some(code) => Ended::Exited(code),
                None => Ended::Killed(0),
            };
        }
        let elapsed = begin.elapsed();
        if interrupted.load(Ordering::Relaxed) || elapsed > job.limit {
            end(&mut child)?;
            break if elapsed > job.limit { Ended::TimedOut } else { Ended::Interrupted };
        }
        tick(elapsed);
        std::thread::sleep(STEP);
    };
    unwatch(signals);
    Ok(ended)
}

/// Closes the supervisor's pipe, and waits until everything below it has ended.
fn end(child: &mut Child) -> io::Result<()> {
    drop(child.stdin.take());
    child.wait().map(drop)
}

#[cfg(unix)]
type Watch = Vec<signal_hook::SigId>;

#[cfg(unix)]
fn watch_signals(flag: &Arc<AtomicBool>) -> io::Result<Watch> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .map(|signal| signal_hook::flag::register(signal, Arc::clone(flag)))
        .collect()
}

#[cfg(unix)]
fn unwatch(watch: Watch) {
    for id in watch {
        signal_hook::low_level::unregister(id);
    }
}

#[cfg(not(unix))]
fn watch_signals(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn unwatch((): ()) {}
