//! `perfgate record`: normalise results and store them for a commit.

use super::args::RecordArgs;
use super::commit::{pull_request, under_test};
use super::error::CliError;
use super::exit::Exit;
use super::normalize::{no_results, say_warnings};
use super::place::{open_place, push_records};
use super::policy::load;
use super::profile::refuse_misspelt_profile;
use super::results::{Read, read_results};
use super::session::Session;
use super::sight::sight_of;
use crate::model::{CommitId, Run};
use crate::report::{escape_terminal, plural};
use crate::store::{History, record};
use std::collections::BTreeSet;

pub(super) fn run(args: &RecordArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load(session)?;
    refuse_misspelt_profile(&args.run, &loaded)?;
    let Read { mut runs, warnings } = read_results(&args.results, &args.run, &loaded, session)?;
    if runs.is_empty() {
        return Err(no_results());
    }
    refuse_empty(&runs)?;
    let place = open_place(&loaded, !args.push, session)?;
    let commit = commit_of(args, &runs, &place.history, session)?;
    runs.iter_mut().for_each(|run| run.commit = Some(commit));
    let recorded = record(place.store(), &runs, loaded.policy.store.keep_histograms)?;
    say_warnings(&warnings, session)?;
    for (run, recorded) in runs.iter().zip(&recorded) {
        let known = if recorded.known { "was recorded already" } else { "recorded" };
        session.say(&format!(
            "{known}: {} of {} ({})",
            recorded.entry.id,
            commit.short(),
            summary(run)
        ))?;
    }
    // Three runs show how much the numbers vary; before anybody trusts the gate, it says what it sees.
    let revision = commit.to_string();
    // By what is here: recording fetches nothing, and never fails for this.
    let here = open_place(&loaded, true, session)?;
    for line in sight_of(&here, &loaded, (&revision, commit), &runs[0]).unwrap_or_default() {
        session.say(&line)?;
    }
    if args.push {
        push_records(&place, session)?;
    }
    Ok(Exit::Pass)
}

/// The commit that was measured: the one that is named, or that the results name, or the one under test.
fn commit_of(
    args: &RecordArgs,
    runs: &[Run],
    history: &History,
    session: &Session<'_>,
) -> Result<CommitId, CliError> {
    let stated: BTreeSet<CommitId> = runs.iter().filter_map(|run| run.commit).collect();
    Ok(match (&args.commit, stated.first()) {
        (Some(revision), _) => history.resolve(revision)?,
        (None, Some(commit)) if stated.len() == 1 => *commit,
        (None, Some(_)) => {
            let problem = "the results name several commits";
            return Err(CliError::usage(
                problem,
                "name the one that was measured with --commit REV",
            ));
        }
        (None, None) => under_test(history, pull_request(session)?.as_ref())?.commit,
    })
}

/// A run in which nothing was measured, or nothing worked, must never become what others are held against.
pub(super) fn refuse_empty(runs: &[Run]) -> Result<(), CliError> {
    let measured = |run: &Run| {
        let requests = run.all_endpoints().filter_map(|e| e.requests).any(|n| n > 0);
        let latency = run.all_endpoints().filter_map(|e| e.latency.as_ref());
        requests || latency.into_iter().any(|l| !l.has_no_data()) || run.has_own_metrics()
    };
    for (number, run) in (1..).zip(runs) {
        let (problem, help) = if !measured(run) {
            (
                "holds no measurement",
                "a baseline without requests would make every comparison with it empty",
            )
        } else if run.total.all_failed() {
            (
                "holds nothing but failures",
                "against such a baseline, nothing could ever fail more often",
            )
        } else {
            continue;
        };
        let problem =
            format!("result {number} {problem}: it was not recorded, and nothing else was");
        return Err(CliError::usage(problem, help));
    }
    Ok(())
}

/// A run in a few words: `k6, 4786 requests, 6 endpoints`.
fn summary(run: &Run) -> String {
    let requests = run.total.requests.map(|n| format!(", {n} requests")).unwrap_or_default();
    let endpoints = plural(run.endpoints.len(), "endpoint");
    format!("{}{requests}, {endpoints}", escape_terminal(&run.tool.name))
}
