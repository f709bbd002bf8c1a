//! ghz `--format json` or `pretty`: one object with an entry for each call, times in nanoseconds.
//!
//! ghz keeps the entries of the first million calls; its counts by status are those of all. As in its own percentiles, the response
//! times are those of calls that succeeded, unless it was told to `--count-errors`. An entry has the time when its call ended.

use super::aggregate::{Name, Request, RequestAggregate};
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::{count, parse};
use crate::ingest::raw::Sum as _;
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::{Endpoint, Kind, limits};
use crate::schema::bounded;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "ghz-json",
    tool: "ghz",
    title: "ghz `--format json`",
    get: "`ghz --format json`",
    section: "ghz",
    versions: "none, from its source",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "response times of calls that succeeded, unless `--count-errors`",
    claim,
    read,
};

/// ghz's other outputs.
static OTHER: OtherFile = OtherFile {
    what: "is what ghz prints for people, or writes as CSV, without what perfgate needs",
    help: |_| "run ghz with --format json".to_owned(),
    beside_results: true,
};

/// Calls that ghz keeps.
const MOST_CALLS: usize = 1_000_000;
/// The status of a call that succeeded.
const OK: &str = "OK";
const NS_PER_MS: f64 = 1e6;
const NS_PER_SECOND: f64 = 1e9;

fn claim(head: &Head<'_>) -> Claim {
    let has = |text| head.text().contains(text);
    let printed = head.line().trim_ascii() == b"Summary:" && has("  Count:") && has("  Slowest:");
    if printed || head.columns().begin_with(&["duration (ms)", "status", "error"]) {
        return Claim::Other(&OTHER);
    }
    // As written, where many errors make the rest of it stand far behind, and with sorted keys.
    let own = [
        ["options", "average", "fastest", "errorDistribution"],
        ["average", "details", "latency", "timestamp"],
    ];
    Claim::likely_if(own.iter().any(|keys| keys.iter().all(|key| head.has_key(key))))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    options: Options,
    count: u64,
    /// How long the test took.
    total: u64,
    #[serde(deserialize_with = "bounded::map::<_, _, MOST_STATUSES>")]
    status_code_distribution: BTreeMap<String, u64>,
    /// Null where there was no call.
    details: Option<Calls>,
}

/// Names of gRPC's statuses.
const MOST_STATUSES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Options {
    call: Option<String>,
    host: Option<String>,
    concurrency: Option<u64>,
    concurrency_schedule: Option<String>,
    connections: Option<u64>,
    #[serde(default, rename = "async")]
    is_async: bool,
    #[serde(default)]
    count_errors: bool,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Calls(#[serde(deserialize_with = "bounded::list::<_, _, MOST_CALLS>")] Vec<Call>);

#[derive(Deserialize)]
struct Call {
    timestamp: End,
    latency: u64,
    #[serde(default)]
    error: String,
    status: String,
}

/// When a call ended, in nanoseconds since 1970.
struct End(i64);

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        let ns = i64::try_from(at.as_nanosecond()).map_err(serde::de::Error::custom)?;
        Ok(Self(ns))
    }
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let all = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read_filtered(source, &all))?;
    read_filtered(source, &filter)
}

fn read_filtered(source: Source, filter: &SampleFilter) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::RUN_BYTES)?)?;
    let calls = report.details.as_ref().map_or(&[][..], |calls| &calls.0);
    refuse_other_counts(&name, &report, calls.len())?;
    let mut requests = RequestAggregate::new(FORMAT.tool, filter.clone(), true);
    for call in calls {
        add(call, &report.options, &mut requests)
            .map_err(|problem| IngestError::new(&name, problem))?;
    }
    let mut ingested = requests.finish(&name);
    let options = &report.options;
    let constant = options.concurrency_schedule.as_deref().is_none_or(|own| own == "const");
    let run = &mut ingested.run;
    run.load.users = options.concurrency.filter(|_| constant && !options.is_async);
    run.load.connections = options.connections;
    run.load.target = options.host.as_deref().map(Into::into);
    if filter.from.is_none() && filter.to.is_none() {
        count_all(&mut ingested, &report);
    }
    Ok(ingested)
}

/// Refuses counts that contradict each other.
fn refuse_other_counts(file: &str, report: &Report, calls: usize) -> Result<(), IngestError> {
    let requests = count(file, "the count", report.count as f64)?;
    let statuses = report.status_code_distribution.values();
    let statuses = statuses.fold(0_u64, |sum, count| sum.saturating_add(*count));
    let why = if statuses != requests {
        format!("{requests} calls have {statuses} statuses")
    } else if calls as u64 != requests.min(MOST_CALLS as u64) {
        format!("of {requests} calls, {calls} are in its details")
    } else {
        return Ok(());
    };
    Err(IngestError::new(file, Problem::Malformed(format!("{why}: the file is damaged"))))
}

fn add(call: &Call, options: &Options, requests: &mut RequestAggregate) -> Result<(), Problem> {
    let name = options.call.as_deref().map(|name| Name { kind: Kind::Grpc, method: "", name });
    let failure = match (call.error.as_str(), call.status.as_str()) {
        ("", OK) => None,
        ("", status) => Some(status),
        (error, _) => Some(error),
    };
    let counts = failure.is_none() || options.count_errors;
    let ms = counts.then_some(call.latency as f64 / NS_PER_MS);
    let start = call.timestamp.0.saturating_sub_unsigned(call.latency);
    requests.add(Request { name, start, ms, failure, parts: &[] })
}

/// The counts of all calls, also of those behind the first million.
fn count_all(ingested: &mut Ingested, report: &Report) {
    let run = &mut ingested.run;
    let seconds = Some(report.total as f64 / NS_PER_SECOND).filter(|s| *s > 0.0);
    run.duration_s = seconds;
    let good = report.status_code_distribution.get(OK).copied().unwrap_or_default();
    let count = |endpoint: &mut Endpoint| {
        endpoint.requests = Some(report.count);
        endpoint.failures = Some(report.count.saturating_sub(good));
        endpoint.throughput_rps = seconds.map(|s| report.count as f64 / s);
    };
    count(&mut run.total);
    run.endpoints.iter_mut().for_each(count);
}
