//! `perfgate report`: everything on one page.

use super::args::ReportArgs;
use super::comparison::{Compared, Request, Source, request};
use super::error::CliError;
use super::exit::Exit;
use super::input::read_file;
use super::normalize::no_results;
use super::output::write_file;
use super::policy::{Loaded, deciding, load};
use super::results::read_results;
use super::session::Session;
use super::trend::{histories, history_of};
use crate::gate::Report;
use crate::model::{MeasurementKey, Metric, Raw as _, Run, limits};
use crate::report::{Level, Page, Site, plural, read_report, render_full, render_html};
use crate::schema::REPORT_SCHEMA;
use crate::trend::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

/// Measurements whose history is drawn.
const MOST: usize = 12;
/// Commits of a site that are held against those before them.
const MARKED: usize = 30;
/// Bytes within which a report says what it is.
const HEAD: u64 = 256;

pub(super) fn run(args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    match (&args.html, &args.site) {
        (Some(file), _) => page(file, args, session),
        (None, Some(folder)) => site(folder, args, session),
        (None, None) => full(args, session),
    }
}

/// The report by the book: a part for each number of users.
fn full(args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let compared = &args.compared;
    let deciding = deciding(load(session)?, compared.gate.offline, session)?;
    let named = compared.baseline.is_some() || !compared.baseline_file.is_empty();
    let mut levels = Vec::new();
    if named {
        let Compared { report, current, .. } = request(compared, true, deciding, session)?.run()?;
        let users = current.first().and_then(|run| run.load.users);
        levels.push(Level { users, runs: current, report });
    } else {
        let read = read_results(&compared.results, &compared.run, &deciding.loaded, session)?;
        let mut by_users: BTreeMap<Option<u64>, Vec<Run>> = BTreeMap::new();
        let warnings = [deciding.warnings, read.warnings].concat();
        for run in read.runs {
            by_users.entry(run.load.users).or_default().push(run);
        }
        for (users, runs) in by_users {
            let request = Request {
                current: runs,
                baseline: Source::Nothing { commit: None },
                rules: deciding.loaded.policy.rules.clone(),
                keep: false,
                warnings: warnings.clone(),
            };
            let Compared { report, current, .. } = request.run()?;
            levels.push(Level { users, runs: current, report });
        }
        if levels.is_empty() {
            return Err(no_results());
        }
    }
    session.print(|mut out| render_full(&levels, &mut out))?;
    let limited = levels.iter().filter(|level| named || !level.report.budgets.is_empty());
    // Nothing to hold it against is no verdict for a gate; a report without one is still a report.
    let exits = limited.map(|level| Exit::from_report(level.report.exit_code()));
    Ok(exits.fold(Exit::Pass, Exit::worse))
}

/// The recorded history as a folder of pages.
fn site(folder: &Path, args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load(session)?;
    let (branch, offline) = (args.compared.baseline.as_deref(), args.compared.gate.offline);
    let tables = histories(branch, offline, MARKED, (&loaded, session))?;
    let site = Site::new(&tables);
    let target = session.path(folder);
    for file in site.files() {
        write_file(&target.join(file), |out| site.render(file, out))?;
    }
    let pages = plural(site.files().count(), "page");
    session.say(&format!("wrote {pages} to {}, begin with index.html", folder.display()))?;
    Ok(Exit::Pass)
}

fn page(file: &Path, args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let (compared, history) = match written_report(args, session)? {
        Some(report) => (Compared { report, baseline: Vec::new(), current: Vec::new() }, None),
        None => {
            let deciding = deciding(load(session)?, args.compared.gate.offline, session)?;
            let loaded = deciding.loaded.clone();
            let compared = request(&args.compared, true, deciding, session)?.run()?;
            let history = history(&compared, &loaded, session)?;
            (compared, history)
        }
    };
    let page = Page {
        report: &compared.report,
        baseline: &compared.baseline,
        current: &compared.current,
        history: history.as_ref(),
    };
    write_file(&session.path(file), |mut out| render_html(page, &mut out))?;
    session.say(&format!("wrote {}", file.display()))?;
    Ok(Exit::from_report(compared.report.exit_code()))
}

/// The report that the only argument is, if it is one.
fn written_report(args: &ReportArgs, session: &Session<'_>) -> Result<Option<Report>, CliError> {
    let [name] = args.compared.results.results.as_slice() else { return Ok(None) };
    let path = session.path(name.as_ref());
    let wrap = |source| CliError::File { path: path.clone(), source };
    if !path.is_file() {
        return Ok(None);
    }
    let mut head = Vec::new();
    std::fs::File::open(&path).map_err(wrap)?.take(HEAD).read_to_end(&mut head).map_err(wrap)?;
    if !String::from_utf8_lossy(&head).contains(REPORT_SCHEMA) {
        return Ok(None);
    }
    let json = read_file(&path, limits::REPORT_BYTES)?;
    let read = read_report(&json).map_err(|error| {
        let help = "give the file that `perfgate compare --output json=FILE` wrote";
        CliError::usage(format!("{}: {error}", path.display()), help)
    })?;
    Ok(Some(read))
}

/// The recorded history of what asks for attention and of what is nearest to its limit; none for plain files.
fn history(
    compared: &Compared,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Option<Table>, CliError> {
    let Some(revision) = compared.report.requested.clone() else { return Ok(None) };
    let Some(run) = compared.current.first() else { return Ok(None) };
    let mut findings: Vec<_> =
        compared.report.findings.iter().filter(|f| f.is_compared()).collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.verdict.rank()));
    let mut seen = BTreeSet::new();
    let keys: Vec<MeasurementKey> = findings
        .into_iter()
        .filter(|f| f.metric != Metric::ErrorRate || f.verdict.rank() > 1)
        .map(crate::gate::Finding::key)
        .filter(|key| seen.insert(key.clone()))
        .take(MOST)
        .collect();
    history_of(revision.raw(), run, keys, loaded, session)
}
