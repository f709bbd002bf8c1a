//! Order statistics: medians, and how far off a quantile of a sample may be.

use super::beta::beta_inverse;
use std::cell::RefCell;
use std::collections::HashMap;

/// Median absolute deviation to standard deviation, for normal noise.
pub const MAD_TO_SD: f64 = 1.4826;

/// The median; none of an empty slice. Values must not be NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| !odd);
    Some(lower.map_or(*upper, |lower| f64::midpoint(lower, *upper)))
}

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The variance of the natural logarithm that a normal quantity with this 95 % interval has: ((ln high − ln low)/3.92)².
    pub fn log_variance(self) -> f64 {
        ((self.high / self.low).ln() / 3.92).powi(2)
    }
}

/// Between which fractions of the sorted sample the true quantile lies with 95 % confidence, whatever the distribution:
/// with rank r = ⌊n·q⌋ + 1, the 2.5 % point of Beta(r−1, n−r+2) and the 97.5 % point of Beta(r, n−r+1).
///
/// Whoever judges a history asks for the same few again and again: a thread remembers its last ones.
pub fn rank_interval(n: u64, q: f64) -> (f64, f64) {
    RANKS.with_borrow_mut(|known| {
        if known.len() >= MOST_RANKS {
            known.clear();
        }
        *known.entry((n, q.to_bits())).or_insert_with(|| rank_interval_anew(n, q))
    })
}

/// Intervals that a thread remembers at most.
const MOST_RANKS: usize = 4_096;

thread_local! {
    static RANKS: RefCell<HashMap<(u64, u64), (f64, f64)>> = RefCell::default();
}

fn rank_interval_anew(n: u64, q: f64) -> (f64, f64) {
    let n = n as f64;
    let r = ((n * q).floor() + 1.0).min(n);
    let low = if r > 1.0 { beta_inverse(0.025, r - 1.0, n - r + 2.0) } else { 0.0 };
    (low, beta_inverse(0.975, r, n - r + 1.0))
}

/// A distribution of which only some quantiles are known: read between them by interpolating ln Q linearly against
/// −ln(1−p), on which scale a power-law tail is a straight line and those of response times are nearly one.
#[derive(Debug, Clone)]
pub struct QuantileGrid {
    /// (−ln(1−p), ln Q), ascending.
    points: Vec<(f64, f64)>,
    /// The same without the extremes.
    inner: Vec<(f64, f64)>,
}

impl QuantileGrid {
    /// A grid from (fraction in (0, 1), value > 0) pairs: quantiles, and the extremes of the sample. Values of zero or
    /// less have no logarithm and are left out. None when nothing is left.
    pub fn new(
        quantiles: impl IntoIterator<Item = (f64, f64)>,
        extremes: impl IntoIterator<Item = (f64, f64)>,
    ) -> Option<Self> {
        let inner = on_scale(quantiles);
        let mut points = on_scale(extremes);
        points.extend(&inner);
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        (!points.is_empty()).then_some(Self { points, inner })
    }

    /// The value at a fraction; beyond the ends, the end.
    pub fn at(&self, p: f64) -> f64 {
        let x = scale(p);
        let above = self.points.partition_point(|(at, _)| *at < x);
        let ln_value = match (above.checked_sub(1).map(|i| self.points[i]), self.points.get(above))
        {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
            (Some((_, y)), None) | (None, Some(&(_, y))) => y,
            (None, None) => f64::NAN,
        };
        ln_value.exp()
    }

