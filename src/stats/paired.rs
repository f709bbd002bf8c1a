//! Measurements in pairs: two sides measured in turn, so that the two slices of a pair share their minute of the machine.
//!
//! A difference is the logarithm of the second side's value over the first's, worse up. What both slices of a pair share, such
//! as a busy neighbor, cancels out. What drifts steadily shows as a part that changes its sign with the order of the pair, and
//! is taken out by regression. What is left varies from pair to pair: a part that all endpoints of a pair have in common, and a
//! part of each test. Both show how noisy the machine is, each with the degrees of freedom that it has.

use super::matrix::{mean, middle, quantile, variance};
use super::student::student_upper_tail;
use super::trigamma::trigamma;
use std::collections::BTreeMap;

/// Fewest pairs whose differences show how far they vary: an order of two kinds takes two of them.
pub const FEWEST_PAIRS: usize = 4;
/// Fewest pairs of which the order takes a degree of freedom: of fewer, drift counts as noise, and is no part of a balanced mean.
const FEWEST_FOR_ORDER: usize = 8;
/// Fewest endpoints that show what they have in common, and whose tests lend each other strength.
const FEWEST_TO_POOL: usize = 5;
/// How far from its center a difference may lie before it is brought back, in deviations that most differences keep.
const CLIP: f64 = 2.5;
/// The smallest share of the expected deviation that is believed of a typical test.
const LEAST_TYPICAL: f64 = 0.2;
/// The least by which variances of tests are taken to differ more than chance gives.
const LEAST_EXCESS: f64 = 1e-3;
/// How many times the freedom of a test its family adds at most.
const MOST_WEIGHT: f64 = 4.0;
/// The median of the square of a standard normal variable.
const MEDIAN_SQUARE: f64 = 0.454_936_423_119_572_7;
/// How far the quartiles of a normal distribution lie from its median, in deviations.
const QUARTILE: f64 = 0.674_489_750_196_081_7;

/// The tests of one metric, measured in pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedFamily {
    /// Whether the second side ran second, for each pair.
    pub second: Vec<bool>,
    /// The tests.
    pub tests: Vec<PairedTest>,
}

/// One test measured in pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedTest {
    /// The number of its endpoint.
    pub endpoint: usize,
    /// The difference of each pair; none where a side has no value.
    pub differences: Vec<Option<f64>>,
    /// Variance of a difference that is expected when nothing changes: its scale among the tests.
    pub expected: f64,
    /// Variance of a difference that chance gives, however steady the machine is.
    pub chance: f64,
    /// Width of the rounding step of each side, in proportion to the value; 0 where nothing is rounded.
    pub step: f64,
    /// Variance of the mean that no number of pairs takes away: what a side keeps as long as it runs.
    pub lasting: f64,
}

/// What the pairs of one test say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedChange {
    /// The mean difference, without drift and with differences far out brought back.
    pub change: f64,
    /// Its standard error, and the degrees of freedom of that.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub freedom: f64,
    /// The change without what most endpoints have in common; the same as `change` where few endpoints tell.
    pub own: f64,
    /// Standard deviation of one difference.
    pub deviation: f64,
    /// Probability of such a change, as measured or without what most endpoints have in common, when nothing changed.
    pub p: f64,
    /// Whether it is the change without what most endpoints have in common that makes p small.
    pub by_own: bool,
}

/// A straight line through the differences of a test: their mean, and what the order of a pair adds.
#[derive(Debug, Clone)]
struct Fit {
    center: f64,
    /// What is left, pair by pair.
    residuals: Vec<Option<f64>>,
    count: f64,
    /// Degrees of freedom of the residuals.
    freedom: f64,
    /// Variance of the center in units of that of one difference.
    leverage: f64,
}

