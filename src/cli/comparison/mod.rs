//! A comparison as a value: runs, what they are compared with, and the rules. Whoever judges asks for it here, so that no
//! command judges by other rules than the rest.

mod lookup;
mod request;

pub(super) use lookup::Lookup;
pub(super) use request::{overruled, prepare, recorded_runs, request};

use super::error::CliError;
use super::normalize::no_results;
use crate::config::Rules;
use crate::gate::{self, Baseline, BaselineInfo, CurrentInfo, Input, Report, check, judge};
use crate::model::{CommitId, Run, Untrusted, Warning, disturbances};
use crate::report::escape_shell;

/// What is compared with what, by which rules: nothing is looked up in arguments or in the policy after this.
pub(super) struct Request {
    /// The runs under test: repeats of one test.
    pub(super) current: Vec<Run>,
    pub(super) baseline: Source,
    pub(super) rules: Rules,
    /// Whether the baseline's runs are kept with their histograms, to be drawn.
    pub(super) keep: bool,
    /// What a person should know beside the findings.
    pub(super) warnings: Vec<Warning>,
}

/// Where the baseline comes from.
pub(super) enum Source {
    /// The recorded runs of a branch.
    History(Box<Lookup>),
    /// Runs at hand, under this name.
    Runs { name: String, runs: Vec<Run> },
    /// There is none: budgets alone decide. The commit that was measured, where it is known.
    Nothing { commit: Option<CommitId> },
}

/// A report, and the runs that it is about.
pub(super) struct Compared {
    pub(super) report: Report,
    /// The baseline's runs with their histograms, where they are kept.
    pub(super) baseline: Vec<Run>,
    pub(super) current: Vec<Run>,
}

/// What was found to compare with.
#[derive(Default)]
struct Found {
    baseline: Option<Baseline>,
    anchor: Option<Baseline>,
    search: gate::Search,
}

impl Request {
    /// Looks the baseline up and judges.
    pub(super) fn run(self) -> Result<Compared, CliError> {
        let Self { current, baseline, mut rules, keep, mut warnings } = self;
        let first = current.first().ok_or_else(no_results)?;
        let mut info = info_of(first, current.len());
        let found = match baseline {
            Source::Nothing { commit } => {
                info.commit = commit;
                warnings.extend(disturbances(&[], &current));
                let report = check(&current, info, &rules, warnings);
                return Ok(Compared { report, baseline: Vec::new(), current });
            }
            Source::Runs { name, runs } => {
                let info = BaselineInfo {
                    requested: name.into(),
                    runs: runs.len(),
                    ..BaselineInfo::default()
                };
                let baseline = Some(Baseline { info, runs, ..Baseline::default() });
                Found { baseline, ..Found::default() }
            }
            Source::History(lookup) => {
                info.commit = Some(lookup.commit);
                info.date = lookup.date()?;
                let mut found = Found::default();
                warnings.extend(lookup.look(&current, keep, &mut rules, &mut found)?);
                found
            }
        };
        let Found { baseline, anchor, search } = found;
        let runs = baseline.as_ref().map_or(&[][..], |baseline| baseline.runs.as_slice());
        warnings.extend(disturbances(runs, &current));
        let kept = if keep { runs.to_vec() } else { Vec::new() };
        let input = Input { baseline, anchor, current: &current, info, search, warnings };
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
fn run_arguments(run: &Run) -> Untrusted {
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
