//! wrk2's report: wrk's, with the percentiles of a histogram, whose times count from when a request was due, not from when it was
//! sent.
//!
//! wrk2 measures its own speed for the first ten seconds and keeps no response time of them: the histogram counts fewer requests than
//! there were.

use super::report::{Cell, Report, add_percentile};
use super::time::Time;
use super::wrk::{End, LatencyRow, is_of_wrk2};
use crate::ingest::error::IngestError;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::model::{Latency, Quantile, Warning, WarningKind};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "wrk2-text",
    tool: "wrk2",
    title: "wrk2's report",
    get: "`wrk -R100 --latency` of wrk2",
    section: "wrk2",
    versions: "4.0.0",
    holds: Holds::Summary,
    tells: &[Fact::P99, Fact::Errors, Fact::FailureKinds, Fact::Throughput, Fact::Users],
    remark: "from when a request was due; nothing of the first ten seconds; without `--latency` no percentile",
    claim,
    read: |source, _| read(source),
};

const PERCENTILES: &str = "Latency Distribution (HdrHistogram - Recorded Latency)";
const SPECTRUM: &str = "Detailed Percentile spectrum:";
/// How wide a bucket of the histogram is at most, as a share of the time in it: three significant digits, in binary.
const BUCKET: f64 = 1.0 / 1024.0;
/// Seconds at the start of a test of which wrk2 keeps no response times.
const CALIBRATION_S: f64 = 10.0;
/// Seconds that a connection waits before it counts as a timeout, unless `--timeout` says otherwise.
const PATIENCE_S: f64 = 2.0;

fn claim(head: &Head<'_>) -> Claim {
    let begins = head.line().starts_with(b"Running ") && head.text().contains(" test @ ");
    Claim::certain_if(begins && is_of_wrk2(head))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report = Report::read(source)?;
    let mut end = End::read(&report)?;
    let idle = if end.waits_s() >= PATIENCE_S { end.forget_timeouts() } else { 0 };
    let mut run = end.run(FORMAT.tool);
    let mut warnings = Vec::new();
    if idle > 0 {
        let requests = run.total.requests.unwrap_or_default();
        let known = requests.saturating_sub(idle).max(run.total.failures.unwrap_or_default());
        run.total.outcomes = Some(known);
        let kind = WarningKind::UnknownOutcomes { known, requests };
        warnings.push(Warning::at(kind, &name, None));
    }
    run.total.latency = match report.each(PERCENTILES).next() {
        Some(_) => histogram(&report)?,
        None => thread_stats(&report, end.answered_behind(CALIBRATION_S))?,
    };
    Ok(Ingested { run, warnings })
}

/// Mean and maximum of about so many requests, where nothing else was asked for.
fn thread_stats(report: &Report, count: u64) -> Result<Option<Latency>, IngestError> {
    let row = LatencyRow::read(report)?;
    // Nothing was measured.
    if count == 0 || row.mean.text.contains("nan") {
        return Ok(None);
    }
    Ok(Some(row.latency(count)?))
}

/// The response times of the histogram, where it has any.
fn histogram(report: &Report) -> Result<Option<Latency>, IngestError> {
    let (max, count) = pair(report, "#[Max", ", Total count")?;
    let count = count.count()?;
    if count == 0 {
        return Ok(None);
    }
    let (mean, stddev) = pair(report, "#[Mean", ", StdDeviation")?;
    let mut latency = Latency {
        count: Some(count),
        mean: Some(mean.number()?),
        stddev: Some(stddev.number()?),
        ..Latency::default()
    };
    for row in report.below(PERCENTILES) {
        let (percent, time) = row.split("%")?;
        let time = Time::read(time)?;
        let level = add_percentile(&mut latency, percent, time.ms)?;
        latency.half_steps.extend(level.map(|level| (level, time.half_step)));
    }
    latency.max = Some(max.number()?);
    let spectrum = Spectrum::read(report, count)?;
    for level in Quantile::GRID {
        if let (None, Some((ms, off))) = (latency.quantiles.get(&level), spectrum.at(level)) {
            latency.quantiles.insert(level, ms);
            latency.half_steps.insert(level, off);
        }
    }
    Ok(Some(latency))
}

/// The two numbers of a line such as `#[Mean    =        8.024, StdDeviation   =        3.767]`: the first of them, which is that of
/// the corrected times.
fn pair<'a>(
    report: &'a Report,
    first: &'static str,
    second: &str,
) -> Result<(Cell<'a>, Cell<'a>), IngestError> {
    let row = report.each(first).next().ok_or_else(|| report.lacks(first))?;
    let (before, behind) = row.split(second)?;
    let value = |cell: Cell<'a>| cell.with(cell.text.trim_matches(['=', ' ', ']']));
    Ok((value(before), value(behind)))
}

/// Times and how many of all requests took no longer.
struct Spectrum(Vec<(f64, f64)>);

impl Spectrum {
    fn read(report: &Report, count: u64) -> Result<Self, IngestError> {
        let lines = report.lines().skip_while(|line| !line.text.starts_with(SPECTRUM));
        // A heading and an empty line.
        let rows = lines.skip(3).take_while(|line| !line.text.starts_with("#["));
        let mut all: Vec<(f64, f64)> = Vec::new();
        let mut counted = 0;
        for row in rows {
            let cells: Vec<&str> = row.text.split_whitespace().collect();
            let [ms, share, up_to, _] = cells[..] else {
                return Err(row.bad("is no row of the spectrum"));
            };
            let own = (row.with(share).number()?, row.with(ms).number()?);
            let up_to = row.with(up_to).count()?;
            if up_to < counted || all.last().is_some_and(|last| own.0 < last.0 || own.1 < last.1) {
                return Err(row.bad("is out of order"));
            }
            counted = up_to;
            all.push(own);
        }
        if counted != count {
            return Err(report.lacks("1.000000"));
        }
        Ok(Self(all))
    }

    /// A percentile in milliseconds, and how far it may be off: between those rows, nothing more is known.
    fn at(&self, level: Quantile) -> Option<(f64, f64)> {
        // The shares have six decimals.
        let above = self.0.iter().position(|(share, _)| *share > level.fraction() - 5e-7)?;
        let (share, high) = self.0[above];
        let low = match above.checked_sub(1) {
            Some(below) if share > level.fraction() + 5e-7 => self.0[below].1,
            _ => high,
        };
        let ms = (low + high) / 2.0;
        Some((ms, (high - low) / 2.0 + high * BUCKET))
    }
}
