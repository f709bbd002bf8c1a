//! The verdict on a bundle, reached in a job that is trusted, about a pull request that is not.
//!
//! What a fork's job says of itself counts for nothing: the pull requests are those whose head the forge's own event names,
//! each is judged by the rules and the runs of its own base, and which test was run is said by the trusted job.

use super::context::{Context, github};
use super::messages;
use crate::cli::args::PublishArgs;
use crate::cli::bundle::read_bundle;
use crate::cli::codes;
use crate::cli::comparison::{BaselineSource, Lookup, Request};
use crate::cli::error::CliError;
use crate::cli::histograms::Histograms;
use crate::cli::labels::TestNames;
use crate::cli::open_store::open_fetched_store;
use crate::cli::policy::{Network, Policies, load_policy};
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::cli::under_test::PullRequest;
use crate::config::Origin;
use crate::forge::{GitHub, PullRequest as OpenPullRequest};
use crate::gate::Report;
use crate::model::{CommitId, Raw, Run, WarningKind};
use crate::report::escape_terminal;
use crate::store::same_numbers;
use serde_json::Value;

/// Pull requests of one commit that are judged; anybody can open as many as they like.
const MOST_PULL_REQUESTS: usize = 10;

/// A pull request, and the report on it.
pub(super) struct Judged {
    pub(super) number: u64,
    /// The branch that it is to be merged into.
    pub(super) base: String,
    pub(super) report: Report,
}

/// The commit that was measured, as the forge's own event says.
struct Measured {
    sha: String,
    /// The id of its repository.
    repository: u64,
    origin: Origin,
}

/// The reports on a bundle, one for each open pull request with this head; none where they are closed or have moved on
/// meanwhile. The context learns which commit and which run it is about.
pub(super) fn judge_bundle(
    args: &PublishArgs,
    context: &mut Context,
    session: &mut Session<'_>,
) -> Result<Vec<Judged>, CliError> {
    let folder = args.bundle.as_deref().unwrap_or_else(|| std::path::Path::new("."));
    let runs = read_bundle(&session.path(folder))?;
    refuse_other_tests(&runs, &args.test.names())?;
    refuse_repeats(&runs)?;
    let measured = measured(context)?;
    let found = github(session)
        .map_err(|missing| {
            CliError::coded(&codes::BUNDLE, missing, "publish needs it to find the pull request")
        })?
        .and_then(|github| github.pull_requests_of(&measured.sha, measured.repository));
    let open = found.map_err(|error| {
        let problem = messages::not_published(&error, GitHub::FORGE);
        let problem = format!("the pull request was not found: {problem}");
        CliError::coded(&codes::BUNDLE, problem, "nothing was published")
    })?;
    if open.len() > MOST_PULL_REQUESTS {
        let problem = format!("{} open pull requests have this head", open.len());
        let help = format!("nothing was published: close all but {MOST_PULL_REQUESTS} of them");
        return Err(CliError::coded(&codes::BUNDLE, problem, help));
    }
    if open.is_empty() {
        session.say("no open pull request has this head: it was closed, or has newer commits")?;
    }
    context.sha.clone_from(&measured.sha);
    let overrides = args.overrides();
    let mut all = Vec::new();
    for pull_request in open {
        let report = judged_by_base(&overrides, &runs, &pull_request, &measured, session)?;
        all.push(Judged { number: pull_request.number, base: pull_request.base_ref, report });
    }
    Ok(all)
}

/// The commit that was measured, as the forge's event says; the context learns which run measured it.
fn measured(context: &mut Context) -> Result<Measured, CliError> {
    let event = &context.event;
    let of = |place: &str| event.pointer(&format!("/workflow_run{place}"));
    let text = |place: &str| of(place).and_then(Value::as_str);
    let number = |place: &str| of(place).and_then(Value::as_u64);
    if text("/event") != Some("pull_request") {
        let help = "run it in a workflow on `workflow_run`, after one on `pull_request`";
        return Err(CliError::coded(
            &codes::BUNDLE,
            "this run was not triggered by a `pull_request` workflow",
            help,
        ));
    }
    let parts = (text("/head_sha").map(str::to_owned), number("/head_repository/id"));
    let run = (number("/id").unwrap_or_default(), number("/run_attempt").unwrap_or(1));
    let (Some(sha), Some(repository)) = parts else {
        let help = "GITHUB_EVENT_PATH must name the event's JSON file";
        return Err(CliError::coded(
            &codes::BUNDLE,
            "the event does not say which commit was measured",
            help,
        ));
    };
    let own = event.pointer("/repository/id").and_then(Value::as_u64) == Some(repository);
    context.run = run;
    let origin = if own { Origin::Repository } else { Origin::Forks };
    Ok(Measured { sha, repository, origin })
}

