//! The tests of one metric, as the noise analysis needs them.

use super::expected::Expected;
use super::limit::rise;
use super::noise_family::Family;
use super::plan::{ComparedRuns, Test};
use super::sides::Sides;
use crate::model::{EndpointKey, Metric, Statistic};
use crate::stats::{Matrix, median};
use std::collections::BTreeMap;

/// Standard deviation of the logarithm by chance alone up to which a number tells anything at all.
const MOST_UNSURE: f64 = 1.0;

/// A test with its values as logarithms, worse up.
pub(super) struct Member<'a> {
    /// Its place in the list of all tests.
    pub(super) place: usize,
    pub(super) test: &'a Test,
    baseline: Vec<f64>,
    new: Vec<f64>,
    /// How far it may rise; infinite for one that is not judged.
    pub(super) limit: f64,
}

impl<'a> Member<'a> {
    /// None when a run does not have the test, a value has no logarithm, or it says nothing. What has too few requests to be
    /// judged still tells what its endpoint did.
    pub(super) fn of(place: usize, test: &'a Test, runs: Sides<usize>) -> Option<Self> {
        let values = &test.measured.per_run;
        let whole = test.one_sided.is_none()
            && values.baseline.len() == runs.baseline
            && values.current.len() == runs.current
            && values.iter().flatten().all(|v| *v > 0.0);
        let centre = median(&values.baseline).filter(|_| whole)?;
        let judged = !test.control && test.measured.sides.is_ok();
        if !judged && !test.control && !tells(test) {
            return None;
        }
        let sign = test.direction.worse_sign();
        let limit = rise(test.threshold, test.direction, centre);
        let limit = if judged { limit } else { f64::INFINITY };
        let logs = |side: &[f64]| side.iter().map(|v| sign * v.ln()).collect::<Vec<_>>();
        let baseline = at_present_level(logs(&values.baseline), &test.levels);
        Some(Self { place, test, baseline, new: logs(&values.current), limit })
    }

    /// Whether a verdict depends on it.
    pub(super) fn is_judged(&self) -> bool {
        self.limit.is_finite()
    }

    /// Whether it is shown, judged or not.
    pub(super) fn is_shown(&self) -> bool {
        self.is_judged() || (self.test.control && self.test.measured.sides.is_ok())
    }

    /// How many of the baseline runs are of the present level.
    fn level(&self) -> usize {
        self.test.levels.first().copied().unwrap_or(self.baseline.len())
    }

    /// What is expected of one run of each side.
    fn expected(&self) -> Sides<Expected> {
        let measured = &self.test.measured;
        let key = &self.test.key;
        let level = median(&measured.per_run.baseline).unwrap_or(1.0);
        let expected = measured
            .sampling
            .zip(measured.steps)
            .map(|(sampling, step)| Expected::of((key, &self.test.unit), level, sampling, step));
        // The largest of a run's samples says nothing about how far such a largest one varies: a slow one makes room for
        // itself.
        match key.statistic {
            Statistic::Max => Sides { current: expected.baseline, ..expected },
            _ => expected,
        }
    }
}

/// Whether what is not judged is known well enough to tell what its endpoint did.
fn tells(test: &Test) -> bool {
    test.measured.sampling.iter().all(|v| v.is_some_and(|v| v < MOST_UNSURE * MOST_UNSURE))
}

/// Values before a step, moved to the level after it: they say how far runs lie apart, and no longer where they lie.
fn at_present_level(mut values: Vec<f64>, levels: &[usize]) -> Vec<f64> {
    let ends: Vec<usize> = levels.iter().copied().chain([values.len()]).collect();
    let present = median(&values[..ends[0]]).unwrap_or_default();
    for bounds in ends.windows(2) {
        let level = &mut values[bounds[0]..bounds[1]];
        let shift = present - median(level).unwrap_or_default();
        level.iter_mut().for_each(|value| *value += shift);
    }
    values
}

/// Numbers for what differs, in the order in which it comes.
fn numbered<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    keys.map(|key| {
        let next = known.len();
        *known.entry(key).or_insert(next)
    })
    .collect()
}

/// The members of one metric as a family.
pub(super) fn family(
    members: &[Member<'_>],
    compared: &ComparedRuns,
    calibration: Option<&Sides<Matrix>>,
) -> Family {
    let rows = |count: usize, of: fn(&Member<'_>, usize) -> f64| {
        Matrix::new((0..count).map(|r| members.iter().map(|m| of(m, r)).collect()).collect())
    };
    let keys = members.iter().map(|m| -> &EndpointKey { &m.test.key.endpoint });
    let endpoints = numbered(keys);
    let control =
        |(member, endpoint): (&Member<'_>, &usize)| member.test.control.then_some(*endpoint);
    let controls = members.iter().zip(&endpoints).filter_map(control).collect();
    let runs = compared.runs;
    let baseline = rows(runs.baseline, |m, r| m.baseline[r]);
    let new = rows(runs.current, |m, r| m.new[r]);
    let limits = members.iter().map(|m| m.limit).collect();
    let expected: Vec<Sides<Expected>> = members.iter().map(Member::expected).collect();
    let none = runs.map(|count| Matrix::new(vec![Vec::new(); count]));
    Family {
        calibration: calibration.cloned().unwrap_or(none),
        baseline,
        new,
        endpoints,
        statistics: numbered(members.iter().map(|m| m.test.key.statistic)),
        limits,
        level: members.iter().map(Member::level).collect(),
        controls,
        expected: Sides {
            baseline: expected.iter().map(|own| own.baseline).collect(),
            current: expected.iter().map(|own| own.current).collect(),
        },
        by_a_few: members.iter().map(|m| m.test.measured.by_a_few).collect(),
        disturbed: compared.disturbed.clone(),
        are_times: members.iter().all(|m| m.test.key.metric == Metric::Latency),
    }
}
