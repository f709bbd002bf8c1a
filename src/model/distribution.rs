//! Latency samples as a histogram: small, mergeable, and exact in count, sum, minimum and maximum.

use super::quantile::Quantile;
use hdrhistogram::Histogram;

/// Significant decimal digits that a distribution keeps of every sample: a relative error of at most 0.05 %.
const DIGITS: u8 = 3;

/// Nanoseconds in the millisecond that values are given in.
const NS_PER_MS: f64 = 1e6;

/// The longest response that a distribution takes, in milliseconds: one week. It bounds the size of the histogram;
/// a longer "latency" is a clock fault or a wrong unit.
const LONGEST_MS: f64 = 7.0 * 24.0 * 3600.0 * 1000.0;

/// Latency samples as an HDR histogram in nanoseconds.
#[derive(Debug, Clone)]
pub struct Distribution {
    histogram: Histogram<u64>,
    /// Sum of the samples in nanoseconds: whole numbers, so that the order of the samples cannot matter.
    sum_ns: u128,
    /// Smallest sample as it was given, in milliseconds; infinite while there is none.
    min: f64,
    /// Largest sample as it was given, in milliseconds; negative infinite while there is none.
    max: f64,
}

/// A sample that is not a latency: negative, not finite, or longer than a week.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} ms is not a latency (from 0 to one week)")]
pub struct OutOfRange(pub f64);

