//! A quantile level such as p99.9, exact and ordered, so that it can be a key.

use std::fmt;
use std::str::FromStr;

/// Samples below which a run keeps more quantiles.
const FEW: u64 = 100;

/// A quantile level strictly between 0 and 1, kept in millionths: `p95` is 950 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile(u32);

impl Quantile {
    /// The median.
    pub const P50: Self = Self(500_000);
    /// 90 of 100 requests were at least as fast.
    pub const P90: Self = Self(900_000);
    /// 95 of 100 requests were at least as fast.
    pub const P95: Self = Self(950_000);
    /// 99 of 100 requests were at least as fast.
    pub const P99: Self = Self(990_000);
    /// 999 of 1 000 requests were at least as fast.
    pub const P999: Self = Self(999_000);

    /// The levels that a run keeps when it has the whole distribution.
    pub const GRID: [Self; 10] = [
        Self(500_000),
        Self(660_000),
        Self(750_000),
        Self(800_000),
        Self(900_000),
        Self(950_000),
        Self(980_000),
        Self(990_000),
        Self(999_000),
        Self(999_900),
    ];

    /// The levels that a run keeps of few samples: enough of them to say how many are beyond a limit.
    pub const GRID_OF_FEW: [Self; 24] = [
        Self(50_000),
        Self(100_000),
        Self(150_000),
        Self(200_000),
        Self(250_000),
        Self(300_000),
        Self(350_000),
        Self(400_000),
        Self(450_000),
        Self(500_000),
        Self(550_000),
        Self(600_000),
        Self(650_000),
        Self(660_000),
        Self(700_000),
        Self(750_000),
        Self(800_000),
        Self(850_000),
        Self(900_000),
        Self(950_000),
        Self(980_000),
        Self(990_000),
        Self(999_000),
        Self(999_900),
    ];

    /// The levels that a run keeps of so many samples.
    pub fn grid(samples: u64) -> &'static [Self] {
        if samples < FEW { &Self::GRID_OF_FEW } else { &Self::GRID }
    }

    /// The level of a percentage in (0, 100); none for anything outside, or finer than a millionth.
    pub fn from_percent(percent: f64) -> Option<Self> {
        let millionths = percent * 10_000.0;
        let rounded = millionths.round();
        let inside = (1.0..=999_999.0).contains(&rounded) && (millionths - rounded).abs() < 1e-3;
        // The range check above makes the cast exact.
        inside.then_some(Self(rounded as u32))
    }

    /// The level as a fraction in (0, 1).
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The fewest requests for which at least five lie beyond this level (n·(1−q) ≥ 5).
    pub fn requests_needed(self) -> u64 {
        5_000_000_u64.div_ceil(u64::from(1_000_000 - self.0))
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", f64::from(self.0) / 10_000.0)
    }
}

impl fmt::Debug for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Quantile {
    type Err = ();

    /// Reads `p99.9`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('p').ok_or(())?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let percent: f64 = digits.parse().map_err(|_| ())?;
        if plain { Self::from_percent(percent).ok_or(()) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_reads_back_as_written() {
        for text in ["p50", "p95", "p99.9", "p99.99", "p0.1", "p99.9999"] {
            assert_eq!(text.parse::<Quantile>().unwrap().to_string(), text);
        }
        for wrong in ["p", "p0", "p100", "95", "p-1", "p1e1", "pnan", "p99.99999"] {
            assert!(wrong.parse::<Quantile>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn five_requests_must_lie_beyond_the_level() {
        let needed = |text: &str| text.parse::<Quantile>().unwrap().requests_needed();
        assert_eq!((needed("p95"), needed("p99"), needed("p99.9")), (100, 500, 5000));
    }
}
