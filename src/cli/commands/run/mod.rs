//! `perfgate run`: drive a load tool with a profile's numbers, watch the machine, record what comes out.

mod plan;
mod quiet;
mod several;
mod spending;
mod until_decided;

use crate::cli::args::DriveArgs;
use crate::cli::commands::driving::{Rig, profile};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::policy::{LoadedPolicy, Network, Policies};
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::cli::skip::Skip;
use crate::config::Profile;
use crate::driver::supervise;
use plan::Plan;
use std::process::ExitCode;

pub(super) fn run(args: &DriveArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let policies = Policies::load(Network::Online, session)?;
    let labels = args.load.run.labels();
    let name = labels.test.profile.as_deref();
    let profile = profile(name, &policies)?;
    if let Some(skip) = Skip::of(&labels.test, &policies, session) {
        return skipped(&skip, args, &policies, session);
    }
    args.output.refuse_bundle()?;
    if args.output.is_set() && args.until_decided.is_none() {
        let problem = "nothing is judged, so there is no report to write";
        let help = "add --until-decided, or compare the results afterwards: perfgate compare";
        return Err(CliError::usage(problem, help));
    }
    refuse_mixtures(args, &profile, name, &policies.deciding)?;
    let plan = Plan { rig: Rig::new(&args.load, &profile, policies, session)?, args };
    quiet::await_quiet(&plan, session).inspect_err(|_| {
        // A folder of our own in which nothing was put.
        if args.load.out.is_none() {
            drop(std::fs::remove_dir(&plan.rig.out));
        }
    })?;
    match (profile.phases.is_empty(), profile.steps.is_empty()) {
        (false, _) => several::phases(&plan, &profile, session),
        (true, false) => several::steps(&plan, &profile, session),
        (true, true) if args.until_decided.is_some() => {
            until_decided::until_decided(&plan, session)
        }
        (true, true) => several::repeats(&plan, session),
    }
}

/// Says that nothing was run, and why.
fn skipped(
    skip: &Skip,
    args: &DriveArgs,
    policies: &Policies,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let overrides = RuleOverrides { skipped: args.skipped, ..RuleOverrides::default() };
    let rules = overrides.apply(policies.deciding.policy.rules.clone());
    let report = skip.report(&rules, policies.warnings.clone());
    args.output.output().write(&report, session)?;
    Ok(report.exit.into())
}

/// What would be passed over in silence.
fn refuse_mixtures(
    args: &DriveArgs,
    profile: &Profile,
    name: Option<&str>,
    loaded: &LoadedPolicy,
) -> Result<(), CliError> {
    let several = !profile.phases.is_empty() || !profile.steps.is_empty();
    let repeated =
        args.repeat.is_some_and(|repeat| repeat.get() > 1) || args.until_decided.is_some();
    if several && repeated {
        let problem = "a profile with phases or steps runs exactly once";
        return Err(CliError::usage(
            problem,
            "leave out --repeat and --until-decided, or name another profile",
        ));
    }
    let budgets = loaded.policy.rules.budgets(name);
    if !profile.steps.is_empty() && budgets.is_empty() {
        let problem = "steps end when a budget is broken, but the profile has none";
        return Err(CliError::usage(problem, "write some: targets: [{ error_rate: \"< 1%\" }]"));
    }
    Ok(())
}

/// The process between perfgate and the tool: not for people.
pub(in crate::cli) fn supervisor(command: &[String], session: &mut Session<'_>) -> ExitCode {
    match supervise(command) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Err(error) => {
            drop(session.say(&error.to_string()));
            ExitCode::from(127)
        }
    }
}
