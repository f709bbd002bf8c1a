//! The files that Locust writes beside `_stats.csv`: kinds of failure, and exceptions of the script.
//!
//! They explain numbers and never make one, so a broken one is a warning.

use super::key::key;
use crate::ingest::csv_file::{csv_error, whole};
use crate::ingest::endpoint_stats::MOST_KINDS;
use crate::ingest::error::IngestError;
use crate::ingest::source::Source;
use crate::model::{FailureKind, Raw as _, Run, Warning, WarningKind, limits, without_credentials};
use csv::{ByteRecord, Reader};
use std::path::Path;

/// The longest message that is kept of a failure, in characters; tracebacks can be pages.
const LONGEST_MESSAGE: usize = 300;

/// What kinds are called that are too many.
const OTHER: &str = "other";

/// Adds the kinds of failure to the endpoints that they belong to.
pub(super) fn read_failures(path: &Path, run: &mut Run, warnings: &mut Vec<Warning>) {
    let each = |columns: &[String]| {
        let [method, name, message, count] = columns else { return };
        let key = key(method, name);
        if let Some(endpoint) = run.endpoints.iter_mut().find(|e| e.key == key)
            && let Ok(count) = count.parse()
        {
            add(&mut endpoint.failure_kinds, &kind_of(message), count);
        }
    };
    read_columns(path, ["Method", "Name", "Error", "Occurrences"], warnings, each);
    for kind in run.endpoints.iter().flat_map(|endpoint| &endpoint.failure_kinds) {
        add(&mut run.total.failure_kinds, kind.message.raw(), kind.count);
    }
    for endpoint in run.endpoints.iter_mut().chain([&mut run.total]) {
        // Locust writes them in any order.
        endpoint
            .failure_kinds
            .sort_by(|a, b| b.count.cmp(&a.count).then(a.message.cmp(&b.message)));
        endpoint.failure_kinds.truncate(MOST_KINDS);
    }
}

fn add(kinds: &mut Vec<FailureKind>, message: &str, count: u64) {
    // A script that words every failure differently has no kinds; what is kept are those that come first.
    let message = if kinds.len() + 1 < limits::ENTRIES { message } else { OTHER };
    let kind = FailureKind::new(message, count);
    match kinds.iter_mut().find(|known| known.message == kind.message) {
        Some(known) => known.count = known.count.saturating_add(count),
        None => kinds.push(kind),
    }
}

/// What a failure is called: its status, where the message is that of Python's requests about one (`HTTPError('500 Server
/// Error: …')`, in old versions what stands in the quotes), so that the same failure has the same name whatever its URL;
/// else the message.
pub(in crate::ingest) fn kind_of(message: &str) -> String {
    match message.strip_prefix("HTTPError('").unwrap_or(message).split_once(' ') {
        Some((status, rest))
            if status.len() == 3
                && status.bytes().all(|b| b.is_ascii_digit())
                && (rest.starts_with("Server Error") || rest.starts_with("Client Error")) =>
        {
            format!("HTTP {status}")
        }
        _ => shortened(message),
    }
}

/// Warns of exceptions that the script raised: they are in no failure count.
pub(super) fn read_exceptions(path: &Path, warnings: &mut Vec<Warning>) {
    let mut all: Vec<(u64, String)> = Vec::new();
    let each = |columns: &[String]| {
        let [count, message] = columns else { return };
        all.extend(count.parse().ok().map(|count| (count, shortened(message))));
    };
    read_columns(path, ["Count", "Message"], warnings, each);
    let count = all.iter().map(|(count, _)| *count).fold(0, u64::saturating_add);
    if let Some((_, message)) = all.into_iter().max() {
        let kind = WarningKind::ScriptErrors { count, message };
        warnings.push(Warning::at(kind, &path.display().to_string(), None));
    }
}

/// Calls `each` with these columns of every row.
fn read_columns<const N: usize>(
    path: &Path,
    wanted: [&'static str; N],
    warnings: &mut Vec<Warning>,
    mut each: impl FnMut(&[String]),
) {
    let name = path.display().to_string();
    let mut read = || -> Result<(), IngestError> {
        let wrap = |error| csv_error(&name, error);
        let bytes = Source::open(path)?.document(limits::DOCUMENT_BYTES)?;
        let mut reader = Reader::from_reader(bytes.as_slice());
        let header = reader.byte_headers().map_err(wrap)?.clone();
        let at = wanted.map(|column| header.iter().position(|known| known == column.as_bytes()));
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(wrap)? {
            let text =
                |i: Option<usize>| record.get(i?).map(|b| String::from_utf8_lossy(b).into_owned());
            let row: Option<Vec<String>> = at.into_iter().map(text).collect();
            let line = record.position().map_or(0, csv::Position::line);
            let row = row.unwrap_or_default();
            let counts =
                wanted.iter().zip(&row).filter(|(c, _)| matches!(**c, "Count" | "Occurrences"));
            for (column, text) in counts {
                whole(&name, line, column, text)?;
            }
            each(&row);
        }
        Ok(())
    };
    if let Err(error) = read() {
        let kind = WarningKind::BrokenLines { count: 1, first: error.to_string() };
        warnings.push(Warning::at(kind, &name, error.line));
    }
}

/// The first line of a message, cut to a sensible length. Credentials go first: cut in half they would not be recognized.
fn shortened(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    without_credentials(line).chars().take(LONGEST_MESSAGE).collect()
}
