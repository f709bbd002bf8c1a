//! `profiles`: named loads, and the one at the top level.

use super::budgets::budgets;
use super::source::{Source, duration};
use crate::config::budget::{Phase, Profile};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, PhaseFile, ProfileFile};
use crate::config::rules::Rules;
use std::collections::BTreeMap;

/// The profiles of a policy, by name.
pub(super) fn profiles(
    source: &Source<'_>,
    written: Entries<ProfileFile>,
    single: Option<(At<String>, ProfileFile)>,
    rules: &Rules,
) -> Result<BTreeMap<String, Profile>, ConfigError> {
    let mut profiles = BTreeMap::new();
    for (name, file) in written.0.into_iter().chain(single) {
        let resolved = profile(source, file, rules)?;
        if profiles.insert(name.value.clone(), resolved).is_some() {
            let problem = format!("profile \"{}\" is given twice", name.value);
            return Err(source.error(name.place, problem));
        }
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
        budgets: budgets(source, file.targets, rules)?,
        phases: file.phases.into_iter().map(phase).collect::<Result<_, _>>()?,
        steps: file.steps,
    })
}
