//! What became of a report, in words, and what to do where it could not be published.

use crate::cli::ci_forge::ForgeChoice;
use crate::forge::{ForgeError, Published};
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
pub(super) fn not_published(error: &ForgeError, forge: ForgeChoice) -> String {
    let help = match (forge, error.status()) {
        (ForgeChoice::Github, Some(401)) => {
            "GITHUB_TOKEN is not valid: pass ${{ github.token }} to this step"
        }
        (ForgeChoice::Github, Some(403)) => {
            "the token may not write: give the job `permissions: { pull-requests: write }`; that of a pull request from a \
             fork never may (see the fork-safe pair of workflows)"
        }
        (ForgeChoice::Github, Some(404)) => {
            "the pull request is not there, or the token cannot see it: give the job `permissions: { pull-requests: \
             write }`, and in a private repository `contents: read` as well"
        }
        (ForgeChoice::Github, Some(422)) => "the pull request is locked, or takes no more comments",
        (ForgeChoice::Gitlab, Some(401 | 403)) => {
            "the token needs the scope `api` and the role Reporter: a project access token in PERFGATE_TOKEN; a job token \
             cannot comment"
        }
        (ForgeChoice::Gitea, Some(401 | 403)) => "the token needs `write:issue` and `read:user`",
        (ForgeChoice::Bitbucket, Some(401 | 403)) => {
            "the token needs `pullrequest:write` and `account`: a repository access token in BITBUCKET_TOKEN"
        }
        (_, Some(429)) => "the forge is busy: the next run tries again",
        (_, Some(500..)) => "the forge has a problem: the next run tries again",
        _ => "the verdict still stands",
    };
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
