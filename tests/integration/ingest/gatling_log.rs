//! Gatling's log as Gatling writes it: one course of events, in the binary form and in every form of text.

use perfgate::ingest::{IngestError, Ingested, ReadOptions, Source, read};
use std::io::Cursor;

/// When the runs start, in milliseconds since 1970.
pub(super) const START: i64 = 1_795_215_750_000;

/// What happens in a run; times are milliseconds since its start.
#[derive(Clone)]
pub(super) enum Event {
    User { starts: bool, time: i64 },
    Request { groups: Vec<&'static str>, name: String, start: i64, end: i64, failure: String },
    Group { groups: Vec<&'static str>, start: i64, end: i64, response_times: i64, good: bool },
    Error { message: &'static str, time: i64 },
}

/// A request that failed for a reason, or did not.
pub(super) fn request(
    groups: &[&'static str],
    name: &str,
    (start, end): (i64, i64),
    failure: &str,
) -> Event {
    let (groups, failure) = (groups.to_vec(), failure.to_owned());
    Event::Request { groups, name: name.to_owned(), start, end, failure }
}

pub(super) fn user(starts: bool, time: i64) -> Event {
    Event::User { starts, time }
}

/// So many requests of two endpoints, one every ten milliseconds.
pub(super) fn requests(number: i64) -> Vec<Event> {
    let one = |i: i64| {
        let name = ["/a", "/b"][usize::from(i % 3 == 0)];
        request(&[], name, (i * 10, i * 10 + 20 + i % 7), "")
    };
    (0..number).map(one).collect()
}

/// A binary log, and where its records begin.
pub(super) struct Binary {
    pub(super) bytes: Vec<u8>,
    pub(super) borders: Vec<usize>,
    texts: Vec<String>,
}

impl Binary {
    pub(super) fn new() -> Self {
        let (bytes, borders, texts) = (vec![0], Vec::new(), Vec::new());
        let mut log = Self { bytes, borders, texts };
        log.text("3.13.5");
        log.text("shop.Checkout");
        log.bytes.extend(START.to_be_bytes());
        log.text("");
        log.int(1);
        log.text("Users");
        // An assertion that nobody reads.
        log.int(1);
        log.int(3);
        log.bytes.extend([7, 0, 7]);
        log
    }

    pub(super) fn of(events: &[Event]) -> Self {
        let mut log = Self::new();
        events.iter().for_each(|event| log.event(event));
        log.borders.push(log.bytes.len());
        log
    }

    fn int(&mut self, number: i64) {
        // The low half, as Java casts.
        self.bytes.extend((number as i32).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        let is_narrow = narrow.is_some();
        let bytes =
            narrow.unwrap_or_else(|| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        self.int(bytes.len() as i64);
        if !bytes.is_empty() {
            self.bytes.extend(bytes);
            self.bytes.push(u8::from(!is_narrow));
        }
    }

    fn numbered(&mut self, text: &str) {
        if let Some(at) = self.texts.iter().position(|known| known == text) {
            return self.int(-(at as i64 + 1));
        }
        self.texts.push(text.to_owned());
        self.int(self.texts.len() as i64);
        self.text(text);
    }

    fn groups(&mut self, groups: &[&str]) {
        self.int(groups.len() as i64);
        groups.iter().for_each(|group| self.numbered(group));
    }

    fn event(&mut self, event: &Event) {
        self.borders.push(self.bytes.len());
        match event {
            Event::Request { groups, name, start, end, failure } => {
                self.bytes.push(1);
                self.groups(groups);
                self.numbered(name);
                self.int(*start);
                self.int(*end);
                self.bytes.push(u8::from(failure.is_empty()));
                self.numbered(failure);
            }
            Event::User { starts, time } => {
                self.bytes.push(2);
                self.int(0);
                self.bytes.push(u8::from(*starts));
                self.int(*time);
            }
            Event::Group { groups, start, end, response_times, good } => {
                self.bytes.push(3);
                self.groups(groups);
                [start, end, response_times].into_iter().for_each(|number| self.int(*number));
                self.bytes.push(u8::from(*good));
            }
            Event::Error { message, time } => {
                self.bytes.push(4);
                self.numbered(message);
                self.int(*time);
            }
        }
    }
}

/// The forms of the text, by the first version that writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V2,
    V3,
    V3_4,
}

pub(super) const VERSIONS: [Version; 3] = [Version::V2, Version::V3, Version::V3_4];

pub(super) fn text(version: Version, events: &[Event]) -> String {
    let run = match version {
        Version::V2 => format!("RUN\tshop.Checkout\t\tcheckout\t{START}\t \t2.0\n"),
        _ => format!("ASSERTION\tAAECBQ==\nRUN\tshop.Checkout\tcheckout\t{START}\t \t3.10.5\n"),
    };
    let lines = events.iter().map(|event| line(version, event) + "\n");
    run + &lines.collect::<String>()
}

fn line(version: Version, event: &Event) -> String {
    let before = match version {
        Version::V2 => "\tUsers\t7",
        Version::V3 => "\t7",
        Version::V3_4 => "",
    };
    let status = |good: bool| if good { "OK" } else { "KO" };
    let at = |ms: i64| START + ms;
    match event {
        Event::User { starts, time } => match (version, starts) {
            (Version::V3_4, true) => format!("USER\tUsers\tSTART\t{}", at(*time)),
            (Version::V3_4, false) => format!("USER\tUsers\tEND\t{}", at(*time)),
            (_, true) => format!("USER\tUsers\t7\tSTART\t{0}\t{0}", at(*time)),
            (_, false) => format!("USER\tUsers\t7\tEND\t{START}\t{}", at(*time)),
        },
        Event::Request { groups, name, start, end, failure } => {
            let (status, groups) = (status(failure.is_empty()), groups.join(","));
            let message = if failure.is_empty() { " " } else { failure };
            // What the script asks for stands behind.
            let more = if version == Version::V2 { "\tx" } else { "" };
            // Java's smallest time is written as 0.
            let end = if *end == i64::MIN { 0 } else { at(*end) };
            format!(
                "REQUEST{before}\t{groups}\t{name}\t{}\t{end}\t{status}\t{message}{more}",
                at(*start)
            )
        }
        Event::Group { groups, start, end, response_times, good } => format!(
            "GROUP{before}\t{}\t{}\t{}\t{response_times}\t{}",
            groups.join(","),
            at(*start),
            at(*end),
            status(*good)
        ),
        Event::Error { message, time } => {
            // 2.x begins both kinds of lines in the same way.
            let kind = if version == Version::V2 { "GROUP" } else { "ERROR" };
            format!("{kind}\t{message} \t{}", at(*time))
        }
    }
}

/// The same events in all forms, by name.
pub(super) fn all_forms(events: &[Event]) -> Vec<(String, Vec<u8>)> {
    let texts =
        VERSIONS.map(|version| (format!("{version:?}"), text(version, events).into_bytes()));
    let binary = [("binary".to_owned(), Binary::of(events).bytes)];
    binary.into_iter().chain(texts).collect()
}

pub(super) fn ingest_with(bytes: &[u8], options: &ReadOptions) -> Result<Ingested, IngestError> {
    let source = Source::from_reader("simulation.log", Box::new(Cursor::new(bytes.to_vec())))?;
    read(source, options)
}

pub(super) fn ingest(bytes: &[u8]) -> Result<Ingested, IngestError> {
    ingest_with(bytes, &ReadOptions::default())
}
