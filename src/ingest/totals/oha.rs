//! oha `--output-format json`: one object; `summary` and the percentiles are in seconds, `metrics.latency_ms` is in milliseconds.
//!
//! `successRate` counts every response as a success, an HTTP error as well: failures come from the statuses and errors. What the end
//! of a timed test has interrupted is neither a success nor a failure.

use super::{Times, Totals, damaged, sum};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::requests::of_status;
use crate::ingest::source::Source;
use crate::model::{Latency, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "oha-json",
    tool: "oha",
    title: "oha `--output-format json`",
    get: "`oha --no-tui --output-format json`",
    section: "hey and oha",
    versions: "1.16",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput],
    remark: "unlike the CSV, with requests that got no answer",
    claim: |head| {
        let own = ["latencyPercentiles", "statusCodeDistribution"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

/// How oha words what the end of a timed test has interrupted.
const INTERRUPTED: &str = "aborted due to deadline";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    /// By name, such as `p99.9`; null without a response.
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<u16, u64>,
    error_distribution: BTreeMap<String, u64>,
}

/// Times are in seconds, and null without a response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    total: f64,
    slowest: Option<f64>,
    fastest: Option<f64>,
    average: Option<f64>,
    requests_per_sec: f64,
}

/// How far the stated throughput may be from the one that follows from the counts.
const TOLERANCE: f64 = 1e-3;

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    refuse_other_rate(&name, &report)?;
    let answered = sum(report.status_code_distribution.values());
    let statuses = report.status_code_distribution.iter().filter(|(code, _)| **code >= 400);
    let statuses = statuses.map(|(code, count)| (of_status(*code, ""), *count));
    let errors = report.error_distribution.iter().filter(|(error, _)| *error != INTERRUPTED);
    let errors: Vec<(String, u64)> = errors.map(|(own, count)| (own.clone(), *count)).collect();
    let requests = answered.saturating_add(sum(errors.iter().map(|(_, count)| count)));
    let kinds: Vec<(String, u64)> = statuses.chain(errors).collect();
    Totals {
        requests,
        failures: sum(kinds.iter().map(|(_, count)| count)),
        kinds,
        duration_s: report.summary.total,
        latency: latency(&name, &report, answered)?,
    }
    .into_run(&name, FORMAT.tool)
}

/// oha divides everything that it has started by the time: where that does not add up, a part of the counts is lost.
fn refuse_other_rate(file: &str, report: &Report) -> Result<(), IngestError> {
    let (statuses, errors) = (&report.status_code_distribution, &report.error_distribution);
    let all = sum(statuses.values().chain(errors.values())) as f64;
    let stated = report.summary.requests_per_sec * report.summary.total;
    if (stated - all).abs() <= TOLERANCE * all.max(1.0) {
        return Ok(());
    }
    Err(damaged(
        file,
        format!("requestsPerSec says {stated:.0} requests, the statuses and errors {all}"),
    ))
}

fn latency(file: &str, report: &Report, answered: u64) -> Result<Latency, IngestError> {
    let (own, times) = (&report.summary, Times { file, unit_ms: 1e3 });
    let levels = report.latency_percentiles.iter();
    let levels = levels.filter_map(|(level, s)| Some((level.strip_prefix('p')?, *s)));
    Ok(Latency {
        count: Some(answered),
        mean: times.ms("the average", own.average)?,
        min: times.ms("the fastest", own.fastest)?,
        max: times.ms("the slowest", own.slowest)?,
        quantiles: times.quantiles(levels)?,
        ..Latency::default()
    })
}
