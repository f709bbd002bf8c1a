//! Judging by the noise that three or more baseline runs show.
//!
//! Values are logarithms with worse up. What all endpoints of a run share is taken out first ([`RunEffect`]); what is left
//! is judged test by test against the tests' own noise ([`Noise`]); and the shared part is judged by itself, as the whole
//! run. `docs/decisions.md` explains it for users.

use crate::stats::{Distance, Matrix, Noise, RunEffect, benjamini_hochberg};
use std::collections::BTreeSet;

/// Fewest baseline runs that show the noise from run to run.
pub const RUNS_FOR_NOISE: usize = 3;
/// Fewest endpoints that are judged as a whole.
const ENDPOINTS_FOR_WHOLE_RUN: usize = 5;
/// Fewest tests that lend each other strength; with fewer, less is risked.
const TESTS_TO_POOL: usize = 5;
/// How rare a shift of the whole run must be to ask for another run before the confirmed rule decides.
pub(super) const RARE_WHOLE_RUN: f64 = 0.15;
/// Share of unchanged gates that may fail over all looks.
const RISK: f64 = 0.01;
/// The same with few tests.
const RISK_OF_FEW: f64 = 0.0075;

/// The tests of one metric: runs × tests, the endpoint of each test (from 0), and how far each may rise.
#[derive(Debug, Clone)]
pub struct Family {
    /// The baseline runs; at least [`RUNS_FOR_NOISE`].
    pub baseline: Matrix,
    /// The new runs.
    pub new: Matrix,
    /// The endpoint of each test.
    pub endpoints: Vec<usize>,
    /// The limit of each test, as a logarithm: ln(1 + θ), for a decrease −ln(1 − θ); infinite for one that is not judged.
    pub limits: Vec<f64>,
    /// How many of the baseline runs are of the test's present level: all, unless it moved. The values before are expected
    /// to be moved to that level already.
    pub level: Vec<usize>,
    /// The endpoints that the change under test cannot touch. They are not judged.
    pub controls: BTreeSet<usize>,
    /// How long fixed work took the machine in each baseline run and each new run, part by part; no parts where that was not
    /// measured. It says what a run shares, and nothing about the noise of the tests.
    pub calibration: [Matrix; 2],
    /// By how much the sampling variance of one new run exceeds that of one baseline run, for each test; 0 where unknown.
    pub sampling: Vec<f64>,
}

impl Family {
    /// Tests that all stand where they always stood, of requests beyond number, none of them a control.
    pub fn new(baseline: Matrix, new: Matrix, endpoints: Vec<usize>, limits: Vec<f64>) -> Self {
        let (runs, tests) = (baseline.runs(), limits.len());
        let (level, sampling) = (vec![runs; tests], vec![0.0; tests]);
        let controls = BTreeSet::new();
        let calibration = [&baseline, &new].map(|side| Matrix::new(vec![Vec::new(); side.runs()]));
        Self { baseline, new, endpoints, limits, level, controls, calibration, sampling }
    }
}

impl Family {
    fn endpoint_count(&self) -> usize {
        self.endpoints.iter().max().map_or(0, |last| last + 1)
    }

    /// What the endpoints of a run share: the calibration is some more of them, which no change can touch.
    fn run_effect(&self) -> Option<RunEffect> {
        let [old, fresh] = &self.calibration;
        let parts = self.endpoint_count()..self.endpoint_count() + old.tests();
        let endpoints: Vec<usize> = self.endpoints.iter().copied().chain(parts.clone()).collect();
        let controls = self.controls.iter().copied().chain(parts).collect();
        let (baseline, new) = (self.baseline.beside(old), self.new.beside(fresh));
        RunEffect::of(&baseline, &new, &endpoints, &controls)
    }
}

/// One test at a look.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    /// Without the run effect where there is one.
    pub distance: Distance,
    /// As measured.
    pub raw: Distance,
    /// The baseline's centre, as measured.
    pub centre: f64,
    /// Standard deviation from run to run, as measured.
    pub deviation: f64,
}

/// The whole run at a look: the upper quartile over its tests.
#[derive(Debug, Clone, Copy)]
struct WholeRun {
    distance: Distance,
    /// Centre of the new runs.
    centre: f64,
}

