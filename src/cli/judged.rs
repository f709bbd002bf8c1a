//! From arguments to a report: what `compare` and `report` share.

use super::args::ComparedArgs;
use super::commit::pull_request;
use super::error::CliError;
use super::policy::{Loaded, trust_base};
use super::profile::refuse_misspelt_profile;
use super::results::{expand, label, read_files, read_options};
use super::search::{Search, overrule, read_current};
use super::session::Session;
use crate::gate::{self, Baseline, BaselineInfo, CurrentInfo, Input, Report, judge};
use crate::model::{Run, Warning, disturbances};
use crate::report::escape_shell;
use crate::store::History;

/// A report, and the runs that it is about.
pub(super) struct Judged {
    pub(super) report: Report,
    /// The baseline's runs with their histograms, where they were asked for.
    pub(super) baseline: Vec<Run>,
    pub(super) current: Vec<Run>,
}

/// Holds the results that the arguments name against the baseline that they name; keeps the baseline's runs where they are
/// to be drawn.
pub(super) fn judged(
    args: &ComparedArgs,
    loaded: &mut Loaded,
    keep: bool,
    session: &Session<'_>,
) -> Result<Judged, CliError> {
    // By the policy at hand: a pull request may add a profile.
    refuse_misspelt_profile(&args.run, loaded)?;
    if args.baseline_file.is_empty() {
        with_history(args, loaded, keep, session)
    } else {
        with_files(args, loaded, keep, session)
    }
}

/// Plain files on both sides: no git is needed.
fn with_files(
    args: &ComparedArgs,
    loaded: &mut Loaded,
    keep: bool,
    session: &Session<'_>,
) -> Result<Judged, CliError> {
    let options = read_options(&args.results, loaded);
    let paths = expand(&args.baseline_file, session.folder(), session)?;
    let baseline = read_files(&paths, &options, session)?;
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
        runs: baseline_runs.len(),
        ..BaselineInfo::default()
    };
    warnings.extend(baseline.warnings);
    warnings.extend(current.warnings);
    warnings.extend(disturbances(&baseline_runs, &current.runs));
    let kept = if keep { baseline_runs.clone() } else { Vec::new() };
    let input = Input {
        baseline: Some(Baseline { info, runs: baseline_runs, ..Baseline::default() }),
        current: &current.runs,
        info: CurrentInfo {
            runs: current.runs.len(),
            suite: suite_of(&current.runs[0]),
            ..CurrentInfo::default()
        },
        warnings,
        ..Input::default()
    };
    let report = judge(input, &loaded.policy.rules);
    Ok(Judged { report, baseline: kept, current: current.runs })
}

/// The baseline of a revision, from the store.
fn with_history(
    args: &ComparedArgs,
    loaded: &mut Loaded,
    keep: bool,
    session: &Session<'_>,
) -> Result<Judged, CliError> {
    let mut search = Search::prepare(args.baseline.as_deref(), &args.gate, loaded, session)?;
    let current = search.current(&args.results, &args.run, loaded, session)?;
    search.histograms = keep;
    let (baseline, visited) = search.baseline(&current.runs[0], &args.gate, loaded)?;
    let anchor = search.anchor(&current.runs[0], &args.gate, loaded)?;
    let date = search.place.history.info(search.under_test.head)?.map(|info| info.date);
    let info = CurrentInfo {
        commit: Some(search.under_test.commit),
        date,
        runs: current.runs.len(),
        suite: suite_of(&current.runs[0]),
        arguments: run_arguments(&current.runs[0]),
    };
    let mut warnings = search.warnings;
    warnings.extend(current.warnings);
    let search = gate::Search { revision: Some(search.revision), visited };
    let runs = current.runs;
    let old = baseline.as_ref().map(|baseline| baseline.runs.as_slice());
    warnings.extend(disturbances(old.unwrap_or_default(), &runs));
    let kept = baseline.as_ref().filter(|_| keep).map(|baseline| baseline.runs.clone());
    let input = Input { baseline, anchor, current: &runs, info, search, warnings };
    let report = judge(input, &loaded.policy.rules);
    Ok(Judged { report, baseline: kept.unwrap_or_default(), current: runs })
}

/// The suite of a run, unless it is the default one.
pub(super) fn suite_of(run: &Run) -> Option<String> {
    Some(run.suite.clone()).filter(|suite| suite != Run::DEFAULT_SUITE)
}

/// The arguments of `record` that make a run comparable with this one.
pub(super) fn run_arguments(run: &Run) -> String {
    let suite = suite_of(run);
    let named = [
        ("suite", suite.as_ref()),
        ("profile", run.profile.as_ref()),
        ("environment", run.environment.as_ref()),
    ];
    let argument = |(name, value): (&str, Option<&String>)| {
        Some(format!(" --{name} {}", escape_shell(value?)))
    };
    named.into_iter().filter_map(argument).collect()
}

/// Plain files need no git; but on a pull request the base commit's rules decide here as well.
fn trusted_rules(
    args: &ComparedArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    let Some(pull_request) = pull_request(session)? else { return Ok(Vec::new()) };
    if loaded.is_named() {
        return Ok(Vec::new());
    }
    let history = History::open(session.folder(), loaded.reach(args.gate.offline))?;
    trust_base(loaded, Some(&pull_request), &history, session)
}
