//! The shape of line that k6 really writes, recognised byte by byte:
//!
//! ```json
//! {"metric":"http_reqs","type":"Point","data":{"time":"2026-11-20T22:37:05.19278668Z","value":1,"tags":{…}}}
//! ```
//!
//! Whatever is not exactly so goes to the JSON parser: a line is read here only where that would read the same. A point's tags
//! are compared with those of earlier lines, which the parser has read: the nine points of a request have the same.

use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

const METRIC: &[u8] = br#"{"metric":""#;
const TIME: &[u8] = br#"","type":"Point","data":{"time":""#;
const VALUE: &[u8] = br#"","value":"#;
const TAGS: &[u8] = br#","tags":"#;
const END: &[u8] = b"}}";
/// Characters of `2026-11-20T22:37:05`.
const SECOND: usize = 19;
/// Sets of tags that are remembered; a script that puts something new into every line has no use for more.
const MOST: usize = 50_000;
/// Powers of ten that a float has exactly.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A point whose line is as k6 writes it.
pub(super) struct Point<'a> {
    pub(super) metric: &'a [u8],
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) value: f64,
    /// The text of the tags; only where they are known is it sure that it is one.
    pub(super) tags: &'a [u8],
}

/// What is remembered from line to line.
#[derive(Default)]
pub(super) struct Memory {
    /// Text of a second, and what it is in seconds since 1970, were it UTC.
    second: ([u8; SECOND], i64),
    tags: HashMap<Box<[u8]>, u32, BuildHasherDefault<rustc_hash::FxHasher>>,
    last: (Box<[u8]>, u32),
}

impl Memory {
    /// The number of the tags of this text.
    pub(super) fn find(&mut self, tags: &[u8]) -> Option<u32> {
        if *self.last.0 == *tags && !tags.is_empty() {
            return Some(self.last.1);
        }
        let (text, id) = self.tags.get_key_value(tags)?;
        self.last = (text.clone(), *id);
        Some(*id)
    }

    /// Remembers tags that the parser has read; true where there are too many, and all are forgotten.
    pub(super) fn remember(&mut self, tags: &[u8], id: u32) -> bool {
        if self.tags.len() >= MOST {
            self.tags.clear();
            self.last = Default::default();
            return true;
        }
        self.tags.insert(tags.into(), id);
        false
    }

    /// Reads a line without its end; none for any other shape.
    pub(super) fn point<'a>(&mut self, line: &'a [u8]) -> Option<Point<'a>> {
        let rest = line.strip_prefix(METRIC)?;
        let name = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))?;
        let (metric, rest) = rest.split_at(name);
        let rest = rest.strip_prefix(TIME)?;
        let (time, rest) = self.time(rest)?;
        let (value, rest) = number(rest.strip_prefix(VALUE)?)?;
        let tags = rest.strip_prefix(TAGS)?.strip_suffix(END)?;
        Some(Point { metric, time, value, tags })
    }

    /// A time in UTC or with an offset, and what is behind it.
    fn time<'a>(&mut self, text: &'a [u8]) -> Option<(i64, &'a [u8])> {
        let second = text.get(..SECOND)?;
        if second != self.second.0 {
            let known = std::str::from_utf8(second).ok()?;
            // Leap seconds and other oddities are the parser's.
            if !(second[10] == b'T' && second[17] < b'6') {
                return None;
            }
            let at: Timestamp = format!("{known}Z").parse().ok()?;
            self.second.0.copy_from_slice(second);
            self.second.1 = at.as_second();
        }
        let mut rest = &text[SECOND..];
        let mut nanoseconds = 0;
        if let Some(fraction) = rest.strip_prefix(b".") {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            let value = fraction[..digits].iter().fold(0_i64, |n, b| n * 10 + i64::from(b - b'0'));
            nanoseconds = value * 10_i64.pow(9 - digits as u32);
            rest = &fraction[digits..];
        }
        let (offset, rest) = offset(rest)?;
        let seconds = self.second.1.checked_sub(offset)?;
        Some((seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?, rest))
    }
}

/// The seconds that a zone is ahead of UTC.
fn offset(text: &[u8]) -> Option<(i64, &[u8])> {
    let sign = match text.first()? {
        b'Z' => return Some((0, &text[1..])),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digit = |i: usize| text.get(i).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
    let (hours, minutes) = (digit(1)? * 10 + digit(2)?, digit(4)? * 10 + digit(5)?);
    if text.get(3) != Some(&b':') || hours > 23 || minutes > 59 {
        return None;
    }
    Some((sign * (hours * 3600 + minutes * 60), &text[6..]))
}

/// A number without sign and exponent, of so few digits that the division is exact to the last bit.
fn number(text: &[u8]) -> Option<(f64, &[u8])> {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let value =
        |text: &[u8], start: u64| text.iter().fold(start, |n, b| n * 10 + u64::from(b - b'0'));
    let whole = digits(text);
    if whole == 0 || whole > 15 || (whole > 1 && text[0] == b'0') {
        return None;
    }
    let all = value(&text[..whole], 0);
    let rest = &text[whole..];
    let Some(fraction) = rest.strip_prefix(b".") else {
        return Some((all as f64, rest)).filter(|_| !matches!(rest.first(), Some(b'e' | b'E')));
    };
    let places = digits(fraction);
    let after = &fraction[places..];
    if places == 0 || whole + places > 15 || matches!(after.first(), Some(b'e' | b'E')) {
        return None;
    }
    Some((value(&fraction[..places], all) as f64 / TENS[places], after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_the_parser_reads_it_or_not_at_all() {
        for text in ["0", "1", "0.643287", "19.108921", "123456789.123456", "7.000001", "0.1"] {
            let expected: f64 = serde_json::from_str(text).unwrap();
            assert_eq!(number(text.as_bytes()), Some((expected, &b""[..])), "{text}");
        }
        for text in ["01", "-1", ".5", "5.", "1e3", "1.5E3", "1234567890123456", "", "x"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_read_as_the_parser_reads_it_or_not_at_all() {
        let mut memory = Memory::default();
        for text in [
            "2026-11-20T22:37:05.19278668Z",
            "2026-11-20T22:37:05Z",
            "2026-11-21T04:36:06.438614806+05:30",
            "2024-02-29T00:00:00.1-11:45",
        ] {
            let expected: Timestamp = text.parse().unwrap();
            let (time, rest) = memory.time(text.as_bytes()).unwrap();
            assert_eq!((i128::from(time), rest), (expected.as_nanosecond(), &b""[..]), "{text}");
        }
        for text in [
            "2026-13-20T22:37:05Z",
            "2026-11-20 22:37:05Z",
            "2026-11-20T22:37:60Z",
            "2026-11-20T22:37:05",
            "2026-11-20T22:37:05.Z",
            "2026-02-30T00:00:00Z",
        ] {
            assert!(memory.time(text.as_bytes()).is_none(), "{text}");
        }
    }
}