impl Fit {
    /// Least squares; the order is left alone where all pairs have the same one, or they are few. None of too few pairs.
    fn of(differences: &[Option<f64>], second: &[bool]) -> Option<Self> {
        let order = |second: bool| if second { 1.0 } else { -1.0 };
        let known: Vec<(f64, f64)> = differences
            .iter()
            .zip(second)
            .filter_map(|(d, second)| Some(((*d)?, order(*second))))
            .collect();
        if known.len() < FEWEST_PAIRS {
            return None;
        }
        let n = known.len() as f64;
        let balance = known.iter().map(|(_, order)| order).sum::<f64>() / n;
        let middle = known.iter().map(|(d, _)| d).sum::<f64>() / n;
        let spread = 1.0 - balance * balance;
        let has_order = known.len() >= FEWEST_FOR_ORDER && spread > 0.0;
        let with_order = known.iter().map(|(d, order)| d * order).sum::<f64>() / n;
        let drift = if has_order { (with_order - middle * balance) / spread } else { 0.0 };
        let center = middle - drift * balance;
        let residual =
            |(d, second): (&Option<f64>, &bool)| d.map(|d| d - center - drift * order(*second));
        let residuals = differences.iter().zip(second).map(residual).collect();
        let leverage = if has_order { 1.0 / (n * spread) } else { 1.0 / n };
        Some(Self {
            center,
            residuals,
            count: n,
            freedom: freedom_of(known.len(), has_order),
            leverage,
        })
    }
}

/// Degrees of freedom of the residuals of so many pairs.
fn freedom_of(pairs: usize, has_order: bool) -> f64 {
    pairs as f64 - if has_order { 2.0 } else { 1.0 }
}

/// What the pairs of each test say. The tests lend each other strength: each varies so many times more than expected, and that
/// number is drawn towards the typical one, the more the more alike the tests are. None of a test with fewer than
/// [`FEWEST_PAIRS`].
pub fn paired_changes(family: &PairedFamily) -> Vec<Option<PairedChange>> {
    let fits = Parts::of(family, &family.tests).calmed(family);
    let tests: Vec<PairedTest> = family
        .tests
        .iter()
        .zip(fits)
        .map(|(test, differences)| PairedTest { differences, ..test.clone() })
        .collect();
    Parts::of(family, &tests).changes(&family.tests)
}

/// The differences of a family in their parts.
struct Parts {
    fits: Vec<Option<Fit>>,
    /// What the endpoints of each pair have in common; nothing of few endpoints.
    common: Vec<f64>,
    /// What is left of each test.
    own: Vec<Vec<Option<f64>>>,
    endpoints: usize,
}

impl Parts {
    fn of(family: &PairedFamily, tests: &[PairedTest]) -> Self {
        let fits: Vec<Option<Fit>> =
            tests.iter().map(|test| Fit::of(&test.differences, &family.second)).collect();
        let endpoints = by_endpoint(tests, &fits, |fit| Some(fit.center)).len();
        let common = |i: usize| {
            let all = by_endpoint(tests, &fits, |fit| fit.residuals[i]);
            // Of few endpoints, the quickest would say it for all: what disturbs 2 ms by half hardly moves 40 ms.
            if endpoints < FEWEST_TO_POOL || all.is_empty() { 0.0 } else { middle(&all) }
        };
        let common: Vec<f64> = (0..family.second.len()).map(common).collect();
        let rest = |fit: &Option<Fit>| {
            let residuals = fit.iter().flat_map(|fit| fit.residuals.iter());
            residuals.zip(&common).map(|(r, common)| r.map(|r| r - common)).collect()
        };
        let own = fits.iter().map(rest).collect();
        Self { fits, common, own, endpoints }
    }

    /// Whether endpoints show what they have in common, so that one may differ from it.
    fn has_many(&self) -> bool {
        self.endpoints >= FEWEST_TO_POOL
    }

    /// The differences with both parts brought back to where most of them lie.
    fn calmed(&self, family: &PairedFamily) -> Vec<Vec<Option<f64>>> {
        let typical = self.typical(&family.tests);
        let reach = |values: &[f64]| {
            let n = values.len() as f64;
            let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
            (middle(&squares) / MEDIAN_SQUARE * n / (n - 1.0)).sqrt()
        };
        let most_common = CLIP * reach(&self.common);
        let one = |(test, own): (&PairedTest, &Vec<Option<f64>>)| {
            let known: Vec<f64> = own.iter().flatten().copied().collect();
            let most = CLIP * reach(&known).max((typical * test.expected).sqrt());
            let beyond = |value: f64, most: f64| value - value.clamp(-most, most);
            let parts = own.iter().zip(&self.common);
            let pulled = |(d, (own, common)): (&Option<f64>, (&Option<f64>, &f64))| {
                Some((*d)? - beyond((*own)?, most) - beyond(*common, most_common))
            };
            test.differences.iter().zip(parts).map(pulled).collect()
        };
        family.tests.iter().zip(&self.own).map(one).collect()
    }

