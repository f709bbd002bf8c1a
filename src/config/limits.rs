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

/// Which way a bare percentage is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Percent {
    /// Relative to the baseline.
    OfBaseline,
    /// Percentage points.
    Points,
}

/// Reads `20%`, or for a latency `50ms`; `off` is no limit. The error says what is wrong with the text.
pub(super) fn limit(text: &str, percent: Percent) -> Result<Option<Threshold>, String> {
    if text == "off" {
        return Ok(None);
    }
    if let Ok(fraction) = parse_fraction(text) {
        return Ok(Some(match percent {
            Percent::OfBaseline => Threshold::Relative(fraction),
            Percent::Points => Threshold::Absolute(fraction),
        }));
    }
    match (percent, parse_duration_ms(text)) {
        (Percent::OfBaseline, Ok(ms)) => Ok(Some(Threshold::Absolute(ms))),
        (Percent::OfBaseline, Err(_)) => {
            Err(format!("\"{text}\" is no limit: write 20%, 50ms or off"))
        }
        (Percent::Points, _) => Err(format!("\"{text}\" is no limit: write 0.1% or off")),
    }
}

/// Reads a share such as `95%`, from 0 to 100 %.
pub fn parse_limit(text: &str) -> Result<f64, String> {
    let share = parse_fraction(text).map_err(|e| e.to_string())?;
    if share <= 1.0 { Ok(share) } else { Err(format!("\"{text}\" is more than 100%")) }
}
