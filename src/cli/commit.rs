//! Which commit is under test.
//!
//! On a pull request, CI checks out a throw-away merge of the pull request's head into its base. The baseline is looked
//! for from that merge on, because it is what was measured; the commit that is named is the pull request's head.

use super::session::Session;
use crate::model::CommitId;
use crate::store::{History, StoreError};
use serde::Deserialize;

/// The pull request that a CI event is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct PullRequest {
    pub(super) base: CommitId,
    pub(super) head: CommitId,
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

/// The pull request of the CI event, if this is one.
pub(super) fn pull_request(session: &Session<'_>) -> Option<PullRequest> {
    #[derive(Deserialize)]
    struct Event {
        pull_request: Option<Ends>,
    }
    #[derive(Deserialize)]
    struct Ends {
        base: End,
        head: End,
    }
    #[derive(Deserialize)]
    struct End {
        sha: String,
    }
    let name = session.environment.get("GITHUB_EVENT_NAME")?;
    if !matches!(name, "pull_request" | "pull_request_target" | "pull_request_review") {
        return None;
    }
    let text = std::fs::read(session.environment.get("GITHUB_EVENT_PATH")?).ok()?;
    let ends = serde_json::from_slice::<Event>(&text).ok()?.pull_request?;
    Some(PullRequest { base: ends.base.sha.parse().ok()?, head: ends.head.sha.parse().ok()? })
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
