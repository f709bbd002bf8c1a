//! How probable a change is when nothing changed, where it is judged by itself: error rates by their counts, and what not
//! every run has.

use super::expected::Expected;
use super::finding::RankInFamily;
use super::measure::Side;
use super::noise_model::RUNS_FOR_NOISE;
use super::sides::Sides;
use crate::model::{Direction, Kind, MeasurementKey, Metric, Unit};
use crate::stats::{
    Interval, benjamini_hochberg, difference_interval, fisher_one_sided, normal_upper_tail,
    student_quantile, student_upper_tail,
};

/// Degrees of freedom of what is assumed of real machines: their tails are heavy.
const FREEDOM: f64 = 5.0;

/// Point of a distribution up to which a 95 % interval reaches: 2.5 % lie beyond it.
pub(super) const CONFIDENCE_POINT: f64 = 0.975;

/// Share of false rejections at which a crossing is a failure.
pub(super) const Q_FAIL: f64 = 0.01;

/// The same for error rates: a total counts the failures of its endpoints a second time.
pub(super) const Q_FAIL_OF_COUNTS: f64 = 0.005;

/// Share of false rejections at which a crossing is worth measuring again.
pub(super) const Q_SUSPICIOUS: f64 = 0.05;

/// What the data say about one change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// Probability of a change as large as this in the bad direction when nothing changed; none without a noise model,
    /// where the plain rule decides.
    pub(super) p: Option<f64>,
    /// 95 % interval of the relative change, for an error rate of the absolute one.
    pub(super) interval: Option<Interval>,
    /// The smallest relative change that this test alone would call real, where that is known.
    pub(super) visible: Option<f64>,
}

/// What the data say about the change of this number.
/// `failures` are those of each baseline run, for an error rate.
pub(super) fn evidence(
    (key, unit): (&MeasurementKey, &Unit),
    direction: Direction,
    sides: &Sides<Side>,
    failures: &[(u64, u64)],
) -> Evidence {
    let Sides { baseline, current } = sides;
    match key.metric {
        // Its rounds are no sample: what fails always now, and did not before, was broken.
        Metric::ErrorRate if key.endpoint.kind() == Some(Kind::Bench) && current.value >= 1.0 => {
            Evidence { p: Some(0.0), ..Evidence::default() }
        }
        Metric::ErrorRate => of_counts(baseline, current, failures),
        Metric::Latency | Metric::Throughput | Metric::Custom(_) => {
            of_logarithms((key, unit), direction, baseline, current)
        }
    }
}

/// Error rates by counts: Fisher's exact test; where three or more baseline runs differ by more than chance gives, no less
/// than a normal test with their variance says.
fn of_counts(baseline: &Side, current: &Side, failures: &[(u64, u64)]) -> Evidence {
    let counts = |side: &Side| Some((side.counts.failures?, side.counts.requests?));
    let (Some(before), Some(after)) = (counts(baseline), counts(current)) else {
        return Evidence::default();
    };
    let phi = overdispersion(failures).unwrap_or(1.0).max(1.0);
    let p = surplus(before, after, phi);
    let rate = |(failures, of): (u64, u64)| failures as f64 / of.max(1) as f64;
    let difference = rate(after) - rate(before);
    let (low, high) = difference_interval(before, after);
    let wider = |end: f64| difference + (end - difference) * phi.sqrt();
    let interval = Interval { low: wider(low).max(-1.0), high: wider(high).min(1.0) };
    Evidence { p: Some(p), interval: Some(interval), visible: None }
}

/// How much more the failures of three or more runs vary than chance gives: χ²/(k−1). None with fewer runs, or where
/// nothing or everything failed.
pub(super) fn overdispersion(runs: &[(u64, u64)]) -> Option<f64> {
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

/// How probable it is that as many of the counted fall to the new side by chance: exactly, and where runs vary `phi` times as much
/// as chance gives, no less than by a normal test with that variance. Chance alone gives a φ above 1 in two cases of five, so that
/// the normal test never makes it surer than the exact one.
pub(super) fn surplus(before: (u64, u64), after: (u64, u64), phi: f64) -> f64 {
    let exact = fisher_one_sided(before, after);
    if phi > 1.0 { exact.max(overdispersed(before, after, phi)) } else { exact }
}

/// The normal test of two proportions with their variance times `phi`.
fn overdispersed(before: (u64, u64), after: (u64, u64), phi: f64) -> f64 {
    let (n0, n1) = (before.1 as f64, after.1 as f64);
    let pooled = (before.0 as f64 + after.0 as f64) / (n0 + n1);
    let variance = phi * pooled * (1.0 - pooled) * (1.0 / n0 + 1.0 / n1);
    let difference = after.0 as f64 / n1 - before.0 as f64 / n0;
    if variance > 0.0 { normal_upper_tail(difference / variance.sqrt()) } else { 1.0 }
}

/// Everything positive by its logarithm: the change over its standard deviation, with what is expected of both sides.
fn of_logarithms(
    (key, unit): (&MeasurementKey, &Unit),
    direction: Direction,
    baseline: &Side,
    current: &Side,
) -> Evidence {
    if baseline.value <= 0.0 || current.value <= 0.0 {
        return Evidence::default();
    }
    let change = (current.value / baseline.value).ln();
    let worse = direction.worse_sign() * change;
    let expected = |side: &Side| {
        let step = side.rounded_from.high - side.rounded_from.low;
        Expected::of((key, unit), baseline.value, side.log_variance, step).variance
    };
    let deviation = (expected(baseline) + expected(current)).sqrt();
    let reach = student_quantile(CONFIDENCE_POINT, FREEDOM) * deviation;
    let (low, high) = ((change - reach).exp_m1(), (change + reach).exp_m1());
    Evidence {
        p: Some(student_upper_tail(worse / deviation, FREEDOM)),
        interval: Some(Interval { low, high }),
        visible: None,
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

/// The strength of each test of one family, many tests considered, with the place of its p among theirs: real where a share
/// `q` of such rejections would be false. Without a p the plain rule stands.
pub(super) fn strengths(p: &[Option<f64>], q: f64) -> Vec<(Strength, Option<RankInFamily>)> {
    let known: Vec<f64> = p.iter().flatten().copied().collect();
    let mut real = benjamini_hochberg(&known, q).into_iter();
    let mut suspicious = benjamini_hochberg(&known, Q_SUSPICIOUS).into_iter();
    p.iter()
        .map(|p| {
            let Some(p) = p else { return (Strength::Real, None) };
            let strength = match (real.next(), suspicious.next()) {
                (Some(true), _) => Strength::Real,
                (_, Some(true)) => Strength::Suspicious,
                _ => Strength::Chance,
            };
            (strength, Some(RankInFamily::new(*p, &known)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tests_make_a_small_p_ordinary_and_what_has_none_is_judged_by_its_limit() {
        let alone = strengths(&[Some(0.004)], Q_FAIL);
        assert_eq!(alone, [(Strength::Real, Some(RankInFamily { rank: 1, size: 1 }))]);
        let mut many = vec![Some(0.5); 19];
        many.extend([Some(0.004), None]);
        let found = strengths(&many, Q_FAIL);
        assert_eq!(found[19], (Strength::Chance, Some(RankInFamily { rank: 1, size: 20 })));
        assert_eq!(found[20], (Strength::Real, None), "it takes no place in the family");
        assert_eq!(strengths(&[Some(0.02)], Q_FAIL)[0].0, Strength::Suspicious);
    }
}
