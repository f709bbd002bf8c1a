//! The CI of a repository, by its files.

use std::path::Path;

/// A CI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Ci {
    Github,
    Gitlab,
    Gitea,
    Forgejo,
    Jenkins,
    Azure,
    Bitbucket,
}

/// What shows that a CI is in use, from the root of the repository on.
const FILES: [(Ci, &str); 7] = [
    (Ci::Github, ".github/workflows"),
    (Ci::Gitlab, ".gitlab-ci.yml"),
    (Ci::Gitea, ".gitea/workflows"),
    (Ci::Forgejo, ".forgejo/workflows"),
    (Ci::Jenkins, "Jenkinsfile"),
    (Ci::Azure, "azure-pipelines.yml"),
    (Ci::Bitbucket, "bitbucket-pipelines.yml"),
];
/// Hosts that have a CI of their own.
const HOSTS: [(Ci, &str); 4] = [
    (Ci::Github, "github.com"),
    (Ci::Gitlab, "gitlab.com"),
    (Ci::Forgejo, "codeberg.org"),
    (Ci::Bitbucket, "bitbucket.org"),
];

/// The CI of this repository: by its files, else by where it is hosted.
pub(in crate::cli) fn detect(root: &Path, origin: Option<&str>) -> Option<Ci> {
    let by_file = FILES.iter().find(|(_, file)| root.join(file).exists());
    let by_host = || HOSTS.iter().find(|(_, host)| origin.is_some_and(|url| url.contains(host)));
    by_file.or_else(by_host).map(|(ci, _)| *ci)
}