    /// How many times more than expected most differences vary, over all tests: a few far out do not count.
    fn typical(&self, tests: &[PairedTest]) -> f64 {
        let squares = |((test, fit), own): ((&PairedTest, &Option<Fit>), &Vec<Option<f64>>)| {
            let fit = fit.as_ref()?;
            let scale = test.expected * MEDIAN_SQUARE * fit.freedom / fit.count;
            Some(own.iter().flatten().map(|r| r * r / scale).collect::<Vec<f64>>())
        };
        let all = tests.iter().zip(&self.fits).zip(&self.own).filter_map(squares);
        middle(&all.flatten().collect::<Vec<f64>>())
    }

    fn changes(&self, tests: &[PairedTest]) -> Vec<Option<PairedChange>> {
        // What they have in common took a part of each endpoint's own with it.
        let e = self.endpoints as f64;
        let whole = if self.has_many() { e / (e - 1.0) } else { 1.0 };
        let spread = |own: &[Option<f64>], freedom: f64| {
            whole * own.iter().flatten().map(|r| r * r).sum::<f64>() / freedom
        };
        let own: Vec<Option<(f64, f64)>> = self
            .fits
            .iter()
            .zip(&self.own)
            .map(|(fit, own)| Some((spread(own, fit.as_ref()?.freedom), fit.as_ref()?.freedom)))
            .collect();
        let ratio = |(test, own): (&PairedTest, &Option<(f64, f64)>)| {
            own.map(|(variance, freedom)| (variance / test.expected, freedom))
        };
        // Tests of few endpoints still hold what these have in common: they are no independent witnesses.
        let ratios = tests.iter().zip(&own).filter_map(ratio).filter(|_| self.has_many());
        let pool = Pool::of(&ratios.collect::<Vec<_>>());
        let pairs = self.common.len();
        let freedom = freedom_of(pairs, pairs >= FEWEST_FOR_ORDER);
        let sum = self.common.iter().map(|c| c * c).sum::<f64>();
        let of_common = Part { variance: sum / freedom, freedom };
        let judged: Vec<Option<Judged<'_>>> = tests
            .iter()
            .zip(&self.fits)
            .zip(own)
            .map(|((test, fit), own)| {
                let (variance, freedom) = own?;
                let own = pool.drawn(variance, freedom, test);
                Some(Judged { test, fit: fit.as_ref()?, own })
            })
            .collect();
        let common = self.has_many().then_some(of_common);
        let together = self.has_many().then(|| together(&judged));
        let change =
            |own: &Option<Judged<'_>>| own.as_ref().map(|own| own.change(common, together));
        judged.iter().map(change).collect()
    }
}

/// One number of each endpoint: the mean over its tests.
fn by_endpoint(
    tests: &[PairedTest],
    fits: &[Option<Fit>],
    of: impl Fn(&Fit) -> Option<f64>,
) -> Vec<f64> {
    let mut all: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (test, fit) in tests.iter().zip(fits) {
        let value = fit.as_ref().and_then(&of);
        all.entry(test.endpoint).or_default().extend(value);
    }
    all.into_values().filter(|own| !own.is_empty()).map(|own| mean(&own)).collect()
}

/// A variance and its degrees of freedom.
#[derive(Debug, Clone, Copy)]
struct Part {
    variance: f64,
    freedom: f64,
}

impl Part {
    /// The sum of two independent ones (Satterthwaite 1946).
    fn and(self, other: Self) -> Self {
        let variance = self.variance + other.variance;
        let of = |part: Self| part.variance * part.variance / part.freedom;
        let freedom = variance * variance / (of(self) + of(other));
        Self { variance, freedom: if freedom.is_finite() { freedom } else { self.freedom } }
    }
}

/// The typical number of times that tests vary more than expected, and how many degrees of freedom it counts as (Smyth 2004).
struct Pool {
    level: f64,
    weight: f64,
}

