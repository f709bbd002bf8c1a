//! Locust `--csv`: the cumulative `_stats.csv` of Locust 1.0 and newer, and the files beside it.
//!
//! StatsColumns are found by header text. Percentiles are rounded by Locust; mean, minimum and maximum are exact. Rates refer to the span between the first and the last request of the whole run, which is how
//! the duration is known. The file is a snapshot that a timer writes, so its totals lag behind by up to a second.

use super::history::read_history;
use super::key::key;
use super::rounding::rounding_of;
use super::side;
use crate::ingest::csv_file::{LineCounter, bad_value, csv_error, whole};
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::model::{
    Endpoint, EndpointKey, Latency, Quantile, Raw, Run, Tool, Warning, WarningKind, limits,
    limits::Census,
};
use csv::{ByteRecord, ReaderBuilder};
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "locust-csv",
    tool: "locust",
    title: "Locust `--csv`",
    get: "`locust --csv x` (1.0 and newer): `x_stats.csv`, with the files beside it",
    section: "Locust `--csv`",
    versions: "1.6, 2.8, 2.47",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "rounded to two digits; a timer writes it, and misses the last second or so",
    claim,
    read: |source, options| read(source, options.lenient),
};

/// Locust's history of a run.
static HISTORY: OtherFile = OtherFile {
    what: "is Locust's history file: sliding windows, not the run's totals",
    help: |file| {
        format!("give {}, which Locust writes beside it", stats_of(file, &["_stats_history.csv"]))
    },
    beside_results: true,
};

/// Locust's list of failures or exceptions.
static SIDE_FILE: OtherFile = OtherFile {
    what: "is Locust's list of failures or exceptions, not the run's statistics",
    help: |file| {
        let stats = stats_of(file, &["_failures.csv", "_exceptions.csv"]);
        format!("give {stats}; the files beside it are picked up by themselves")
    },
    beside_results: true,
};

/// A file of Locust 0.x.
static TOO_OLD: OtherFile = OtherFile {
    what: "is a file of Locust 0.x",
    help: |_| "its quoting is ambiguous; run the test with Locust 1.0 or newer".to_owned(),
    beside_results: false,
};

/// The statistics that a file with one of these endings lies beside.
fn stats_of(file: &str, endings: &[&str]) -> String {
    let stem = endings.iter().find_map(|ending| file.strip_suffix(ending));
    stem.map_or_else(|| "the _stats.csv file".to_owned(), |stem| format!("{stem}_stats.csv"))
}

fn claim(head: &Head<'_>) -> Claim {
    let columns = head.columns();
    if columns.have(&["# requests"]) {
        return Claim::Other(&TOO_OLD);
    }
    if columns.begin_with(&["Timestamp", "User Count"]) {
        return Claim::Other(&HISTORY);
    }
    if columns.begin_with(&["Method", "Name", "Error"]) || columns.begin_with(&["Count", "Message"])
    {
        return Claim::Other(&SIDE_FILE);
    }
    // `Name` or `Type` may be missing by mistake: the reader says so, which is better than "unknown".
    let named = columns.have(&["Type"]) || columns.have(&["Name"]);
    Claim::likely_if(columns.have(&["Request Count"]) && named)
}

