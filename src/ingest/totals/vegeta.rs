//! vegeta `report -type json`: one object, times in nanoseconds.
//!
//! `throughput` is that of the successes, and `rate` that of the attack without the wait for its last response. Neither is what the
//! raw formats state, so it is computed as they do: requests over the time up to the last response.

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
    name: "vegeta-report",
    tool: "vegeta",
    title: "vegeta `report -type json`",
    get: "`vegeta report -type json`",
    section: "vegeta",
    versions: "12.8",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput, Fact::Start],
    remark: "percentiles are estimates",
    claim: |head| {
        let own = ["latencies", "status_codes", "bytes_in"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

#[derive(Deserialize)]
struct Report {
    latencies: Latencies,
    earliest: Option<String>,
    /// From the first request to the last.
    duration: u64,
    /// From the last request to its response.
    wait: u64,
    requests: u64,
    success: f64,
    status_codes: BTreeMap<u16, u64>,
    errors: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Latencies {
    mean: f64,
    #[serde(rename = "50th")]
    p50: Option<f64>,
    #[serde(rename = "90th")]
    p90: Option<f64>,
    #[serde(rename = "95th")]
    p95: Option<f64>,
    #[serde(rename = "99th")]
    p99: Option<f64>,
    max: f64,
    min: Option<f64>,
}

/// How far the stated share of successes may be from the one that follows from the counts.
const TOLERANCE: f64 = 1e-6;

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let failures = failures(&name, &report)?;
    let latency = latency(&name, &report)?;
    let mut ingested = Totals {
        requests: report.requests,
        failures,
        kinds: kinds(&report),
        duration_s: (report.duration as f64 + report.wait as f64) / 1e9,
        latency,
    }
    .into_run(&name, FORMAT.tool)?;
    // Without a request, the time is that of the year 1.
    let start = report.earliest.filter(|_| report.requests > 0);
    ingested.run.started_at = start.and_then(|start| start.parse().ok());
    Ok(ingested)
}

fn is_success(code: u16) -> bool {
    (200..400).contains(&code)
}

/// The requests that failed, by their statuses; the share of successes must agree.
fn failures(file: &str, report: &Report) -> Result<u64, IngestError> {
    let all = sum(report.status_codes.values());
    if all != report.requests {
        return Err(damaged(file, format!("{} requests have {all} statuses", report.requests)));
    }
    let good = report.status_codes.iter().filter(|(code, _)| is_success(**code));
    let good = sum(good.map(|(_, count)| count));
    let share = good as f64 / all.max(1) as f64;
    if (share - report.success).abs() > TOLERANCE {
        return Err(damaged(file, format!("success is {}, but {good} of {all}", report.success)));
    }
    Ok(all - good)
}

/// The kinds of failure. Errors without a status are listed, but not counted one by one.
fn kinds(report: &Report) -> Vec<(String, u64)> {
    let has_status = |error: &&String| {
        let code = error.split(' ').next().and_then(|word| word.parse().ok());
        code.is_some_and(|code: u16| report.status_codes.contains_key(&code))
    };
    let errors = report.errors.as_deref().unwrap_or_default();
    let mut other = errors.iter().filter(|error| !has_status(error));
    let no_response = match (other.next(), other.next()) {
        (Some(only), None) => only,
        _ => "no response",
    };
    let failed = report.status_codes.iter().filter(|(code, _)| !is_success(**code));
    failed.map(|(code, count)| (of_status(*code, no_response), *count)).collect()
}

fn latency(file: &str, report: &Report) -> Result<Latency, IngestError> {
    let (own, times) = (&report.latencies, Times { file, unit_ms: 1e-6 });
    Ok(Latency {
        count: Some(report.requests),
        mean: times.ms("the mean", Some(own.mean))?,
        min: times.ms("the minimum", own.min)?,
        max: times.ms("the maximum", Some(own.max))?,
        quantiles: times.quantiles([
            ("50", own.p50),
            ("90", own.p90),
            ("95", own.p95),
            ("99", own.p99),
        ])?,
        ..Latency::default()
    })
}
