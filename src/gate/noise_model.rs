//! Judging by the noise that is expected and that the baseline runs show.
//!
//! Values are logarithms with worse up. What all endpoints of a run share is taken out first ([`Shared`]); what is left
//! is judged test by test against the tests' own noise ([`Noise`]); and the shared part is judged by itself, as the whole
//! run. `docs/decisions.md` explains it for users.

use super::expected::Expected;
use crate::model::{Metric, Quantile, Statistic};
use crate::stats::{Distance, Matrix, Noise, Shared, Witness, benjamini_hochberg, median};
use std::collections::BTreeSet;

/// Fewest baseline runs that show the noise from run to run.
pub const RUNS_FOR_NOISE: usize = 3;
/// Fewest endpoints that are judged as a whole.
const ENDPOINTS_FOR_WHOLE_RUN: usize = 5;
/// Fewest tests that lend each other strength; with fewer, less is risked.
const TESTS_TO_POOL: usize = 5;
/// How rare a shift of the whole run must be to ask for another run before the confirmed rule decides.
pub(super) const RARE_WHOLE_RUN: f64 = 0.15;
/// Standard deviation that is expected of the run as a whole, before any run is seen.
const WHOLE_RUN_DEVIATION: f64 = 0.05;
/// Standard deviation from run to run that is expected of fixed work, in proportion to it.
const FIXED_WORK_DEVIATION: f64 = 0.03;
/// How many times as much variance is expected of a run that was disturbed: it counts a quarter of another one.
const DISTURBED: f64 = 4.0;
/// Share of unchanged gates that may fail over all looks.
const RISK: f64 = 0.01;
/// The same with few tests.
const RISK_OF_FEW: f64 = 0.0075;

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
    pub calibration: [Matrix; 2],
    /// What is expected of one baseline run and of one new run when nothing changes, for each test.
    pub expected: [Vec<Expected>; 2],
    /// How probable it is that chance alone gives the change of each test, whatever its noise: 0 where that is not known.
    pub by_a_few: Vec<f64>,
    /// Which baseline runs and which new runs were measured while the machine was busy with something else: they weigh less.
    pub disturbed: [Vec<bool>; 2],
    /// Whether the values are times in milliseconds.
    pub are_times: bool,
}

impl Family {
    /// Latency tests that all stand where they always stood, of requests beyond number, none of them a control. Values are
    /// logarithms of milliseconds.
    pub fn new(baseline: Matrix, new: Matrix, endpoints: Vec<usize>, limits: Vec<f64>) -> Self {
        let (runs, tests) = (baseline.runs(), limits.len());
        let of_level = |logs: &[f64]| {
            let level = median(logs).unwrap_or_default().exp();
            Expected::of((&Metric::Latency, Statistic::Quantile(Quantile::P95)), level, None, 0.0)
        };
        let expected: Vec<Expected> = (0..tests).map(|j| of_level(&baseline.test(j))).collect();
        let calibration = [&baseline, &new].map(|side| Matrix::new(vec![Vec::new(); side.runs()]));
        let disturbed = [&baseline, &new].map(|side| vec![false; side.runs()]);
        Self {
            baseline,
            new,
            endpoints,
            statistics: vec![0; tests],
            limits,
            level: vec![runs; tests],
            controls: BTreeSet::new(),
            calibration,
            expected: [expected.clone(), expected],
            by_a_few: vec![0.0; tests],
            disturbed,
            are_times: true,
        }
    }

    /// The variance that is expected of a run, which a busy machine makes larger.
    fn weighed(&self, side: usize, run: usize, variance: f64) -> f64 {
        if self.disturbed[side][run] { DISTURBED * variance } else { variance }
    }

    fn tests(&self) -> usize {
        self.limits.len()
    }

    /// Whether a verdict depends on the test.
    fn is_judged(&self, j: usize) -> bool {
        self.limits[j].is_finite()
    }

    fn endpoint_count(&self) -> usize {
        self.endpoints.iter().max().map_or(0, |last| last + 1)
    }

    /// How many endpoints are judged.
    fn judged_endpoints(&self) -> usize {
        let judged = (0..self.tests()).filter(|j| self.is_judged(*j));
        judged.map(|j| self.endpoints[j]).collect::<BTreeSet<_>>().len()
    }

    /// How many tests are judged.
    fn judged_count(&self) -> usize {
        (0..self.tests()).filter(|j| self.is_judged(*j)).count()
    }

    /// How far the first new run lies from the nearest baseline run, for each judged test, in units of what is expected.
    fn apart(&self, shared: &Shared) -> Vec<f64> {
        let (old, new) = (shared.baseline.logs.run(0), shared.new.logs.run(0));
        let doubt = |j: usize| shared.baseline.doubt.run(0)[j] + shared.new.doubt.run(0)[j];
        let expected =
            |j: usize| self.expected[0][j].variance + self.expected[1][j].variance + doubt(j);
        let judged = (0..self.tests()).filter(|j| self.is_judged(*j));
        judged.map(|j| (new[j] - old[j]) / expected(j).sqrt()).collect()
    }

