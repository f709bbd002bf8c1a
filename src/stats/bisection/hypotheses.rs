//! What may have happened, and how well it fits what was measured.

use crate::stats::matrix::mean;

/// How much larger than the one before a size is that a step may have, and the largest, as logarithms: 8 times.
const NEXT_SIZE: f64 = 1.5;
const LARGEST: f64 = 2.1;
/// Noise that is expected before anything is known, as the deviation of a logarithm.
const EXPECTED: f64 = 0.05;
/// How many measurements that expectation is worth.
const EXPECTED_FREEDOM: f64 = 2.0;
/// How likely two steps are, as a share of how likely one is.
pub(super) const TWO: f64 = 0.1;

/// The sizes that a step may have, as logarithms, from the smallest of interest on.
pub(super) fn sizes(least: f64) -> Vec<f64> {
    let all = std::iter::successors(Some(least), |size| Some(size * NEXT_SIZE));
    all.take_while(|size| *size <= LARGEST.max(least)).collect()
}

/// The measurements, ready to be compared with hypotheses.
pub(super) struct Data {
    /// Commits after the good one.
    pub(super) commits: usize,
    /// The sizes that a step may have.
    pub(super) sizes: Vec<f64>,
    /// The commit of each measurement.
    pub(super) at: Vec<usize>,
    /// Each series, measurement by measurement.
    pub(super) series: Vec<Vec<Option<f64>>>,
}

/// Commits that no measurement tells apart: first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Interval {
    pub(super) fn commits(self) -> f64 {
        (self.last - self.first + 1) as f64
    }
}

impl Data {
    /// The intervals of the line: each ends where something was measured, or with the line.
    pub(super) fn intervals(&self) -> Vec<Interval> {
        let mut ends: Vec<usize> = self.at.iter().copied().filter(|at| *at > 0).collect();
        ends.push(self.commits);
        ends.sort_unstable();
        ends.dedup();
        let mut first = 1;
        ends.into_iter()
            .map(|last| {
                let own = Interval { first, last };
                first = last + 1;
                own
            })
            .collect()
    }
}

/// What one series tells.
pub(super) struct Evidence {
    /// Measurements with a value.
    pub(super) count: f64,
    /// Sum of squares about the mean.
    squares: f64,
    /// From each interval on: how many values, and the sum of their distances from the mean.
    pub(super) from: Vec<(f64, f64)>,
}

impl Evidence {
    /// The evidence of a series; none where nothing was measured.
    pub(super) fn of(data: &Data, series: usize, intervals: &[Interval]) -> Option<Self> {
        let values: Vec<(usize, f64)> = data
            .at
            .iter()
            .zip(&data.series[series])
            .filter_map(|(at, own)| Some((*at, (*own)?)))
            .collect();
        if values.is_empty() {
            return None;
        }
        let center = mean(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let from = intervals.iter().map(|interval| {
            let later = values.iter().filter(|(at, _)| *at >= interval.last);
            later.fold((0.0, 0.0), |(n, sum), (_, value)| (n + 1.0, sum + value - center))
        });
        Some(Self {
            count: values.len() as f64,
            squares: values.iter().map(|(_, value)| (value - center).powi(2)).sum(),
            from: from.collect(),
        })
    }

    /// The log-likelihood of steps, over that of none. Each step is a size and the interval that it comes in; of two, the earlier
    /// one comes first.
    pub(super) fn weight(&self, first: (f64, usize), second: Option<(f64, usize)>) -> f64 {
        let (d, (n, sum)) = (first.0, self.from[first.1]);
        let (e, (m, rest)) = second.map_or((0.0, (0.0, 0.0)), |own| (own.0, self.from[own.1]));
        let fitted = d * d * n + 2.0 * d * e * m + e * e * m;
        let shift = (d * n + e * m).powi(2) / self.count;
        let left = self.squares - 2.0 * (d * sum + e * rest) + fitted - shift;
        let expected = EXPECTED_FREEDOM * EXPECTED * EXPECTED;
        let freedom = EXPECTED_FREEDOM + self.count - 1.0;
        -freedom / 2.0 * ((expected + left.max(0.0)) / (expected + self.squares)).ln()
    }

    /// The size of a step in an interval that fits best.
    pub(super) fn best(&self, interval: usize) -> f64 {
        let (n, sum) = self.from[interval];
        let spread = n - n * n / self.count;
        if spread > 0.0 { sum / spread } else { 0.0 }
    }

    /// Variance of a measurement, where `explained` of the squares is not noise.
    pub(super) fn variance(&self, explained: f64) -> f64 {
        let expected = EXPECTED_FREEDOM * EXPECTED * EXPECTED;
        let left = (self.squares - explained).max(0.0);
        (expected + left) / (EXPECTED_FREEDOM + self.count - 1.0)
    }
}
