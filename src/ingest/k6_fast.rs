//! The shape of line that k6 really writes, recognised byte by byte:
//!
//! ```json
//! {"metric":"http_reqs","type":"Point","data":{"time":"2026-11-20T22:37:05.19278668Z","value":1,"tags":{…}}}
//! ```
//!
//! Whatever is not exactly so goes to the JSON parser: a line is read here only where that would read the same. A point's tags
//! are compared with those of earlier lines, which the parser has read: the nine points of a request have the same.

use super::k6_sample::Known;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

const METRIC: &[u8] = br#"{"metric":""#;
const TIME: &[u8] = br#"","type":"Point","data":{"time":""#;
const VALUE: &[u8] = br#"","value":"#;
const TAGS: &[u8] = br#","tags":"#;
const END: &[u8] = b"}}";
const LINE_END: &[u8] = b"}}\n";
/// Characters of `2026-11-20T22:37:05`.
const SECOND: usize = 19;
/// Sets of tags that are remembered; a script that puts something new into every line has no use for more.
const MOST_TAGS: usize = 50_000;
/// Metrics whose lines are known by their beginning.
const MOST_SHAPES: usize = 256;
/// Powers of ten that a float has exactly.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A point whose line is as k6 writes it.
pub(super) struct Point<'a> {
    /// Which metric, for [`Memory::metric`].
    pub(super) shape: usize,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) value: f64,
    /// The text of the tags; only where they are known is it sure that it is one.
    pub(super) tags: &'a [u8],
}

/// How the lines of a metric begin.
struct Shape {
    /// Up to the time.
    beginning: Box<[u8]>,
    metric: Box<str>,
    known: Known,
    /// The metric whose line came next, the last time: k6 writes those of a request in one order.
    next: usize,
}

/// What is remembered from line to line.
#[derive(Default)]
pub(super) struct Memory {
    shapes: Vec<Shape>,
    last_shape: usize,
    /// Text of a time with what is behind it, and the time: the points of a request have the same.
    time: (Vec<u8>, i64),
    /// Text of a second, and what it is in seconds since 1970, were it UTC.
    second: ([u8; SECOND], i64),
    /// Places in `texts`.
    tags: HashMap<Box<[u8]>, usize, BuildHasherDefault<rustc_hash::FxHasher>>,
    texts: Vec<(Box<[u8]>, u32)>,
    last_text: usize,
}

impl Memory {
    /// The number of the tags of this text.
    pub(super) fn find(&mut self, tags: &[u8]) -> Option<u32> {
        if let Some((text, id)) = self.texts.get(self.last_text)
            && **text == *tags
        {
            return Some(*id);
        }
        self.last_text = *self.tags.get(tags)?;
        Some(self.texts[self.last_text].1)
    }

    /// Remembers tags that the parser has read; true where there are too many, and all are forgotten.
    pub(super) fn remember(&mut self, tags: &[u8], id: u32) -> bool {
        if self.texts.len() >= MOST_TAGS {
            self.tags.clear();
            self.texts.clear();
            return true;
        }
        self.tags.insert(tags.into(), self.texts.len());
        self.texts.push((tags.into(), id));
        false
    }

    /// The metric of a shape, and what it is to a run.
    pub(super) fn metric(&self, shape: usize) -> (&str, Known) {
        let shape = &self.shapes[shape];
        (&shape.metric, shape.known)
    }

    /// The line at the start of these bytes, where all of it but the value is what was expected: shape, time, value, number of the
    /// tags, and its length with its end.
    pub(super) fn known_line(&self, bytes: &[u8]) -> Option<(usize, i64, f64, u32, usize)> {
        let guess = self.shapes.get(self.last_shape)?.next;
        let rest = bytes.strip_prefix(&*self.shapes.get(guess)?.beginning)?;
        if self.time.0.is_empty() {
            return None;
        }
        let (value, rest) = number(rest.strip_prefix(self.time.0.as_slice())?)?;
        let (text, tags) = self.texts.get(self.last_text)?;
        let rest = rest.strip_prefix(TAGS)?.strip_prefix(&**text)?.strip_prefix(LINE_END)?;
        Some((guess, self.time.1, value, *tags, bytes.len() - rest.len()))
    }

    /// A line of this shape was taken.
    pub(super) fn came(&mut self, shape: usize) {
        self.last_shape = shape;
    }

    /// Reads a line without its end; none for any other shape.
    pub(super) fn point<'a>(&mut self, line: &'a [u8]) -> Option<Point<'a>> {
        let (shape, rest) = self.shape(line)?;
        let (time, rest) = self.time_and_value(rest)?;
        let (value, rest) = number(rest)?;
        let tags = rest.strip_prefix(TAGS)?.strip_suffix(END)?;
        Some(Point { shape, time, value, tags })
    }

    /// The shape of a line, and what stands from the time on.
    fn shape<'a>(&mut self, line: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let guess = self.shapes.get(self.last_shape).map_or(0, |shape| shape.next);
        if let Some(rest) =
            self.shapes.get(guess).and_then(|shape| line.strip_prefix(&*shape.beginning))
        {
            self.last_shape = guess;
            return Some((guess, rest));
        }
        let rest = line.strip_prefix(METRIC)?;
        let name = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))?;
        let (metric, rest) = rest.split_at(name);
        let rest = rest.strip_prefix(TIME)?;
        // The name is of letters, digits and underscores.
        let metric = std::str::from_utf8(metric).ok()?;
        let known = self.shapes.iter().position(|shape| *shape.metric == *metric);
        let shape = match known {
            Some(known) => known,
            None if self.shapes.len() >= MOST_SHAPES => return None,
            None => {
                let beginning = line[..line.len() - rest.len()].into();
                self.shapes.push(Shape {
                    beginning,
                    metric: metric.into(),
                    known: Known::of(metric),
                    next: 0,
                });
                self.shapes.len() - 1
            }
        };
        if let Some(last) = self.shapes.get_mut(self.last_shape) {
            last.next = shape;
        }
        self.last_shape = shape;
        Some((shape, rest))
    }

    /// The time, and what stands from the value on.
    fn time_and_value<'a>(&mut self, text: &'a [u8]) -> Option<(i64, &'a [u8])> {
        if !self.time.0.is_empty()
            && let Some(rest) = text.strip_prefix(self.time.0.as_slice())
        {
            return Some((self.time.1, rest));
        }
        let (time, rest) = self.time(text)?;
        let rest = rest.strip_prefix(VALUE)?;
        self.time.0.clear();
        self.time.0.extend_from_slice(&text[..text.len() - rest.len()]);
        self.time.1 = time;
        Some((time, rest))
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
    let (mut all, mut at, mut point) = (0_u64, 0, None);
    while let Some(byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => all = all.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            b'.' if point.is_none() => point = Some(at),
            _ => break,
        }
        at += 1;
    }
    let whole = point.unwrap_or(at);
    let places = point.map_or(0, |point| at - point - 1);
    let odd = whole == 0
        || whole + places > 15
        || (whole > 1 && text[0] == b'0')
        || (point.is_some() && places == 0)
        || matches!(text.get(at), Some(b'e' | b'E' | b'.'));
    let value = if places == 0 { all as f64 } else { all as f64 / TENS.get(places)? };
    (!odd).then(|| (value, &text[at..]))
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
