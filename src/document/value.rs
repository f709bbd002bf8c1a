//! What a text says about a number: `p95 < 500ms, p99 < 1s`, `< 2 seconds`, `60%+`, `50 concurrent connections`.

use super::quantity::{Quantity, comparison, quantity};
use super::statistic::take_statistics;
use crate::config::{Comparison, QuantityKind};

/// One number and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// The statistics that are named.
    pub(super) statistics: Vec<String>,
    pub(super) sign: Option<Comparison>,
    pub(super) quantity: Quantity,
    /// The words in front of the comparison, without the statistics.
    pub(super) before: String,
    /// The words behind the number.
    pub(super) after: String,
}

impl Clause {
    /// The limit as a policy writes it.
    pub(super) fn bound(&self, sign: Comparison) -> String {
        format!("{} {}", plain_sign(sign), self.quantity.written)
    }
}

/// Why a text states no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoClause {
    /// There is no number in it.
    NoNumber,
    /// `5-10`.
    Range,
    /// More than one.
    Several,
}

/// The parts of a text between its commas and semicolons, those in brackets and numbers aside.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => {
                let rest = &text[at + c.len_utf8()..];
                // `1,000` is a number.
                if !rest.starts_with(|c: char| c.is_ascii_digit()) {
                    parts.push(&text[start..at]);
                    start = at + c.len_utf8();
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().flat_map(and_parts).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `p95 < 500ms and p99 < 1s`.
fn and_parts(text: &str) -> Vec<&str> {
    match text.split_once(" and ") {
        Some((first, second)) if has_comparison(first) && has_comparison(second) => {
            vec![first, second]
        }
        _ => vec![text],
    }
}

/// Reads one part.
pub(super) fn clause(text: &str) -> Result<Clause, NoClause> {
    let (text, statistics) = take_statistics(text);
    let at = number_at(&text, 0).ok_or(NoClause::NoNumber)?;
    let (found, rest) = quantity(&text[at..]).ok_or(NoClause::NoNumber)?;
    let behind = rest.trim_start();
    if let Some(to) = behind.strip_prefix(['-', '–', '—'])
        && to.trim_start().starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(NoClause::Range);
    }
    if number_at(rest, 0).is_some() {
        return Err(NoClause::Several);
    }
    let (sign, before) = match comparison(&text[..at], &found.written) {
        Some((sign, before)) => (Some(sign), before),
        None => (found.or_more.then_some(Comparison::AtLeast), &text[..at]),
    };
    let (before, after) = (words(before), words(rest));
    Ok(Clause { statistics, sign, quantity: found, before, after })
}

/// A sign as it is typed.
fn plain_sign(sign: Comparison) -> &'static str {
    match sign {
        Comparison::Below => "<",
        Comparison::AtMost => "<=",
        Comparison::Above => ">",
        Comparison::AtLeast => ">=",
    }
}

/// Where the next number begins, with its `$`: not in the middle of a word, and no ordinal.
fn number_at(text: &str, from: usize) -> Option<usize> {
    let mut before = text[..from].chars().next_back();
    for (at, c) in text[from..].char_indices() {
        let begins = c == '$' || c.is_ascii_digit();
        let free = before.is_none_or(|c| {
            !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | ',' | '/' | '$')
        });
        if begins && free && quantity(&text[from + at..]).is_some() {
            return Some(from + at);
        }
        before = Some(c);
    }
    None
}

/// The words of a text without brackets and marks around them.
fn words(text: &str) -> String {
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '~' | '#' | '%'))
            .to_owned()
    };
    let words = text.split_whitespace().map(bare).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text compares a number with something.
pub(super) fn has_comparison(text: &str) -> bool {
    numbers(text).any(|at| is_compared(text, at))
}

fn is_compared(text: &str, at: usize) -> bool {
    quantity(&text[at..]).is_some_and(|(found, _)| {
        found.or_more || comparison(&text[..at], &found.written).is_some()
    })
}

/// Whether a text has a number with a unit, one that is compared, or one of what is there at once.
pub(super) fn is_demand(text: &str) -> bool {
    let with_unit = |at: usize| {
        quantity(&text[at..]).is_some_and(|(found, rest)| {
            found.kind != QuantityKind::Number || rest.trim_start().starts_with("concurrent ")
        })
    };
    numbers(text).any(|at| with_unit(at) || is_compared(text, at))
}

fn numbers(text: &str) -> impl Iterator<Item = usize> {
    let next = |at: usize| number_at(text, at);
    std::iter::successors(next(0), move |at| {
        let number = text[*at..].chars().take_while(|c| *c == '$' || c.is_ascii_digit());
        next(at + number.map(char::len_utf8).sum::<usize>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Vec<String>, String, String, String)> {
        let own = clause(text).ok()?;
        let bound = own.sign.map_or_else(|| own.quantity.written.clone(), |sign| own.bound(sign));
        Some((own.statistics, bound, own.before, own.after))
    }

    #[test]
    fn a_clause_has_a_sign_a_number_and_the_words_around_them() {
        let is = |text: &str, statistic: &str, bound: &str, before: &str, after: &str| {
            let (statistics, own, first, last) = read(text).unwrap();
            let all = (statistics.join(" "), own, first, last);
            let expected = (statistic, bound, before, after);
            assert_eq!((all.0.as_str(), &*all.1, &*all.2, &*all.3), expected, "{text}");
        };
        is("p95 < 500ms", "p95", "< 500ms", "", "");
        is("< 1s (p95)", "p95", "< 1s", "", "");
        is("All APIs <100ms at 95th percentile", "p95", "< 100ms", "All APIs", "at");
        is("> 1,000 RPS sustained", "", "> 1,000 RPS", "", "sustained");
        is("60%+ reduction", "", ">= 60%", "", "reduction");
        is("1000+ req/s", "", ">= 1000 req/s", "", "");
        is("at most 2 seconds", "", "<= 2 seconds", "", "");
        is("50 concurrent connections", "", "50", "", "concurrent connections");
        is("Inter-chunk gap < 100ms", "", "< 100ms", "Inter-chunk gap", "");
        is("≥90", "", ">= 90", "", "");
        is("< $0.01", "", "< $0.01", "", "");
    }

    #[test]
    fn what_is_no_single_number_is_none() {
        for (text, why) in [
            ("Fast", NoClause::NoNumber),
            ("5-10 minutes", NoClause::Range),
            ("10 workers × 5 calls each", NoClause::Several),
        ] {
            assert_eq!(clause(text), Err(why), "{text}");
        }
        assert_eq!(read("p95").map(|_| ()), None);
    }

    #[test]
    fn parts_end_at_commas_outside_of_brackets_and_numbers() {
        assert_eq!(parts("p95 < 1,000ms, p99 < 2s"), ["p95 < 1,000ms", "p99 < 2s"]);
        assert_eq!(parts("< 2s (p50, warm)"), ["< 2s (p50, warm)"]);
        assert_eq!(parts("p50 < 1s and p95 < 2s"), ["p50 < 1s", "p95 < 2s"]);
        assert_eq!(parts("black and white"), ["black and white"]);
    }

    #[test]
    fn a_demand_has_a_unit_or_a_comparison() {
        for text in ["first chunk within 500ms", "CLS <0.1", "takes 45 minutes", "score ≥ 90"] {
            assert!(is_demand(text), "{text}");
        }
        for text in ["2 tests", "Version 1.0.0", "Python 3.12", "p95", "step 1"] {
            assert!(!is_demand(text), "{text}");
        }
    }
}
