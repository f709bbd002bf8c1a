//! Bundles: the numbers of a job that is not trusted, for one that is.
//!
//! A bundle is a folder of run files, `run-1.json` and so on. Nothing else in it is looked at: no verdict, no limits, no pull
//! request's number. The reader recomputes the verdict.

use super::codes;
use super::error::CliError;
use super::output::write_file;
use super::session::Session;
use crate::model::Run;
use crate::schema::{RunV1, read_bundled};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Runs of a bundle at most.
const MOST_RUNS: usize = 20;
/// Bytes of one of its files at most: about 20 000 endpoints.
const LARGEST: u64 = 16 << 20;

/// Writes a bundle to each of these folders.
pub(super) fn write_bundles(
    folders: &[PathBuf],
    runs: &[Run],
    session: &Session<'_>,
) -> Result<(), CliError> {
    folders.iter().try_for_each(|folder| write_bundle(&session.path(folder), runs))
}

fn file(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("run-{number}.json"))
}

/// Writes the numbers of the runs, and no text but names.
fn write_bundle(folder: &Path, runs: &[Run]) -> Result<(), CliError> {
    if runs.len() > MOST_RUNS {
        let problem = format!("{} runs are more than the {MOST_RUNS} of a bundle", runs.len());
        return Err(CliError::coded(&codes::BUNDLE, problem, "give fewer result files"));
    }
    for (number, run) in (1..).zip(runs) {
        let mut run = run.clone();
        run.checks.clear();
        let endpoints = std::iter::once(&mut run.total).chain(&mut run.endpoints);
        endpoints.for_each(|endpoint| endpoint.failure_kinds.clear());
        let json = serde_json::to_vec(&RunV1::without_histograms(&run))?;
        write_file(&file(folder, number), |out| out.write_all(&json))?;
    }
    // Left over from an earlier, longer bundle.
    for number in runs.len() + 1..=MOST_RUNS {
        let path = file(folder, number);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(CliError::File { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads the runs of a bundle. They are checked as every run file is. Histograms and samples are refused: perfgate writes
/// none, and a short text can stand for a very large one.
pub(super) fn read_bundle(folder: &Path) -> Result<Vec<Run>, CliError> {
    let mut runs = Vec::new();
    for number in 1..=MOST_RUNS {
        let path = file(folder, number);
        let wrap = |source| CliError::File { path: path.clone(), source };
        let kind = match path.symlink_metadata() {
            Ok(kind) => kind,
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(wrap(error)),
        };
        let refused = |why: &str| {
            let problem = format!("{}: {why}", path.display());
            CliError::coded(
                &codes::BUNDLE,
                problem,
                "the bundle was not written by perfgate: nothing is published",
            )
        };
        if !kind.is_file() {
            return Err(refused("this is not a regular file"));
        }
        if kind.len() > LARGEST {
            return Err(refused(&format!("it is larger than {} MB", LARGEST >> 20)));
        }
        let mut json = Vec::new();
        let opened = std::fs::File::open(&path).map_err(wrap)?;
        opened.take(LARGEST + 1).read_to_end(&mut json).map_err(wrap)?;
        let read = read_bundled(&json).map_err(|error| refused(&error.to_string()))?;
        runs.push(read);
    }
    if runs.is_empty() {
        let problem = format!("there is no run-1.json in {}", folder.display());
        let help = "name the folder that `perfgate compare --output bundle=FOLDER` wrote";
        return Err(CliError::coded(&codes::BUNDLE, problem, help));
    }
    Ok(runs)
}