fn read(source: Source, lenient: bool) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let failures = source.sibling("_stats.csv", "_failures.csv");
    let history = source.sibling("_stats.csv", "_stats_history.csv");
    let exceptions = source.sibling("_stats.csv", "_exceptions.csv");
    let mut warnings = Vec::new();
    let rows = match rows(source) {
        Ok(rows) => rows,
        Err((rows, error)) => match error.problem {
            Problem::Truncated { ref how, .. } if lenient => {
                let kind = WarningKind::Truncated { how: how.clone() };
                warnings.push(Warning::at(kind, &name, None));
                rows
            }
            _ => return Err(error),
        },
    };
    let mut run = Run::new(Tool { name: "locust".into(), version: None });
    let (total, endpoints) = split_total(&name, rows)?;
    run.endpoints = endpoints;
    match total {
        Some(total) => run.total = total,
        None if lenient => {
            if warnings.is_empty() {
                let kind = WarningKind::Truncated { how: NO_TOTAL.to_owned() };
                warnings.push(Warning::at(kind, &name, None));
            }
        }
        None => {
            let lines = run.endpoints.len() as u64 + 1;
            let problem = Problem::Truncated { lines, how: NO_TOTAL.to_owned() };
            return Err(IngestError::new(&name, problem));
        }
    }
    let all = || run.all_endpoints().filter_map(|endpoint| endpoint.latency.as_ref());
    let rounding = rounding_of(all().flat_map(|latency| latency.quantiles.values().copied()));
    warnings.extend(other_sums(&name, &run));
    for endpoint in run.endpoints.iter_mut().chain([&mut run.total]) {
        if let Some(latency) = &mut endpoint.latency {
            latency.set_rounding(rounding);
        }
    }
    run.duration_s = span(&run.total);
    if let Some(path) = failures {
        side::read_failures(&path, &mut run, &mut warnings);
    }
    if let Some(path) = exceptions {
        side::read_exceptions(&path, &mut warnings);
    }
    if let Some(path) = history {
        read_history(&path, &mut run, &mut warnings);
    }
    Ok(Ingested { run, warnings })
}

/// What the rows together have other than the last one, which counts them all: a row is missing or was changed.
fn other_sums(name: &str, run: &Run) -> Option<Warning> {
    let wrong = |what: &'static str, of: fn(&Endpoint) -> Option<u64>| {
        let stated = of(&run.total)?;
        let sum = run.endpoints.iter().filter_map(of).fold(0, u64::saturating_add);
        let kind = WarningKind::RowsDoNotAddUp { what, sum, stated };
        (sum != stated).then(|| Warning::at(kind, name, None))
    };
    wrong("requests", |e| e.requests).or_else(|| wrong("failures", |e| e.failures))
}

/// Seconds between the first and the last request.
fn span(total: &Endpoint) -> Option<f64> {
    let rate = total.throughput_rps.filter(|rate| *rate > 0.0)?;
    Some(total.requests? as f64 / rate)
}

/// A row of the file before it is known whether it is the total.
struct StatsRow {
    line: u64,
    method: String,
    name: String,
    endpoint: Endpoint,
}

/// What a file without its last row is told by.
const NO_TOTAL: &str = "the Aggregated row is missing";

/// The total is the last row, with no type and the name `Aggregated`; a request may be named so, too.
fn split_total(
    name: &str,
    mut rows: Vec<StatsRow>,
) -> Result<(Option<Endpoint>, Vec<Endpoint>), IngestError> {
    let is_total = |row: &mut StatsRow| row.method.is_empty() && row.name == "Aggregated";
    let total =
        rows.pop_if(is_total).map(|row| Endpoint { key: EndpointKey::Total, ..row.endpoint });
    let mut seen = BTreeMap::new();
    for row in &rows {
        if let Some(first) = seen.insert(row.endpoint.key.clone(), row.line) {
            let endpoint = format!("{} (first in line {first})", row.endpoint.key.text().raw());
            return Err(IngestError::at(name, row.line, Problem::Duplicate { endpoint }));
        }
    }
    Ok((total, rows.into_iter().map(|row| row.endpoint).collect()))
}

/// All rows; with an error, the ones before it.
fn rows(source: Source) -> Result<Vec<StatsRow>, (Vec<StatsRow>, IngestError)> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES).map_err(|error| (Vec::new(), error))?;
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let columns = reader
        .byte_headers()
        .map_err(|error| csv_error(&name, error))
        .and_then(|header| StatsColumns::new(&name, header))
        .map_err(|error| (Vec::new(), error))?;
    let mut rows = Vec::new();
    let mut census = Census::default();
    let mut lines = LineCounter::new(&bytes);
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err((rows, csv_error(&name, error))),
        }
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.len() != columns.count {
            let last = reader.position().byte() >= bytes.len() as u64;
            let how = format!("line {line} has {} of {} columns", record.len(), columns.count);
            let problem = if last && record.len() < columns.count {
                Problem::Truncated { lines: line - 1, how }
            } else {
                Problem::Malformed(how)
            };
            return Err((rows, IngestError::at(&name, line, problem)));
        }
        let row = columns.row(&name, line, &record).and_then(|row| {
            let exceeded = census.count(&row.endpoint.key);
            exceeded.map_err(|why| IngestError::at(&name, line, why.into())).map(|()| row)
        });
        match row {
            Ok(row) => rows.push(row),
            Err(error) => return Err((rows, error)),
        }
    }
    if !bytes.ends_with(b"\n") {
        let how = "the last line has no end".to_owned();
        rows.pop();
        let lines = rows.len() as u64 + 1;
        return Err((rows, IngestError::new(&name, Problem::Truncated { lines, how })));
    }
    Ok(rows)
}

