//! From a command line to a comparison.

use super::{BaselineSource, Lookup, Request};
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::histograms::Histograms;
use crate::cli::labels::{RunLabels, TestNames};
use crate::cli::meant_revision::revision_hint;
use crate::cli::open_store::{open_fetched_store, open_store};
use crate::cli::policy::{LoadedPolicy, Network, Policies};
use crate::cli::profile_names::refuse_misspelt_profile;
use crate::cli::results::{ReadRuns, ResultSelection, expand, read_files};
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::cli::skip::Skip;
use crate::cli::under_test::{UnderTest, under_test};
use crate::config::Rules;
use crate::model::{Run, Warning, WarningKind, differences, harmless};
use crate::store::load as load_record;
use std::path::Path;

/// What a command line asks to compare.
#[derive(Debug, Clone)]
pub(in crate::cli) struct ComparisonSpec {
    /// The results under test; none: the recorded runs of the commit under test.
    pub(in crate::cli) results: ResultSelection,
    pub(in crate::cli) labels: RunLabels,
    pub(in crate::cli) baseline: BaselineSpec,
    pub(in crate::cli) overrides: RuleOverrides,
    pub(in crate::cli) histograms: Histograms,
}

/// What the results are compared with.
#[derive(Debug, Clone)]
pub(in crate::cli) enum BaselineSpec {
    /// Result files, each a run.
    Files(Vec<String>),
    Recorded(RecordedSpec),
}

/// A baseline among the recorded runs.
#[derive(Debug, Clone)]
pub(in crate::cli) struct RecordedSpec {
    /// The revision to compare with; none: the policy's branch.
    pub(in crate::cli) revision: Option<String>,
    /// Commits to search; none: as many as the policy says.
    pub(in crate::cli) max_distance: Option<usize>,
    pub(in crate::cli) network: Network,
}

impl Request {
    /// The comparison that a command line asks for, by the policy that decides.
    pub(in crate::cli) fn new(
        spec: ComparisonSpec,
        policies: Policies,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        // By the policy of the checkout: a pull request may add a profile.
        refuse_misspelt_profile(&spec.labels.test, &policies.checkout)?;
        let skip = Skip::of(&spec.labels.test, &policies, session);
        let rules = spec.overrides.apply(policies.deciding.policy.rules.clone());
        let warnings = policies.warnings.clone();
        let request = match &spec.baseline {
            BaselineSpec::Files(names) => with_files(names, &spec, policies, session),
            BaselineSpec::Recorded(recorded) => with_recorded(recorded, &spec, policies, session),
        };
        match (request, skip) {
            (Err(CliError::NoResults { .. }), Some(skip)) => {
                Ok(Self::skipped(skip, rules, warnings))
            }
            (Ok(request), Some(skip)) if request.current.is_empty() => {
                Ok(Self::skipped(skip, rules, warnings))
            }
            (request, _) => request,
        }
    }
}

/// Files on both sides: no git is needed.
fn with_files(
    names: &[String],
    spec: &ComparisonSpec,
    policies: Policies,
    session: &Session<'_>,
) -> Result<Request, CliError> {
    let Policies { deciding, mut warnings, .. } = policies;
    let paths = expand(names, session.folder(), session).map_err(|error| match error {
        // Without a baseline there is nothing to judge by, whatever is skipped.
        CliError::NoResults { problem, help } => CliError::coded(&codes::NO_RESULTS, problem, help),
        other => other,
    })?;
    let mut baseline = read_files(&paths, &spec.results.options_by(&deciding), session)?;
    let current = spec.results.read(&spec.labels, &deciding, session)?;
    // What the command line says of the run, it says of both sides.
    baseline.runs.iter_mut().for_each(|run| spec.labels.apply(run));
    warnings.extend(baseline.warnings);
    warnings.extend(current.warnings);
    Ok(Request {
        current: current.runs,
        baseline: BaselineSource::Runs { name: names.join(", "), runs: baseline.runs },
        skip: None,
        rules: spec.overrides.apply(deciding.policy.rules),
        histograms: spec.histograms,
        warnings,
    })
}

/// A baseline that is looked for among the recorded runs.
fn with_recorded(
    recorded: &RecordedSpec,
    spec: &ComparisonSpec,
    policies: Policies,
    session: &Session<'_>,
) -> Result<Request, CliError> {
    let prepared = PreparedLookup::new(recorded, &spec.overrides, policies, session)
        .map_err(|error| named_revision(error, &spec.results, session))?;
    let read = prepared.current(&spec.results, &spec.labels, spec.histograms, session)?;
    let mut request = prepared.request(read.runs, spec.histograms);
    request.warnings.extend(read.warnings);
    Ok(request)
}

