//! Absolute limits, as people write them: `< 500ms`, `>= 60%`, `1000 RPS`, `$0.01`.

use crate::model::{Direction, Raw as _, Unit, parse_duration_ms, parse_fraction};
use std::fmt;

/// How far within its bound a value must lie to keep one that excludes the bound itself, relative to it: decimals mean what is
/// written, whatever floats say.
const BEYOND: f64 = 1e-9;

/// How a value must stand to its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Every comparison with its sign, longer signs first.
    const SIGNS: [(&str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("≤", Self::AtMost),
        ("≥", Self::AtLeast),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    /// The sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "≤",
            Self::Above => ">",
            Self::AtLeast => "≥",
        }
    }

    /// The comparison of a sign.
    pub fn from_sign(sign: &str) -> Option<Self> {
        Self::SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, own)| *own)
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        match self {
            Self::Below | Self::AtMost => Direction::Lower,
            Self::Above | Self::AtLeast => Direction::Higher,
        }
    }
}

/// The kind of quantity that a limit is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityKind {
    /// `500ms`: milliseconds.
    Time,
    /// `60%`: a fraction of one.
    Share,
    /// `1000 RPS`: per second.
    Rate,
    /// `512MB`: bytes.
    Size,
    /// `$0.01`: US dollars.
    Money,
    /// `10`: whatever the metric's unit is.
    Number,
}

/// An absolute limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// How a value must stand to it.
    pub comparison: Comparison,
    /// The limit, in the base unit of what was written.
    pub value: f64,
    /// The kind of quantity that was written.
    pub kind: QuantityKind,
}

impl Bound {
    /// Reads a limit; one without a sign is kept by values on the better side of it, and at it.
    pub(super) fn parse(text: &str, better: Option<Direction>) -> Result<Self, String> {
        let text = text.trim();
        let sign = Comparison::SIGNS.iter().find(|(sign, _)| text.starts_with(sign));
        let (comparison, rest) = match (sign, better) {
            (Some((sign, comparison)), _) => (*comparison, text[sign.len()..].trim()),
            (None, Some(Direction::Lower)) => (Comparison::AtMost, text),
            (None, Some(Direction::Higher)) => (Comparison::AtLeast, text),
            (None, None) => {
                return Err(format!("\"{text}\" needs a sign: write < {text} or > {text}"));
            }
        };
        let (kind, value) = quantity(rest).ok_or_else(|| {
            format!("\"{text}\" is not a limit: write it like < 500ms, < 0.1%, > 100 RPS, < 512MB, < $0.01 or <= 10")
        })?;
        Ok(Self { comparison, value, kind })
    }

    /// Whether a value in the base unit of the metric keeps the limit, the limit being in that unit too.
    pub fn is_kept(&self, value: f64, limit: f64) -> bool {
        let slack = BEYOND * limit.abs();
        match self.comparison {
            Comparison::Below => value < limit - slack,
            Comparison::AtMost => value <= limit + slack,
            Comparison::Above => value > limit + slack,
            Comparison::AtLeast => value >= limit - slack,
        }
    }

    /// The limit in the base unit of a metric; none where the two do not fit together.
    pub fn in_unit(&self, unit: &Unit) -> Option<f64> {
        let per_cent = |name: &str| matches!(name, "percent" | "%");
        match (self.kind, unit) {
            (QuantityKind::Share, Unit::Other(name)) if per_cent(name.raw()) => {
                Some(self.value * 100.0)
            }
            // A leak is limited by what may be added in an hour.
            (QuantityKind::Size, Unit::Other(name))
                if ["mb", "mb/h"].iter().any(|mb| name.raw().eq_ignore_ascii_case(mb)) =>
            {
                Some(self.value / 1e6)
            }
            (QuantityKind::Number, _)
            | (QuantityKind::Time, Unit::Milliseconds)
            | (QuantityKind::Share, Unit::Ratio)
            | (QuantityKind::Rate, Unit::PerSecond | Unit::Number)
            | (QuantityKind::Size, Unit::Bytes) => Some(self.value),
            (QuantityKind::Money, Unit::Other(name)) if name.raw().eq_ignore_ascii_case("usd") => {
                Some(self.value)
            }
            (QuantityKind::Money, Unit::Number) => Some(self.value),
            _ => None,
        }
    }
}

