//! `perfgate check`: absolute limits, no baseline.

use super::args::{CheckArgs, OutputKind};
use super::bundle::write_bundle;
use super::commit::{PullRequest, pull_request, under_test};
use super::error::CliError;
use super::exit::Exit;
use super::judged::{run_arguments, suite_of};
use super::output::write_report;
use super::place::open_place;
use super::policy::{Loaded, load, trust_base};
use super::profile::unknown_profile;
use super::results::Read;
use super::search::{read_current, recorded_runs};
use super::session::Session;
use crate::gate::{CurrentInfo, check};
use crate::model::{Field, Run, Warning, differences, disturbances};
use crate::store::History;

pub(super) fn run(args: &CheckArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut loaded = load(session)?;
    let pull_request = pull_request(session)?;
    let mut warnings = trusted(&mut loaded, pull_request.as_ref(), session)?;
    let mut current = read_current(&args.results, &args.run, &loaded, session)?;
    let mut info = CurrentInfo::default();
    if current.runs.is_empty() {
        let place = open_place(&loaded, true, session)?;
        let under_test = under_test(&place.history, pull_request.as_ref())?;
        let histograms = loaded.policy.rules.needs_histograms();
        let runs = recorded_runs(&place, &under_test, &args.run, histograms)?;
        info.commit = Some(under_test.commit);
        current = Read { runs, warnings: Vec::new() };
    }
    warnings.extend(current.warnings);
    let first = &current.runs[0];
    let other = current.runs.iter().flat_map(|run| differences(first, run));
    if let Some(d) = other.into_iter().find(|d| d.field.forbids() && d.field != Field::Generator) {
        let problem =
            format!("the runs are not of one test: {} {} and {}", d.field, d.baseline, d.current);
        return Err(CliError::usage(problem, "check them one by one"));
    }
    refuse_no_budgets(&args.run.profile, first, &loaded)?;
    (info.runs, info.suite) = (current.runs.len(), suite_of(first));
    info.arguments = run_arguments(first);
    for (_, folder) in args.output.output.iter().filter(|(kind, _)| *kind == OutputKind::Bundle) {
        write_bundle(&session.path(folder), &current.runs)?;
    }
    warnings.extend(disturbances(&[], &current.runs));
    let report = check(&current.runs, info, &loaded.policy.rules, warnings);
    write_report(&report, &args.output, session)?;
    Ok(Exit::from_report(report.exit_code()))
}

/// On a pull request, what decides is the base commit's, as for a comparison.
pub(super) fn trusted(
    loaded: &mut Loaded,
    pull_request: Option<&PullRequest>,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    if pull_request.is_none() || loaded.is_named() {
        return Ok(Vec::new());
    }
    let history = History::open(session.folder(), loaded.reach(false))?;
    trust_base(loaded, pull_request, &history, session)
}

/// A check without a limit would pass whatever was measured.
fn refuse_no_budgets(named: &Option<String>, run: &Run, loaded: &Loaded) -> Result<(), CliError> {
    let rules = &loaded.policy.rules;
    let known =
        |name: &String| rules.profiles.contains_key(name.split(':').next().unwrap_or_default());
    let unknown = named.as_ref().filter(|name| !known(name));
    if let Some(profile) = unknown {
        let names: Vec<&str> = rules.profiles.keys().map(String::as_str).collect();
        return Err(unknown_profile(profile, &names));
    }
    if !rules.budgets(run.profile.as_deref()).is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = rules.profiles.keys().map(String::as_str).collect();
    let Some(profile) = &run.profile else {
        let help = if names.is_empty() {
            "write `budgets:` or `profiles:` with `targets:` into perfgate.yaml".to_owned()
        } else {
            format!("name one with --profile: {}", names.join(", "))
        };
        return Err(CliError::usage("no budget holds for a run without a profile", help));
    };
    Err(unknown_profile(profile, &names))
}
