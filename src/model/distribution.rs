//! Latency samples: one by one while they are few, then as a histogram. Mergeable, and exact in count, sum, minimum and maximum.

use super::bins::Bins;
use super::quantile::Quantile;

/// Significant decimal digits that a distribution keeps of every sample: a relative error of at most 0.05 %.
const DIGITS: u8 = 3;

/// Nanoseconds in the millisecond that values are given in.
const NS_PER_MS: f64 = 1e6;

/// The longest response that a distribution takes, in milliseconds: one week. It bounds the size of the histogram;
/// a longer "latency" is a clock fault or a wrong unit.
const LONGEST_MS: f64 = 7.0 * 24.0 * 3600.0 * 1000.0;

/// Samples that are kept one by one: fewer take less room so than as a histogram.
const FEW: usize = 1_024;

/// Samples in nanoseconds.
#[derive(Debug, Clone)]
enum Samples {
    /// In ascending order.
    Few(Vec<u64>),
    Many(Bins),
}

/// Latency samples; many of them as a histogram in nanoseconds.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Significant digits of the samples once they are many.
    digits: u8,
    samples: Samples,
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
        Self::with_digits(DIGITS)
    }

    /// A distribution without samples, that keeps so many significant digits (1 to 3) of many.
    pub fn with_digits(digits: u8) -> Self {
        Self {
            digits,
            samples: Samples::Few(Vec::new()),
            sum_ns: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    /// A distribution of what a histogram that came from elsewhere holds: nanoseconds, and how often each was seen, of so many
    /// significant digits (1 to 3). Its extremes and its mean are those of the bins until [`Self::set_exact`] knows better.
    pub fn from_histogram(
        digits: u8,
        recorded: impl IntoIterator<Item = (u64, u64)>,
    ) -> Result<Self, OutOfRange> {
        let mut all = Self::with_digits(digits);
        let mut bins = Bins::new(digits);
        for (ns, n) in recorded {
            let ms = ns as f64 / NS_PER_MS;
            if !Self::takes(ms) || !bins.add(ns, n) {
                return Err(OutOfRange(ms));
            }
            all.sum_ns += u128::from(ns) * u128::from(n);
            all.min = all.min.min(ms);
            all.max = all.max.max(ms);
        }
        all.samples = Samples::Many(bins);
        Ok(all)
    }

    /// Significant decimal digits of the samples.
    pub fn digits(&self) -> u8 {
        match &self.samples {
            Samples::Few(_) => self.digits,
            Samples::Many(bins) => bins.digits(),
        }
    }

    /// The samples as a histogram of [`Self::digits`]: nanoseconds in ascending order, and how often each was seen.
    pub fn recorded(&self) -> Vec<(u64, u64)> {
        match &self.samples {
            Samples::Few(few) => bins_of(few, self.digits).recorded().collect(),
            Samples::Many(bins) => bins.recorded().collect(),
        }
    }

    /// Bytes that the samples take.
    pub fn bytes(&self) -> usize {
        match &self.samples {
            Samples::Few(few) => few.capacity() * size_of::<u64>(),
            Samples::Many(bins) => bins.bytes(),
        }
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
        // Rounds: nothing is below zero, and a week in nanoseconds is far from where a half would be lost.
        let ns = (ms * NS_PER_MS + 0.5) as u64;
        match &mut self.samples {
            Samples::Few(few) if n <= FEW as u64 && few.len() + n as usize <= FEW => {
                let at = few.partition_point(|known| *known <= ns);
                few.splice(at..at, std::iter::repeat_n(ns, n as usize));
            }
            _ => {
                if !self.many().add(ns, n) {
                    return Err(OutOfRange(ms));
                }
            }
        }
        self.sum_ns += u128::from(ns) * u128::from(n);
        self.min = self.min.min(ms);
        self.max = self.max.max(ms);
        Ok(())
    }

    /// Adds all samples of another distribution.
    pub fn merge(&mut self, other: &Self) -> Result<(), OutOfRange> {
        match (&mut self.samples, &other.samples) {
            (Samples::Few(own), Samples::Few(more)) if own.len() + more.len() <= FEW => {
                own.extend_from_slice(more);
                own.sort_unstable();
            }
            (_, Samples::Few(more)) => {
                let own = self.many();
                if !more.iter().all(|ns| own.add(*ns, 1)) {
                    return Err(OutOfRange(other.max));
                }
            }
            (_, Samples::Many(more)) => {
                if !self.many().merge(more) {
                    return Err(OutOfRange(other.max));
                }
            }
        }
        self.sum_ns += other.sum_ns;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        Ok(())
    }

    /// The samples as a histogram from now on.
    fn many(&mut self) -> &mut Bins {
        if let Samples::Few(few) = &self.samples {
            self.samples = Samples::Many(bins_of(few, self.digits));
        }
        match &mut self.samples {
            Samples::Many(bins) => bins,
            Samples::Few(_) => unreachable!("it was made a histogram above"),
        }
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        match &self.samples {
            Samples::Few(few) => few.len() as u64,
            Samples::Many(bins) => bins.total(),
        }
    }

    /// Sum of the samples in nanoseconds.
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Arithmetic mean in milliseconds; none without samples.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum_ns as f64 / self.count() as f64 / NS_PER_MS)
    }

    /// Sample standard deviation in milliseconds; none with fewer than two samples.
    pub fn stddev(&self) -> Option<f64> {
        match &self.samples {
            Samples::Few(few) => deviation(|| few.iter().map(|ns| (*ns, 1))),
            Samples::Many(bins) => deviation(|| bins.recorded()),
        }
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

    /// The share of samples up to a value in milliseconds, from 0 to 1.
    pub fn fraction_below(&self, ms: f64) -> f64 {
        let ns = (ms.max(0.0) * NS_PER_MS) as u64;
        match &self.samples {
            Samples::Few(few) => {
                few.partition_point(|own| *own <= ns) as f64 / few.len().max(1) as f64
            }
            Samples::Many(bins) => bins.share_up_to(ns),
        }
    }

    /// How many samples this holds for, in milliseconds.
    pub fn counted(&self, holds: impl Fn(f64) -> bool) -> u64 {
        let held = |ns: &u64| holds(*ns as f64 / NS_PER_MS);
        match &self.samples {
            Samples::Few(few) => few.iter().filter(|ns| held(ns)).count() as u64,
            Samples::Many(bins) => bins.recorded().filter(|(ns, _)| held(ns)).map(|(_, n)| n).sum(),
        }
    }

    /// The quantile in milliseconds; none without samples.
    pub fn quantile(&self, level: Quantile) -> Option<f64> {
        self.at(level.fraction())
    }

    /// Several quantiles in milliseconds, in ascending order of their levels, in one pass; none without samples.
    pub fn quantiles(&self, levels: &[Quantile]) -> Vec<(Quantile, f64)> {
        self.around(levels).into_iter().map(|(level, own)| (level, own.value())).collect()
    }

    /// The samples around several quantiles, in ascending order of their levels, in one pass; none without samples.
    pub(super) fn around(&self, levels: &[Quantile]) -> Vec<(Quantile, Between)> {
        let Some(last) = self.count().checked_sub(1) else { return Vec::new() };
        let position = |level: &Quantile| level.fraction() * last as f64;
        let below = |level: &Quantile| position(level).floor() as u64;
        let ranks: Vec<u64> =
            levels.iter().flat_map(|level| [below(level), (below(level) + 1).min(last)]).collect();
        let values = self.at_ranks(&ranks);
        let around = |(level, ends): (&Quantile, &[f64])| {
            let part = position(level) - position(level).floor();
            Some((*level, Between { low: *ends.first()?, high: *ends.get(1)?, part }))
        };
        levels.iter().zip(values.chunks_exact(2)).filter_map(around).collect()
    }

    /// The sample of this rank (from 0), in milliseconds.
    fn at_rank(&self, rank: u64) -> f64 {
        self.at_ranks(&[rank]).first().copied().unwrap_or(self.max)
    }

    /// The samples of these ranks, which nearly ascend.
    fn at_ranks(&self, ranks: &[u64]) -> Vec<f64> {
        let last = self.count().saturating_sub(1);
        let end =
            |rank: u64| (rank == 0).then_some(self.min).or((rank == last).then_some(self.max));
        let inside = |ns: u64| (ns as f64 / NS_PER_MS).max(self.min).min(self.max);
        match &self.samples {
            Samples::Few(few) => {
                let one = |rank: &u64| {
                    let ns = few.get(*rank as usize).copied();
                    end(*rank).unwrap_or_else(|| ns.map_or(self.max, inside))
                };
                ranks.iter().map(one).collect()
            }
            Samples::Many(bins) => {
                let mut values = vec![self.max; ranks.len()];
                let mut order: Vec<usize> = (0..ranks.len()).collect();
                order.sort_by_key(|i| ranks[*i]);
                let mut wanted = order.into_iter().peekable();
                let mut seen = 0;
                for (ns, n) in bins.recorded() {
                    seen += n;
                    while let Some(i) = wanted.next_if(|i| seen > ranks[*i]) {
                        values[i] = inside(ns);
                    }
                    if wanted.peek().is_none() {
                        break;
                    }
                }
                for (value, rank) in values.iter_mut().zip(ranks) {
                    *value = end(*rank).unwrap_or(*value);
                }
                values
            }
        }
    }
}

