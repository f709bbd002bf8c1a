//! Steps in a history: where a series of one value per commit moved to another level, and stayed.
//!
//! The recipe works on logarithms, clips single spikes, splits by PELT, and then doubts every split: noise that is a
//! mixture of levels, noise that is correlated from commit to commit, and splits that no test confirms are taken back.

use super::mann_whitney::mann_whitney;
use super::matrix::quantile;
use super::order::{MAD_TO_SD, median};
use super::pelt::pelt;
use super::student::student_upper_tail;

/// Fewest points in which a step is looked for.
const FEWEST: usize = 6;
/// Fewest points of a level.
const SHORTEST: usize = 3;
/// The first and the last decile, and their distance in a standard normal distribution.
const FIRST_DECILE: f64 = 0.1;
const LAST_DECILE: f64 = 0.9;
const DECILES: f64 = 2.563;
/// Standard deviations from the running median, or from the median of its level, at which a spike is cut off.
const CLIP: f64 = 3.0;
/// Points on either side that a running median takes: seven with its own.
const HALF_WINDOW: usize = 3;
/// What a split costs, in units of the logarithm of the number of points.
const PENALTY: f64 = 4.0;
/// How many times as wide as from point to point the noise must be to be called a mixture.
const MIXTURE: f64 = 1.3;
/// Largest correlation of neighbours that is reckoned with: a variance is then inflated twelvefold.
const MOST_CORRELATED: f64 = 0.85;
/// The smallest variance of a level that is believed, as a share of the noise's.
const LEAST_VARIANCE: f64 = 0.25;
/// By how much more than the smallest p that few values can have a p may be: floats are not exact.
const HAIR: f64 = 1e-9;
/// p above which a t-test does not confirm a step.
const T_TEST: f64 = 1e-3;
/// p above which a Mann–Whitney test does not confirm a step.
const RANK_TEST: f64 = 5e-3;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The first point of the new level.
    pub index: usize,
    /// Relative change of the median level: 0.12 is 12 % up.
    pub size: f64,
    /// p of the t-test between the two levels.
    pub p: f64,
    /// Whether the step was seen already without the last point.
    pub confirmed: bool,
}

/// The steps of a series of finite values, one per commit, in order. `min_effect` is the smallest relative change that
/// counts; 0 lets the tests alone decide.
pub fn steps(values: &[f64], min_effect: f64) -> Vec<Step> {
    let mut found = evaluate(values, min_effect);
    if !found.is_empty() {
        let before = evaluate(&values[..values.len() - 1], min_effect);
        for step in &mut found {
            step.confirmed = before.iter().any(|earlier| earlier.index == step.index);
        }
    }
    found
}

fn evaluate(values: &[f64], min_effect: f64) -> Vec<Step> {
    if values.len() < FEWEST {
        return Vec::new();
    }
    let y = scaled(values);
    let Some(noise) = noise_of_differences(&y) else { return Vec::new() };
    let (noise, clipped, splits) = unmixed(&y, noise);
    let (splits, noise, inflation) = decorrelated(&clipped, noise, splits);
    let kept = prune(&y, splits, noise, inflation, min_effect);
    let bounds = bounds(&kept, y.len());
    kept.iter()
        .zip(bounds.windows(3))
        .map(|(index, b)| Step {
            index: *index,
            size: relative(values, b[0], b[1], b[2]),
            p: t_test(
                &within(&y[b[0]..b[1]], noise),
                &within(&y[b[1]..b[2]], noise),
                noise,
                inflation,
            ),
            confirmed: false,
        })
        .collect()
}

/// Logarithms, where all values have one; otherwise multiples of the typical size.
fn scaled(values: &[f64]) -> Vec<f64> {
    if values.iter().all(|v| *v > 0.0) {
        return values.iter().map(|v| v.ln()).collect();
    }
    let sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    let typical = median(&sizes).filter(|m| *m > 0.0).unwrap_or(1.0);
    values.iter().map(|v| v / typical).collect()
}

/// Step 1: the noise from point to point, from the differences of neighbours, which a step touches only once. None for a
/// constant series.
fn noise_of_differences(y: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = y.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let centre = median(&differences)?;
    let deviations: Vec<f64> = differences.iter().map(|d| (d - centre).abs()).collect();
    let robust = MAD_TO_SD * median(&deviations)?;
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let plain = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let noise = if robust > 0.0 { robust } else { plain } / std::f64::consts::SQRT_2;
    (noise > 0.0).then_some(noise)
}