    /// Standard deviation of the distribution, by its values at many fractions; what lies beyond the ends is as far out as they.
    pub fn deviation(&self) -> f64 {
        // Evenly on the scale, where the tail takes its due; each value weighs as much as the fraction it stands for.
        const STEPS: u32 = 2_000;
        let Some((last, _)) = self.points.last() else { return f64::NAN };
        let fraction = |i: u32| -(-last * f64::from(i) / f64::from(STEPS)).exp_m1();
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut add = |value: f64, weight: f64| {
            sum += weight * value;
            squares += weight * value * value;
        };
        for i in 0..STEPS {
            let (from, to) = (fraction(i), fraction(i + 1));
            add(self.at(f64::midpoint(from, to)), to - from);
        }
        add(self.at(1.0 - 1e-12), (-last).exp());
        (squares - sum * sum).max(0.0).sqrt()
    }

    /// The values of the grid points next to the fraction `p` when one of them lies so far off that `p` sits between two
    /// modes: more than 0.5 in ln Q, for points up to one unit apart on the scale −ln(1−p) (p90 to p95 is 0.7,
    /// p95 to p98 is 0.9), and in proportion for points further apart (p99 to p99.9 is 2.3), where an ordinary tail
    /// climbs as much. Behind the highest quantile stands the largest sample, which is further off still: 0.4 a unit is more
    /// than a log-normal tail with a deviation of 1.5 climbs there.
    pub fn far_neighbours(&self, p: f64) -> Option<Interval> {
        const FAR: f64 = 0.5;
        const FAR_FROM_LARGEST: f64 = 0.4;
        let x = scale(p);
        let same = |at: f64| (at - x).abs() < 1e-9;
        let here = self.at(p).ln();
        let below = self.inner.iter().rev().find(|(at, _)| *at < x && !same(*at));
        let above = self.inner.iter().find(|(at, _)| *at > x && !same(*at));
        let largest = self.points.last().filter(|(at, _)| above.is_none() && *at > x && !same(*at));
        let far = |point: Option<&(f64, f64)>, much: f64| {
            point.is_some_and(|(at, value)| (value - here).abs() > much * (at - x).abs().max(1.0))
        };
        let end = |point: Option<&(f64, f64)>| point.map_or(here, |(_, value)| *value).exp();
        let far_from_largest = far(largest, FAR_FROM_LARGEST);
        let high = if far_from_largest { largest } else { above };
        (far(below, FAR) || far(above, FAR) || far_from_largest)
            .then(|| Interval { low: end(below), high: end(high) })
    }
}

/// The pairs that have a logarithm, on the grid's scale, ascending.
fn on_scale(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = pairs
        .into_iter()
        .filter(|(p, value)| (0.0..1.0).contains(p) && *value > 0.0)
        .map(|(p, value)| (scale(p), value.ln()))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// The scale on which a power-law tail is a straight line.
fn scale(p: f64) -> f64 {
    -(-p).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn more_requests_narrow_the_interval_of_a_quantile() {
        let width = |n| {
            let (low, high) = rank_interval(n, 0.95);
            assert!(low < 0.95 && high > 0.95);
            high - low
        };
        assert!(width(100) > width(1_000) && width(1_000) > width(100_000));
    }

    #[test]
    fn a_grid_reads_its_own_points_and_a_power_law_tail_between_them() {
        let power_law = |p: f64| (-(1.0 - p).ln()).exp();
        let grid = QuantileGrid::new([0.5, 0.9, 0.99].map(|p| (p, power_law(p))), []).unwrap();
        for p in [0.5, 0.7, 0.9, 0.95, 0.99] {
            assert!((grid.at(p) / power_law(p) - 1.0).abs() < 1e-12, "{p}");
        }
        assert_eq!(grid.at(0.999), grid.at(0.99));
    }

    #[test]
    fn a_quantile_between_two_modes_is_seen() {
        let of = |p90| {
            let quantiles = [(0.9, p90), (0.95, 40.0), (0.99, 50.0)];
            QuantileGrid::new(quantiles, [(0.01, 1.0), (0.9999, 60.0)]).unwrap()
        };
        assert_eq!(of(10.0).far_neighbours(0.95).map(|i| i.low.round()), Some(10.0));
        assert_eq!(of(33.0).far_neighbours(0.95), None);
    }
}
