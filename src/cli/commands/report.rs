//! `perfgate report`: everything on one page.

use crate::cli::args::ReportArgs;
use crate::cli::comparison::{Compared, ComparisonSpec, Request};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::history::{BranchHistory, history_of};
use crate::cli::masthead::masthead;
use crate::cli::output::write_file;
use crate::cli::policy::{LoadedPolicy, Policies, load_policy};
use crate::cli::read_file::read_file;
use crate::cli::results::no_results;
use crate::cli::session::Session;
use crate::gate::Report;
use crate::model::{MeasurementKey, Metric, Raw as _, Run, limits};
use crate::report::{Level, Page, Site, answer, plural, read_report, render_full, render_html};
use crate::schema::REPORT_SCHEMA;
use crate::trend::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

/// Measurements whose history is drawn.
const MOST: usize = 12;
/// Commits of a site that are judged.
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

/// The full report: a part for each number of users.
fn full(args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let compared = &args.compared;
    let policies = Policies::load(compared.gate.network(), session)?;
    let named = compared.baseline.is_some() || !compared.baseline_file.is_empty();
    let levels = if named {
        let spec = compared.spec(Histograms::Keep);
        vec![level(Request::new(spec, policies, session)?)?]
    } else {
        levels_alone(&compared.spec(Histograms::Omit), policies, session)?
    };
    session.print(|mut out| render_full(&levels, &mut out))?;
    let limited = levels.iter().filter(|level| named || !level.report.budgets.is_empty());
    // Nothing to compare with is no verdict for a gate; a report without one is still a report.
    let exits = limited.map(|level| Exit::from(level.report.exit));
    Ok(exits.fold(Exit::Pass, Exit::worse))
}

fn level(request: Request) -> Result<Level, CliError> {
    let Compared { report, current, .. } = request.run()?;
    let users = current.first().and_then(|run| run.load.users);
    Ok(Level { users, runs: current, report })
}

/// The results by number of users, each checked against budgets alone.
fn levels_alone(
    spec: &ComparisonSpec,
    policies: Policies,
    session: &Session<'_>,
) -> Result<Vec<Level>, CliError> {
    let read = spec.results.read(&spec.labels, &policies.deciding, session)?;
    if read.runs.is_empty() {
        return Err(no_results());
    }
    let warnings = [policies.warnings, read.warnings].concat();
    let rules = policies.deciding.policy.rules;
    let mut by_users: BTreeMap<Option<u64>, Vec<Run>> = BTreeMap::new();
    for run in read.runs {
        by_users.entry(run.load.users).or_default().push(run);
    }
    let check = |runs| Request::check(runs, None, rules.clone(), warnings.clone());
    by_users.into_values().map(|runs| level(check(runs))).collect()
}

/// The recorded history as a folder of pages.
fn site(folder: &Path, args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    let network = args.compared.gate.network();
    let branch = args.compared.baseline.as_deref();
    let tables = BranchHistory::open(branch, network, &loaded, session)?.every_load(MARKED)?;
    let masthead = masthead(None, session);
    let site = Site::new(&tables, &masthead);
    let target = session.path(folder);
    for file in site.files() {
        write_file(&target.join(file), |out| site.render(file, out))?;
    }
    let pages = plural(site.files().count(), "page");
    session.say(&format!("wrote {pages} to {}; start with index.html", folder.display()))?;
    Ok(Exit::Pass)
}

fn page(file: &Path, args: &ReportArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let (compared, history) = match written_report(args, session)? {
        Some(report) => (Compared { report, baseline: Vec::new(), current: Vec::new() }, None),
        None => {
            let spec = args.compared.spec(Histograms::Keep);
            let policies = Policies::load(args.compared.gate.network(), session)?;
            let deciding = policies.deciding.clone();
            let compared = Request::new(spec, policies, session)?.run()?;
            let history = history(&compared, &deciding, session)?;
            (compared, history)
        }
    };
    let run = compared.current.first();
    let commit = compared.report.current.commit.or(run.and_then(|run| run.commit));
    let page = Page {
        report: &compared.report,
        baseline: &compared.baseline,
        current: &compared.current,
        history: history.as_ref(),
        masthead: &masthead(commit, session),
    };
    write_file(&session.path(file), |mut out| render_html(page, &mut out))?;
    session.say(&format!("wrote {}", file.display()))?;
    session.say(&answer(&compared.report))?;
    Ok(compared.report.exit.into())
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
    loaded: &LoadedPolicy,
    session: &Session<'_>,
) -> Result<Option<Table>, CliError> {
    let Some(revision) = compared.report.requested().cloned() else { return Ok(None) };
    let Some(run) = compared.current.first() else { return Ok(None) };
    let mut findings: Vec<_> = compared.report.all_findings().filter(|f| f.is_compared()).collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.verdict().rank()));
    let mut seen = BTreeSet::new();
    let keys: Vec<MeasurementKey> = findings
        .into_iter()
        .filter(|f| f.metric != Metric::ErrorRate || f.verdict().rank() > 1)
        .map(crate::gate::Finding::key)
        .filter(|key| seen.insert(key.clone()))
        .take(MOST)
        .collect();
    history_of(revision.raw(), run, keys, loaded, session)
}
