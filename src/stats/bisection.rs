//! The commit that a step came with: a search along a line of commits, each measurement where it tells most.
//!
//! Commit 0 is known to be good, the last one to be bad. A hypothesis says that one series, such as the p95 of an endpoint, rises by
//! some size with some commit, while every other series stays as it is; or that a series rises twice. The level of a series and its
//! noise are unknown: the level has a flat prior, the variance a weak one, so that a hypothesis weighs by the sum of squares that it
//! leaves (Student's t). The next measurement belongs where the hypotheses disagree most about what will be seen.

mod hypotheses;
mod posterior;

use super::matrix::mean;
use super::order::median;
use hypotheses::{Data, sizes};
pub use posterior::Posterior;
use std::collections::BTreeSet;

/// Fewest series whose median shows what a measurement has in common.
const FEWEST_SHARED: usize = 5;
/// Measurements of each end that come before any other.
const AT_ENDS: usize = 2;

/// What was measured along a line of commits.
#[derive(Debug, Clone)]
pub struct Bisection {
    /// Commits after the good one.
    commits: usize,
    series: usize,
    /// The smallest step of interest, as a logarithm.
    least: f64,
    /// The commit of each measurement, and its values.
    measured: Vec<(usize, Vec<Option<f64>>)>,
    broken: BTreeSet<usize>,
}

impl Bisection {
    /// A search among so many commits after the good one for a step of at least this size, as a logarithm above 0.
    pub fn new(commits: usize, series: usize, least: f64) -> Self {
        Self { commits, series, least, measured: Vec::new(), broken: BTreeSet::new() }
    }

    /// Adds a measurement of a commit, 0 for the good one: the logarithm of each series' value, worse up.
    pub fn add(&mut self, commit: usize, values: Vec<Option<f64>>) {
        debug_assert!(commit <= self.commits && values.len() == self.series);
        self.measured.push((commit, values));
    }

    /// Says that a commit cannot be measured.
    pub fn set_broken(&mut self, commit: usize) {
        self.broken.insert(commit);
    }

    /// How often a commit was measured.
    fn measurements_of(&self, commit: usize) -> usize {
        self.measured.iter().filter(|(own, _)| *own == commit).count()
    }

    /// The commits that nothing can tell apart, because only the last of each group can be measured; first and last commit of each.
    pub fn groups(&self) -> Vec<(usize, usize)> {
        let mut groups = Vec::new();
        let mut first = 1;
        for commit in 1..=self.commits {
            if !self.broken.contains(&commit) || commit == self.commits {
                groups.push((first, commit));
                first = commit + 1;
            }
        }
        groups
    }

    /// What the measurements say.
    pub fn posterior(&self) -> Posterior {
        let data = Data {
            commits: self.commits,
            sizes: sizes(self.least),
            at: self.measured.iter().map(|(commit, _)| *commit).collect(),
            series: self.columns(),
        };
        Posterior::of(&data)
    }

    /// Whether both ends were measured often enough to compare them.
    pub fn has_both_ends(&self) -> bool {
        [0, self.commits].into_iter().all(|end| self.measurements_of(end) >= AT_ENDS)
    }

    /// The commits that a step came with, first and last of a group, if they are as likely as that.
    pub fn named(&self, posterior: &Posterior, sure: f64) -> Option<(usize, usize)> {
        if !self.has_both_ends() {
            return None;
        }
        self.groups().into_iter().find(|group| posterior.probability(*group) >= sure)
    }

    /// The commit whose measurement tells most; none where none can be measured. Both ends come first, in turn.
    pub fn next(&self, posterior: &Posterior) -> Option<usize> {
        let [good, bad] = [0, self.commits].map(|end| self.measurements_of(end));
        if bad < AT_ENDS && bad <= good {
            return Some(self.commits);
        }
        if good < AT_ENDS {
            return Some(0);
        }
        let can = |commit: &usize| !self.broken.contains(commit);
        let worth = |commit: usize| posterior.worth.get(commit).copied().unwrap_or(0.0);
        (0..=self.commits).filter(can).max_by(|a, b| worth(*a).total_cmp(&worth(*b)))
    }

    /// Each series, measurement by measurement. What most series of a measurement have in common is the machine's, or a change of
    /// everything: it becomes a series of its own, the last one, and is taken out of the others.
    fn columns(&self) -> Vec<Vec<Option<f64>>> {
        let mut columns: Vec<Vec<Option<f64>>> = (0..self.series)
            .map(|j| self.measured.iter().map(|(_, values)| values[j]).collect())
            .collect();
        if self.series < FEWEST_SHARED {
            return columns;
        }
        let centers: Vec<f64> = columns
            .iter()
            .map(|column| mean(&column.iter().flatten().copied().collect::<Vec<_>>()))
            .collect();
        let shared: Vec<Option<f64>> = (0..self.measured.len())
            .map(|i| {
                let away = columns.iter().zip(&centers).filter_map(|(own, c)| Some(own[i]? - c));
                median(&away.collect::<Vec<_>>())
            })
            .collect();
        for column in &mut columns {
            for (value, shared) in column.iter_mut().zip(&shared) {
                *value = value.zip(*shared).map(|(own, shared)| own - shared);
            }
        }
        columns.push(shared);
        columns
    }
}

#[cfg(test)]
mod tests;
