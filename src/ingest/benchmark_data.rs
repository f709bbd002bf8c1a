//! The history that github-action-benchmark keeps on a pages branch: `data.js`, one JSON object behind an assignment.
//!
//! Its shape, from its own documentation: `entries` holds suites by name; each entry of a suite is a commit, a `date` in
//! milliseconds, the `tool` whose output was read, and `benches` of `name`, `value` and `unit`. Whether larger is better is not
//! stored: it follows from the tool.

use super::error::{IngestError, Problem};
use super::json_file::json_error;
use crate::model::{CustomMetric, Direction, Run, Tool, Unit};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the file begins with.
const ASSIGNMENT: &str = "window.BENCHMARK_DATA";
/// Tools of which a larger value is better, as that action has it.
const LARGER_IS_BETTER: [&str; 3] = ["benchmarkjs", "pytest", "customBiggerIsBetter"];

/// A run of a history from elsewhere, and the commit as its file has it.
#[derive(Debug)]
pub struct HistoryRun {
    /// The commit, in full or abbreviated; untrusted.
    pub commit: String,
    /// The line that it stands in, where it has one of its own; from 1.
    pub line: Option<u64>,
    /// The run, which does not name the commit yet.
    pub run: Run,
}

#[derive(Deserialize)]
struct HistoryFile {
    entries: BTreeMap<String, Vec<CommitEntry>>,
}

#[derive(Deserialize)]
struct CommitEntry {
    commit: Commit,
    date: Option<i64>,
    tool: String,
    benches: Vec<Bench>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

#[derive(Deserialize)]
struct Bench {
    name: String,
    value: f64,
    #[serde(default)]
    unit: String,
}

/// Whether a file is such a history, by how it begins.
pub fn is_benchmark_data(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(ASSIGNMENT)
}

/// The runs of such a file, in its order; `file` is for messages.
pub fn read_benchmark_data(file: &str, text: &str) -> Result<Vec<HistoryRun>, IngestError> {
    let malformed = |problem: &str| IngestError::new(file, Problem::Malformed(problem.to_owned()));
    let start =
        text.find('{').ok_or_else(|| malformed("there is no JSON object behind the assignment"))?;
    let json = text[start..].trim_end().trim_end_matches(';');
    let data: HistoryFile = serde_json::from_str(json).map_err(|error| json_error(file, &error))?;
    let mut runs = Vec::new();
    for (suite, entries) in data.entries {
        runs.extend(entries.into_iter().map(|entry| run(&suite, entry)));
    }
    if runs.is_empty() { Err(malformed("its `entries` hold no commit")) } else { Ok(runs) }
}

fn run(suite: &str, entry: CommitEntry) -> HistoryRun {
    let larger = LARGER_IS_BETTER.contains(&entry.tool.as_str());
    let direction = if larger { Direction::Higher } else { Direction::Lower };
    let mut run = Run::new(Tool { name: entry.tool.into(), version: None });
    run.suite = suite.into();
    run.started_at = entry.date.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    run.metrics = entry.benches.into_iter().map(|bench| metric(bench, direction)).collect();
    HistoryRun { commit: entry.commit.id, line: None, run }
}

fn metric(bench: Bench, direction: Direction) -> CustomMetric {
    // `ns/iter` and `ns/op` are times.
    let name = bench.unit.split('/').next().unwrap_or_default().trim();
    let (unit, factor) = match Unit::from_name(name) {
        (Unit::Milliseconds, factor) => (Unit::Milliseconds, factor),
        _ => Unit::from_name(bench.unit.trim()),
    };
    CustomMetric {
        direction: Some(direction),
        value: Some(bench.value * factor),
        ..CustomMetric::new(&bench.name, unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = r#"window.BENCHMARK_DATA = {
        "lastUpdate": 1790000000000, "repoUrl": "",
        "entries": { "Bench": [ { "commit": { "id": "0123456789abcdef0123456789abcdef01234567", "message": "x" },
            "date": 1790000000000, "tool": "cargo",
            "benches": [ { "name": "parse", "value": 1500000, "range": "± 3", "unit": "ns/iter" } ] } ] }
    };"#;

    #[test]
    fn a_value_comes_in_base_units_with_the_tools_direction() {
        let runs = read_benchmark_data("data.js", DATA).unwrap();
        let [only] = runs.as_slice() else { panic!("{runs:?}") };
        let metric = &only.run.metrics[0];
        assert_eq!((metric.value, &metric.unit), (Some(1.5), &Unit::Milliseconds));
        assert_eq!(metric.direction, Some(Direction::Lower));
        assert!(only.run.suite == "Bench" && only.run.tool.name == "cargo");
        let larger = DATA.replace("cargo", "pytest").replace("ns/iter", "iter/sec");
        let larger = read_benchmark_data("data.js", &larger).unwrap();
        assert_eq!(larger[0].run.metrics[0].direction, Some(Direction::Higher));
    }

    #[test]
    fn what_is_no_history_is_told() {
        let empty = read_benchmark_data("data.js", "window.BENCHMARK_DATA = {\"entries\": {}}");
        assert!(empty.unwrap_err().to_string().contains("no commit"));
        assert!(read_benchmark_data("data.js", &DATA[..200]).is_err());
    }
}
