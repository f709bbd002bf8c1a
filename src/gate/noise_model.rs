//! Judging by the noise that is expected and that the baseline runs show.
//!
//! Values are logarithms with worse up. What all endpoints of a run share is taken out first ([`Shared`]); what is left
//! is judged test by test against the tests' own noise ([`Noise`]); and the shared part is judged by itself, as the whole
//! run. `docs/decisions.md` explains it for users.

use super::noise_family::{Family, weighed};
use crate::stats::{Distance, Matrix, Noise, Shared, median};

/// Fewest baseline runs that show the noise from run to run.
pub const RUNS_FOR_NOISE: usize = 3;
/// Fewest endpoints that are judged as a whole.
const ENDPOINTS_FOR_WHOLE_RUN: usize = 5;
/// Fewest tests that lend each other strength; with fewer, less is risked.
const TESTS_TO_POOL: usize = 5;
/// Standard deviation that is expected of the run as a whole, before any run is seen.
const WHOLE_RUN_DEVIATION: f64 = 0.05;
/// Share of the tests that may be better than what stands for the run as a whole: a change that makes a quarter of the
/// endpoints slower shows in it, and one endpoint alone does not.
const WHOLE_RUN_QUANTILE: f64 = 0.75;
/// Share of the limit beyond which the typical test must lie for the run to be called moved.
const TYPICAL_MOVED: f64 = 0.5;

/// One test at a look.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    /// Without what the run shares.
    pub distance: Distance,
    /// The change as measured: median of the new runs against the median of the baseline.
    pub raw: f64,
    /// Probability of the change as measured when nothing changed, whatever the runs share; 1 with fewer than three baseline runs.
    pub p_as_measured: f64,
    /// The baseline's median, as measured.
    pub centre: f64,
    /// Standard deviation from run to run.
    pub deviation: f64,
    /// Share of the expected variance of the new runs that is doubt about what they share, from 0 to 1.
    pub doubt: f64,
}

/// The whole run at a look: the upper quartile over its tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct WholeRun {
    pub(super) distance: Distance,
    /// Centre of the new runs.
    pub(super) centre: f64,
}

/// Everything that is known after some new runs.
#[derive(Debug, Clone)]
pub struct Look {
    /// Each test.
    pub tests: Vec<Looked>,
    /// How probable it is that the run as a whole is that much slower when nothing changed; none without other endpoints.
    pub whole_run_p: Option<f64>,
    /// Whether what the run shares is the machine's doing beyond doubt: controls tell.
    pub is_the_machines: bool,
    /// Whether the typical test is beyond half of its limit.
    pub typical_moved: bool,
    pub(super) whole: Option<WholeRun>,
    pub(super) runs: usize,
}

/// The noise of a family, ready to look at its new runs.
#[derive(Debug)]
pub struct Analysis<'a> {
    pub(super) family: &'a Family,
    pub(super) shared: Shared,
    /// Of the tests without what the runs share.
    own: Noise,
    /// Of the tests as measured, with three runs.
    as_measured: Option<Noise>,
    /// Of the run as a whole, with three runs and enough endpoints.
    whole: Option<OfWhole>,
    /// Median of each test as measured.
    centres: Vec<f64>,
}

/// The noise of the upper quartile of the tests as measured.
#[derive(Debug)]
struct OfWhole {
    noise: Noise,
    /// Mean of each test, values far out brought back: less noisy than a median where many tests are taken together.
    means: Vec<f64>,
}

impl<'a> Analysis<'a> {
    /// The noise that is expected, and that the baseline shows.
    pub fn of(family: &'a Family) -> Self {
        let baseline = &family.baseline;
        let shared = family.shared();
        let judged: Vec<bool> = (0..family.tests()).map(|j| family.is_judged(j)).collect();
        let expected = shared.baseline.doubt.map(|r, j, doubt| {
            let own = family.expected.baseline.get(j).map_or(0.0, |expected| expected.variance);
            weighed(family.disturbed.baseline[r], doubt + own)
        });
        let own = Noise::of(
            &shared.baseline.logs.left(family.tests()),
            &expected.left(family.tests()),
            &judged,
            &family.apart(&shared),
        )
        .at_level(&family.level)
        .of_endpoints(family.judged_endpoints());
        let as_measured = (baseline.runs() >= RUNS_FOR_NOISE).then(|| {
            let expected = baseline.map(|r, j, _| {
                weighed(family.disturbed.baseline[r], family.expected.baseline[j].variance)
            });
            Noise::of(baseline, &expected, &judged, &[]).at_level(&family.level)
        });
        let centres = baseline.per_test(|logs| median(logs).unwrap_or_default());
        let can_tell = family.endpoint_count() >= ENDPOINTS_FOR_WHOLE_RUN
            && baseline.runs() >= RUNS_FOR_NOISE
            && family.judged_count() > 0;
        let whole = can_tell.then(|| {
            let expected = baseline.map(|_, j, _| family.expected.baseline[j].variance);
            let raw = Noise::of(baseline, &expected, &judged, &[]);
            let means: Vec<f64> = (0..family.tests()).map(|j| raw.centre(j)).collect();
            let quartiles = column(&upper_quartiles(baseline, &means, &judged));
            OfWhole { noise: Noise::of_whole_run(&quartiles, WHOLE_RUN_DEVIATION), means }
        });
        Self { family, shared, own, as_measured, whole, centres }
    }

