//! What happened while a test ran: a value for each part of it.

/// Parts that a run is kept in at most.
const MOST: usize = 240;

/// A series of values in equal steps from the start of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Seconds from one value to the next.
    pub interval_s: f64,
    /// The values; none where nothing was measured.
    pub values: Vec<Option<f64>>,
}

impl Timeline {
    /// The means of points (seconds, value) in steps of a second or more, from `start` on; none of no points.
    pub fn of_points(points: &[(f64, f64)], start: f64) -> Option<Self> {
        let end = points.iter().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
        if !(end - start).is_finite() || end < start {
            return None;
        }
        let interval_s = ((end - start + 1.0) / MOST as f64).ceil().max(1.0);
        let place = |at: f64| ((at - start) / interval_s).max(0.0) as usize;
        let mut sums = vec![(0.0, 0_u32); place(end) + 1];
        for (at, value) in points.iter().filter(|point| point.0 >= start) {
            let sum = &mut sums[place(*at)];
            *sum = (sum.0 + value, sum.1 + 1);
        }
        let mean = |(sum, n): (f64, u32)| (n > 0).then(|| rounded(sum / f64::from(n)));
        Some(Self { interval_s, values: sums.into_iter().map(mean).collect() })
    }
}

/// Four significant digits: it is drawn, not judged.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let power = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * power).round() / power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_become_means_of_at_most_so_many_steps() {
        let short = Timeline::of_points(&[(10.0, 1.0), (10.5, 3.0), (12.0, 5.0)], 10.0).unwrap();
        assert_eq!(short, Timeline { interval_s: 1.0, values: vec![Some(2.0), None, Some(5.0)] });
        let hours: Vec<(f64, f64)> = (0..7200).map(|s| (f64::from(s), 1.234_567)).collect();
        let long = Timeline::of_points(&hours, 0.0).unwrap();
        assert_eq!((long.interval_s, long.values.len()), (30.0, 240));
        assert!(long.values.iter().all(|value| *value == Some(1.235)));
        assert_eq!(Timeline::of_points(&[], 0.0), None);
    }
}
