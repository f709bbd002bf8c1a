//! How the response times of a file of Locust are rounded: to two significant digits, unless the locustfile puts another
//! function in the place of `bucket_response_time` (from 2.43.4 on). The file does not say which; its values do.

use crate::model::Rounding;
use std::collections::BTreeSet;

/// Different values from which on what they all are multiples of is their step, and no accident.
const ENOUGH: usize = 10;
/// Microseconds: nothing is told apart below.
const PER_MS: f64 = 1e3;

/// The rounding that all these values, in milliseconds, have; none where they have none.
pub(super) fn rounding_of(values: impl Iterator<Item = f64>) -> Option<Rounding> {
    let values: BTreeSet<u64> = values.map(|ms| (ms * PER_MS).round() as u64).collect();
    let usual = |us: &u64| {
        let step = Rounding::TwoSignificantDigits.half_step(*us as f64 / PER_MS) * 2.0;
        us.is_multiple_of((step * PER_MS) as u64)
    };
    if values.iter().all(usual) {
        return Some(Rounding::TwoSignificantDigits);
    }
    let common = values.iter().copied().fold(0, greatest_common_divisor);
    let step = if values.len() >= ENOUGH {
        common
    } else {
        // A handful of values may have much in common: a decimal place is as much as they tell.
        [1_000, 100, 10].into_iter().find(|step| common.is_multiple_of(*step)).unwrap_or(1)
    };
    (step > 1).then_some(Rounding::Steps { us: step })
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Option<Rounding> {
        rounding_of(values.iter().copied())
    }

    #[test]
    fn two_digits_are_the_rule_until_a_value_breaks_it() {
        assert_eq!(of(&[]), Some(Rounding::TwoSignificantDigits));
        assert_eq!(of(&[0.0, 7.0, 99.0, 150.0, 3_400.0, 123_000.0]), of(&[]));
        assert_eq!(of(&[7.0, 147.0]), Some(Rounding::Steps { us: 1_000 }));
        // One value is no more than a whole number of milliseconds, however much divides it.
        assert_eq!(of(&[1_250.0]), Some(Rounding::Steps { us: 1_000 }));
        assert_eq!(of(&[3.2, 17.0]), Some(Rounding::Steps { us: 100 }));
        assert_eq!(of(&[3.252_731, 17.0]), None);
    }

    #[test]
    fn many_values_show_their_step() {
        let bins: Vec<f64> = (0..20).map(|i| f64::from(i) * 25.0).collect();
        assert_eq!(of(&bins), Some(Rounding::Steps { us: 25_000 }));
        let three_digits: Vec<f64> = (0..20).map(|i| 100.0 + f64::from(i * i)).collect();
        assert_eq!(of(&three_digits), Some(Rounding::Steps { us: 1_000 }));
    }
}
