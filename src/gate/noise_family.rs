//! The tests of one metric as the noise model takes them.

use super::expected::Expected;
use super::sides::Sides;
use crate::model::{EndpointKey, MeasurementKey, Metric, Quantile, Statistic, Unit};
use crate::stats::{Matrix, Shared, Witness, median};
use std::collections::BTreeSet;

/// Standard deviation from run to run that is expected of fixed work, in proportion to it.
const FIXED_WORK_DEVIATION: f64 = 0.03;
/// How many times as much variance is expected of a run that was disturbed: it counts a quarter of another one.
const DISTURBED: f64 = 4.0;

/// The tests of one metric: runs × tests, the endpoint of each test (from 0), and how far each may rise.
#[derive(Debug, Clone)]
pub struct Family {
    /// The baseline runs; at least one.
    pub baseline: Matrix,
    /// The new runs.
    pub new: Matrix,
    /// The endpoint of each test.
    pub endpoints: Vec<usize>,
    /// Which tests are of one statistic: their numbers are compared with each other.
    pub statistics: Vec<usize>,
    /// The limit of each test, as a logarithm: ln(1 + θ), for a decrease −ln(1 − θ); infinite for one that is not judged, but
    /// says what its endpoint did.
    pub limits: Vec<f64>,
    /// How many of the baseline runs are of the test's present level: all, unless it moved. The values before are expected
    /// to be moved to that level already.
    pub level: Vec<usize>,
    /// The endpoints that the change under test cannot touch. They are not judged.
    pub controls: BTreeSet<usize>,
    /// How long fixed work took the machine in each baseline run and each new run, part by part; no parts where that was not
    /// measured. It says what a run shares, and nothing about the noise of the tests.
    pub calibration: Sides<Matrix>,
    /// What is expected of one baseline run and of one new run when nothing changes, for each test.
    pub expected: Sides<Vec<Expected>>,
    /// How probable it is that chance alone gives the change of each test, whatever its noise: 0 where that is not known.
    pub by_a_few: Vec<f64>,
    /// Which baseline runs and which new runs were measured while the machine was busy with something else: they weigh less.
    pub disturbed: Sides<Vec<bool>>,
    /// Whether the values are times in milliseconds.
    pub are_times: bool,
}

impl Family {
    /// Latency tests that all stand where they always stood, of requests beyond number, none of them a control. Values are
    /// logarithms of milliseconds.
    pub fn new(baseline: Matrix, new: Matrix, endpoints: Vec<usize>, limits: Vec<f64>) -> Self {
        let (runs, tests) = (baseline.runs(), limits.len());
        let key = MeasurementKey {
            endpoint: EndpointKey::Total,
            metric: Metric::Latency,
            statistic: Statistic::Quantile(Quantile::P95),
        };
        let of_level = |logs: &[f64]| {
            Expected::of(
                (&key, &Unit::Milliseconds),
                median(logs).unwrap_or_default().exp(),
                None,
                0.0,
            )
        };
        let expected: Vec<Expected> = (0..tests).map(|j| of_level(&baseline.test(j))).collect();
        let counts = Sides { baseline: baseline.runs(), current: new.runs() };
        let calibration = counts.map(|count| Matrix::new(vec![Vec::new(); count]));
        let disturbed = counts.map(|count| vec![false; count]);
        Self {
            baseline,
            new,
            endpoints,
            statistics: vec![0; tests],
            limits,
            level: vec![runs; tests],
            controls: BTreeSet::new(),
            calibration,
            expected: Sides { baseline: expected.clone(), current: expected },
            by_a_few: vec![0.0; tests],
            disturbed,
            are_times: true,
        }
    }

    pub(super) fn tests(&self) -> usize {
        self.limits.len()
    }

    /// Whether a verdict depends on the test.
    pub(super) fn is_judged(&self, j: usize) -> bool {
        self.limits[j].is_finite()
    }

    pub(super) fn endpoint_count(&self) -> usize {
        self.endpoints.iter().max().map_or(0, |last| last + 1)
    }

    /// How many endpoints are judged.
    pub(super) fn judged_endpoints(&self) -> usize {
        let judged = (0..self.tests()).filter(|j| self.is_judged(*j));
        judged.map(|j| self.endpoints[j]).collect::<BTreeSet<_>>().len()
    }

    /// How many tests are judged.
    pub(super) fn judged_count(&self) -> usize {
        (0..self.tests()).filter(|j| self.is_judged(*j)).count()
    }

    /// How far the first new run lies from the nearest baseline run, for each judged test, in units of what is expected.
    pub(super) fn apart(&self, shared: &Shared) -> Vec<f64> {
        let (old, new) = (shared.baseline.logs.run(0), shared.new.logs.run(0));
        let doubt = |j: usize| shared.baseline.doubt.run(0)[j] + shared.new.doubt.run(0)[j];
        let expected = |j: usize| {
            self.expected.baseline[j].variance + self.expected.current[j].variance + doubt(j)
        };
        let judged = (0..self.tests()).filter(|j| self.is_judged(*j));
        judged.map(|j| (new[j] - old[j]) / expected(j).sqrt()).collect()
    }

    /// What the endpoints of a run share: the calibration is some more of them, which no change can touch.
    pub(super) fn shared(&self) -> Shared {
        let Sides { baseline: old, current: fresh } = &self.calibration;
        let witness = |j: usize| Witness {
            endpoint: self.endpoints[j],
            kind: self.statistics[j],
            deviation: self.expected.baseline[j].variance.sqrt(),
            control: self.controls.contains(&self.endpoints[j]),
            judged: self.is_judged(j),
            is_time: self.are_times,
        };
        // Fixed work takes longer in proportion on a slower machine, and has no percentiles.
        let part = |i: usize| Witness {
            endpoint: self.endpoint_count() + i,
            kind: usize::MAX,
            deviation: FIXED_WORK_DEVIATION,
            control: true,
            judged: false,
            is_time: false,
        };
        let witnesses: Vec<Witness> =
            (0..self.tests()).map(witness).chain((0..old.tests()).map(part)).collect();
        Shared::of(&self.baseline.beside(old), &self.new.beside(fresh), &witnesses)
    }
}

/// The variance that is expected of a value of a run, which a busy machine makes larger.
pub(super) fn weighed(disturbed: bool, variance: f64) -> f64 {
    if disturbed { DISTURBED * variance } else { variance }
}
