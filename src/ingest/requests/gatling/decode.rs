//! The records of the binary log: big-endian numbers, and texts that are written once and numbered from then on.

use super::events::ANOTHER_RUN;
use crate::model::limits;

/// The first byte of each kind of record.
pub(super) const RUN: u8 = 0;
const REQUEST: u8 = 1;
const USER: u8 = 2;
const GROUP: u8 = 3;
const ERROR: u8 = 4;

/// How the bytes of a text are written: one for each character, or two in the order of the processor that wrote them, which is
/// the little-endian one wherever Gatling is likely to run.
const LATIN_1: u8 = 0;
const UTF_16: u8 = 1;

/// Bytes of a request outside groups whose name and message are known: kind, groups, name, start, end, outcome, message. Nearly all
/// records of a long log are such.
const PLAIN: usize = 22;
/// How its bytes begin: a request, in no group.
const PLAIN_START: [u8; 5] = [REQUEST, 0, 0, 0, 0];

/// Groups inside each other at most.
const DEEPEST: usize = 64;
/// Bytes of all numbered texts, and of one without its letters.
const TEXT_BYTES: usize = limits::MEASURED_BYTES / 2;
const BYTES_OF_A_TEXT: usize = 64;

/// Why a record cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its end is behind the bytes.
    More,
    /// It is damaged.
    Broken(String),
}

fn broken<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Broken(why.into()))
}

/// A request outside groups, but for its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) name: u32,
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) good: bool,
}

/// What the first record says of the run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: String,
    /// Milliseconds since 1970, from which all other times count.
    pub(super) start: i64,
    scenarios: usize,
}

/// A record behind the first. Times are milliseconds since the start of the run; texts are their numbers, and what groups and request
/// are called is the path of [`Decoder`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    Request { start: i32, end: i32, good: bool, message: u32 },
    User { starts: bool, time: i32 },
    Group { start: i32, end: i32, response_times: i32, good: bool },
    Error { message: u32, time: i32 },
}

/// The header at the start of these bytes, and how long it is.
pub(super) fn header(bytes: &[u8]) -> Result<(Header, usize), Stop> {
    let mut cursor = Cursor { bytes, at: 0 };
    if cursor.byte()? != RUN {
        return broken("the log does not begin with its run");
    }
    let version = cursor.text()?;
    let _simulation = cursor.text()?;
    let start = cursor.long()?;
    let _description = cursor.text()?;
    let scenarios = cursor.length("the number of scenarios")?;
    for _ in 0..scenarios {
        cursor.text()?;
    }
    for _ in 0..cursor.length("the number of assertions")? {
        let length = cursor.length("the length of an assertion")?;
        cursor.take(length)?;
    }
    Ok((Header { version, start, scenarios }, cursor.at))
}

/// Reads record after record.
pub(super) struct Decoder {
    scenarios: usize,
    texts: Vec<Box<str>>,
    text_bytes: usize,
    /// The groups of the record that was read last, and the name of the request behind them.
    path: Vec<u32>,
}

impl Decoder {
    pub(super) fn new(header: &Header) -> Self {
        let scenarios = header.scenarios;
        Self { scenarios, texts: Vec::new(), text_bytes: 0, path: Vec::new() }
    }

    /// The text of a number that a record has.
    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    /// The groups of the record that was read last, and the name of the request behind them.
    pub(super) fn path(&self) -> &[u32] {
        &self.path
    }

    /// The request at the start of these bytes, and how long its record is, if it is outside groups and its texts are known.
    pub(super) fn plain(&self, bytes: &[u8]) -> Option<(Plain, usize)> {
        Some((self.plain_request(bytes.first_chunk()?)?, PLAIN))
    }

    /// The record at the start of these bytes, and how long it is.
    pub(super) fn record(&mut self, bytes: &[u8]) -> Result<(Record, usize), Stop> {
        let known = self.texts.len();
        let mut cursor = Cursor { bytes, at: 0 };
        let read = self.read(&mut cursor);
        if read.is_err() {
            // The same texts come again with the rest of the record.
            self.texts.truncate(known);
        }
        Ok((read?, cursor.at))
    }

