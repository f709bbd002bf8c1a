//! `perfgate compare`: the gate.

use super::args::CompareArgs;
use super::commit::pull_request;
use super::error::CliError;
use super::exit::Exit;
use super::output::write_report;
use super::policy::{Loaded, load, trust_base};
use super::results::{expand, label, read_files};
use super::search::{Search, overrule, read_current};
use super::session::Session;
use crate::gate::{self, Baseline, BaselineInfo, CurrentInfo, Report, judge};
use crate::ingest::ReadOptions;
use crate::model::{Outcome, Run, Visited, Warning};
use crate::store::{History, StoredRun};

pub(super) fn run(args: &CompareArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut loaded = load(session)?;
    let report = if args.baseline_file.is_empty() {
        with_history(args, &mut loaded, session)?
    } else {
        with_files(args, &mut loaded, session)?
    };
    write_report(&report, &args.output, session)?;
    Ok(Exit::from_report(report.exit_code()))
}

/// Plain files on both sides: no git is needed.
fn with_files(
    args: &CompareArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<Report, CliError> {
    let options = ReadOptions { format: args.results.format_in, lenient: args.results.lenient };
    let paths = expand(&args.baseline_file, session.folder(), session)?;
    let baseline = read_files(&paths, options, session)?;
    let current = read_current(&args.results, &args.run, loaded, session)?;
    if current.runs.is_empty() {
        return Err(super::normalize::no_results());
    }
    let mut warnings = trusted_rules(args, loaded, session)?;
    overrule(&mut loaded.policy.rules, &args.gate);
    let mut baseline_runs = baseline.runs;
    // What the arguments say of the run, they say of both sides.
    baseline_runs.iter_mut().for_each(|run| label(run, &args.run));
    let info = BaselineInfo {
        requested: args.baseline_file.join(", "),
        commits: Vec::new(),
        distance: None,
        runs: baseline_runs.len(),
        oldest: None,
        newest: None,
    };
    warnings.extend(baseline.warnings);
    warnings.extend(current.warnings);
    let under_test = CurrentInfo { runs: current.runs.len(), ..CurrentInfo::default() };
    let baseline = Some(Baseline { info, runs: baseline_runs });
    let rules = &loaded.policy.rules;
    Ok(judge(baseline, &current.runs, under_test, rules, judge_search(None, Vec::new()), warnings))
}

/// The baseline of a revision, from the store.
fn with_history(
    args: &CompareArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<Report, CliError> {
    let search = Search::prepare(args.baseline.as_deref(), &args.gate, loaded, session)?;
    let current = search.current(&args.results, &args.run, loaded, session)?;
    let found = search.find(&current.runs[0], &args.gate, loaded)?;
    let mut warnings = search.warnings;
    warnings.extend(current.warnings);
    let commit = search.under_test.commit;
    let date = search.place.history.info(search.under_test.head)?.map(|info| info.date);
    let (runs, arguments) = (current.runs.len(), run_arguments(&current.runs[0]));
    let info = CurrentInfo { commit: Some(commit), date, runs, arguments };
    let baseline = baseline_of(&search.revision, found.runs, &found.visited);
    let rules = &loaded.policy.rules;
    let searched = judge_search(Some(search.revision), found.visited);
    Ok(judge(baseline, &current.runs, info, rules, searched, warnings))
}

fn judge_search(revision: Option<String>, visited: Vec<Visited>) -> gate::Search {
    gate::Search { revision, visited }
}

/// The arguments of `record` that make a run comparable with this one.
fn run_arguments(run: &Run) -> String {
    let suite = Some(&run.suite).filter(|suite| *suite != Run::DEFAULT_SUITE);
    let named = [
        ("suite", suite),
        ("profile", run.profile.as_ref()),
        ("environment", run.environment.as_ref()),
    ];
    let argument = |(name, value): (&str, Option<&String>)| Some(format!(" --{name} {}", value?));
    named.into_iter().filter_map(argument).collect()
}

/// Plain files need no git; but on a pull request the base commit's rules decide here as well.
fn trusted_rules(
    args: &CompareArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    let Some(pull_request) = pull_request(session)? else { return Ok(Vec::new()) };
    if loaded.is_named() {
        return Ok(Vec::new());
    }
    let remote = loaded.policy.store.remote.clone();
    let history = History::open(session.folder(), remote.as_deref(), args.gate.offline)?;
    trust_base(loaded, Some(&pull_request), &history, session)
}

/// The baseline that was found, with where it stands.
fn baseline_of(revision: &str, runs: Vec<StoredRun>, visited: &[Visited]) -> Option<Baseline> {
    let taken: Vec<&Visited> =
        visited.iter().filter(|v| matches!(v.outcome, Outcome::Taken { .. })).collect();
    let (nearest, furthest) = (taken.first()?, taken.last()?);
    let info = BaselineInfo {
        requested: revision.to_owned(),
        commits: taken.iter().map(|v| v.commit).collect(),
        distance: Some(nearest.distance),
        runs: runs.len(),
        oldest: Some(furthest.date),
        newest: Some(nearest.date),
    };
    Some(Baseline { info, runs: runs.into_iter().map(|stored| stored.run).collect() })
}
