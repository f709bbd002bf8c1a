//! `perfgate record`: normalizes results and store them for a commit.

use crate::cli::args::RecordArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::{open_store, push_records};
use crate::cli::output::say_warnings;
use crate::cli::policy::{Network, load_policy};
use crate::cli::profile_names::refuse_misspelt_profile;
use crate::cli::results::{ReadRuns, no_results, refuse_empty};
use crate::cli::sensitivity::{sight_of, window_at};
use crate::cli::session::Session;
use crate::cli::under_test::{pull_request, under_test};
use crate::model::{CommitId, Run};
use crate::report::described;
use crate::store::{BaselineRuns, History, Recorded, record, same_numbers};
use std::collections::BTreeSet;

pub(super) fn run(args: &RecordArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    let labels = args.run.labels();
    refuse_misspelt_profile(&labels.test, &loaded)?;
    let ReadRuns { mut runs, warnings } =
        args.results.selection().read(&labels, &loaded, session)?;
    if runs.is_empty() {
        return Err(no_results());
    }
    refuse_empty(&runs)?;
    let network = if args.push { Network::Online } else { Network::Offline };
    let store = open_store(&loaded, network, session)?;
    let commit = commit_of(args, &runs, &store.history, session)?;
    runs.iter_mut().for_each(|run| run.commit = Some(commit));
    let recorded = record(store.records(), &runs, loaded.policy.store.keep_histograms)?;
    say_warnings(&warnings, session)?;
    for (run, recorded) in runs.iter().zip(&recorded) {
        let known = if recorded.known { "already recorded" } else { "recorded" };
        session.say(&format!(
            "{known}: {} of {} ({})",
            recorded.entry.id,
            commit.short(),
            described(run)
        ))?;
    }
    // Three runs show how much the numbers vary; before anybody trusts the gate, it says what it sees.
    let revision = commit.to_string();
    // By what is here: recording fetches nothing, and never fails for this.
    let here = open_store(&loaded, Network::Offline, session)?;
    if let Ok(found) = window_at(&here, &loaded, (&revision, commit), &runs[0]) {
        for (of, copy) in copies(&found, commit, &runs, &recorded) {
            session.say(&copied(commit, of, copy))?;
        }
        let runs = found.runs.into_iter().map(|stored| stored.run).collect();
        for line in sight_of(runs, &loaded) {
            session.say(&line)?;
        }
    }
    if args.push {
        push_records(&store, session)?;
    }
    Ok(Exit::Pass)
}

/// Runs whose very numbers are recorded for another commit, and for which.
fn copies<'a>(
    found: &BaselineRuns,
    commit: CommitId,
    runs: &[Run],
    recorded: &'a [Recorded],
) -> Vec<(CommitId, &'a Recorded)> {
    let others: Vec<_> = found.runs.iter().filter(|own| own.entry.commit != commit).collect();
    let of = |run: &Run| others.iter().find(|own| same_numbers(&own.run, run));
    let pairs = runs.iter().zip(recorded);
    pairs.filter_map(|(run, recorded)| Some((of(run)?.entry.commit, recorded))).collect()
}

/// What to say of a run whose numbers are recorded for another commit.
fn copied(commit: CommitId, of: CommitId, copy: &Recorded) -> String {
    let (commit, of, id) = (commit.short(), of.short(), &copy.entry.id);
    format!(
        "note: the run of {commit} has the very numbers of the run recorded for {of}: did the load test not run again?\n  \
         run it and record that; perfgate baseline prune --run {id} removes the copy"
    )
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
