//! Fisher's exact test of two proportions, one-sided.

use statrs::function::gamma::ln_gamma;

/// P(at least `new_failures` of the failures fall to the new side), when all failures of both sides were dealt out
/// by chance: small when the new side fails more often. Hypergeometric tail; 1 when nothing failed.
///
/// The counts are (failures, of) with failures ≤ of.
pub fn fisher_one_sided(baseline: (u64, u64), new: (u64, u64)) -> f64 {
    let (failures, of) = new;
    let (all_failures, all) = (baseline.0.saturating_add(failures), baseline.1.saturating_add(of));
    let fewest = all_failures.saturating_add(of).saturating_sub(all);
    if failures <= fewest {
        return 1.0;
    }
    let (n, big_n, total) = (of as f64, all as f64, all_failures as f64);
    let ln_term =
        |k: f64| ln_choose(total, k) + ln_choose(big_n - total, n - k) - ln_choose(big_n, n);
    // From the observed count outwards: each term follows from the one before by the ratio of the binomials.
    let tail = |from: u64, up: bool| {
        let mut k = from as f64;
        let mut term = ln_term(k).exp();
        let mut sum = 0.0;
        loop {
            sum += term;
            let ratio = if up {
                (total - k) * (n - k) / ((k + 1.0) * (big_n - total - n + k + 1.0))
            } else {
                k * (big_n - total - n + k) / ((total - k + 1.0) * (n - k + 1.0))
            };
            term *= ratio;
            k += if up { 1.0 } else { -1.0 };
            // Past the mode the terms shrink for good, so what follows a negligible one is negligible.
            if term <= 0.0 || (ratio < 1.0 && term < sum * 1e-17) {
                return sum;
            }
        }
    };
    let mode = (n + 1.0) * (total + 1.0) / (big_n + 2.0);
    if failures as f64 > mode {
        tail(failures, true).min(1.0)
    } else {
        (1.0 - tail(failures - 1, false)).max(0.0)
    }
}

/// ln of n over k.
pub(super) fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_an_independent_implementation() {
        // scipy.stats.hypergeom.sf(failures − 1, all, all failures, of)
        let table = [
            ((7, 4786), (23, 4590), 0.0018042147447740965),
            ((0, 1956), (7, 1894), 0.006934004326286593),
            ((4, 397), (7, 416), 0.3000832225162081),
            ((0, 50), (50, 50), 9.911653021418337e-30),
            ((300, 1_000_000), (500, 1_000_000), 7.554908642616752e-13),
            ((3, 10), (0, 10), 1.0),
        ];
        for (baseline, new, expected) in table {
            let got = fisher_one_sided(baseline, new);
            // The log-gamma function of a million has an absolute error of about 1e-9.
            assert!((got / expected - 1.0).abs() < 1e-7, "{got}, not {expected}");
        }
    }

    #[test]
    fn nothing_failed_is_no_evidence() {
        assert_eq!(fisher_one_sided((0, 100), (0, 100)), 1.0);
    }
}
