//! Where a run comes from, as its page says it first: what the CI says, else what the clone shows.

use super::job_page::{history_site, job_page};
use super::session::{Environment, Session};
use crate::model::CommitId;
use crate::report::{Links, Masthead};
use crate::store::{CommitInfo, History, Patience, Reach};
use std::time::Duration;

/// The branch that a CI job measures, by the variable that names it: that of a pull request before that of a push.
const BRANCHES: [&str; 5] = [
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
    "BITBUCKET_BRANCH",
];

/// The masthead of a page about this commit. Nothing is asked of the remote, and what is not known is left out.
pub(super) fn masthead(commit: Option<CommitId>, session: &Session<'_>) -> Masthead {
    let environment = &session.environment;
    // Nothing is asked, so that nothing is waited for.
    let patience = Patience::new(Duration::ZERO);
    let reach = Reach { remote: None, offline: false, patience };
    let history = History::open(session.folder(), reach).ok();
    let clone = history.as_ref();
    let remote = || clone.and_then(History::remote)?.web_page();
    let address = ci_repository(environment).or_else(remote);
    let info = commit.zip(clone).and_then(|(commit, history)| history.info(commit).ok().flatten());
    let (subject, author) =
        info.map(|CommitInfo { subject, author, .. }| (subject.into(), author.into())).unzip();
    let branch = BRANCHES.iter().find_map(|name| environment.get(name)).map(str::to_owned);
    Masthead {
        repository: address.as_deref().and_then(name_in).map(Into::into),
        branch: branch.or_else(|| clone?.branch()).map(Into::into),
        pull_request: pull_request(environment),
        subject,
        author,
        job: job_page(environment),
        fleet: None,
        site: history_site(environment),
        links: address.as_deref().map(Links::of).unwrap_or_default(),
    }
}

/// The page of the repository that a CI job works on.
fn ci_repository(environment: &Environment) -> Option<String> {
    let get = |name| environment.get(name);
    let github = || Some(format!("{}/{}", get("GITHUB_SERVER_URL")?, get("GITHUB_REPOSITORY")?));
    let gitlab = || get("CI_PROJECT_URL").map(str::to_owned);
    let bitbucket = || Some(format!("https://bitbucket.org/{}", get("BITBUCKET_REPO_FULL_NAME")?));
    github().or_else(gitlab).or_else(bitbucket)
}

/// The number of the pull request that a CI job tests.
fn pull_request(environment: &Environment) -> Option<u64> {
    // On a pull request, GitHub calls the branch `12/merge`.
    let merged = environment.get("GITHUB_REF_NAME").and_then(|name| name.strip_suffix("/merge"));
    let other = ["CI_MERGE_REQUEST_IID", "BITBUCKET_PR_ID"];
    merged.or_else(|| other.iter().find_map(|name| environment.get(name)))?.parse().ok()
}

/// `owner/name` in the address of a repository's page.
fn name_in(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split_once('/').map(|(_, name)| name).filter(|name| !name.is_empty())
}
