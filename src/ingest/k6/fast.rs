//! The shape of line that k6 really writes, recognised byte by byte:
//!
//! ```json
//! {"metric":"http_reqs","type":"Point","data":{"time":"2026-11-20T22:37:05.19278668Z","value":1,"tags":{…}}}
//! ```
//!
//! Whatever is not exactly so goes to the JSON parser: a line is read here only where that would read the same. How the lines of a
//! metric begin and what tags there are is learned from lines that the parser has read: the nine points of a request have the
//! same tags, and a script has few of them.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

const METRIC: &[u8] = br#"{"metric":""#;
const TIME: &[u8] = br#"","type":"Point","data":{"time":""#;
const VALUE: &[u8] = br#"","value":"#;
const TAGS: &[u8] = br#","tags":"#;
const END: &[u8] = b"}}";
/// Characters of `2026-11-20T22:37:05`.
const SECOND: usize = 19;
/// Sets of tags that are remembered; a script that puts something new into every line has no use for more.
const MOST_TAGS: usize = 20_000;
const MOST_TAG_BYTES: usize = 8 << 20;
/// Metrics whose lines are known by their beginning.
const MOST_SHAPES: usize = 256;
/// Powers of ten that a float has exactly.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A point whose line is as k6 writes it.
pub(super) struct Point {
    /// The numbers that [`Memory::learn`] was told.
    pub(super) metric: u32,
    pub(super) tags: u32,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) value: f64,
    /// Bytes of the line with its end.
    pub(super) length: usize,
}

/// How the lines of a metric begin.
struct Shape {
    /// Up to the time.
    beginning: Box<[u8]>,
    metric: u32,
    /// The shapes that came next the last two times: k6 writes the points of a request in one order.
    next: [usize; 2],
}

/// Tags as they stand in a line.
struct Text {
    /// Up to the end of the line.
    text: Box<[u8]>,
    tags: u32,
    /// The text that came next the last time another one did.
    next: usize,
}

/// What is remembered from line to line.
#[derive(Default)]
pub(super) struct Memory {
    shapes: Vec<Shape>,
    /// Places in `shapes` by the name of the metric.
    names: FxHashMap<Box<[u8]>, usize>,
    last_shape: usize,
    /// Text of a time with what is behind it, and the time: the points of a request have the same.
    time: (Vec<u8>, i64),
    /// Text of a second, and what it is in seconds since 1970, were it UTC.
    second: ([u8; SECOND], i64),
    /// Texts from the tags to the end of the line, with the number of the tags.
    texts: Vec<Text>,
    /// Places in `texts`.
    tags: FxHashMap<Box<[u8]>, usize>,
    last_text: usize,
    tag_bytes: usize,
}

impl Memory {
    /// The line at the start of these bytes, if all of it but time and value was seen before.
    pub(in crate::ingest) fn read(&mut self, bytes: &[u8]) -> Option<Point> {
        let (shape, rest) = self.shape(bytes)?;
        let (time, rest) = self.time_and_value(rest)?;
        let (value, rest) = number(rest)?;
        let (tags, rest) = self.tags(rest.strip_prefix(TAGS)?)?;
        let metric = self.shapes[shape].metric;
        Some(Point { metric, tags, time, value, length: bytes.len() - rest.len() })
    }

    /// Remembers the metric and the tags of a line (without its end) that the parser has read, if k6 would have written it so.
    /// True where there are too many tags, and all of them are forgotten.
    pub(super) fn learn(&mut self, line: &[u8], metric: u32, tags: u32) -> bool {
        self.learn_shape(line, metric);
        let Some(text) = self.tags_of(line) else { return false };
        let text: Box<[u8]> = [text, b"\n"].concat().into();
        if self.texts.len() >= MOST_TAGS || self.tag_bytes >= MOST_TAG_BYTES {
            self.forget_tags();
            return true;
        }
        self.tag_bytes += text.len();
        self.tags.insert(text.clone(), self.texts.len());
        self.texts.push(Text { text, tags, next: 0 });
        false
    }

    /// Forgets all tags: their numbers mean nothing any more.
    pub(super) fn forget_tags(&mut self) {
        self.tags.clear();
        self.texts.clear();
        self.tag_bytes = 0;
        self.last_text = 0;
    }

