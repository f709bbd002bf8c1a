//! h2load's report: every time has a unit of its own, and two decimals from a millisecond on.
//!
//! `failed` is everything that did not succeed: answers with a status of 400 and more, and `errored`, in which requests are that were
//! never sent because their connection failed. `done` has those that got an answer, and the rate is that of them.

use super::report::{Cell, Failures, Report, add_percentile};
use super::time::Time;
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::model::{Latency, Run, Tool};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "h2load-text",
    tool: "h2load",
    title: "h2load's report",
    get: "`h2load`",
    section: "h2load",
    versions: "1.52",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput, Fact::Users],
    remark: "p50, p95 and p99 from 1.69 on; before, mean, minimum and maximum alone",
    claim,
    read: |source, _| read(source),
};

fn claim(head: &Head<'_>) -> Claim {
    let has = |label| head.text().contains(label);
    let begins = head.line().starts_with(b"starting benchmark...") && has(" total client(s). ");
    // The beginning may have been cut off.
    let ends = ["finished in ", " succeeded, ", " errored, ", "status codes: "];
    Claim::certain_if(begins || ends.into_iter().all(has))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let report = Report::read(source)?;
    // It comes last.
    report.need("req/s")?;
    let requests = Requests::read(&report)?;
    let failures = requests.failures(&report)?;
    let (rps, duration_s) = rate(&report, &requests)?;
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    if let Some(clients) = clients(&report)? {
        run.load.connect(clients);
    }
    run.duration_s = Some(duration_s).filter(|s| *s > 0.0);
    (run.total.requests, run.total.failures) = (Some(requests.total), Some(requests.failed));
    run.total.failure_kinds = failures.kinds();
    run.total.throughput_rps = Some(rps);
    if requests.done > 0 {
        run.total.latency = Some(latency(&report, requests.done)?);
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// The connections of all threads.
fn clients(report: &Report) -> Result<Option<u64>, IngestError> {
    let mut sum = None;
    for thread in report.each("spawning thread #") {
        let (_, counts) = thread.split(": ")?;
        let (clients, _) = counts.split(" total client(s).")?;
        sum = Some(clients.count()?.saturating_add(sum.unwrap_or_default()));
    }
    Ok(sum)
}

/// The requests, by what became of them.
struct Requests {
    total: u64,
    done: u64,
    failed: u64,
    /// Failed without an answer, timeouts among them.
    errored: u64,
    timeout: u64,
}

impl Requests {
    fn read(report: &Report) -> Result<Self, IngestError> {
        let row = report.need("requests:")?;
        let words = ["total", "started", "done", "succeeded", "failed", "errored", "timeout"];
        let [total, _, done, succeeded, failed, errored, timeout] = counts(row, words)?;
        if succeeded.saturating_add(failed) != total || errored > failed || done > total {
            return Err(row.bad("contradicts itself: its counts do not add up"));
        }
        Ok(Self { total, done, failed, errored, timeout })
    }

    /// What the failures were. An answer whose connection breaks is in a status, and errored as well.
    fn failures(&self, report: &Report) -> Result<Failures, IngestError> {
        let statuses = report.need("status codes:")?;
        let [good, moved, client, server] = counts(statuses, ["2xx", "3xx", "4xx", "5xx"])?;
        let answers = [good, moved, client, server].into_iter().fold(0, u64::saturating_add);
        if answers < self.done.saturating_sub(self.errored) {
            return Err(statuses.bad("has fewer answers than there are requests done"));
        }
        let mut failures = Failures::default();
        failures.add("HTTP 4xx", client);
        failures.add("HTTP 5xx", server);
        failures.add("timeout", self.timeout);
        failures.add("connection error", self.errored.saturating_sub(self.timeout));
        Ok(failures)
    }
}

/// The counts of a line such as `4 total, 3 done`, each with its word.
fn counts<const N: usize>(
    row: Cell<'_>,
    words: [&'static str; N],
) -> Result<[u64; N], IngestError> {
    let mut counts = [0; N];
    let mut parts = row.text.split(", ").map(|part| row.with(part));
    for (count, word) in counts.iter_mut().zip(words) {
        let part = parts.next().ok_or_else(|| row.bad("has fewer counts than expected"))?;
        *count = part.in_unit(word)?.count()?;
    }
    Ok(counts)
}

/// Answers per second, and the seconds that they were counted in: a warm-up is part of the time, and not of the counts.
fn rate(report: &Report, requests: &Requests) -> Result<(f64, f64), IngestError> {
    let (time, rest) = report.need("finished in")?.split(", ")?;
    let (rate, _) = rest.split(" req/s")?;
    let (time, rps) = (Time::read(time)?, rate.number()?);
    let seconds = time.ms / 1e3;
    let made = rps * seconds;
    let off = 0.5 + rps * time.half_step / 1e3 + seconds * 0.005;
    // An answer whose connection breaks is done, and in no rate.
    let (most, least) = (requests.done, requests.done.saturating_sub(requests.errored));
    let timed = report.each("Main benchmark duration is started").next().is_some();
    let too_many = made > most as f64 + off && !timed;
    if too_many || made < least as f64 - off {
        return Err(rate.bad("is not what the requests in the duration come to"));
    }
    let counted = if timed && rps > 0.0 { most as f64 / rps } else { seconds };
    Ok((rps, counted.min(seconds)))
}

/// The response times. The rows below have one time for each connection.
fn latency(report: &Report, count: u64) -> Result<Latency, IngestError> {
    let titles = report.containing("+/- sd")?;
    let titles: Vec<&str> = titles.text.split_whitespace().collect();
    let row = match report.find("time for request:")? {
        Some(row) => row,
        // From 1.69 on.
        None => report.need("request     :")?,
    };
    let cells: Vec<&str> = row.text.split_whitespace().collect();
    let time = |title: &str| {
        let at = titles.iter().position(|own| *own == title);
        at.and_then(|at| cells.get(at)).map(|text| Time::read(row.with(text))).transpose()
    };
    let ms = |title: &str| time(title).map(|own| own.map(|own| own.ms));
    let mut latency = Latency {
        count: Some(count),
        mean: ms("mean")?,
        min: ms("min")?,
        max: ms("max")?,
        stddev: ms("sd")?,
        ..Latency::default()
    };
    if latency.stddev.is_none() {
        return Err(row.bad("is no row of times"));
    }
    for (title, percent) in [("median", "50"), ("p95", "95"), ("p99", "99")] {
        let Some(time) = time(title)? else { continue };
        let level = add_percentile(&mut latency, row.with(percent), time.ms)?;
        latency.half_steps.extend(level.map(|level| (level, time.half_step)));
    }
    Ok(latency)
}
