//! Which commit is under test.
//!
//! On a pull request, CI checks out a throw-away merge of the pull request's head into its base. The baseline is looked
//! for from that merge on, because it is what was measured; the commit that is named is the pull request's head.

use super::error::CliError;
use super::session::Session;
use crate::model::{CommitId, InvalidCommitId};
use crate::store::{History, StoreError};
use serde::Deserialize;
use std::path::Path;

/// The pull request that a CI event is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct PullRequest {
    pub(super) base: CommitId,
    pub(super) head: CommitId,
    /// Whether its branch is one of another repository.
    pub(super) from_fork: bool,
}

/// What is checked out, and what it stands for.
#[derive(Debug, Clone)]
pub(super) struct UnderTest {
    /// What is checked out.
    pub(super) head: CommitId,
    /// The commit that people know it by.
    pub(super) commit: CommitId,
    /// Every commit whose runs are this one's own.
    pub(super) all: Vec<CommitId>,
}

/// The pull request of the CI event, if this is one. An event that cannot be read is an error: without it, nobody knows
/// which commit is under test and whose rules decide.
pub(super) fn pull_request(session: &Session<'_>) -> Result<Option<PullRequest>, CliError> {
    let name = session.environment.get("GITHUB_EVENT_NAME").unwrap_or_default();
    let known = [
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "pull_request_review_comment",
    ];
    if !known.contains(&name) {
        return Ok(None);
    }
    ends_of_event(session).map(Some).map_err(|why| {
        let problem =
            format!("GITHUB_EVENT_NAME says `{name}`, and the event cannot be read: {why}");
        CliError::usage(problem, "GITHUB_EVENT_PATH must name the event's JSON file")
    })
}

fn ends_of_event(session: &Session<'_>) -> Result<PullRequest, String> {
    #[derive(Deserialize)]
    struct Event {
        pull_request: Ends,
    }
    #[derive(Deserialize)]
    struct Ends {
        base: End,
        head: End,
    }
    #[derive(Deserialize)]
    struct End {
        sha: String,
        repo: Option<Repository>,
    }
    #[derive(Deserialize)]
    struct Repository {
        id: u64,
    }
    let path =
        session.environment.get("GITHUB_EVENT_PATH").ok_or("GITHUB_EVENT_PATH is not set")?;
    let text =
        std::fs::read(session.path(Path::new(path))).map_err(|error| format!("{path}: {error}"))?;
    let event: Event = serde_json::from_slice(&text).map_err(|error| format!("{path}: {error}"))?;
    let id = |end: &End| end.sha.parse().map_err(|error: InvalidCommitId| error.to_string());
    let Ends { base, head } = event.pull_request;
    // The head's repository is null once a fork is deleted; where the event says nothing, nobody is trusted.
    let repository = |end: &End| end.repo.as_ref().map(|repo| repo.id);
    let own = repository(&base).is_some() && repository(&base) == repository(&head);
    Ok(PullRequest { base: id(&base)?, head: id(&head)?, from_fork: !own })
}

/// The commit under test.
pub(super) fn under_test(
    history: &History,
    pull_request: Option<&PullRequest>,
) -> Result<UnderTest, StoreError> {
    let head = history.head()?;
    let commit = match pull_request {
        Some(pr) if pr.head != head && history.parents(head)?.contains(&pr.head) => pr.head,
        _ => head,
    };
    let mut all = vec![head, commit];
    all.dedup();
    Ok(UnderTest { head, commit, all })
}
