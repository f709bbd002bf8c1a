//! The tests of one metric, as the noise analysis needs them.

use super::expected::Expected;
use super::noise_model::Family;
use super::plan::{ComparedRuns, Test};
use crate::config::Threshold;
use crate::model::{Direction, EndpointKey, Metric, Statistic};
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
    pub(super) fn of(place: usize, test: &'a Test, runs: [usize; 2]) -> Option<Self> {
        let values = &test.measured.per_run;
        let whole = test.one_sided.is_none()
            && values[0].len() == runs[0]
            && values[1].len() == runs[1]
            && values.iter().flatten().all(|v| *v > 0.0);
        let centre = median(&values[0]).filter(|_| whole)?;
        let judged = !test.control && test.measured.sides.is_ok();
        if !judged && !test.control && !tells(test) {
            return None;
        }
        let share = match test.threshold {
            Threshold::Relative(share) => share,
            Threshold::Absolute(amount) => amount / centre,
        };
        let (sign, limit) = match test.direction {
            Direction::Lower => (1.0, share.ln_1p()),
            Direction::Higher => (-1.0, -(-share.min(0.999)).ln_1p()),
        };
        let limit = if judged { limit } else { f64::INFINITY };
        let logs = |side: &[f64]| side.iter().map(|v| sign * v.ln()).collect::<Vec<_>>();
        let baseline = at_present_level(logs(&values[0]), &test.levels);
        Some(Self { place, test, baseline, new: logs(&values[1]), limit })
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

    /// What is expected of one run of a side.
    fn expected(&self, side: usize) -> Expected {
        let measured = &self.test.measured;
        // The largest of a run's samples says nothing about how far such a largest one varies: a slow one makes room for
        // itself.
        let key = &self.test.key;
        let side = if key.statistic == Statistic::Max { 0 } else { side };
        let level = median(&measured.per_run[0]).unwrap_or(1.0);
        Expected::of(
            (&key.metric, key.statistic),
            level,
            measured.sampling[side],
            measured.steps[side],
        )
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
    sides: &ComparedRuns,
    calibration: Option<&[Matrix; 2]>,
) -> Family {
    let rows = |count: usize, of: fn(&Member<'_>, usize) -> f64| {
        Matrix::new((0..count).map(|r| members.iter().map(|m| of(m, r)).collect()).collect())
    };
    let keys = members.iter().map(|m| -> &EndpointKey { &m.test.key.endpoint });
    let endpoints = numbered(keys);
    let control =
        |(member, endpoint): (&Member<'_>, &usize)| member.test.control.then_some(*endpoint);
    let controls = members.iter().zip(&endpoints).filter_map(control).collect();
    let runs = sides.runs;
    let (baseline, new) = (rows(runs[0], |m, r| m.baseline[r]), rows(runs[1], |m, r| m.new[r]));
    let limits = members.iter().map(|m| m.limit).collect();
    let none = |side: &Matrix| Matrix::new(vec![Vec::new(); side.runs()]);
    Family {
        calibration: calibration.cloned().unwrap_or_else(|| [none(&baseline), none(&new)]),
        baseline,
        new,
        endpoints,
        statistics: numbered(members.iter().map(|m| m.test.key.statistic)),
        limits,
        level: members.iter().map(Member::level).collect(),
        controls,
        expected: [0, 1].map(|side| members.iter().map(|m| m.expected(side)).collect()),
        by_a_few: members.iter().map(|m| m.test.measured.by_a_few).collect(),
        disturbed: sides.disturbed.clone(),
        are_times: members.iter().all(|m| m.test.key.metric == Metric::Latency),
    }
}
