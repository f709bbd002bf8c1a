//! `perfgate run`: drive a load tool with a profile's numbers, watch the machine, record what comes out.

mod find;
mod once;
mod quiet;
mod several;

use super::args::DriveArgs;
use super::error::CliError;
use super::exit::Exit;
use super::policy::{Loaded, load};
use super::profile::unknown_profile;
use super::session::Session;
use crate::config::Profile;
use crate::driver::{Interrupts, Kernel, Numbers, Watched, supervise};
use once::Plan;
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn run(args: &DriveArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load(session)?;
    let profile = profile(args, &loaded)?;
    let watched = args.watch.as_deref().map(Watched::parse);
    if let Some(watched) = &watched {
        watched.check().map_err(|error| {
            CliError::usage(error.to_string(), "give a process id, a name, or cgroup:PATH")
        })?;
    }
    refuse_mixtures(args, &profile, &loaded)?;
    let numbers = Numbers {
        users: profile.users,
        spawn_rate: profile.spawn_rate,
        duration_s: profile.duration_s,
    };
    let environment = profile.environment.clone();
    let interrupts = Interrupts::watch().map_err(CliError::Output)?;
    let out = out_folder(args, session);
    let kernel = Kernel::at(&session.path(&args.kernel));
    let plan = Plan { numbers, environment, watched, interrupts, out, kernel, args };
    quiet::await_quiet(&plan, session)?;
    match (&args.ab, profile.phases.is_empty(), profile.steps.is_empty()) {
        (Some(commands), _, _) => several::base_and_head(&plan, commands, &loaded, session),
        (None, false, _) => several::phases(&plan, &profile, &loaded, session),
        (None, true, false) => several::steps(&plan, &profile, &loaded, session),
        (None, true, true) if args.until_decided.is_some() => {
            several::until_decided(&plan, &loaded, session)
        }
        (None, true, true) => several::repeats(&plan, &loaded, session),
    }
}

/// What would be passed over in silence.
fn refuse_mixtures(args: &DriveArgs, profile: &Profile, loaded: &Loaded) -> Result<(), CliError> {
    let several = !profile.phases.is_empty() || !profile.steps.is_empty();
    let repeated = args.repeat.is_some_and(|repeat| repeat.get() > 1)
        || args.until_decided.is_some()
        || args.ab.is_some();
    if several && repeated {
        let problem = "a profile with phases or steps is run once, and in no other way";
        return Err(CliError::usage(
            problem,
            "leave out --repeat, --until-decided and --ab, or name another profile",
        ));
    }
    let budgets = loaded.policy.rules.budgets(args.run.profile.as_deref());
    if !profile.steps.is_empty() && budgets.is_empty() {
        let problem = "steps end where a budget breaks, and the profile has none";
        return Err(CliError::usage(problem, "write some: targets: [{ error_rate: \"< 1%\" }]"));
    }
    Ok(())
}

/// The profile that is named; without a name, one that knows nothing.
fn profile(args: &DriveArgs, loaded: &Loaded) -> Result<Profile, CliError> {
    let profiles = &loaded.policy.rules.profiles;
    let Some(name) = &args.run.profile else { return Ok(Profile::default()) };
    let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
    profiles.get(name).cloned().ok_or_else(|| unknown_profile(name, &names))
}

/// The folder for logs and results: the one that is named, or a new one for each time.
fn out_folder(args: &DriveArgs, session: &Session<'_>) -> PathBuf {
    if let Some(out) = &args.out {
        return session.path(out);
    }
    let name = args.run.profile.as_deref().unwrap_or("run");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    session.path(&PathBuf::from("perfgate-results").join(format!("{name}-{now}")))
}

/// The process between perfgate and the tool: not for people.
pub(super) fn supervisor(command: &[String], session: &mut Session<'_>) -> ExitCode {
    match supervise(command) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Err(error) => {
            drop(session.say(&error.to_string()));
            ExitCode::from(127)
        }
    }
}
