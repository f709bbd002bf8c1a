//! The Mann–Whitney test: do two samples lie apart?

use super::normal::normal_upper_tail;
use std::sync::OnceLock;

/// Samples up to this size, without ties, get the exact distribution.
const EXACT_UP_TO: usize = 20;

/// Two-sided p value of the Mann–Whitney U test; 1 when a side is empty. Exact for samples of up to 20 each without ties
/// (by counting the orders), otherwise the normal approximation with corrections for ties and continuity.
pub fn mann_whitney(left: &[f64], right: &[f64]) -> f64 {
    let (n1, n2) = (left.len(), right.len());
    if n1 == 0 || n2 == 0 {
        return 1.0;
    }
    let (u, ties) = u_statistic(left, right);
    if ties == 0.0 && n1 <= EXACT_UP_TO && n2 <= EXACT_UP_TO {
        return exact(u, n1, n2);
    }
    let (a, b) = (n1 as f64, n2 as f64);
    let n = a + b;
    let variance = a * b / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let distance = ((u - a * b / 2.0).abs() - 0.5).max(0.0);
    (2.0 * normal_upper_tail(distance / variance.sqrt())).min(1.0)
}

/// U of the left sample, and Σ(t³ − t) over groups of t equal values.
fn u_statistic(left: &[f64], right: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> = left.iter().map(|v| (*v, true)).collect();
    all.extend(right.iter().map(|v| (*v, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties) = (0.0, 0.0);
    let mut start = 0;
    while start < all.len() {
        let end = start + all[start..].iter().take_while(|(v, _)| *v <= all[start].0).count();
        let t = (end - start) as f64;
        // Equal values share the mean of their ranks (from 1).
        let rank = (start + end + 1) as f64 / 2.0;
        ranks += rank * all[start..end].iter().filter(|(_, is_left)| *is_left).count() as f64;
        ties += t * t * t - t;
        start = end;
    }
    let n1 = left.len() as f64;
    (ranks - n1 * (n1 + 1.0) / 2.0, ties)
}

/// The exact two-sided p: the share of all orders whose U is at least as extreme.
fn exact(u: f64, n1: usize, n2: usize) -> f64 {
    let most = n1 * n2;
    let below = orders(n1, n2);
    let extreme = u.min(most as f64 - u).round() as usize;
    (2.0 * below[extreme.min(most)] / below[most]).min(1.0)
}

/// How many orders have no more than each U, from 0 on. The same for all samples of these sizes, and so counted once.
fn orders(n1: usize, n2: usize) -> &'static [f64] {
    static KNOWN: [[OnceLock<Vec<f64>>; EXACT_UP_TO + 1]; EXACT_UP_TO + 1] =
        [const { [const { OnceLock::new() }; EXACT_UP_TO + 1] }; EXACT_UP_TO + 1];
    KNOWN[n1][n2].get_or_init(|| {
        // counts[k][u]: orders of k left values (built up one right value at a time) with that U.
        let most = n1 * n2;
        let mut counts = vec![vec![0.0_f64; most + 1]; n1 + 1];
        counts.iter_mut().for_each(|row| row[0] = 1.0);
        for j in 1..=n2 {
            // With j right values, either the largest value is on the left (above j right ones) or on the right.
            for i in 1..=n1 {
                for sum in j..=most {
                    counts[i][sum] += counts[i - 1][sum - j];
                }
            }
        }
        let mut below = 0.0;
        let sums = counts[n1].iter().map(|orders| {
            below += orders;
            below
        });
        sums.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_an_independent_implementation() {
        // scipy.stats.mannwhitneyu(x, y, alternative="two-sided", method="exact" / "asymptotic")
        let small = mann_whitney(&[1.0, 2.0, 4.0, 7.0], &[3.0, 5.0, 6.0, 8.0, 9.0]);
        assert!((small - 0.19047619047619047).abs() < 1e-12, "{small}");
        let apart = mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
        assert!((apart - 0.1).abs() < 1e-12, "{apart}");
        let tied = mann_whitney(&[1.0, 2.0, 2.0, 3.0, 5.0], &[2.0, 4.0, 4.0, 6.0, 7.0, 8.0]);
        assert!((tied - 0.07934368319771502).abs() < 1e-9, "{tied}");
    }
}
