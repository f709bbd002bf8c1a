//! Absolute limits, as people write them: `< 500ms`, `>= 60%`, `1000+ RPS`, `under 2 s`, `$0.01`.

use super::quantity::{QuantityKind, quantity};
use crate::model::{Direction, Raw as _, Unit};

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
    /// Every comparison in words that stand in front of the value.
    const WORDS: [(Self, &[&str]); 4] = [
        (Self::Below, &["less than ", "lower than ", "fewer than ", "under ", "below "]),
        (
            Self::AtMost,
            &[
                "at most ",
                "up to ",
                "no more than ",
                "not more than ",
                "within ",
                "maximum ",
                "max ",
            ],
        ),
        (Self::Above, &["more than ", "greater than ", "higher than ", "over ", "above "]),
        (Self::AtLeast, &["at least ", "no less than ", "not less than ", "minimum ", "min "]),
    ];
    /// Every comparison in words that stand behind the value.
    const ENDINGS: [(&str, Self); 8] = [
        (" or less", Self::AtMost),
        (" or lower", Self::AtMost),
        (" or faster", Self::AtMost),
        (" max", Self::AtMost),
        (" maximum", Self::AtMost),
        (" or more", Self::AtLeast),
        (" or higher", Self::AtLeast),
        (" minimum", Self::AtLeast),
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

    /// What a value must do that must not do this.
    pub fn opposite(self) -> Self {
        match self {
            Self::Below => Self::AtLeast,
            Self::AtMost => Self::Above,
            Self::Above => Self::AtMost,
            Self::AtLeast => Self::Below,
        }
    }

    /// The comparison that a text makes, and what is left of it: the quantity.
    pub(super) fn split(text: &str) -> (Option<Self>, String) {
        let sign =
            Self::SIGNS.iter().find_map(|(sign, own)| Some((*own, text.strip_prefix(sign)?)));
        let word = |own: Self, words: &[&str]| {
            let rest = words.iter().find_map(|word| {
                let (start, rest) = text.split_at_checked(word.len())?;
                start.eq_ignore_ascii_case(word).then_some(rest)
            });
            Some((own, rest?))
        };
        let words = || Self::WORDS.iter().find_map(|(own, words)| word(*own, words));
        let ending = |(ending, own): &(&str, Self)| {
            let (rest, end) = text.split_at_checked(text.len().checked_sub(ending.len())?)?;
            end.eq_ignore_ascii_case(ending).then_some((*own, rest))
        };
        let endings = || Self::ENDINGS.iter().find_map(ending);
        if let Some((own, rest)) = sign.or_else(words).or_else(endings) {
            return (Some(own), rest.trim().to_owned());
        }
        // `60%+` and `1000+ req/s`.
        match text.split_once('+') {
            Some((before, after)) if !before.is_empty() => {
                (Some(Self::AtLeast), format!("{}{after}", before.trim_end()))
            }
            _ => (None, text.to_owned()),
        }
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        match self {
            Self::Below | Self::AtMost => Direction::Lower,
            Self::Above | Self::AtLeast => Direction::Higher,
        }
    }
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
    /// Reads a limit; one without a sign is kept by values on the better side of it, and at it. Of a range, the limit is the
    /// worse end.
    pub fn parse(text: &str, better: Option<Direction>) -> Result<Self, String> {
        let text = text.trim();
        let (said, rest) = Comparison::split(text);
        let range = if said.is_none() { range(&rest) } else { None };
        let usual = match better {
            Some(Direction::Lower) => Some(Comparison::AtMost),
            Some(Direction::Higher) => Some(Comparison::AtLeast),
            None => None,
        };
        let (kind, value) = match (range, better) {
            (Some((kind, low, _)), Some(Direction::Higher)) => (kind, low),
            (Some((kind, _, high)), Some(Direction::Lower)) => (kind, high),
            (Some(_), None) => {
                return Err(format!(
                    "\"{text}\" is a range: write the end that must not be crossed, with < or >"
                ));
            }
            (None, _) => quantity(&rest).ok_or_else(|| {
                format!("\"{text}\" is not a limit: write it like < 500ms, < 0.1%, > 100 RPS, < 512MB, < $0.01 or <= 10")
            })?,
        };
        let comparison = said
            .or(usual)
            .ok_or_else(|| format!("\"{text}\" needs a sign: write < {text} or > {text}"))?;
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

/// The kind and both ends of a range: `100-200ms`, `1s – 2s`, `100 to 200 ms`.
fn range(text: &str) -> Option<(QuantityKind, f64, f64)> {
    let (low, high) = [" to ", "–", "-"].iter().find_map(|between| text.split_once(between))?;
    let (kind, high) = quantity(high)?;
    let own = quantity(low).filter(|(own, _)| *own == kind);
    // The unit may stand behind the higher end alone.
    let unit = text.rsplit(|c: char| c.is_ascii_digit()).next()?;
    let (_, low) =
        own.or_else(|| quantity(&format!("{low}{unit}")).filter(|(own, _)| *own == kind))?;
    (low < high).then_some((kind, low, high))
}

/// Reads an amount of money in US dollars: `$2`, `2 USD`, `2`. None for anything else, and for nothing.
pub fn parse_money(text: &str) -> Option<f64> {
    let (kind, value) = quantity(text.trim())?;
    (matches!(kind, QuantityKind::Money | QuantityKind::Number) && value > 0.0).then_some(value)
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
        is("≤ 2 s", Comparison::AtMost, QuantityKind::Time, 2000.0);
        is("under 500 ms", Comparison::Below, QuantityKind::Time, 500.0);
        is("At most 2 seconds", Comparison::AtMost, QuantityKind::Time, 2000.0);
        is("2 seconds or less", Comparison::AtMost, QuantityKind::Time, 2000.0);
        is("500ms max", Comparison::AtMost, QuantityKind::Time, 500.0);
        is("more than 1,000 RPS", Comparison::Above, QuantityKind::Rate, 1000.0);
        is("60%+", Comparison::AtLeast, QuantityKind::Share, 0.6);
        is("1000+ req/s", Comparison::AtLeast, QuantityKind::Rate, 1000.0);
        for wrong in
            ["500ms", "< fast", "<", "< -5", "== 5", "< 5 parsecs", "> 60%+", "+5", "100-200ms"]
        {
            assert!(Bound::parse(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_limit_of_a_range_is_its_worse_end() {
        let limit = |text: &str, better| {
            Bound::parse(text, Some(better)).map(|b| (b.comparison.sign(), b.value)).ok()
        };
        assert_eq!(limit("100-200ms", Direction::Lower), Some(("≤", 200.0)));
        assert_eq!(limit("800ms – 1.5s", Direction::Lower), Some(("≤", 1500.0)));
        assert_eq!(limit("100 to 200 ms", Direction::Lower), Some(("≤", 200.0)));
        assert_eq!(limit("100-200 req/s", Direction::Higher), Some(("≥", 100.0)));
        assert_eq!(limit("90-95%", Direction::Higher), Some(("≥", 0.9)));
        for wrong in ["200-100ms", "1 RPS - 2s", "100-", "-100ms", "< 100-200ms"] {
            assert_eq!(limit(wrong, Direction::Lower), None, "{wrong}");
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
