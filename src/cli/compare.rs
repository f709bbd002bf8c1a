//! `perfgate compare`: the gate.

use super::args::{CompareArgs, GateArgs, LeniencyChoice, ResultArgs, RunArgs};
use super::baseline::{Place, open_place};
use super::commit::{UnderTest, pull_request, under_test};
use super::error::CliError;
use super::exit::Exit;
use super::output::write_report;
use super::policy::{Loaded, load, trust_base};
use super::results::{Read, expand, label, read_files, read_results};
use super::session::Session;
use crate::config::{Leniency, Rules};
use crate::gate::{self, Baseline, BaselineInfo, CurrentInfo, Report, judge};
use crate::ingest::ReadOptions;
use crate::model::{Outcome, Run, Visited, Warning, WarningKind};
use crate::store::{Found, History, StoredRun, Wanted, find_baseline, load as load_record};

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
    let remote = loaded.policy.store.remote.clone();
    let history = History::open(session.folder(), remote.as_deref(), args.gate.offline)?;
    trust_base(loaded, Some(&pull_request), &history, session)
}

fn read_current(
    results: &ResultArgs,
    run: &RunArgs,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Read, CliError> {
    let globs = (loaded.policy.results.as_slice(), loaded.folder.as_path());
    read_results(results, run, globs, session)
}

/// What is needed to look for the baseline of a revision; shared with `baseline explain`.
pub(super) struct Search {
    pub(super) place: Place,
    pub(super) revision: String,
    pub(super) under_test: UnderTest,
    warnings: Vec<Warning>,
}

impl Search {
    /// Opens store and history, fetches the store, and settles which rules decide.
    pub(super) fn prepare(
        revision: Option<&str>,
        gate: &GateArgs,
        loaded: &mut Loaded,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        let revision = revision.map(str::to_owned).or(loaded.policy.baseline.branch.clone());
        let revision = revision.ok_or_else(|| {
            let help = "name a revision (--baseline main) or a file (--baseline-file FILE), or set \
                        baseline.branch in perfgate.yaml";
            CliError::usage("there is nothing to compare with", help)
        })?;
        let pull_request = pull_request(session)?;
        let place = open_place(loaded, gate.offline, session)?;
        let mut warnings = trust_base(loaded, pull_request.as_ref(), &place.history, session)?;
        overrule(&mut loaded.policy.rules, gate);
        if gate.offline {
            warnings.push(Warning::new(WarningKind::Offline));
        } else {
            place.fetch()?;
        }
        let under_test = under_test(&place.history, pull_request.as_ref())?;
        Ok(Self { place, revision, under_test, warnings })
    }

    /// The run under test: the results that are named, else what is recorded for its commit.
    pub(super) fn current(
        &self,
        results: &ResultArgs,
        run: &RunArgs,
        loaded: &Loaded,
        session: &Session<'_>,
    ) -> Result<Read, CliError> {
        let read = read_current(results, run, loaded, session)?;
        if !read.runs.is_empty() {
            return Ok(read);
        }
        let store = self.place.store.as_ref();
        let mut runs: Vec<Run> = Vec::new();
        for commit in &self.under_test.all {
            for entry in store.entries_of(*commit)? {
                let histograms = loaded.policy.rules.needs_histograms();
                runs.push(load_record(store, &entry, histograms)?.run);
            }
        }
        let wanted = |own: &Run| {
            let given =
                |wanted: &Option<String>, own: &Option<String>| wanted.is_none() || wanted == own;
            run.suite.as_ref().is_none_or(|suite| *suite == own.suite)
                && given(&run.profile, &own.profile)
                && given(&run.environment, &own.environment)
        };
        runs.retain(wanted);
        if runs.is_empty() {
            let commit = self.under_test.commit.short();
            let help = "name result files, set `results` in perfgate.yaml, or record them first";
            let problem = format!("no results are named, and no run is recorded for {commit}");
            return Err(CliError::usage(problem, help));
        }
        Ok(Read { runs, warnings: Vec::new() })
    }

    /// Looks for the baseline.
    pub(super) fn find(
        &self,
        run: &Run,
        gate: &GateArgs,
        loaded: &Loaded,
    ) -> Result<Found, CliError> {
        let wanted = Wanted {
            revision: &self.revision,
            head: self.under_test.head,
            under_test: &self.under_test.all,
            run,
            allow_different: &loaded.policy.rules.allow_different,
            max_distance: gate.max_distance.unwrap_or(loaded.policy.baseline.max_distance),
            histograms: loaded.policy.rules.needs_histograms(),
        };
        Ok(find_baseline(self.place.store.as_ref(), &self.place.history, &wanted)?)
    }
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

/// The arguments overrule the policy.
fn overrule(rules: &mut Rules, gate: &GateArgs) {
    let leniency = |choice: LeniencyChoice| match choice {
        LeniencyChoice::Fail => Leniency::Fail,
        LeniencyChoice::Warn => Leniency::Warn,
    };
    rules.missing_baseline = gate.missing_baseline.map_or(rules.missing_baseline, leniency);
    rules.inconclusive = gate.inconclusive.map_or(rules.inconclusive, leniency);
    rules.require_coverage = gate.require_coverage.or(rules.require_coverage);
    rules.allow_different.extend(gate.allow_different.iter().copied());
}
