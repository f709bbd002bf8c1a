//! Response times, and how their source rounded them.

use super::distribution::{Between, Distribution, OutOfRange, interpolate};
use super::metric::Statistic;
use super::quantile::Quantile;
use std::collections::BTreeMap;

/// How the source rounded its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// As Locust does: whole milliseconds below 100, tens below 1000, hundreds below 10 000, else thousands.
    TwoSignificantDigits,
    /// To steps that are the same everywhere.
    Steps {
        /// The step, in microseconds.
        us: u64,
    },
}

impl Rounding {
    /// Half of a rounding step at this value, in milliseconds: the truth may lie that far off.
    pub fn half_step(self, ms: f64) -> f64 {
        match self {
            Self::TwoSignificantDigits if ms < 100.0 => 0.5,
            Self::TwoSignificantDigits if ms < 1_000.0 => 5.0,
            Self::TwoSignificantDigits if ms < 10_000.0 => 50.0,
            Self::TwoSignificantDigits => 500.0,
            Self::Steps { us } => us as f64 / 2e3,
        }
    }

    /// The nearest value, in milliseconds, that the source can write.
    fn snapped(self, ms: f64) -> f64 {
        let step = 2.0 * self.half_step(ms);
        (ms / step).round() * step
    }

    /// The same place between rounded samples, and how far the truth may be from it: by as much of each of the two half steps as it
    /// has of the samples.
    fn around(self, own: Between) -> (Between, f64) {
        let own = Between { low: self.snapped(own.low), high: self.snapped(own.high), ..own };
        let off = (1.0 - own.part) * self.half_step(own.low) + own.part * self.half_step(own.high);
        (own, off)
    }

    /// Of two roundings that one source was seen to have, the one that it has: values that happen to be round hide small steps.
    pub(super) fn finer(self, other: Self) -> Self {
        match (self, other) {
            (Self::Steps { us: a }, Self::Steps { us: b }) => Self::Steps { us: a.min(b) },
            (Self::TwoSignificantDigits, own) | (own, Self::TwoSignificantDigits) => own,
        }
    }
}

/// Response times, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Latency {
    /// Number of samples.
    pub count: Option<u64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Smallest sample.
    pub min: Option<f64>,
    /// Largest sample.
    pub max: Option<f64>,
    /// Standard deviation of the samples.
    pub stddev: Option<f64>,
    /// The quantiles that the file gives or the distribution has.
    pub quantiles: BTreeMap<Quantile, f64>,
    /// How the source rounded the quantiles, if it did.
    pub rounding: Option<Rounding>,
    /// How far rounding may have moved a quantile that lies between two samples of different steps, in milliseconds, where that
    /// is more than half a step at the quantile itself.
    pub half_steps: BTreeMap<Quantile, f64>,
    /// All samples, where there are any.
    pub distribution: Option<Distribution>,
}

impl Latency {
    /// The summary of a distribution, with the quantiles of [`Quantile::grid`].
    pub fn from_distribution(distribution: Distribution) -> Self {
        let levels = Quantile::grid(distribution.count());
        let quantiles = distribution.quantiles(levels).into_iter().collect();
        Self {
            count: Some(distribution.count()),
            mean: distribution.mean(),
            min: distribution.min(),
            max: distribution.max(),
            stddev: distribution.stddev(),
            quantiles,
            rounding: None,
            half_steps: BTreeMap::new(),
            distribution: Some(distribution),
        }
    }

    /// The summary of a distribution of rounded samples. A histogram moves them a hair, which is taken back.
    pub(super) fn rounded(distribution: Distribution, rounding: Option<Rounding>) -> Self {
        let mut latency = Self::from_distribution(distribution);
        if let (Some(rounding), Some(all)) = (rounding, &latency.distribution) {
            let value = |(level, own)| (level, rounding.around(own).0.value());
            let levels = Quantile::grid(all.count());
            latency.quantiles = all.around(levels).into_iter().map(value).collect();
        }
        latency.set_rounding(rounding);
        latency
    }

    /// Sets how the source rounded.
    pub fn set_rounding(&mut self, rounding: Option<Rounding>) {
        self.rounding = rounding;
        let Some((rounding, all)) = rounding.zip(self.distribution.as_ref()) else { return };
        let off = |(level, own): (Quantile, Between)| {
            let (own, off) = rounding.around(own);
            // More than the noise of the arithmetic.
            (off > rounding.half_step(own.value()) * 1.000_001).then_some((level, off))
        };
        let levels = Quantile::grid(all.count());
        self.half_steps = all.around(levels).into_iter().filter_map(off).collect();
    }

    /// How far rounding may have moved a quantile that is at this value, in milliseconds; 0 where the source does not round.
    pub fn half_step(&self, level: Quantile, ms: f64) -> f64 {
        let usual = self.rounding.map_or(0.0, |rounding| rounding.half_step(ms));
        self.half_steps.get(&level).copied().unwrap_or_default().max(usual)
    }

    /// The summary of values in milliseconds with how often each was seen; the quantiles are exact, which a
    /// histogram's are only to three digits.
    pub fn from_counts(mut counts: Vec<(f64, u64)>) -> Result<Self, OutOfRange> {
        counts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut distribution = Distribution::new();
        let mut ends = Vec::with_capacity(counts.len());
        for (value, n) in &counts {
            distribution.record_n(*value, *n)?;
            ends.push(distribution.count());
        }
        let at_rank = |rank: u64| {
            let bucket = ends.partition_point(|end| *end <= rank);
            counts.get(bucket).map_or(f64::NAN, |(value, _)| *value)
        };
        let quantiles = Quantile::grid(distribution.count())
            .iter()
            .filter_map(|level| {
                Some((*level, interpolate(distribution.count(), level.fraction(), at_rank)?))
            })
            .collect();
        Ok(Self { quantiles, ..Self::from_distribution(distribution) })
    }

    /// One number of the response times; none where it was not measured.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Mean => self.mean,
            Statistic::Min => self.min,
            Statistic::Max => self.max,
            Statistic::StdDev => self.stddev,
            Statistic::Cv => Some(self.stddev? / self.mean.filter(|mean| *mean > 0.0)?),
            Statistic::Quantile(level) => self
                .quantiles
                .get(&level)
                .copied()
                .or_else(|| self.distribution.as_ref()?.quantile(level)),
            Statistic::Rate | Statistic::Value => None,
        }
    }

    /// Whether there is nothing in it: no sample, or every number exactly zero, which is how tools write a series
    /// that never received one.
    pub fn has_no_data(&self) -> bool {
        let numbers = [self.mean, self.min, self.max];
        let mut known = numbers.into_iter().flatten().chain(self.quantiles.values().copied());
        self.count == Some(0) || known.all(|value| value <= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_give_exact_quantiles() {
        let latency = Latency::from_counts(vec![(20.0, 1), (10.0, 9)]).unwrap();
        assert_eq!(latency.quantiles[&Quantile::P50], 10.0);
        assert_eq!((latency.count, latency.max, latency.mean), (Some(10), Some(20.0), Some(11.0)));
    }

    #[test]
    fn a_series_of_zeros_is_no_data() {
        let mut latency = Latency { mean: Some(0.0), max: Some(0.0), ..Latency::default() };
        latency.quantiles.insert(Quantile::P95, 0.0);
        assert!(latency.has_no_data());
        latency.max = Some(0.1);
        assert!(!latency.has_no_data());
    }
}
