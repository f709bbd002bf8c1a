//! JMeter's `statistics.json`, which its dashboard report has beside its pages: an entry for each transaction, and one for all
//! requests together, times in milliseconds.
//!
//! Which percentiles `pct1ResTime` to `pct3ResTime` are is a setting of JMeter that is not in the file. An entry of a Transaction
//! Controller looks like one of a request; in the total it is not counted.

use super::{Times, damaged};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::json_file::{amount, count, parse};
use crate::ingest::source::Source;
use crate::model::limits::{self, Census, ENDPOINTS};
use crate::model::{
    Endpoint, EndpointKey, Kind, Latency, Rounding, Run, Tool, Warning, WarningKind,
};
use crate::schema::bounded;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "jmeter-statistics",
    tool: "jmeter",
    title: "JMeter's `statistics.json`",
    get: "`jmeter -n -t plan.jmx -l x.jtl -e -o report`",
    section: "JMeter's statistics.json",
    versions: "none, from its source of 5.1 to 5.6",
    holds: Holds::Summary,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::Throughput],
    remark: "p90, p95 and p99 unless JMeter is told otherwise, of the last 20,000 samples",
    claim: |head| {
        let own = ["sampleCount", "errorPct", "pct1ResTime"];
        Claim::likely_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| read(source),
};

/// What the entry of all requests is called, in the languages that JMeter has it in.
const TOTALS: [&str; 2] = ["Total", "총계"];
/// The percentiles of `pct1ResTime` to `pct3ResTime`, unless `jmeter.properties` says otherwise.
const LEVELS: [&str; 3] = ["90", "95", "99"];
/// What the times are multiples of, in microseconds.
const STEP_US: u64 = 1_000;
/// How far the stated share of errors, a float, may be from the one that follows from the counts, in percent.
const TOLERANCE: f64 = 1e-3;

#[derive(Deserialize)]
#[serde(transparent)]
struct Document(
    #[serde(deserialize_with = "bounded::map::<_, _, MOST_ENTRIES>")] BTreeMap<String, Entry>,
);

/// All endpoints, and the total.
const MOST_ENTRIES: usize = ENDPOINTS + 1;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    sample_count: u64,
    error_count: u64,
    error_pct: Number,
    mean_res_time: Number,
    median_res_time: Option<Number>,
    min_res_time: Number,
    max_res_time: Number,
    pct1_res_time: Number,
    pct2_res_time: Number,
    pct3_res_time: Number,
    /// Samples per second.
    throughput: Number,
}

/// A number, or what JMeter writes in quotes where there is none: `NaN`, `Infinity`.
#[derive(Clone, Copy)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => text.parse().map(Self).map_err(serde::de::Error::custom),
        }
    }
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let document: Document = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut entries = document.0;
    let total = TOTALS.iter().find_map(|total| entries.remove(*total));
    let total = total.ok_or_else(|| damaged(&name, "it has no entry `Total`".to_owned()))?;
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    // JMeter divides by the time from the first start to the last end.
    let seconds = total.sample_count as f64 / total.throughput.0;
    run.duration_s = Some(seconds).filter(|s| s.is_finite() && *s > 0.0);
    run.total = endpoint(&name, EndpointKey::Total, &total, run.duration_s)?;
    let mut census = Census::default();
    for (label, entry) in &entries {
        let key = EndpointKey::named(Kind::Http, None, label);
        census.count(&key).map_err(|why| IngestError::new(&name, why.into()))?;
        run.endpoints.push(endpoint(&name, key, entry, run.duration_s)?);
    }
    let warning = Warning::at(WarningKind::PercentilesAssumed, &name, None);
    Ok(Ingested { run, warnings: vec![warning] })
}

fn endpoint(
    file: &str,
    key: EndpointKey,
    entry: &Entry,
    duration_s: Option<f64>,
) -> Result<Endpoint, IngestError> {
    let requests = count(file, "sampleCount", entry.sample_count as f64)?;
    if entry.error_count > requests {
        return Err(damaged(file, format!("{} of {requests} samples failed", entry.error_count)));
    }
    let mut endpoint = Endpoint::new(key);
    (endpoint.requests, endpoint.failures) = (Some(requests), Some(entry.error_count));
    if requests == 0 {
        return Ok(endpoint);
    }
    let stated = amount(file, "errorPct", entry.error_pct.0)?;
    let share = 100.0 * entry.error_count as f64 / requests as f64;
    if (stated - share).abs() > TOLERANCE {
        return Err(damaged(file, format!("errorPct is {stated}, but {share} % of the samples")));
    }
    endpoint.throughput_rps = duration_s.map(|s| requests as f64 / s);
    endpoint.latency = Some(latency(file, entry)?);
    Ok(endpoint)
}

fn latency(file: &str, entry: &Entry) -> Result<Latency, IngestError> {
    let times = Times { file, unit_ms: 1.0 };
    let levels = [entry.pct1_res_time, entry.pct2_res_time, entry.pct3_res_time];
    let levels = LEVELS.into_iter().zip(levels.map(|own| Some(own.0)));
    let median = [("50", entry.median_res_time.map(|own| own.0))];
    Ok(Latency {
        count: Some(entry.sample_count),
        mean: times.ms("meanResTime", Some(entry.mean_res_time.0))?,
        min: times.ms("minResTime", Some(entry.min_res_time.0))?,
        max: times.ms("maxResTime", Some(entry.max_res_time.0))?,
        quantiles: times.quantiles(median.into_iter().chain(levels))?,
        rounding: Some(Rounding::Steps { us: STEP_US }),
        ..Latency::default()
    })
}
