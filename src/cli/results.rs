//! From the result arguments to runs.

use super::args::{ByChoice, ResultArgs, RunArgs};
use super::error::CliError;
use super::policy::{Loaded, load};
use super::session::Session;
use crate::ingest::{
    By, Ingested, Progress, ReadOptions, Source, attach_prometheus, read, read_resources,
};
use crate::model::{Merged, Run, Untrusted, Warning, WarningKind, limits, merge_shards};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs that were read, and what was noticed.
pub(super) struct Read {
    pub(super) runs: Vec<Run>,
    pub(super) warnings: Vec<Warning>,
}

/// Reads the results that the arguments name, or else those of the policy. Empty when neither names any.
pub(super) fn read_results(
    args: &ResultArgs,
    run: &RunArgs,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Read, CliError> {
    let paths = if args.results.is_empty() {
        expand(&loaded.policy.results, &loaded.folder, session)?
    } else {
        expand(&args.results, session.folder(), session)?
    };
    let options = read_options(args, loaded);
    let mut all = read_files(&paths, &options, session)?;
    if args.merge && !all.runs.is_empty() {
        let Merged { run, warnings } = merge_shards(all.runs)?;
        all.runs = vec![run];
        all.warnings.extend(warnings.into_iter().map(Warning::new));
    }
    all.runs.iter_mut().for_each(|read| label(read, run));
    if let (Some(file), 2..) = (args.attach.first(), all.runs.len()) {
        let problem =
            format!("{} belongs to one run, and {} are named", file.display(), all.runs.len());
        return Err(CliError::usage(problem, "record them one by one, each with its own"));
    }
    for run in &mut all.runs {
        args.attach.iter().try_for_each(|file| attach(run, &session.path(file), session))?;
    }
    Ok(all)
}

/// How the arguments and the policy want files to be read.
pub(super) fn read_options(args: &ResultArgs, loaded: &Loaded) -> ReadOptions {
    ReadOptions {
        format: args.format_in,
        lenient: args.lenient,
        by: args.by.map(|by| match by {
            ByChoice::Group => By::Group,
            ByChoice::Scenario => By::Scenario,
        }),
        trim_start: args.trim_start,
        from: args.from,
        to: args.to,
        collapse: loaded.policy.collapse.clone().into(),
        parser_only: false,
    }
}

/// Adds side data to a run: resources over time.
pub(super) fn attach(run: &mut Run, file: &Path, session: &Session<'_>) -> Result<(), CliError> {
    let shown = file.strip_prefix(session.folder()).unwrap_or(file);
    if let Some(address) = shown.to_str().and_then(|text| text.strip_prefix("prometheus:")) {
        return attach_queries(run, address, session);
    }
    let named = |error| renamed(error, file, shown);
    let series = Source::open(file).and_then(read_resources).map_err(named)?;
    run.resources.extend(series.summary());
    run.timeline.extend(series.timeline());
    Ok(())
}

/// Reads files, each a run.
pub(super) fn read_files(
    paths: &[PathBuf],
    options: &ReadOptions,
    session: &Session<'_>,
) -> Result<Read, CliError> {
    let mut all = Read { runs: Vec::new(), warnings: Vec::new() };
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
    Ok(all)
}

/// Reads one file; messages name it as it is seen from a folder.
pub(super) fn read_one(
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

/// The error for a Prometheus that is to be asked nothing.
pub(super) fn no_queries() -> CliError {
    let help = "name some in perfgate.yaml: prometheus: { db_connections: \"sum(pg_stat_activity_count)\" }";
    CliError::usage("there is nothing to ask Prometheus", help)
}

/// Asks Prometheus what the policy wants to know of the time of the run.
fn attach_queries(run: &mut Run, address: &str, session: &Session<'_>) -> Result<(), CliError> {
    let loaded = load(session)?;
    let queries = &loaded.policy.prometheus;
    if queries.is_empty() {
        return Err(no_queries());
    }
    let token = session.environment.get("PERFGATE_PROMETHEUS_TOKEN");
    attach_prometheus(run, address, token, queries).map_err(|error| {
        CliError::usage(
            format!("Prometheus: {error}"),
            "the queries stand under `prometheus:` in perfgate.yaml",
        )
    })
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

fn renamed(mut error: crate::ingest::IngestError, path: &Path, shown: &Path) -> CliError {
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
pub(super) fn expand(
    names: &[String],
    folder: &Path,
    session: &Session<'_>,
) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    for name in names {
        let path = folder.join(name);
        if name == "-" || path.exists() {
            paths.push(if name == "-" { PathBuf::from("-") } else { path });
            continue;
        }
        let wrong = |why: String| {
            let help = "give a result file, such as results_stats.csv or summary.json";
            CliError::usage(format!("{name}: {why}"), help)
        };
        if !name.contains(['*', '?', '[']) {
            return Err(wrong("there is no such file".to_owned()));
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

fn shown(folder: &Path, session: &Session<'_>) -> String {
    if folder == session.folder() { "this folder".to_owned() } else { folder.display().to_string() }
}

/// Puts what the arguments say of the run where the file said nothing or something else.
pub(super) fn label(run: &mut Run, args: &RunArgs) {
    let test = &args.test;
    if let Some(suite) = test.suite() {
        run.suite = suite.into();
    }
    run.profile = test.profile().map(Untrusted::from).or(run.profile.take());
    run.environment = test.environment().map(Untrusted::from).or(run.environment.take());
    if let Some(tool) = test.tool() {
        run.tool.name = tool.into();
    }
    let labels = args.label.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into()));
    run.labels.extend(labels);
}
