//! The noise of each test from run to run, and how far new runs lie outside of it.
//!
//! Everything is on a logarithmic scale with worse up. Tests differ in size, rounding and number of requests, so they
//! differ in noise; what they have in common is how much *more* than expected they vary. So every value comes with the
//! variance that is expected of it, and the tests lend each other strength on that scale: a test's variance is drawn
//! towards the typical one, the more the more alike the tests are.

use super::matrix::{Matrix, mean, middle, variance};
use super::order::MAD_TO_SD;
use super::student::{student_quantile, student_upper_tail};
use super::trigamma::trigamma;

/// Fewest runs whose spread says anything.
const FEWEST_RUNS: usize = 3;
/// Fewest tests that say how alike tests are.
const FEWEST_TO_POOL: usize = 5;
/// How many runs the expected variance counts as while no spread is known.
const EXPECTED_WEIGHT: f64 = 5.0;
/// The most runs that the spread of many tests between two runs counts as.
const MOST_WEIGHT_OF_ONE_RUN: f64 = 30.0;
/// How much larger than expected the deviation of few tests is taken to be, and how many runs that counts as.
const FEW: (f64, f64) = (1.6, 4.0);
/// The smallest share of the expected deviation that is believed of a typical test.
const FLOOR: f64 = 0.33;
/// How many values the expected variance weighs against a typical one that is smaller.
const PRIOR_VALUES: f64 = 10.0;
/// How many runs a variance counts as while it is found out how alike the tests are.
const FIRST_WEIGHT: f64 = 8.0;
/// Fewest baseline values that show a tail.
const FEWEST_FOR_TAIL: usize = 15;
/// How far from the median, in robust deviations, a value may lie before it is brought back.
const CLIP: f64 = 3.0;
/// The same of the new runs, from three on, in deviations that are known.
const CLIP_OF_NEW: f64 = 2.0;
/// The same of the run as a whole.
const CLIP_OF_WHOLE_RUN: f64 = 2.0;
/// How many runs the deviation that is expected of the run as a whole counts as.
const WEIGHT_OF_WHOLE_RUN: f64 = 2.0;
/// Tests that show the noise between two runs as well as one more run would.
const TESTS_LIKE_A_RUN: f64 = 4.0;
/// How many times the known variance the spread of the new runs counts at most: three times its deviation.
const MOST_SPREAD: f64 = 9.0;
/// New runs from which on the best one may be chance, and the second best counts.
const RUNS_TO_SPARE_ONE: usize = 4;
/// Variance below which two runs differ by no more than floats do.
const LEAST_VARIANCE: f64 = 1e-8;
/// The least by which variances of tests are taken to differ more than chance gives.
const LEAST_EXCESS: f64 = 1e-3;
/// How many times the baseline's runs the typical variance counts as at most.
const MOST_WEIGHT: f64 = 4.0;
/// Halvings until nobody can tell the ends of an interval apart: a double has 53 bits.
const HALVINGS: usize = 60;
/// Risk of a failure and share of the changes that are seen, where the runs are told that it takes: 1 % and nine in ten.
const RISK: f64 = 0.01;
const POWER: f64 = 0.90;
/// Change below which what an error narrows by is 1 to the last digit.
const NO_CHANGE: f64 = 1e-9;

/// What the baseline runs say about the noise of each test.
#[derive(Debug, Clone)]
pub struct Noise {
    runs: f64,
    /// How many of the runs are of each test's present level; all of them where no level moved.
    level: Vec<usize>,
    /// What each run counts for each test: one over the variance that is expected of it.
    weights: Matrix,
    fit: Fit,
    /// Typical variance, in units of the expected one.
    typical: f64,
    /// How many runs the typical variance counts as, for each test.
    weight: Vec<f64>,
    /// Standardised baseline values of the judged tests, sorted; empty where there are too few.
    tail: Vec<f64>,
    /// How many endpoints are judged: the tests of one endpoint are far out together.
    endpoints: usize,
}

