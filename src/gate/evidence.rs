//! How probable a change is when nothing changed, while the noise from run to run is not known (fewer than three
//! baseline runs).

use super::measure::Side;
use super::noise::RUNS_FOR_NOISE;
use crate::model::{Direction, Metric};
use crate::stats::{
    Interval, benjamini_hochberg, difference_interval, fisher_one_sided, normal_upper_tail,
};

/// What stands for the unknown noise from run to run of one side, as a standard deviation of the logarithm: 3 %, about
/// what quiet machines show.
const UNKNOWN_NOISE: f64 = 0.03;

/// Share of false rejections at which a crossing is a failure.
pub(super) const Q_FAIL: f64 = 0.01;

/// Share of false rejections at which a crossing is worth measuring again.
pub(super) const Q_SUSPICIOUS: f64 = 0.05;

/// z beyond which 1 % of a normal distribution lies.
const Z99: f64 = 2.326_347_874_040_841;

/// z of a two-sided 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

/// What the data say about one change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// Probability of a change as large as this in the bad direction when nothing changed; none without a noise model,
    /// where the plain rule decides.
    pub(super) p: Option<f64>,
    /// 95 % interval of the relative change, for an error rate of the absolute one.
    pub(super) interval: Option<Interval>,
    /// The smallest relative change that this test alone would call real.
    pub(super) detectable: Option<f64>,
}

/// What the data say about the change of this metric.
/// `failures` are those of each baseline run, for an error rate.
pub(super) fn evidence(
    metric: &Metric,
    direction: Direction,
    [baseline, current]: &[Side; 2],
    failures: &[(u64, u64)],
) -> Evidence {
    match metric {
        Metric::ErrorRate => of_counts(baseline, current, failures),
        Metric::Latency | Metric::Throughput | Metric::Custom(_) => {
            of_logarithms(direction, baseline, current)
        }
    }
}

/// Error rates by counts: Fisher's exact test; where three or more baseline runs differ by more than chance gives, a
/// normal test with their variance.
fn of_counts(baseline: &Side, current: &Side, failures: &[(u64, u64)]) -> Evidence {
    let counts = |side: &Side| Some((side.counts.failures?, side.counts.requests?));
    let (Some(before), Some(after)) = (counts(baseline), counts(current)) else {
        return Evidence::default();
    };
    let (low, high) = difference_interval(before, after);
    let p = match overdispersion(failures) {
        Some(phi) if phi > 1.0 => Some(overdispersed(before, after, phi)),
        _ => Some(fisher_one_sided(before, after)),
    };
    Evidence { p, interval: Some(Interval { low, high }), detectable: None }
}

/// How much more the failures of three or more runs vary than chance gives: χ²/(k−1). None with fewer runs, or where
/// nothing or everything failed.
fn overdispersion(runs: &[(u64, u64)]) -> Option<f64> {
    let (failures, of) =
        runs.iter().fold((0.0, 0.0), |(f, n), (a, b)| (f + *a as f64, n + *b as f64));
    let rate = failures / of;
    if runs.len() < RUNS_FOR_NOISE || rate <= 0.0 || rate >= 1.0 {
        return None;
    }
    let one = |(f, n): &(u64, u64)| {
        (*f as f64 - *n as f64 * rate).powi(2) / (*n as f64 * rate * (1.0 - rate))
    };
    Some(runs.iter().map(one).sum::<f64>() / (runs.len() as f64 - 1.0))
}

/// The normal test of two proportions with their variance times `phi`.
fn overdispersed(before: (u64, u64), after: (u64, u64), phi: f64) -> f64 {
    let (n0, n1) = (before.1 as f64, after.1 as f64);
    let pooled = (before.0 as f64 + after.0 as f64) / (n0 + n1);
    let variance = phi * pooled * (1.0 - pooled) * (1.0 / n0 + 1.0 / n1);
    let difference = after.0 as f64 / n1 - before.0 as f64 / n0;
    if variance > 0.0 { normal_upper_tail(difference / variance.sqrt()) } else { 1.0 }
}

/// Everything positive by its logarithm: the change over its standard deviation, sampling of both sides and the unknown
/// noise of both taken together.
fn of_logarithms(direction: Direction, baseline: &Side, current: &Side) -> Evidence {
    if baseline.value <= 0.0 || current.value <= 0.0 {
        return Evidence::default();
    }
    let change = (current.value / baseline.value).ln();
    let worse = match direction {
        Direction::Lower => change,
        Direction::Higher => -change,
    };
    let sampling = [baseline, current].map(|side| side.log_variance);
    let variance = sampling.iter().flatten().sum::<f64>() + 2.0 * UNKNOWN_NOISE * UNKNOWN_NOISE;
    let deviation = variance.sqrt();
    let at = |z: f64| (change + z * deviation).exp_m1();
    let known = sampling.iter().all(Option::is_some);
    Evidence {
        p: Some(normal_upper_tail(worse / deviation)),
        interval: known.then(|| Interval { low: at(-Z95), high: at(Z95) }),
        detectable: Some((Z99 * deviation).exp_m1()),
    }
}

/// How strong the evidence of a crossing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Chance gives as much.
    Chance,
    /// Chance gives it too rarely to ignore.
    Suspicious,
    /// Chance hardly ever gives it.
    Real,
}

/// The strength of each test of one family, many tests considered, with the place of its p among theirs (from 1) and their
/// number. Without a p the plain rule stands.
pub(super) fn strengths(p: &[Option<f64>]) -> Vec<(Strength, [usize; 2])> {
    let known: Vec<f64> = p.iter().flatten().copied().collect();
    let mut real = benjamini_hochberg(&known, Q_FAIL).into_iter();
    let mut suspicious = benjamini_hochberg(&known, Q_SUSPICIOUS).into_iter();
    p.iter()
        .map(|p| {
            let Some(p) = p else { return (Strength::Real, [0, 0]) };
            let strength = match (real.next(), suspicious.next()) {
                (Some(true), _) => Strength::Real,
                (_, Some(true)) => Strength::Suspicious,
                _ => Strength::Chance,
            };
            (strength, [rank(*p, &known), known.len()])
        })
        .collect()
}

/// The place of a p among those of its family, from 1.
pub(super) fn rank(p: f64, family: &[f64]) -> usize {
    1 + family.iter().filter(|other| **other < p).count()
}
