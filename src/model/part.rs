//! Where the time of a request goes: its parts, and how long each of them took.

use super::distribution::Distribution;
use super::latency::Latency;
use super::metric::Statistic;
use super::named::names;
use super::quantile::Quantile;

/// The parts of a request that tools measure. A script may name others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Up to the first byte of the response. It holds other parts.
    Ttfb,
    /// Waiting for a free connection.
    Blocked,
    /// Looking up the host's name.
    Dns,
    /// Connecting; with the TLS handshake where the tool does not tell it apart.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Sending,
    /// From the request sent to the first byte of the response.
    Waiting,
    /// Reading the response.
    Receiving,
}

names!(Part {
    Ttfb => "ttfb",
    Blocked => "blocked",
    Dns => "dns",
    Connect => "connect",
    Tls => "tls",
    Sending => "sending",
    Waiting => "waiting",
    Receiving => "receiving",
});

impl Part {
    /// How many there are.
    pub const COUNT: usize = <Self as super::named::Named>::ALL.len();

    /// The quantiles that a run keeps of each part.
    pub const QUANTILES: [Quantile; 4] =
        [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99];

    /// Significant digits that are kept of many times. Most parts have a wide range and are many.
    pub fn digits(self) -> u8 {
        match self {
            Self::Ttfb | Self::Waiting => 3,
            _ => 2,
        }
    }
}

/// How long a part of an endpoint's requests took.
#[derive(Debug, Clone)]
pub enum PartTime {
    /// Only its mean is known, in milliseconds.
    Mean(f64),
    /// Its times.
    Times(Box<Latency>),
}

impl PartTime {
    /// The times of a distribution: the quantiles of [`Part::QUANTILES`], in whole microseconds.
    pub fn from_distribution(distribution: Distribution) -> Self {
        let us = |ms: f64| (ms * 1e3).round() / 1e3;
        let quantiles = distribution.quantiles(&Part::QUANTILES).into_iter();
        Self::Times(Box::new(Latency {
            count: Some(distribution.count()),
            mean: distribution.mean().map(us),
            min: distribution.min().map(us),
            max: distribution.max().map(us),
            quantiles: quantiles.map(|(level, ms)| (level, us(ms))).collect(),
            distribution: Some(distribution),
            ..Latency::default()
        }))
    }

    /// The mean in milliseconds.
    pub fn mean(&self) -> Option<f64> {
        match self {
            Self::Mean(ms) => Some(*ms),
            Self::Times(times) => times.mean,
        }
    }

    /// One number, in milliseconds.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match (self, statistic) {
            (_, Statistic::Mean | Statistic::Value) => self.mean(),
            (Self::Times(times), other) => times.statistic(other),
            (Self::Mean(_), _) => None,
        }
    }

    /// All that is known of its times.
    pub fn latency(&self) -> Latency {
        match self {
            Self::Mean(ms) => Latency { mean: Some(*ms), ..Latency::default() },
            Self::Times(times) => (**times).clone(),
        }
    }

    /// Its times, where more than their mean is known.
    pub fn times(&self) -> Option<&Latency> {
        match self {
            Self::Mean(_) => None,
            Self::Times(times) => Some(times),
        }
    }

    /// All samples, where there are any.
    pub fn distribution(&self) -> Option<&Distribution> {
        self.times()?.distribution.as_ref()
    }

    /// Whether it took no time, or nobody knows how long.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Mean(ms) => *ms <= 0.0,
            Self::Times(times) => times.has_no_data(),
        }
    }
}
