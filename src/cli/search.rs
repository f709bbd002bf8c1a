//! Looking for the baseline of a revision: what `compare` and `baseline explain` share.

use super::args::{GateArgs, LeniencyChoice, ResultArgs, RunArgs};
use super::commit::{PullRequest, UnderTest, pull_request, under_test};
use super::error::CliError;
use super::place::{Place, open_place};
use super::policy::{Loaded, trust_base};
use super::results::{Read, read_results};
use super::session::Session;
use crate::config::{Leniency, Policy, Rules};
use crate::model::{CommitId, Run, Warning, WarningKind, differences};
use crate::store::{Found, Wanted, find_baseline, load as load_record};

/// What is needed to look for the baseline of a revision.
pub(super) struct Search {
    pub(super) place: Place,
    pub(super) revision: String,
    pub(super) under_test: UnderTest,
    pub(super) pull_request: Option<PullRequest>,
    pub(super) warnings: Vec<Warning>,
    /// Whether the histograms of the runs are wanted although no limit needs them.
    pub(super) histograms: bool,
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
            place.fetch(session)?;
        }
        let under_test = under_test(&place.history, pull_request.as_ref())?;
        Ok(Self { place, revision, under_test, pull_request, warnings, histograms: false })
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
        let histograms = self.histograms || loaded.policy.rules.needs_histograms();
        let runs = recorded_runs(&self.place, &self.under_test, run, histograms)?;
        Ok(Read { runs, warnings: Vec::new() })
    }

    /// What is looked for in the history of a revision, seen from a commit.
    pub(super) fn wanted<'a>(
        &'a self,
        (revision, head): (&'a str, CommitId),
        run: &'a Run,
        gate: &GateArgs,
        policy: &'a Policy,
    ) -> Wanted<'a> {
        Wanted {
            revision,
            head,
            under_test: &self.under_test.all,
            run,
            allow_different: &policy.rules.allow_different,
            max_distance: gate.max_distance.unwrap_or(policy.baseline.max_distance),
            window: policy.baseline.window,
            histograms: self.histograms || policy.rules.needs_histograms(),
        }
    }

    /// Looks for the baseline.
    pub(super) fn find(
        &self,
        run: &Run,
        gate: &GateArgs,
        loaded: &Loaded,
    ) -> Result<Found, CliError> {
        let from = (self.revision.as_str(), self.under_test.head);
        let wanted = self.wanted(from, run, gate, &loaded.policy);
        Ok(find_baseline(self.place.store(), &self.place.history, &wanted)?)
    }
}

/// The results that are named, or those of the policy.
pub(super) fn read_current(
    results: &ResultArgs,
    run: &RunArgs,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Read, CliError> {
    read_results(results, run, loaded, session)
}

/// The arguments overrule the policy.
pub(super) fn overrule(rules: &mut Rules, gate: &GateArgs) {
    let leniency = |choice: LeniencyChoice| match choice {
        LeniencyChoice::Fail => Leniency::Fail,
        LeniencyChoice::Warn => Leniency::Warn,
    };
    rules.missing_baseline = gate.missing_baseline.map_or(rules.missing_baseline, leniency);
    rules.inconclusive = gate.inconclusive.map_or(rules.inconclusive, leniency);
    rules.require_coverage = gate.require_coverage.or(rules.require_coverage);
    rules.allow_different.extend(gate.allow_different.iter().copied());
}

/// What is recorded for the commit under test and meant by the arguments: repeats of one test.
pub(super) fn recorded_runs(
    place: &Place,
    under_test: &UnderTest,
    run: &RunArgs,
    histograms: bool,
) -> Result<Vec<Run>, CliError> {
    let store = place.store();
    let mut runs: Vec<Run> = Vec::new();
    for commit in &under_test.all {
        for entry in store.entries_of(*commit)? {
            runs.push(load_record(store, &entry, histograms)?.run);
        }
    }
    let suite = run.suite.as_deref().unwrap_or(Run::DEFAULT_SUITE);
    let given = |wanted: &Option<String>, own: &Option<String>| wanted.is_none() || wanted == own;
    runs.retain(|own| {
        own.suite == suite
            && given(&run.profile, &own.profile)
            && given(&run.environment, &own.environment)
    });
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
            d.field, d.baseline, d.current
        );
        return Err(CliError::usage(problem, "name the one that is meant, or its result files"));
    }
    Ok(runs)
}
