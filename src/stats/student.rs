//! Student's t distribution.

use super::beta::beta_regularized;

/// P(T > t) of Student's t with `nu` > 0 degrees of freedom.
pub fn student_upper_tail(t: f64, nu: f64) -> f64 {
    let both = beta_regularized(nu / 2.0, 0.5, nu / (nu + t * t));
    if t >= 0.0 { both / 2.0 } else { 1.0 - both / 2.0 }
}

/// The t with P(T ≤ t) = `p` in (0.5, 1), by bisection to the last bit.
pub fn student_quantile(p: f64, nu: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while student_upper_tail(high, nu) > 1.0 - p && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if student_upper_tail(middle, nu) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_where_the_tail_says() {
        // Published tables: t(0.975; 10) and t(0.99; 5).
        assert!((student_quantile(0.975, 10.0) - 2.228).abs() < 5e-4);
        assert!((student_quantile(0.99, 5.0) - 3.365).abs() < 5e-4);
    }

    #[test]
    fn agrees_with_an_independent_implementation() {
        // scipy.stats.t.sf
        let table = [
            (0.0, 3.0, 0.5),
            (2.5, 4.0, 0.03338327240599407),
            (-1.2, 10.0, 0.8711018496378472),
            (6.0, 30.0, 6.971384383602382e-07),
            (3.1, 1000.0, 0.0009946727655610488),
            (12.0, 2.0, 0.00343646683857923),
        ];
        for (t, nu, expected) in table {
            let got = student_upper_tail(t, nu);
            assert!(
                (got / expected - 1.0).abs() < 1e-9,
                "t = {t}, nu = {nu}: {got}, not {expected}"
            );
        }
    }
}
