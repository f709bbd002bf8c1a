//! How far chance moves the numbers of a sample.

use super::order::{Interval, rank_interval};
use crate::model::{Distribution, Statistic};

/// Decimal digits that are kept of a deviation: more than anybody can tell, and little room in a file.
const DIGITS: i32 = 4;

/// The 95 % order-statistic interval of the quantile at a fraction, read off the samples; none without any.
pub fn sampling_interval(samples: &Distribution, fraction: f64) -> Option<Interval> {
    let (low, high) = rank_interval(samples.count().max(1), fraction);
    let (low, high) = samples.span(low, high)?;
    Some(Interval { low, high })
}

/// Standard deviation of the natural logarithm of a quantile or of the mean of these samples by chance alone, to four digits,
/// so that it is the same number wherever it is read; none of other statistics, without samples, and where there is no
/// logarithm.
pub fn sampling_deviation(samples: &Distribution, statistic: Statistic) -> Option<f64> {
    let deviation = match statistic {
        Statistic::Quantile(level) => {
            let Interval { low, high } = sampling_interval(samples, level.fraction())?;
            let interval = Interval { low: low.max(high / 100.0), high };
            interval.log_variance().sqrt()
        }
        Statistic::Mean => {
            let mean = samples.mean().filter(|mean| *mean > 0.0)?;
            samples.deviation()? / mean / (samples.count() as f64).sqrt()
        }
        _ => return None,
    };
    deviation.is_finite().then(|| rounded(deviation))
}

/// A number to so many significant digits.
fn rounded(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powi(DIGITS - 1 - value.log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quantile;

    fn samples(n: u64) -> Distribution {
        let mut all = Distribution::new();
        (0..n).for_each(|i| all.record(10.0 + (i % 100) as f64).unwrap());
        all
    }

    #[test]
    fn a_deviation_shrinks_with_the_root_of_the_number_of_samples() {
        for statistic in [Statistic::Mean, Statistic::Quantile(Quantile::P95)] {
            let of = |n: u64| sampling_deviation(&samples(n), statistic).unwrap();
            let ratio = of(1_000) / of(100_000);
            assert!((8.0..12.5).contains(&ratio), "{statistic}: {ratio}");
        }
    }

    #[test]
    fn four_digits_are_kept() {
        assert_eq!(rounded(0.031_415_9), 0.03142);
        assert_eq!(rounded(123_456.0), 123_500.0);
        assert_eq!(rounded(0.0), 0.0);
    }

    #[test]
    fn nothing_is_known_without_samples_and_of_other_numbers() {
        assert_eq!(sampling_deviation(&Distribution::new(), Statistic::Mean), None);
        assert_eq!(sampling_deviation(&samples(10), Statistic::Max), None);
    }
}