impl Pool {
    /// Few tests have no typical number.
    fn of(ratios: &[(f64, f64)]) -> Self {
        let known: Vec<(f64, f64)> =
            ratios.iter().copied().filter(|(ratio, _)| *ratio > 0.0).collect();
        if known.len() < FEWEST_TO_POOL {
            return Self { level: 1.0, weight: 0.0 };
        }
        let all: Vec<f64> = known.iter().map(|(ratio, _)| *ratio).collect();
        let freedom = mean(&known.iter().map(|(_, freedom)| *freedom).collect::<Vec<_>>());
        // The median of a chi-square over its degrees of freedom (Wilson and Hilferty).
        let level = middle(&all) / (1.0 - 2.0 / (9.0 * freedom)).powi(3);
        let logs: Vec<f64> = all.iter().map(|ratio| ratio.ln()).collect();
        let excess = (variance(&logs) - trigamma(freedom / 2.0)).max(LEAST_EXCESS);
        let weight = (1.0 + (1.0 + 2.0 * excess).sqrt()) / excess;
        let level = level.max(LEAST_TYPICAL * LEAST_TYPICAL);
        Self { level, weight: weight.min(MOST_WEIGHT * freedom) }
    }

    /// The variance of a test, drawn towards the typical one. No machine is steadier than chance.
    fn drawn(&self, variance: f64, freedom: f64, test: &PairedTest) -> Part {
        let all = self.weight + freedom;
        let drawn = (self.weight * self.level * test.expected + freedom * variance) / all;
        Part { variance: drawn.max(test.chance), freedom: all }
    }
}

/// A test with what it varies by itself.
struct Judged<'a> {
    test: &'a PairedTest,
    fit: &'a Fit,
    own: Part,
}

impl Judged<'_> {
    /// `together` is what most endpoints have in common; none where too few endpoints tell.
    fn change(&self, common: Option<Part>, together: Option<f64>) -> PairedChange {
        let own = self.error(self.own);
        let whole = common.map_or(self.own, |common| self.own.and(common));
        let raw = self.error(whole);
        let center = self.fit.center;
        let tail = |change: f64, part: Part| {
            student_upper_tail(change / part.variance.sqrt().max(f64::MIN_POSITIVE), part.freedom)
        };
        let alone = center - together.unwrap_or_default();
        let (as_measured, by_itself) = (tail(center, raw), tail(alone, own));
        let by_own = together.is_some() && by_itself < as_measured;
        let smaller = if by_own { by_itself } else { as_measured };
        // Two chances to look unusual.
        let chances = if together.is_some() { 2.0 } else { 1.0 };
        PairedChange {
            change: center,
            error: raw.variance.sqrt(),
            freedom: raw.freedom,
            own: alone,
            deviation: whole.variance.sqrt(),
            p: (chances * smaller).min(1.0),
            by_own,
        }
    }

    /// The variance of the mean difference.
    fn error(&self, one: Part) -> Part {
        let lasting = self.test.lasting + rounding(self.test.step, one.variance);
        Part { variance: one.variance * self.fit.leverage + lasting, ..one }
    }
}