/// Everything that is known after some new runs.
#[derive(Debug, Clone)]
pub struct Look {
    /// Each test.
    pub tests: Vec<Looked>,
    /// Whether the whole run moved: a machine, or something that all endpoints share.
    pub moved: bool,
    /// Whether what the run shares was taken out of the tests.
    pub corrected: bool,
    whole: Option<WholeRun>,
    runs: usize,
}

impl Look {
    /// How probable the shift of the whole run is when nothing changed; none with too few endpoints.
    pub fn whole_run_p(&self) -> Option<f64> {
        self.whole.map(|whole| whole.distance.p)
    }
}

/// What the confirmed rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// These tests are slower, seen in several runs.
    Fail(Vec<usize>),
    /// Nothing is suspicious.
    Pass,
    /// These tests are suspicious; another run would tell.
    Again(Vec<usize>),
}

/// The noise of a family, ready to look at its new runs.
#[derive(Debug)]
pub struct Analysis<'a> {
    family: &'a Family,
    raw: Noise,
    effect: Option<(RunEffect, Noise)>,
    whole: Option<Noise>,
}

impl<'a> Analysis<'a> {
    /// The noise that the baseline shows.
    pub fn of(family: &'a Family) -> Self {
        let Family { baseline, level, .. } = family;
        let raw = Noise::of(baseline).at_level(level);
        let effect = family.run_effect().map(|effect| {
            let own = Noise::of(&effect.without(baseline)).at_level(level);
            (effect, own)
        });
        let count = family.endpoint_count();
        let whole = (count >= ENDPOINTS_FOR_WHOLE_RUN)
            .then(|| Noise::of_whole_run(&column(&upper_quartiles(baseline, &raw))));
        Self { family, raw, effect, whole }
    }

    /// Run-to-run coefficient of variation of the typical test, and how much of it the tests share (from 0 to 1).
    pub fn variation(&self) -> (f64, f64) {
        let deviations: Vec<f64> =
            (0..self.family.limits.len()).map(|j| self.raw.measured(j)).collect();
        let typical = crate::stats::median(&deviations).unwrap_or_default();
        (typical.exp_m1(), self.effect.as_ref().map_or(0.0, |(effect, _)| effect.follow()))
    }

    /// What the first `m` new runs share with all endpoints, for test `j`; 0 where nothing can be told.
    pub fn shared(&self, j: usize, m: usize) -> f64 {
        self.effect.as_ref().map_or(0.0, |(effect, _)| effect.shared(j, m))
    }

    /// What the first `m` new runs say. A `single` look, after which nobody looks again, may believe the baselines' tail as
    /// it is.
    pub fn look(&self, m: usize, single: bool) -> Look {
        let unseen = if single && m == 1 { 0.0 } else { 1.0 };
        let new = self.family.new.first(m);
        let corrected = self.effect.as_ref().filter(|(effect, _)| effect.is_shared(m));
        let corrected =
            corrected.map(|(effect, own)| (effect.without_new(&self.family.new, m), own));
        let looked = |j: usize| {
            let sampling = self.family.sampling[j];
            let raw = self.raw.distance(j, &new.test(j), sampling, unseen);
            let mut distance = match &corrected {
                Some((values, own)) => own.distance(j, &values.test(j), sampling, unseen),
                None => raw,
            };
            if self.family.controls.contains(&self.family.endpoints[j]) {
                distance.p = 1.0;
            }
            Looked { distance, raw, centre: self.raw.centre(j), deviation: self.raw.deviation(j) }
        };
        let tests: Vec<Looked> = (0..new.tests()).map(looked).collect();
        let whole = self.whole.as_ref().map(|noise| {
            let distance = noise.distance(0, &upper_quartiles(&new, &self.raw), 0.0, unseen);
            WholeRun { distance, centre: distance.change + noise.centre(0) }
        });
        let typical = crate::stats::median(&tests.iter().map(|t| t.raw.change).collect::<Vec<_>>());
        let moved = whole.is_some() && typical.unwrap_or_default() > self.typical_limit() / 2.0;
        Look { tests, moved, corrected: corrected.is_some(), whole, runs: m }
    }

    /// The limit of the typical test.
    fn typical_limit(&self) -> f64 {
        let judged: Vec<f64> =
            self.family.limits.iter().copied().filter(|limit| limit.is_finite()).collect();
        crate::stats::median(&judged).unwrap_or_default()
    }

