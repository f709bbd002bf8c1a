//! wrk's report: every time has a unit and two decimals, so that a larger one is rounded more.
//!
//! wrk counts answers. Requests that ended in a socket error are not among them; those that took longer than `--timeout` are, but
//! their times are in no percentile.

use super::report::{Cell, Failures, Report, add_percentile};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::model::{Latency, Run, Tool};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "wrk-text",
    tool: "wrk",
    title: "wrk's report",
    get: "`wrk --latency`",
    section: "wrk",
    versions: "4.1.0",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput, Fact::Users],
    remark: "p50, p75, p90 and p99 alone, without `--latency` none; socket errors and timeouts count as failures",
    claim,
    read: |source, _| read(source),
};

const PERCENTILES: &str = "Latency Distribution";
const SUMMARY: &str = " requests in ";

fn claim(head: &Head<'_>) -> Claim {
    let begins = head.line().starts_with(b"Running ") && head.text().contains(" test @ ");
    // wrk2 prints more digits, and corrects what it prints otherwise.
    let wrk2 = head.text().contains("HdrHistogram");
    Claim::certain_if(begins && !wrk2 && head.text().contains("Thread Stats"))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let report = Report::read(source)?;
    // It comes last.
    report.need("Transfer/sec:")?;
    let (_, connections) = report.containing(" threads and ")?.split(" threads and ")?;
    let (answers, rest) = report.containing(SUMMARY)?.split(SUMMARY)?;
    let (answered, (duration, _)) = (answers.count()?, rest.split(", ")?);
    let duration = Time::read(duration)?;
    let rate = report.need("Requests/sec:")?;
    let (rps, seconds) = (rate.number()?, duration.ms / 1e3);
    let off = 0.5 + rps * duration.half_step / 1e3 + seconds * 0.005;
    if (rps * seconds - answered as f64).abs() > off {
        return Err(rate.bad("is not what the requests in the duration come to"));
    }
    let errors = SocketErrors::read(&report)?;
    let mut failures = Failures::default();
    if let Some(count) = report.find("Non-2xx or 3xx responses:")? {
        failures.add("HTTP 4xx or 5xx", count.count()?);
    }
    let unanswered = errors.count_to(&mut failures);
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    run.duration_s = Some(seconds);
    run.load.connect(connections.in_unit("connections")?.count()?);
    // A late answer may be an error as well.
    let requests = answered.saturating_add(unanswered).max(failures.count());
    (run.total.requests, run.total.failures) = (Some(requests), Some(failures.count()));
    run.total.failure_kinds = failures.kinds();
    run.total.throughput_rps = Some(rps);
    let timed = answered.saturating_sub(errors.timeout);
    if timed > 0 {
        run.total.latency = Some(latency(&report, timed)?);
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// Requests that got no answer in time.
#[derive(Default)]
struct SocketErrors {
    connect: u64,
    read: u64,
    write: u64,
    timeout: u64,
}

impl SocketErrors {
    /// The line of them, which is there if there were any.
    fn read(report: &Report) -> Result<Self, IngestError> {
        let Some(line) = report.find("Socket errors:")? else { return Ok(Self::default()) };
        let mut errors = Self::default();
        let mut rest = line;
        for (word, count) in [
            ("connect ", &mut errors.connect),
            ("read ", &mut errors.read),
            ("write ", &mut errors.write),
            ("timeout ", &mut errors.timeout),
        ] {
            let behind = rest.split(word)?.1;
            *count = behind.with(behind.text.split(',').next().unwrap_or_default()).count()?;
            rest = behind;
        }
        Ok(errors)
    }

    /// Adds them to the failures; gives how many are not among the answers.
    fn count_to(&self, failures: &mut Failures) -> u64 {
        let unanswered = [("connect", self.connect), ("read", self.read), ("write", self.write)];
        for (what, count) in unanswered {
            failures.add(&format!("{what} error"), count);
        }
        failures.add("timeout", self.timeout);
        unanswered.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

/// The response times.
fn latency(report: &Report, count: u64) -> Result<Latency, IngestError> {
    let row = report.below("Thread Stats").next().ok_or_else(|| report.lacks("Latency"))?;
    let mut cells = row.text.split_whitespace().map(|text| row.with(text));
    let (Some(_), Some(mean), Some(stddev), Some(max)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    else {
        return Err(row.bad("is no row of the latency"));
    };
    let mut latency = Latency {
        count: Some(count),
        mean: Some(Time::read(mean)?.ms),
        max: Some(Time::read(max)?.ms),
        stddev: Some(Time::read(stddev)?.ms),
        ..Latency::default()
    };
    if report.find(PERCENTILES)?.is_some() {
        for row in report.below(PERCENTILES).take(4) {
            let (percent, time) = row.split("%")?;
            let time = Time::read(time)?;
            let level = add_percentile(&mut latency, percent, time.ms)?;
            latency.half_steps.extend(level.map(|level| (level, time.half_step)));
        }
    }
    Ok(latency)
}

/// A time, and half of a step of its last decimal, in milliseconds.
struct Time {
    ms: f64,
    half_step: f64,
}

impl Time {
    fn read(cell: Cell<'_>) -> Result<Self, IngestError> {
        let end = cell.text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(cell.text.len());
        let (number, unit) = cell.text.split_at(end);
        let unit = match unit {
            "us" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3_600e3,
            _ => return Err(cell.bad("has no unit of time")),
        };
        let ms = cell.with(number).number()? * unit;
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        Ok(Self { ms, half_step: unit * 0.1_f64.powi(decimals.min(9) as i32) / 2.0 })
    }
}