/// Where no baseline is named, a result that is no file but a revision was meant as one.
fn named_revision(error: CliError, results: &ResultSelection, session: &Session<'_>) -> CliError {
    let CliError::Usage { problem, code, .. } = &error else { return error };
    if code.number != codes::NO_BASELINE_NAMED.number {
        return error;
    }
    let is_no_file = |name: &&String| !session.path(Path::new(name)).exists();
    let mut missing = results.names.iter().filter(is_no_file);
    let Some(help) = missing.find_map(|name| revision_hint(name, session)) else { return error };
    CliError::coded(code, problem.clone(), help)
}

/// A lookup with store and history open, and the rules of the policy that decides.
pub(in crate::cli) struct PreparedLookup {
    pub(in crate::cli) lookup: Lookup,
    pub(in crate::cli) rules: Rules,
    policies: Policies,
    under_test: UnderTest,
}

impl PreparedLookup {
    /// Opens store and history and, online, fetches the records.
    pub(in crate::cli) fn new(
        recorded: &RecordedSpec,
        overrides: &RuleOverrides,
        mut policies: Policies,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        let policy = &policies.deciding.policy;
        let mut choice = policy.baseline.clone();
        choice.max_distance = recorded.max_distance.unwrap_or(choice.max_distance);
        let revision = recorded.revision.clone().or(choice.branch.clone()).ok_or_else(|| {
            let help = "name a revision (--baseline main) or a file (--baseline-file FILE), or set \
                        baseline.branch in perfgate.yaml";
            CliError::coded(&codes::NO_BASELINE_NAMED, "there is nothing to compare with", help)
        })?;
        let rules = overrides.apply(policy.rules.clone());
        let store = open_fetched_store(&policies.deciding, recorded.network, session)?;
        if recorded.network == Network::Offline {
            policies.warnings.push(Warning::new(WarningKind::Offline));
        }
        let pull_request = policies.pull_request;
        let under_test = under_test(&store.history, pull_request.as_ref())?;
        let lookup = Lookup::of_checkout(store, revision, under_test.clone(), choice, pull_request);
        Ok(Self { lookup, rules, policies, under_test })
    }

    /// The runs under test: the selected results, else what is recorded for their commit.
    pub(in crate::cli) fn current(
        &self,
        results: &ResultSelection,
        labels: &RunLabels,
        histograms: Histograms,
        session: &Session<'_>,
    ) -> Result<ReadRuns, CliError> {
        let read = results.read(labels, &self.policies.deciding, session)?;
        if !read.runs.is_empty() {
            return Ok(read);
        }
        let has_remote = self.lookup.store.history.remote().is_some();
        let recorded = RecordedRuns {
            policy: &self.policies.checkout,
            under_test: &self.under_test,
            test: &labels.test,
            histograms: histograms.or_needed_by(&self.rules),
            network: if has_remote { Network::Online } else { Network::Offline },
        };
        Ok(ReadRuns { runs: recorded.load(session)?, warnings: Vec::new() })
    }

    /// The comparison of these runs with the baseline that is found.
    pub(in crate::cli) fn request(self, current: Vec<Run>, histograms: Histograms) -> Request {
        let baseline = BaselineSource::History(Box::new(self.lookup));
        let warnings = self.policies.warnings;
        Request { current, baseline, skip: None, rules: self.rules, histograms, warnings }
    }
}

/// The runs that are recorded for the commit under test.
pub(in crate::cli) struct RecordedRuns<'a> {
    /// The policy of the checkout: `record` puts runs into its store.
    pub(in crate::cli) policy: &'a LoadedPolicy,
    pub(in crate::cli) under_test: &'a UnderTest,
    /// The test whose runs are loaded.
    pub(in crate::cli) test: &'a TestNames,
    pub(in crate::cli) histograms: Histograms,
    pub(in crate::cli) network: Network,
}

impl RecordedRuns<'_> {
    /// Loads the runs: repeats of one test, at least one.
    pub(in crate::cli) fn load(&self, session: &Session<'_>) -> Result<Vec<Run>, CliError> {
        let store = open_store(self.policy, self.network, session)?;
        let records = store.records();
        let mut runs: Vec<Run> = Vec::new();
        for commit in &self.under_test.all {
            for entry in records.entries_of(*commit)? {
                let load = |own| load_record(records, &entry, own == Histograms::Keep);
                let run = load(self.histograms)?.run;
                let needed = self.histograms.or_needed_for(&run);
                runs.push(if needed == self.histograms { run } else { load(needed)?.run });
            }
        }
        runs.retain(|run| self.test.selects(run));
        let commit = self.under_test.commit.short();
        let Some(first) = runs.first() else {
            let help = "name result files, set `results` in perfgate.yaml, or record them first";
            let problem = format!("no results are named, and no run is recorded for {commit}");
            return Err(CliError::no_results(problem, help));
        };
        let other = runs.iter().flat_map(|run| differences(first, run)).find(|d| d.field.forbids());
        if let Some(d) = other {
            let problem = format!(
                "the runs recorded for {commit} are not of one test: {} {} and {}",
                d.field,
                harmless(&d.baseline),
                harmless(&d.current)
            );
            return Err(CliError::usage(problem, "name the test, or its result files"));
        }
        Ok(runs)
    }
}