    /// A request outside groups whose texts are known. It is read as [`Decoder::read`] does, without asking at each number whether
    /// there is another.
    fn plain_request(&self, bytes: &[u8; PLAIN]) -> Option<Plain> {
        let int = |at: usize| {
            i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        if bytes[..5] != PLAIN_START || bytes[17] > 1 {
            return None;
        }
        let (name, _) = (self.known(int(5))?, self.known(int(18))?);
        Some(Plain { name, start: int(9), end: int(13), good: bytes[17] == 1 })
    }

    /// The place of a text that was written before; its number is negative, and the first is 1.
    fn known(&self, number: i32) -> Option<u32> {
        let place = number.unsigned_abs().wrapping_sub(1);
        (number < 0 && (place as usize) < self.texts.len()).then_some(place)
    }

    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<Record, Stop> {
        match cursor.byte()? {
            REQUEST => {
                self.groups(cursor)?;
                let name = self.numbered(cursor)?;
                self.path.push(name);
                let (start, end, good) = (cursor.int()?, cursor.int()?, cursor.flag()?);
                Ok(Record::Request { start, end, good, message: self.numbered(cursor)? })
            }
            USER => {
                let scenario = cursor.length("the number of a scenario")?;
                if scenario >= self.scenarios {
                    return broken(format!("scenario {scenario} of {}", self.scenarios));
                }
                Ok(Record::User { starts: cursor.flag()?, time: cursor.time()? })
            }
            GROUP => {
                self.groups(cursor)?;
                let (start, end) = (cursor.time()?, cursor.time()?);
                let (response_times, good) = (cursor.int()?, cursor.flag()?);
                Ok(Record::Group { start, end, response_times, good })
            }
            ERROR => Ok(Record::Error { message: self.numbered(cursor)?, time: cursor.time()? }),
            RUN => broken(ANOTHER_RUN),
            other => broken(format!("there is no record of kind {other}")),
        }
    }

    fn groups(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.path.clear();
        let groups = cursor.length("the number of groups")?;
        if groups > DEEPEST {
            return broken(format!("{groups} groups inside each other"));
        }
        for _ in 0..groups {
            let group = self.numbered(cursor)?;
            self.path.push(group);
        }
        Ok(())
    }

    /// A text behind the next number, or an earlier one by its negative number. Numbers begin with 1.
    fn numbered(&mut self, cursor: &mut Cursor<'_>) -> Result<u32, Stop> {
        let number = cursor.int()?;
        if let Some(place) = self.known(number) {
            return Ok(place);
        }
        let (place, known) = (number.unsigned_abs().wrapping_sub(1), self.texts.len());
        if place as usize != known {
            return broken(format!("text {number} comes when there are {known}"));
        }
        let text = cursor.text()?;
        self.text_bytes += text.len() + BYTES_OF_A_TEXT;
        if self.text_bytes > TEXT_BYTES {
            let limit = limits::size(TEXT_BYTES as u64);
            return broken(format!("names and messages of more than {limit}"));
        }
        self.texts.push(text.into_boxed_str());
        Ok(place)
    }
}

/// Bytes, and how many of them were read.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let array = rest.first_chunk::<N>().ok_or(Stop::More)?;
        self.at += N;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.saturating_add(length);
        let taken = self.bytes.get(self.at..end).ok_or(Stop::More)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn int(&mut self) -> Result<i32, Stop> {
        self.array().map(i32::from_be_bytes)
    }

    fn long(&mut self) -> Result<i64, Stop> {
        self.array().map(i64::from_be_bytes)
    }

    /// Milliseconds since the start of the run.
    fn time(&mut self) -> Result<i32, Stop> {
        match self.int()? {
            time if time < 0 => broken("a time before the start of the run"),
            time => Ok(time),
        }
    }

    fn flag(&mut self) -> Result<bool, Stop> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => broken(format!("{other} where there can only be 0 or 1")),
        }
    }

    fn length(&mut self, what: &str) -> Result<usize, Stop> {
        let length = self.int()?;
        match usize::try_from(length) {
            Ok(length) if length <= limits::RECORD_BYTES => Ok(length),
            _ => broken(format!("{what} is {length}")),
        }
    }

    /// A text, with the blanks of Gatling's own reports where it has line ends and tabs.
    fn text(&mut self) -> Result<String, Stop> {
        let length = self.length("the length of a text")?;
        if length == 0 {
            return Ok(String::new());
        }
        let bytes = self.take(length)?;
        let text = match self.byte()? {
            LATIN_1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            UTF_16 => utf_16(bytes),
            other => return broken(format!("there is no encoding {other}")),
        };
        match text {
            Some(text) if !text.contains('\0') => Ok(text.replace(['\n', '\r', '\t'], " ")),
            Some(_) => broken("a NUL in a text"),
            None => broken("a text is no UTF-16"),
        }
    }
}

fn utf_16(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder() -> Decoder {
        let texts = ["GET /", "", "boom"].map(Into::into).to_vec();
        Decoder { scenarios: 1, texts, text_bytes: 0, path: Vec::new() }
    }

    /// A request of the first text, from 5 to 12, with the second as message.
    fn request() -> [u8; PLAIN] {
        let mut bytes = [0; PLAIN];
        let numbers: [(usize, i32); 4] = [(5, -1), (9, 5), (13, 12), (18, -2)];
        (bytes[0], bytes[17]) = (REQUEST, 1);
        for (at, number) in numbers {
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        let expected = Record::Request { start: 5, end: 12, good: true, message: 1 };
        assert_eq!(decoder().record(&request()), Ok((expected, PLAIN)));
        // Whatever stands in any of its bytes.
        for (at, byte) in (0..PLAIN).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut bytes = [0; PLAIN + 40];
            bytes[..PLAIN].copy_from_slice(&request());
            bytes[at] = byte;
            let (short, mut long) = (decoder(), decoder());
            let plain = short.plain(&bytes);
            let read = long.record(&bytes);
            let Some((Plain { name, start, end, good }, length)) = plain else {
                assert!((at != 0 && !(9..17).contains(&at)) || byte != request()[at]);
                continue;
            };
            let Ok((Record::Request { start: s, end: e, good: g, .. }, l)) = read else {
                panic!("{byte} at {at}: {read:?}")
            };
            assert_eq!((start, end, good, length), (s, e, g, l), "{byte} at {at}");
            assert_eq!(long.path, [name], "{byte} at {at}");
        }
    }
}
