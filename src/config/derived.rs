//! Metrics that are computed from others, as the policy defines them.

use super::formula::{Formula, Input, Measure, Number};
use crate::model::{Direction, Statistic, Unit};

/// A metric that is computed from numbers of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// Its name.
    pub name: String,
    /// How it is computed.
    pub formula: Formula,
    /// Its unit, and how many of the base unit one of it is; none: that of the formula.
    pub unit: Option<(Unit, f64)>,
    /// Which way is better, where that is said.
    pub direction: Option<Direction>,
}

/// A number that every run may have, beside its metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunNumber {
    /// Requests made, failed ones included.
    Requests,
    /// Requests that failed.
    Failures,
    /// Requests per second.
    Throughput,
    /// Failed of all requests.
    ErrorRate,
    /// How long the load lasted.
    Duration,
    /// The most users at once.
    Users,
    /// Connections at once.
    Connections,
    /// A statistic of the response times.
    Latency(Statistic),
}

impl RunNumber {
    /// The names of those that are no statistic.
    pub const NAMES: [(&str, Self); 7] = [
        ("requests", Self::Requests),
        ("failures", Self::Failures),
        ("throughput", Self::Throughput),
        ("error_rate", Self::ErrorRate),
        ("duration", Self::Duration),
        ("users", Self::Users),
        ("connections", Self::Connections),
    ];

    /// The number of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, own)| *own);
        named.or_else(|| sample_statistic(name).map(Self::Latency))
    }

    /// Its unit.
    pub fn unit(self) -> Unit {
        match self {
            Self::Requests | Self::Failures | Self::Users | Self::Connections => Unit::Number,
            Self::Throughput => Unit::PerSecond,
            Self::ErrorRate | Self::Latency(Statistic::Cv) => Unit::Ratio,
            Self::Duration | Self::Latency(_) => Unit::Milliseconds,
        }
    }
}

/// The statistic of samples that a word names.
pub fn sample_statistic(word: &str) -> Option<Statistic> {
    let statistic = word.parse().ok()?;
    (!matches!(statistic, Statistic::Rate | Statistic::Value)).then_some(statistic)
}

impl Input {
    /// Its measure, where its name alone says it.
    pub(super) fn measure(&self) -> Option<Measure> {
        if self.number == Number::Count {
            return Some(Measure::of_unit(&Unit::Number).0);
        }
        RunNumber::from_name(&self.name).map(|own| Measure::of_unit(&own.unit()).0)
    }
}
