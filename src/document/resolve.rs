//! From claims to the entries of a policy, by what the whole document says.

use super::claim::{Claim, Tier};
use super::entry::{Entry, Origin};
use super::subject::{Subject, has_words, metric_name, pattern};
use crate::config::{QuantityKind, same_limit};

/// A profile that the document has, and the words that describe it.
pub(super) struct KnownProfile {
    pub(super) name: String,
    pub(super) words: String,
}

/// The statistic of a response time where the document names none, as `limit` of a row means it.
const USUAL: &str = "p95";
const NO_STATISTIC: &str = "no statistic given: p95";
const ERROR_RATE: &str = " error rate";

/// The entries of these claims, one each, or why one has no single meaning.
pub(super) fn resolve<'c>(
    claims: &'c [Claim],
    document: usize,
    profiles: &[KnownProfile],
) -> Vec<(&'c Claim, Result<Entry, String>)> {
    let one = |claim: &'c Claim| (claim, entry(claim, claims, document, profiles));
    claims.iter().map(one).collect()
}

fn entry(
    claim: &Claim,
    all: &[Claim],
    document: usize,
    profiles: &[KnownProfile],
) -> Result<Entry, String> {
    let origin = Origin { document, line: claim.line };
    let profile = claim.condition.as_ref().map(|load| profile_of(load, profiles)).transpose()?;
    let (statistic, note) = statistic(claim, all)?;
    let mut value = Entry::text(origin, claim.bound.clone());
    value.note = claim.note.or(note);
    let item = match &claim.subject {
        Subject::Latency(name) => {
            let statistic = statistic.as_deref().unwrap_or(USUAL);
            Entry::of_key(format!("{name}_{statistic}"), in_tier(claim.tier, value))
        }
        Subject::Single(name, _) => {
            let key = match (*name, statistic.as_deref()) {
                (name, None) => name.to_owned(),
                (name @ ("cpu" | "memory"), Some(own @ ("mean" | "max"))) => {
                    format!("{name}_{own}")
                }
                (name, Some(own)) => return Err(format!("{name} has no {own}")),
            };
            Entry::of_key(key, in_tier(claim.tier, value))
        }
        Subject::Known(metric) => {
            let key = statistic
                .map_or_else(|| metric.name.to_owned(), |own| format!("{}_{own}", metric.name));
            Entry::of_key(key, in_tier(claim.tier, value))
        }
        Subject::Other(label) => other(claim, &display(claim, label, all), statistic, value),
    };
    let list = Entry::of_item(item);
    Ok(match profile {
        Some(name) => {
            let profile = Entry::of_key(name, Entry::of_key("targets", list));
            Entry::of_key("profiles", profile)
        }
        None => Entry::of_key("budgets", list),
    })
}

/// A response time of what the document calls so, or a metric of that name.
fn other(claim: &Claim, label: &str, statistic: Option<String>, value: Entry) -> Entry {
    let origin =
        Origin { document: value.origins.first().map_or(0, |own| own.document), line: claim.line };
    let row = |operation: &str, key: &str, value: Entry| {
        let mut row = Entry::of_key("operation", Entry::text(origin, pattern(operation)));
        if let super::entry::Value::Map(entries) = &mut row.value {
            entries.push((key.to_owned(), value));
        }
        row
    };
    let lower = label.to_lowercase();
    if claim.kind == QuantityKind::Share
        && lower.ends_with(ERROR_RATE)
        && lower.len() == label.len()
    {
        let operation = label[..label.len() - ERROR_RATE.len()].trim();
        return row(operation, "error_rate", in_tier(claim.tier, value));
    }
    if claim.kind != QuantityKind::Time {
        let name = metric_name(label);
        let key = statistic.map_or_else(|| name.clone(), |own| format!("{name}_{own}"));
        return Entry::of_key(key, in_tier(claim.tier, value));
    }
    match (statistic.as_deref(), claim.tier) {
        (None, Tier::Limit) => row(label, "limit", value),
        (None | Some(USUAL), Tier::Expected) => row(label, "expected_p95", value),
        (None, Tier::Target) => row(label, "target", value),
        (None, Tier::Acceptable) => row(label, "acceptable", value),
        (None, Tier::Critical) => row(label, "critical", value),
        (Some(own), tier) => row(label, own, in_tier(tier, value)),
    }
}

fn in_tier(tier: Tier, value: Entry) -> Entry {
    match tier {
        Tier::Limit => value,
        Tier::Target | Tier::Expected => Entry::of_key("target", value),
        Tier::Acceptable => Entry::of_key("acceptable", value),
        Tier::Critical => Entry::of_key("critical", value),
    }
}

/// The statistic of a claim: its own, or that of another place that says the same number.
fn statistic(
    claim: &Claim,
    all: &[Claim],
) -> Result<(Option<String>, Option<&'static str>), String> {
    if claim.statistic.is_some() || claim.subject.has_one_number() {
        return Ok((claim.statistic.clone(), None));
    }
    let key = claim.subject.key();
    let same = all.iter().find(|other| {
        let named = other.statistic.is_some() && other.subject.key() == key;
        named && same_limit(&other.bound, &claim.bound)
    });
    if let Some(other) = same {
        return Ok((other.statistic.clone(), None));
    }
    match &claim.subject {
        Subject::Known(metric) => {
            let name = metric.name;
            Err(format!("which statistic? write {name}_p95 or {name}_mean"))
        }
        Subject::Other(_) if claim.kind != QuantityKind::Time => Ok((None, None)),
        Subject::Latency(_) | Subject::Single(..) | Subject::Other(_) => {
            Ok((None, Some(NO_STATISTIC).filter(|_| claim.tier != Tier::Expected)))
        }
    }
}

/// The name that the document gives itself, where a claim has only that of its heading.
fn display(claim: &Claim, label: &str, all: &[Claim]) -> String {
    let key = claim.subject.key();
    let mut named = all.iter().filter(|other| other.subject.key() == key);
    match (named.find(|other| !other.from_heading).map(|other| &other.subject), claim.from_heading)
    {
        (Some(Subject::Other(own)), _) => own.clone(),
        _ => label.to_owned(),
    }
}

/// The only profile whose description has these words.
fn profile_of(load: &str, profiles: &[KnownProfile]) -> Result<String, String> {
    let mut found = profiles.iter().filter(|profile| has_words(&profile.words, load));
    match (found.next(), found.next()) {
        (Some(profile), None) => Ok(profile.name.clone()),
        _ => Err(format!("which profile is \"{load}\"?")),
    }
}
