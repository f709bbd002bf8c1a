//! Units, and quantities as people write them: `500ms`, `20%`.

use super::metric::Statistic;
use super::untrusted::{Raw, Untrusted};

/// The base unit of a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Time.
    Milliseconds,
    /// A rate.
    PerSecond,
    /// A fraction of one; shown as a percentage.
    Ratio,
    /// A size.
    Bytes,
    /// A plain number.
    Number,
    /// A unit that the file names and perfgate does not convert (`usd`, `tokens`).
    Other(Untrusted),
}

impl Unit {
    /// The unit of a statistic of response times.
    pub fn of_latency(statistic: Statistic) -> Self {
        if statistic == Statistic::Cv { Self::Ratio } else { Self::Milliseconds }
    }

    /// The unit that files name so, and how many base units one of it is.
    pub fn from_name(name: &str) -> (Self, f64) {
        match name {
            "ns" => (Self::Milliseconds, 1e-6),
            "us" | "µs" => (Self::Milliseconds, 1e-3),
            "ms" => (Self::Milliseconds, 1.0),
            "s" => (Self::Milliseconds, 1e3),
            "per_second" | "rps" | "req/s" | "reqs/s" | "requests/s" | "msg/s" | "/s" => {
                (Self::PerSecond, 1.0)
            }
            "ratio" => (Self::Ratio, 1.0),
            "bytes" | "B" => (Self::Bytes, 1.0),
            "" | "number" | "count" => (Self::Number, 1.0),
            other => (Self::Other(other.into()), 1.0),
        }
    }
}

impl Raw for Unit {
    /// The name in files.
    fn raw(&self) -> &str {
        match self {
            Self::Milliseconds => "ms",
            Self::PerSecond => "per_second",
            Self::Ratio => "ratio",
            Self::Bytes => "bytes",
            Self::Number => "number",
            Self::Other(name) => name.raw(),
        }
    }
}

/// Why a quantity that a person wrote could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// No `%` at the end.
    #[error("`{0}` is not a percentage: write it like 20%")]
    NotAPercentage(String),
    /// No time unit at the end.
    #[error("`{0}` is not a duration: write it like 500ms or 2s")]
    NotADuration(String),
}

/// The fraction that a percentage such as `0.1%` stands for; finite and not negative.
pub fn parse_fraction(text: &str) -> Result<f64, ParseQuantityError> {
    let wrong = || ParseQuantityError::NotAPercentage(text.to_owned());
    let percent =
        plain_number(text.trim().strip_suffix('%').ok_or_else(wrong)?).ok_or_else(wrong)?;
    Ok(percent / 100.0)
}

/// The milliseconds that a duration such as `500ms`, `2s` or `1.5 s` stands for.
pub fn parse_duration_ms(text: &str) -> Result<f64, ParseQuantityError> {
    let wrong = || ParseQuantityError::NotADuration(text.to_owned());
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    match Unit::from_name(&text[digits.len()..]) {
        (Unit::Milliseconds, factor) => Ok(plain_number(digits).ok_or_else(wrong)? * factor),
        _ => Err(wrong()),
    }
}

/// A number made of digits and at most one point: no sign, no exponent, no `inf`.
fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse::<f64>().ok().filter(|value| plain && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_and_durations_mean_what_is_written() {
        assert_eq!(parse_fraction("20%"), Ok(0.2));
        assert_eq!(parse_fraction("0.1 %"), Ok(0.001));
        assert_eq!(parse_duration_ms("1.5 s"), Ok(1500.0));
        assert_eq!(parse_duration_ms("500ms"), Ok(500.0));
        for wrong in ["20", "-1%", "inf%", "%", "1e3%", "20%%"] {
            assert!(parse_fraction(wrong).is_err(), "{wrong}");
        }
        for wrong in ["20", "5 parsecs", "ms", "-1ms", "5%"] {
            assert!(parse_duration_ms(wrong).is_err(), "{wrong}");
        }
    }
}