    /// What the endpoints of a run share: the calibration is some more of them, which no change can touch.
    fn shared(&self) -> Shared {
        let [old, fresh] = &self.calibration;
        let witness = |j: usize| Witness {
            endpoint: self.endpoints[j],
            kind: self.statistics[j],
            deviation: self.expected[0][j].variance.sqrt(),
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
    /// How probable it is that the run as a whole is that much slower when nothing changed; none without other endpoints.
    pub whole_run_p: Option<f64>,
    /// Whether what the run shares is the machine's doing beyond doubt: controls tell.
    pub is_the_machines: bool,
    /// Whether the typical test is beyond half of its limit.
    pub typical_moved: bool,
    whole: Option<WholeRun>,
    runs: usize,
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
    shared: Shared,
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
            let own = family.expected[0].get(j).map_or(0.0, |expected| expected.variance);
            family.weighed(0, r, doubt + own)
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
            let expected =
                baseline.map(|r, j, _| family.weighed(0, r, family.expected[0][j].variance));
            Noise::of(baseline, &expected, &judged, &[]).at_level(&family.level)
        });
        let centres = baseline.per_test(|logs| median(logs).unwrap_or_default());
        let can_tell = family.endpoint_count() >= ENDPOINTS_FOR_WHOLE_RUN
            && baseline.runs() >= RUNS_FOR_NOISE
            && family.judged_count() > 0;
        let whole = can_tell.then(|| {
            let expected = baseline.map(|_, j, _| family.expected[0][j].variance);
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
            let [old, fresh] = [family.expected[0][j], family.expected[1][j]];
            let doubts = doubt.test(j);
            let expected: Vec<f64> = (doubts.iter().enumerate())
                .map(|(r, doubt)| family.weighed(1, r, doubt + fresh.variance))
                .collect();
            let doubt = doubts.iter().sum::<f64>() / doubts.len() as f64;
            let amounts =
                (old.of_amounts + fresh.of_amounts) / (old.variance + fresh.variance + doubt);
            let mut distance = self.own.distance(j, &logs.test(j), &expected, amounts, single);
            let mut p_as_measured = 1.0;
            if let Some(noise) = &self.as_measured {
                let expected: Vec<f64> =
                    (0..m).map(|r| family.weighed(1, r, fresh.variance)).collect();
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
        let typical_moved = whole.is_some() && typical > self.typical_limit() / 2.0;
        let whole_run_p = self.shared.whole_run(m);
        let is_the_machines = self.shared.is_the_machines();
        Look { tests, whole_run_p, is_the_machines, typical_moved, whole, runs: m }
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
        if m >= 2 && !(look.typical_moved && m < 3) {
            let judged: Vec<usize> =
                (0..look.tests.len()).filter(|j| self.family.is_judged(*j)).collect();
            let p: Vec<f64> = judged.iter().map(|j| look.tests[*j].distance.sure()).collect();
            let rejected = benjamini_hochberg(&p, alpha);
            let alone = |(j, rejected): (&usize, bool)| {
                let test = look.tests[*j];
                let fails = rejected
                    && test.distance.change > limit(*j)
                    && test.raw > 0.75 * limit(*j)
                    && test.distance.best > limit(*j) / 2.0;
                fails.then_some(*j)
            };
            let alone: Vec<usize> = judged.iter().zip(rejected).filter_map(alone).collect();
            if !alone.is_empty() {
                return alone;
            }
        }
        let typical = self.typical_limit();
        // More runs do not tell code that adds time everywhere from a machine that has been short of it for minutes.
        let together = m >= 3
            && !self.shared.is_of_time(m)
            && look.whole.is_some_and(|whole| {
                whole.centre > typical
                    && whole.distance.change > typical / 2.0
                    && whole.distance.p < 0.8 * alpha
                    && whole.distance.best > typical / 2.0
            });
        let beyond = |j: &usize| together && look.tests[*j].raw > limit(*j);
        (0..look.tests.len()).filter(beyond).collect()
    }

    /// Whether there are tests enough to lend each other strength.
    pub fn has_many_tests(&self) -> bool {
        self.family.judged_count() >= TESTS_TO_POOL
    }

    /// The share of the risk that look `m` of at most `most` may spend; later looks, which know more, may spend more.
    fn spent(&self, m: usize, most: usize) -> f64 {
        let risk = if self.has_many_tests() { RISK } else { RISK_OF_FEW };
        let (m, most) = (m as f64, most.max(2) as f64);
        3.0 * risk * m * (m - 1.0) / ((most - 1.0) * most * (most + 1.0))
    }

    /// Whether a test could be beyond its limit.
    fn is_suspicious(&self, look: &Look, j: usize) -> bool {
        let (distance, limit) = (look.tests[j].distance, self.family.limits[j]);
        let rare = (0.8 / self.family.judged_count() as f64).min(0.2);
        (distance.change > limit - 0.84 * distance.error && distance.sure() < rare)
            || (distance.change > limit && distance.sure() < 0.05)
            || (distance.change > limit
                && distance.suspicious() < 0.05 / self.family.judged_count() as f64)
    }

    /// The test that moved most.
    fn worst(&self, look: &Look) -> Vec<usize> {
        let change = |j: &usize| look.tests[*j].raw - self.family.limits[*j];
        (0..look.tests.len()).max_by(|a, b| change(a).total_cmp(&change(b))).into_iter().collect()
    }
}

/// The upper quartile over the judged tests of each run, each seen from its baseline centre.
fn upper_quartiles(values: &Matrix, centres: &[f64], judged: &[bool]) -> Vec<f64> {
    (0..values.runs())
        .map(|r| {
            let off = values.run(r).iter().zip(centres).zip(judged);
            let off: Vec<f64> =
                off.filter(|(_, judged)| **judged).map(|((v, centre), _)| v - centre).collect();
            crate::stats::quantile(&off, 0.75)
        })
        .collect()
}

/// A matrix of one test.
fn column(values: &[f64]) -> Matrix {
    Matrix::new(values.iter().map(|v| vec![*v]).collect())
}
