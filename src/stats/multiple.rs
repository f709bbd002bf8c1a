//! Many tests at once.

/// Which of these p values are rejected when at most the share `q` of the rejections may be false
/// (Benjamini and Hochberg 1995, step-up): the largest i with p₍ᵢ₎ ≤ q·i/T, and all smaller ones.
pub fn benjamini_hochberg(p: &[f64], q: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let limit = |rank: usize| q * (rank + 1) as f64 / p.len() as f64;
    let rejected = (0..order.len())
        .rev()
        .find(|rank| p[order[*rank]] <= limit(*rank))
        .map_or(0, |rank| rank + 1);
    let mut result = vec![false; p.len()];
    order[..rejected].iter().for_each(|i| result[*i] = true);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_rank_below_its_limit_takes_all_smaller_ones_with_it() {
        // 0.03 alone is above 0.05 · 1/4, but 0.035 ≤ 0.05 · 3/4 carries all three.
        assert_eq!(benjamini_hochberg(&[0.03, 0.9, 0.035, 0.031], 0.05), [true, false, true, true]);
        assert_eq!(benjamini_hochberg(&[0.03, 0.9, 0.5, 0.6], 0.05), [false; 4]);
        assert_eq!(benjamini_hochberg(&[], 0.05), Vec::<bool>::new());
    }
}
