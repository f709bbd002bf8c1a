//! What a load tool does not get of the environment: the tokens and passwords of CI systems, forges and perfgate itself.
//!
//! The tool runs code that need not have them, and prints what it likes into a log that is kept.

use std::process::Command;

/// Variables that hold a secret.
const SECRETS: [&str; 26] = [
    "PERFGATE_TOKEN",
    "PERFGATE_PROMETHEUS_TOKEN",
    "PERFGATE_WEBHOOK",
    // GitHub, Gitea, Forgejo
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "INPUT_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "GITEA_TOKEN",
    "FORGEJO_TOKEN",
    // GitLab
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "CI_JOB_JWT",
    "CI_JOB_JWT_V1",
    "CI_JOB_JWT_V2",
    "CI_DEPLOY_PASSWORD",
    "CI_REGISTRY_PASSWORD",
    "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_REPOSITORY_URL",
    // Bitbucket
    "BITBUCKET_TOKEN",
    "BITBUCKET_STEP_OIDC_TOKEN",
    // Settings of git, among them headers with a token; the first says how many there are.
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_ASKPASS",
];
/// What the names of such variables begin with.
const PREFIXES: [&str; 2] = ["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Keeps secrets from a command, but for the variables that it is to get all the same.
pub(super) fn withhold(command: &mut Command, pass: &[String]) {
    for (name, _) in std::env::vars_os() {
        if let Some(text) = name.to_str()
            && is_secret(text)
            && !pass.iter().any(|own| own == text)
        {
            command.env_remove(&name);
        }
    }
}
