//! The forge whose CI runs perfgate, and where its token is.

use super::session::Environment;
use clap::ValueEnum;

/// A forge that reports are published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ForgeChoice {
    Github,
    Gitlab,
    Gitea,
    Bitbucket,
    None,
}

/// The forge whose CI this is.
pub(super) fn detect(environment: &Environment) -> ForgeChoice {
    let set = |names: &[&str]| names.iter().any(|name| environment.get(name).is_some());
    // Gitea and Forgejo set GitHub's variables as well.
    if set(&["GITEA_ACTIONS", "FORGEJO_ACTIONS"]) {
        ForgeChoice::Gitea
    } else if set(&["GITHUB_ACTIONS"]) {
        ForgeChoice::Github
    } else if set(&["GITLAB_CI"]) {
        ForgeChoice::Gitlab
    } else if set(&["BITBUCKET_BUILD_NUMBER"]) {
        ForgeChoice::Bitbucket
    } else {
        ForgeChoice::None
    }
}

/// The variables that may hold the token of a forge, the first one first.
pub(super) fn token_names(forge: ForgeChoice) -> &'static [&'static str] {
    match forge {
        ForgeChoice::Github => &["GITHUB_TOKEN"],
        ForgeChoice::Gitea => &["GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
        ForgeChoice::Gitlab => &["PERFGATE_TOKEN", "GITLAB_TOKEN"],
        ForgeChoice::Bitbucket => &["BITBUCKET_TOKEN"],
        ForgeChoice::None => &[],
    }
}