/// Centre and spread of each test, values far out brought back.
#[derive(Debug, Clone)]
struct Fit {
    centre: Vec<f64>,
    /// Variance in units of the expected one.
    variance: Vec<f64>,
    /// Robust scale in units of the expected deviation.
    robust: Vec<f64>,
}

/// How far new runs lie outside of the baseline's noise, for one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// New centre minus baseline centre; worse is positive.
    pub change: f64,
    /// Standard error of the change.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub freedom: f64,
    /// Share of the error's variance that is of amounts, not of percentages.
    pub amounts: f64,
    /// Probability of such a change when nothing changed, by Student's t.
    pub p: f64,
    /// How often the baselines' own values lie as far out; 0 where they are too few to tell.
    pub tail: f64,
    /// How many endpoints as far out the average baseline run has.
    pub outliers: f64,
    /// The change of the best new run; from four runs on, of the second best.
    pub best: f64,
    /// Standard deviation of one new run.
    pub spread: f64,
    /// Standard error of the baseline's centre.
    pub level_error: f64,
    /// Baseline runs that the centre comes from.
    pub level: usize,
}

/// By how much an error narrows for a change this large: a part of it is of amounts (some milliseconds), and some
/// milliseconds are less of a value that grew. Half a millisecond of noise makes nothing of 0.5 ms sure, but 20 ms are far out.
fn narrowed(amounts: f64, change: f64) -> f64 {
    let grown = if change > NO_CHANGE { change / change.exp_m1() } else { 1.0 };
    (1.0 - amounts + amounts * grown * grown).sqrt()
}

/// So many endpoints as far out in an unchanged run are ordinary: they explain a crossing.
const ORDINARY_OUTLIERS: f64 = 0.5;

impl Distance {
    /// Probability with which a failure may be called one: heavy tails that the baselines show are believed.
    pub fn sure(&self) -> f64 {
        self.p.max(self.tail)
    }

    /// Probability with which a change is worth another run: single values far out in the baselines do not excuse it, as
    /// long as an unchanged run has hardly any.
    pub fn suspicious(&self) -> f64 {
        if self.outliers < ORDINARY_OUTLIERS { self.p } else { self.sure() }
    }

