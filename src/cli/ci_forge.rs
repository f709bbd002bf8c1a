//! The forge that a report is published to: the one that is named, or the one whose CI runs perfgate.

use super::session::Environment;
use crate::forge::{Forge, Variables};

/// What `--forge` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForgeChoice {
    /// To this one.
    Forge(&'static Forge),
    /// To none.
    None,
}

impl ForgeChoice {
    /// The forge that is named, if one is.
    pub(super) fn forge(self) -> Option<&'static Forge> {
        match self {
            Self::Forge(forge) => Some(forge),
            Self::None => None,
        }
    }
}

impl Variables for Environment {
    fn get(&self, name: &str) -> Option<&str> {
        Environment::get(self, name)
    }
}
