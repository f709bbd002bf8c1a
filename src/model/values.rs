//! Values of any size and sign, such as the samples of a custom metric: one by one while they are few, then counted by their first
//! eleven binary digits. Mergeable, and the same whatever order they came in.

use super::distribution::interpolate;
use super::quantile::Quantile;
use std::collections::BTreeMap;

/// Values that are kept one by one.
const FEW: usize = 1_024;
/// Low bits of a number that are not told apart: what stays is within 0.025 % of the value.
const DROPPED_BITS: u32 = 41;
/// Bits of the fraction of a number, and the exponent of its last one where all others are 0.
const FRACTION_BITS: u32 = 52;
const LAST_EXPONENT: i32 = -1_074;

/// Samples of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    kept: Kept,
    sum: Sum,
    min: f64,
    max: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Kept {
    /// In any order.
    Few(Vec<f64>),
    /// How many there are of each key; keys ascend as values do.
    Many(BTreeMap<i64, u64>),
}

/// A sum without rounding: whole multiples of each power of two.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sum(BTreeMap<i32, i128>);

impl Default for Values {
    fn default() -> Self {
        Self {
            kept: Kept::Few(Vec::new()),
            sum: Sum::default(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Values {
    /// Adds a value, which must be finite.
    pub fn record(&mut self, value: f64) {
        self.sum.add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        match &mut self.kept {
            Kept::Few(few) if few.len() < FEW => few.push(value),
            Kept::Few(_) => *self.many().entry(key(value)).or_default() += 1,
            Kept::Many(many) => *many.entry(key(value)).or_default() += 1,
        }
    }

    /// Bytes that the values take, roughly.
    pub fn bytes(&self) -> usize {
        match &self.kept {
            Kept::Few(few) => size_of_val(few.as_slice()),
            // A node of the tree has room for more than it holds.
            Kept::Many(many) => many.len() * 2 * size_of::<(i64, u64)>(),
        }
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        match (&mut self.kept, &other.kept) {
            (Kept::Few(own), Kept::Few(more)) if own.len() + more.len() <= FEW => {
                own.extend_from_slice(more);
            }
            (_, Kept::Few(more)) => {
                let own = self.many();
                more.iter().for_each(|value| *own.entry(key(*value)).or_default() += 1);
            }
            (_, Kept::Many(more)) => {
                let own = self.many();
                more.iter().for_each(|(key, n)| *own.entry(*key).or_default() += n);
            }
        }
    }

    /// The values by their keys from now on.
    fn many(&mut self) -> &mut BTreeMap<i64, u64> {
        if let Kept::Few(few) = &self.kept {
            let mut many = BTreeMap::new();
            few.iter().for_each(|value| *many.entry(key(*value)).or_default() += 1);
            self.kept = Kept::Many(many);
        }
        match &mut self.kept {
            Kept::Many(many) => many,
            Kept::Few(_) => unreachable!("they were counted above"),
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        match &self.kept {
            Kept::Few(few) => few.len() as u64,
            Kept::Many(many) => many.values().sum(),
        }
    }

    /// How many values this holds for.
    pub fn counted(&self, holds: impl Fn(f64) -> bool) -> u64 {
        match &self.kept {
            Kept::Few(few) => few.iter().filter(|value| holds(**value)).count() as u64,
            Kept::Many(many) => {
                many.iter().filter(|(key, _)| holds(middle(**key))).map(|(_, n)| n).sum()
            }
        }
    }

    /// All of them together.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// Arithmetic mean; none without values.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum() / count as f64)
    }

    /// The levels of [`Quantile::GRID`], interpolated linearly between ranks; none without values.
    pub fn quantiles(&self) -> BTreeMap<Quantile, f64> {
        let ordered: Vec<(f64, u64)> = match &self.kept {
            Kept::Few(few) => {
                let mut few = few.clone();
                few.sort_by(f64::total_cmp);
                few.into_iter().map(|value| (value, 1)).collect()
            }
            Kept::Many(many) => many.iter().map(|(key, n)| (middle(*key), *n)).collect(),
        };
        let ends: Vec<u64> = ordered
            .iter()
            .scan(0, |seen, (_, n)| {
                *seen += n;
                Some(*seen)
            })
            .collect();
        let count = self.count();
        let at_rank = |rank: u64| match rank {
            0 => self.min,
            _ if rank + 1 == count => self.max,
            _ => {
                let at = ends.partition_point(|end| *end <= rank);
                let value = ordered.get(at).map_or(self.max, |(value, _)| *value);
                value.clamp(self.min, self.max)
            }
        };
        let level =
            |level: &Quantile| Some((*level, interpolate(count, level.fraction(), at_rank)?));
        Quantile::GRID.iter().filter_map(level).collect()
    }
}

/// The first bits of a number, so that keys ascend as numbers do.
fn key(value: f64) -> i64 {
    // Shifted by more than the sign, the bits fit.
    let size = (value.abs().to_bits() >> DROPPED_BITS) as i64;
    if value < 0.0 { -size - 1 } else { size }
}

/// The middle of the numbers that have this key.
fn middle(key: i64) -> f64 {
    let size = if key < 0 { -(key + 1) } else { key };
    let bits = ((size as u64) << DROPPED_BITS) | (1 << (DROPPED_BITS - 1));
    let value = if size == 0 { 0.0 } else { f64::from_bits(bits) };
    if key < 0 { -value } else { value }
}

impl Sum {
    fn add(&mut self, value: f64) {
        let bits = value.abs().to_bits();
        let (exponent, fraction) = (bits >> FRACTION_BITS, bits & ((1 << FRACTION_BITS) - 1));
        // Below the smallest normal number, the leading one is not there.
        let (exponent, whole) = match exponent {
            0 => (0, fraction),
            _ => (exponent as i32 - 1, fraction | (1 << FRACTION_BITS)),
        };
        let whole = i128::from(whole) * if value < 0.0 { -1 } else { 1 };
        *self.0.entry(exponent).or_default() += whole;
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(exponent, whole)| *self.0.entry(*exponent).or_default() += whole);
    }

    /// From the smallest to the largest, so that little is lost.
    fn value(&self) -> f64 {
        let part = |(exponent, whole): (&i32, &i128)| {
            // In two steps: the power alone may be too small for a number.
            let power = exponent + LAST_EXPONENT;
            *whole as f64 * 2_f64.powi(power / 2) * 2_f64.powi(power - power / 2)
        };
        self.0.iter().map(part).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many values around a size, some of them negative where the share is above 0.
    fn values(n: u64, size: f64, negative: f64) -> Vec<f64> {
        let at = |i: u64| {
            let part = ((i * 7919) % 10_007) as f64 / 10_007.0;
            size * (0.1 + part - negative)
        };
        (0..n).map(at).collect()
    }

    fn of(all: &[f64]) -> Values {
        let mut own = Values::default();
        all.iter().for_each(|value| own.record(*value));
        own
    }

    #[test]
    fn quantiles_are_right_whatever_the_size_and_the_sign() {
        for n in [1, 2, 500, 1_024, 1_025, 20_000] {
            for size in [3e-300, 3e-7, 1.2e-5, 1.0, 1e9, 4e200] {
                for negative in [0.0, 0.45, 2.0] {
                    let mut sorted = values(n, size, negative);
                    let own = of(&sorted);
                    sorted.sort_by(f64::total_cmp);
                    for (level, ours) in own.quantiles() {
                        let at = |rank: u64| sorted[rank as usize];
                        let exact = interpolate(n, level.fraction(), at).unwrap();
                        let allowed = if n <= 1_024 { 0.0 } else { 2.5e-4 };
                        // Around zero, two ranks of different sign lie on both sides.
                        let scale = exact.abs().max(2e-4 * size);
                        assert!(
                            (ours - exact).abs() <= allowed * scale,
                            "{n} {size} {negative} {level}: {ours} {exact}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn sums_are_exact_and_no_order_matters() {
        let all = [1e16, 1.0, -1e16, 3e-7, 3e-7, -2.5];
        assert_eq!(of(&all).sum(), -1.5 + 6e-7);
        let many = values(5_000, 1e-5, 0.3);
        let (mut left, right) = (of(&many[..2_000]), of(&many[2_000..]));
        left.merge(&right);
        let backwards: Vec<f64> = many.iter().rev().copied().collect();
        assert_eq!((&left, &left), (&of(&many), &of(&backwards)));
    }
}
