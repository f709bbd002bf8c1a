//! CSV files with a row for each request: JMeter's JTL, Locust's request logger, vegeta, hey and oha.

use super::aggregate::{Name, Request, RequestAggregate, Transaction};
use super::failure::{of_jmeter, of_status};
use super::transactions::{Threads, Time, samples_in};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::locust::kind;
use crate::ingest::locust::kind_of;
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Gather, Header, Records, Scan, Sum as _, each_row, scan,
};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::ingest::{Ingested, ReadOptions};
use crate::model::{Kind, Warning, WarningKind};
use csv::ByteRecord;

/// Who wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Writer {
    JMeter,
    Locust,
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
/// Seconds that a test may take: a year.
const LONGEST_TEST_S: f64 = 366.0 * 24.0 * 3600.0;
const MS_PER_SECOND: f64 = 1e3;
const NS_PER_MS: i64 = 1_000_000;
const NS_PER_SECOND: f64 = 1e9;

pub(in crate::ingest) fn read(
    mut source: Source,
    writer: Writer,
    options: &ReadOptions,
) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let header = match writer {
        Writer::Vegeta => Header::unwritten(&VEGETA),
        Writer::JMeter | Writer::Locust | Writer::Hey | Writer::Oha => {
            Header::of(&name, source.head()?)?
        }
    };
    let (tool, dated) = match writer {
        Writer::JMeter => ("jmeter", true),
        Writer::Locust => ("locust", true),
        Writer::Vegeta => ("vegeta", true),
        Writer::Hey => ("hey", false),
        Writer::Oha => ("oha", false),
    };
    let how = Scan { records: Records::Rows, lenient: options.lenient, in_order: false };
    let read = |source, filter: &SampleFilter, dated| {
        let requests = || RequestAggregate::new(tool, filter.clone(), dated);
        scan(source, &how, || RequestRows { header: &header, writer, requests: requests() })
    };
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything, true))?;
    let mut ingested = read(source, &filter, dated)?;
    if matches!(writer, Writer::Hey | Writer::Oha) {
        // Requests that got no answer are not in the file at all.
        ingested.warnings.push(Warning::at(WarningKind::AnswersOnly, &name, None));
    }
    Ok(ingested)
}

/// One worker's rows.
struct RequestRows<'a> {
    header: &'a Header,
    writer: Writer,
    requests: RequestAggregate,
}

impl Gather for RequestRows<'_> {
    type Sum = RequestAggregate;

    fn bytes(&self) -> usize {
        self.requests.bytes()
    }

    fn sum(self) -> RequestAggregate {
        self.requests
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        let mut threads = Threads::of_chunk(chunk.index);
        each_row(chunk, self.header, diagnostics, |record, _| {
            let row = Row { header: self.header, record };
            row.add(self.writer, &mut self.requests, &mut threads)
        });
        self.requests.end_chunk(&mut threads);
    }
}

struct Row<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
}

