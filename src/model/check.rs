//! Checks of the script.

use super::untrusted::Untrusted;

/// A check of the script: a condition on the answers that does not fail a request by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name, with the group it stands in.
    pub name: Untrusted,
    /// How often it held.
    pub passes: u64,
    /// How often it did not.
    pub fails: u64,
}
