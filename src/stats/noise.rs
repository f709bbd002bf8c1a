//! The noise of each test from run to run, and how far new runs lie outside of it.
//!
//! Everything is on a logarithmic scale with worse up. A few baseline runs say little about the noise of one test, so the
//! tests lend each other strength: a test's variance is drawn towards the typical one, the more the more alike the tests
//! are; and heavy tails that the baselines show anywhere are believed everywhere.

use super::matrix::{Matrix, mean, middle, variance};
use super::student::{student_quantile, student_upper_tail};
use super::trigamma::trigamma;

/// Smallest standard deviation (0.5 %) that is believed of a typical test.
const FLOOR: f64 = 0.005;
/// Fewest tests that say how alike tests are.
const FEWEST_TO_POOL: usize = 5;
/// Standard deviation that stands for the typical one where there are fewer.
const TYPICAL: f64 = 0.05;
/// How many runs the typical standard deviation then counts as.
const TYPICAL_WEIGHT: f64 = 4.0;
/// Fewest baseline values that show a tail.
const FEWEST_FOR_TAIL: usize = 15;

/// What the baseline runs say about the noise of each test.
#[derive(Debug, Clone)]
pub struct Noise {
    runs: f64,
    /// How many of the runs are of each test's present level; all of them where no level moved.
    level: Vec<f64>,
    /// Centre of each test.
    centre: Vec<f64>,
    /// Variance of each test, spikes clipped.
    variance: Vec<f64>,
    /// Robust scale of each test.
    robust: Vec<f64>,
    /// Standard deviation of each test, drawn towards the typical one.
    shrunk: Vec<f64>,
    /// Typical variance, and how many runs it counts as.
    typical: f64,
    weight: f64,
    /// Standardised baseline values of all tests, sorted; empty where there are too few.
    tail: Vec<f64>,
}

/// How far new runs lie outside of the baseline's noise, for one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// New centre minus baseline centre; worse is positive.
    pub change: f64,
    /// Standard error of the change.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub freedom: f64,
    /// Probability of such a change when nothing changed.
    pub p: f64,
    /// The change of the best new run; from four runs on, of the second best.
    pub best: f64,
    /// Standard deviation from run to run that the error comes from.
    pub spread: f64,
    /// Baseline runs that the centre comes from.
    pub level: f64,
}

impl Distance {
    /// How many new runs it takes to tell a change as large as `limit` from none: nine times in ten, at a risk of 1 %. None
    /// where more than `most` would be needed: then the baseline has too few runs.
    pub fn runs_to_see(&self, limit: f64, most: usize) -> Option<usize> {
        let reach = student_quantile(0.99, self.freedom) + student_quantile(0.90, self.freedom);
        let error = |m: usize| self.spread * (1.0 / m as f64 + 1.0 / self.level).sqrt();
        (1..=most).find(|m| reach * error(*m) < limit)
    }
}

impl Noise {
    /// From k ≥ 3 baseline runs; pooled over the tests where there are at least five.
    pub fn of(baseline: &Matrix) -> Self {
        let noise = if baseline.tests() < FEWEST_TO_POOL {
            Self::scaled(baseline, TYPICAL_WEIGHT, Some(TYPICAL), 3.0)
        } else {
            let weight =
                likeness(&Self::scaled(baseline, 8.0, None, 3.0).variance, baseline.runs());
            Self::scaled(baseline, weight, None, 3.0)
        };
        noise.with_tail(baseline)
    }

    /// Of one quantity of the whole run, which no other test can lend strength to.
    pub fn of_whole_run(baseline: &Matrix) -> Self {
        Self::scaled(baseline, 2.0, Some(TYPICAL), 2.0)
    }

    /// Centre and variance of each test: values further than `clip` robust scales from the median are brought back.
    fn scaled(baseline: &Matrix, weight: f64, typical: Option<f64>, clip: f64) -> Self {
        let k = baseline.runs() as f64;
        let nu = k - 1.0;
        let medians = baseline.per_test(middle);
        let mad2 = |j: usize| {
            let off: Vec<f64> = baseline.test(j).iter().map(|v| (v - medians[j]).abs()).collect();
            (1.4826 * middle(&off)).powi(2)
        };
        let pooled = || {
            // The median of variances of k runs is a little below their mean (Wilson and Hilferty).
            let shrink = (1.0 - 2.0 / (9.0 * nu)).powi(3);
            (middle(&baseline.per_test(variance)) / shrink).max(FLOOR * FLOOR)
        };
        let typical = typical.map_or_else(pooled, |sd| sd * sd);
        let drawn = |own: f64| ((weight * typical + nu * own) / (weight + nu)).sqrt();
        let robust: Vec<f64> = (0..baseline.tests()).map(|j| drawn(mad2(j))).collect();
        let clipped = baseline
            .map(|_, j, v| v.clamp(medians[j] - clip * robust[j], medians[j] + clip * robust[j]));
        let variance = clipped.per_test(variance);
        Self {
            runs: k,
            level: vec![k; baseline.tests()],
            centre: clipped.per_test(mean),
            shrunk: variance.iter().map(|v| drawn(*v)).collect(),
            variance,
            robust,
            typical,
            weight,
            tail: Vec::new(),
        }
    }

