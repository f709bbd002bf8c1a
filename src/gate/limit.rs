//! The plain rule: is the limit crossed?

use crate::config::Threshold;
use crate::model::{BEYOND, Direction};

/// Largest relative decrease that a limit allows: a decrease of everything has no logarithm.
const MOST_DECREASE: f64 = 0.999;

/// How far the logarithm of a value that stands at `level` may rise, worse up.
pub(super) fn rise(threshold: Threshold, direction: Direction, level: f64) -> f64 {
    let share = match threshold {
        Threshold::Relative(share) => share,
        Threshold::Absolute(amount) => amount / level,
    };
    match direction {
        Direction::Lower => share.ln_1p(),
        Direction::Higher => -(-share.min(MOST_DECREASE)).ln_1p(),
    }
}

/// A rise of the logarithm as the relative change that it stands for, without its sign.
pub(super) fn share(rise: f64, direction: Direction) -> f64 {
    match direction {
        Direction::Lower => rise.exp_m1(),
        Direction::Higher => -(-rise).exp_m1(),
    }
}

/// Whether `current` is beyond what the threshold allows from `baseline`. At the limit is not beyond it.
pub(super) fn is_crossed(
    baseline: f64,
    current: f64,
    threshold: Threshold,
    direction: Direction,
) -> bool {
    let worse = direction.worse_sign();
    let limit = match threshold {
        Threshold::Relative(share) => baseline * (1.0 + worse * share),
        Threshold::Absolute(amount) => baseline + worse * amount,
    };
    worse * (current - limit) > BEYOND * limit.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn at_the_limit_passes_and_a_millionth_beyond_is_crossed(
            base in 1_u32..100_000_000, tenths in 1_u32..1000,
        ) {
            // b and b·(1+θ) written with up to 4 (here 7) decimals, as a file would have them.
            let share = f64::from(tenths) / 1000.0;
            let b: f64 = format!("{:.4}", f64::from(base) / 1e4).parse().unwrap();
            let up: f64 = format!("{:.7}", f64::from(base) / 1e4 * (1.0 + share)).parse().unwrap();
            let down: f64 = format!("{:.7}", f64::from(base) / 1e4 * (1.0 - share)).parse().unwrap();
            let relative = Threshold::Relative(share);
            prop_assert!(!is_crossed(b, up, relative, Direction::Lower));
            prop_assert!(is_crossed(b, up * (1.0 + 1e-6), relative, Direction::Lower));
            prop_assert!(!is_crossed(b, down, relative, Direction::Higher));
            prop_assert!(is_crossed(b, down * (1.0 - 1e-6), relative, Direction::Higher) || down == 0.0);
        }

        #[test]
        fn an_error_rate_at_the_limit_passes(failures in 0_u32..1000, of in 1000_u32..100_000) {
            let base = f64::from(failures) / f64::from(of);
            let limit = Threshold::Absolute(0.001);
            prop_assert!(!is_crossed(base, base + 0.001, limit, Direction::Lower));
            prop_assert!(is_crossed(base, (base + 0.001) * (1.0 + 1e-6), limit, Direction::Lower));
        }
    }

    #[test]
    fn decimals_mean_what_is_written() {
        let twenty = Threshold::Relative(0.2);
        assert!(!is_crossed(3.0, 3.6, twenty, Direction::Lower));
        assert!(is_crossed(3.0, 3.600_01, twenty, Direction::Lower));
        assert!(!is_crossed(100.0, 90.0, Threshold::Relative(0.1), Direction::Higher));
        assert!(is_crossed(100.0, 89.999, Threshold::Relative(0.1), Direction::Higher));
        assert!(!is_crossed(0.0, 0.001, Threshold::Absolute(0.001), Direction::Lower));
    }
}
