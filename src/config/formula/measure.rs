//! What a number is of: seconds, bytes, money, a share, or things that are counted. What is added must be of one sort.

use super::operator::Operator;
use crate::config::quantity::QuantityKind;
use crate::model::{Raw as _, Unit};
use std::collections::BTreeMap;
use std::fmt;

/// Currencies, as units of metrics name them.
const CURRENCIES: [&str; 11] =
    ["usd", "eur", "gbp", "chf", "jpy", "cny", "inr", "cad", "aud", "sek", "pln"];
const SECONDS: &str = "s";
const BYTES: &str = "bytes";
/// What base units of the program are in seconds, bytes.
const MS: f64 = 1e-3;

/// Powers of seconds, bytes and currencies; where there are none, what sort of number it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measure {
    powers: BTreeMap<String, i32>,
    sort: Sort,
}

/// Sorts of numbers without a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Sort {
    /// Written in the formula.
    #[default]
    Plain,
    /// Things that were counted: requests, tokens.
    Count,
    /// A count of a count: it may be a share, and it may be tokens in each request.
    Quotient,
    /// A share, such as an error rate.
    Share,
}

/// Two measures that cannot be added.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch(pub(super) String, pub(super) String);

impl Measure {
    fn power(name: &str, power: i32) -> Self {
        Self { powers: BTreeMap::from([(name.to_owned(), power)]), sort: Sort::Count }
    }

    fn sort(sort: Sort) -> Self {
        Self { powers: BTreeMap::new(), sort }
    }

    /// The unit of `$`.
    pub(super) fn dollars() -> Unit {
        Unit::Other(CURRENCIES[0].into())
    }

    /// The measure of a unit, and how many of its base one of the unit is.
    pub fn of_unit(unit: &Unit) -> (Self, f64) {
        match unit {
            Unit::Milliseconds => (Self::power(SECONDS, 1), MS),
            Unit::PerSecond => (Self::power(SECONDS, -1), 1.0),
            Unit::Ratio => (Self::sort(Sort::Share), 1.0),
            Unit::Bytes => (Self::power(BYTES, 1), 1.0),
            Unit::Number => (Self::sort(Sort::Count), 1.0),
            Unit::Other(name) => {
                let name = name.raw().to_lowercase();
                if CURRENCIES.contains(&name.as_str()) {
                    return (Self::power(&name, 1), 1.0);
                }
                let sizes = [("kb", 1e3), ("mb", 1e6), ("gb", 1e9)];
                match sizes.iter().find(|(size, _)| *size == name) {
                    Some((_, factor)) => (Self::power(BYTES, 1), *factor),
                    // Tokens, retries, per cent: a number of them.
                    None => (Self::sort(Sort::Count), 1.0),
                }
            }
        }
    }

    /// The measure of a quantity, and how many of its base one of the quantity's is.
    pub(super) fn of_quantity(kind: QuantityKind) -> (Self, f64) {
        Self::of_unit(&match kind {
            QuantityKind::Time => Unit::Milliseconds,
            QuantityKind::Share => Unit::Ratio,
            QuantityKind::Rate => Unit::PerSecond,
            QuantityKind::Size => Unit::Bytes,
            QuantityKind::Money => Self::dollars(),
            QuantityKind::Number => Unit::Number,
        })
    }

    /// The unit that metrics of this measure have, and how many of it one of the base is; none where no unit is called so.
    pub fn unit(&self) -> Option<(Unit, f64)> {
        let powers: Vec<(&str, i32)> =
            self.powers.iter().map(|(name, power)| (name.as_str(), *power)).collect();
        Some(match powers.as_slice() {
            [] if self.sort == Sort::Share => (Unit::Ratio, 1.0),
            [] => (Unit::Number, 1.0),
            [(SECONDS, 1)] => (Unit::Milliseconds, 1.0 / MS),
            [(SECONDS, -1)] => (Unit::PerSecond, 1.0),
            [(BYTES, 1)] => (Unit::Bytes, 1.0),
            // Dollars over requests per second, as `$2.40 / 3600 / throughput` has it: the hour is a plain number.
            [(money, 1)] | [(money, 1), (SECONDS, 1)] | [(SECONDS, 1), (money, 1)]
                if is_money(money) =>
            {
                (Unit::Other((*money).into()), 1.0)
            }
            _ => return None,
        })
    }

