//! Quantities as people write them: `500ms`, `2 seconds`, `60%`, `1,000 RPS`, `1.5 GB`, `$0.01`.

use std::fmt;

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

/// Times as people write them, in milliseconds.
const TIMES: [(&[&str], f64); 6] = [
    (&["ns", "nsec", "nanosecond", "nanoseconds"], 1e-6),
    (&["us", "µs", "μs", "usec", "microsecond", "microseconds"], 1e-3),
    (&["ms", "msec", "msecs", "millis", "millisecond", "milliseconds"], 1.0),
    (&["s", "sec", "secs", "second", "seconds"], 1e3),
    (&["m", "min", "mins", "minute", "minutes"], 60e3),
    (&["h", "hr", "hrs", "hour", "hours"], 3600e3),
];
/// Sizes as people write them, in bytes.
const SIZES: [(&[&str], f64); 9] = [
    (&["b", "byte", "bytes"], 1.0),
    (&["kb"], 1e3),
    (&["mb"], 1e6),
    (&["gb"], 1e9),
    (&["tb"], 1e12),
    (&["kib", "ki"], 1024.0),
    (&["mib", "mi"], 1_048_576.0),
    (&["gib", "gi"], 1_073_741_824.0),
    (&["tib", "ti"], 1_099_511_627_776.0),
];
/// What is counted in a second. Anything else (`MB/s`) is a rate of another sort.
const COUNTED: [&str; 23] = [
    "",
    "r",
    "req",
    "reqs",
    "request",
    "requests",
    "msg",
    "msgs",
    "message",
    "messages",
    "op",
    "ops",
    "operation",
    "operations",
    "call",
    "calls",
    "query",
    "queries",
    "transaction",
    "transactions",
    "hit",
    "hits",
    "iterations",
];
/// Rates in one word, and how many of them one per second is.
const RATES: [(&str, f64); 4] = [("rps", 1.0), ("qps", 1.0), ("tps", 1.0), ("rpm", 60.0)];
const PERCENT: [&str; 3] = ["%", "percent", "per cent"];

/// The kind and the value, in its base unit; none where the text is no quantity.
pub(super) fn quantity(text: &str) -> Option<(QuantityKind, f64)> {
    let text = text.trim();
    let money = text.strip_prefix("US$").or_else(|| text.strip_prefix('$'));
    if let Some((value, unit)) = money.and_then(split) {
        return unit.is_empty().then_some((QuantityKind::Money, value));
    }
    let (value, unit) = split(text)?;
    let unit = unit.to_lowercase();
    let among = |names: &[&str]| names.contains(&unit.as_str());
    let factor = |table: &[(&[&str], f64)]| {
        table.iter().find(|(names, _)| among(names)).map(|(_, factor)| *factor)
    };
    if unit.is_empty() {
        Some((QuantityKind::Number, value))
    } else if among(&PERCENT) {
        Some((QuantityKind::Share, value / 100.0))
    } else if let Some(factor) = factor(&TIMES) {
        Some((QuantityKind::Time, value * factor))
    } else if unit == "usd" {
        Some((QuantityKind::Money, value))
    } else if let Some(seconds) = seconds_of_rate(&unit) {
        Some((QuantityKind::Rate, value / seconds))
    } else {
        Some((QuantityKind::Size, value * factor(&SIZES)?))
    }
}

/// The seconds in which a rate counts: `req/s`, `requests per second`, `messages/min`.
fn seconds_of_rate(unit: &str) -> Option<f64> {
    if let Some((_, seconds)) = RATES.iter().find(|(name, _)| *name == unit) {
        return Some(*seconds);
    }
    let (counted, per) = unit
        .split_once('/')
        .or_else(|| unit.split_once(" per "))
        .or_else(|| Some(("", unit.strip_prefix("per ")?)))?;
    let seconds = match per.trim() {
        "s" | "sec" | "second" => 1.0,
        "m" | "min" | "minute" => 60.0,
        _ => return None,
    };
    COUNTED.contains(&counted.trim()).then_some(seconds)
}

/// The number in front, and the unit behind it.
fn split(text: &str) -> Option<(f64, &str)> {
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_') || is_gap(c);
    let end = text.find(|c| !of_number(c)).unwrap_or(text.len());
    let value = number(text[..end].trim_matches(is_gap))?;
    let unit = text[end..].trim();
    // `10k users` and `2M` count thousands and millions; `10kB` and `2m` do not.
    let scaled = |letter: &[char], factor: f64| {
        let rest = unit.strip_prefix(letter)?;
        let ends = rest.chars().next().is_none_or(|c| is_gap(c) || c == '/');
        ends.then(|| (value * factor, rest.trim_start()))
    };
    scaled(&['k', 'K'], 1e3).or_else(|| scaled(&['M'], 1e6)).or(Some((value, unit)))
}

/// A number without a sign or an exponent, with thousands apart or not: `1000`, `1,000`, `1 000`, `0.25`.
fn number(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let groups: Vec<&str> = whole.split(|c: char| !c.is_ascii_digit()).collect();
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let even = separators.windows(2).all(|pair| pair[0] == pair[1]);
    let grouped = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3);
    let plain = groups.len() == 1 || (even && grouped);
    let fraction = rest.strip_prefix('.').unwrap_or(rest);
    let any = !whole.is_empty() || !fraction.is_empty();
    (plain && any && digits(fraction))
        .then(|| format!("{}{rest}", groups.concat()).parse::<f64>().ok())
        .flatten()
        .filter(|value| value.is_finite())
}

/// Blanks that stand between a number and its unit, or between thousands.
fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_mean_what_people_write() {
        let is = |text: &str, kind, value: f64| {
            assert_eq!(quantity(text), Some((kind, value)), "{text}");
        };
        is("500 milliseconds", QuantityKind::Time, 500.0);
        is("2 seconds", QuantityKind::Time, 2000.0);
        is("1.5 s", QuantityKind::Time, 1500.0);
        is("5m", QuantityKind::Time, 300_000.0);
        is("800µs", QuantityKind::Time, 0.8);
        is("0.1 %", QuantityKind::Share, 0.001);
        is("60 percent", QuantityKind::Share, 0.6);
        is("1,000 RPS", QuantityKind::Rate, 1000.0);
        is("1\u{202f}000 requests/sec", QuantityKind::Rate, 1000.0);
        is("1k req/s", QuantityKind::Rate, 1000.0);
        is("600 requests per minute", QuantityKind::Rate, 10.0);
        is("50 messages per second", QuantityKind::Rate, 50.0);
        is("100/s", QuantityKind::Rate, 100.0);
        is("512MB", QuantityKind::Size, 512e6);
        is("512 MiB", QuantityKind::Size, 536_870_912.0);
        is("2Gi", QuantityKind::Size, 2_147_483_648.0);
        is("10kB", QuantityKind::Size, 10e3);
        is("$1,000.50", QuantityKind::Money, 1000.5);
        is("0.01 USD", QuantityKind::Money, 0.01);
        is("1,000,000", QuantityKind::Number, 1e6);
        is("10k", QuantityKind::Number, 10e3);
        is("2M", QuantityKind::Number, 2e6);
        is(".5", QuantityKind::Number, 0.5);
    }

    #[test]
    fn what_has_no_meaning_or_two_is_no_quantity() {
        for text in [
            "",
            ".",
            "-5",
            "1e3",
            "fast",
            "5 parsecs",
            "10 MB/s",
            "0,5 s",
            "1,00",
            "1,000 000",
            "1.2.3",
            "$5 ms",
            "5 %%",
            "inf",
            "NaN",
            "1..2",
            "5 users",
        ] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
