//! The line of commits that the baseline runs are of, and where each test moved to its present level.
//!
//! A slowdown that was merged last week is what the code is like now. The runs before it still show how much a test varies
//! from run to run, but not where it stands.

use super::input::{Acceptance, Baseline};
use crate::model::{MeasurementKey, Run};
use crate::stats::{median, steps};
use std::ops::Range;

/// The runs of the baseline by commit.
pub(super) struct BaselineSeries<'a> {
    /// Places of each commit's runs, nearest first; empty where the order of the runs is not known.
    commits: Vec<Range<usize>>,
    /// Runs of the window.
    window: usize,
    /// Changes that were accepted on the line, and how many runs are nearer than they are.
    accepted: &'a [(usize, Acceptance)],
}

impl<'a> BaselineSeries<'a> {
    pub(super) fn new(baseline: &'a Baseline) -> Self {
        let runs: Vec<&Run> = baseline.runs.iter().chain(&baseline.earlier).collect();
        let mut commits: Vec<Range<usize>> = Vec::new();
        // Plain files name no commits, or in an order that means nothing.
        let known = if baseline.info.commits.is_empty() { 0 } else { runs.len() };
        for place in 0..known {
            match commits.last_mut() {
                Some(last) if runs[last.start].commit == runs[place].commit => last.end = place + 1,
                _ => commits.push(place..place + 1),
            }
        }
        Self { commits, window: baseline.runs.len(), accepted: &baseline.accepted }
    }

    /// How many runs of the window are of the nearest commit; all of them where commits are not known.
    pub(super) fn nearest(&self) -> usize {
        self.commits.first().map_or(self.window, |first| first.end.min(self.window))
    }

    /// Where the window's runs come to another level of this test: the place of the first run before each step and each
    /// accepted change, nearest first. `values` are those of the runs, with their places.
    pub(super) fn levels(&self, key: &MeasurementKey, values: &[(usize, f64)]) -> Vec<usize> {
        let of_commit = |places: &Range<usize>| {
            let own = values.iter().filter(|(place, _)| places.contains(place));
            median(&own.map(|(_, value)| *value).collect::<Vec<_>>())
        };
        let oldest_first: Vec<(usize, f64)> = self
            .commits
            .iter()
            .rev()
            .filter_map(|places| Some((places.end, of_commit(places)?)))
            .collect();
        let series: Vec<f64> = oldest_first.iter().map(|(_, value)| *value).collect();
        let moved = steps(&series, 0.0).into_iter().map(|step| oldest_first[step.index].0);
        let accepted = self.accepted.iter().filter(|(_, own)| own.accept.covers(key));
        let mut levels: Vec<usize> = moved
            .chain(accepted.map(|(nearer, _)| *nearer))
            .filter(|place| (1..self.window).contains(place))
            .collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    }
}