/// Step 2: single spikes are brought back to three standard deviations from the running median of seven.
fn clip(y: &[f64], noise: f64) -> Vec<f64> {
    (0..y.len())
        .map(|i| {
            let around = &y[i.saturating_sub(HALF_WINDOW)..(i + HALF_WINDOW + 1).min(y.len())];
            let centre = median(around).unwrap_or(y[i]);
            y[i].clamp(centre - CLIP * noise, centre + CLIP * noise)
        })
        .collect()
}

/// Step 3: the splits of a series in units of its noise.
fn split(clipped: &[f64], noise: f64, inflation: f64) -> Vec<usize> {
    let standard: Vec<f64> = clipped.iter().map(|v| v / noise).collect();
    pelt(&standard, PENALTY * (clipped.len() as f64).ln() * inflation, SHORTEST)
}

/// Steps 2 to 4: where the residuals of the segments are wider than the noise from point to point, the noise is a mixture
/// (two kinds of machine, say): then it is taken as wide as they are, and everything is done once more.
fn unmixed(y: &[f64], noise: f64) -> (f64, Vec<f64>, Vec<usize>) {
    let mut noise = noise;
    let mut clipped = clip(y, noise);
    let mut splits = split(&clipped, noise, 1.0);
    for _ in 0..2 {
        let bounds = bounds(&splits, y.len());
        let mut residuals: Vec<f64> = Vec::with_capacity(y.len());
        for segment in bounds.windows(2) {
            let part = &y[segment[0]..segment[1]];
            let centre = median(part).unwrap_or_default();
            residuals.extend(part.iter().map(|v| v - centre));
        }
        let sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
        let wide =
            (quantile(&residuals, LAST_DECILE) - quantile(&residuals, FIRST_DECILE)) / DECILES;
        let wider = noise.max(MAD_TO_SD * median(&sizes).unwrap_or_default()).max(wide);
        if wider <= MIXTURE * noise {
            break;
        }
        noise = wider;
        clipped = clip(y, noise);
        splits = split(&clipped, noise, 1.0);
    }
    (noise, clipped, splits)
}

/// Step 5: correlated noise wanders, and looks like steps; the penalty grows with it. Gives splits, noise and the factor
/// by which correlation inflates variances.
fn decorrelated(clipped: &[f64], noise: f64, splits: Vec<usize>) -> (Vec<usize>, f64, f64) {
    let n = clipped.len() as f64;
    let bounds = bounds(&splits, clipped.len());
    let mut residuals = Vec::with_capacity(clipped.len());
    for segment in bounds.windows(2) {
        let part = &clipped[segment[0]..segment[1]];
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        residuals.extend(part.iter().map(|v| v - mean));
    }
    let segments = (bounds.len() - 1) as f64;
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    let products: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let lag = if squares > 0.0 { products / squares } else { 0.0 };
    // Segment means take (1 + 3ρ)/n of the correlation away (Kendall 1954); what chance gives is not held against the series.
    let lag = lag + (1.0 + 3.0 * lag) * segments / n;
    let lag = (lag - 1.0 / n.sqrt()).clamp(0.0, MOST_CORRELATED);
    let inflation = (1.0 + lag) / (1.0 - lag);
    let wider = if n > segments { noise.max((squares / (n - segments)).sqrt()) } else { noise };
    // Nothing is gained by looking again where nothing has changed.
    let same = wider <= noise && inflation <= 1.0;
    let splits = if same { splits } else { split(clipped, wider, inflation) };
    (splits, wider, inflation)
}

/// Step 6: takes back the split that the tests like least, until they confirm all that are left.
fn prune(
    y: &[f64],
    mut splits: Vec<usize>,
    noise: f64,
    inflation: f64,
    min_effect: f64,
) -> Vec<usize> {
    loop {
        let bounds = bounds(&splits, y.len());
        // How far each split is from being confirmed: above 1 is too far.
        let doubt = bounds.windows(3).map(|b| {
            let (left, right) = (&y[b[0]..b[1]], &y[b[1]..b[2]]);
            let [left_part, right_part] = [left, right].map(|part| within(part, noise));
            let t = t_test(&left_part, &right_part, noise, inflation) / T_TEST;
            let rank = mann_whitney(left, right) / RANK_TEST.max(least_p(left.len(), right.len()));
            let effect =
                (median(right).unwrap_or_default() - median(left).unwrap_or_default()).abs();
            let small = if effect < min_effect.ln_1p() { f64::INFINITY } else { 0.0 };
            t.max(rank).max(small)
        });
        let worst = doubt.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        match worst {
            Some((at, doubt)) if doubt > 1.0 => drop(splits.remove(at)),
            _ => return splits,
        }
    }
}