/// The change that most endpoints have in common: the median, as far as the endpoints' own noise explains that they differ from
/// it. Where they differ by more, some of them changed, and the less is taken to be common.
fn together(judged: &[Option<Judged<'_>>]) -> f64 {
    let known: Vec<&Judged<'_>> = judged.iter().flatten().collect();
    let centers: Vec<f64> = known.iter().map(|own| own.fit.center).collect();
    let errors: Vec<f64> = known.iter().map(|own| own.error(own.own).variance.sqrt()).collect();
    let half = (quantile(&centers, 0.75) - quantile(&centers, 0.25)) / 2.0;
    let unexplained = (half - QUARTILE * middle(&errors)).max(0.0);
    let center = middle(&centers);
    center.signum() * (center.abs() - unexplained).max(0.0)
}

/// Variance of the mean difference that rounding leaves, whatever the number of pairs. Values that vary by more than a step
/// average their rounding out, and those that do not are rounded the same way every time: of what normal noise of deviation σ
/// leaves of a rounding step, the first term of the Fourier series is exp(−2π²σ²) in units of the step.
fn rounding(step: f64, variance: f64) -> f64 {
    if step <= 0.0 {
        return 0.0;
    }
    // Half of the variance of a difference is that of one side.
    let in_steps = variance / 2.0 / (step * step);
    let left = (-4.0 * std::f64::consts::PI.powi(2) * in_steps).exp();
    2.0 * step * step / 12.0 * left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(second: &[bool], tests: &[&[f64]]) -> PairedFamily {
        let test = |(endpoint, differences): (usize, &&[f64])| PairedTest {
            endpoint,
            differences: differences.iter().copied().map(Some).collect(),
            expected: 1e-4,
            chance: 0.0,
            step: 0.0,
            lasting: 0.0,
        };
        PairedFamily {
            second: second.to_vec(),
            tests: tests.iter().enumerate().map(test).collect(),
        }
    }

    fn only(family: &PairedFamily) -> PairedChange {
        paired_changes(family)[0].unwrap()
    }

    fn close(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-9, "{got}, not {expected}");
    }

    #[test]
    fn one_test_of_few_pairs_is_a_paired_t_test() {
        // scipy.stats.ttest_1samp, one-sided.
        let own = only(&family(&[true, false, false, true], &[&[0.11, 0.08, 0.13, 0.10]]));
        close(own.change, 0.105);
        close(own.error, 0.010_408_329_997_330_663);
        close(own.p, 0.001_037_200_507_647_995_3);
        assert_eq!(own.freedom, 3.0);
    }

    #[test]
    fn from_eight_pairs_on_drift_is_taken_out_by_regression() {
        // numpy.linalg.lstsq with the order as a second column, scipy.stats.t.sf with six degrees of freedom.
        let second = [true, false, false, true, false, true, true, false];
        let differences = [0.12, 0.07, 0.10, 0.09, 0.05, 0.13, 0.11, 0.08];
        let own = only(&family(&second, &[&differences]));
        close(own.change, 0.093_75);
        close(own.error, 0.006_731_456_008_918_13);
        close(own.p, 4.269_299_808_671_828_5e-6);
        // As much drift as anybody likes changes nothing but the order's share.
        let order = |second: bool| if second { 0.15 } else { -0.15 };
        let drifted: Vec<f64> =
            differences.iter().zip(second).map(|(d, second)| d + order(second)).collect();
        let drifting = only(&family(&second, &[&drifted]));
        close(drifting.change, own.change);
        close(drifting.error, own.error);
    }

    #[test]
    fn what_endpoints_have_in_common_does_not_hide_the_one_that_changed() {
        let second = [true, false, false, true, false, true];
        let common = [0.30, -0.25, 0.10, -0.20, 0.28, -0.22];
        let wobble = |e: usize, i: usize| 0.01 * ((e * 7 + i * 5) % 11) as f64 / 5.0 - 0.01;
        let rows: Vec<Vec<f64>> = (0..8)
            .map(|e| {
                let change = if e == 0 { 0.15 } else { 0.0 };
                (0..6).map(|i| common[i] + wobble(e, i) + change).collect()
            })
            .collect();
        let tests: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let changes = paired_changes(&family(&second, &tests));
        let [first, other] = [changes[0].unwrap(), changes[3].unwrap()];
        assert!(first.by_own && first.p < 1e-6 && (first.own - 0.15).abs() < 0.02, "{first:?}");
        assert!(other.p > 0.1, "{other:?}");
    }

    #[test]
    fn steady_values_keep_the_doubt_of_their_rounding() {
        let mut steady = family(&[true, false, false, true], &[&[0.0; 4]]);
        steady.tests[0].step = 0.1;
        // Two uniform errors of a step, over twelve.
        close(only(&steady).error, (2.0 * 0.1_f64.powi(2) / 12.0).sqrt());
        let mut varied = family(&[true, false, false, true], &[&[0.3, -0.3, 0.2, -0.2]]);
        let without = only(&varied).error;
        varied.tests[0].step = 0.1;
        close(only(&varied).error, without);
    }

    #[test]
    fn too_few_pairs_say_nothing() {
        assert_eq!(paired_changes(&family(&[true, false, true], &[&[0.1; 3]])), [None]);
    }
}
