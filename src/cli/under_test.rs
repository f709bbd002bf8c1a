//! Which commit is under test, and whose change it is.
//!
//! On a pull request, CI checks out a throw-away merge of the pull request's head into its base. The baseline is looked
//! for from that merge on, because it is what was measured; the commit that is named is the pull request's head.

use super::codes;
use super::error::CliError;
use super::read_file::read_file;
use super::session::Session;
use crate::config::Origin;
use crate::model::{CommitId, InvalidCommitId, limits};
use crate::store::{History, StoreError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A change that is not merged yet, from a CI event: a pull request, or a group of a merge queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct PullRequest {
    /// The commit that it is to be merged into: whose rules decide.
    pub(super) base: CommitId,
    pub(super) head: CommitId,
    /// Whose commits it adds to its base.
    pub(super) origin: Origin,
}

/// The commit that is checked out, and the one that it is tested for.
#[derive(Debug, Clone)]
pub(super) struct UnderTest {
    /// What is checked out.
    pub(super) head: CommitId,
    /// The commit that people know it by.
    pub(super) commit: CommitId,
    /// Every commit whose runs are this one's own.
    pub(super) all: Vec<CommitId>,
}

/// An event of GitHub Actions about a pull request; Gitea and Forgejo send the same.
#[derive(Deserialize)]
struct PullRequestEvent {
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

/// The event of a merge queue.
#[derive(Deserialize)]
struct QueueEvent {
    merge_group: Group,
}

#[derive(Deserialize)]
struct Group {
    base_sha: String,
    head_sha: String,
}

/// The event of a workflow that follows another one.
#[derive(Deserialize)]
struct FollowingEvent {
    workflow_run: WorkflowRun,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct WorkflowRun {
    event: String,
    head_sha: String,
    head_repository: Option<Repository>,
}

/// The pull request or merge group of the CI event, if this is one. An event that cannot be read is an error: without it,
/// nobody knows which commit is under test and whose rules decide. So is `pull_request_target`: a load test runs the code
/// of the pull request, and this event hands it a token that may write.
pub(super) fn pull_request(session: &Session<'_>) -> Result<Option<PullRequest>, CliError> {
    let name = session.environment.get("GITHUB_EVENT_NAME").unwrap_or_default();
    let read = match name {
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => {
            of_pull_request(session).map(Some)
        }
        "merge_group" => of_queue(session).map(Some),
        "workflow_run" => of_following(session),
        "pull_request_target" => return Err(refused()),
        _ => return Ok(None),
    };
    read.map_err(|why| {
        let problem =
            format!("GITHUB_EVENT_NAME says `{name}`, and the event cannot be read: {why}");
        CliError::coded(&codes::EVENT, problem, "GITHUB_EVENT_PATH must name the event's JSON file")
    })
}

fn refused() -> CliError {
    let problem = "perfgate does not run on pull_request_target: this event has a token that may write, and a load \
                   test runs the code of the pull request";
    let help = "use the event pull_request, and for forks the pair fork-safe-measure.yml and fork-safe-publish.yml \
                of docs/github.md";
    CliError::coded(&codes::EVENT, problem, help)
}

fn of_pull_request(session: &Session<'_>) -> Result<PullRequest, String> {
    let Ends { base, head } = event::<PullRequestEvent>(session)?.pull_request;
    let origin = origin(base.repo.as_ref(), head.repo.as_ref());
    Ok(PullRequest { base: id(&base.sha)?, head: id(&head.sha)?, origin })
}

fn of_queue(session: &Session<'_>) -> Result<PullRequest, String> {
    let group = event::<QueueEvent>(session)?.merge_group;
    let (base, head) = (id(&group.base_sha)?, id(&group.head_sha)?);
    Ok(PullRequest { base, head, origin: Origin::Queue })
}

/// The pull request that the workflow before this one ran for; none where that was about a branch of the repository. The
/// event does not name the pull request's base, so the default branch is used instead.
fn of_following(session: &Session<'_>) -> Result<Option<PullRequest>, String> {
    let FollowingEvent { workflow_run, repository } = event(session)?;
    if !workflow_run.event.starts_with("pull_request") {
        return Ok(None);
    }
    let base = session.environment.get("GITHUB_SHA").ok_or("GITHUB_SHA is not set")?;
    let origin = origin(repository.as_ref(), workflow_run.head_repository.as_ref());
    Ok(Some(PullRequest { base: id(base)?, head: id(&workflow_run.head_sha)?, origin }))
}

fn event<T: DeserializeOwned>(session: &Session<'_>) -> Result<T, String> {
    let path =
        session.environment.get("GITHUB_EVENT_PATH").ok_or("GITHUB_EVENT_PATH is not set")?;
    let text = read_file(&session.path(Path::new(path)), limits::EVENT_BYTES)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| format!("{path}: {error}"))
}

fn id(sha: &str) -> Result<CommitId, String> {
    sha.parse().map_err(|error: InvalidCommitId| error.to_string())
}

/// Whose a head is. The head's repository is null once a fork is deleted; where the event says nothing, nobody is trusted.
fn origin(base: Option<&Repository>, head: Option<&Repository>) -> Origin {
    match (base, head) {
        (Some(base), Some(head)) if base.id == head.id => Origin::Repository,
        _ => Origin::Forks,
    }
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
