//! The process between perfgate and the load tool.
//!
//! It holds one end of a pipe. When perfgate ends, however that happens, the pipe closes, and the tool ends with everything that
//! it started: its processes are a group of their own.

use std::io::{self, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The exit code for a program that cannot be started, as shells have it.
pub(super) const NOT_STARTED: i32 = 127;
/// What is added to a signal's number to make an exit code, as shells have it.
pub(super) const BY_SIGNAL: i32 = 128;

/// How long a tool may take to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);

/// Runs a command until it ends or standard input closes; gives the exit code for this process.
pub fn supervise(command: &[String]) -> Result<i32, io::Error> {
    let Some((program, arguments)) = command.split_first() else { return Ok(NOT_STARTED) };
    let stop = Arc::new(AtomicBool::new(false));
    watch_signals(&stop)?;
    watch_pipe(&stop);
    let mut child = start(program, arguments)?;
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait()? {
            // Whatever the tool left behind ends with it.
            end_rest(&child);
            return Ok(code_of(status));
        }
        match asked {
            None if stop.load(Ordering::Relaxed) => {
                end_group(&child, false);
                asked = Some(Instant::now());
            }
            Some(since) if since.elapsed() > GRACE => {
                end_group(&child, true);
                drop(child.kill());
            }
            _ => {}
        }
        std::thread::sleep(STEP);
    }
}

fn watch_pipe(stop: &Arc<AtomicBool>) {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut rest = [0_u8; 64];
        while matches!(io::stdin().read(&mut rest), Ok(n) if n > 0) {}
        stop.store(true, Ordering::Relaxed);
    });
}

#[cfg(unix)]
fn watch_signals(stop: &Arc<AtomicBool>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::clone(stop))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn watch_signals(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

fn start(program: &str, arguments: &[String]) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot start {program}: {error}")))
}

/// Ends what is left of the child's group: it is asked to, and after a while it must.
fn end_rest(child: &Child) {
    let asked = Instant::now();
    end_group(child, false);
    while group_lives(child) {
        if asked.elapsed() > GRACE {
            end_group(child, true);
            return;
        }
        std::thread::sleep(STEP);
    }
}

#[cfg(unix)]
fn group_lives(child: &Child) -> bool {
    use rustix::process::{Pid, test_kill_process_group};
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    group.is_some_and(|group| test_kill_process_group(group).is_ok())
}

#[cfg(not(unix))]
fn group_lives(_: &Child) -> bool {
    false
}

/// Asks every process of the child's group to end, or ends it.
#[cfg(unix)]
fn end_group(child: &Child, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // A group that is gone already needs no end.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(not(unix))]
fn end_group(_: &Child, _: bool) {}

fn code_of(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return BY_SIGNAL + signal;
    }
    status.code().unwrap_or(BY_SIGNAL)
}
