//! The process between perfgate and the load tool.
//!
//! It holds one end of a pipe. When perfgate ends, however that happens, the pipe closes, and the tool ends with everything that
//! it started.

use super::family::Family;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The exit code for a program that cannot be started, as shells have it.
pub(super) const NOT_STARTED: i32 = 127;

/// How long a tool may take to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);

/// Runs a command until it ends or standard input closes; gives the exit code for this process.
pub fn supervise(command: &[String]) -> Result<i32, io::Error> {
    let Some((program, arguments)) = command.split_first() else { return Ok(NOT_STARTED) };
    let stop = Arc::new(AtomicBool::new(false));
    watch_signals(&stop)?;
    watch_pipe(&stop);
    let mut family = Family::start(program, arguments)?;
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(code) = family.poll()? {
            // Whatever the tool left behind ends with it.
            end_rest(&mut family)?;
            return Ok(code);
        }
        match asked {
            None if stop.load(Ordering::Relaxed) => {
                family.end(false);
                asked = Some(Instant::now());
            }
            Some(since) if since.elapsed() > GRACE => family.end(true),
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

/// Ends what the tool left: it is asked to, and after a while it must. Whoever cannot be ended even then, such as a
/// process that waits for a disk, keeps nobody waiting.
fn end_rest(family: &mut Family) -> io::Result<()> {
    let asked = Instant::now();
    family.end(false);
    while family.rest_lives()? && asked.elapsed() < 2 * GRACE {
        if asked.elapsed() > GRACE {
            family.end(true);
        }
        std::thread::sleep(STEP);
    }
    Ok(())
}
