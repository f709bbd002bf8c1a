//! The trend of a series that single values cannot bend: the median of all slopes between pairs of points, with the confidence
//! interval that Kendall's statistic gives (Theil 1950; Sen 1968, Journal of the American Statistical Association 63).

use super::{Interval, median};

/// Points beyond which neighbours are averaged: pairs grow with the square.
const MOST: usize = 200;
/// Fewest points of a part whose trend says anything.
const FEWEST: usize = 8;
/// Share of a run that is left out in front: ramp-up and warm-up.
const WARM_UP: f64 = 1.0 / 3.0;
/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_964;

/// A trend, in units of the values per unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The median slope.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The slope of points (time, value) in order of time; none of too few.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    let points = thinned(points);
    let n = points.len();
    if n < FEWEST {
        return None;
    }
    let pairs = |i: usize| {
        let points = &points;
        (i + 1..n).map(move |j| (points[j].1 - points[i].1, points[j].0 - points[i].0))
    };
    let mut slopes: Vec<f64> =
        (0..n).flat_map(pairs).filter(|(_, dt)| *dt > 0.0).map(|(dv, dt)| dv / dt).collect();
    slopes.sort_by(f64::total_cmp);
    let estimate = median(&slopes)?;
    // Kendall's statistic varies less where values are the same.
    let ties = ties(points.iter().map(|p| p.0)) + ties(points.iter().map(|p| p.1));
    let spread = Z * ((tied(n) - ties).max(0.0) / 18.0).sqrt();
    let count = slopes.len() as f64;
    let at = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
    let low = ((count - spread) / 2.0).round_ties_even() - 1.0;
    let high = ((count + spread) / 2.0).round_ties_even();
    let interval = Interval { low: at(low), high: at(high) };
    Some(Slope { estimate, interval })
}

/// What so many equal values take from 18 times the variance of Kendall's statistic; all that it is where there are so many points.
fn tied(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// What all values that come more than once take from it.
fn ties(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|same| tied(same.len())).sum()
}

/// The trend of the steady part of a run: that after its first third. The interval is as low as the lowest and as high as the
/// highest of the whole steady part and its two halves: what ends by itself, as a cache that fills, is no trend.
pub fn steady_trend(points: &[(f64, f64)]) -> Option<Slope> {
    let from = (points.len() as f64 * WARM_UP).ceil() as usize;
    let steady = points.get(from..)?;
    let (first, second) = steady.split_at(steady.len() / 2);
    let whole = theil_sen(steady)?;
    let parts = [theil_sen(first)?, theil_sen(second)?];
    let low = parts.iter().map(|part| part.interval.low).fold(whole.interval.low, f64::min);
    let high = parts.iter().map(|part| part.interval.high).fold(whole.interval.high, f64::max);
    Some(Slope { estimate: whole.estimate, interval: Interval { low, high } })
}

/// At most so many points: means of neighbours.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let size = points.len().div_ceil(MOST).max(1);
    let mean = |part: &[(f64, f64)]| {
        let n = part.len() as f64;
        (part.iter().map(|p| p.0).sum::<f64>() / n, part.iter().map(|p| p.1).sum::<f64>() / n)
    };
    points.chunks(size).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that wobble by one around what `level` says of a second.
    fn series(level: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let wobble = |i: usize| ((i * 7919) % 101) as f64 / 50.0 - 1.0;
        (0..60).map(|i| (i as f64, level(i as f64) + wobble(i))).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_an_outlier_does_not_bend_it() {
        let mut line: Vec<(f64, f64)> =
            (0..20).map(|i| (f64::from(i), 3.0 * f64::from(i))).collect();
        line[4].1 = 1e6;
        let slope = theil_sen(&line).unwrap();
        assert_eq!(slope.estimate, 3.0);
        assert!(slope.interval.low <= 3.0 && slope.interval.high >= 3.0);
        assert_eq!(theil_sen(&line[..5]), None);
    }

    #[test]
    fn the_interval_is_that_of_scipy() {
        // theilslopes(values, range(n), 0.95) of scipy.stats: slope, low, high.
        let wave = |i: u32| f64::from((i * 7919) % 101) / 10.0 + 0.3 * f64::from(i);
        let ties = vec![5.0, 5.0, 5.0, 6.0, 5.0, 6.0, 6.0, 7.0, 6.0, 7.0];
        let eight = vec![10.0, 12.0, 11.0, 15.0, 14.0, 18.0, 17.0, 21.0];
        for (values, expected) in [
            (eight, [1.5, 2.0 / 3.0, 2.0]),
            (ties, [2.0 / 9.0, 0.0, 1.0 / 3.0]),
            ((0..20).map(wave).collect(), [0.36, 0.191_666_666_667, 0.727_272_727_273]),
        ] {
            let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
            let own = theil_sen(&points).unwrap();
            let ours = [own.estimate, own.interval.low, own.interval.high];
            let off = ours.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-9, "{ours:?} {expected:?}");
        }
    }

    #[test]
    fn growth_is_a_trend_and_what_fills_and_stops_is_none() {
        let low = |level: fn(f64) -> f64| steady_trend(&series(level)).unwrap().interval.low;
        assert!(low(|t| 100.0 + t) > 0.5);
        assert!(low(|_| 100.0) <= 0.0);
        assert!(low(|t| 100.0 + 50.0 * (1.0 - (-t / 10.0).exp())) <= 0.1);
        // One step, as when a pool is allocated.
        assert!(low(|t| if t < 40.0 { 100.0 } else { 120.0 }) <= 0.0);
    }
}
