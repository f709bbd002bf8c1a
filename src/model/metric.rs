//! What is measured, which number of it, and which way is better.

use super::quantile::Quantile;
use super::untrusted::Untrusted;
use std::fmt;
use std::str::FromStr;

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smaller is better (latency, errors).
    Lower,
    /// Larger is better (throughput).
    Higher,
}

impl Direction {
    /// The sign of a change for the worse.
    pub fn worse_sign(self) -> f64 {
        match self {
            Self::Lower => 1.0,
            Self::Higher => -1.0,
        }
    }
}

/// How far beyond a limit a value must lie, relative to the limit, to have crossed it: decimals mean what is written, and
/// 3.0 → 3.6 is +20 %, although floats put 3.0 · 1.2 a hair below 3.6.
pub const BEYOND: f64 = 1e-9;

/// What is measured. The three that every load test has fix their unit and direction; a custom one carries its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Response time, in milliseconds; lower is better.
    Latency,
    /// Failed requests over all requests, a fraction in [0, 1]; lower is better.
    ErrorRate,
    /// Requests per second; higher is better.
    Throughput,
    /// A metric of the user's own, by name.
    Custom(Untrusted),
}

impl Metric {
    /// What files call it.
    pub fn text(&self) -> Untrusted {
        match self {
            Self::Latency => "latency".into(),
            Self::ErrorRate => "error_rate".into(),
            Self::Throughput => "throughput".into(),
            Self::Custom(name) => name.clone(),
        }
    }
}

/// Which number of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// The arithmetic mean.
    Mean,
    /// The smallest sample.
    Min,
    /// A quantile of the samples.
    Quantile(Quantile),
    /// The largest sample.
    Max,
    /// The standard deviation of the samples.
    StdDev,
    /// The coefficient of variation: the standard deviation as a fraction of the mean.
    Cv,
    /// A rate: failed of all requests, or requests per second.
    Rate,
    /// The single number of a metric that has just one.
    Value,
}

impl Statistic {
    /// Whether it says how far the samples lie apart, and not where they lie.
    pub fn is_spread(self) -> bool {
        matches!(self, Self::StdDev | Self::Cv)
    }

    /// The statistic of samples that is meant: their single number is their mean.
    pub fn of_samples(self) -> Self {
        if self == Self::Value { Self::Mean } else { self }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Min => f.write_str("min"),
            Self::Quantile(level) => level.fmt(f),
            Self::Max => f.write_str("max"),
            Self::StdDev => f.write_str("stddev"),
            Self::Cv => f.write_str("cv"),
            Self::Rate => f.write_str("rate"),
            Self::Value => f.write_str("value"),
        }
    }
}

impl FromStr for Statistic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "stddev" => Self::StdDev,
            "cv" => Self::Cv,
            "rate" => Self::Rate,
            "value" => Self::Value,
            other => Self::Quantile(other.parse()?),
        })
    }
}
