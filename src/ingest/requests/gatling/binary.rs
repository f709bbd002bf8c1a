//! The binary log, since Gatling 3.13.

use super::decode::{Decoder, Header, Plain, RUN, Record, Stop, header};
use super::events::{Group, SEPARATOR, TELLS, add_error, add_group, finished, nanoseconds, took};
use super::seconds::{Alike, Seconds};
use super::users::ActiveUsers;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::raw::Sum as _;
use crate::ingest::requests::aggregate::{Known, Name, Request, RequestAggregate};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::limits::{self, Exceeded};
use crate::model::{Kind, Warning, WarningKind};
use rustc_hash::FxHashMap;
use std::io::{self, Read};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "gatling",
    tool: "gatling",
    title: "Gatling's `simulation.log`",
    get: "`mvn gatling:test`: `target/gatling/NAME-TIME/simulation.log`",
    section: "Gatling",
    versions: "none, from its source of 3.13 to 3.15",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: TELLS,
    remark: "whole milliseconds; requests that could not be sent count as failures",
    claim,
    read,
};

/// Bytes that are read at once: they are still in the processor's cache when they are decoded.
const SIZE: usize = 1 << 18;
/// Starts of runs whose times are simply added, in milliseconds since 1970: to the year 2255.
const STARTS: std::ops::Range<i64> = 0..9_000_000_000_000;
const NS_PER_MS: i64 = 1_000_000;
const MS_PER_SECOND: i64 = 1_000;

fn claim(head: &Head<'_>) -> Claim {
    let Some((&[RUN, a, b, c, d], rest)) = head.bytes().split_first_chunk() else {
        return Claim::No;
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    let version = rest.get(..length).unwrap_or_default();
    let begins = version.first().is_some_and(u8::is_ascii_digit);
    Claim::certain_if(begins && version.contains(&b'.') && version.iter().all(u8::is_ascii_graphic))
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let read = |source, filter: &SampleFilter| read_log(source, filter, options.lenient);
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything))?;
    read(source, &filter)
}

fn read_log(source: Source, filter: &SampleFilter, lenient: bool) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let mut log = Log::new(RequestAggregate::new(FORMAT.tool, filter.clone(), true));
    let stopped = log.read(&mut source.into_reader());
    let end = match stopped {
        Ok(()) => None,
        // What is behind it could be anything: its length was part of what is damaged.
        Err(problem) if lenient && log.decoder.is_some() => Some(how(problem, &name)?),
        Err(problem) => return Err(IngestError::new(&name, problem)),
    };
    log.add_counted().map_err(|problem| IngestError::new(&name, problem))?;
    if let Some((times, samples)) = log.requests.echo().repeated() {
        return Err(IngestError::new(&name, Problem::Repeated { times, samples }));
    }
    let version = Some(log.version.into()).filter(|_| log.decoder.is_some());
    let mut ingested = finished(log.requests.finish(&name), version);
    let truncated = |how| Warning::at(WarningKind::Truncated { how }, &name, None);
    ingested.warnings.extend(end.map(truncated));
    Ok(ingested)
}

/// How the part of a log ends that can be read, where leniency passes over the rest.
fn how(problem: Problem, name: &str) -> Result<String, IngestError> {
    match problem {
        Problem::CutRecord { .. } => Ok("the last record is cut".to_owned()),
        Problem::Malformed(why) => Ok(format!("nothing can be read from {why}")),
        other => Err(IngestError::new(name, other)),
    }
}

/// What was read of a log.
struct Log {
    requests: RequestAggregate,
    users: ActiveUsers,
    version: String,
    /// Milliseconds since 1970.
    start: i64,
    /// None before the header.
    decoder: Option<Decoder>,
    endpoints: FxHashMap<Box<[u32]>, Known>,
    /// Those of requests outside groups, by the number of their name.
    plain: Vec<Option<Known>>,
    /// Good ones of these that are not added yet.
    seconds: Seconds,
    text: String,
    /// Records that were read, and their bytes.
    records: u64,
    bytes: u64,
}

