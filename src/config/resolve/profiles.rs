//! `profiles`: named loads, and those at the top level.

use super::budgets::budgets;
use super::source::{Source, duration};
use crate::config::budget::{Phase, Profile};
use crate::config::error::ConfigError;
use crate::config::file::{At, PhaseFile, ProfileFile, Profiles};
use crate::config::rules::Rules;
use std::collections::BTreeMap;

/// The profiles of a policy, by name: those under `profiles`, and the one of each document.
pub(super) fn profiles(
    source: &Source<'_>,
    Profiles(written): Profiles,
    loads: Vec<(At<String>, ProfileFile)>,
    rules: &Rules,
) -> Result<BTreeMap<String, Profile>, ConfigError> {
    let mut profiles = BTreeMap::new();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for (name, mut file) in written.into_iter().chain(loads) {
        if name.value.is_empty() {
            let problem = "a profile in a list needs a name: - profile: baseline";
            return Err(source.error(name.place, problem.to_owned()));
        }
        if let Some(other) = file.profile.take().filter(|other| other.value != name.value) {
            let problem = format!("this profile is called \"{}\" already", name.value);
            return Err(source.error(other.place, problem));
        }
        if let Some(first) = lines.insert(name.value.clone(), name.place.0) {
            let problem =
                format!("profile \"{}\" is given twice: first in line {first}", name.value);
            return Err(source.error(name.place, problem));
        }
        profiles.insert(name.value, profile(source, file, rules)?);
    }
    Ok(profiles)
}

fn profile(source: &Source<'_>, file: ProfileFile, rules: &Rules) -> Result<Profile, ConfigError> {
    let phase = |file: PhaseFile| -> Result<Phase, ConfigError> {
        let PhaseFile { name, users, spawn_rate, duration: written } = file;
        Ok(Phase { name, users, spawn_rate, duration_s: duration(source, &written)? })
    };
    Ok(Profile {
        description: file.description,
        users: file.users,
        spawn_rate: file.spawn_rate,
        duration_s: file.duration.map(|written| duration(source, &written)).transpose()?,
        environment: file.environment,
        requires: required(source, file.requires.env)?,
        budgets: budgets(source, file.targets, rules)?,
        phases: file.phases.into_iter().map(phase).collect::<Result<_, _>>()?,
        steps: file.steps,
    })
}

/// The names of environment variables.
fn required(source: &Source<'_>, env: Vec<At<String>>) -> Result<Vec<String>, ConfigError> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = |written: At<String>| {
        let At { value, place } = written;
        if value.chars().all(part) && value.starts_with(|c: char| !c.is_ascii_digit()) {
            return Ok(value);
        }
        let problem = "the name of an environment variable is expected: ANTHROPIC_API_KEY";
        Err(source.error(place, problem.to_owned()))
    };
    env.into_iter().map(name).collect()
}
