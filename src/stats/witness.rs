//! Tests as far as they say what a run shares, and what it comes to.

use super::matrix::Matrix;

/// How much better (as a difference of log-likelihoods of Cauchy errors) a percentage must explain a run than an amount of
/// time, which is what disturbed machines show.
pub(super) const PERCENT_IS_RARER: f64 = 3.0;

/// A test, as far as it says what a run shares.
#[derive(Debug, Clone, Copy)]
pub struct Witness {
    /// Its endpoint, from 0.
    pub endpoint: usize,
    /// Tests of one kind (one statistic) are read together.
    pub kind: usize,
    /// Standard deviation of its logarithm from run to run that is expected when nothing changes.
    pub deviation: f64,
    /// Whether the change under test cannot touch it.
    pub control: bool,
    /// Whether a verdict depends on it.
    pub judged: bool,
    /// Whether its values are times in milliseconds, which a disturbed machine adds to.
    pub is_time: bool,
}

/// Runs without what they share.
#[derive(Debug, Clone)]
pub struct Cleared {
    /// Logarithms of the values.
    pub logs: Matrix,
    /// Variance of each logarithm by which nobody knows whether it was all.
    pub doubt: Matrix,
}

/// What one run shares with the typical one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    /// Milliseconds, and the logarithm of a factor; worse is positive.
    pub(super) by: [f64; 2],
    /// How badly each reading explains the run.
    pub(super) loss: [f64; 2],
}

impl Shift {
    /// Which reading explains these runs better: 0 for milliseconds, 1 for a factor.
    pub(super) fn reading(runs: &[Self]) -> usize {
        usize::from(Self::advantage(runs) < -PERCENT_IS_RARER)
    }

    /// By how much milliseconds explain these runs better than a factor, for one of them.
    pub(super) fn advantage(runs: &[Self]) -> f64 {
        let gained: f64 = runs.iter().map(|run| run.loss[1] - run.loss[0]).sum();
        gained / runs.len() as f64
    }
}
