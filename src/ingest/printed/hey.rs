//! hey's report: seconds with four decimals. `Requests/sec` counts every request; the response times and the status codes are those
//! of requests that got an answer, of the first million alone, and the other requests are in the error distribution.

use super::report::{Cell, Failures, Report, add_percentile};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::model::{Latency, Rounding, Run, Tool, Warning, WarningKind};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "hey-text",
    tool: "hey",
    title: "hey's report",
    get: "`hey` without `-o`",
    section: "hey's report",
    versions: "0.1.4",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput],
    remark: "rounded to 0.1 ms; requests without an answer count as failures",
    claim,
    read: |source, _| read(source),
};

/// The smallest step of its times: 0.0001 s.
const ROUNDING: Rounding = Rounding::Steps { us: 100 };
/// Half of that, in seconds.
const HALF_STEP_S: f64 = 0.00005;
/// Answers of which hey keeps the response time and the status.
const MOST_ANSWERS: u64 = 1_000_000;

fn claim(head: &Head<'_>) -> Claim {
    let has = |label| head.text().contains(label);
    // oha's begins alike, with a success rate.
    let own = ["Slowest:", "Fastest:", "Requests/sec:", "Response time histogram:"];
    let begins = head.line().trim_ascii() == b"Summary:" && !has("Success rate:");
    Claim::certain_if(begins && own.into_iter().all(has))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report = Report::read(source)?;
    let duration = seconds(report.need("Total:")?)?;
    let rate = report.need("Requests/sec:")?;
    let (answers, mut failures) = statuses(&report)?;
    for row in report.below("Error distribution:") {
        let (count, message) = bracketed(row)?;
        failures.add(message, count);
    }
    let errors = failures.count() - answers.failed;
    let counted = answers.count.saturating_add(errors);
    let made = rate.number()? * duration;
    let off = 0.5 + HALF_STEP_S * (rate.number()? + duration);
    let beyond = answers.count == MOST_ANSWERS && made > counted as f64 + off;
    if !beyond && (made - counted as f64).abs() > off {
        return Err(rate.bad("is not what the status codes and errors come to: a line is missing"));
    }
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    let mut warnings = Vec::new();
    run.total.requests = Some(counted);
    if beyond {
        let requests = made.round() as u64;
        (run.total.requests, run.total.outcomes) = (Some(requests), Some(counted));
        let kind = WarningKind::UnknownOutcomes { known: counted, requests };
        warnings.push(Warning::at(kind, &name, None));
    }
    run.total.failures = Some(failures.count());
    run.total.failure_kinds = failures.kinds();
    (run.duration_s, run.total.throughput_rps) = (Some(duration), Some(rate.number()?));
    if answers.count > 0 {
        run.total.latency = Some(latency(&report, answers.count, beyond)?);
    }
    Ok(Ingested { run, warnings })
}

/// Requests that got an answer.
struct Answers {
    count: u64,
    failed: u64,
}

/// The status codes.
fn statuses(report: &Report) -> Result<(Answers, Failures), IngestError> {
    report.need("Status code distribution:")?;
    let (mut count, mut failures) = (0_u64, Failures::default());
    for row in report.below("Status code distribution:") {
        let (code, answers) = bracketed(row)?;
        let answers = row.with(answers).in_unit("responses")?.count()?;
        count = count.saturating_add(answers);
        if code >= 400 {
            failures.add(&format!("HTTP {code}"), answers);
        }
    }
    Ok((Answers { count, failed: failures.count() }, failures))
}

/// The number and the text of a row such as `[503]  58 responses`.
fn bracketed(row: Cell<'_>) -> Result<(u64, &str), IngestError> {
    let (number, text) = row.split("]")?;
    let number = number.text.strip_prefix('[').unwrap_or_default();
    Ok((row.with(number).count()?, text.text))
}

/// The response times.
fn latency(report: &Report, count: u64, beyond: bool) -> Result<Latency, IngestError> {
    let ms = |label| seconds(report.need(label)?).map(|s| s * 1e3);
    let mut latency = Latency {
        count: Some(count),
        // hey divides the sum of all response times by the number of those that it keeps.
        mean: if beyond { None } else { Some(ms("Average:")?) },
        min: Some(ms("Fastest:")?),
        max: Some(ms("Slowest:")?),
        rounding: Some(ROUNDING),
        ..Latency::default()
    };
    for row in report.below("Latency distribution:") {
        let (percent, time) = row.split("% in ")?;
        let percent = percent.with(percent.text.trim_end_matches('%'));
        // A percentile that too few answers have is `0% in 0.0000`.
        if percent.count()? > 0 {
            add_percentile(&mut latency, percent, seconds(time)? * 1e3)?;
        }
    }
    Ok(latency)
}

fn seconds(cell: Cell<'_>) -> Result<f64, IngestError> {
    cell.in_unit("secs")?.number()
}
