//! How the program ends.

use crate::gate;
use std::process::ExitCode;

/// The exit codes. 2 is what `make` and argument parsers use for "could not run", so nothing soft may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Pass, or pass with warnings; also every command that did what it was asked.
    Pass,
    /// A regression, or a budget broken.
    Regression,
    /// Could not run: usage, unreadable input, broken configuration, store or network failure.
    CouldNotRun,
    /// No verdict: nothing to compare with, nothing comparable, inconclusive, or less coverage than required.
    NoVerdict,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Regression => 1,
            Self::CouldNotRun => 2,
            Self::NoVerdict => 3,
        }
    }

    /// The worse of two.
    pub(super) fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Pass => 0,
            Self::NoVerdict => 1,
            Self::Regression => 2,
            Self::CouldNotRun => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<gate::Exit> for Exit {
    fn from(exit: gate::Exit) -> Self {
        match exit {
            gate::Exit::Pass => Self::Pass,
            gate::Exit::Regression => Self::Regression,
            gate::Exit::NoVerdict => Self::NoVerdict,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
