//! What all runs of a session share.

use crate::cli::args::LoadArgs;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::labels::RunLabels;
use crate::cli::policy::Policies;
use crate::cli::profile_names::unknown_profile;
use crate::cli::session::Session;
use crate::config::Profile;
use crate::driver::{Interrupts, Kernel, Numbers, Watched};
use crate::model::now;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What every run of a session shares.
pub(in crate::cli) struct Rig<'a> {
    pub(in crate::cli) numbers: Numbers,
    /// The environment that the profile runs in.
    pub(in crate::cli) environment: Option<String>,
    pub(in crate::cli) watched: Option<Watched>,
    pub(in crate::cli) interrupts: Interrupts,
    pub(in crate::cli) out: PathBuf,
    pub(in crate::cli) kernel: Kernel,
    /// What the command line says of the runs.
    pub(in crate::cli) labels: RunLabels,
    pub(in crate::cli) load: &'a LoadArgs,
    pub(in crate::cli) policies: Policies,
}

impl<'a> Rig<'a> {
    /// A rig for the load of a profile, in the folder that the arguments name or a new one.
    pub(in crate::cli) fn new(
        load: &'a LoadArgs,
        profile: &Profile,
        policies: Policies,
        session: &Session<'_>,
    ) -> Result<Self, CliError> {
        if now() == jiff::Timestamp::MAX {
            let problem = "the clock of this machine is beyond the year 9999";
            return Err(CliError::usage(problem, "set it"));
        }
        let watched = load.watch.as_deref().map(Watched::parse);
        if let Some(watched) = &watched {
            watched.check().map_err(|error| {
                CliError::usage(error.to_string(), "give a process id, a name, or cgroup:PATH")
            })?;
        }
        let labels = load.run.labels();
        let name = labels.test.profile.as_deref();
        let out = out_folder(load, name, session)?;
        Ok(Self {
            numbers: Numbers {
                users: profile.users,
                spawn_rate: profile.spawn_rate,
                duration_s: profile.duration_s,
            },
            environment: profile.environment.clone(),
            watched,
            interrupts: Interrupts::watch().map_err(CliError::Output)?,
            out,
            kernel: Kernel::at(&session.path(&load.kernel)),
            labels,
            load,
            policies,
        })
    }

    /// After an interrupt, nothing is run or recorded any more.
    pub(in crate::cli) fn refuse_interrupted(&self) -> Result<(), CliError> {
        if self.interrupts.came() {
            let help = format!("what was measured is in {}", self.out.display());
            let problem = "interrupted: nothing was recorded";
            return Err(CliError::coded(&codes::INTERRUPTED, problem, help));
        }
        Ok(())
    }
}

/// The profile that is named, by the policy that decides; a pull request may add one. Without a name, one that knows nothing.
pub(in crate::cli) fn profile(
    name: Option<&str>,
    policies: &Policies,
) -> Result<Profile, CliError> {
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
    load: &LoadArgs,
    profile: Option<&str>,
    session: &Session<'_>,
) -> Result<PathBuf, CliError> {
    if let Some(out) = &load.out {
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
