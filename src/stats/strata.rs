//! Two proportions compared within strata, such as pairs of slices that share their minute of the machine.

use super::fisher::fisher_one_sided;
use super::normal::normal_upper_tail;
use super::student::student_upper_tail;

/// What is taken off a count for being compared with a smooth distribution.
const CONTINUITY: f64 = 0.5;

/// P(at least as many failures on the new side) when the failures of each stratum were dealt out by chance within it: the test of
/// Mantel and Haenszel with a correction for continuity, one-sided. Strata that differ among themselves by more than chance gives
/// widen it, and it is never surer than Fisher's exact test on all strata together.
///
/// Each stratum has the counts (failures, of) of baseline and new side, with failures ≤ of.
pub fn mantel_haenszel(strata: &[[(u64, u64); 2]]) -> f64 {
    let sum = |side: usize| {
        strata.iter().fold((0_u64, 0_u64), |(failures, of), own| {
            (failures.saturating_add(own[side].0), of.saturating_add(own[side].1))
        })
    };
    let exact = fisher_one_sided(sum(0), sum(1));
    // How many failures of the new side are more than expected, and the variance of that number by chance.
    let excess: Vec<(f64, f64)> = strata.iter().filter_map(excess).collect();
    let (more, variance) = excess.iter().fold((0.0, 0.0), |(m, v), own| (m + own.0, v + own.1));
    if variance <= 0.0 {
        return exact;
    }
    let typical = more / variance;
    let spread = |(more, variance): &(f64, f64)| (more - typical * variance).powi(2) / variance;
    let phi = match excess.len() {
        0 | 1 => 1.0,
        n => (excess.iter().map(spread).sum::<f64>() / (n as f64 - 1.0)).max(1.0),
    };
    let z = (more - CONTINUITY) / (phi * variance).sqrt();
    // How far strata differ is known as well as their number tells.
    let smooth = match phi > 1.0 {
        true => student_upper_tail(z, excess.len() as f64 - 1.0),
        false => normal_upper_tail(z),
    };
    exact.max(smooth)
}

/// How many failures of the new side are more than expected in a stratum, and the hypergeometric variance; none where nothing
/// or everything failed, which says nothing.
fn excess([(before, of_before), (after, of_after)]: &[(u64, u64); 2]) -> Option<(f64, f64)> {
    let (n0, n1) = (*of_before as f64, *of_after as f64);
    let (all, failures) = (n0 + n1, *before as f64 + *after as f64);
    let variance = failures * (all - failures) * n0 * n1 / (all * all * (all - 1.0));
    (variance > 0.0).then(|| (*after as f64 - failures * n1 / all, variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_an_independent_implementation() {
        // The formulas in numpy, with scipy.stats.norm.sf and hypergeom.sf.
        let strata = [[(3, 100), (9, 110)], [(2, 90), (6, 95)], [(4, 120), (7, 100)]];
        let p = mantel_haenszel(&strata);
        assert!((p / 0.012_204_551_035_257_18 - 1.0).abs() < 1e-9, "{p}");
        // All failures in one slice: scipy.stats.t.sf with two degrees of freedom.
        let burst =
            [[(0, 100), (30, 100)], [(0, 100); 2], [(1, 100), (0, 100)], [(0, 100), (1, 100)]];
        let p = mantel_haenszel(&burst);
        assert!((p / 0.033588805190206836 - 1.0).abs() < 1e-9, "{p}");
    }

    #[test]
    fn nothing_failed_is_no_evidence() {
        assert_eq!(mantel_haenszel(&[[(0, 100); 2]]), 1.0);
        assert_eq!(mantel_haenszel(&[]), 1.0);
    }
}