/// Where the columns are.
struct StatsColumns {
    count: usize,
    method: usize,
    name: usize,
    requests: usize,
    failures: usize,
    mean: Option<usize>,
    min: Option<usize>,
    max: Option<usize>,
    rate: Option<usize>,
    quantiles: Vec<(Quantile, usize)>,
}

impl StatsColumns {
    fn new(file: &str, header: &ByteRecord) -> Result<Self, IngestError> {
        let find = |name: &str| header.iter().position(|column| column == name.as_bytes());
        let need = |name: &'static str| {
            find(name).ok_or_else(|| IngestError::at(file, 1, Problem::MissingColumn(name)))
        };
        let level = |column: &[u8]| {
            let percent = std::str::from_utf8(column).ok()?.strip_suffix('%')?;
            Quantile::from_percent(percent.parse().ok()?)
        };
        Ok(Self {
            count: header.len(),
            method: need("Type")?,
            name: need("Name")?,
            requests: need("Request Count")?,
            failures: need("Failure Count")?,
            mean: find("Average Response Time"),
            min: find("Min Response Time"),
            max: find("Max Response Time"),
            rate: find("Requests/s"),
            quantiles: header
                .iter()
                .enumerate()
                .filter_map(|(i, column)| Some((level(column)?, i)))
                .collect(),
        })
    }

    fn row(&self, file: &str, line: u64, record: &ByteRecord) -> Result<StatsRow, IngestError> {
        let text =
            |i: usize| String::from_utf8_lossy(record.get(i).unwrap_or_default()).into_owned();
        let number = |i: usize, what: &str| number(file, line, what, &text(i));
        let count = |i: usize, what: &str| whole(file, line, what, &text(i));
        let optional = |i: Option<usize>, what: &str| i.map_or(Ok(None), |i| number(i, what));
        let (method, name) = (text(self.method), text(self.name));
        let mut endpoint = Endpoint::new(key(&method, &name));
        let (requests, failures) =
            (count(self.requests, "Request Count")?, count(self.failures, "Failure Count")?);
        if failures > requests {
            let why = "more than there are requests";
            let problem = Problem::BadValue {
                what: "Failure Count".to_owned(),
                value: failures.to_string(),
                why,
            };
            return Err(IngestError::at(file, line, problem));
        }
        (endpoint.requests, endpoint.failures) = (Some(requests), Some(failures));
        endpoint.throughput_rps = optional(self.rate, "Requests/s")?;
        let mut latency = Latency {
            count: Some(requests),
            mean: optional(self.mean, "Average Response Time")?,
            min: optional(self.min, "Min Response Time")?,
            max: optional(self.max, "Max Response Time")?,
            ..Latency::default()
        };
        for (level, i) in &self.quantiles {
            let value = number(*i, &level.to_string())?;
            latency.quantiles.extend(value.map(|value| (*level, value)));
        }
        let pairs = latency.quantiles.iter().zip(latency.quantiles.iter().skip(1));
        if let Some((level, value)) =
            pairs.filter(|(low, high)| low.1 > high.1).map(|(_, high)| high).next()
        {
            let why = "less than the percentile before it";
            return Err(bad_value(file, line, &level.to_string(), &value.to_string(), why));
        }
        endpoint.latency = Some(latency);
        Ok(StatsRow { line, method, name, endpoint })
    }
}

/// A number from 0 on; `N/A` is what Locust writes for no requests.
fn number(file: &str, line: u64, what: &str, text: &str) -> Result<Option<f64>, IngestError> {
    if text == "N/A" {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
        _ => Err(bad_value(file, line, what, text, "must be a number from 0 on")),
    }
}