    /// How many of this unit, as a policy names it, one of the base is; none where it is of another measure.
    pub fn in_unit(&self, unit: &Unit, factor: f64) -> Option<f64> {
        let (wanted, base) = Self::of_unit(unit);
        if self.powers.is_empty() {
            // What has no unit may be of any.
            return Some(factor);
        }
        let own = self.unit().map(|(own, _)| Self::of_unit(&own).0);
        let same = own.is_some_and(|own| own.powers == wanted.powers);
        let free = wanted.powers.is_empty() && matches!(unit, Unit::Other(_));
        (same || free).then_some(1.0 / base)
    }

    /// The measure of two numbers with this between them.
    pub(super) fn with(&self, operator: Operator, other: &Self) -> Result<Self, Mismatch> {
        let sign = match operator {
            Operator::Plus | Operator::Minus => return self.plus(other),
            Operator::Times => 1,
            Operator::Over => -1,
        };
        let mut powers = self.powers.clone();
        for (name, power) in &other.powers {
            *powers.entry(name.clone()).or_default() += sign * power;
        }
        powers.retain(|_, power| *power != 0);
        Ok(Self { powers, sort: self.sort.with(sign, other.sort) })
    }

    fn plus(&self, other: &Self) -> Result<Self, Mismatch> {
        if self.powers != other.powers {
            return Err(Mismatch(self.to_string(), other.to_string()));
        }
        let sort = match (self.sort, other.sort) {
            (Sort::Plain, Sort::Plain) => Sort::Plain,
            (Sort::Count, _) | (_, Sort::Count) => Sort::Count,
            (Sort::Quotient, Sort::Quotient) => Sort::Quotient,
            // `1 - hits / requests`
            _ => Sort::Share,
        };
        Ok(Self { powers: self.powers.clone(), sort })
    }
}

impl Sort {
    fn with(self, sign: i32, other: Self) -> Self {
        match (self, other) {
            (Self::Plain, Self::Plain) => Self::Plain,
            (Self::Share, Self::Share) if sign > 0 => Self::Share,
            (Self::Count | Self::Quotient, Self::Count) if sign < 0 => Self::Quotient,
            (Self::Share, Self::Share) | (Self::Quotient, Self::Quotient) => Self::Quotient,
            _ => Self::Count,
        }
    }
}

fn is_money(name: &str) -> bool {
    CURRENCIES.contains(&name)
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.powers.is_empty() {
            return f.write_str(if self.sort == Sort::Share { "a share" } else { "a number" });
        }
        for (i, (name, power)) in self.powers.iter().enumerate() {
            let name = if is_money(name) { name.to_uppercase() } else { name.clone() };
            f.write_str(if i > 0 { " × " } else { "" })?;
            match power {
                1 => f.write_str(&name)?,
                -1 => write!(f, "1/{name}")?,
                power => write!(f, "{name}^{power}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Formula, Input};
    use super::*;

    /// The unit of a formula whose inputs are called by their units.
    fn unit(text: &str) -> Result<Option<String>, String> {
        let measure = |input: &Input| Some(Measure::of_unit(&Unit::from_name(&input.name).0).0);
        let formula: Formula = text.parse().unwrap();
        match formula.measure(&measure) {
            Ok(measure) => Ok(measure.unwrap().unit().map(|(unit, _)| unit.raw().to_owned())),
            Err(mismatch) => Err(format!("{mismatch:?}")),
        }
    }

    #[test]
    fn the_unit_follows_from_the_formula() {
        for (text, expected) in [
            ("(tokens * $3 + tokens * $15) / 1e6 / number", "usd"),
            ("$2.40 / 3600s / rps", "usd"),
            ("$2.40 / 3600 / rps", "usd"),
            ("1 - number / number", "ratio"),
            ("ratio * 2%", "ratio"),
            ("number / number", "number"),
            ("tokens / number", "number"),
            ("number / s", "per_second"),
            ("ms + 500us", "ms"),
            ("mb - 1GB", "bytes"),
            ("rps * s", "number"),
            ("ratio * 100", "number"),
            ("eur / number", "eur"),
        ] {
            assert_eq!(unit(text), Ok(Some(expected.to_owned())), "{text}");
        }
        assert_eq!(unit("ms * ms"), Ok(None));
        for text in ["ms + $1", "ms - number", "usd + eur", "rps + number", "1s + 1"] {
            assert!(unit(text).is_err(), "{text}");
        }
    }
}
