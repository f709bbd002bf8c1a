//! A policy of several YAML documents, separated by lines of `---`: each may hold a profile, and any other key stands in one of
//! them.

use super::{At, Entries, PolicyFile, ProfileFile};
use crate::config::error::ConfigError;
use serde::de::IgnoredAny;
use std::mem::take;

/// The keys of a profile at the top level.
const OF_PROFILE: [&str; 10] = [
    "profile",
    "description",
    "users",
    "spawn_rate",
    "duration",
    "environment",
    "targets",
    "phases",
    "steps",
    "requires",
];

/// Another name of a key, and the key.
const ALIAS: (&str, &str) = ("performanceBudget", "performance_budget");

/// The keys of a document.
pub(super) type Keys = Entries<IgnoredAny>;

/// Takes what `$keys` names from one document into the policy. Every key is listed: the compiler asks for a new one.
macro_rules! take_given {
    ($keys:expr, $from:expr, $into:expr; $($key:ident),+ $(,)?) => {{
        let PolicyFile {
            $($key,)+
            profile: _, description: _, users: _, spawn_rate: _, duration: _, environment: _, targets: _, phases: _, steps: _, requires: _,
            loads,
        } = $from;
        $(if has($keys, stringify!($key)) {
            $into.$key = $key;
        })+
        $into.loads.extend(loads);
    }};
}

/// Puts documents together; `text` is for messages.
pub(super) fn together(
    (file, text): (&str, &str),
    documents: Vec<(PolicyFile, Keys)>,
) -> Result<PolicyFile, ConfigError> {
    let mut whole = PolicyFile::default();
    let mut seen: Vec<At<String>> = Vec::new();
    for (mut document, keys) in documents {
        for (key, _) in keys.0.iter().filter(|(key, _)| !is_of_profile(&key.value)) {
            let same = |known: &&At<String>| canonical(&known.value) == canonical(&key.value);
            if let Some(first) = seen.iter().find(same) {
                let first = first.place.0;
                let problem = format!("\"{}\" is given twice: first in line {first}", key.value);
                let mut error = ConfigError::new(file, text, key.place, problem);
                error.word.clone_from(&key.value);
                return Err(error);
            }
            seen.push(key.clone());
        }
        let load = load((file, text), &mut document, &keys)?;
        document.loads.extend(load);
        take_given!(
            &keys, document, whole;
            results, documents, baseline, store, endpoint_classes, regression_thresholds, endpoints, budgets, prometheus, alerts,
            checklist, profiles,
            metrics, performance_budget, performance_tests, resources, collapse, rename, trend, accept, gate,
        );
    }
    Ok(whole)
}

/// The profile at the top level of a document, under its name.
fn load(
    (file, text): (&str, &str),
    document: &mut PolicyFile,
    keys: &Keys,
) -> Result<Option<(At<String>, ProfileFile)>, ConfigError> {
    let Some(name) = document.profile.take() else {
        let Some((key, _)) = keys.0.iter().find(|(key, _)| is_of_profile(&key.value)) else {
            return Ok(None);
        };
        let problem = format!(
            "\"{}\" at the top level belongs to a profile: write its name beside it: profile: baseline",
            key.value
        );
        let mut error = ConfigError::new(file, text, key.place, problem);
        error.word.clone_from(&key.value);
        return Err(error);
    };
    let profile = ProfileFile {
        profile: None,
        description: document.description.take(),
        users: document.users.take(),
        spawn_rate: document.spawn_rate.take(),
        duration: document.duration.take(),
        environment: document.environment.take(),
        targets: take(&mut document.targets),
        phases: take(&mut document.phases),
        steps: take(&mut document.steps),
        requires: take(&mut document.requires),
    };
    Ok(Some((name, profile)))
}

/// Whether this key of the top level belongs to the profile of its document.
pub(in crate::config) fn is_of_profile(key: &str) -> bool {
    OF_PROFILE.contains(&key)
}

fn canonical(key: &str) -> &str {
    if key == ALIAS.0 { ALIAS.1 } else { key }
}

fn has(keys: &Keys, name: &str) -> bool {
    keys.0.iter().any(|(key, _)| canonical(&key.value) == name)
}
