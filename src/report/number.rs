//! Numbers for people: three significant digits, one unit a column, a real minus sign.

use crate::config::Threshold;
use crate::model::{Metric, Raw as _, Unit, is_harmful};

/// How the values of one metric are shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    factor: f64,
    suffix: String,
}

impl Scale {
    /// One scale for all values of a unit: for times the one that suits the middle one of them.
    pub(super) fn of(unit: &Unit, values: &[f64]) -> Self {
        let new = |factor, suffix: &str| Self { factor, suffix: suffix.to_owned() };
        match unit {
            Unit::Milliseconds => match crate::stats::median(values).unwrap_or_default().abs() {
                v if v >= 10_000.0 => new(1e-3, " s"),
                v if v < 1e-3 && v > 0.0 => new(1e6, " ns"),
                v if v < 0.1 && v > 0.0 => new(1e3, " µs"),
                _ => new(1.0, " ms"),
            },
            Unit::Ratio => new(100.0, " %"),
            Unit::PerSecond => new(1.0, " /s"),
            Unit::Bytes => match crate::stats::median(values).unwrap_or_default().abs() {
                v if v >= 1e6 => new(1e-6, " MB"),
                v if v >= 1e3 => new(1e-3, " kB"),
                _ => new(1.0, " B"),
            },
            Unit::Number => new(1.0, ""),
            Unit::Other(name) => new(1.0, &format!(" {}", plain_unit(name.raw()))),
        }
    }

    /// A value with its unit.
    pub(super) fn show(&self, value: f64) -> String {
        format!("{}{}", self.bare(value), self.suffix)
    }

    /// A value without its unit.
    pub(super) fn bare(&self, value: f64) -> String {
        significant(value * self.factor)
    }

    /// A value in the scale's unit.
    pub(super) fn number(&self, value: f64) -> f64 {
        value * self.factor
    }

    /// The unit, with the blank in front.
    pub(super) fn suffix(&self) -> &str {
        &self.suffix
    }
}

/// A unit is a short word in any place; whatever could be markup, a link (`www.x.y`) or a reference (`GH-9`, `%1`) in one is no
/// part of it.
fn plain_unit(name: &str) -> String {
    let part = |c: &char| (c.is_alphanumeric() && !is_harmful(*c)) || matches!(c, '/' | '°');
    if name == "%" { name.to_owned() } else { name.chars().filter(part).take(16).collect() }
}

/// Three significant digits, with a real minus sign: `33.0`, `0.517`, `1230`, `−4.1`.
pub fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // At most ten decimals; a value that needs more is shown as what it nearly is.
    let decimals = |v: f64| (2.0 - v.abs().log10().floor()).clamp(0.0, 10.0) as usize;
    let power = 10_f64.powi(i32::try_from(decimals(value)).unwrap_or_default());
    // Rounding may add a digit: 9.996 is 10.0, not 10.00.
    let rounded = (value * power).round() / power;
    if rounded == 0.0 {
        return "0".to_owned();
    }
    let decimals = decimals(rounded);
    let text = format!("{rounded:.decimals$}");
    text.replace('-', "\u{2212}")
}

/// A change with its sign and one decimal: `+27.0 %`, `−1.0 %`.
pub fn signed_percent(fraction: f64) -> String {
    let decimals = usize::from(fraction.abs() < 10.0);
    format!("{} %", signed(fraction * 100.0, decimals))
}

/// A change of an error rate in percentage points: `+0.35 pp`.
pub(super) fn signed_points(fraction: f64) -> String {
    format!("{} pp", signed(fraction * 100.0, 2))
}

pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    // −0.0 is no change in any direction.
    let zero = text.trim_start_matches(['-', '+']).bytes().all(|b| matches!(b, b'0' | b'.'));
    if zero { text.replace(['-', '+'], "±") } else { text.replace('-', "\u{2212}") }
}

/// A limit as the policy has it: `+20 %`, `−10 %`, `+0.1 pp`, `+50 ms`.
pub(super) fn limit(
    threshold: Threshold,
    metric: &Metric,
    unit: &Unit,
    higher_is_better: bool,
) -> String {
    let sign = if higher_is_better { "\u{2212}" } else { "+" };
    match (threshold, metric) {
        (Threshold::Relative(share), _) => format!("{sign}{} %", trimmed(share * 100.0)),
        (Threshold::Absolute(amount), Metric::ErrorRate) => {
            format!("{sign}{} pp", trimmed(amount * 100.0))
        }
        (Threshold::Absolute(amount), _) => {
            let scale = Scale::of(unit, &[amount]);
            format!("{sign}{}{}", trimmed(amount * scale.factor), scale.suffix())
        }
    }
}

/// As few decimals as say what was written.
pub(super) fn trimmed(value: f64) -> String {
    let rounded = format!("{value:.6}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A probability: two significant digits, or what it is below.
pub(super) fn probability(p: f64) -> String {
    match p {
        p if p < 1e-4 => "p < 0.0001".to_owned(),
        p if p < 0.001 => format!("p = {p:.5}"),
        p if p < 0.01 => format!("p = {p:.4}"),
        p if p < 0.1 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

/// A count with thin groups of three: `41 812`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun: `1 run`, `2 runs`.
pub fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_enough() {
        let shown = [33.0, 0.516_750, 1234.5, 99.96, 9.996, 0.0, -4.123, 54.41, 100.0, 0.001_234]
            .map(significant);
        assert_eq!(
            shown,
            ["33.0", "0.517", "1235", "100", "10.0", "0", "−4.12", "54.4", "100", "0.00123"]
        );
        // What floating point leaves of a spread of nothing.
        assert_eq!(significant(1.4e-14), "0");
    }

    #[test]
    fn a_unit_is_a_word_and_refers_to_nothing() {
        let shown = ["usd", "m/s", "°C", "%", "%1", "GH-9", "www.evil.example", "<b>\u{3164}"]
            .map(plain_unit);
        assert_eq!(shown, ["usd", "m/s", "°C", "%", "1", "GH9", "wwwevilexample", "b"]);
    }

    #[test]
    fn changes_carry_their_sign() {
        assert_eq!(signed_percent(0.2695), "+27.0 %");
        assert_eq!(signed_percent(-0.0096), "−1.0 %");
        assert_eq!(signed_percent(-0.0001), "±0.0 %");
        assert_eq!(signed_points(0.003_55), "+0.36 pp");
    }

    #[test]
    fn a_limit_reads_as_it_was_written() {
        let show = |t, m: Metric, u, higher| limit(t, &m, &u, higher);
        assert_eq!(
            show(Threshold::Relative(0.2), Metric::Latency, Unit::Milliseconds, false),
            "+20 %"
        );
        assert_eq!(
            show(Threshold::Absolute(0.001), Metric::ErrorRate, Unit::Ratio, false),
            "+0.1 pp"
        );
        assert_eq!(
            show(Threshold::Relative(0.1), Metric::Throughput, Unit::PerSecond, true),
            "−10 %"
        );
        assert_eq!(
            show(Threshold::Absolute(50.0), Metric::Latency, Unit::Milliseconds, false),
            "+50 ms"
        );
    }
}