/// The values of one level, spikes brought back to three standard deviations from its median: a running median would bring
/// the first and last points of a level halfway to the next one.
fn within(level: &[f64], noise: f64) -> Vec<f64> {
    let centre = median(level).unwrap_or_default();
    level.iter().map(|v| v.clamp(centre - CLIP * noise, centre + CLIP * noise)).collect()
}

/// The smallest p that a Mann–Whitney test of so many values can have, and a hair more: few values say nothing by their order
/// but that none of one side lies among the other's, and that must do.
fn least_p(left: usize, right: usize) -> f64 {
    let orders: f64 = (1..=left).map(|i| (right + i) as f64 / i as f64).product();
    2.0 / orders * (1.0 + HAIR)
}

/// Two-sided p of the t-test of two levels with a common variance, which is at least a quarter of the noise's and is
/// inflated by correlation.
fn t_test(left: &[f64], right: &[f64], noise: f64, inflation: f64) -> f64 {
    let (a, b) = (left.len() as f64, right.len() as f64);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (m1, m2) = (mean(left), mean(right));
    let squares = |part: &[f64], m: f64| part.iter().map(|v| (v - m).powi(2)).sum::<f64>();
    let nu = a + b - 2.0;
    let variance = ((squares(left, m1) + squares(right, m2)) / nu)
        .max(LEAST_VARIANCE * noise * noise)
        * inflation;
    let t = (m2 - m1).abs() / (variance * (1.0 / a + 1.0 / b)).sqrt();
    2.0 * student_upper_tail(t, nu)
}

/// Relative change of the median from one level to the next.
fn relative(values: &[f64], from: usize, at: usize, to: usize) -> f64 {
    let before = median(&values[from..at]).unwrap_or_default();
    let after = median(&values[at..to]).unwrap_or_default();
    if before.abs() > 0.0 { (after - before) / before.abs() } else { f64::INFINITY.copysign(after) }
}

/// The splits between the two ends.
fn bounds(splits: &[usize], n: usize) -> Vec<usize> {
    let mut bounds = vec![0];
    bounds.extend(splits);
    bounds.push(n);
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A deterministic wobble of about ±1 %.
    fn wobble(i: usize) -> f64 {
        1.0 + 0.01 * ((i * 7919) % 13) as f64 / 6.5 - 0.01
    }

    #[test]
    fn a_step_is_found_where_it_is_and_its_size_is_told() {
        let series: Vec<f64> =
            (0..60).map(|i| wobble(i) * if i < 35 { 100.0 } else { 112.0 }).collect();
        let found = steps(&series, 0.0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].index, 35);
        assert!(
            (found[0].size - 0.12).abs() < 0.01 && found[0].p < 1e-6 && found[0].confirmed,
            "{found:?}"
        );
    }

    #[test]
    fn noise_and_single_spikes_are_no_steps() {
        let mut series: Vec<f64> = (0..80).map(|i| 100.0 * wobble(i)).collect();
        assert_eq!(steps(&series, 0.0), []);
        series[40] = 300.0;
        assert_eq!(steps(&series, 0.0), []);
        assert_eq!(steps(&[5.0; 30], 0.0), []);
        assert_eq!(steps(&[1.0, 9.0, 1.0], 0.0), []);
    }

    #[test]
    fn three_points_of_a_new_level_are_a_step_however_few_came_before() {
        for (before, after) in
            [(3, 3), (5, 3), (9, 3), (11, 3), (7, 4), (6, 4), (5, 5), (4, 4), (12, 3)]
        {
            for level in [150.0, 66.0] {
                let of = |i| wobble(i) * if i < before { 100.0 } else { level };
                let series: Vec<f64> = (0..before + after).map(of).collect();
                let found: Vec<usize> = steps(&series, 0.0).iter().map(|s| s.index).collect();
                assert_eq!(found, [before], "{before} + {after} at {level}");
            }
        }
    }

    #[test]
    fn what_is_smaller_than_the_least_effect_is_no_step() {
        let series: Vec<f64> =
            (0..60).map(|i| wobble(i) * if i < 30 { 100.0 } else { 105.0 }).collect();
        assert_eq!(steps(&series, 0.0).len(), 1);
        assert_eq!(steps(&series, 0.10), []);
    }
}
