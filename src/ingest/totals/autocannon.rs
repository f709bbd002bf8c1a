//! autocannon `-j`: one object, times in whole milliseconds, cut off and not rounded.
//!
//! Requests without a response are in `errors` alone, timeouts among them; `requests.total` has those with a response. `min` is
//! the smallest time above zero, so it is left out.

use super::{Times, Totals, damaged, sum};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::parse;
use crate::ingest::requests::of_status;
use crate::ingest::source::Source;
use crate::model::{Latency, Rounding, limits};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "autocannon-json",
    tool: "autocannon",
    title: "autocannon `-j`",
    get: "`autocannon -j`",
    section: "autocannon",
    versions: "9.0",
    holds: Holds::Summary,
    tells: &[
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Start,
    ],
    remark: "whole milliseconds; p97.5 and no p95",
    claim: |head| {
        let own = ["2xx", "non2xx", "latency", "requests"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

/// What the times are multiples of, in microseconds.
const STEP_US: u64 = 1_000;

#[derive(Deserialize)]
struct Report {
    url: String,
    connections: u64,
    /// In seconds.
    duration: f64,
    start: String,
    /// Requests without a response, timeouts included.
    errors: u64,
    timeouts: u64,
    /// Responses whose body is not the expected one, whatever their status.
    mismatches: u64,
    #[serde(rename = "2xx")]
    successes: u64,
    #[serde(rename = "statusCodeStats")]
    statuses: BTreeMap<u16, Status>,
    latency: Milliseconds,
    requests: Requests,
}

#[derive(Deserialize)]
struct Status {
    count: u64,
}

#[derive(Deserialize)]
struct Requests {
    total: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Milliseconds {
    average: f64,
    max: f64,
    stddev: Option<f64>,
    total_count: u64,
    /// The percentiles, as `p97_5`, and what else is told.
    #[serde(flatten)]
    others: BTreeMap<String, f64>,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let answered = report.requests.total;
    refuse_other_counts(&name, &report)?;
    // A mismatch with an error's status is in both.
    let failed = sum(&[answered - report.successes, report.mismatches]).min(answered);
    let totals = Totals {
        requests: answered.saturating_add(report.errors),
        failures: failed.saturating_add(report.errors),
        kinds: kinds(&report),
        duration_s: report.duration,
        latency: latency(&name, &report.latency)?,
    };
    let mut ingested = totals.into_run(&name, FORMAT.tool)?;
    ingested.run.started_at = report.start.parse().ok();
    ingested.run.load.connect(report.connections);
    ingested.run.load.target = Some(report.url.into());
    Ok(ingested)
}

fn refuse_other_counts(file: &str, report: &Report) -> Result<(), IngestError> {
    let (answered, good) = (report.requests.total, report.successes);
    let statuses = sum(report.statuses.values().map(|status| &status.count));
    let of_2xx = report.statuses.range(200..300).map(|(_, status)| &status.count);
    let why = if statuses != answered {
        format!("{answered} responses have {statuses} statuses")
    } else if sum(of_2xx) != good {
        format!("2xx says {good} responses, their statuses something else")
    } else if report.timeouts > report.errors {
        format!("{} of {} errors are timeouts", report.timeouts, report.errors)
    } else {
        return Ok(());
    };
    Err(damaged(file, why))
}

fn kinds(report: &Report) -> Vec<(String, u64)> {
    let failed = report.statuses.iter().filter(|(code, _)| !(200..300).contains(*code));
    let statuses = failed.map(|(code, status)| (of_status(*code, ""), status.count));
    let others = [
        ("connection error", report.errors - report.timeouts),
        ("timeout", report.timeouts),
        ("unexpected body", report.mismatches),
    ];
    statuses.chain(others.map(|(kind, count)| (kind.to_owned(), count))).collect()
}

fn latency(file: &str, own: &Milliseconds) -> Result<Latency, IngestError> {
    let times = Times { file, unit_ms: 1.0 };
    let level = |(key, ms): (&String, &f64)| Some((key.strip_prefix('p')?.replace('_', "."), *ms));
    let levels: Vec<(String, f64)> = own.others.iter().filter_map(level).collect();
    Ok(Latency {
        count: Some(own.total_count),
        mean: times.ms("the average", Some(own.average))?,
        max: times.ms("the maximum", Some(own.max))?,
        stddev: times.ms("the standard deviation", own.stddev)?,
        quantiles: times.quantiles(levels.iter().map(|(level, ms)| (level.as_str(), Some(*ms))))?,
        rounding: Some(Rounding::Steps { us: STEP_US }),
        ..Latency::default()
    })
}