/// Refuses runs of another test than the trusted job is about: the bundle must not choose its own baseline.
fn refuse_other_tests(runs: &[Run], test: &TestNames) -> Result<(), CliError> {
    for (number, run) in (1..).zip(runs) {
        let tool = test.tool.as_deref();
        let tool = tool.map(|tool| ("tool", Some(tool), Some(run.tool.name.raw())));
        let (profile, environment) = (run.profile.as_ref(), run.environment.as_ref());
        let asked = [
            ("suite", Some(test.suite()), Some(run.suite.raw())),
            ("profile", test.profile.as_deref(), profile.map(Raw::raw)),
            ("environment", test.environment.as_deref(), environment.map(Raw::raw)),
        ];
        let other = asked.into_iter().chain(tool).find(|(_, wanted, own)| wanted != own);
        if let Some((what, wanted, own)) = other {
            let said = |name: Option<&str>| {
                name.map_or_else(
                    || "none".to_owned(),
                    |name| format!("`{}`", escape_terminal(name)),
                )
            };
            let (wanted, own) = (said(wanted), said(own));
            let problem = format!(
                "run-{number}.json of the bundle names the {what} {own}, and this job {wanted}"
            );
            let help = format!(
                "give the workflow that measures and the one that publishes the same {what}"
            );
            return Err(CliError::coded(&codes::BUNDLE, problem, help));
        }
    }
    Ok(())
}

/// Refuses a run that is in the bundle more than once: copies would count as repeats.
fn refuse_repeats(runs: &[Run]) -> Result<(), CliError> {
    for (i, run) in runs.iter().enumerate() {
        if let Some(of) = runs[..i].iter().position(|earlier| same_numbers(earlier, run)) {
            let problem =
                format!("run-{}.json of the bundle is a copy of run-{}.json", i + 1, of + 1);
            return Err(CliError::coded(
                &codes::BUNDLE,
                problem,
                "a load test never measures the same numbers twice",
            ));
        }
    }
    Ok(())
}

/// Judges the runs as if they were those of a branch of the repository.
fn judged_by_base(
    overrides: &RuleOverrides,
    runs: &[Run],
    open: &OpenPullRequest,
    measured: &Measured,
    session: &Session<'_>,
) -> Result<Report, CliError> {
    let commit = |text: &str, whose: &str| -> Result<CommitId, CliError> {
        text.parse().map_err(|error| {
            let problem = format!("the {whose} of pull request {}: {error}", open.number);
            CliError::coded(&codes::BUNDLE, problem, "nothing was published")
        })
    };
    let (base, head) = (commit(&open.base_sha, "base")?, commit(&measured.sha, "head")?);
    let pull_request = PullRequest { base, head, origin: measured.origin };
    let checkout = load_policy(session)?;
    let policies = Policies::of_base(checkout, Some(pull_request), Network::Online, session)?;
    let loaded = &policies.deciding;
    let store = open_fetched_store(loaded, Network::Online, session)?;
    let mut tips = vec![base];
    match store.history.bring(head) {
        Ok(()) => tips.push(head),
        // They could only accept a change, and nobody is trusted without being heard.
        Err(error) => session.say(&format!(
            "the commits of pull request {} could not be fetched, so they accept no changes: {}",
            open.number,
            escape_terminal(&error.to_string())
        ))?,
    }
    let rules = overrides.apply(loaded.policy.rules.clone());
    let choice = loaded.policy.baseline.clone();
    let lookup = Lookup {
        store,
        branch: open.base_ref.clone(),
        revision: open.base_sha.clone(),
        head: base,
        commit: head,
        under_test: vec![head],
        tips,
        choice,
        pull_request: Some(pull_request),
        untrusted: true,
    };
    // What is checked out here is the default branch: that it differs from a base is no change of the pull request.
    let mut warnings = policies.warnings;
    warnings.retain(|warning| !matches!(warning.kind, WarningKind::PolicyChanged { .. }));
    let histograms = Histograms::Omit;
    let baseline = BaselineSource::History(Box::new(lookup));
    let request =
        Request { current: runs.to_vec(), baseline, skip: None, rules, histograms, warnings };
    Ok(request.run()?.report)
}
