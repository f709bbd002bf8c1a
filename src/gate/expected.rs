//! The noise that is expected of one number from run to run when nothing changes, before any repeat is seen.
//!
//! It has parts that are known: what chance gives a sample of that many requests, and what the source rounded away; and
//! parts that real machines add: some time, whatever the endpoint takes, and some percent of it. Measured on repeats of
//! unchanged code (`cargo bench --bench repeats`; docs/accuracy.md).

use crate::model::{Statistic, Unit};

/// Standard deviation of the time that a host adds to a percentile from run to run, in milliseconds.
const JITTER_MS: f64 = 0.5;
/// The same of the slowest request of a run, which one pause of the machine makes.
const PAUSE_MS: f64 = 30.0;
/// Standard deviation from run to run in proportion to the value.
const RELATIVE: f64 = 0.03;

/// Variance of a natural logarithm from run to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// All of it.
    pub variance: f64,
    /// The part that amounts make, whatever the value is: jitter and rounding.
    pub of_amounts: f64,
}

impl Expected {
    /// What is expected of a value that stands at `level`, from `sampling` (variance of the logarithm, where the number of
    /// requests is known) and the width of the source's rounding step.
    pub(super) fn of(
        (unit, statistic): (&Unit, Statistic),
        level: f64,
        sampling: Option<f64>,
        step: f64,
    ) -> Self {
        let jitter = match (unit, statistic) {
            (Unit::Milliseconds, Statistic::Max) => PAUSE_MS,
            (Unit::Milliseconds, _) => JITTER_MS,
            _ => 0.0,
        };
        // A value that was rounded is off by anything up to half a step, evenly.
        let of_amounts = (jitter / level).powi(2) + (step / level).powi(2) / 12.0;
        let variance = sampling.unwrap_or_default() + of_amounts + RELATIVE * RELATIVE;
        Self { variance, of_amounts }
    }
}