impl Row<'_> {
    /// The field of a column, where the file has that.
    fn text(&self, column: &str) -> Result<Option<&str>, Problem> {
        let field = self.header.place(column).and_then(|at| self.record.get(at));
        let text = field.map(std::str::from_utf8).transpose();
        text.map_err(|_| Problem::Malformed(format!("the {column} is not UTF-8")))
    }

    fn need(&self, column: &'static str) -> Result<&str, Problem> {
        self.text(column)?.ok_or(Problem::MissingColumn(column))
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

    /// Nanoseconds of a column that counts seconds from the start of the test.
    fn since_start(&self, column: &'static str) -> Result<i64, Problem> {
        let seconds = self.number(column)?;
        if seconds <= LONGEST_TEST_S {
            return Ok((seconds * NS_PER_SECOND) as i64);
        }
        let why = "is more than a year after the start of the test";
        Err(Problem::BadValue { what: column.to_owned(), value: seconds.to_string(), why })
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
            // Six decimals, of which a product with 10^9 would keep more than there are.
            Writer::Locust => {
                Ok(((self.number("timestamp")? * 1e6).round() as i64).saturating_mul(1_000))
            }
            Writer::Hey => self.since_start("offset"),
            Writer::Oha => self.since_start("request-start"),
        }
    }

    fn add(
        &self,
        writer: Writer,
        requests: &mut RequestAggregate,
        threads: &mut Threads,
    ) -> Result<(), Problem> {
        let start = self.start(writer)?;
        match writer {
            Writer::JMeter => self.add_jmeter(start, requests, threads),
            Writer::Locust => self.add_locust(start, requests),
            Writer::Vegeta => {
                let (method, name) = (self.need("method")?, self.need("url")?);
                let name = Some(Name { kind: Kind::Http, method, name });
                let (code, error) = (self.number("code")?, self.need("error")?);
                let failed = !(200.0..400.0).contains(&code) || !error.is_empty();
                let failure = failed.then(|| of_status(code as u16, error));
                let (ms, failure) = (Some(self.number("latency")? / 1e6), failure.as_deref());
                requests.add(Request { name, start, ms, failure, parts: &[] })
            }
            Writer::Hey => {
                let ms = |column| Ok::<f64, Problem>(self.number(column)? * MS_PER_SECOND);
                let parts = [
                    ("connecting", ms("DNS+dialup")?),
                    ("sending", ms("Request-write")?),
                    ("waiting", ms("Response-delay")?),
                    ("receiving", ms("Response-read")?),
                ];
                let code = self.number("status-code")?;
                let failure = (code >= 400.0).then(|| of_status(code as u16, ""));
                let (ms, failure) = (Some(ms("response-time")?), failure.as_deref());
                requests.add(Request { name: None, start, ms, failure, parts: &parts })
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
                let failure = match status.parse::<u16>() {
                    Ok(code) => (code >= 400).then(|| of_status(code, "")),
                    Err(_) => Some(status.to_owned()),
                };
                let failure = failure.as_deref();
                let ms = Some(whole);
                requests.add(Request { name: None, start, ms, failure, parts: &parts })
            }
        }
    }

    /// A failure is what Locust counts as one, whatever the status: the script may accept a 404, and refuse a 200.
    fn add_locust(&self, start: i64, requests: &mut RequestAggregate) -> Result<(), Problem> {
        let (method, name) = (self.need("request_type")?, self.need("name")?);
        let name = Some(Name { kind: kind(method), method, name });
        let exception = self.need("exception")?;
        let failure = (!exception.is_empty()).then(|| kind_of(exception));
        // Events of the script's own may have no response time.
        let ms = match self.need("response_time_ms")? {
            "" => None,
            _ => Some(self.number("response_time_ms")?),
        };
        requests.add(Request { name, start, ms, failure: failure.as_deref(), parts: &[] })
    }

    fn add_jmeter(
        &self,
        start: i64,
        requests: &mut RequestAggregate,
        threads: &mut Threads,
    ) -> Result<(), Problem> {
        let (label, ms) = (self.need("label")?, self.number("elapsed")?);
        let message = self.text("responseMessage")?.unwrap_or_default();
        let failed = self.need("success")?.trim() != "true";
        let thread = self.text("threadName")?;
        let time = Time { start, ms };
        let held = threads.held(thread, time);
        if let Some((own, held)) = threads.wrote(thread, time) {
            requests.resolve(own, held);
        }
        if let Some(samples) = samples_in(message) {
            let own = Transaction { name: label, time, failed, samples, held, thread };
            return requests.add_transaction(&own, threads);
        }
        let failure = match failed {
            true => Some(of_jmeter(
                self.text("responseCode")?.unwrap_or_default(),
                message,
                self.text("failureMessage")?.unwrap_or_default(),
            )),
            false => None,
        };
        let failure = failure.as_deref();
        let optional = |column: &'static str| match self.text(column)? {
            Some(_) => self.number(column).map(Some),
            None => Ok(None),
        };
        let parts = match (optional("Connect")?, optional("Latency")?) {
            (Some(connect), Some(first_byte)) => &[
                ("connecting", connect),
                ("waiting", (first_byte - connect).max(0.0)),
                ("receiving", (ms - first_byte).max(0.0)),
            ][..],
            _ => &[],
        };
        let name = Some(Name { kind: Kind::Http, method: "", name: label });
        requests.add(Request { name, start, ms: Some(ms), failure, parts })
    }
}
