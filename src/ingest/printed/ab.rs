//! `ApacheBench`'s report: whole milliseconds.
//!
//! Its `Failed requests` are no measure of failures: they count bodies of another length than the first one, and a refused request up
//! to three times; a status is counted apart. A connection that is closed without an answer is nothing but another length.

use super::report::{Cell, Failures, Report, add_percentile};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::source::Source;
use crate::model::{
    Endpoint, EndpointKey, Kind, Latency, Rounding, Run, Tool, Warning, WarningKind,
};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "ab-text",
    tool: "ab",
    title: "ab's report",
    get: "`ab`",
    section: "ab",
    versions: "2.4.71",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
    ],
    remark: "whole milliseconds; a body of another length than the first has no known outcome",
    claim: |head| Claim::certain_if(head.line().starts_with(b"This is ApacheBench")),
    read: |source, _| read(source),
};

const PERCENTILES: &str = "Percentage of the requests served within a certain time (ms)";

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report = Report::read(source)?;
    let duration = report.need("Time taken for tests:")?.in_unit("seconds")?.number()?;
    let (rate, _) = report.need("Requests per second:")?.split("[#/sec]")?;
    let rps = rate.number()?;
    let complete = report.need("Complete requests:")?.count()?;
    // Three decimals of the duration, and two of the rate.
    let off = 0.5 + rps * 0.0005 + duration * 0.005;
    if (rps * duration - complete as f64).abs() > off {
        return Err(rate.bad("is not what the requests in the duration come to"));
    }
    let failed = Failed::read(&report)?;
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: version(&report)? });
    run.duration_s = Some(duration);
    run.load.connect(report.need("Concurrency Level:")?.count()?);
    let silent = complete > 0 && report.need("Total transferred:")?.in_unit("bytes")?.count()? == 0;
    let requests = complete.saturating_add(failed.connect);
    let failures = failed.failures(silent.then_some(requests));
    let total = &mut run.total;
    (total.requests, total.failures) = (Some(requests), Some(failures.count().min(requests)));
    total.failure_kinds = failures.kinds();
    total.throughput_rps = Some(rps);
    let unclear = failed.length.saturating_sub(failures.count());
    let mut warnings = Vec::new();
    if unclear > 0 {
        let known = requests.saturating_sub(unclear);
        total.outcomes = Some(known);
        let kind = WarningKind::UnknownOutcomes { known, requests };
        warnings.push(Warning::at(kind, &name, None));
    }
    if complete > 0 {
        total.latency = Some(latency(&report, complete)?);
    }
    let path = report.need("Document Path:")?.text;
    let key = EndpointKey::named(Kind::Http, None, path);
    run.endpoints = vec![Endpoint { key, ..run.total.clone() }];
    Ok(Ingested { run, warnings })
}

/// The version that it prints, which has stayed the same for decades.
fn version(report: &Report) -> Result<Option<crate::model::Untrusted>, IngestError> {
    let text = report.need("This is ApacheBench, Version")?.text;
    Ok(text.split_whitespace().next().map(Into::into))
}

/// What ab counts as failed, by cause.
#[derive(Default)]
struct Failed {
    connect: u64,
    receive: u64,
    length: u64,
    exceptions: u64,
    write: u64,
    status: u64,
}

impl Failed {
    fn read(report: &Report) -> Result<Self, IngestError> {
        let count = |label| report.find(label)?.map_or(Ok(0), Cell::count);
        let all = report.need("Failed requests:")?;
        let mut failed = Self {
            write: count("Write errors:")?,
            status: count("Non-2xx responses:")?,
            ..Self::default()
        };
        if all.count()? > 0 {
            let (mut rest, end) = report.need("(Connect:")?.split(")")?;
            for (label, cause) in [
                (", Receive:", &mut failed.connect),
                (", Length:", &mut failed.receive),
                (", Exceptions:", &mut failed.length),
            ] {
                let (number, behind) = rest.split(label)?;
                (*cause, rest) = (number.count()?, behind);
            }
            failed.exceptions = rest.count()?;
            let causes = [failed.connect, failed.receive, failed.length, failed.exceptions];
            if causes.into_iter().fold(0, u64::saturating_add) != all.count()?
                || !end.text.is_empty()
            {
                return Err(all.bad("is not the sum of its causes"));
            }
        }
        Ok(failed)
    }

    /// The failures among the requests; all of them where not one byte came.
    fn failures(&self, silent: Option<u64>) -> Failures {
        let mut failures = Failures::default();
        if let Some(requests) = silent {
            failures.add("no response", requests);
            return failures;
        }
        failures.add("HTTP status other than 2xx", self.status);
        failures.add("connect error", self.connect);
        // A refused connection is an exception first, and then a failed read of the same request.
        failures.add("receive error", self.receive.max(self.exceptions));
        failures.add("write error", self.write);
        failures
    }
}

/// The response times. The mean is left out: it is rounded to whole milliseconds, and would be taken for exact.
fn latency(report: &Report, count: u64) -> Result<Latency, IngestError> {
    let row = report.need("Total:")?;
    let cells: Vec<Cell<'_>> = row.text.split_whitespace().map(|text| row.with(text)).collect();
    let [min, _, stddev, _, max] = cells[..] else {
        return Err(row.bad("is no row of five numbers"));
    };
    let mut latency = Latency {
        count: Some(count),
        min: Some(min.number()?),
        max: Some(max.number()?),
        stddev: Some(stddev.number()?),
        rounding: Some(Rounding::Steps { us: 1_000 }),
        ..Latency::default()
    };
    if count > 1 {
        report.need(PERCENTILES)?;
        let mut complete = false;
        for row in report.below(PERCENTILES) {
            let (percent, time) = row.split("%")?;
            let time = time.with(time.text.trim_end_matches("(longest request)"));
            add_percentile(&mut latency, percent, time.number()?)?;
            complete = percent.text == "100";
        }
        if !complete {
            return Err(report.lacks("100%"));
        }
    }
    Ok(latency)
}
