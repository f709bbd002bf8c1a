//! `performance_tests`: how often each profile is to be run.

use super::source::Source;
use crate::config::budget::Profile;
use crate::config::cadence::{Cadence, When};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use std::collections::BTreeMap;

/// How often the profiles of the policy are to be run.
pub(super) fn cadence(
    source: &Source<'_>,
    written: Entries<At<RawValue>>,
    profiles: &BTreeMap<String, Profile>,
) -> Result<Vec<Cadence>, ConfigError> {
    let one = |(key, value): (At<String>, At<RawValue>)| {
        if !profiles.contains_key(&key.value) {
            let problem = format!("there is no profile \"{}\"", key.value);
            let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
            return Err(source.unknown(&key, problem, &known));
        }
        let text = source.text_of(&value)?;
        let when = When::parse(text).ok_or_else(|| {
            let problem = format!("\"{text}\" does not say how often");
            let word = At { value: text.to_owned(), place: value.place };
            source.unknown(&word, problem, &When::KNOWN)
        })?;
        Ok(Cadence { profile: key.value, when })
    };
    written.0.into_iter().map(one).collect()
}
