//! A comparison as a value: runs, what they are compared with, and the rules. Every command that judges asks for it here, so
//! that no command judges by other rules than the rest.

mod lookup;
mod request;

pub(super) use lookup::Lookup;
pub(super) use request::{
    BaselineSpec, ComparisonSpec, PreparedLookup, RecordedRuns, RecordedSpec,
};

use super::error::CliError;
use super::histograms::Histograms;
use super::results::no_results;
use super::skip::Skip;
use crate::config::{Leniency, Rules};
use crate::gate::{CurrentInfo, Input, Pairing, Report, check, judge};
use crate::model::{CommitId, Run, Untrusted, Warning, disturbances};
use crate::report::escape_shell;
use lookup::LookupResult;

/// What is compared with what, by which rules: nothing is looked up in arguments or in the policy after this.
pub(super) struct Request {
    /// The runs under test: repeats of one test.
    pub(super) current: Vec<Run>,
    pub(super) baseline: BaselineSource,
    /// Why there are no runs, where their profile is skipped.
    pub(super) skip: Option<Skip>,
    pub(super) rules: Rules,
    /// Whether both sides keep their histograms, to be drawn.
    pub(super) histograms: Histograms,
    /// Warnings from reading policy and results.
    pub(super) warnings: Vec<Warning>,
}

/// Where the baseline comes from.
pub(super) enum BaselineSource {
    /// The recorded runs of a branch.
    History(Box<Lookup>),
    /// These runs, under this name.
    Runs { name: String, runs: Vec<Run> },
    /// These slices, which were measured in turn with those under test.
    Pairs { name: String, commit: Option<CommitId>, runs: Vec<Run>, pairing: Box<Pairing> },
    /// Nowhere: budgets alone decide. The commit that was measured, where it is known.
    None { commit: Option<CommitId> },
}

/// A report, and the runs that it is about.
pub(super) struct Compared {
    pub(super) report: Report,
    /// The baseline's runs; empty where histograms are omitted.
    pub(super) baseline: Vec<Run>,
    pub(super) current: Vec<Run>,
}

impl Request {
    /// A check of runs against budgets alone.
    pub(super) fn check(
        current: Vec<Run>,
        commit: Option<CommitId>,
        rules: Rules,
        warnings: Vec<Warning>,
    ) -> Self {
        let (baseline, histograms) = (BaselineSource::None { commit }, Histograms::Omit);
        Self { current, baseline, skip: None, rules, histograms, warnings }
    }

    /// A report on no run at all.
    pub(super) fn skipped(skip: Skip, rules: Rules, warnings: Vec<Warning>) -> Self {
        Self { skip: Some(skip), ..Self::check(Vec::new(), None, rules, warnings) }
    }

    /// Looks the baseline up and judges.
    pub(super) fn run(self) -> Result<Compared, CliError> {
        let Self { current, baseline, skip, mut rules, histograms, mut warnings } = self;
        if let Some(skip) = skip {
            let report = skip.report(&rules, warnings);
            return Ok(Compared { report, baseline: Vec::new(), current });
        }
        let first = current.first().ok_or_else(no_results)?;
        let mut info = info_of(first, current.len());
        let mut paired = None;
        let LookupResult { baseline, anchor, search, .. } = match baseline {
            BaselineSource::None { commit } => {
                info.commit = commit;
                warnings.extend(disturbances(&[], &current));
                let report = check(&current, info, &rules, warnings);
                return Ok(Compared { report, baseline: Vec::new(), current });
            }
            BaselineSource::Runs { name, runs } => LookupResult::of_runs(name, runs),
            BaselineSource::Pairs { name, commit, runs, pairing } => {
                paired = Some(*pairing);
                LookupResult::of_commit(name, commit, runs)
            }
            BaselineSource::History(lookup) => {
                info.commit = Some(lookup.commit);
                info.date = lookup.date()?;
                let mut found = lookup.look(&current, histograms, &rules)?;
                warnings.append(&mut found.warnings);
                if found.must_have_baseline {
                    rules.missing_baseline = Leniency::Fail;
                }
                found
            }
        };
        let runs = baseline.as_ref().map_or(&[][..], |baseline| baseline.runs.as_slice());
        // What disturbs one slice of a pair disturbs the other as well, or shows as noise.
        if paired.is_none() {
            warnings.extend(disturbances(runs, &current));
        }
        let kept = if histograms == Histograms::Keep { runs.to_vec() } else { Vec::new() };
        let input =
            Input { baseline, anchor, pairing: paired, current: &current, info, search, warnings };
        Ok(Compared { report: judge(input, &rules), baseline: kept, current })
    }
}

fn info_of(run: &Run, runs: usize) -> CurrentInfo {
    let (suite, arguments) = (suite_of(run), run_arguments(run));
    CurrentInfo { runs, suite, arguments, ..CurrentInfo::default() }
}

/// The suite of a run, unless it is the default one.
fn suite_of(run: &Run) -> Option<Untrusted> {
    Some(run.suite.clone()).filter(|suite| *suite != Run::DEFAULT_SUITE)
}

/// The arguments of `record` that make a run comparable with this one.
pub(super) fn run_arguments(run: &Run) -> Untrusted {
    let suite = suite_of(run);
    let named = [
        ("suite", suite.as_ref()),
        ("profile", run.profile.as_ref()),
        ("environment", run.environment.as_ref()),
    ];
    let argument = |(name, value): (&str, Option<&Untrusted>)| {
        Some(format!(" --{name} {}", escape_shell(value?)))
    };
    named.into_iter().filter_map(argument).collect::<String>().into()
}