impl Log {
    fn new(requests: RequestAggregate) -> Self {
        Self {
            requests,
            users: ActiveUsers::default(),
            version: String::new(),
            start: 0,
            decoder: None,
            endpoints: FxHashMap::default(),
            plain: Vec::new(),
            seconds: Seconds::new(),
            text: String::new(),
            records: 0,
            bytes: 0,
        }
    }

    fn read(&mut self, reader: &mut impl Read) -> Result<(), Problem> {
        let (mut buffer, mut rest) = (vec![0; SIZE], 0);
        loop {
            let (end, error) = fill(reader, &mut buffer, rest);
            let whole = self.take(&buffer[..end])?;
            if self.requests.bytes() > limits::MEASURED_BYTES {
                return Err(Problem::Exceeded(Exceeded::Memory));
            }
            let is_cut = whole < end || self.decoder.is_none();
            match error {
                Some(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(Problem::Io(error));
                }
                // A packed file without its end is one that was cut.
                Some(_) => return Err(Problem::CutRecord { records: self.records }),
                None if end < buffer.len() && is_cut => {
                    return Err(Problem::CutRecord { records: self.records });
                }
                None if end < buffer.len() => return Ok(()),
                None => {}
            }
            buffer.copy_within(whole..end, 0);
            rest = end - whole;
            if rest == buffer.len() {
                if rest > limits::RECORD_BYTES {
                    return Err(self.broken("it has no end"));
                }
                buffer.resize(rest * 2, 0);
            }
        }
    }

