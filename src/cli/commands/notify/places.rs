//! Where people are told: in the issues of a project, by a webhook, or both.

use crate::cli::args::{MessageForm, NotifyArgs};
use crate::cli::ci_forge::ForgeChoice;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::forge::{Forge, ForgeError, Issues, Patience, Tracking, Unreached, Webhook};
use crate::model::harmless;
use crate::report::{Notice, notice_to_wire, slack, teams};

/// The variable that holds the address of a webhook.
const WEBHOOK: &str = "PERFGATE_WEBHOOK";

pub(super) struct Places {
    pub(super) project: Option<Project>,
    webhook: Option<(Webhook, MessageForm)>,
}

/// A project with issues.
pub(super) struct Project {
    pub(super) issues: Box<dyn Issues>,
    comparison: Option<String>,
    help: &'static str,
}

impl Places {
    pub(super) fn of(args: &NotifyArgs, session: &Session<'_>) -> Result<Self, CliError> {
        let webhook = webhook(args, session)?;
        let chosen = args.forge.map(ForgeChoice::forge);
        let forge = chosen.unwrap_or_else(|| Forge::detected(&session.environment));
        let project = match forge {
            Some(forge) => project(forge, webhook.is_some(), session)?,
            None => None,
        };
        if project.is_none() && webhook.is_none() && !args.dry_run {
            let help = "run it in CI with a token that may write issues, or give --webhook URL; --dry-run only prints";
            return Err(CliError::coded(
                &codes::NOTIFY,
                "there is nobody to tell: no forge, and no webhook",
                help,
            ));
        }
        Ok(Self { project, webhook })
    }

    /// The page that compares two commits, but for `OLD...NEW` at its end.
    pub(super) fn comparison(&self) -> Option<&str> {
        self.project.as_ref()?.comparison.as_deref()
    }

    /// Sends a message, if there is a webhook.
    pub(super) fn send(&self, notice: &Notice<'_>, issue: Option<&str>) -> Result<(), CliError> {
        let Some((webhook, form)) = &self.webhook else { return Ok(()) };
        let message = match form {
            MessageForm::Slack => slack(notice, issue),
            MessageForm::Teams => teams(notice, issue),
            MessageForm::Json => serde_json::to_value(notice_to_wire(notice, issue))?,
        };
        webhook.send(&message).map_err(|error| {
            let help = match error.status() {
                Some(400..=499) => "the webhook does not take this: check its address, and --as",
                _ => "the message was not sent",
            };
            CliError::coded(&codes::NOTIFY, harmless(&error.to_string()), help)
        })
    }
}

impl Project {
    /// What a forge answered.
    pub(super) fn asked<T>(&self, answer: Result<T, ForgeError>) -> Result<T, CliError> {
        answer.map_err(|error| failed(&error, self.help))
    }
}

fn failed(error: &ForgeError, help: &'static str) -> CliError {
    let help = match error.status() {
        Some(401 | 403 | 404 | 410) => help,
        _ => "what was not done is done by the next run",
    };
    CliError::coded(
        &codes::NOTIFY,
        format!("the issues are not up to date: {}", harmless(&error.to_string())),
        help,
    )
}

fn webhook(
    args: &NotifyArgs,
    session: &Session<'_>,
) -> Result<Option<(Webhook, MessageForm)>, CliError> {
    let given = args.webhook.as_deref().filter(|address| !address.is_empty());
    let Some(address) = given.or_else(|| session.environment.get(WEBHOOK)) else {
        return Ok(None);
    };
    let webhook = Webhook::new(address, Patience::default()).map_err(|error| {
        let help = format!("give the whole address, with --webhook or in {WEBHOOK}");
        CliError::coded(&codes::NOTIFY, error.to_string(), help)
    })?;
    let form = args.form.unwrap_or_else(|| form_of(webhook.host()));
    Ok(Some((webhook, form)))
}

/// The form that the webhooks of a host take.
fn form_of(host: &str) -> MessageForm {
    let of = |domain: &str| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    match () {
        () if of("hooks.slack.com") => MessageForm::Slack,
        () if ["webhook.office.com", "logic.azure.com", "powerplatform.com"]
            .into_iter()
            .any(of) =>
        {
            MessageForm::Teams
        }
        () => MessageForm::Json,
    }
}

/// The issues of a forge; none where it has none and a webhook is told instead.
fn project(
    forge: &'static Forge,
    has_webhook: bool,
    session: &Session<'_>,
) -> Result<Option<Project>, CliError> {
    let Some(Tracking { issues, comparison, help }) = &forge.tracking else {
        if has_webhook {
            return Ok(None);
        }
        let help = "give --webhook URL to send messages instead";
        return Err(CliError::coded(
            &codes::NOTIFY,
            format!("perfgate opens no issues on {}", forge.title),
            help,
        ));
    };
    let token = forge.tokens.iter().find_map(|name| session.environment.get(name));
    let Some(token) = token else {
        let help = format!(
            "set {} for this step, or --forge none to use only the webhook",
            forge.tokens.join(" or ")
        );
        return Err(CliError::coded(
            &codes::NOTIFY,
            "there is no token to write issues with",
            help,
        ));
    };
    let reached = issues(&session.environment, token, Patience::default());
    let issues = reached.map_err(|error| match error {
        Unreached::Unset(name) => {
            let help = format!("{} sets it in its jobs; --forge names another forge", forge.title);
            CliError::coded(&codes::NOTIFY, format!("the variable {name} is not set"), help)
        }
        Unreached::Forge(error) => failed(&error, help),
    })?;
    Ok(Some(Project { issues, comparison: comparison(&session.environment), help }))
}
