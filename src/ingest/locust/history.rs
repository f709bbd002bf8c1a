//! The `_stats_history.csv` that Locust writes beside `_stats.csv`: a row a second of how many users there were, and when.
//!
//! Its percentiles are of sliding windows, or of the whole run so far, and nothing says which: only users, counts and times are taken.
//! It adds to what is known of the run, so that one that cannot be read, or is of another run, is a warning.

use crate::ingest::csv_file::{csv_error, refuse_cut, whole};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::source::Source;
use crate::model::{Run, Timeline, Untrusted, WINDOW_S, Warning, WarningKind, Window, limits};
use csv::{ByteRecord, Position, ReaderBuilder};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns that are read.
const COLUMNS: [&str; 5] = ["Timestamp", "User Count", "Type", "Name", "Total Request Count"];
/// How far its requests may be from those of `_stats.csv`, as a share, and in seconds of the load: both are written each second.
/// One that was cut may not have come to the end of the ramp.
const TOLERANCE: f64 = 0.2;
const SECONDS: f64 = 3.0;

/// What all endpoints together were at in one second.
struct Second {
    at: u64,
    users: u64,
    requests: u64,
    failures: Option<u64>,
}

/// Adds users and times to the run.
pub(super) fn read_history(path: &Path, run: &mut Run, warnings: &mut Vec<Warning>) {
    let name = path.display().to_string();
    let mut seconds = Vec::new();
    if let Err(error) = read_seconds(path, &name, &mut seconds) {
        let kind = WarningKind::BrokenLines { count: 1, first: error.to_string() };
        warnings.push(Warning::at(kind, &name, error.line));
    }
    let Some(last) = seconds.last() else { return };
    let counted = run.total.requests.unwrap_or_default();
    let allowed = TOLERANCE * last.requests.max(counted) as f64
        + SECONDS * run.total.throughput_rps.unwrap_or_default();
    if last.requests.abs_diff(counted) as f64 > allowed {
        let kind = WarningKind::OtherHistory { told: last.requests, counted };
        warnings.push(Warning::at(kind, &name, None));
        return;
    }
    // With the web interface, Locust waits before the test and after it.
    let first = seconds.iter().position(|second| second.users > 0).unwrap_or(0).saturating_sub(1);
    let end = seconds.iter().rposition(|second| second.users > 0).unwrap_or(first);
    let seconds = &seconds[first..=end];
    let start = seconds[0].at;
    run.started_at = i64::try_from(start).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
    let lasted = seconds[seconds.len() - 1].at.saturating_sub(start);
    run.duration_s = run.duration_s.or((lasted > 0).then_some(lasted as f64));
    // The load is what the ramp leads to.
    run.load.users = seconds.iter().map(|second| second.users).max().filter(|users| *users > 0);
    let points: Vec<(f64, f64)> = seconds.iter().map(|s| (s.at as f64, s.users as f64)).collect();
    let users = Timeline::of_points(&points, start as f64).filter(|_| run.load.users.is_some());
    run.timeline.extend(users.map(|users| ("users".into(), users)));
    run.timeline.extend(windows(seconds));
}

/// Requests, failures and users in each ten seconds of the load: the counts of the file add up, and percentiles do not.
fn windows(seconds: &[Second]) -> BTreeMap<Untrusted, Timeline> {
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else {
        return BTreeMap::new();
    };
    let width = WINDOW_S as u64;
    // The row of a second, or the last one before it.
    let row = |at: u64| seconds.partition_point(|own| own.at <= at).checked_sub(1);
    let rows = |window: u64| {
        let (start, end) = (window * width, (window + 1) * width);
        (start >= first.at && end <= last.at).then(|| Some(row(start)?..=row(end)?)).flatten()
    };
    let series = |of: &dyn Fn(&[Second]) -> Option<f64>| {
        let value = |window: u64| of(&seconds[rows(window)?]);
        let values = (first.at / width..=last.at / width).map(value).collect();
        Timeline { interval_s: WINDOW_S, values }
    };
    let added = |of: &dyn Fn(&Second) -> Option<u64>, own: &[Second]| {
        Some(of(own.last()?)?.saturating_sub(of(own.first()?)?) as f64)
    };
    let all = [
        (Window::Requests, series(&|own| added(&|second| Some(second.requests), own))),
        (Window::Failures, series(&|own| added(&|second| second.failures, own))),
        (
            Window::Users,
            series(&|own| own.iter().map(|second| second.users as f64).reduce(f64::min)),
        ),
    ];
    let known = all.into_iter().filter(|(window, own)| {
        *window == Window::Requests || own.values.iter().any(Option::is_some)
    });
    known.map(|(window, own)| (window.series().into(), own)).collect()
}

/// The rows of all endpoints together, as far as they are whole.
fn read_seconds(path: &Path, name: &str, seconds: &mut Vec<Second>) -> Result<(), IngestError> {
    let wrap = |error| csv_error(name, error);
    let bytes = Source::open(path)?.document(limits::RESOURCES_BYTES)?;
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let header = reader.byte_headers().map_err(wrap)?.clone();
    let find = |column: &'static str| {
        let at = header.iter().position(|known| known == column.as_bytes());
        at.ok_or_else(|| IngestError::at(name, 1, Problem::MissingColumn(column)))
    };
    let [at, users, method, endpoint, requests] = [
        find(COLUMNS[0])?,
        find(COLUMNS[1])?,
        find(COLUMNS[2])?,
        find(COLUMNS[3])?,
        find(COLUMNS[4])?,
    ];
    let failures = header.iter().position(|known| known == b"Total Failure Count");
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(wrap)? {
        let line = record.position().map_or(0, Position::line);
        if record.len() < header.len() {
            let how = format!("line {line} has {} of {} columns", record.len(), header.len());
            let lines = line.saturating_sub(1);
            return Err(IngestError::at(name, line, Problem::Truncated { lines, how }));
        }
        let is_total = record[method].is_empty() && &record[endpoint] == b"Aggregated";
        if !is_total {
            continue;
        }
        let number =
            |i: usize, what: &str| whole(name, line, what, &String::from_utf8_lossy(&record[i]));
        let second = Second {
            at: number(at, COLUMNS[0])?,
            users: number(users, COLUMNS[1])?,
            requests: number(requests, COLUMNS[4])?,
            failures: failures.map(|at| number(at, "Total Failure Count")).transpose()?,
        };
        // Whoever stops a test in the web interface and starts another goes on in the same file.
        if seconds.last().is_some_and(|before| second.requests < before.requests) {
            seconds.clear();
        }
        seconds.push(second);
    }
    refuse_cut(name, &bytes)?;
    Ok(())
}