    fn with_tail(mut self, baseline: &Matrix) -> Self {
        if baseline.runs() * baseline.tests() >= FEWEST_FOR_TAIL {
            let widen = (self.runs / (self.runs - 1.0)).sqrt();
            let standard = baseline.map(|_, j, v| (v - self.centre[j]) * widen / self.robust[j]);
            self.tail = (0..standard.runs()).flat_map(|r| standard.run(r).to_vec()).collect();
            self.tail.sort_by(f64::total_cmp);
        }
        self
    }

    /// The same noise, where only so many runs of each test say where it stands now.
    #[must_use]
    pub fn at_level(mut self, runs: &[usize]) -> Self {
        self.level = runs.iter().map(|n| *n as f64).collect();
        self
    }

    /// The centre of a test.
    pub fn centre(&self, j: usize) -> f64 {
        self.centre[j]
    }

    /// The standard deviation of a test from run to run.
    pub fn deviation(&self, j: usize) -> f64 {
        self.shrunk[j]
    }

    /// The same as these runs alone show it.
    pub fn measured(&self, j: usize) -> f64 {
        self.variance[j].sqrt()
    }

    /// How far the new runs of test `j` lie outside. `sampling` is the sampling variance by which the new values are worse
    /// known than the baseline's, for one run; 0 where it is not known.
    /// `unseen` is how many values beyond all that the baselines show are reckoned with: 1 where several looks are
    /// taken, 0 for a single one.
    pub fn distance(&self, j: usize, new: &[f64], sampling: f64, unseen: f64) -> Distance {
        let m = new.len() as f64;
        let centre = if new.len() <= 2 {
            mean(new)
        } else {
            let (at, reach) = (middle(new), 2.0 * self.shrunk[j]);
            mean(&new.iter().map(|v| v.clamp(at - reach, at + reach)).collect::<Vec<_>>())
        };
        let spread = if new.len() > 1 { variance(new) } else { 0.0 };
        let freedom = self.weight + self.runs + m - 2.0;
        // New runs that spread wildly may do so by a change; they count only up to nine times the known variance.
        let own = spread.min(9.0 * self.variance[j].max(self.typical));
        let pooled =
            (self.weight * self.typical + (self.runs - 1.0) * self.variance[j] + (m - 1.0) * own)
                / freedom;
        let error = (pooled * (1.0 / m + 1.0 / self.level[j]) + sampling.max(0.0) / m).sqrt();
        let change = centre - self.centre[j];
        let mut sorted = new.to_vec();
        sorted.sort_by(f64::total_cmp);
        let best = sorted[usize::from(new.len() >= 4)] - self.centre[j];
        let p = student_upper_tail(change / error, freedom)
            .max(self.tail_probability(j, &sorted, unseen));
        Distance { change, error, freedom, p, best, spread: pooled.sqrt(), level: self.level[j] }
    }

    /// How often the baselines themselves lie that far out, were the new runs of this test drawn from them; 0 where they
    /// show no tail.
    fn tail_probability(&self, j: usize, sorted: &[f64], unseen: f64) -> f64 {
        if self.tail.is_empty() {
            return 0.0;
        }
        let m = i32::try_from(sorted.len()).unwrap_or(i32::MAX);
        let n = self.tail.len() as f64;
        let beyond = |value: f64| {
            let z =
                (value - self.centre[j]) / (self.robust[j] * (1.0 + 1.0 / self.level[j]).sqrt());
            let count = (self.tail.len() - self.tail.partition_point(|t| *t < z)) as f64;
            ((count + count.sqrt() + unseen) / (n + unseen)).min(1.0)
        };
        let all = beyond(sorted[0]).powi(m);
        if sorted.len() < 4 { all } else { all.min(f64::from(m) * beyond(sorted[1]).powi(m - 1)) }
    }
}

/// How many runs the typical variance counts as: the more alike the variances of the tests are, the more.
fn likeness(variances: &[f64], runs: usize) -> f64 {
    let logs: Vec<f64> = variances.iter().map(|v| v.max(1e-8).ln()).collect();
    let excess = (variance(&logs) - trigamma((runs as f64 - 1.0) / 2.0)).max(1e-3);
    ((1.0 + (1.0 + 2.0 * excess).sqrt()) / excess).clamp(3.0, 4.0 * runs as f64)
}
