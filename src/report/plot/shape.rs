//! Shapes that say what a point is without their color.

use crate::gate::Verdict;
use crate::trend::Mark;
use maud::{Markup, html};

/// What marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Shape {
    /// Failed.
    Diamond,
    /// Undecided.
    Ring,
    /// A warning.
    Triangle,
    /// Within its limit.
    Disc,
}

impl Shape {
    pub(in crate::report) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fail => Self::Diamond,
            Verdict::Inconclusive | Verdict::NotCompared => Self::Ring,
            Verdict::Warn => Self::Triangle,
            Verdict::Pass => Self::Disc,
        }
    }

    pub(in crate::report) fn of_mark(mark: Mark) -> Self {
        match mark {
            Mark::Fail => Self::Diamond,
            Mark::Again => Self::Ring,
            Mark::Warn | Mark::Accepted => Self::Triangle,
        }
    }

    /// The shape around the origin.
    pub(in crate::report) fn drawn(self) -> Markup {
        let (class, path) = match self {
            Self::Diamond => ("fail", "M0-7 7 0 0 7-7 0Z"),
            Self::Ring => ("inconclusive", "M0-5A5 5 0 1 1 0 5 5 5 0 1 1 0-5Z"),
            Self::Triangle => ("warn", "M0-6 6 5-6 5Z"),
            Self::Disc => ("pass", "M0-4.5A4.5 4.5 0 1 1 0 4.5 4.5 4.5 0 1 1 0-4.5Z"),
        };
        html! { path class={ "dot " (class) } d=(path) {} }
    }
}