    fn learn_shape(&mut self, line: &[u8], metric: u32) {
        let Some((name, rest)) = name(line) else { return };
        let known = self.names.contains_key(name) || self.shapes.len() >= MOST_SHAPES;
        // What is escaped would have another name than its text.
        if known || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            return;
        }
        self.names.insert(name.into(), self.shapes.len());
        let beginning = line[..line.len() - rest.len()].into();
        self.shapes.push(Shape { beginning, metric, next: [0; 2] });
    }

    /// The text from the tags to the end of a line.
    fn tags_of<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let (_, rest) = self.shape(line)?;
        let (_, rest) = self.time_and_value(rest)?;
        let (_, rest) = number(rest)?;
        rest.strip_prefix(TAGS).filter(|text| text.ends_with(END))
    }

    /// The shape of a line, and what stands from the time on.
    // Inlined: calls are a twentieth of the whole time.
    #[inline(always)]
    fn shape<'a>(&mut self, line: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let last = self.shapes.get(self.last_shape)?;
        let [first, second] = last.next;
        if let Some(rest) = line.strip_prefix(&*self.shapes[first].beginning) {
            self.last_shape = first;
            return Some((first, rest));
        }
        let (found, rest) = match line.strip_prefix(&*self.shapes[second].beginning) {
            Some(rest) => (second, rest),
            None => {
                let (name, rest) = name(line)?;
                (*self.names.get(name)?, rest)
            }
        };
        self.shapes[self.last_shape].next = [found, first];
        self.last_shape = found;
        Some((found, rest))
    }

    /// The number of the tags, and what is behind the end of the line.
    #[inline(always)]
    fn tags<'a>(&mut self, text: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let last = self.texts.get(self.last_text)?;
        if let Some(rest) = text.strip_prefix(&*last.text) {
            return Some((last.tags, rest));
        }
        let next = &self.texts[last.next];
        if let Some(rest) = text.strip_prefix(&*next.text) {
            self.last_text = last.next;
            return Some((next.tags, rest));
        }
        let (own, rest) = text.split_at(memchr::memchr(b'\n', text)? + 1);
        let found = *self.tags.get(own)?;
        self.texts[self.last_text].next = found;
        self.last_text = found;
        Some((self.texts[found].tags, rest))
    }

    /// The time, and what stands from the value on.
    #[inline(always)]
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
            let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
            if shape.iter().any(|(at, byte)| second[*at] != *byte) || second[17] >= b'6' {
                return None;
            }
            let at: Timestamp = format!("{known}Z").parse().ok()?;
            self.second.0.copy_from_slice(second);
            self.second.1 = at.as_second();
        }
        let mut rest = &text[SECOND..];
        let mut nanoseconds = 0;
        if let Some(fraction) = rest.strip_prefix(b".") {
            let (value, digits) = digits(fraction);
            if !(1..=9).contains(&digits) {
                return None;
            }
            nanoseconds = value as i64 * 10_i64.pow(9 - digits as u32);
            rest = &fraction[digits..];
        }
        let (offset, rest) = offset(rest)?;
        let seconds = self.second.1.checked_sub(offset)?;
        Some((seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?, rest))
    }
}

/// The name of the metric as it stands in a line, and what stands from the time on.
fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(METRIC)?;
    let (name, rest) = rest.split_at(memchr::memchr(b'"', rest)?);
    Some((name, rest.strip_prefix(TIME)?))
}

/// The number that stands at the start of these bytes, and how many digits it has.
fn digits(text: &[u8]) -> (u64, usize) {
    let (mut value, mut count) = text.first_chunk().map_or((0, 0), eight_digits);
    if count == 0 || count == 8 {
        while let Some(digit) = text.get(count).filter(|b| b.is_ascii_digit()) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            count += 1;
        }
    }
    (value, count)
}

/// The same of the first eight digits, all at once.
fn eight_digits(text: &[u8; 8]) -> (u64, usize) {
    // The digits' values, each in a byte; the first one in the lowest.
    let bytes = u64::from_le_bytes(*text) ^ 0x3030_3030_3030_3030;
    // The highest bit of every byte above nine. What a carry puts there is behind one that is.
    let others = (bytes.wrapping_add(0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front, then pairs, fours and all eight together.
    let digits = bytes << (64 - 8 * count);
    let pairs = (digits.wrapping_mul(10).wrapping_add(digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff, count)
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
#[inline(always)]
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
            "2026-11-20T223705.5Z",
        ] {
            assert!(memory.time(text.as_bytes()).is_none(), "{text}");
        }
    }
}
