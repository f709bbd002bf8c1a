//! Tools with a row, a line or an element for each request.

use super::plain::{Figures, key};
use csv::{Reader, ReaderBuilder, StringRecord};
use serde_json::Value;

const NS_PER_MS: f64 = 1e6;

/// Calls `each` with every row, and what finds a field of it.
fn rows(text: &str, mut each: impl FnMut(&dyn Fn(&str) -> String)) {
    let mut reader = Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |row: &StringRecord, name: &str| {
        let at = header.iter().position(|column| column == name);
        at.and_then(|at| row.get(at)).unwrap_or_default().to_owned()
    };
    for row in reader.records() {
        let row = row.unwrap();
        each(&|name| column(&row, name));
    }
}

/// A sample of JMeter, in whole milliseconds.
#[derive(Debug, Clone)]
struct Sample {
    label: String,
    thread: String,
    start: i64,
    took: i64,
    failed: bool,
    /// Connecting, and up to the first byte, where the file says so.
    connect: Option<i64>,
    first_byte: Option<i64>,
    /// Whether it is a transaction's own.
    transaction: bool,
    /// Whether its requests are known to be in the file, because they stand inside of it.
    holds: bool,
}

fn jmeter(samples: &[Sample]) -> Figures {
    let mut figures = Figures { dated: true, ..Figures::default() };
    for (i, own) in samples.iter().enumerate() {
        let (start, end) = (i128::from(own.start), i128::from(own.start + own.took));
        figures.during(start * 1_000_000, end * 1_000_000);
        let kind = if own.transaction { "group" } else { "http" };
        figures.of(kind, "", &own.label).request(Some(own.took as f64), own.failed);
        if !own.transaction {
            if let Some((connect, first_byte)) = own.connect.zip(own.first_byte) {
                let of = figures.of(kind, "", &own.label);
                of.part("connect", connect as f64);
                of.part("waiting", (first_byte - connect) as f64);
                of.part("receiving", (own.took - first_byte) as f64);
                of.part("ttfb", first_byte as f64);
            }
            continue;
        }
        // What the same thread did between its start and its end was a part of it.
        let within = |other: &&Sample| {
            let (from, to) = (other.start, other.start + other.took);
            other.thread == own.thread && from >= own.start && to <= own.start + own.took
        };
        let counted = figures.apart.entry(key(kind, "", &own.label)).or_default();
        if !own.holds && samples[..i].iter().filter(within).count() == 0 {
            counted.request(Some(own.took as f64), own.failed);
        }
    }
    figures
}

const TRANSACTION: &str = "Number of samples in transaction";

pub(crate) fn jmeter_csv(text: &str) -> Figures {
    let mut samples = Vec::new();
    rows(text, |field| {
        samples.push(Sample {
            label: field("label"),
            thread: field("threadName"),
            start: field("timeStamp").parse().unwrap(),
            took: field("elapsed").parse().unwrap(),
            failed: field("success") != "true",
            connect: field("Connect").parse().ok(),
            first_byte: field("Latency").parse().ok(),
            transaction: field("responseMessage").starts_with(TRANSACTION),
            holds: false,
        });
    });
    jmeter(&samples)
}

/// Tag by tag: JMeter writes one at a line's start, and no `<` or `>` inside of it.
pub(crate) fn jmeter_xml(text: &str) -> Figures {
    let mut samples = Vec::new();
    // The open elements: the sample, and whether it is an httpSample.
    let mut open: Vec<(Sample, bool)> = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let http = tag.starts_with("httpSample ");
        if http || tag.starts_with("sample ") {
            open.iter_mut().for_each(|(outer, _)| outer.holds = true);
            let own = xml_sample(tag);
            if tag.ends_with('/') {
                close((own, http), &open, &mut samples);
            } else {
                open.push((own, http));
            }
        } else if matches!(tag, "/httpSample" | "/sample") {
            let own = open.pop().unwrap();
            close(own, &open, &mut samples);
        }
    }
    jmeter(&samples)
}

fn xml_sample(tag: &str) -> Sample {
    let attribute = |name: &str| {
        let start = tag.find(&format!(" {name}=\"")).map(|at| at + name.len() + 3);
        let value = start.map(|at| tag[at..].split('"').next().unwrap());
        value.unwrap_or_default().replace("&quot;", "\"").replace("&amp;", "&")
    };
    Sample {
        label: attribute("lb"),
        thread: attribute("tn"),
        start: attribute("ts").parse().unwrap(),
        took: attribute("t").parse().unwrap(),
        failed: attribute("s") != "true",
        connect: Some(attribute("ct").parse().unwrap_or_default()),
        // Without an answer there is none.
        first_byte: attribute("lt").parse().ok().filter(|ms| *ms > 0),
        transaction: attribute("rm").starts_with(TRANSACTION),
        holds: false,
    }
}

