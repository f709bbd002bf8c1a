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

/// The sign of a verdict where a page of signs is looked over: in color, and named by whatever reads it aloud.
pub(super) fn emoji(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅",
        Verdict::Warn => "⚠️",
        Verdict::Fail => "❌",
        Verdict::Inconclusive | Verdict::NotCompared => "❓",
    }
}
