//! PromQL, as far as a person has to be told about it: what a condition compares, which series it selects, how far it looks back.
//! Whether a query is right, Prometheus says.

mod aggregate;
mod tokens;

pub use aggregate::{aggregated, instead_of_own_ratio};

use tokens::{Token, tokens};

/// Operators between series, which bind less than any comparison.
const SETS: [&str; 3] = ["and", "or", "unless"];
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];
/// Words in front of a list of labels.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// A query without the brackets around it as a whole.
fn bare(query: &str) -> &str {
    let all = tokens(query);
    let inner = match all.as_slice() {
        [first, inner @ .., last] if first.text == "(" && last.text == ")" => inner,
        _ => return query.trim(),
    };
    match (inner.first(), inner.last()) {
        (Some(first), Some(last)) if inner.iter().all(|token| token.depth > 0) => {
            bare(&query[first.start..last.end()])
        }
        _ => query.trim(),
    }
}

/// A query cut at pieces outside of all brackets; each part with the piece in front of it.
fn split(query: &str, at: impl Fn(&Token<'_>) -> bool) -> Vec<(Option<&str>, &str)> {
    let (mut parts, mut start, mut sign) = (Vec::new(), 0, None);
    for token in tokens(query).iter().filter(|token| token.depth == 0 && at(token)) {
        parts.push((sign, query[start..token.start].trim()));
        (start, sign) = (token.end(), Some(token.text));
    }
    parts.push((sign, query[start..].trim()));
    parts
}

/// Whether a query is a number, which is there whatever was measured.
fn is_number(query: &str) -> bool {
    query.trim_start_matches(['-', '+', ' ']).parse::<f64>().is_ok()
}

/// What the comparisons of a condition compare with a number, or with something else: `a` of `a > 1`. Empty where it
/// compares nothing.
pub fn compared(condition: &str) -> Vec<&str> {
    let mut all = Vec::new();
    for (_, part) in split(bare(condition), |token| SETS.contains(&token.text)) {
        let inner = bare(part);
        if inner != part {
            all.extend(compared(inner));
            continue;
        }
        let sides = split(part, |token| COMPARISONS.contains(&token.text));
        if let [(_, left), (_, right), ..] = sides.as_slice() {
            all.push(if is_number(left) { right } else { left });
        }
    }
    all
}

/// Whether a comparison gives 0 or 1 instead of leaving out what does not hold.
pub fn gives_bool(condition: &str) -> bool {
    let all = tokens(condition);
    all.windows(2).any(|pair| COMPARISONS.contains(&pair[0].text) && pair[1].text == "bool")
}

/// A selection of series: `http_requests_total{status=~"5.."}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector<'a> {
    /// The name of the metric.
    pub metric: &'a str,
    /// All of it, as it stands in the query.
    pub text: &'a str,
}

/// The series that a query selects.
pub fn selectors(query: &str) -> Vec<Selector<'_>> {
    let all = tokens(query);
    let mut found = Vec::new();
    // The depth at which matchers, ranges or lists of labels began.
    let mut within: Option<usize> = None;
    for (i, token) in all.iter().enumerate() {
        if let Some(depth) = within {
            let closes = matches!(token.text, ")" | "]" | "}") && token.depth == depth;
            within = within.filter(|_| !closes);
            continue;
        }
        let before = i.checked_sub(1).and_then(|before| all.get(before));
        let grouping = before.is_some_and(|before| GROUPINGS.contains(&before.text));
        if matches!(token.text, "{" | "[") || (token.text == "(" && grouping) {
            within = Some(token.depth);
        }
        let next = all.get(i + 1).map_or("", |next| next.text);
        let called = matches!(next, "(" | "by" | "without");
        if !token.is_word() || called || is_keyword(token.text) {
            continue;
        }
        let closes = |other: &&Token<'_>| other.text == "}" && other.depth == token.depth;
        let end = match next {
            "{" => all[i..].iter().find(closes).map_or(query.len(), Token::end),
            _ => token.end(),
        };
        found.push(Selector { metric: token.text, text: &query[token.start..end] });
    }
    found
}

fn is_keyword(word: &str) -> bool {
    let own = ["bool", "offset", "atan2", "inf", "nan"];
    SETS.contains(&word)
        || GROUPINGS.contains(&word)
        || own.iter().any(|k| word.eq_ignore_ascii_case(k))
}

/// The longest range of a query in seconds: 300 of `rate(x[5m])`. None where it looks back over nothing.
pub fn longest_range_s(query: &str) -> Option<f64> {
    let all = tokens(query);
    let ranges = all.windows(2).filter(|pair| pair[0].text == "[");
    ranges.filter_map(|pair| duration_s(pair[1].text)).reduce(f64::max)
}

/// A duration of Prometheus in seconds: `5m`, `1h30m`, `500ms`, `1d`, `0`.
pub fn duration_s(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let (mut rest, mut whole) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())];
        let seconds = match unit {
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            "y" => 31_536_000.0,
            _ => return None,
        };
        whole += number * seconds;
        rest = &rest[unit.len()..];
    }
    (!text.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_compares_what_stands_outside_of_its_brackets() {
        for (condition, expected) in [
            ("a > 1", &["a"][..]),
            ("(rate(a{b=\">\"}[5m]) / (c > 2)) >= 0.5", &["(rate(a{b=\">\"}[5m]) / (c > 2))"]),
            ("0.5 < a", &["a"]),
            ("a > 1 and b == 2 unless c", &["a", "b"]),
            ("((a > 1) or (b > 2))", &["a", "b"]),
            ("a > bool 1", &["a"]),
            ("absent(up)", &[]),
            ("", &[]),
        ] {
            assert_eq!(compared(condition), expected, "{condition}");
        }
        assert!(gives_bool("a > bool 1") && !gives_bool("a{bool=\"1\"} > 1"));
    }

    #[test]
    fn selectors_are_metrics_and_neither_functions_nor_labels() {
        let texts = |query| selectors(query).iter().map(|own| own.text).collect::<Vec<_>>();
        assert_eq!(
            texts(
                "sum by (le, handler) (rate(a_bucket{status=~\"5..\"}[5m])) / on (x) b:c offset 5m"
            ),
            ["a_bucket{status=~\"5..\"}", "b:c"]
        );
        assert_eq!(texts("histogram_quantile(0.95, x) > Inf"), ["x"]);
        assert_eq!(texts("sum(x) without (a) and y"), ["x", "y"]);
    }

    #[test]
    fn durations_are_those_of_prometheus() {
        for (text, seconds) in [("5m", 300.0), ("1h30m", 5400.0), ("500ms", 0.5), ("0", 0.0)] {
            assert_eq!(duration_s(text), Some(seconds), "{text}");
        }
        assert!(["", "5", "m", "5 m", "5q"].iter().all(|text| duration_s(text).is_none()));
        assert_eq!(longest_range_s("rate(a[1m]) / max_over_time(b[1h:5m])"), Some(3600.0));
        assert_eq!(longest_range_s("a"), None);
    }
}
