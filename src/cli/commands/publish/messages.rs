//! What became of a report, in words, and what to do where it could not be published.

use crate::forge::{Forge, ForgeError, Published};
use crate::gate::Finding;
use crate::model::Raw as _;
use crate::report::{harmless, signed_percent, significant};

pub(super) fn published(published: &Published) -> String {
    let at = url(published).map(|url| format!(": {}", harmless(&url))).unwrap_or_default();
    match published {
        Published::Created(_) => format!("posted a comment{at}"),
        Published::Updated(_) => format!("updated the comment{at}"),
        Published::Unchanged(_) => format!("the comment is already up to date{at}"),
        Published::Outdated => {
            "a newer run has commented already: this one is out of date".to_owned()
        }
    }
}

pub(super) fn url(published: &Published) -> Option<String> {
    match published {
        Published::Created(url) | Published::Updated(url) | Published::Unchanged(url) => {
            url.clone()
        }
        Published::Outdated => None,
    }
}

pub(super) fn variable_missing(name: &str) -> String {
    format!("no comment was posted: the variable {name} is not set")
}

pub(super) fn token_missing(names: &[&str]) -> String {
    format!("no comment was posted: there is no token; set {} for this step", names.join(" or "))
}

/// Why no comment was posted, and which permission is missing.
pub(super) fn not_published(error: &ForgeError, forge: &Forge) -> String {
    let help = error.status().and_then(forge.help).unwrap_or(match error.status() {
        Some(429) => "the forge is busy: the next run tries again",
        Some(500..) => "the forge has a problem: the next run tries again",
        _ => "the verdict still stands",
    });
    format!("no comment was posted: {}\n  {help}", harmless(&error.to_string()))
}

pub(super) fn not_checked(error: &ForgeError) -> String {
    let help = match error.status() {
        Some(401 | 403 | 404) => "give the job `permissions: { checks: write }`",
        Some(422) => "the commit is not one of this repository",
        _ => "the verdict still stands",
    };
    format!("no check run was created: {}\n  {help}", harmless(&error.to_string()))
}

/// A finding in one line of plain text.
pub(super) fn finding(finding: &Finding) -> String {
    let value = |v: Option<f64>| v.map(significant).unwrap_or_default();
    let change = finding.change().and_then(|change| change.relative).map(signed_percent);
    let change = change.map(|change| format!(" ({change})")).unwrap_or_default();
    let (before, after) = (value(finding.values.baseline), value(finding.values.current));
    harmless(
        &finding
            .key()
            .text()
            .map(|key| format!("{key}: {before} → {after} {}{change}", finding.unit.raw())),
    )
}
