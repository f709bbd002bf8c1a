//! Where a step may be: noise hides which of the points around it was the first of the new level.

use super::order::{MAD_TO_SD, median};

/// How much more likely the place that fits best must be than another one for that to be ruled out: e to this power, 1000.
const RULED_OUT: f64 = 6.9;
/// Standard deviations from its level at which a value is cut off.
const CLIP: f64 = 3.0;

/// The first and the last place that the step between two levels may have: of all places that are not a thousand times less
/// likely than `at`, the first point of the new level. `values` are those of both levels alone.
pub fn places(values: &[f64], at: usize) -> (usize, usize) {
    let scaled: Vec<f64> = if values.iter().all(|v| *v > 0.0) {
        values.iter().map(|v| v.ln()).collect()
    } else {
        values.to_vec()
    };
    let (left, right) = scaled.split_at(at.min(scaled.len()));
    let (Some(before), Some(after)) = (median(left), median(right)) else { return (at, at) };
    let deviations: Vec<f64> = left
        .iter()
        .map(|v| (v - before).abs())
        .chain(right.iter().map(|v| (v - after).abs()))
        .collect();
    let noise = MAD_TO_SD * median(&deviations).unwrap_or_default();
    if noise <= 0.0 {
        return (at, at);
    }
    // How much worse a value fits the other level than its own.
    let worse = |value: f64, own: f64, other: f64| {
        let value = value.clamp(own.min(other) - CLIP * noise, own.max(other) + CLIP * noise);
        ((value - other).powi(2) - (value - own).powi(2)) / (2.0 * noise * noise)
    };
    let reach = |costs: &mut dyn Iterator<Item = f64>| {
        let mut sum = 0.0;
        let far = costs.zip(1..).filter_map(|(cost, n)| {
            sum += cost;
            (sum < RULED_OUT).then_some(n)
        });
        far.last().unwrap_or(0)
    };
    // Each level keeps a point of its own.
    let back = reach(&mut left.iter().skip(1).rev().map(|v| worse(*v, before, after)));
    let on = reach(&mut right.iter().take(right.len() - 1).map(|v| worse(*v, after, before)));
    (at - back, at + on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(levels: [f64; 2], noise: f64) -> Vec<f64> {
        let wobble = |i: usize| 1.0 + noise * ((i * 7919) % 13) as f64 / 6.5 - noise;
        (0..40).map(|i| levels[usize::from(i >= 20)] * wobble(i)).collect()
    }

    #[test]
    fn a_step_far_beyond_the_noise_has_one_place() {
        assert_eq!(places(&series([100.0, 150.0], 0.02), 20), (20, 20));
        assert_eq!(places(&[1.0, 1.0, 1.0, 2.0, 2.0, 2.0], 3), (3, 3));
    }

    #[test]
    fn the_less_a_step_stands_out_the_more_places_it_may_have() {
        let width = |level: f64| {
            let (first, last) = places(&series([100.0, level], 0.05), 20);
            assert!(first <= 20 && last >= 20, "{first} to {last}");
            last - first
        };
        assert!(width(106.0) > width(112.0) && width(112.0) >= width(140.0));
    }
}