/// What a page holds is a part of the page.
fn close((own, http): (Sample, bool), open: &[(Sample, bool)], samples: &mut Vec<Sample>) {
    if !open.iter().any(|(_, http)| *http) {
        let transaction = own.transaction || own.holds && !http;
        samples.push(Sample { transaction, ..own });
    }
}

pub(crate) fn vegeta_csv(text: &str) -> Figures {
    let mut figures = Figures { dated: true, ..Figures::default() };
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for row in reader.records() {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<i128>().unwrap();
        let (start, code, took) = (number(0), number(1), number(2));
        let failed = !(200..400).contains(&code) || !row[5].is_empty();
        figures.of("http", &row[9], &row[10]).request(Some(took as f64 / NS_PER_MS), failed);
        figures.during(start, start + took);
    }
    figures
}

pub(crate) fn vegeta_ndjson(text: &str) -> Figures {
    let mut figures = Figures { dated: true, ..Figures::default() };
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| line[field].as_str().unwrap();
        let start = text("timestamp").parse::<jiff::Timestamp>().unwrap().as_nanosecond();
        let (code, took) = (line["code"].as_u64().unwrap(), line["latency"].as_u64().unwrap());
        let failed = !(200..400).contains(&code) || !text("error").is_empty();
        let ms = took as f64 / NS_PER_MS;
        figures.of("http", text("method"), text("url")).request(Some(ms), failed);
        figures.during(start, start + i128::from(took));
    }
    figures
}

pub(crate) fn locust(text: &str) -> Figures {
    let mut figures = Figures { dated: true, ..Figures::default() };
    rows(text, |field| {
        let method = field("request_type");
        let kind = match method.as_str() {
            "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "PATCH" | "OPTIONS" => "http",
            "WS" => "websocket",
            _ => "task",
        };
        let start = (field("timestamp").parse::<f64>().unwrap() * 1e6).round() as i128 * 1_000;
        let ms = field("response_time_ms").parse::<f64>().ok();
        let failed = !field("exception").is_empty();
        figures.of(kind, &method, &field("name")).request(ms, failed);
        figures.during(start, start + (ms.unwrap_or_default() * NS_PER_MS) as i128);
    });
    figures
}

pub(crate) fn hey(text: &str) -> Figures {
    let mut figures = Figures::default();
    rows(text, |field| {
        let seconds = |name: &str| field(name).parse::<f64>().unwrap();
        let (start, took) = (seconds("offset"), seconds("response-time"));
        let own = &mut figures.unnamed;
        own.request(Some(took * 1e3), seconds("status-code") >= 400.0);
        let ms = |name: &str| seconds(name) * 1e3;
        let (connected, sending) = (ms("DNS+dialup"), ms("Request-write"));
        own.part("dns", ms("DNS"));
        own.part("connect", connected - ms("DNS"));
        own.part("sending", sending);
        own.part("waiting", ms("Response-delay"));
        own.part("receiving", ms("Response-read"));
        own.part("ttfb", connected + sending + ms("Response-delay"));
        // Both are written to tenths of a millisecond.
        let ns = |seconds: f64| (seconds * 1e9) as i128;
        figures.during(ns(start), ns(start) + (took * 1e3 * NS_PER_MS) as i128);
    });
    figures
}

pub(crate) fn oha(text: &str) -> Figures {
    let mut figures = Figures::default();
    rows(text, |field| {
        let seconds = |name: &str| field(name).parse::<f64>().unwrap();
        let (start, took) = (seconds("request-start"), seconds("request-duration"));
        let failed = field("status").parse::<u16>().map_or(true, |status| status >= 400);
        let own = &mut figures.unnamed;
        own.request(Some(took * 1e3), failed);
        let ms = |name: &str| seconds(name) * 1e3;
        let first_byte = ms("Response-delay");
        own.part("dns", ms("DNS"));
        own.part("connect", ms("DNS+dialup") - ms("DNS"));
        own.part("waiting", first_byte - ms("DNS+dialup"));
        own.part("receiving", took * 1e3 - first_byte);
        own.part("ttfb", first_byte);
        let ns = |seconds: f64| (seconds * 1e9) as i128;
        figures.during(ns(start), ns(start) + (took * 1e3 * NS_PER_MS) as i128);
    });
    figures
}