impl fmt::Display for QuantityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "a time",
            Self::Share => "a percentage",
            Self::Rate => "a rate",
            Self::Size => "a size",
            Self::Money => "an amount of money",
            Self::Number => "a number",
        })
    }
}

/// Sizes as people write them, in bytes.
const SIZES: [(&str, f64); 9] = [
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("bytes", 1.0),
    ("byte", 1.0),
    ("b", 1.0),
];
/// Rates as people write them.
const RATES: [&str; 7] = ["rps", "req/s", "reqs/s", "requests/s", "msg/s", "per second", "/s"];

fn quantity(text: &str) -> Option<(QuantityKind, f64)> {
    let lower = text.to_lowercase();
    let number = |text: &str| {
        let text = text.trim();
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        text.parse::<f64>().ok().filter(|value| plain && value.is_finite())
    };
    if let Some(value) = number(&lower) {
        return Some((QuantityKind::Number, value));
    }
    if let Ok(value) = parse_fraction(text) {
        return Some((QuantityKind::Share, value));
    }
    if let Ok(value) = parse_duration_ms(&lower) {
        return Some((QuantityKind::Time, value));
    }
    let money = lower.strip_prefix('$').or_else(|| lower.strip_suffix("usd"));
    if let Some(value) = money.and_then(number) {
        return Some((QuantityKind::Money, value));
    }
    let rate = RATES.iter().find_map(|unit| number(lower.strip_suffix(unit)?));
    if let Some(value) = rate {
        return Some((QuantityKind::Rate, value));
    }
    let size =
        SIZES.iter().find_map(|(unit, factor)| Some(number(lower.strip_suffix(unit)?)? * factor));
    size.map(|value| (QuantityKind::Size, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_mean_what_people_write() {
        let is = |text: &str, comparison, kind, value: f64| {
            assert_eq!(Bound::parse(text, None), Ok(Bound { comparison, value, kind }), "{text}");
        };
        is("< 500ms", Comparison::Below, QuantityKind::Time, 500.0);
        is("<= 2s", Comparison::AtMost, QuantityKind::Time, 2000.0);
        is("< 0.1%", Comparison::Below, QuantityKind::Share, 0.001);
        is("> 1000 RPS", Comparison::Above, QuantityKind::Rate, 1000.0);
        is(">1000 req/s", Comparison::Above, QuantityKind::Rate, 1000.0);
        is("< 512MB", Comparison::Below, QuantityKind::Size, 512e6);
        is("< 1 GiB", Comparison::Below, QuantityKind::Size, 1_073_741_824.0);
        is("< $0.01", Comparison::Below, QuantityKind::Money, 0.01);
        is("≤ 10", Comparison::AtMost, QuantityKind::Number, 10.0);
        assert_eq!(
            Bound::parse("200ms", Some(Direction::Lower)).map(|b| b.comparison),
            Ok(Comparison::AtMost)
        );
        for wrong in ["500ms", "< fast", "<", "< -5", "== 5", "< 5 parsecs"] {
            assert!(Bound::parse(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn at_the_limit_the_sign_decides() {
        let kept = |text: &str, value: f64| {
            let bound = Bound::parse(text, None).unwrap();
            bound.is_kept(value, bound.value)
        };
        assert!(!kept("< 0.3", 0.1 + 0.2) && kept("<= 0.3", 0.1 + 0.2));
        assert!(kept("< 500ms", 499.99) && !kept("< 500ms", 500.0) && kept("<= 500ms", 500.0));
        assert!(!kept("> 100 RPS", 100.0) && kept(">= 100 RPS", 100.0) && kept("> 100 RPS", 100.1));
    }
}
