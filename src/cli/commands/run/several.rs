//! Several runs: repeats, base and head in turn, phases, steps.

use super::plan::Plan;
use super::quiet::Tries;
use crate::cli::commands::driving::{Attempt, run_once};
use crate::cli::comparison::{BaselineSource, Request};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::open_store::{open_store, push_records};
use crate::cli::output::ReportOutput;
use crate::cli::policy::Network;
use crate::cli::session::Session;
use crate::cli::under_test::under_test;
use crate::config::Profile;
use crate::driver::{Numbers, prepare};
use crate::gate::Verdict;
use crate::model::{Field, Raw, Run};
use crate::report::plural;
use crate::store::record;
use std::collections::BTreeSet;

/// `--repeat N`.
pub(super) fn repeats(plan: &Plan<'_>, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let (wanted, mut tries) = match plan.args.repeat {
        Some(wanted) => (wanted.get(), Tries::for_runs(wanted.get(), plan)),
        None => (1, Tries::none()),
    };
    let mut runs = Vec::new();
    for i in 1.. {
        let name = format!("run-{i}");
        let run =
            run_once(&plan.rig, Attempt::whole(&plan.rig, &plan.args.command, &name), session)?;
        if !tries.replace(&run, &name, session)? {
            runs.push(run);
        }
        if runs.len() == wanted {
            break;
        }
    }
    keep(plan, runs, session)?;
    Ok(Exit::Pass)
}

/// Records the runs for the commit under test, all or none.
pub(super) fn keep(
    plan: &Plan<'_>,
    mut runs: Vec<Run>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    plan.rig.refuse_interrupted()?;
    let folder =
        plan.rig.out.strip_prefix(session.folder()).unwrap_or(&plan.rig.out).display().to_string();
    if plan.args.no_record {
        return session.say(&format!("{} in {folder}, not recorded", plural(runs.len(), "run")));
    }
    let checkout = &plan.rig.policies.checkout;
    let network = if plan.args.push { Network::Online } else { Network::Offline };
    let store = open_store(checkout, network, session)?;
    let commit = match &plan.args.commit {
        Some(revision) => store.history.resolve(revision)?,
        None => under_test(&store.history, plan.rig.policies.pull_request.as_ref())?.commit,
    };
    runs.iter_mut().for_each(|run| run.commit = Some(commit));
    record(store.records(), &runs, checkout.policy.store.keep_histograms)?;
    for run in &runs {
        let requests = run.total.requests.map(|n| format!("{n} requests, ")).unwrap_or_default();
        let endpoints = plural(run.endpoints.len(), "endpoint");
        session.say(&format!(
            "recorded for {}: {requests}{endpoints}, files in {folder}",
            commit.short()
        ))?;
    }
    if plan.args.push { push_records(&store, session) } else { Ok(()) }
}

/// Runs of this session that others are compared with.
struct Baseline<'a> {
    name: &'a str,
    runs: Vec<Run>,
}

/// Compares runs with others that were made in the same session.
fn compare_with(
    plan: &Plan<'_>,
    Baseline { name, runs }: Baseline<'_>,
    current: Vec<Run>,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let mut rules = plan.rig.policies.deciding.policy.rules.clone();
    rules.allow_different =
        BTreeSet::from([Field::Profile, Field::Users, Field::Duration, Field::Target]);
    let baseline = BaselineSource::Runs { name: name.to_owned(), runs };
    let warnings = plan.rig.policies.warnings.clone();
    let histograms = Histograms::Omit;
    let report =
        Request { current, baseline, skip: None, rules, histograms, warnings }.run()?.report;
    ReportOutput::default().write(&report, session)?;
    Ok(report.exit.into())
}

