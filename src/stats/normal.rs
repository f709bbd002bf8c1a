//! The normal distribution.

use statrs::function::erf::erfc;

/// P(Z > z) of a standard normal Z.
pub fn normal_upper_tail(z: f64) -> f64 {
    erfc(z / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_an_independent_implementation() {
        // scipy.stats.norm.sf
        let table = [
            (0.0, 0.5),
            (1.96, 0.024997895148220435),
            (5.0, 2.866515718791933e-07),
            (-1.0, 0.8413447460685429),
        ];
        for (z, expected) in table {
            let got = normal_upper_tail(z);
            assert!((got / expected - 1.0).abs() < 1e-9, "{z}: {got}, not {expected}");
        }
    }
}