    /// Run-to-run coefficient of variation of the typical test as measured, and how much of its variance the tests share
    /// (from 0 to 1); none with fewer than three baseline runs.
    pub fn variation(&self) -> Option<(f64, f64)> {
        let family = self.family;
        if family.baseline.runs() < RUNS_FOR_NOISE {
            return None;
        }
        let typical = |matrix: &Matrix| {
            let all = matrix.per_test(crate::stats::variance);
            let judged: Vec<f64> =
                (0..family.tests()).filter(|j| family.is_judged(*j)).map(|j| all[j]).collect();
            median(&judged).unwrap_or_default()
        };
        let (raw, own) = (typical(&family.baseline), typical(&self.shared.baseline.logs));
        let shared = if raw > 0.0 { (1.0 - own / raw).clamp(0.0, 1.0) } else { 0.0 };
        Some((raw.sqrt().exp_m1(), shared))
    }

    /// What the first `m` new runs say. After a `single` look nobody looks again.
    pub fn look(&self, m: usize, single: bool) -> Look {
        let family = self.family;
        let (new, cleared) = (family.new.first(m), &self.shared.new);
        let (logs, doubt) = (cleared.logs.first(m), cleared.doubt.first(m));
        let looked = |j: usize| {
            let (old, fresh) = (family.expected.baseline[j], family.expected.current[j]);
            let doubts = doubt.test(j);
            let expected: Vec<f64> = (doubts.iter().enumerate())
                .map(|(r, doubt)| weighed(family.disturbed.current[r], doubt + fresh.variance))
                .collect();
            let doubt = doubts.iter().sum::<f64>() / doubts.len() as f64;
            let amounts =
                (old.of_amounts + fresh.of_amounts) / (old.variance + fresh.variance + doubt);
            let mut distance = self.own.distance(j, &logs.test(j), &expected, amounts, single);
            let mut p_as_measured = 1.0;
            if let Some(noise) = &self.as_measured {
                let expected: Vec<f64> =
                    (0..m).map(|r| weighed(family.disturbed.current[r], fresh.variance)).collect();
                let measured = noise.distance(j, &new.test(j), &expected, amounts, single);
                p_as_measured = measured.p;
                // What few tests share is told by too few to be taken out without a doubt.
                if !self.has_many_tests() {
                    distance.p = distance.p.max(measured.p);
                }
            }
            distance.p = distance.p.max(family.by_a_few[j]);
            if !family.is_judged(j) {
                distance.p = 1.0;
            }
            let now = median(&new.test(j)).unwrap_or_default();
            let (centre, deviation) = (self.centres[j], self.own.deviation(j));
            let doubt = doubt / (fresh.variance + doubt);
            Looked { distance, raw: now - centre, p_as_measured, centre, deviation, doubt }
        };
        let tests: Vec<Looked> = (0..family.tests()).map(looked).collect();
        let judged: Vec<bool> = (0..family.tests()).map(|j| family.is_judged(j)).collect();
        let whole = self.whole.as_ref().map(|OfWhole { noise, means }| {
            let quartiles = upper_quartiles(&new, means, &judged);
            let expected = vec![WHOLE_RUN_DEVIATION * WHOLE_RUN_DEVIATION; quartiles.len()];
            let distance = noise.distance(0, &quartiles, &expected, 0.0, single);
            WholeRun { distance, centre: distance.change + noise.centre(0) }
        });
        let raw: Vec<f64> =
            tests.iter().zip(&judged).filter(|(_, judged)| **judged).map(|(t, _)| t.raw).collect();
        let typical = median(&raw).unwrap_or_default();
        let typical_moved = whole.is_some() && typical > TYPICAL_MOVED * self.typical_limit();
        let whole_run_p = self.shared.whole_run(m);
        let is_the_machines = self.shared.is_the_machines();
        Look { tests, whole_run_p, is_the_machines, typical_moved, whole, runs: m }
    }

    /// The limit of the typical test.
    pub(super) fn typical_limit(&self) -> f64 {
        let judged: Vec<f64> =
            self.family.limits.iter().copied().filter(|limit| limit.is_finite()).collect();
        crate::stats::median(&judged).unwrap_or_default()
    }

    /// Whether there are tests enough to lend each other strength.
    pub fn has_many_tests(&self) -> bool {
        self.family.judged_count() >= TESTS_TO_POOL
    }
}

/// The upper quartile over the judged tests of each run, each seen from its baseline centre.
fn upper_quartiles(values: &Matrix, centres: &[f64], judged: &[bool]) -> Vec<f64> {
    (0..values.runs())
        .map(|r| {
            let off = values.run(r).iter().zip(centres).zip(judged);
            let off: Vec<f64> =
                off.filter(|(_, judged)| **judged).map(|((v, centre), _)| v - centre).collect();
            crate::stats::quantile(&off, WHOLE_RUN_QUANTILE)
        })
        .collect()
}

/// A matrix of one test.
fn column(values: &[f64]) -> Matrix {
    Matrix::new(values.iter().map(|v| vec![*v]).collect())
}
