//! Runs × tests, as the noise analysis needs them.

use super::order::median;

/// Values of k runs (rows) for T tests (columns).
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    rows: Vec<Vec<f64>>,
    tests: usize,
}

impl Matrix {
    /// A matrix of rows of equal length; at least one row.
    pub fn new(rows: Vec<Vec<f64>>) -> Self {
        let tests = rows.first().map_or(0, Vec::len);
        debug_assert!(rows.iter().all(|row| row.len() == tests), "rows of equal length");
        Self { rows, tests }
    }

    /// Number of runs.
    pub fn runs(&self) -> usize {
        self.rows.len()
    }

    /// Number of tests.
    pub fn tests(&self) -> usize {
        self.tests
    }

    /// The values of one run.
    pub fn run(&self, r: usize) -> &[f64] {
        &self.rows[r]
    }

    /// The values of one test over the runs.
    pub fn test(&self, j: usize) -> Vec<f64> {
        self.rows.iter().map(|row| row[j]).collect()
    }

    /// Every value changed by its run, its test and itself.
    pub fn map(&self, change: impl Fn(usize, usize, f64) -> f64) -> Self {
        let rows = self.rows.iter().enumerate();
        let row = |(r, row): (usize, &Vec<f64>)| {
            row.iter().enumerate().map(|(j, v)| change(r, j, *v)).collect()
        };
        Self { rows: rows.map(row).collect(), tests: self.tests }
    }

    /// These tests, and behind them those of another matrix of as many runs.
    pub fn beside(&self, other: &Self) -> Self {
        let rows = self.rows.iter().zip(&other.rows);
        let rows = rows.map(|(own, more)| [own.as_slice(), more].concat()).collect();
        Self { rows, tests: self.tests + other.tests }
    }

    /// The first runs.
    pub fn first(&self, runs: usize) -> Self {
        Self { rows: self.rows[..runs].to_vec(), tests: self.tests }
    }

    /// The first tests.
    pub fn left(&self, tests: usize) -> Self {
        let rows = self.rows.iter().map(|row| row[..tests].to_vec()).collect();
        Self { rows, tests }
    }

    /// One number for each test, from its values over the runs.
    pub fn per_test(&self, of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        (0..self.tests).map(|j| of(&self.test(j))).collect()
    }
}

/// Arithmetic mean; NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Variance with n − 1; NaN of fewer than two values.
pub fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The median; NaN of nothing.
pub(super) fn middle(values: &[f64]) -> f64 {
    median(values).unwrap_or(f64::NAN)
}

/// Quantile, linear between ranks; NaN of nothing.
pub fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = p * last as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}
