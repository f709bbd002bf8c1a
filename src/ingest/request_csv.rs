//! CSV files with a row for each request: JMeter's JTL, vegeta, hey and oha.

use super::csv_file::{Given, Watched, csv_error};
use super::error::{IngestError, Problem};
use super::requests::{Request, Requests};
use super::source::Source;
use super::wanted::Wanted;
use super::{Ingested, ReadOptions};
use crate::model::{EndpointKey, Kind, Warning, WarningKind};
use csv::{ReaderBuilder, StringRecord};

/// Who wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    JMeter,
    Vegeta,
    Hey,
    Oha,
}

/// Columns of vegeta's CSV, which has no header.
const VEGETA: [&str; 12] = [
    "timestamp",
    "code",
    "latency",
    "bytes_out",
    "bytes_in",
    "error",
    "body",
    "attack",
    "seq",
    "method",
    "url",
    "headers",
];
/// What JMeter says of a row that holds other rows.
const TRANSACTION: &str = "Number of samples in transaction";
const MS_PER_SECOND: f64 = 1e3;
const NS_PER_MS: i64 = 1_000_000;
const NS_PER_SECOND: f64 = 1e9;

pub(super) fn read(
    mut source: Source,
    writer: Writer,
    options: &ReadOptions,
) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let first = match options.trim_start {
        Some(_) => first_time(source.head()?, writer),
        None => None,
    };
    let wanted = Wanted::new(options, first).map_err(|problem| IngestError::new(&name, problem))?;
    let given = Given::default();
    let watched = Watched::new(source.into_reader(), &given);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .has_headers(writer != Writer::Vegeta)
        .from_reader(watched);
    let header = match writer {
        Writer::Vegeta => StringRecord::from(VEGETA.to_vec()),
        _ => reader.headers().map_err(|error| csv_error(&name, error))?.clone(),
    };
    let (tool, dated) = match writer {
        Writer::JMeter => ("jmeter", true),
        Writer::Vegeta => ("vegeta", true),
        Writer::Hey => ("hey", false),
        Writer::Oha => ("oha", false),
    };
    let mut requests = Requests::new(tool, wanted, dated);
    let mut record = StringRecord::new();
    let (mut broken, mut first_broken) = (0, None);
    let mut warnings = Vec::new();
    loop {
        let line = |record: &StringRecord| record.position().map_or(0, csv::Position::line);
        let before = line(&record);
        let problem = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let row = Row { header: &header, record: &record };
                let cut = given.is_cut(reader.position());
                let added = if cut {
                    let how = "the last row is cut".to_owned();
                    Err(Problem::Truncated { lines: line(&record).saturating_sub(1), how })
                } else if record.len() == header.len() {
                    row.add(writer, &mut requests)
                } else {
                    Err(Problem::Malformed(format!("{} of {} columns", record.len(), header.len())))
                };
                match added {
                    Ok(()) => continue,
                    Err(problem) => IngestError::at(&name, line(&record), problem),
                }
            }
            Err(error) => match csv_error(&name, error) {
                // The decompressor does not know lines; the row before it does.
                IngestError { problem: Problem::Truncated { how, .. }, .. } => {
                    IngestError::new(&name, Problem::Truncated { lines: before, how })
                }
                other => other,
            },
        };
        let cut = matches!(problem.problem, Problem::Truncated { .. });
        let grave = matches!(problem.problem, Problem::TooManyEndpoints { .. } | Problem::Io(_));
        if !options.lenient || grave {
            return Err(problem);
        }
        if let Problem::Truncated { how, .. } = &problem.problem {
            let kind = WarningKind::Truncated { how: how.clone() };
            warnings.push(Warning::at(kind, &name, problem.line));
        }
        if cut {
            break;
        }
        broken += 1;
        first_broken = first_broken.or(Some((problem.line, problem.problem.to_string())));
    }
    if let Some((line, first)) = first_broken {
        let kind = WarningKind::BrokenLines { count: broken, first };
        warnings.push(Warning::at(kind, &name, line));
    }
    let mut ingested = requests.finish();
    if matches!(writer, Writer::Hey | Writer::Oha) {
        // Requests that got no answer are not in the file at all.
        warnings.push(Warning::at(WarningKind::AnswersOnly, &name, None));
    }
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

/// The earliest time of the first rows.
fn first_time(head: &[u8], writer: Writer) -> Option<i64> {
    let mut reader =
        ReaderBuilder::new().flexible(true).has_headers(writer != Writer::Vegeta).from_reader(head);
    let header = match writer {
        Writer::Vegeta => StringRecord::from(VEGETA.to_vec()),
        _ => reader.headers().ok()?.clone(),
    };
    let records = reader.into_records().map_while(Result::ok);
    records.filter_map(|record| Row { header: &header, record: &record }.start(writer).ok()).min()
}

