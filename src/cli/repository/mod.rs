//! What a repository shows of how it is tested: its load test, what that has left, its CI.

mod ci;
mod load_test;
mod walk;

pub(super) use ci::{Ci, detect as detect_ci};
pub(super) use load_test::{LoadTest, Tool};

use crate::ingest::{Source, recognise};
use std::path::Path;
use walk::is_of;

/// Tables of baselines are written by hand, and no results.
const TABLE: &str = "table";
/// More result files than this are a collection of fixtures.
const MOST_RESULTS: usize = 5;
const RESULTS: [&str; 8] = ["csv", "json", "ndjson", "jsonl", "jtl", "xml", "gz", "zst"];
const COMPOSE: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// What was found in a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) load_test: Option<LoadTest>,
    /// Result files, from the folder on, and their format; none where there are too many to mean one test.
    pub(super) results: Vec<(String, &'static str)>,
    /// Whether docker compose starts the program under test.
    pub(super) compose: bool,
}

/// Looks through a folder.
pub(super) fn look(folder: &Path) -> Found {
    let files = walk::files(folder);
    let names: Vec<&str> = files.iter().filter_map(|file| name(file)).collect();
    let mut results: Vec<(String, &str)> = Vec::new();
    for file in names.iter().filter(|file| is_of(file, &RESULTS)) {
        let format = Source::open(&folder.join(file)).and_then(recognise);
        if let Some(format) = format.ok().filter(|format| format.name != TABLE) {
            results.push(((*file).to_owned(), format.name));
        }
    }
    let one_format =
        results.iter().all(|(_, format)| Some(*format) == results.first().map(|own| own.1));
    if results.len() > MOST_RESULTS || !one_format {
        results.clear();
    }
    let load_test = load_test::find(folder, &names);
    let compose = COMPOSE.iter().any(|name| folder.join(name).is_file());
    Found { load_test, results, compose }
}

/// A path that can stand in a policy and in a script as it is; none of others.
fn name(file: &Path) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    file.to_str().filter(|name| name.chars().all(plain) && !name.starts_with('-'))
}
