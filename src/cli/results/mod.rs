//! From the result arguments to runs.

mod attach;
mod files;

pub(super) use attach::{attach, no_queries};
pub(super) use files::{ReadRuns, expand, read_files, read_one};

use super::error::CliError;
use super::labels::RunLabels;
use super::policy::LoadedPolicy;
use super::session::Session;
use crate::ingest::ReadOptions;
use crate::model::{Merged, Run, Warning, merge_shards};
use std::path::PathBuf;

/// Result files of the policy whose names are said.
const MOST_NAMES: usize = 3;

/// Which results a command reads, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct ResultSelection {
    /// Files or globs; none: those of the policy.
    pub(super) names: Vec<String>,
    pub(super) files_are: FilesAre,
    pub(super) options: ReadOptions,
    /// Side data of the run.
    pub(super) attach: Vec<PathBuf>,
}

/// What several result files are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum FilesAre {
    /// Repeats of one test.
    #[default]
    Repeats,
    /// Parts of one run.
    Shards,
}

impl ResultSelection {
    /// Reads the selected results, or else those of the policy. Empty when neither names any.
    pub(super) fn read(
        &self,
        labels: &RunLabels,
        loaded: &LoadedPolicy,
        session: &Session<'_>,
    ) -> Result<ReadRuns, CliError> {
        let paths = if self.names.is_empty() {
            expand(&loaded.policy.results, &loaded.folder, session)?
        } else {
            expand(&self.names, session.folder(), session)?
        };
        let mut read = read_files(&paths, &self.options_by(loaded), session)?;
        if self.names.is_empty() && !paths.is_empty() {
            say_which(&paths, &read.runs, loaded, session)?;
        }
        if self.files_are == FilesAre::Shards && !read.runs.is_empty() {
            let Merged { run, warnings } = merge_shards(read.runs)?;
            read.runs = vec![run];
            read.warnings.extend(warnings.into_iter().map(Warning::new));
        }
        read.runs.iter_mut().for_each(|run| labels.apply(run));
        if let (Some(file), 2..) = (self.attach.first(), read.runs.len()) {
            let problem =
                format!("{} belongs to one run, but there are {}", file.display(), read.runs.len());
            return Err(CliError::usage(
                problem,
                "record them one by one, each with its own side data",
            ));
        }
        for run in &mut read.runs {
            for file in &self.attach {
                let file = session.path(file);
                read.warnings.extend(attach(run, &file, &loaded.policy, session)?);
            }
        }
        Ok(read)
    }

    /// How files are read, with what the policy says about it.
    pub(super) fn options_by(&self, loaded: &LoadedPolicy) -> ReadOptions {
        ReadOptions { collapse: loaded.policy.collapse.clone().into(), ..self.options.clone() }
    }
}

/// Results that no command named may be those of another day: says which they are, and from when.
fn say_which(
    paths: &[PathBuf],
    runs: &[Run],
    loaded: &LoadedPolicy,
    session: &Session<'_>,
) -> Result<(), CliError> {
    let name =
        |path: &PathBuf| path.strip_prefix(&loaded.folder).unwrap_or(path).display().to_string();
    let mut names: Vec<String> = paths.iter().take(MOST_NAMES).map(name).collect();
    if paths.len() > MOST_NAMES {
        names.push(format!("{} more", paths.len() - MOST_NAMES));
    }
    let newest = runs.iter().filter_map(|run| run.started_at).max();
    let measured = newest.map(|at| at.strftime(", measured %Y-%m-%d %H:%M UTC").to_string());
    let measured = measured.unwrap_or_default();
    session.say(&format!("reading {} of perfgate.yaml{measured}", names.join(", ")))
}

/// Nothing to read was named anywhere.
pub(super) fn no_results() -> CliError {
    let help = "name result files, or set `results` in perfgate.yaml";
    CliError::no_results("there is nothing to read", help)
}

/// A run in which nothing was measured, or nothing worked, must never become a baseline.
pub(super) fn refuse_empty(runs: &[Run]) -> Result<(), CliError> {
    let measured = |run: &Run| {
        let requests = run.all_endpoints().filter_map(|e| e.requests).any(|n| n > 0);
        let latency = run.all_endpoints().filter_map(|e| e.latency.as_ref());
        requests || latency.into_iter().any(|l| !l.has_no_data()) || run.has_own_metrics()
    };
    for (number, run) in (1..).zip(runs) {
        let (problem, help) = if !measured(run) {
            (
                "contains no measurements",
                "a baseline without requests would make every comparison with it empty",
            )
        } else if run.total.all_failed() {
            (
                "contains only failures",
                "against such a baseline, nothing could ever fail more often",
            )
        } else {
            continue;
        };
        let which = match runs.len() {
            1 => "the result".to_owned(),
            all => format!("result {number} of {all}"),
        };
        let problem = format!("{which} {problem}: nothing was recorded");
        return Err(CliError::usage(problem, help));
    }
    Ok(())
}
