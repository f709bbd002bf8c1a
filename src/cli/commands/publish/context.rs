//! Where we run: which forge, which pull request, which run of its CI.

use super::messages;
use crate::cli::ci_forge::ForgeChoice;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::job_page::{history_site, job_page, report_page};
use crate::cli::read_file::read_file;
use crate::cli::session::{Environment, Session};
use crate::forge::{CiRun, Forge, ForgeError, GitHub, Patience, Unreached};
use crate::gate::Report;
use crate::model::limits;
use serde_json::Value;
use std::path::Path;

/// What the CI's variables and its event say.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) forge: Option<&'static Forge>,
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
        let forge = choice.map_or_else(|| Forge::detected(environment), ForgeChoice::forge);
        let event = match forge.and_then(|forge| forge.event) {
            Some(variable) => event(variable, session)?,
            None => Value::Null,
        };
        let CiRun { number, sha, run } =
            forge.map(|forge| (forge.run)(environment, &event)).unwrap_or_default();
        Ok(Self { forge, number, sha, run, event })
    }
}

/// Which commit a report is about, which job published it, and where more of it is, as a last line of Markdown; empty where nothing
/// of that is known.
pub(super) fn footer(report: &Report, environment: &Environment) -> String {
    let commit = report.current.commit.map(|commit| format!("commit `{}`", commit.short()));
    let date = report.current.date.map(|date| date.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let pages = [
        ("job", job_page(environment)),
        ("full report", report_page(environment)),
        ("history", history_site(environment)),
    ];
    let pages = pages.into_iter().filter_map(|(name, page)| Some(format!("[{name}]({})", page?)));
    let parts: Vec<String> = commit.into_iter().chain(date).chain(pages).collect();
    if parts.is_empty() { String::new() } else { format!("\n<sub>{}</sub>\n", parts.join(" · ")) }
}

/// The event in the file that this variable names; null where there is none.
fn event(variable: &str, session: &Session<'_>) -> Result<Value, CliError> {
    let Some(path) = session.environment.get(variable) else { return Ok(Value::Null) };
    let text = read_file(&session.path(Path::new(path)), limits::EVENT_BYTES)?;
    serde_json::from_slice(&text).map_err(|error: serde_json::Error| {
        let why = format!("no JSON from line {}, column {} on", error.line(), error.column());
        let help = format!("{variable} must name the event's JSON file");
        CliError::coded(&codes::EVENT, format!("the event cannot be read: {path}: {why}"), help)
    })
}

/// The token for a forge.
pub(super) fn token<'a>(forge: &Forge, session: &'a Session<'_>) -> Result<&'a str, String> {
    let found = forge.tokens.iter().find_map(|name| session.environment.get(name));
    found.ok_or_else(|| messages::token_missing(forge.tokens))
}

/// GitHub, as the job's variables say where it is.
pub(super) fn github(session: &Session<'_>) -> Result<Result<GitHub, ForgeError>, String> {
    let token = token(GitHub::FORGE, session)?;
    match GitHub::of_job(&session.environment, token, Patience::default()) {
        Err(Unreached::Unset(name)) => Err(messages::variable_missing(name)),
        Err(Unreached::Forge(error)) => Ok(Err(error)),
        Ok(github) => Ok(Ok(github)),
    }
}