    /// The smallest change whose p is no more than the upper tail beyond `t` of Student's distribution.
    pub fn visible(&self, t: f64) -> f64 {
        let far = |change: f64| change / (self.error * narrowed(self.amounts, change)) >= t;
        let (mut low, mut high) = (0.0, t * self.error);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if far(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// How many new runs it takes to tell a change as large as `limit` from none: nine times in ten, at a risk of 1 %. None
    /// where more than `most` would be needed: then the baseline has too few runs.
    pub fn runs_to_see(&self, limit: f64, most: usize) -> Option<usize> {
        let reach =
            student_quantile(1.0 - RISK, self.freedom) + student_quantile(POWER, self.freedom);
        let error = |m: usize| (self.spread.powi(2) / m as f64 + self.level_error.powi(2)).sqrt();
        (1..=most).find(|m| reach * error(*m) < limit)
    }
}

impl Noise {
    /// From baseline runs, the variance that is expected of each of their values, and which tests a verdict depends on;
    /// pooled over the tests where there are at least five and three runs. With fewer runs it is `apart`, how far a new run
    /// lies from a baseline run in each judged test in units of what is expected, that shows how much more than expected
    /// numbers differ, if there are many.
    pub fn of(baseline: &Matrix, expected: &Matrix, judged: &[bool], apart: &[f64]) -> Self {
        let tests: Vec<usize> = (0..baseline.tests()).filter(|j| judged[*j]).collect();
        let (typical, weight) = if baseline.runs() < FEWEST_RUNS {
            seen_in_one_run(apart)
        } else if tests.len() < FEWEST_TO_POOL {
            (FEW.0 * FEW.0, FEW.1)
        } else {
            pooled(baseline, expected, &tests)
        };
        let mut noise = Self::scaled(baseline, expected, (typical, weight), CLIP);
        noise.endpoints = tests.len();
        if tests.len() < FEWEST_TO_POOL {
            noise.doubt_what_is_assumed();
        }
        if baseline.runs() >= FEWEST_RUNS && baseline.runs() * tests.len() >= FEWEST_FOR_TAIL {
            noise.tail = noise.standardised(baseline, expected, &tests);
        }
        noise
    }

    /// Of one quantity of the whole run, which no other test can lend strength to, with the deviation that is expected of
    /// it and two runs' worth of that.
    pub fn of_whole_run(baseline: &Matrix, deviation: f64) -> Self {
        let expected = baseline.map(|_, _, _| deviation * deviation);
        Self::scaled(baseline, &expected, (1.0, WEIGHT_OF_WHOLE_RUN), CLIP_OF_WHOLE_RUN)
    }

    fn scaled(
        baseline: &Matrix,
        expected: &Matrix,
        (typical, weight): (f64, f64),
        clip: f64,
    ) -> Self {
        Self {
            runs: baseline.runs() as f64,
            level: vec![baseline.runs(); baseline.tests()],
            weights: expected.map(|_, _, v| 1.0 / v),
            fit: Fit::of(baseline, expected, (typical, weight), clip),
            typical,
            weight: vec![weight; baseline.tests()],
            tail: Vec::new(),
            endpoints: baseline.tests(),
        }
    }

    /// What is only assumed to be typical counts for less, the more runs show a test that is noisier than that.
    fn doubt_what_is_assumed(&mut self) {
        let shown = (self.runs - FEWEST_RUNS as f64).max(0.0) / FEW.1;
        for (weight, variance) in self.weight.iter_mut().zip(&self.fit.variance) {
            *weight /= (variance / self.typical).max(1.0).powf(shown);
        }
    }

    /// How far the baseline's own values lie out, in robust deviations.
    fn standardised(&self, baseline: &Matrix, expected: &Matrix, tests: &[usize]) -> Vec<f64> {
        let widen = (self.runs / (self.runs - 1.0)).sqrt();
        let one = |r: usize, j: usize| {
            (baseline.run(r)[j] - self.fit.centre[j]) * widen
                / (self.fit.robust[j] * expected.run(r)[j].sqrt())
        };
        let mut all: Vec<f64> =
            (0..baseline.runs()).flat_map(|r| tests.iter().map(move |j| one(r, *j))).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The same noise, where only so many runs of each test, the first ones, say where it stands now.
    #[must_use]
    pub fn at_level(mut self, runs: &[usize]) -> Self {
        self.level = runs.to_vec();
        self
    }

    /// The same noise, of tests of so many endpoints.
    #[must_use]
    pub fn of_endpoints(mut self, endpoints: usize) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// The centre of a test.
    pub fn centre(&self, j: usize) -> f64 {
        self.fit.centre[j]
    }

    /// Variance of a test, in units of what is expected of it, drawn towards the typical one.
    fn drawn(&self, j: usize) -> f64 {
        (self.weight[j] * self.typical + (self.runs - 1.0) * self.fit.variance[j])
            / (self.weight[j] + self.runs - 1.0)
    }

    /// The standard deviation of a test from run to run.
    pub fn deviation(&self, j: usize) -> f64 {
        let expected = mean(&self.weights.test(j).iter().map(|w| 1.0 / w).collect::<Vec<_>>());
        (self.drawn(j) * expected).sqrt()
    }

    /// How far the new runs of test `j` lie outside. `expected` is the variance that is expected of each new value, and
    /// `amounts` the share of it (from 0 to 1) that is of amounts and not of percentages. In a `single` look, after which nobody
    /// looks again, the baselines' tail is believed as it is; else one more value beyond all that they show is reckoned with.
    pub fn distance(
        &self,
        j: usize,
        new: &[f64],
        expected: &[f64],
        amounts: f64,
        single: bool,
    ) -> Distance {
        let m = new.len() as f64;
        let weights: Vec<f64> = expected.iter().map(|v| 1.0 / v).collect();
        let drawn = self.drawn(j).sqrt();
        let brought_back: Vec<f64> = if new.len() <= 2 {
            new.to_vec()
        } else {
            let at = middle(new);
            let reach = |v: &f64| CLIP_OF_NEW * drawn * v.sqrt();
            new.iter().zip(expected).map(|(x, v)| x.clamp(at - reach(v), at + reach(v))).collect()
        };
        let centre = weighted_mean(&brought_back, &weights);
        let spread = if new.len() > 1 { weighted_variance(new, &weights) } else { 0.0 };
        let freedom = self.weight[j] + self.runs + m - 2.0;
        // New runs that spread wildly may do so by a change.
        let own = spread.min(MOST_SPREAD * self.fit.variance[j].max(self.typical));
        let pooled = (self.weight[j] * self.typical
            + (self.runs - 1.0) * self.fit.variance[j]
            + (m - 1.0) * own)
            / freedom;
        let level_weight: f64 = self.weights.test(j).iter().take(self.level[j]).sum();
        let (own_weight, change) = (weights.iter().sum::<f64>(), centre - self.fit.centre[j]);
        // Fewer requests than the baseline had are known to say less, however calm the machine is.
        let usual = self.level[j] as f64 / level_weight;
        let fewer = (expected.iter().sum::<f64>() / m - usual).max(0.0) * (1.0 - pooled).max(0.0);
        let error = (pooled * (1.0 / own_weight + 1.0 / level_weight) + fewer / m).sqrt();
        let mut sorted = new.to_vec();
        sorted.sort_by(f64::total_cmp);
        let narrowed = narrowed(amounts, change);
        let (tail, outliers) =
            self.tail_probability(j, new, expected, (level_weight, narrowed), single);
        Distance {
            change,
            error,
            freedom,
            p: student_upper_tail(change / (error * narrowed), freedom),
            amounts,
            tail,
            outliers: outliers * self.endpoints as f64,
            best: sorted[usize::from(new.len() >= RUNS_TO_SPARE_ONE)] - self.fit.centre[j],
            spread: (pooled * m / own_weight).sqrt(),
            level_error: (pooled / level_weight).sqrt(),
            level: self.level[j],
        }
    }

    /// How often the baselines themselves lie that far out, were the new runs of this test drawn from them, and the plain share of
    /// their values that do; 0 where they show no tail.
    fn tail_probability(
        &self,
        j: usize,
        new: &[f64],
        expected: &[f64],
        (level_weight, narrowed): (f64, f64),
        single: bool,
    ) -> (f64, f64) {
        if self.tail.is_empty() {
            return (0.0, 0.0);
        }
        let unseen = if single && new.len() == 1 { 0.0 } else { 1.0 };
        let standard = |(x, v): (&f64, &f64)| {
            let error = self.fit.robust[j] * (v + 1.0 / level_weight).sqrt() * narrowed;
            (x - self.fit.centre[j]) / error
        };
        let mut sorted: Vec<f64> = new.iter().zip(expected).map(standard).collect();
        sorted.sort_by(f64::total_cmp);
        let m = i32::try_from(sorted.len()).unwrap_or(i32::MAX);
        let n = self.tail.len() as f64;
        let count = |z: f64| (self.tail.len() - self.tail.partition_point(|t| *t < z)) as f64;
        let beyond = |z: f64| ((count(z) + count(z).sqrt() + unseen) / (n + unseen)).min(1.0);
        let all = beyond(sorted[0]).powi(m);
        let tail = match sorted.len() {
            ..RUNS_TO_SPARE_ONE => all,
            _ => all.min(f64::from(m) * beyond(sorted[1]).powi(m - 1)),
        };
        (tail, count(sorted[0]) / n)
    }
}

impl Fit {
    /// Values further than `clip` robust deviations from the median are brought back.
    fn of(baseline: &Matrix, expected: &Matrix, (typical, weight): (f64, f64), clip: f64) -> Self {
        let freedom = baseline.runs() as f64 - 1.0;
        let mut fit = Self { centre: Vec::new(), variance: Vec::new(), robust: Vec::new() };
        for j in 0..baseline.tests() {
            let (values, expected) = (baseline.test(j), expected.test(j));
            let at = middle(&values);
            let standard = |(x, v): (&f64, &f64)| (x - at) / v.sqrt();
            let off: Vec<f64> = values.iter().zip(&expected).map(standard).collect();
            let absolute: Vec<f64> = off.iter().map(|z| z.abs()).collect();
            // One or two runs show no spread of their own.
            let own = if baseline.runs() < FEWEST_RUNS {
                typical
            } else {
                (MAD_TO_SD * middle(&absolute)).powi(2)
            };
            let robust = ((weight * typical + freedom * own) / (weight + freedom)).sqrt();
            let back =
                |(z, v): (&f64, &f64)| at + z.clamp(-clip * robust, clip * robust) * v.sqrt();
            let brought_back: Vec<f64> = off.iter().zip(&expected).map(back).collect();
            let weights: Vec<f64> = expected.iter().map(|v| 1.0 / v).collect();
            fit.centre.push(weighted_mean(&brought_back, &weights));
            fit.variance.push(if values.len() > 1 {
                weighted_variance(&brought_back, &weights)
            } else {
                typical
            });
            fit.robust.push(robust);
        }
        fit
    }
}

/// The typical variance in units of what is expected, and how many runs it counts as, where one or two baseline runs show
/// none: most tests did not change, so that many of them together show it.
fn seen_in_one_run(apart: &[f64]) -> (f64, f64) {
    let weight = (apart.len() as f64 / TESTS_LIKE_A_RUN).min(MOST_WEIGHT_OF_ONE_RUN);
    if apart.len() < FEWEST_TO_POOL {
        return (FEW.0 * FEW.0, EXPECTED_WEIGHT);
    }
    if weight <= EXPECTED_WEIGHT {
        return (1.0, EXPECTED_WEIGHT);
    }
    let off: Vec<f64> = apart.iter().map(|z| z.abs()).collect();
    ((MAD_TO_SD * middle(&off)).powi(2).max(1.0), weight)
}

/// The typical variance of these tests in units of what is expected, and how many runs it counts as: the more alike the
/// variances of the tests are, the more.
fn pooled(baseline: &Matrix, expected: &Matrix, tests: &[usize]) -> (f64, f64) {
    let freedom = baseline.runs() as f64 - 1.0;
    // The median of variances of k runs is a little below their mean (Wilson and Hilferty).
    let shrink = (1.0 - 2.0 / (9.0 * freedom)).powi(3);
    let variances = |typical: f64| -> Vec<f64> {
        let fit = Fit::of(baseline, expected, (typical, FIRST_WEIGHT), CLIP);
        tests.iter().map(|j| fit.variance[*j]).collect()
    };
    let mut typical = 1.0;
    let mut own = Vec::new();
    // Twice, because values are brought back by the typical variance, and that comes from them.
    for _ in 0..2 {
        own = variances(typical);
        let seen = (middle(&own) / shrink).max(FLOOR * FLOOR);
        // Few values can look calm by chance: less than expected is believed by how many there are, more at once.
        let values = freedom * tests.len() as f64;
        typical = seen.max(seen.powf(values / (values + PRIOR_VALUES)));
    }
    (typical, likeness(&own, freedom))
}

/// How many runs the typical variance counts as: no fewer than what is expected counts without any run.
fn likeness(variances: &[f64], freedom: f64) -> f64 {
    let logs: Vec<f64> = variances.iter().map(|v| v.max(LEAST_VARIANCE).ln()).collect();
    let excess = (variance(&logs) - trigamma(freedom / 2.0)).max(LEAST_EXCESS);
    ((1.0 + (1.0 + 2.0 * excess).sqrt()) / excess)
        .clamp(EXPECTED_WEIGHT, MOST_WEIGHT * (freedom + 1.0))
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() / weights.iter().sum::<f64>()
}

/// In units of the variance that the weights are one over of, with n − 1.
fn weighted_variance(values: &[f64], weights: &[f64]) -> f64 {
    let centre = weighted_mean(values, weights);
    let squares: f64 =
        values.iter().zip(weights).map(|(x, w)| w * (x - centre) * (x - centre)).sum();
    squares / (values.len() as f64 - 1.0)
}
