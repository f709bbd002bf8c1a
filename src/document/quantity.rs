//! Finding quantities in a text; what they mean, [`crate::config`] knows.

use crate::config::{Bound, Comparison, QuantityKind};

/// More words than these are no unit.
const MOST_WORDS: usize = 3;

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quantity {
    pub(super) kind: QuantityKind,
    /// Such as `500ms`.
    pub(super) written: String,
    /// `60%+`.
    pub(super) or_more: bool,
}

/// The quantity at the beginning of a text, and the rest behind it.
pub(super) fn quantity(text: &str) -> Option<(Quantity, &str)> {
    let (number, behind) = number(text)?;
    let plus = behind.strip_prefix('+');
    let behind = plus.unwrap_or(behind);
    let ends = word_ends(behind);
    let (written, kind, end) = ends.into_iter().rev().find_map(|end| {
        let written = format!("{number}{}", &behind[..end]);
        let bound = bound("<", &written)?;
        Some((written, bound.kind, end))
    })?;
    let rest = &behind[end..];
    let later = rest.strip_prefix('+').filter(|_| plus.is_none());
    let or_more = plus.is_some() || later.is_some();
    Some((Quantity { kind, written, or_more }, later.unwrap_or(rest)))
}

/// The sign or the words of a comparison at the end of a text, and the text in front of them.
pub(super) fn comparison<'t>(text: &'t str, quantity: &str) -> Option<(Comparison, &'t str)> {
    let text = text.trim_end();
    let signs = text.trim_end_matches(['<', '>', '=', '≤', '≥']).len();
    let words = text.char_indices().rev().filter(|(_, c)| c.is_whitespace() || *c == '(');
    let words = words.map(|(at, c)| at + c.len_utf8()).chain([0]).take(MOST_WORDS);
    std::iter::once(signs).chain(words).filter(|at| *at < text.len()).find_map(|at| {
        let found = bound(&text[at..], quantity)?;
        Some((found.comparison, &text[..at]))
    })
}

fn bound(sign: &str, quantity: &str) -> Option<Bound> {
    Bound::parse(&format!("{sign} {quantity}"), None).ok()
}

/// Where the first words of a text end, beginning with none.
fn word_ends(text: &str) -> Vec<usize> {
    let ends_word = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '+' | '|');
    let mut ends = vec![0];
    let mut at = 0;
    for _ in 0..MOST_WORDS {
        let blank = text[at..].len() - text[at..].trim_start().len();
        let word = text[at + blank..].find(ends_word).unwrap_or(text.len() - at - blank);
        if word == 0 {
            break;
        }
        at += blank + word;
        ends.push(at);
        // A unit may be the end of a sentence.
        if text[..at].ends_with('.') {
            ends.push(at - 1);
        }
    }
    ends
}

/// The number at the beginning of a text, with its `$` and thousands separators, and the rest.
fn number(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let first = usize::from(text.starts_with('$'));
    let mut end = first + digits(first);
    if end == first {
        return None;
    }
    while bytes.get(end) == Some(&b',') && digits(end + 1) == 3 {
        end += 4;
    }
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    Some(text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_the_longest_that_means_something() {
        let is = |text: &str, kind, written: &str, rest: &str| {
            let (quantity, behind) = quantity(text).unwrap();
            assert_eq!((quantity.kind, quantity.written.as_str(), behind), (kind, written, rest));
        };
        is("500ms, p99", QuantityKind::Time, "500ms", ", p99");
        is("2 seconds.", QuantityKind::Time, "2 seconds", ".");
        is("1,000 RPS sustained", QuantityKind::Rate, "1,000 RPS", " sustained");
        is("40 requests per second", QuantityKind::Rate, "40 requests per second", "");
        is("0.1% under", QuantityKind::Share, "0.1%", " under");
        is("60%+ less", QuantityKind::Share, "60%", " less");
        is("1000+ req/s", QuantityKind::Rate, "1000 req/s", "");
        is("$0.01", QuantityKind::Money, "$0.01", "");
        is("1.5 GiB", QuantityKind::Size, "1.5 GiB", "");
        is("10 workers", QuantityKind::Number, "10", " workers");
        assert_eq!(quantity("ms"), None);
    }

    #[test]
    fn a_comparison_is_a_sign_or_words_for_it() {
        let is = |text: &str, sign: &str, rest: &str| {
            let found = comparison(text, "5s").map(|(own, rest)| (own.sign(), rest));
            assert_eq!(found, Some((sign, rest)), "{text}");
        };
        is("p95 <", "<", "p95 ");
        is("p95<=", "≤", "p95");
        is("answers in less than ", "<", "answers in ");
        is("fast (<", "<", "fast (");
        is("at least", "≥", "");
        assert_eq!(comparison("takes about", "5s"), None);
        assert_eq!(comparison("", "5s"), None);
    }
}
