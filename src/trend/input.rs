//! Series from elsewhere: a CSV with one row per commit (`commit,timestamp,<series>…`), or JSON lines
//! (`{"id": …, "values": […]}`).

use crate::model::limits::{self, check_bytes, check_name, check_number};
use csv::{ReaderBuilder, StringRecord};
use serde::Deserialize;

/// A series of one value per commit, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name; untrusted.
    pub id: String,
    /// The commits, where the file names them; untrusted.
    pub commits: Vec<String>,
    /// When each was measured, where the file says so.
    pub times: Vec<Option<jiff::Timestamp>>,
    /// The line that each stands in, where each has one of its own; from 1.
    pub lines: Vec<u64>,
    /// The values; none where a commit has none. All finite.
    pub values: Vec<Option<f64>>,
}

/// Why a file of series cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// A line is not what it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// There is nothing in it.
    #[error(
        "there is no series in it: write `commit,timestamp,<series>…`, or JSON lines {{\"id\": …, \"values\": […]}}"
    )]
    Empty,
}

/// Reads all series of a document; the first character tells the format.
pub fn read_series(document: &[u8]) -> Result<Vec<Series>, SeriesError> {
    let series = match document.trim_ascii_start().first() {
        Some(b'{') => json_lines(document)?,
        _ => csv_columns(document)?,
    };
    if series.is_empty() { Err(SeriesError::Empty) } else { Ok(series) }
}

fn wrong(line: u64, problem: impl Into<String>) -> SeriesError {
    SeriesError::Line { line, problem: problem.into() }
}

fn exceeded(line: u64) -> impl Fn(limits::Exceeded) -> SeriesError {
    move |exceeded| wrong(line, exceeded.to_string())
}

/// What the parser says, without its place, which counts from the start of the line.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line").map_or(text.clone(), |(what, _)| what.to_owned())
}

fn json_lines(document: &[u8]) -> Result<Vec<Series>, SeriesError> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
        values: Vec<Option<f64>>,
        #[serde(default)]
        commits: Vec<String>,
    }
    let mut all = Vec::new();
    let mut count = 0;
    for (line, text) in (1..).zip(document.split(|b| *b == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let parsed: Line =
            serde_json::from_slice(text).map_err(|error| wrong(line, plain(&error)))?;
        if !parsed.commits.is_empty() && parsed.commits.len() != parsed.values.len() {
            return Err(wrong(line, "`commits` and `values` are of different lengths"));
        }
        let (id, values) = (parsed.id, parsed.values);
        count += values.len() + 1;
        check_number("values", count, limits::SERIES_VALUES).map_err(exceeded(line))?;
        check_name("a series' name", &id).map_err(exceeded(line))?;
        let (times, lines) = (Vec::new(), Vec::new());
        all.push(Series { id, commits: parsed.commits, times, lines, values });
    }
    Ok(all)
}

fn csv_columns(document: &[u8]) -> Result<Vec<Series>, SeriesError> {
    if !document.is_empty() && !document.ends_with(b"\n") {
        let line = document.iter().filter(|b| **b == b'\n').count() as u64 + 1;
        let problem = "the file ends in the middle: the last line has no end, and a number that is cut is another number";
        return Err(wrong(line, problem));
    }
    let mut csv = ReaderBuilder::new().from_reader(document);
    let line_of = |error: &csv::Error| error.position().map_or(1, csv::Position::line);
    let failed = |error: csv::Error| wrong(line_of(&error), error.to_string());
    let header = csv.headers().map_err(failed)?.clone();
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let commit = place("commit").ok_or_else(|| wrong(1, "the column `commit` is missing"))?;
    let timestamp = place("timestamp");
    // What `trend --format csv` writes beside the numbers.
    let is_about =
        |i: usize| header.get(i).is_some_and(|name| matches!(name.trim(), "author" | "subject"));
    let columns: Vec<usize> = (0..header.len())
        .filter(|i| *i != commit && Some(*i) != timestamp && !is_about(*i))
        .collect();
    let named = |i: &usize| header.get(*i).unwrap_or_default().trim().to_owned();
    let empty = |i: &usize| Series {
        id: named(i),
        commits: Vec::new(),
        times: Vec::new(),
        lines: Vec::new(),
        values: Vec::new(),
    };
    let mut all: Vec<Series> = columns.iter().map(empty).collect();
    check_number("series", all.len(), limits::METRICS).map_err(exceeded(1))?;
    all.iter().try_for_each(|own| check_name("a series' name", &own.id)).map_err(exceeded(1))?;
    let mut count = 0;
    let mut record = StringRecord::new();
    while csv.read_record(&mut record).map_err(failed)? {
        let line = record.position().map_or(0, csv::Position::line);
        let text = timestamp.and_then(|i| record.get(i)).unwrap_or_default();
        let at = time(text, line)?;
        count += all.len() + 1;
        check_number("values", count, limits::SERIES_VALUES).map_err(exceeded(line))?;
        let name = record.get(commit).unwrap_or_default();
        check_bytes("a commit's name", name, limits::COMMIT_BYTES).map_err(exceeded(line))?;
        for (series, i) in all.iter_mut().zip(&columns) {
            series.lines.push(line);
            series.times.push(at);
            series.commits.push(record.get(commit).unwrap_or_default().to_owned());
            series.values.push(value(record.get(*i).unwrap_or_default(), line, &series.id)?);
        }
    }
    Ok(all)
}

