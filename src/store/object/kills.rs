//! A process that is killed at any request, before or after the service carries it out; and how many requests there were.

use object_store::Error;
use std::cell::Cell;

/// Where the process is killed, and what it has asked for.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Requests that are answered still, and whether the one after them is carried out.
    death: Cell<Option<(u32, bool)>>,
    requests: Cell<u32>,
}

impl Faults {
    /// Kills the process after so many more requests.
    pub(super) fn die_after(&self, requests: u32, done: bool) {
        self.death.set(Some((requests, done)));
    }

    /// How many requests there were since this was asked last.
    pub(super) fn requests(&self) -> u32 {
        self.requests.take()
    }

    pub(super) fn before(&self) -> Result<(), Error> {
        self.requests.set(self.requests.get() + 1);
        match self.death.get() {
            Some((0, false)) => Err(killed()),
            _ => Ok(()),
        }
    }

    pub(super) fn after(&self) -> Result<(), Error> {
        match self.death.get() {
            Some((0, _)) => {
                self.death.set(Some((0, false)));
                Err(killed())
            }
            Some((n, done)) => {
                self.death.set(Some((n - 1, done)));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn killed() -> Error {
    Error::Generic { store: "test", source: "killed".into() }
}
