//! bombardier `-o json`: one object, times in whole microseconds; percentiles only with `-l`.
//!
//! `rps` is a mean over short intervals, in which refused connections count as well: throughput is requests over the time taken.

use super::{Times, Totals, sum};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{Latency, Rounding, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "bombardier-json",
    tool: "bombardier",
    title: "bombardier `-o json`",
    get: "`bombardier -l -p r -o json`",
    section: "bombardier",
    versions: "1.2.5",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput, Fact::Users],
    remark: "percentiles only with `-l`",
    claim: |head| {
        let own = ["spec", "numberOfConnections", "result"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

#[derive(Deserialize)]
struct Report {
    spec: Spec,
    result: Outcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    number_of_connections: u64,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    time_taken_seconds: f64,
    req1xx: u64,
    req2xx: u64,
    req3xx: u64,
    req4xx: u64,
    req5xx: u64,
    /// Requests without a response, and those with any other status.
    others: u64,
    #[serde(default)]
    errors: Vec<RequestError>,
    /// Absent where too little was measured.
    latency: Option<Microseconds>,
}

#[derive(Deserialize)]
struct RequestError {
    description: String,
    count: u64,
}

#[derive(Deserialize)]
struct Microseconds {
    mean: f64,
    max: f64,
    stddev: Option<f64>,
    /// By level, as `"99"`.
    #[serde(default)]
    percentiles: BTreeMap<String, f64>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let own = &report.result;
    let failures = sum(&[own.req4xx, own.req5xx, own.others]);
    let requests = sum(&[own.req1xx, own.req2xx, own.req3xx, failures]);
    let latency = own.latency.as_ref().map(|times| latency(&name, times, requests)).transpose()?;
    let totals = Totals {
        requests,
        failures,
        kinds: kinds(own),
        duration_s: own.time_taken_seconds,
        latency: latency.unwrap_or_default(),
    };
    let mut ingested = totals.into_run(&name, FORMAT.tool)?;
    ingested.run.load.connect(report.spec.number_of_connections);
    ingested.run.load.target = Some(report.spec.url.into());
    Ok(ingested)
}

/// Statuses are only counted by their class.
fn kinds(own: &Outcome) -> Vec<(String, u64)> {
    let errors = || own.errors.iter().map(|error| (error.description.clone(), error.count));
    let unnamed = own.others.saturating_sub(sum(own.errors.iter().map(|error| &error.count)));
    let classes = [("HTTP 4xx", own.req4xx), ("HTTP 5xx", own.req5xx), ("other status", unnamed)];
    errors().chain(classes.map(|(kind, count)| (kind.to_owned(), count))).collect()
}

fn latency(file: &str, own: &Microseconds, requests: u64) -> Result<Latency, IngestError> {
    let times = Times { file, unit_ms: 1e-3 };
    let levels = own.percentiles.iter().map(|(level, us)| (level.as_str(), Some(*us)));
    Ok(Latency {
        count: Some(requests),
        mean: times.ms("the mean", Some(own.mean))?,
        max: times.ms("the maximum", Some(own.max))?,
        stddev: times.ms("the standard deviation", own.stddev)?,
        quantiles: times.quantiles(levels)?,
        rounding: Some(Rounding::Steps { us: 1 }),
        ..Latency::default()
    })
}
