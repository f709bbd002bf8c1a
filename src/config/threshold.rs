//! Limits of a change, as people write them.

use crate::model::{parse_duration_ms, parse_fraction};

/// The allowed change against the baseline. It is crossed by more than its value: exactly at the limit passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Relative to the baseline: 0.2 allows 20 % more (for throughput: less).
    Relative(f64),
    /// In the unit of the metric: milliseconds, or for an error rate a fraction (0.001 is 0.1 percentage points).
    Absolute(f64),
}

/// What is limited: it says what a bare value means and which units fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// `20%` is relative, `50ms` absolute.
    Latency,
    /// `0.1%` is percentage points.
    ErrorRate,
    /// `10%` is relative, an absolute limit is a number of requests per second.
    Throughput,
    /// `10%` is relative, an absolute limit is a number in the metric's unit.
    Custom,
}

/// Whether a limit is marked as relative or absolute. A bare one leaves that to the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Bare,
    Relative,
    Absolute,
}

/// Reads a limit; `off` is none. The error says what is wrong with the text.
pub(super) fn limit(
    text: &str,
    quantity: Quantity,
    notation: Notation,
) -> Result<Option<Threshold>, String> {
    if text == "off" {
        return Ok(None);
    }
    let share = parse_fraction(text).ok();
    let time = parse_duration_ms(text).ok();
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    let (found, allowed) = match (quantity, notation) {
        (Quantity::ErrorRate, Notation::Bare | Notation::Absolute) => {
            (share.map(Threshold::Absolute), "0.1%")
        }
        (_, Notation::Relative) => (share.map(Threshold::Relative), "20%"),
        (Quantity::Latency, Notation::Absolute) => (time.map(Threshold::Absolute), "50ms"),
        (Quantity::Latency, Notation::Bare) => {
            (share.map(Threshold::Relative).or(time.map(Threshold::Absolute)), "20%, 50ms")
        }
        (Quantity::Throughput | Quantity::Custom, Notation::Bare) => {
            (share.map(Threshold::Relative), "10%")
        }
        (Quantity::Throughput, Notation::Absolute) => {
            (number.map(Threshold::Absolute), "5 (requests per second)")
        }
        (Quantity::Custom, Notation::Absolute) => {
            (number.or(share).or(time).map(Threshold::Absolute), "5, 0.1%, 50ms")
        }
    };
    found.map(Some).ok_or_else(|| format!("\"{text}\" is not a limit here: write {allowed} or off"))
}

/// Reads a share such as `95%`, from 0 to 100 %.
pub fn parse_limit(text: &str) -> Result<f64, String> {
    let share = parse_fraction(text).map_err(|e| e.to_string())?;
    if share <= 1.0 { Ok(share) } else { Err(format!("\"{text}\" is more than 100%")) }
}
