//! Where we run: which forge, which pull request, which run of its CI.

use super::messages;
use crate::cli::ci_forge::{ForgeChoice, detect, token_names};
use crate::cli::error::CliError;
use crate::cli::read_file::read_file;
use crate::cli::session::Session;
use crate::forge::{ForgeError, GitHub, Patience};
use crate::model::limits;
use serde_json::Value;
use std::path::Path;

/// What the CI's variables and its event say.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) forge: ForgeChoice,
    /// The pull request's number, if this is about one.
    pub(super) number: Option<u64>,
    /// The commit that people know the change by.
    pub(super) sha: String,
    /// Number and attempt of the CI run.
    pub(super) run: (u64, u64),
    /// The event, as GitHub and Gitea give it.
    pub(super) event: Value,
}

impl Context {
    pub(super) fn of(choice: Option<ForgeChoice>, session: &Session<'_>) -> Result<Self, CliError> {
        let environment = &session.environment;
        let forge = choice.unwrap_or_else(|| detect(environment));
        let get = |name: &str| environment.get(name).unwrap_or_default().to_owned();
        let number = |name: &str| environment.get(name).and_then(|text| text.parse().ok());
        Ok(match forge {
            ForgeChoice::Github | ForgeChoice::Gitea => {
                let event = event(session)?;
                let text = |place: &str| event.pointer(place).and_then(Value::as_str);
                let sha =
                    text("/pull_request/head/sha").map_or_else(|| get("GITHUB_SHA"), str::to_owned);
                let run = (number("GITHUB_RUN_ID"), number("GITHUB_RUN_ATTEMPT"));
                Self {
                    forge,
                    number: event.pointer("/pull_request/number").and_then(Value::as_u64),
                    sha,
                    run: (run.0.unwrap_or_default(), run.1.unwrap_or(1)),
                    event,
                }
            }
            ForgeChoice::Gitlab => Self {
                forge,
                number: number("CI_MERGE_REQUEST_IID"),
                sha: get("CI_COMMIT_SHA"),
                run: (
                    number("CI_PIPELINE_ID").unwrap_or_default(),
                    number("CI_JOB_ID").unwrap_or_default(),
                ),
                event: Value::Null,
            },
            ForgeChoice::Bitbucket => Self {
                forge,
                number: number("BITBUCKET_PR_ID"),
                sha: get("BITBUCKET_COMMIT"),
                run: (number("BITBUCKET_BUILD_NUMBER").unwrap_or_default(), 1),
                event: Value::Null,
            },
            ForgeChoice::None => {
                Self { forge, number: None, sha: String::new(), run: (0, 0), event: Value::Null }
            }
        })
    }
}

/// The event of GitHub, Gitea or Forgejo; null where there is none.
fn event(session: &Session<'_>) -> Result<Value, CliError> {
    let Some(path) = session.environment.get("GITHUB_EVENT_PATH") else { return Ok(Value::Null) };
    let text = read_file(&session.path(Path::new(path)), limits::EVENT_BYTES)?;
    let parsed =
        serde_json::from_slice(&text).map_err(|error: serde_json::Error| error.to_string());
    parsed.map_err(|why| {
        let help = "GITHUB_EVENT_PATH must name the event's JSON file";
        CliError::usage(format!("the event cannot be read: {path}: {why}"), help)
    })
}

/// The token for a forge.
pub(super) fn token<'a>(forge: ForgeChoice, session: &'a Session<'_>) -> Result<&'a str, String> {
    let names = token_names(forge);
    let found = names.iter().find_map(|name| session.environment.get(name));
    found.ok_or_else(|| messages::token_missing(names))
}

/// GitHub, as the job's variables say where it is.
pub(super) fn github(session: &Session<'_>) -> Result<Result<GitHub, ForgeError>, String> {
    let get = |name: &str| session.environment.get(name);
    let token = token(ForgeChoice::Github, session)?;
    let repository =
        get("GITHUB_REPOSITORY").ok_or_else(|| messages::variable_missing("GITHUB_REPOSITORY"))?;
    let api = get("GITHUB_API_URL").unwrap_or("https://api.github.com");
    Ok(GitHub::new(api, repository, token, Patience::default()))
}