    /// Takes the records at the start of these bytes, and says how long they are together.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Problem> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let plain = self.decoder.as_ref().and_then(|decoder| decoder.plain(rest));
            if let Some((plain, length)) = plain
                && self.count(plain)?
            {
                at += length;
                self.records += 1;
                self.bytes += length as u64;
                continue;
            }
            let read = match &mut self.decoder {
                Some(decoder) => decoder.record(rest).map(|(own, length)| (Some(own), length)),
                None => header(rest).map(|(own, length)| {
                    self.begin(own);
                    (None, length)
                }),
            };
            let (record, length) = match read {
                Ok(read) => read,
                Err(Stop::More) => return Ok(at),
                Err(Stop::Broken(why)) => return Err(self.broken(&why)),
            };
            if let Some(record) = record {
                self.add(&record).map_err(|problem| match problem {
                    Problem::BadValue { .. } => self.broken(&problem.to_string()),
                    other => other,
                })?;
            }
            at += length;
            self.records += 1;
            self.bytes += length as u64;
        }
    }

    fn begin(&mut self, header: Header) {
        self.decoder = Some(Decoder::new(&header));
        (self.version, self.start) = (header.version, header.start);
    }

    /// What is wrong with the record behind those that were read.
    fn broken(&self, why: &str) -> Problem {
        Problem::Malformed(format!("record {} at byte {}: {why}", self.records + 1, self.bytes))
    }

    fn time(&self, ms: i32) -> Result<i64, Problem> {
        nanoseconds("the time of a record", self.start.saturating_add(ms.into()))
    }

    fn add(&mut self, record: &Record) -> Result<(), Problem> {
        match *record {
            Record::Request { start, end, good, message } => {
                self.add_request(start, end, if good { None } else { Some(message) })
            }
            Record::User { starts, time } => {
                let time = self.time(time)?;
                self.users.event(starts, time, &mut self.requests);
                Ok(())
            }
            Record::Group { start, end, response_times, good } => {
                took(start.into(), end.into())?;
                let (start, ms) = (self.time(start)?, took(0, response_times.into())?);
                self.name();
                let own = Group { name: &self.text, start, ms, failed: !good };
                add_group(&own, &mut self.requests)
            }
            Record::Error { message, time } => {
                let time = self.time(time)?;
                let message = self.decoder.as_ref().map_or("", |own| own.text(message));
                add_error(message, time, &mut self.requests)
            }
        }
    }

    /// Counts a request that is like many others, to be added with them; false where it is not.
    fn count(&mut self, own: Plain) -> Result<bool, Problem> {
        let Plain { name, start, end, good } = own;
        let name = name as usize;
        let Some(&Some(known)) = self.plain.get(name) else { return Ok(false) };
        let ms = end.wrapping_sub(start);
        let is_like_others = good
            && (0..=end).contains(&start)
            && Seconds::take(name, ms as usize)
            && STARTS.contains(&self.start);
        if !is_like_others || is_of_nobody(end, self.start) {
            return Ok(false);
        }
        let start = self.start + i64::from(start);
        if !self.requests.note(known, start * NS_PER_MS, f64::from(ms)) {
            return Ok(true);
        }
        let second = start / MS_PER_SECOND;
        if !self.seconds.count(second, name, ms as usize) {
            let others: Vec<Alike> = self.seconds.make_room(second).collect();
            self.add_alike(&others)?;
            self.seconds.count(second, name, ms as usize);
        }
        Ok(true)
    }

    /// Adds what was counted.
    fn add_counted(&mut self) -> Result<(), Problem> {
        let all: Vec<Alike> = self.seconds.drain().collect();
        self.add_alike(&all)
    }

    fn add_alike(&mut self, all: &[Alike]) -> Result<(), Problem> {
        all.iter().try_for_each(|own| match self.plain.get(own.endpoint) {
            Some(Some(known)) => self.requests.add_alike(*known, own.second, own.ms as f64, own.n),
            _ => Ok(()),
        })
    }

    fn add_request(&mut self, start: i32, end: i32, failed: Option<u32>) -> Result<(), Problem> {
        if is_of_nobody(end, self.start) {
            return Ok(());
        }
        if start < 0 {
            return Err(self.broken("a time before the start of the run"));
        }
        let ms = Some(took(start.into(), end.into())?);
        let start = self.time(start)?;
        let known = self.endpoint()?;
        let text = |message| self.decoder.as_ref().map_or("", |own| own.text(message));
        let failure = failed.map(text);
        let request = Request { name: None, start, ms, failure, parts: &[] };
        self.requests.add_to(Some(known), &request)
    }

    /// The endpoint of the record that was read last.
    fn endpoint(&mut self) -> Result<Known, Problem> {
        let path = self.decoder.as_ref().map_or(&[][..], Decoder::path);
        let plain = match path {
            [name] => Some(*name as usize),
            _ => None,
        };
        if let Some(Some(known)) = plain.and_then(|name| self.plain.get(name)) {
            return Ok(*known);
        }
        if let Some(known) = self.endpoints.get(path) {
            return Ok(*known);
        }
        let path = path.into();
        self.name();
        let name = Name { kind: Kind::Http, method: "", name: &self.text };
        let known = self.requests.known(name)?;
        match plain {
            Some(name) => {
                self.plain.resize(self.plain.len().max(name + 1), None);
                self.plain[name] = Some(known);
            }
            None => drop(self.endpoints.insert(path, known)),
        }
        Ok(known)
    }

    /// Writes down what groups and request of the record are called that was read last.
    fn name(&mut self) {
        self.text.clear();
        let Some(decoder) = &self.decoder else { return };
        for (i, part) in decoder.path().iter().enumerate() {
            self.text.push_str(if i > 0 { SEPARATOR } else { "" });
            self.text.push_str(decoder.text(*part));
        }
    }
}

/// Whether a record ends at the low half of the smallest time there is, less the start of the run: a message of a WebSocket or of
/// server-sent events that nothing waited for, which is no request in Gatling's own reports either.
fn is_of_nobody(end: i32, start_of_run: i64) -> bool {
    end == (start_of_run as i32).wrapping_neg()
}

/// Fills a buffer from a place on: how far, and why not further where that is no end.
fn fill(reader: &mut impl Read, buffer: &mut [u8], from: usize) -> (usize, Option<io::Error>) {
    let mut end = from;
    while end < buffer.len() {
        match reader.read(&mut buffer[end..]) {
            Ok(0) => break,
            Ok(n) => end += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (end, Some(error)),
        }
    }
    (end, None)
}
