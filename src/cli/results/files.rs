//! From files to runs.

use crate::cli::error::CliError;
use crate::cli::meant_revision::revision_hint;
use crate::cli::session::Session;
use crate::ingest::{IngestError, Ingested, Progress, ReadOptions, Source, read};
use crate::model::{Run, Warning, WarningKind, limits, loads_together};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs that were read, and what was noticed.
pub(in crate::cli) struct ReadRuns {
    pub(in crate::cli) runs: Vec<Run>,
    pub(in crate::cli) warnings: Vec<Warning>,
}

/// Reads files, each a run, or all of them loads of pages that are one run.
pub(in crate::cli) fn read_files(
    paths: &[PathBuf],
    options: &ReadOptions,
    session: &Session<'_>,
) -> Result<ReadRuns, CliError> {
    let mut all = ReadRuns { runs: Vec::new(), warnings: Vec::new() };
    let mut bytes = 0;
    if paths.len() > limits::FILES {
        let problem = format!(
            "{} result files are more than the {} of one command",
            paths.len(),
            limits::FILES
        );
        return Err(CliError::usage(
            problem,
            "merge shards in parts: perfgate merge -o PART FILES",
        ));
    }
    let mut seen = BTreeSet::new();
    for path in paths {
        // Messages name the file as the person did.
        let shown = path.strip_prefix(session.folder()).unwrap_or(path);
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            let kind = WarningKind::RepeatedFile;
            all.warnings.push(Warning::at(kind, &shown.display().to_string(), None));
        }
        let bar = progress(path, session);
        let told = bar.clone().map(|bar| -> Progress { Arc::new(move |bytes| bar.inc(bytes)) });
        let (run, warnings) = read_one(path, session.folder(), options, told)?;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        bytes += limits::bytes_of(&run);
        if bytes > limits::RUNS_BYTES {
            let problem = format!(
                "{}: with it, the runs need more than {} of memory together",
                shown.display(),
                limits::size(limits::RUNS_BYTES as u64)
            );
            return Err(CliError::usage(problem, "give fewer files at a time"));
        }
        all.runs.push(run);
        all.warnings.extend(warnings);
    }
    let (runs, warnings) = loads_together(all.runs)?;
    all.runs = runs;
    all.warnings.extend(warnings.into_iter().map(Warning::new));
    Ok(all)
}

/// Reads one file; messages name it as it is seen from a folder.
pub(in crate::cli) fn read_one(
    path: &Path,
    folder: &Path,
    options: &ReadOptions,
    progress: Option<Progress>,
) -> Result<(Run, Vec<Warning>), CliError> {
    let shown = path.strip_prefix(folder).unwrap_or(path);
    let named = |error| renamed(error, path, shown);
    let source = Source::open(path).map_err(named)?;
    if let Some(progress) = progress {
        source.on_progress(progress);
    }
    let Ingested { run, mut warnings } = read(source, options).map_err(named)?;
    for place in warnings.iter_mut().filter_map(|warning| warning.place.as_mut()) {
        place.file = place.file.map(|file| relative(file, folder));
    }
    Ok((run, warnings))
}

/// Bytes from which on reading a file takes a while.
const LARGE: u64 = 256 << 20;

/// A bar on a terminal, for a file that takes a while.
fn progress(path: &Path, session: &Session<'_>) -> Option<ProgressBar> {
    let bytes = path.metadata().ok()?.len();
    if !session.terminal_err || bytes < LARGE {
        return None;
    }
    let style = ProgressStyle::with_template(
        "reading {bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
    );
    Some(ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

pub(super) fn renamed(mut error: IngestError, path: &Path, shown: &Path) -> CliError {
    if error.file == path.display().to_string() {
        error.file = shown.display().to_string();
    }
    CliError::Ingest(error)
}

fn relative(file: &str, folder: &Path) -> String {
    Path::new(file).strip_prefix(folder).map_or(file.to_owned(), |path| path.display().to_string())
}

/// The files that names and globs stand for, each glob's sorted. A name that matches nothing is an error: a result that
/// is not there must not be passed over.
pub(in crate::cli) fn expand(
    names: &[String],
    folder: &Path,
    session: &Session<'_>,
) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    for name in names {
        let path = folder.join(name);
        let reports = page_reports(&path);
        if !reports.is_empty() {
            paths.extend(reports);
            continue;
        }
        if name == "-" || path.exists() {
            paths.push(if name == "-" { PathBuf::from("-") } else { path });
            continue;
        }
        let wrong = |why: String| {
            let help = "give a result file, such as results_stats.csv or summary.json";
            CliError::no_results(format!("{name}: {why}"), help)
        };
        if !name.contains(['*', '?', '[']) {
            let missing = format!("{name}: there is no such file");
            let help = revision_hint(name, session);
            return Err(match help {
                Some(help) => CliError::no_results(missing, help),
                None => wrong("there is no such file".to_owned()),
            });
        }
        // Alone at the end, `**` stands for folders.
        let files = if name.ends_with("**") { "/*" } else { "" };
        let inside = glob::Pattern::escape(&folder.display().to_string());
        let absolute = Path::new(name).is_absolute();
        let pattern =
            if absolute { format!("{name}{files}") } else { format!("{inside}/{name}{files}") };
        let found = glob::glob(&pattern).map_err(|e| wrong(e.to_string()))?;
        let mut found: Vec<PathBuf> =
            found.filter_map(Result::ok).filter(|path| path.is_file()).collect();
        if found.is_empty() {
            return Err(wrong(format!("no file in {} matches", shown(folder, session))));
        }
        found.sort();
        paths.extend(found);
    }
    Ok(paths)
}

/// The reports in a folder of Lighthouse CI, each a load of a page.
fn page_reports(folder: &Path) -> Vec<PathBuf> {
    let is_report = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("lhr-") && name.ends_with(".json")
    };
    let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
    let mut reports: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_report).collect();
    reports.sort();
    reports
}

fn shown(folder: &Path, session: &Session<'_>) -> String {
    if folder == session.folder() { "this folder".to_owned() } else { folder.display().to_string() }
}
