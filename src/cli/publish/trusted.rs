//! The verdict on a bundle, reached in a job that is trusted, about a pull request that is not.
//!
//! What a fork's job says of itself counts for nothing: the pull request is the one whose head the forge's own event names,
//! the limits are its base's, and so is the baseline.

use super::context::Context;
use super::{github, words};
use crate::cli::args::{ForgeChoice, GateArgs, PublishArgs};
use crate::cli::bundle::read_bundle;
use crate::cli::error::CliError;
use crate::cli::judged::{run_arguments, suite_of};
use crate::cli::place::open_place;
use crate::cli::policy::{load, rules_of};
use crate::cli::search::overrule;
use crate::cli::session::Session;
use crate::cli::window::taken;
use crate::forge::PullRequest;
use crate::gate::{self, CurrentInfo, Input, Report, judge};
use crate::model::{CommitId, disturbances};
use crate::store::{Found, Wanted, find_baseline};
use serde_json::Value;

/// The report on a bundle; none where the pull request is closed or has moved on meanwhile.
pub(super) fn judge_bundle(
    args: &PublishArgs,
    context: &mut Context,
    session: &mut Session<'_>,
) -> Result<Option<Report>, CliError> {
    let folder = args.bundle.as_deref().unwrap_or_else(|| std::path::Path::new("."));
    let runs = read_bundle(&session.path(folder))?;
    let (sha, repository) = measured(context)?;
    let found = github(session)
        .map_err(|missing| CliError::usage(missing, "publish needs it to find the pull request"))?
        .and_then(|github| github.pull_request_of(&sha, repository));
    let found = found.map_err(|error| {
        let problem = words::not_published(&error, ForgeChoice::Github);
        CliError::usage(
            format!("the pull request was not found: {problem}"),
            "nothing was published",
        )
    })?;
    let Some(pull_request) = found else {
        session.say("no open pull request has this head: it was closed, or has newer commits")?;
        return Ok(None);
    };
    (context.number, context.sha) = (Some(pull_request.number), sha);
    judge_against_base(args, &runs, &pull_request, session).map(Some)
}

/// The commit that was measured and the id of its repository, as the forge's event says; also the run that measured it.
fn measured(context: &mut Context) -> Result<(String, u64), CliError> {
    let of = |place: &str| context.event.pointer(&format!("/workflow_run{place}"));
    let text = |place: &str| of(place).and_then(Value::as_str);
    let number = |place: &str| of(place).and_then(Value::as_u64);
    if text("/event") != Some("pull_request") {
        let help = "run it in a workflow on `workflow_run`, after one on `pull_request`";
        return Err(CliError::usage("this is no run that a pull request's run has started", help));
    }
    let parts = (text("/head_sha").map(str::to_owned), number("/head_repository/id"));
    let run = (number("/id").unwrap_or_default(), number("/run_attempt").unwrap_or(1));
    let (Some(sha), Some(repository)) = parts else {
        let help = "GITHUB_EVENT_PATH must name the event's JSON file";
        return Err(CliError::usage("the event does not say which commit was measured", help));
    };
    context.run = run;
    Ok((sha, repository))
}

fn judge_against_base(
    args: &PublishArgs,
    runs: &[crate::model::Run],
    pull_request: &PullRequest,
    session: &Session<'_>,
) -> Result<Report, CliError> {
    let mut loaded = load(session)?;
    let place = open_place(&loaded, false, session)?;
    let base: CommitId = pull_request.base_sha.parse().map_err(|error| {
        let problem = format!("the pull request's base: {error}");
        CliError::usage(problem, "nothing was published")
    })?;
    let mut warnings = rules_of(base, &mut loaded, &place.history, session)?;
    let gate = GateArgs {
        missing_baseline: args.missing_baseline,
        inconclusive: args.inconclusive,
        require_coverage: args.require_coverage,
        ..GateArgs::default()
    };
    overrule(&mut loaded.policy.rules, &gate);
    place.fetch(session)?;
    let policy = &loaded.policy;
    let find = |revision: &str| -> Result<Found, CliError> {
        let wanted = Wanted {
            revision,
            head: place.history.resolve(revision)?,
            under_test: &[],
            run: &runs[0],
            allow_different: &policy.rules.allow_different,
            max_distance: policy.baseline.max_distance,
            window: policy.baseline.window,
            histograms: policy.rules.needs_histograms(),
        };
        Ok(find_baseline(place.store(), &place.history, &wanted)?)
    };
    let found = find(&pull_request.base_sha)?;
    let visited = found.visited.clone();
    let revision = pull_request.base_ref.clone();
    let baseline = taken(&revision, found, Vec::new());
    let pinned = policy.baseline.anchor.as_ref();
    let anchor = pinned.map(|pinned| Ok::<_, CliError>(taken(pinned, find(pinned)?, Vec::new())));
    let anchor = anchor.transpose()?.flatten();
    let info = CurrentInfo {
        runs: runs.len(),
        suite: suite_of(&runs[0]),
        arguments: run_arguments(&runs[0]),
        ..CurrentInfo::default()
    };
    let old = baseline.as_ref().map(|baseline| baseline.runs.as_slice());
    warnings.extend(disturbances(old.unwrap_or_default(), runs));
    let search = gate::Search { revision: Some(revision), visited };
    let input = Input { baseline, anchor, current: runs, info, search, warnings };
    Ok(judge(input, &policy.rules))
}
