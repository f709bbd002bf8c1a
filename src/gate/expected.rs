//! The noise that is expected of one number from run to run when nothing changes, before any repeat is seen.
//!
//! It has parts that are known: what chance gives a sample of that many requests, and what the source rounded away; and
//! parts that real machines add: some time, whatever the endpoint takes, and some percent of it. Measured on repeats of
//! unchanged code (`cargo bench --bench repeats`; docs/accuracy.md).

use crate::model::{Kind, MeasurementKey, Metric, Statistic, Unit};

/// Standard deviation of the time that a host adds to a percentile of requests from run to run, in milliseconds.
const JITTER_MS: f64 = 0.5;
/// The same of the slowest request of a run, which one pause of the machine makes.
const PAUSE_MS: f64 = 30.0;
/// Standard deviation from run to run in proportion to the value.
const RELATIVE: f64 = 0.03;
/// The same of what a benchmark counts: the same code allocates the same on every machine, up to what grows now and then.
const RELATIVE_OF_COUNTS: f64 = 0.005;
/// What benchmarks count.
const COUNTED: [&str; 2] = ["allocs_per_op", "bytes_per_op"];

/// Variance of a natural logarithm from run to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// All of it.
    pub variance: f64,
    /// The part that amounts make, whatever the value is: jitter and rounding.
    pub of_amounts: f64,
}

impl Expected {
    /// What is expected of a measurement that stands at `level`, from `sampling` (variance of the logarithm, where the number of
    /// requests is known) and the width of the source's rounding step.
    pub(super) fn of(
        (key, unit): (&MeasurementKey, &Unit),
        level: f64,
        sampling: Option<f64>,
        step: f64,
    ) -> Self {
        // A round is many iterations, or a command of many milliseconds: what a pause adds to it is in proportion.
        let is_benchmark = key.endpoint.kind() == Some(Kind::Bench);
        let jitter = match (unit, key.statistic) {
            _ if is_benchmark => 0.0,
            (Unit::Milliseconds, Statistic::Max) => PAUSE_MS,
            (Unit::Milliseconds, _) => JITTER_MS,
            _ => 0.0,
        };
        let relative = match &key.metric {
            Metric::Custom(name) if COUNTED.iter().any(|own| name == *own) => RELATIVE_OF_COUNTS,
            _ => RELATIVE,
        };
        // A value that was rounded is off by anything up to half a step, evenly.
        let of_amounts = (jitter / level).powi(2) + (step / level).powi(2) / 12.0;
        let variance = sampling.unwrap_or_default() + of_amounts + relative * relative;
        Self { variance, of_amounts }
    }
}
