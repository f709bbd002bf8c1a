//! `perfgate check`: absolute limits, no baseline.

use super::args::{CheckArgs, OutputKind};
use super::bundle::write_bundle;
use super::commit::under_test;
use super::comparison::{Request, Source, recorded_runs};
use super::error::CliError;
use super::exit::Exit;
use super::normalize::no_results;
use super::output::write_report;
use super::place::open_place;
use super::policy::{Loaded, deciding, load};
use super::profile::unknown_profile;
use super::results::{Read, read_results};
use super::session::Session;
use crate::model::{Field, Raw, Run, differences, harmless};

pub(super) fn run(args: &CheckArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let deciding = deciding(load(session)?, false, session)?;
    let loaded = &deciding.loaded;
    let mut current = read_results(&args.results, &args.run, loaded, session)?;
    let mut commit = None;
    if current.runs.is_empty() {
        let place = open_place(loaded, true, session)?;
        let under_test = under_test(&place.history, deciding.pull_request.as_ref())?;
        let how = (loaded.policy.rules.needs_histograms(), true);
        let runs = recorded_runs((&deciding, &under_test), &args.run, how, session)?;
        commit = Some(under_test.commit);
        current = Read { runs, warnings: Vec::new() };
    }
    let first = current.runs.first().ok_or_else(no_results)?;
    let other = current.runs.iter().flat_map(|run| differences(first, run));
    if let Some(d) = other.into_iter().find(|d| d.field.forbids() && d.field != Field::Generator) {
        let problem = format!(
            "the runs are not of one test: {} {} and {}",
            d.field,
            harmless(&d.baseline),
            harmless(&d.current)
        );
        return Err(CliError::usage(problem, "check them one by one"));
    }
    refuse_no_budgets(args.run.test.profile(), first, loaded)?;
    for (_, folder) in args.output.output.iter().filter(|(kind, _)| *kind == OutputKind::Bundle) {
        write_bundle(&session.path(folder), &current.runs)?;
    }
    let warnings = [deciding.warnings, current.warnings].concat();
    let (baseline, rules) = (Source::Nothing { commit }, deciding.loaded.policy.rules);
    let request = Request { current: current.runs, baseline, rules, keep: false, warnings };
    let report = request.run()?.report;
    write_report(&report, &args.output, session)?;
    Ok(Exit::from_report(report.exit_code()))
}

/// A check without a limit would pass whatever was measured.
fn refuse_no_budgets(named: Option<&str>, run: &Run, loaded: &Loaded) -> Result<(), CliError> {
    let rules = &loaded.policy.rules;
    let known =
        |name: &str| rules.profiles.contains_key(name.split(':').next().unwrap_or_default());
    let unknown = named.filter(|name| !known(name));
    if let Some(profile) = unknown {
        let names: Vec<&str> = rules.profiles.keys().map(String::as_str).collect();
        return Err(unknown_profile(profile, &names));
    }
    if !rules.budgets(run.profile.as_ref().map(Raw::raw)).is_empty() {
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
    Err(unknown_profile(profile.raw(), &names))
}