/// A place between two samples that follow each other, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    pub(super) low: f64,
    pub(super) high: f64,
    /// How far from the lower to the higher one, from 0 to 1.
    pub(super) part: f64,
}

impl Between {
    /// The value there.
    pub(super) fn value(self) -> f64 {
        if self.part <= 0.0 { self.low } else { self.low + (self.high - self.low) * self.part }
    }
}

/// Sample standard deviation, in milliseconds, of nanoseconds with how often each was seen. It goes through them twice: a sum of
/// squares would lose what little steady samples differ by.
fn deviation<I: Iterator<Item = (u64, u64)>>(samples: impl Fn() -> I) -> Option<f64> {
    let weighted = |of: &dyn Fn(f64) -> f64| -> f64 {
        samples().map(|(ns, n)| of(ns as f64 / NS_PER_MS) * n as f64).sum()
    };
    let count = weighted(&|_| 1.0);
    let mean = weighted(&|ms| ms) / count;
    (count > 1.0).then(|| (weighted(&|ms| (ms - mean).powi(2)) / (count - 1.0)).sqrt())
}

fn bins_of(samples: &[u64], digits: u8) -> Bins {
    let mut bins = Bins::new(digits);
    // There are a thousand of them: no count overflows.
    for ns in samples {
        let _ = bins.add(*ns, 1);
    }
    bins
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
    fn the_standard_deviation_is_that_of_the_samples_few_or_many() {
        let value = |i: usize| 100.0 + ((i * 7919) % 503) as f64 / 10.0;
        for n in [2, 3, FEW, FEW + 1, 5 * FEW] {
            let samples: Vec<f64> = (0..n).map(value).collect();
            let mean = samples.iter().sum::<f64>() / n as f64;
            let squares: f64 = samples.iter().map(|ms| (ms - mean).powi(2)).sum();
            let exact = (squares / (n as f64 - 1.0)).sqrt();
            let (mut left, right) = (of(&samples[..n / 2]), of(&samples[n / 2..]));
            left.merge(&right).unwrap();
            for all in [of(&samples), left] {
                let ours = all.stddev().unwrap();
                assert!((ours / exact - 1.0).abs() < 1e-3, "{n}: {ours} {exact}");
            }
        }
        assert_eq!((of(&[5.0]).stddev(), of(&[5.0; 3 * FEW]).stddev()), (None, Some(0.0)));
    }

    #[test]
    fn nothing_is_measured_without_samples() {
        let none = Distribution::new();
        assert_eq!((none.mean(), none.max(), none.quantile(Quantile::P50)), (None, None, None));
        assert_eq!(none.stddev(), None);
    }

    #[test]
    fn what_is_no_latency_is_refused() {
        for ms in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert!(Distribution::new().record(ms).is_err(), "{ms}");
        }
    }

    #[test]
    fn few_samples_and_many_are_the_same_but_for_three_digits() {
        let value = |i: usize| 1.0 + ((i * 7919) % 5003) as f64 / 10.0;
        for n in [FEW - 1, FEW, FEW + 1, 3 * FEW] {
            let samples: Vec<f64> = (0..n).map(value).collect();
            let all = of(&samples);
            let (mut left, right) = (of(&samples[..n / 3]), of(&samples[n / 3..]));
            left.merge(&right).unwrap();
            let mut sorted = samples;
            sorted.sort_by(f64::total_cmp);
            for level in Quantile::GRID {
                let at = |rank: u64| sorted[rank as usize];
                let exact = interpolate(n as u64, level.fraction(), at).unwrap();
                let ours = all.quantile(level).unwrap();
                assert!((ours / exact - 1.0).abs() < 1e-3, "{n} {level}: {ours} {exact}");
                assert_eq!(left.quantile(level), Some(ours));
            }
            let together = all.quantiles(&Quantile::GRID);
            let alone: Vec<_> =
                Quantile::GRID.iter().filter_map(|q| Some((*q, all.quantile(*q)?))).collect();
            assert_eq!(together, alone);
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
