//! The sign in front of a line.

use crate::gate::Verdict;

/// The sign of a verdict.
pub(super) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Warn => "!",
        Verdict::Fail => "✗",
        Verdict::Inconclusive | Verdict::NotCompared => "?",
    }
}