/// A profile's phases in turn; the last one must be as good as the first again.
pub(super) fn phases(
    plan: &Plan<'_>,
    profile: &Profile,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    for phase in &profile.phases {
        refuse_fixed_users(plan, phase.users)?;
    }
    let mut runs = Vec::new();
    for (i, phase) in profile.phases.iter().enumerate() {
        session.say(&format!(
            "phase {}: {} users for {} s",
            phase.name, phase.users, phase.duration_s
        ))?;
        let spawn_rate = phase.spawn_rate.or(profile.spawn_rate);
        let numbers =
            Numbers { users: Some(phase.users), spawn_rate, duration_s: Some(phase.duration_s) };
        let name = format!("{}-{}", i + 1, file_name(&phase.name));
        let part = Some(phase.name.as_str());
        let attempt =
            Attempt { numbers, part, ..Attempt::whole(&plan.rig, &plan.args.command, &name) };
        runs.push(run_once(&plan.rig, attempt, session)?);
    }
    keep(plan, runs.clone(), session)?;
    let mut worst = Exit::Pass;
    let rules = &plan.rig.policies.deciding.policy.rules;
    for (run, phase) in runs
        .iter()
        .zip(&profile.phases)
        .filter(|(run, _)| !rules.budgets(run.profile.as_ref().map(Raw::raw)).is_empty())
    {
        session.say(&format!("phase {}:", phase.name))?;
        worst = worst.worse(judge_alone(plan, run, session)?.1);
    }
    let (Some(first), Some(last)) = (profile.phases.first(), runs.pop()) else {
        return Ok(Exit::Pass);
    };
    session.say(&format!("recovery: the last phase against the first ({})", first.name))?;
    runs.truncate(1);
    if runs.is_empty() {
        return Ok(Exit::Pass);
    }
    let first_runs = Baseline { name: &first.name, runs };
    Ok(worst.worse(compare_with(plan, first_runs, vec![last], session)?))
}

/// A command that does not take the number of users would be run with the same load each time.
fn refuse_fixed_users(plan: &Plan<'_>, users: u64) -> Result<(), CliError> {
    let numbers = Numbers {
        users: Some(users),
        spawn_rate: plan.rig.numbers.spawn_rate.or(Some(1.0)),
        duration_s: Some(1.0),
    };
    let prepared = prepare(&plan.args.command, numbers, &plan.rig.out);
    if prepared.is_ok_and(|(_, taken)| taken.users == Some(users)) {
        return Ok(());
    }
    let problem = "the command does not take the number of users from the profile";
    Err(CliError::usage(problem, "use {users} in the command instead of a fixed number"))
}

/// Judges one run by the budgets of its profile, and shows how it went.
fn judge_alone(
    plan: &Plan<'_>,
    run: &Run,
    session: &mut Session<'_>,
) -> Result<(Verdict, Exit), CliError> {
    let rules = plan.rig.policies.deciding.policy.rules.clone();
    let warnings = plan.rig.policies.warnings.clone();
    let report = Request::check(vec![run.clone()], None, rules, warnings).run()?.report;
    ReportOutput::default().write(&report, session)?;
    session.flush()?;
    Ok((report.verdict, report.exit.into()))
}

fn file_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// A profile's steps, until one breaks a budget.
pub(super) fn steps(
    plan: &Plan<'_>,
    profile: &Profile,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    for users in &profile.steps {
        refuse_fixed_users(plan, *users)?;
    }
    let mut kept: Vec<Run> = Vec::new();
    let mut broken = None;
    for users in &profile.steps {
        let numbers = Numbers { users: Some(*users), ..plan.rig.numbers };
        let name = format!("{users}-users");
        let part = users.to_string();
        let whole = Attempt::whole(&plan.rig, &plan.args.command, &name);
        let attempt = Attempt { numbers, part: Some(part.as_str()), ..whole };
        let run = run_once(&plan.rig, attempt, session)?;
        session.say(&format!("{users} users:"))?;
        let (verdict, exit) = judge_alone(plan, &run, session)?;
        kept.push(run);
        match verdict {
            Verdict::Pass | Verdict::Warn => {}
            Verdict::Fail => {
                broken = Some(*users);
                break;
            }
            // Nobody knows whether this step held, so that no further one would tell anything.
            Verdict::Inconclusive | Verdict::NotCompared => {
                keep(plan, kept, session)?;
                return Ok(exit);
            }
        }
    }
    let held = kept.len() - usize::from(broken.is_some());
    keep(plan, kept, session)?;
    let last = held.checked_sub(1).map(|i| profile.steps[i]);
    let text = match (broken, last) {
        (Some(users), Some(last)) => format!("breaking point: between {last} and {users} users"),
        (Some(users), None) => format!("breaking point: at or below {users} users, the first step"),
        (None, _) => format!("no breaking point up to {} users", last.unwrap_or_default()),
    };
    session.say(&text)?;
    Ok(if held == 0 { Exit::Regression } else { Exit::Pass })
}
