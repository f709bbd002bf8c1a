//! Results that lie in folders or files named by commit: `results/9d4e1b2/summary.json`, `locust-9d4e1b2_stats.csv`.

use super::found::{FoundRuns, Importer, commit_named};
use crate::cli::error::CliError;
use crate::cli::open_store::OpenStore;
use crate::cli::results::read_files;
use crate::model::{CommitId, Run};
use std::path::{Path, PathBuf};

/// Folders inside each other that are looked into.
const DEEPEST: usize = 8;
/// Files of the folder at most.
const MOST_FILES: usize = 100_000;
/// Digits of a commit's name at least.
const SHORTEST: usize = 7;

impl Importer<'_, '_> {
    /// Reads every result of a folder whose path names a commit.
    pub(super) fn read_folder(&self, folder: &Path, found: &mut FoundRuns) -> Result<(), CliError> {
        let mut files = Vec::new();
        collect(folder, DEEPEST, &mut files)?;
        files.sort();
        let before = found.runs.len();
        for path in files {
            let inside = path.strip_prefix(folder).unwrap_or(&path);
            let Some(commit) = commit_of(inside, self.store) else {
                found.passed_over.push(inside.display().to_string());
                continue;
            };
            match read_files(std::slice::from_ref(&path), &self.options, self.session) {
                Ok(read) => {
                    let bound = |run| Run { commit: Some(commit), ..run };
                    found.runs.extend(read.runs.into_iter().map(bound));
                    found.warnings.extend(read.warnings);
                }
                Err(CliError::Ingest(error)) if error.problem.is_no_result() => {
                    found.passed_over.push(inside.display().to_string());
                }
                Err(other) => return Err(other),
            }
        }
        if found.runs.len() == before {
            let problem = format!("{} holds no result that names a commit", folder.display());
            let help = "it must be a folder written by `baseline export`, or hold folders or files named by commit: \
                        results/9d4e1b2/summary.json";
            return Err(CliError::usage(problem, help));
        }
        Ok(())
    }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let wrap = |source| CliError::File { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(wrap)? {
        let entry = entry.map_err(wrap)?;
        let kind = entry.file_type().map_err(wrap)?;
        if kind.is_file() {
            files.push(entry.path());
            if files.len() > MOST_FILES {
                let problem = format!(
                    "more than {MOST_FILES} files, the last one {}",
                    entry.path().display()
                );
                return Err(CliError::usage(problem, "import a part of the folder at a time"));
            }
        } else if kind.is_dir() && depth > 0 {
            collect(&entry.path(), depth - 1, files)?;
        }
    }
    Ok(())
}

/// The commit that a path names, the innermost part first.
fn commit_of(path: &Path, store: &OpenStore) -> Option<CommitId> {
    let parts: Vec<String> =
        path.iter().map(|part| part.to_string_lossy().to_ascii_lowercase()).collect();
    let words =
        parts.iter().rev().flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()));
    let mut named =
        words.filter(|word| word.len() >= SHORTEST && word.bytes().all(|b| b.is_ascii_hexdigit()));
    // A tag or a branch may be called like a number; only the commit's own digits name it here.
    named.find_map(|word| commit_named(word, store).filter(|id| id.to_string().starts_with(word)))
}
