//! `perfgate ab`: two versions in one job, measured in turn and judged as pairs.

mod measure;
mod outcome;
mod side;
mod targets;
mod versions;

use crate::cli::args::AbArgs;
use crate::cli::commands::driving::{Rig, profile};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::policy::{Network, Policies};
use crate::cli::session::Session;
use crate::driver::prepare;
use crate::stats::FEWEST_PAIRS;
use measure::{Plan, measure, slice_numbers};
use side::Sides;
use std::time::Duration;

pub(super) fn run(args: &AbArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    refuse_no_room(args)?;
    refuse_half(args)?;
    args.output.refuse_bundle()?;
    let policies = Policies::load(Network::Online, session)?;
    let name = args.load.run.labels().test.profile;
    let profile = profile(name.as_deref(), &policies)?;
    if !profile.phases.is_empty() || !profile.steps.is_empty() {
        let help = "name a profile with one load";
        return Err(CliError::usage("phases and steps are not measured in turn", help));
    }
    let rig = Rig::new(&args.load, &profile, policies, session)?;
    refuse_ramp(args, &rig)?;
    let mut sides = match (&args.baseline, &args.target_a, &args.command_a) {
        (Some(revision), _, _) => versions::start(args, revision, &rig, session)?,
        (_, Some(_), _) => targets::of_urls(args, &rig)?,
        (_, _, Some(_)) => targets::of_commands(args)?,
        _ => {
            let help = "name a revision to build and start (--baseline main --serve 'COMMAND {port}'), two running versions \
                        (--target-a URL --target-b URL), or two load commands (--command-a, --command-b)";
            return Err(CliError::usage("there are no two versions to compare", help));
        }
    };
    let slice_s = slice_s(args, &rig, &sides)?;
    let plan = Plan { args, rig: &rig, seed: args.seed.unwrap_or_else(by_chance), slice_s };
    let measured = measure(&plan, &mut sides, session)?;
    // Nobody needs them any more, and a report may take a while.
    let Sides { base, head, .. } = sides.ended();
    outcome::write(args, &rig, measured, [base, head], session)
}

/// How long a slice is, in seconds; none where a load command does not take it.
fn slice_s(args: &AbArgs, rig: &Rig<'_>, sides: &Sides) -> Result<Option<f64>, CliError> {
    let mut taken = Some(args.slice.as_secs_f64());
    for side in [&sides.base, &sides.head] {
        let (_, numbers) =
            prepare(&side.command, slice_numbers(args, rig), &rig.out).map_err(|error| {
                let help = "write it into the profile in perfgate.yaml";
                CliError::usage(error.to_string(), help)
            })?;
        taken = taken.filter(|own| numbers.duration_s == Some(*own));
    }
    Ok(taken)
}

/// A seed that differs from run to run.
fn by_chance() -> u64 {
    crate::model::now().as_nanosecond() as u64 % 1_000_000
}

/// What builds and starts a version does so for revisions alone.
fn refuse_half(args: &AbArgs) -> Result<(), CliError> {
    let versions = &args.versions;
    let missing = match (&args.baseline, &versions.serve) {
        (None, None) if versions.build.is_some() => "--build needs --baseline REV and --serve",
        (None, Some(_)) => "--serve needs --baseline REV",
        (Some(_), None) => "--baseline needs --serve",
        (None, None) | (Some(_), Some(_)) => return Ok(()),
    };
    let help = "perfgate builds and starts two commits: --baseline main --serve 'COMMAND {port}'";
    Err(CliError::usage(missing, help))
}

/// The look at the first pairs needs time for so many of them.
fn refuse_no_room(args: &AbArgs) -> Result<(), CliError> {
    let slices = u32::try_from(2 * (FEWEST_PAIRS + 1)).unwrap_or(u32::MAX);
    let least = args.slice * slices;
    if args.budget >= least {
        return Ok(());
    }
    let problem = format!(
        "a budget of {} s has no room for {FEWEST_PAIRS} pairs of {} s slices and one to warm up",
        args.budget.as_secs_f64(),
        args.slice.as_secs_f64()
    );
    let help = format!("use --budget {}s or more, or shorter slices", least.as_secs_f64().ceil());
    Err(CliError::usage(problem, help))
}

/// A slice in which users are still being started measures another load at every moment.
fn refuse_ramp(args: &AbArgs, rig: &Rig<'_>) -> Result<(), CliError> {
    let (Some(users), Some(rate)) = (rig.numbers.users, rig.numbers.spawn_rate) else {
        return Ok(());
    };
    let ramp = Duration::try_from_secs_f64(users as f64 / rate).unwrap_or(Duration::MAX);
    if ramp <= args.slice / 2 {
        return Ok(());
    }
    let problem = format!(
        "starting {users} users at {rate} per second takes more than half a slice of {} s",
        args.slice.as_secs_f64()
    );
    let help = "use longer slices (--slice), or raise spawn_rate in the profile";
    Err(CliError::usage(problem, help))
}
