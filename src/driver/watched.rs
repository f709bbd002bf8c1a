//! The service under test, as it is named to be watched.

use std::io;
use std::path::{Path, PathBuf};
use sysinfo::{Pid, ProcessesToUpdate, System};

/// The service whose use is wanted beside the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// A process and what it started.
    Pid(u32),
    /// Every process of this name, and what they started.
    Name(String),
    /// A control group, by its folder: a container.
    Cgroup(PathBuf),
}

/// Why a service cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// No such process.
    #[error("there is no process {0}")]
    NoProcess(String),
    /// No such control group.
    #[error("{}: {source}", path.display())]
    NoCgroup {
        /// The folder.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
}

impl Watched {
    /// A process id, `cgroup:PATH` below /sys/fs/cgroup, or a name.
    pub fn parse(text: &str) -> Self {
        match (text.parse(), text.strip_prefix("cgroup:")) {
            (Ok(pid), _) => Self::Pid(pid),
            (_, Some(path)) => {
                Self::Cgroup(Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/')))
            }
            _ => Self::Name(text.to_owned()),
        }
    }

    /// Whether it is there to be watched.
    pub fn check(&self) -> Result<(), WatchError> {
        if let Self::Cgroup(path) = self {
            let read = std::fs::read_to_string(path.join("memory.current"));
            return read
                .map(drop)
                .map_err(|source| WatchError::NoCgroup { path: path.clone(), source });
        }
        let mut system = System::new();
        system.refresh_processes(ProcessesToUpdate::All, true);
        match self {
            _ if !self.roots(&system).is_empty() => Ok(()),
            Self::Pid(pid) => Err(WatchError::NoProcess(pid.to_string())),
            Self::Name(name) => Err(WatchError::NoProcess(name.clone())),
            Self::Cgroup(_) => Ok(()),
        }
    }

    /// The processes that it names; what they started belongs to it as well.
    pub(super) fn roots(&self, system: &System) -> Vec<Pid> {
        match self {
            Self::Pid(pid) => Some(Pid::from_u32(*pid))
                .filter(|pid| system.process(*pid).is_some())
                .into_iter()
                .collect(),
            Self::Name(name) => {
                system.processes_by_exact_name(name.as_ref()).map(sysinfo::Process::pid).collect()
            }
            Self::Cgroup(_) => Vec::new(),
        }
    }
}