    /// The confirmed rule after this look, of at most `most` new runs.
    pub fn confirm(&self, look: &Look, most: usize) -> Confirmation {
        let failed = self.failed(look, most);
        if !failed.is_empty() {
            return Confirmation::Fail(failed);
        }
        let suspicious: Vec<usize> =
            (0..look.tests.len()).filter(|j| self.is_suspicious(look, *j)).collect();
        if !suspicious.is_empty() {
            return Confirmation::Again(suspicious);
        }
        if self.is_whole_run_suspicious(look, RARE_WHOLE_RUN) {
            return Confirmation::Again(self.worst(look));
        }
        Confirmation::Pass
    }

    /// Whether the run as a whole could be beyond the limit, and chance gives as much in less than a share `rare` of runs.
    pub fn is_whole_run_suspicious(&self, look: &Look, rare: f64) -> bool {
        let limit = self.typical_limit();
        look.whole.is_some_and(|whole| {
            whole.centre > limit - 1.28 * whole.distance.error && whole.distance.p < rare
        })
    }

    /// Tests that are slower beyond doubt: each by itself from the second run on, or together with the whole run from the
    /// third on.
    fn failed(&self, look: &Look, most: usize) -> Vec<usize> {
        let m = look.runs;
        let alpha = self.spent(m, most);
        let limit = |j: usize| self.family.limits[j];
        if m >= 2 && !(look.moved && m < 3) {
            let p: Vec<f64> = look.tests.iter().map(|t| t.distance.p).collect();
            let rejected = benjamini_hochberg(&p, alpha);
            let alone = |j: &usize| {
                let test = look.tests[*j];
                rejected[*j]
                    && test.distance.change > limit(*j)
                    && test.raw.change > 0.75 * limit(*j)
                    && test.distance.best > limit(*j) / 2.0
            };
            let alone: Vec<usize> = (0..look.tests.len()).filter(alone).collect();
            if !alone.is_empty() {
                return alone;
            }
        }
        let typical = self.typical_limit();
        let together = m >= 3
            && look.whole.is_some_and(|whole| {
                whole.centre > typical
                    && whole.distance.change > typical / 2.0
                    && whole.distance.p < 0.8 * alpha
                    && whole.distance.best > typical / 2.0
            });
        let beyond = |j: &usize| together && look.tests[*j].raw.change > limit(*j);
        (0..look.tests.len()).filter(beyond).collect()
    }

    /// The share of the risk that look `m` of at most `most` may spend; later looks, which know more, may spend more.
    fn spent(&self, m: usize, most: usize) -> f64 {
        let risk = if self.family.limits.len() >= TESTS_TO_POOL { RISK } else { RISK_OF_FEW };
        let (m, most) = (m as f64, most.max(2) as f64);
        3.0 * risk * m * (m - 1.0) / ((most - 1.0) * most * (most + 1.0))
    }

    /// Whether a test could be beyond its limit.
    fn is_suspicious(&self, look: &Look, j: usize) -> bool {
        let (distance, limit) = (look.tests[j].distance, self.family.limits[j]);
        let rare = (0.8 / look.tests.len() as f64).min(0.2);
        (distance.change > limit - 0.84 * distance.error && distance.p < rare)
            || (distance.change > limit && distance.p < 0.05)
    }

    /// The test that moved most.
    fn worst(&self, look: &Look) -> Vec<usize> {
        let change = |j: &usize| look.tests[*j].raw.change - self.family.limits[*j];
        (0..look.tests.len()).max_by(|a, b| change(a).total_cmp(&change(b))).into_iter().collect()
    }
}

/// The upper quartile over the tests of each run, each seen from its baseline centre.
fn upper_quartiles(values: &Matrix, noise: &Noise) -> Vec<f64> {
    (0..values.runs())
        .map(|r| {
            let off: Vec<f64> =
                values.run(r).iter().enumerate().map(|(j, v)| v - noise.centre(j)).collect();
            crate::stats::quantile(&off, 0.75)
        })
        .collect()
}

/// A matrix of one test.
fn column(values: &[f64]) -> Matrix {
    Matrix::new(values.iter().map(|v| vec![*v]).collect())
}
