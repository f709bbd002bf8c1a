//! wrk's report: every time has a unit and two decimals, so that a larger one is rounded more.
//!
//! wrk counts answers. Requests that ended in a socket error are not among them; those that took longer than `--timeout` are, but
//! their times are in no percentile.

use super::report::{Cell, Failures, Report, add_percentile};
use super::time::Time;
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
    Claim::certain_if(begins && !is_of_wrk2(head) && head.text().contains("Thread Stats"))
}

/// Whether only wrk2 prints this; without percentiles, a test of less than ten seconds looks like one of wrk.
pub(super) fn is_of_wrk2(head: &Head<'_>) -> bool {
    ["(HdrHistogram - ", "Thread calibration: "].iter().any(|own| head.text().contains(own))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let report = Report::read(source)?;
    let end = End::read(&report)?;
    let mut run = end.run(FORMAT.tool);
    let timed = end.answered.saturating_sub(end.errors.timeout);
    if timed > 0 {
        run.total.latency = Some(latency(&report, timed)?);
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// What wrk and wrk2 print at the end.
pub(super) struct End {
    connections: u64,
    answered: u64,
    seconds: f64,
    rps: f64,
    /// Answers with a status of 400 and more.
    failed: u64,
    errors: SocketErrors,
}

impl End {
    pub(super) fn read(report: &Report) -> Result<Self, IngestError> {
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
        let failed = report.find("Non-2xx or 3xx responses:")?.map_or(Ok(0), Cell::count)?;
        let connections = connections.in_unit("connections")?.count()?;
        let errors = SocketErrors::read(report)?;
        Ok(Self { connections, answered, seconds, rps, failed, errors })
    }

    /// Seconds from one request of a connection to its next.
    pub(super) fn waits_s(&self) -> f64 {
        self.connections as f64 / self.rps
    }

    /// Answers behind so many seconds, by their share of the time.
    pub(super) fn answered_behind(&self, start_s: f64) -> u64 {
        let share = (1.0 - start_s / self.seconds).max(0.0);
        (self.answered as f64 * share).round() as u64
    }

    /// Counts no timeouts; says how many there were.
    pub(super) fn forget_timeouts(&mut self) -> u64 {
        std::mem::take(&mut self.errors.timeout)
    }

    /// The run, without its response times.
    pub(super) fn run(&self, tool: &str) -> Run {
        let mut failures = Failures::default();
        failures.add("HTTP 4xx or 5xx", self.failed);
        let unanswered = self.errors.count_to(&mut failures);
        let mut run = Run::new(Tool { name: tool.into(), version: None });
        run.duration_s = Some(self.seconds);
        run.load.connect(self.connections);
        // A late answer may be an error as well.
        let requests = self.answered.saturating_add(unanswered).max(failures.count());
        (run.total.requests, run.total.failures) = (Some(requests), Some(failures.count()));
        run.total.failure_kinds = failures.kinds();
        run.total.throughput_rps = Some(self.rps);
        run
    }
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

/// The row of the response times that wrk and wrk2 print.
pub(super) struct LatencyRow<'a> {
    pub(super) mean: Cell<'a>,
    stddev: Cell<'a>,
    max: Cell<'a>,
}

impl<'a> LatencyRow<'a> {
    pub(super) fn read(report: &'a Report) -> Result<Self, IngestError> {
        let row = report.below("Thread Stats").next().ok_or_else(|| report.lacks("Latency"))?;
        let mut cells = row.text.split_whitespace().map(|text| row.with(text));
        let (Some(_), Some(mean), Some(stddev), Some(max)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(row.bad("is no row of the latency"));
        };
        Ok(Self { mean, stddev, max })
    }

    /// What it says of so many response times.
    pub(super) fn latency(&self, count: u64) -> Result<Latency, IngestError> {
        Ok(Latency {
            count: Some(count),
            mean: Some(Time::read(self.mean)?.ms),
            max: Some(Time::read(self.max)?.ms),
            stddev: Some(Time::read(self.stddev)?.ms),
            ..Latency::default()
        })
    }
}

/// The response times.
fn latency(report: &Report, count: u64) -> Result<Latency, IngestError> {
    let mut latency = LatencyRow::read(report)?.latency(count)?;
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
