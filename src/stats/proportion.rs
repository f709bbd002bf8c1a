//! The difference of two proportions.

/// z of a two-sided 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of the difference new − baseline of two proportions given as (count, of) with of > 0: Newcombe's
/// hybrid score interval (Statistics in Medicine 17 (1998) 873–890, method 10), which stays sensible at zero counts.
pub fn difference_interval(baseline: (u64, u64), new: (u64, u64)) -> (f64, f64) {
    let (p0, low0, high0) = wilson(baseline);
    let (p1, low1, high1) = wilson(new);
    let difference = p1 - p0;
    let below = ((p1 - low1).powi(2) + (high0 - p0).powi(2)).sqrt();
    let above = ((high1 - p1).powi(2) + (p0 - low0).powi(2)).sqrt();
    (difference - below, difference + above)
}

/// The proportion, and Wilson's score interval of it.
fn wilson((count, of): (u64, u64)) -> (f64, f64, f64) {
    let (n, p) = (of as f64, count as f64 / of as f64);
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    (p, (centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_example() {
        // Newcombe 1998, table II (a): 56/70 − 48/80: 0.0524 to 0.3339.
        let (low, high) = difference_interval((48, 80), (56, 70));
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
    }
}
