//! `perfgate compare`: the gate.

use super::args::{CompareArgs, OutputArgs, OutputKind};
use super::bundle::write_bundle;
use super::commit::pull_request;
use super::error::CliError;
use super::exit::Exit;
use super::output::{write_files, write_report};
use super::policy::{Loaded, load, trust_base};
use super::results::{expand, label, read_files};
use super::search::{Search, overrule, read_current};
use super::session::Session;
use crate::gate::{self, Baseline, BaselineInfo, CurrentInfo, Finding, Input, Report, judge};
use crate::ingest::ReadOptions;
use crate::model::{Run, Warning};
use crate::report::{escape_shell, render_explanation};
use crate::store::History;

pub(super) fn run(args: &CompareArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut loaded = load(session)?;
    let (report, runs) = if args.baseline_file.is_empty() {
        with_history(args, &mut loaded, session)?
    } else {
        with_files(args, &mut loaded, session)?
    };
    for (_, folder) in args.output.output.iter().filter(|(kind, _)| *kind == OutputKind::Bundle) {
        write_bundle(&session.path(folder), &runs)?;
    }
    match &args.explain {
        Some(measurement) => explain(&report, measurement, &args.output, session)?,
        None => write_report(&report, &args.output, session)?,
    }
    Ok(Exit::from_report(report.exit_code()))
}

/// How the verdict on one measurement was reached; the files that were asked for are written all the same.
fn explain(
    report: &Report,
    measurement: &str,
    output: &OutputArgs,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let named: Vec<&Finding> =
        report.findings.iter().filter(|f| f.key().is_named(measurement)).collect();
    if named.is_empty() {
        let known: Vec<String> = report.findings.iter().map(|f| f.key().to_string()).collect();
        let near = |name: &&String| strsim::jaro_winkler(name, measurement);
        let nearest = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
        let help = nearest.map_or("the report has no findings".to_owned(), |name| {
            format!("did you mean `{name}`? `--all` lists every measurement")
        });
        return Err(CliError::usage(format!("no measurement is called `{measurement}`"), help));
    }
    write_files(report, output, session)?;
    session.print(|out| render_explanation(report, &named, out))
}

/// Plain files on both sides: no git is needed.
fn with_files(
    args: &CompareArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<(Report, Vec<Run>), CliError> {
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
        runs: baseline_runs.len(),
        ..BaselineInfo::default()
    };
    warnings.extend(baseline.warnings);
    warnings.extend(current.warnings);
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
    Ok((judge(input, &loaded.policy.rules), current.runs))
}

/// The baseline of a revision, from the store.
fn with_history(
    args: &CompareArgs,
    loaded: &mut Loaded,
    session: &Session<'_>,
) -> Result<(Report, Vec<Run>), CliError> {
    let mut search = Search::prepare(args.baseline.as_deref(), &args.gate, loaded, session)?;
    let current = search.current(&args.results, &args.run, loaded, session)?;
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
    let input = Input { baseline, anchor, current: &runs, info, search, warnings };
    Ok((judge(input, &loaded.policy.rules), runs))
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