impl Distribution {
    /// A distribution without samples.
    pub fn new() -> Self {
        Self {
            // Three digits are within what the histogram supports (0 to 5), so the fallback is never taken.
            histogram: Histogram::new(DIGITS)
                .unwrap_or_else(|_| unreachable!("3 digits are valid")),
            sum_ns: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    /// A distribution around a histogram of nanoseconds that came from elsewhere; its extremes and its mean are the
    /// histogram's own until [`Self::set_exact`] knows better.
    pub fn from_histogram(histogram: Histogram<u64>) -> Result<Self, OutOfRange> {
        let longest = histogram.max() as f64 / NS_PER_MS;
        if longest > LONGEST_MS {
            return Err(OutOfRange(longest));
        }
        let mut all = Self::new();
        if !histogram.is_empty() {
            all.min = histogram.min() as f64 / NS_PER_MS;
            all.max = longest;
            all.sum_ns = (histogram.mean() * histogram.len() as f64) as u128;
        }
        all.histogram = histogram;
        // A histogram that was read has a fixed range; others may have to be added to it.
        all.histogram.auto(true);
        Ok(all)
    }

    /// The histogram, in nanoseconds.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// Replaces the extremes and the mean (milliseconds) of a histogram that was read by the exact ones kept beside it.
    pub fn set_exact(&mut self, min: Option<f64>, max: Option<f64>, mean: Option<f64>) {
        self.min = min.unwrap_or(self.min);
        self.max = max.unwrap_or(self.max);
        self.sum_ns =
            mean.map_or(self.sum_ns, |mean| (mean * NS_PER_MS * self.count() as f64) as u128);
    }

    /// Whether a value in milliseconds is a latency.
    pub fn takes(ms: f64) -> bool {
        (0.0..=LONGEST_MS).contains(&ms)
    }

    /// Adds one sample in milliseconds.
    pub fn record(&mut self, ms: f64) -> Result<(), OutOfRange> {
        self.record_n(ms, 1)
    }

    /// Adds a sample in milliseconds `n` times.
    pub fn record_n(&mut self, ms: f64, n: u64) -> Result<(), OutOfRange> {
        if !Self::takes(ms) {
            return Err(OutOfRange(ms));
        }
        if n == 0 {
            return Ok(());
        }
        let ns = (ms * NS_PER_MS).round() as u64;
        self.histogram.record_n(ns, n).map_err(|_| OutOfRange(ms))?;
        self.sum_ns += u128::from(ns) * u128::from(n);
        self.min = self.min.min(ms);
        self.max = self.max.max(ms);
        Ok(())
    }

    /// Adds all samples of another distribution.
    pub fn merge(&mut self, other: &Self) -> Result<(), OutOfRange> {
        self.histogram.add(&other.histogram).map_err(|_| OutOfRange(other.max))?;
        self.sum_ns += other.sum_ns;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        Ok(())
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Arithmetic mean in milliseconds; none without samples.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum_ns as f64 / self.count() as f64 / NS_PER_MS)
    }

    /// Smallest sample in milliseconds; none without samples.
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.min)
    }

    /// Largest sample in milliseconds; none without samples.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The value in milliseconds at the fraction `p` in [0, 1] of the ordered samples, interpolated linearly between
    /// the two ranks around p·(n−1), as k6 does: nearest rank is far off on small runs. None without samples.
    pub fn at(&self, p: f64) -> Option<f64> {
        interpolate(self.count(), p, |rank| self.at_rank(rank))
    }

    /// The values between which the samples from one fraction to another lie, in milliseconds: at the plotting positions
    /// (rank − ½)/n, and half a bucket of the histogram further out on both sides. None without samples.
    pub fn span(&self, low: f64, high: f64) -> Option<(f64, f64)> {
        let n = self.count() as f64;
        let at = |p: f64| self.at(((p * n - 0.5) / (n - 1.0).max(1.0)).clamp(0.0, 1.0));
        let half_bucket = |ms: f64| {
            self.histogram.equivalent_range((ms * NS_PER_MS) as u64) as f64 / 2.0 / NS_PER_MS
        };
        let (low, high) = (at(low)?, at(high)?);
        Some((low - half_bucket(low), high + half_bucket(high)))
    }

    /// The share of samples up to a value in milliseconds, from 0 to 1.
    pub fn fraction_below(&self, ms: f64) -> f64 {
        self.histogram.quantile_below((ms.max(0.0) * NS_PER_MS) as u64)
    }

    /// The quantile in milliseconds; none without samples.
    pub fn quantile(&self, level: Quantile) -> Option<f64> {
        self.at(level.fraction())
    }

    /// The sample of this rank (from 0), in milliseconds.
    fn at_rank(&self, rank: u64) -> f64 {
        let last = self.count().saturating_sub(1);
        if rank == 0 || rank == last {
            return if rank == 0 { self.min } else { self.max };
        }
        let mut seen = 0;
        for step in self.histogram.iter_recorded() {
            seen += step.count_since_last_iteration();
            if seen > rank {
                let middle = self.histogram.median_equivalent(step.value_iterated_to());
                return (middle as f64 / NS_PER_MS).max(self.min).min(self.max);
            }
        }
        self.max
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

/// The value at fraction `p` of `n` ordered values, linear between the two ranks around p·(n−1).
pub(super) fn interpolate(n: u64, p: f64, at_rank: impl Fn(u64) -> f64) -> Option<f64> {
    let last = n.checked_sub(1)?;
    let position = p.clamp(0.0, 1.0) * last as f64;
    let below = position.floor();
    let low = at_rank(below as u64);
    let part = position - below;
    if part <= 0.0 {
        return Some(low);
    }
    let high = at_rank((below as u64 + 1).min(last));
    Some(low + (high - low) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64]) -> Distribution {
        let mut all = Distribution::new();
        samples.iter().for_each(|ms| all.record(*ms).unwrap());
        all
    }

    #[test]
    fn a_quantile_lies_between_the_two_ranks_around_it() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let p95 = of(&ten).quantile(Quantile::P95).unwrap();
        // Position 0.95 · 9 = 8.55: between the values 9 and 10.
        assert!((p95 - 9.55).abs() < 0.01, "{p95}");
    }

    #[test]
    fn count_mean_and_extremes_are_exact() {
        let all = of(&[1.234_567_8, 2.0, 300.000_1]);
        assert_eq!(all.count(), 3);
        assert_eq!(all.min(), Some(1.234_567_8));
        assert_eq!(all.max(), Some(300.000_1));
        let mean = all.mean().unwrap();
        assert!((mean - (1.234_567_8 + 2.0 + 300.000_1) / 3.0).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn nothing_is_measured_without_samples() {
        let none = Distribution::new();
        assert_eq!((none.mean(), none.max(), none.quantile(Quantile::P50)), (None, None, None));
    }

    #[test]
    fn what_is_no_latency_is_refused() {
        for ms in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert!(Distribution::new().record(ms).is_err(), "{ms}");
        }
    }

    #[test]
    fn merging_equals_recording_everything_at_once() {
        let (mut left, right) = (of(&[1.0, 5.0, 9.0]), of(&[2.0, 4.0]));
        left.merge(&right).unwrap();
        let whole = of(&[1.0, 5.0, 9.0, 2.0, 4.0]);
        assert_eq!(left.quantile(Quantile::P95), whole.quantile(Quantile::P95));
        assert_eq!((left.count(), left.mean(), left.min()), (5, whole.mean(), Some(1.0)));
    }
}
