//! Whether histograms are part of what is read or written.

use crate::config::Rules;

/// Whether runs are read and written with their histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Histograms {
    Keep,
    Omit,
}

impl Histograms {
    /// Kept as well where a limit of these rules needs them.
    pub(super) fn or_needed_by(self, rules: &Rules) -> Self {
        if rules.needs_histograms() { Self::Keep } else { self }
    }
}