/// A time: as RFC 3339 (without an offset taken for UTC) or as a day, or in seconds or milliseconds since 1970; an empty cell is
/// none. What is no time is an error: whoever damaged it may have damaged what stands beside it.
fn time(text: &str, line: u64) -> Result<Option<jiff::Timestamp>, SeriesError> {
    let text = text.trim();
    let of_number = |number: i64| {
        // Seconds reach this number in the year 5138.
        let seconds = number.unsigned_abs() < 100_000_000_000;
        let milliseconds = if seconds { number.checked_mul(1000)? } else { number };
        jiff::Timestamp::from_millisecond(milliseconds).ok()
    };
    let of_text = || {
        let utc = |at: jiff::civil::DateTime| at.to_zoned(jiff::tz::TimeZone::UTC).ok();
        let local = || text.parse().ok().and_then(utc).map(|at| at.timestamp());
        text.parse().ok().or_else(local)
    };
    if text.is_empty() {
        return Ok(None);
    }
    let at = text.parse().map_or_else(|_| of_text(), of_number);
    let problem = || {
        let text = limits::shown(text);
        wrong(
            line,
            format!(
                "`{text}` of timestamp is no time: write RFC 3339, or seconds or milliseconds since 1970"
            ),
        )
    };
    at.ok_or_else(problem).map(Some)
}

/// A value; an empty cell is none.
fn value(text: &str, line: u64, id: &str) -> Result<Option<f64>, SeriesError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => {
            let text = limits::shown(text);
            Err(wrong(line, format!("`{text}` of {id} is no finite number")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_and_json_lines_give_the_same_series() {
        let csv = read_series("commit,timestamp,p95\na,1,10\nb,2,\nc,3,12.5\n".as_bytes()).unwrap();
        let json = r#"{"id": "p95", "commits": ["a", "b", "c"], "values": [10, null, 12.5]}"#;
        assert_eq!(csv[0].times[1], jiff::Timestamp::from_second(2).ok());
        assert_eq!(csv[0].lines, [2, 3, 4]);
        let without_times = Series { times: Vec::new(), lines: Vec::new(), ..csv[0].clone() };
        assert_eq!([without_times].as_slice(), read_series(json.as_bytes()).unwrap());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = |text: &str| read_series(text.as_bytes()).map(drop).unwrap_err().to_string();
        assert_eq!(error("commit,x\na,1\nb,NaN\n"), "line 3: `NaN` of x is no finite number");
        assert!(
            error("commit,timestamp,x\na,1,1\nb,yesterday,2\n")
                .starts_with("line 3: `yesterday` of")
        );
        assert_eq!(error("when,x\n1,2\n"), "line 1: the column `commit` is missing");
        assert!(error("{\"id\": \"x\"}\n").starts_with("line 1: missing field `values`"));
        assert!(
            error("").contains("there is no series") || error("").contains("`commit` is missing")
        );
    }
}
