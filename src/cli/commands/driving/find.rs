//! The results that a tool left in its folder.

use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::results::{ReadRuns, read_files};
use crate::cli::session::Session;
use crate::ingest::{Format, ReadOptions, Source, recognise};
use std::path::{Path, PathBuf};

/// Files that perfgate itself writes into the folder.
const OUR_FILES: [&str; 3] = [LOG, RESOURCES, RUN];
pub(super) const LOG: &str = "output.log";
pub(super) const RESOURCES: &str = "resources.csv";
pub(super) const RUN: &str = "perfgate-run.json";

/// Reads the best result of a folder; several of one kind are shards of the run.
pub(super) fn results_in(
    folder: &Path,
    options: &ReadOptions,
    session: &Session<'_>,
) -> Result<ReadRuns, CliError> {
    let mut found: Vec<((u8, usize), PathBuf)> = Vec::new();
    let wrap = |source| CliError::File { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(wrap)? {
        let path = entry.map_err(wrap)?.path();
        let ours = path.file_name().is_some_and(|name| OUR_FILES.iter().any(|own| name == *own));
        if !path.is_file() || ours {
            continue;
        }
        let format = Source::open(&path).and_then(recognise);
        let rank = format.ok().and_then(Format::preference);
        found.extend(rank.map(|rank| (rank, path)));
    }
    found.sort();
    let best = found.first().map(|(rank, _)| *rank);
    let paths: Vec<PathBuf> =
        found.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, path)| path).collect();
    if paths.is_empty() {
        let problem = format!("the tool left no result in {}", folder.display());
        let help = "let it write there ({out} stands for the folder), or name its files with --results GLOB";
        return Err(CliError::coded(&codes::NO_RESULT_WRITTEN, problem, help));
    }
    read_files(&paths, options, session)
}
