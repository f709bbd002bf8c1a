//! The trigamma function.

/// ψ′(x) for x > 0: recurrence up to 20, then the asymptotic series (DLMF 5.15.8); relative error below 1e-13.
pub fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 20.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    sum + 1.0 / x
        + r / 2.0
        + r / x
            * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * 5.0 / 66.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_an_independent_implementation() {
        // scipy.special.polygamma(1, x)
        for (x, expected) in [
            (0.5, 4.93480220054468),
            (1.0, 1.6449340668482266),
            (1.5, 0.9348022005446793),
            (4.5, 0.24872510303901035),
            (10.0, 0.10516633568168576),
            (50.0, 0.020201333226697128),
        ] {
            let got = trigamma(x);
            assert!((got / expected - 1.0).abs() < 1e-12, "{x}: {got}, not {expected}");
        }
    }
}
