//! An item of a checklist, and what came of it.

use super::verdict::Verdict;
use crate::config::{KnownItem, Severity};
use crate::model::Untrusted;

/// What came of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// It holds.
    Checked,
    /// It does not hold.
    Failed,
    /// Nobody can tell whether it holds.
    CannotTell,
    /// It is about a comparison, and none was asked for.
    NotAsked,
    /// It is for people.
    ForPeople,
}

/// An item of a checklist, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedItem {
    /// As the policy has it.
    pub item: Untrusted,
    /// What was checked; none for an item for people.
    pub key: Option<KnownItem>,
    /// What came of it.
    pub state: ItemState,
    /// The worst that it may do.
    pub severity: Severity,
    /// What keeps it from being checked off: endpoints, alerts, budgets, or the two environments.
    pub about: Vec<Untrusted>,
}

impl CheckedItem {
    /// What it does to the verdict on the whole.
    pub fn verdict(&self) -> Verdict {
        match (self.state, self.severity) {
            (ItemState::Checked | ItemState::NotAsked | ItemState::ForPeople, _) => Verdict::Pass,
            (ItemState::Failed, Severity::Fail) => Verdict::Fail,
            (ItemState::CannotTell, Severity::Fail) => Verdict::NotCompared,
            (ItemState::Failed | ItemState::CannotTell, Severity::Warn) => Verdict::Warn,
        }
    }
}
