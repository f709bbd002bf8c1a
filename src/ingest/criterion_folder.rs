//! The folder in which criterion keeps its results: `NAME/new/benchmark.json`, `sample.json` and `estimates.json` of the last run of
//! each benchmark. They are put together to one document, which its reader takes.

use super::error::{IngestError, Problem};
use crate::model::limits;
use serde::de::IgnoredAny;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The key of the document.
pub(super) const KEY: &str = "criterion_benchmarks";
/// The folder of the last run.
const LAST_RUN: &str = "new";
/// Folders in folders that are looked into: a group, a function, a parameter, and some for a folder above.
const DEPTH: usize = 6;

/// The document of a folder; none where criterion wrote nothing below it.
pub(super) fn document_of(folder: &Path) -> Option<Result<Vec<u8>, IngestError>> {
    let mut runs = Vec::new();
    find(folder, DEPTH, &mut runs);
    runs.sort();
    (!runs.is_empty()).then(|| put_together(&runs))
}

fn find(folder: &Path, depth: usize, runs: &mut Vec<PathBuf>) {
    // What cannot be listed holds nothing that could be read.
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let is_run = path.ends_with(LAST_RUN) && path.join("benchmark.json").is_file();
        if is_run {
            runs.push(path);
        } else if depth > 0 && path.is_dir() {
            find(&path, depth - 1, runs);
        }
    }
}

fn put_together(runs: &[PathBuf]) -> Result<Vec<u8>, IngestError> {
    let mut document = format!("{{\"{KEY}\": [").into_bytes();
    for (place, run) in runs.iter().enumerate() {
        let own = if place == 0 { "\n{" } else { ",\n{" };
        document.extend_from_slice(own.as_bytes());
        for (part, key) in ["\"benchmark\": ", ", \"sample\": "].iter().zip(["benchmark", "sample"])
        {
            document.extend_from_slice(part.as_bytes());
            document.extend_from_slice(&part_of(&run.join(format!("{key}.json")))?);
        }
        document.push(b'}');
    }
    document.extend_from_slice(b"]}");
    Ok(document)
}

/// One file of a run, which must be whole.
fn part_of(path: &Path) -> Result<Vec<u8>, IngestError> {
    let name = path.display().to_string();
    let wrap = |error| IngestError::new(&name, Problem::Io(error));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(wrap)?;
    file.take(limits::DOCUMENT_BYTES).read_to_end(&mut bytes).map_err(wrap)?;
    match serde_json::from_slice::<IgnoredAny>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(super::json_file::json_error(&name, &error)),
    }
}