struct Row<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        let at = self.header.iter().position(|own| own == column)?;
        self.record.get(at)
    }

    fn need(&self, column: &'static str) -> Result<&str, Problem> {
        self.text(column).ok_or(Problem::MissingColumn(column))
    }

    /// A number that is not negative.
    fn number(&self, column: &'static str) -> Result<f64, Problem> {
        let text = self.need(column)?;
        let value = text.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        let why = "must be a number from 0 on";
        value.ok_or_else(|| Problem::BadValue {
            what: column.to_owned(),
            value: text.to_owned(),
            why,
        })
    }

    /// When the request started, in nanoseconds.
    fn start(&self, writer: Writer) -> Result<i64, Problem> {
        let whole = |column: &'static str, factor: i64| {
            let text = self.need(column)?;
            let value = text.trim().parse::<i64>().ok().and_then(|value| value.checked_mul(factor));
            let why = "is no time in milliseconds (JMeter) or nanoseconds (vegeta) since 1970";
            value.ok_or_else(|| Problem::BadValue {
                what: column.to_owned(),
                value: text.to_owned(),
                why,
            })
        };
        match writer {
            Writer::JMeter => whole("timeStamp", NS_PER_MS),
            Writer::Vegeta => whole("timestamp", 1),
            Writer::Hey => Ok((self.number("offset")? * NS_PER_SECOND) as i64),
            Writer::Oha => Ok((self.number("request-start")? * NS_PER_SECOND) as i64),
        }
    }

    fn add(&self, writer: Writer, requests: &mut Requests) -> Result<(), Problem> {
        let start = self.start(writer)?;
        match writer {
            Writer::JMeter => self.add_jmeter(start, requests),
            Writer::Vegeta => {
                let (method, url) = (self.need("method")?, self.need("url")?);
                let method = Some(method).filter(|method| !method.is_empty());
                let key = Some(EndpointKey::named(Kind::Http, method, url));
                let code = self.number("code")?;
                let failed = !(200.0..400.0).contains(&code) || !self.need("error")?.is_empty();
                let ms = self.number("latency")? / 1e6;
                requests.add(Request { key, start, ms, failed, parts: &[] })
            }
            Writer::Hey => {
                let ms = |column| Ok::<f64, Problem>(self.number(column)? * MS_PER_SECOND);
                let parts = [
                    ("connecting", ms("DNS+dialup")?),
                    ("sending", ms("Request-write")?),
                    ("waiting", ms("Response-delay")?),
                    ("receiving", ms("Response-read")?),
                ];
                let failed = self.number("status-code")? >= 400.0;
                requests.add(Request {
                    key: None,
                    start,
                    ms: ms("response-time")?,
                    failed,
                    parts: &parts,
                })
            }
            Writer::Oha => {
                let ms = |column| Ok::<f64, Problem>(self.number(column)? * MS_PER_SECOND);
                // The delay is counted from the start of the request, connecting included.
                let (connecting, delay, whole) =
                    (ms("DNS+dialup")?, ms("Response-delay")?, ms("request-duration")?);
                let parts = [
                    ("connecting", connecting),
                    ("waiting", (delay - connecting).max(0.0)),
                    ("receiving", (whole - delay).max(0.0)),
                ];
                let status = self.need("status")?;
                let failed = status.parse::<u16>().map_or(true, |code| code >= 400);
                requests.add(Request { key: None, start, ms: whole, failed, parts: &parts })
            }
        }
    }

    fn add_jmeter(&self, start: i64, requests: &mut Requests) -> Result<(), Problem> {
        let (label, ms) = (self.need("label")?, self.number("elapsed")?);
        let failed = self.need("success")?.trim() != "true";
        let message = self.text("responseMessage").unwrap_or_default();
        if message.starts_with(TRANSACTION) {
            // Its requests have rows of their own.
            return requests.add_group(label, start, ms, failed);
        }
        let optional =
            |column: &'static str| self.text(column).map(|_| self.number(column)).transpose();
        let (connect, first_byte) = (optional("Connect")?, optional("Latency")?);
        let mut parts = Vec::new();
        if let (Some(connect), Some(first_byte)) = (connect, first_byte) {
            parts.push(("connecting", connect));
            parts.push(("waiting", (first_byte - connect).max(0.0)));
            parts.push(("receiving", (ms - first_byte).max(0.0)));
        }
        let key = Some(EndpointKey::named(Kind::Http, None, label));
        requests.add(Request { key, start, ms, failed, parts: &parts })
    }
}
