//! `perfgate baseline import`: run files, folders of records, and histories from elsewhere.

mod folder;
mod found;
mod series;

use crate::cli::args::ImportArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::{OpenStore, open_store};
use crate::cli::output::say_warnings;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::profile_names::refuse_misspelt_profile;
use crate::cli::read_file::read_text;
use crate::cli::results::read_files;
use crate::cli::results::refuse_empty;
use crate::cli::session::Session;
use crate::ingest::{HistoryRun, ReadOptions, is_benchmark_data, read_benchmark_data};
use crate::model::{CommitId, Run, limits};
use crate::report::plural;
use crate::schema::{RunV1, read_recorded};
use crate::store::{DirectoryStore, RunStore, load, record};
use found::{FoundRuns, Importer, commit_named};
use std::io::Read as _;
use std::path::Path;

/// Bytes within which a file says what it is.
const HEAD: u64 = 4096;

/// Files that are named before the rest is counted.
const MOST_NAMED: usize = 10;

/// Everything is read before anything is written, so that a broken file leaves the store as it was.
pub(super) fn import(
    args: &ImportArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let labels = args.run.labels();
    refuse_misspelt_profile(&labels.test, loaded)?;
    let store = open_store(loaded, Network::Offline, session)?;
    let mut found = FoundRuns::default();
    let collapse = loaded.policy.collapse.clone().into();
    let options = ReadOptions { collapse, ..ReadOptions::default() };
    let importer = Importer { store: &store, options, session };
    for source in &args.sources {
        importer.read_source(source, &mut found)?;
    }
    for run in &mut found.runs {
        labels.apply(run);
    }
    if let Some(i) = found.runs.iter().position(|run| run.commit.is_none()) {
        let help = "record it for a commit instead: perfgate record --commit REV FILE";
        return Err(CliError::usage(
            format!("run {} names no commit; nothing was imported", i + 1),
            help,
        ));
    }
    refuse_empty(&found.runs)?;
    say_warnings(&found.warnings, session)?;
    let recorded = record(store.records(), &found.runs, loaded.policy.store.keep_histograms)?;
    let new = recorded.iter().filter(|recorded| !recorded.known).count();
    let known = recorded.len() - new;
    let there = if known == 1 { "1 was" } else { &format!("{known} were") };
    session.say(&format!("imported {}; {there} already there", plural(new, "run")))?;
    say_rest(&found, &store, session)
}

/// Says what is not as one would expect.
fn say_rest(
    found: &FoundRuns,
    store: &OpenStore,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let mut commits: Vec<CommitId> = found.runs.iter().filter_map(|run| run.commit).collect();
    commits.sort();
    commits.dedup();
    let missing = store.history.infos(&commits)?.iter().filter(|info| info.is_none()).count();
    if missing > 0 {
        let all = plural(commits.len(), "commit");
        session.say(&format!(
            "note: {missing} of {all} are not in this clone; their runs show where the commits are"
        ))?;
    }
    if !found.passed_over.is_empty() {
        let files = plural(found.passed_over.len(), "file");
        let named = found.passed_over.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
        let more = found.passed_over.len() - named.len();
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        session.say(&format!(
            "note: {files} passed over as no result of a known commit: {}{more}",
            named.join(", ")
        ))?;
    }
    Ok(Exit::Pass)
}

impl Importer<'_, '_> {
    fn read_source(&self, source: &Path, found: &mut FoundRuns) -> Result<(), CliError> {
        let path = self.session.path(source);
        if path.is_dir() {
            let records = DirectoryStore::new(path.clone());
            let entries = records.entries()?;
            if entries.is_empty() {
                return self.read_folder(&path, found);
            }
            for entry in &entries {
                found.runs.push(load(&records, entry, true)?.run);
            }
            return Ok(());
        }
        let head = head_of(&path)?;
        let shown = source.display().to_string();
        if is_benchmark_data(&head) {
            let text = read_text(&path, limits::DOCUMENT_BYTES)?;
            let runs = read_benchmark_data(&shown, &text).map_err(CliError::Ingest)?;
            return bind(runs, &shown, self.store, found);
        }
        if series::is_series(&head) {
            return bind(series::read(&path, &shown)?, &shown, self.store, found);
        }
        let read = read_files(&[path], &self.options, self.session)?;
        found.runs.extend(read.runs);
        found.warnings.extend(read.warnings);
        Ok(())
    }
}

/// The first bytes of a file, as text; empty for standard input, which is a result.
fn head_of(path: &Path) -> Result<String, CliError> {
    if !path.is_file() {
        return Ok(String::new());
    }
    let wrap = |source| CliError::File { path: path.to_owned(), source };
    let mut head = Vec::new();
    std::fs::File::open(path).map_err(wrap)?.take(HEAD).read_to_end(&mut head).map_err(wrap)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Binds runs to the commits that their file names.
fn bind(
    runs: Vec<HistoryRun>,
    file: &str,
    store: &OpenStore,
    found: &mut FoundRuns,
) -> Result<(), CliError> {
    for own in runs {
        let commit = commit_named(&own.commit, store).ok_or_else(|| {
            let name: String = own.commit.chars().take(60).collect();
            let help = "a commit is named by its 40 digits, or by a part that this clone knows";
            CliError::usage(
                format!("{file}: there is no commit \"{}\"", name.escape_default()),
                help,
            )
        })?;
        let run = Run { commit: Some(commit), ..own.run };
        refuse_unreadable(&run, file, own.line)?;
        found.runs.push(run);
    }
    Ok(())
}

/// What is recorded must be readable: a table may hold numbers that cannot be.
fn refuse_unreadable(run: &Run, file: &str, line: Option<u64>) -> Result<(), CliError> {
    let json = serde_json::to_vec(&RunV1::without_histograms(run))?;
    let place = line.map(|line| format!(" line {line}:")).unwrap_or_default();
    read_recorded(&json).map(drop).map_err(|error| {
        let help = "nothing was imported; fix the row, or leave it out";
        CliError::usage(format!("{file}:{place} {error}"), help)
    })
}
