//! `perfgate check`: absolute limits, no baseline.

use crate::cli::args::CheckArgs;
use crate::cli::bundle::write_bundles;
use crate::cli::comparison::{Compared, RecordedRuns, Request};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::labels::RunLabels;
use crate::cli::open_store::open_store;
use crate::cli::policy::{LoadedPolicy, Network, Policies};
use crate::cli::profile_names::unknown_profile;
use crate::cli::results::{ReadRuns, ResultSelection, no_results};
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::cli::skip::Skip;
use crate::cli::under_test::under_test;
use crate::gate::has_web_vitals;
use crate::model::{CommitId, Field, Raw, Run, differences, harmless};

pub(super) fn run(args: &CheckArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    args.output.refuse_inputs(&args.results.results, session)?;
    let policies = Policies::load(Network::Online, session)?;
    let labels = args.run.labels();
    let overrides = RuleOverrides { skipped: args.skipped, ..RuleOverrides::default() };
    let rules = overrides.apply(policies.deciding.policy.rules.clone());
    let skip = Skip::of(&labels.test, &policies, session);
    let measured = measured(&args.results.selection(), &labels, &policies, session);
    let request = match (measured, skip) {
        (Err(CliError::NoResults { .. }), Some(skip)) => {
            Request::skipped(skip, rules, policies.warnings)
        }
        (measured, _) => {
            let (read, commit) = measured?;
            let first = read.runs.first().ok_or_else(no_results)?;
            refuse_other_tests(first, &read.runs)?;
            refuse_no_budgets(labels.test.profile.as_deref(), first, &policies.deciding)?;
            let warnings = [policies.warnings, read.warnings].concat();
            Request::check(read.runs, commit, rules, warnings)
        }
    };
    let Compared { report, current, .. } = request.run()?;
    let output = args.output.output();
    write_bundles(&output.bundles, &current, session)?;
    output.write(&report, session)?;
    Ok(report.exit.into())
}

/// The selected results, else the runs that are recorded for the commit under test, and that commit.
fn measured(
    selection: &ResultSelection,
    labels: &RunLabels,
    policies: &Policies,
    session: &Session<'_>,
) -> Result<(ReadRuns, Option<CommitId>), CliError> {
    let read = selection.read(labels, &policies.deciding, session)?;
    if !read.runs.is_empty() {
        return Ok((read, None));
    }
    let (runs, commit) = recorded(labels, policies, session)?;
    Ok((ReadRuns { runs, ..read }, Some(commit)))
}

/// The runs that are recorded for the commit under test, and that commit.
fn recorded(
    labels: &RunLabels,
    policies: &Policies,
    session: &Session<'_>,
) -> Result<(Vec<Run>, CommitId), CliError> {
    let store = open_store(&policies.deciding, Network::Offline, session)?;
    let under_test = under_test(&store.history, policies.pull_request.as_ref())?;
    let needed = policies.deciding.policy.rules.needs_histograms();
    let recorded = RecordedRuns {
        policy: &policies.checkout,
        under_test: &under_test,
        test: &labels.test,
        histograms: if needed { Histograms::Keep } else { Histograms::Omit },
        network: Network::Offline,
    };
    Ok((recorded.load(session)?, under_test.commit))
}

/// Budgets hold for one test; a generator that could not keep up is one of their findings.
fn refuse_other_tests(first: &Run, runs: &[Run]) -> Result<(), CliError> {
    let other = runs.iter().flat_map(|run| differences(first, run));
    let mut other = other.filter(|d| d.field.forbids() && d.field != Field::Generator);
    other.next().map_or(Ok(()), |d| {
        let problem = format!(
            "the runs are not of one test: {} {} and {}",
            d.field,
            harmless(&d.baseline),
            harmless(&d.current)
        );
        Err(CliError::usage(problem, "check them one by one"))
    })
}

/// A check without a limit would pass whatever was measured.
fn refuse_no_budgets(
    named: Option<&str>,
    run: &Run,
    loaded: &LoadedPolicy,
) -> Result<(), CliError> {
    let rules = &loaded.policy.rules;
    let known =
        |name: &str| rules.profiles.contains_key(name.split(':').next().unwrap_or_default());
    let unknown = named.filter(|name| !known(name));
    if let Some(profile) = unknown {
        let names: Vec<&str> = rules.profiles.keys().map(String::as_str).collect();
        return Err(unknown_profile(profile, &names));
    }
    let alerts = !rules.alerts.is_empty() && !run.alerts.is_empty();
    if alerts
        || !rules.checklist.is_empty()
        || has_web_vitals(run, rules)
        || !rules.budgets(run.profile.as_ref().map(Raw::raw)).is_empty()
    {
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
