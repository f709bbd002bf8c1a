//! From arguments to a comparison.

use super::{Lookup, Request, Source};
use crate::cli::args::{ComparedArgs, GateArgs, LeniencyChoice, ResultArgs, RunArgs};
use crate::cli::commit::{UnderTest, under_test};
use crate::cli::error::CliError;
use crate::cli::place::open_place;
use crate::cli::policy::Deciding;
use crate::cli::profile::refuse_misspelt_profile;
use crate::cli::results::{Read, expand, label, read_files, read_options, read_results};
use crate::cli::session::Session;
use crate::config::{Leniency, Rules};
use crate::model::{Run, Warning, WarningKind, differences, harmless};
use crate::store::load as load_record;

/// A lookup that is ready, by the policy that decides.
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) lookup: Lookup,
    pub(in crate::cli) rules: Rules,
    pub(in crate::cli) deciding: Deciding,
    under_test: UnderTest,
}

/// The comparison that the arguments ask for. With `keep`, the runs on both sides have their histograms, to be drawn.
pub(in crate::cli) fn request(
    args: &ComparedArgs,
    keep: bool,
    deciding: Deciding,
    session: &Session<'_>,
) -> Result<Request, CliError> {
    // By the policy at hand: a pull request may add a profile.
    refuse_misspelt_profile(&args.run, &deciding.at_hand)?;
    if !args.baseline_file.is_empty() {
        return with_files(args, keep, deciding, session);
    }
    let prepared = prepare(args.baseline.as_deref(), &args.gate, deciding, session)?;
    let read = prepared.current(&args.results, &args.run, keep, session)?;
    let Prepared { lookup, rules, deciding, .. } = prepared;
    let mut warnings = deciding.warnings;
    warnings.extend(read.warnings);
    let baseline = Source::History(Box::new(lookup));
    Ok(Request { current: read.runs, baseline, rules, keep, warnings })
}

/// Plain files on both sides: no git is needed.
fn with_files(
    args: &ComparedArgs,
    keep: bool,
    deciding: Deciding,
    session: &Session<'_>,
) -> Result<Request, CliError> {
    let Deciding { loaded, mut warnings, .. } = deciding;
    let paths = expand(&args.baseline_file, session.folder(), session)?;
    let mut baseline = read_files(&paths, &read_options(&args.results, &loaded), session)?;
    let current = read_results(&args.results, &args.run, &loaded, session)?;
    // What the arguments say of the run, they say of both sides.
    baseline.runs.iter_mut().for_each(|run| label(run, &args.run));
    warnings.extend(baseline.warnings);
    warnings.extend(current.warnings);
    let name = args.baseline_file.join(", ");
    let baseline = Source::Runs { name, runs: baseline.runs };
    let rules = overruled(loaded.policy.rules, &args.gate);
    Ok(Request { current: current.runs, baseline, rules, keep, warnings })
}

/// Opens store and history, and fetches the store.
pub(in crate::cli) fn prepare(
    revision: Option<&str>,
    gate: &GateArgs,
    mut deciding: Deciding,
    session: &Session<'_>,
) -> Result<Prepared, CliError> {
    let policy = &deciding.loaded.policy;
    let mut choice = policy.baseline.clone();
    choice.max_distance = gate.max_distance.unwrap_or(choice.max_distance);
    let revision = revision.map(str::to_owned).or(choice.branch.clone()).ok_or_else(|| {
        let help = "name a revision (--baseline main) or a file (--baseline-file FILE), or set \
                    baseline.branch in perfgate.yaml";
        CliError::usage("there is nothing to compare with", help)
    })?;
    let rules = overruled(policy.rules.clone(), gate);
    let place = open_place(&deciding.loaded, gate.offline, session)?;
    if gate.offline {
        deciding.warnings.push(Warning::new(WarningKind::Offline));
    } else {
        place.fetch(session)?;
    }
    let pull_request = deciding.pull_request;
    let under_test = under_test(&place.history, pull_request.as_ref())?;
    let lookup = Lookup::of_checkout(place, revision, under_test.clone(), choice, pull_request);
    Ok(Prepared { lookup, rules, deciding, under_test })
}

impl Prepared {
    /// The runs under test: the results that are named, else what is recorded for their commit.
    pub(in crate::cli) fn current(
        &self,
        results: &ResultArgs,
        run: &RunArgs,
        keep: bool,
        session: &Session<'_>,
    ) -> Result<Read, CliError> {
        let read = read_results(results, run, &self.deciding.loaded, session)?;
        if !read.runs.is_empty() {
            return Ok(read);
        }
        let histograms = keep || self.rules.needs_histograms();
        let offline = self.lookup.place.history.remote().is_none();
        let at = (&self.deciding, &self.under_test);
        let runs = recorded_runs(at, run, (histograms, offline), session)?;
        Ok(Read { runs, warnings: Vec::new() })
    }
}

/// The rules with what the arguments overrule.
pub(in crate::cli) fn overruled(mut rules: Rules, gate: &GateArgs) -> Rules {
    rules.missing_baseline = leniency(gate.missing_baseline).unwrap_or(rules.missing_baseline);
    rules.inconclusive = leniency(gate.inconclusive).unwrap_or(rules.inconclusive);
    rules.require_coverage = gate.require_coverage.or(rules.require_coverage);
    rules.allow_different.extend(gate.allow_different.iter().copied());
    rules
}

fn leniency(choice: Option<LeniencyChoice>) -> Option<Leniency> {
    choice.map(|choice| match choice {
        LeniencyChoice::Fail => Leniency::Fail,
        LeniencyChoice::Warn => Leniency::Warn,
    })
}

/// What is recorded for the commit under test and meant by the arguments: repeats of one test. They are looked for in the
/// store of the checkout, where `record` has put them.
pub(in crate::cli) fn recorded_runs(
    (deciding, under_test): (&Deciding, &UnderTest),
    run: &RunArgs,
    (histograms, offline): (bool, bool),
    session: &Session<'_>,
) -> Result<Vec<Run>, CliError> {
    let place = open_place(&deciding.at_hand, offline, session)?;
    let store = place.store();
    let mut runs: Vec<Run> = Vec::new();
    for commit in &under_test.all {
        for entry in store.entries_of(*commit)? {
            runs.push(load_record(store, &entry, histograms)?.run);
        }
    }
    runs.retain(|own| run.test.mean(own));
    let commit = under_test.commit.short();
    let Some(first) = runs.first() else {
        let help = "name result files, set `results` in perfgate.yaml, or record them first";
        let problem = format!("no results are named, and no run is recorded for {commit}");
        return Err(CliError::usage(problem, help));
    };
    let other = runs.iter().flat_map(|run| differences(first, run)).find(|d| d.field.forbids());
    if let Some(d) = other {
        let problem = format!(
            "several kinds of runs are recorded for {commit}: {} {} and {}",
            d.field,
            harmless(&d.baseline),
            harmless(&d.current)
        );
        return Err(CliError::usage(problem, "name the one that is meant, or its result files"));
    }
    Ok(runs)
}
