//! The binomial distribution, exactly: how often something with a known probability comes in so many tries.

use super::beta::beta_regularized;
use super::fisher::ln_choose;

/// P(at most `k` of `n`), where each has the probability `p` in (0, 1).
pub fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n { 1.0 } else { beta_regularized((n - k) as f64, k as f64 + 1.0, 1.0 - p) }
}

/// P(at least `k` of `n`), where each has the probability `p` in (0, 1).
pub fn at_least(k: u64, n: u64, p: f64) -> f64 {
    match k {
        0 => 1.0,
        _ if k > n => 0.0,
        _ => beta_regularized(k as f64, (n - k) as f64 + 1.0, p),
    }
}

/// P(`k` of `n`).
fn exactly(k: u64, n: u64, p: f64) -> f64 {
    let (k, n) = (k as f64, n as f64);
    (ln_choose(n, k) + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
}

/// A look at a sample that grows, after which the question may be decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// How many the sample has more than at the look before.
    pub added: u64,
    /// The share of the risk that this look and those before it may spend, in [0, 1].
    pub share: f64,
}

/// Looks at a sample that grows, the last one being the present. The risk of a wrong decision at any of them is exact: at each
/// look, the samples that were decided before are taken out, and so much is decided as the share of the risk allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Looks(Vec<Look>);

impl Looks {
    /// One look at `n`.
    pub fn once(n: u64) -> Self {
        Self(vec![Look { added: n, share: 1.0 }])
    }

    /// These looks, at least one.
    pub fn new(looks: Vec<Look>) -> Self {
        Self(looks)
    }

    /// The same and one more.
    pub fn and(&self, look: Look) -> Self {
        Self(self.0.iter().copied().chain([look]).collect())
    }

    /// The most that the present sample may hold to show a probability below `p`, at this risk; none where no number shows it.
    pub fn shown_up_to(&self, p: f64, risk: f64) -> Option<u64> {
        if let [only] = self.0.as_slice() {
            return last_below(only.added, |k| at_most(k, only.added, p) <= risk * only.share);
        }
        self.decided(p, risk, false)
    }

    /// The fewest that the present sample must hold to show a probability above `p`, at this risk; none where no number does.
    pub fn shown_from(&self, p: f64, risk: f64) -> Option<u64> {
        if let [only] = self.0.as_slice() {
            let n = only.added;
            return last_below(n, |left| at_least(n - left, n, p) <= risk * only.share)
                .map(|left| n - left);
        }
        self.decided(p, risk, true)
    }

    /// The last count, from one end, that is decided at the last look.
    fn decided(&self, p: f64, risk: f64, from_above: bool) -> Option<u64> {
        // Probability of each count, of samples that no look has decided.
        let mut open = vec![1.0];
        let (mut spent, mut last) = (0.0, None);
        for look in &self.0 {
            open = grown(&open, look.added, p);
            last = None;
            let n = open.len() - 1;
            for i in 0..=n {
                let k = if from_above { n - i } else { i };
                if spent + open[k] > risk * look.share {
                    break;
                }
                spent += open[k];
                open[k] = 0.0;
                last = Some(k as u64);
            }
        }
        last
    }
}

/// The distribution of a count after `added` more tries.
fn grown(open: &[f64], added: u64, p: f64) -> Vec<f64> {
    let more: Vec<f64> = (0..=added).map(|k| exactly(k, added, p)).collect();
    let mut all = vec![0.0; open.len() + more.len() - 1];
    for (i, old) in open.iter().enumerate().filter(|(_, old)| **old > 0.0) {
        more.iter().enumerate().for_each(|(k, new)| all[i + k] += old * new);
    }
    all
}

/// The largest k in [0, n] that holds, where all smaller ones hold as well.
fn last_below(n: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut low, mut high) = (0, n + 1);
    while low < high {
        let middle = u64::midpoint(low, high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability by adding up what the count can be.
    fn sum(counts: std::ops::RangeInclusive<u64>, n: u64, p: f64) -> f64 {
        counts.map(|k| exactly(k, n, p)).sum()
    }

    #[test]
    fn tails_are_the_sums_of_their_probabilities() {
        for (n, p) in [(1, 0.5), (10, 0.05), (59, 0.05), (100, 0.5), (4_999, 0.001)] {
            for k in [0, 1, 3, n / 2, n].into_iter().filter(|k| *k <= n) {
                let (low, high) = (sum(0..=k, n, p), sum(k..=n, n, p));
                assert!((at_most(k, n, p) - low).abs() < 1e-9, "P({n}, {p} ≤ {k}) is {low}");
                assert!((at_least(k, n, p) - high).abs() < 1e-9, "P({n}, {p} ≥ {k}) is {high}");
            }
        }
        assert_eq!((at_least(0, 5, 0.1), at_least(6, 5, 0.1), at_most(5, 5, 0.1)), (1.0, 0.0, 1.0));
    }

    #[test]
    fn one_look_decides_as_far_as_the_tail_is_within_the_risk() {
        for n in 1..200 {
            let looks = Looks::once(n);
            match looks.shown_up_to(0.05, 0.05) {
                Some(k) => assert!(at_most(k, n, 0.05) <= 0.05 && at_most(k + 1, n, 0.05) > 0.05),
                None => assert!(at_most(0, n, 0.05) > 0.05),
            }
            match looks.shown_from(0.05, 0.01) {
                Some(k) => assert!(at_least(k, n, 0.05) <= 0.01 && at_least(k - 1, n, 0.05) > 0.01),
                None => assert!(at_least(n, n, 0.05) > 0.01),
            }
        }
    }

    /// The probability that any of the looks decides, by going through all samples that they may see.
    fn decided_at_any(looks: &[Look], p: f64, risk: f64, from_above: bool) -> f64 {
        let mut open = vec![1.0];
        let mut decided = 0.0;
        for end in 1..=looks.len() {
            let here = Looks::new(looks[..end].to_vec());
            open = grown(&open, looks[end - 1].added, p);
            let bound =
                if from_above { here.shown_from(p, risk) } else { here.shown_up_to(p, risk) };
            for (k, open) in (0_u64..).zip(&mut open) {
                if bound.is_some_and(|bound| if from_above { k >= bound } else { k <= bound }) {
                    decided += std::mem::take(open);
                }
            }
        }
        decided
    }

    #[test]
    fn looking_often_does_not_raise_the_risk() {
        for (added, count) in [(10, 20), (1, 60), (30, 5)] {
            let look = |i: u32| Look { added, share: f64::from(i) / f64::from(count) };
            let looks: Vec<Look> = (1..=count).map(look).collect();
            let passed = decided_at_any(&looks, 0.05, 0.05, false);
            let failed = decided_at_any(&looks, 0.05, 0.01, true);
            assert!(passed <= 0.05 && failed <= 0.01, "{added}: {passed}, {failed}");
            assert!(passed > 0.025, "{added}: most of the risk is used, {passed}");
        }
    }
}
