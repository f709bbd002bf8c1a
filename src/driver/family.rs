//! The load tool and all that it starts, as one thing that can be waited for and ended.
//!
//! They are a process group. On Linux what leaves the group counts as well, such as a daemon with a session of its own: this
//! process takes over whatever loses its parent, and finds the rest by their parents.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};

/// What is added to a signal's number to make an exit code, as shells have it.
pub(super) const BY_SIGNAL: i32 = 128;

/// A running tool and all that it started.
pub(super) struct Family {
    child: Child,
    /// The tool's exit code, once it has ended.
    code: Option<i32>,
}

impl Family {
    /// Starts the tool. What it starts belongs to it from then on.
    pub(super) fn start(program: &str, arguments: &[String]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // Where a sandbox refuses, the group is ended all the same.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        let child = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("cannot start {program}: {error}"))
        })?;
        Ok(Self { child, code: None })
    }

    /// The tool's exit code; none while it runs.
    pub(super) fn poll(&mut self) -> io::Result<Option<i32>> {
        if self.code.is_none() {
            self.collect()?;
        }
        Ok(self.code)
    }

    /// Collects those who have ended: the tool, and whoever was taken over.
    #[cfg(target_os = "linux")]
    fn collect(&mut self) -> io::Result<()> {
        use rustix::io::Errno;
        use rustix::process::{WaitOptions, wait};
        use std::os::unix::process::ExitStatusExt as _;
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if Some(pid) == id(&self.child) => {
                    self.code = Some(code_of(ExitStatus::from_raw(status.as_raw())));
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) | Err(Errno::CHILD) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn collect(&mut self) -> io::Result<()> {
        self.code = self.child.try_wait()?.map(code_of);
        Ok(())
    }

    /// Whether anybody is left besides the tool itself.
    pub(super) fn rest_lives(&mut self) -> io::Result<bool> {
        if self.code.is_some() {
            self.collect_rest()?;
        }
        Ok(group_lives(&self.child) || !descendants().is_empty())
    }

    #[cfg(target_os = "linux")]
    fn collect_rest(&mut self) -> io::Result<()> {
        self.collect()
    }

    #[cfg(not(target_os = "linux"))]
    fn collect_rest(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Asks everybody to end, or ends them.
    #[cfg(unix)]
    pub(super) fn end(&mut self, at_once: bool) {
        use rustix::process::{Signal, kill_process, kill_process_group};
        let signal = if at_once { Signal::KILL } else { Signal::TERM };
        // Who is gone already needs no end.
        if let Some(group) = id(&self.child) {
            let _ = kill_process_group(group, signal);
        }
        for pid in descendants() {
            let _ = kill_process(pid, signal);
        }
    }

    #[cfg(not(unix))]
    pub(super) fn end(&mut self, at_once: bool) {
        if at_once {
            // Who is gone already needs no end.
            drop(self.child.kill());
        }
    }
}

#[cfg(unix)]
fn id(child: &Child) -> Option<rustix::process::Pid> {
    i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(unix)]
fn group_lives(child: &Child) -> bool {
    id(child).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
}

#[cfg(not(unix))]
fn group_lives(_: &Child) -> bool {
    false
}

/// Everybody below this process who has not ended, by the parents that the kernel names.
#[cfg(target_os = "linux")]
fn descendants() -> Vec<rustix::process::Pid> {
    let mut open = vec![rustix::process::getpid().as_raw_nonzero().get()];
    let (mut all, mut found) = (processes(), Vec::new());
    while let Some(parent) = open.pop() {
        all.retain(|(pid, of, ended)| {
            if *of == parent {
                open.push(*pid);
                found.extend(rustix::process::Pid::from_raw(*pid).filter(|_| !ended));
            }
            *of != parent
        });
    }
    found
}

#[cfg(all(unix, not(target_os = "linux")))]
fn descendants() -> Vec<rustix::process::Pid> {
    Vec::new()
}

#[cfg(not(unix))]
fn descendants() -> Vec<u32> {
    Vec::new()
}

/// Every process of the machine with its parent, and whether it only waits to be collected.
#[cfg(target_os = "linux")]
fn processes() -> Vec<(i32, i32, bool)> {
    let list = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in front, in parentheses, may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let ended = matches!(fields.next()?, "Z" | "X");
        Some((pid, fields.next()?.parse().ok()?, ended))
    };
    list.filter_map(read).collect()
}

fn code_of(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return BY_SIGNAL + signal;
    }
    status.code().unwrap_or(BY_SIGNAL)
}
