//! What a page shows.

use super::links::Links;
use crate::gate::Report;
use crate::model::{Run, Untrusted};
use crate::trend::Table;

/// Everything that a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What the gate found.
    pub report: &'a Report,
    /// The baseline's runs, where they are at hand: for their distributions.
    pub baseline: &'a [Run],
    /// The new runs.
    pub current: &'a [Run],
    /// The recorded history of what is judged.
    pub history: Option<&'a Table>,
    /// Where the new runs come from.
    pub masthead: &'a Masthead,
}

/// Where a run comes from: what a reviewer asks first.
#[derive(Debug, Clone, Default)]
pub struct Masthead {
    /// The repository, `owner/name`.
    pub repository: Option<Untrusted>,
    /// The branch that was measured.
    pub branch: Option<Untrusted>,
    /// The number of the pull request.
    pub pull_request: Option<u64>,
    /// The first line of the commit's message.
    pub subject: Option<Untrusted>,
    /// Who wrote the commit.
    pub author: Option<Untrusted>,
    /// The page of the CI job.
    pub job: Option<String>,
    /// The index of all services, as seen from the pages of this one's site.
    pub fleet: Option<&'static str>,
    /// The site of the whole history.
    pub site: Option<String>,
    /// The addresses of the repository's pages.
    pub links: Links,
}
