//! `perfgate run`: drive a load tool with a profile's numbers, watch the machine, record what comes out.

mod find;
mod once;
mod plan;
mod quiet;
mod several;
mod spending;
mod until_decided;

use crate::cli::args::DriveArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::ReportOutput;
use crate::cli::policy::{LoadedPolicy, Network, Policies};
use crate::cli::profile_names::unknown_profile;
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::cli::skip::Skip;
use crate::config::Profile;
use crate::driver::{Interrupts, Kernel, Numbers, Watched, supervise};
use crate::model::now;
use plan::Plan;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn run(args: &DriveArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if now() == jiff::Timestamp::MAX {
        return Err(CliError::usage("the clock of this machine is beyond the year 9999", "set it"));
    }
    let policies = Policies::load(Network::Online, session)?;
    let labels = args.run.labels();
    let name = labels.test.profile.as_deref();
    let profile = profile(name, &policies)?;
    if let Some(skip) = Skip::of(&labels.test, &policies, session) {
        return skipped(&skip, args, &policies, session);
    }
    let watched = args.watch.as_deref().map(Watched::parse);
    if let Some(watched) = &watched {
        watched.check().map_err(|error| {
            CliError::usage(error.to_string(), "give a process id, a name, or cgroup:PATH")
        })?;
    }
    refuse_mixtures(args, &profile, name, &policies.deciding)?;
    let numbers = Numbers {
        users: profile.users,
        spawn_rate: profile.spawn_rate,
        duration_s: profile.duration_s,
    };
    let environment = profile.environment.clone();
    let interrupts = Interrupts::watch().map_err(CliError::Output)?;
    let out = out_folder(args, name, session)?;
    let kernel = Kernel::at(&session.path(&args.kernel));
    let plan =
        Plan { numbers, environment, watched, interrupts, out, kernel, labels, args, policies };
    quiet::await_quiet(&plan, session).inspect_err(|_| {
        // A folder of our own in which nothing was put.
        if args.out.is_none() {
            drop(std::fs::remove_dir(&plan.out));
        }
    })?;
    match (&args.ab, profile.phases.is_empty(), profile.steps.is_empty()) {
        (Some(commands), _, _) => several::base_and_head(&plan, commands, session),
        (None, false, _) => several::phases(&plan, &profile, session),
        (None, true, false) => several::steps(&plan, &profile, session),
        (None, true, true) if args.until_decided.is_some() => {
            until_decided::until_decided(&plan, session)
        }
        (None, true, true) => several::repeats(&plan, session),
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
    ReportOutput::default().write(&report, session)?;
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
    let repeated = args.repeat.is_some_and(|repeat| repeat.get() > 1)
        || args.until_decided.is_some()
        || args.ab.is_some();
    if several && repeated {
        let problem = "a profile with phases or steps runs exactly once";
        return Err(CliError::usage(
            problem,
            "leave out --repeat, --until-decided and --ab, or name another profile",
        ));
    }
    let budgets = loaded.policy.rules.budgets(name);
    if !profile.steps.is_empty() && budgets.is_empty() {
        let problem = "steps end when a budget is broken, but the profile has none";
        return Err(CliError::usage(problem, "write some: targets: [{ error_rate: \"< 1%\" }]"));
    }
    Ok(())
}

/// The profile that is named, by the policy that decides; a pull request may add one. Without a name, one that knows nothing.
fn profile(name: Option<&str>, policies: &Policies) -> Result<Profile, CliError> {
    let [known, checkout] =
        [&policies.deciding, &policies.checkout].map(|loaded| &loaded.policy.rules.profiles);
    let Some(name) = name else { return Ok(Profile::default()) };
    let names: Vec<&str> = checkout.keys().map(String::as_str).collect();
    let found = known.get(name).or_else(|| checkout.get(name));
    found.cloned().ok_or_else(|| unknown_profile(name, &names))
}

/// The folder for logs and results: the one that is named, or a new one for each time. Of several that begin in one second, each
/// has its own.
fn out_folder(
    args: &DriveArgs,
    profile: Option<&str>,
    session: &Session<'_>,
) -> Result<PathBuf, CliError> {
    if let Some(out) = &args.out {
        return Ok(session.path(out));
    }
    let name = profile.unwrap_or("run");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let name = format!("{name}-{}", now().strftime("%Y%m%dT%H%M%SZ"));
    new_folder(&session.path(Path::new("perfgate-results")), &name)
}

/// A folder that was not there: NAME, NAME-2 and so on.
fn new_folder(parent: &Path, name: &str) -> Result<PathBuf, CliError> {
    let wrap = |source| CliError::File { path: parent.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(wrap)?;
    let mut folder = parent.join(name);
    for number in 2_u64.. {
        match std::fs::create_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                folder = parent.join(format!("{name}-{number}"));
            }
            made => return made.map(|()| folder).map_err(wrap),
        }
    }
    Err(wrap(ErrorKind::AlreadyExists.into()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_begins_in_the_same_second_gets_a_folder_of_their_own() {
        let scratch = tempfile::tempdir().unwrap();
        let parent = scratch.path().join("perfgate-results");
        let made = || new_folder(&parent, "run-20260101T000000Z").unwrap();
        let names = [made(), made(), made()].map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(
            names,
            ["run-20260101T000000Z", "run-20260101T000000Z-2", "run-20260101T000000Z-3"]
        );
    }
}
