//! `perfgate baseline prune`: the records of old commits go, the newest stay.

use crate::cli::args::PruneArgs;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::{OpenStore, open_store};
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::model::CommitId;
use crate::report::plural;
use crate::store::{Entry, Part};
use std::collections::BTreeSet;

pub(super) fn prune(
    args: &PruneArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let counts = args.keep.is_none() && args.keep_histograms.is_none();
    if counts && args.run.is_empty() && !args.broken {
        let help = "give --keep N, --keep-histograms N, --run ID or --broken";
        return Err(CliError::usage("there is nothing to prune", help));
    }
    // To tell a broken record, its content must be here; it may have to be fetched.
    let store = open_store(loaded, Network::Online, session)?;
    let mut gone: BTreeSet<Entry> = BTreeSet::new();
    if args.broken {
        gone.extend(broken(&store)?);
    }
    let entries = store.records().entries()?;
    for id in &args.run {
        gone.insert(named(&entries, id)?.clone());
    }
    if let Some(keep) = args.keep {
        gone.extend(beyond(&store, &entries, keep)?);
    }
    let thinned: Vec<Entry> = match args.keep_histograms {
        Some(keep) => {
            let old = beyond(&store, &entries, keep)?;
            old.into_iter().filter(|entry| !gone.contains(entry)).collect()
        }
        None => Vec::new(),
    };
    let gone: Vec<Entry> = gone.into_iter().collect();
    let done = if args.dry_run { "would remove" } else { "removed" };
    let mut kept = None;
    if !args.dry_run {
        kept = store.records().remove(&gone, Part::Everything)?.kept;
        // What was kept first holds the histograms as well.
        let thinned = store.records().remove(&thinned, Part::Histograms)?.kept;
        kept = kept.or(thinned);
    }
    let histograms = match thinned.len() {
        0 => String::new(),
        more => format!(", and the histograms of {more} more"),
    };
    session.say(&format!(
        "{done} {} of {}{histograms}",
        gone.len(),
        plural(entries.len(), "run")
    ))?;
    if let Some(kept) = kept {
        session.say(&format!("  for 90 days, perfgate baseline restore {kept} restores them"))?;
        if store.is_pushed() {
            session.say("  perfgate baseline push removes them from the remote as well")?;
        }
    }
    Ok(Exit::Pass)
}

/// The record of this id, or of the only id that begins so.
fn named<'a>(entries: &'a [Entry], id: &str) -> Result<&'a Entry, CliError> {
    let mut meant = entries.iter().filter(|entry| entry.id.starts_with(id));
    let problem = match (meant.next(), meant.next()) {
        (Some(only), None) => return Ok(only),
        (None, _) => format!("no record has the id {id}: nothing was removed"),
        (Some(_), Some(_)) => format!("several records have ids like {id}: nothing was removed"),
    };
    let help = "`perfgate baseline list` prints the ids";
    Err(CliError::coded(&codes::NOTHING_RECORDED, problem, help))
}

/// The records that nobody can read any more. One of which only the copy here is damaged is none of them: what a push would
/// remove from the remote may be the last good one.
fn broken(store: &OpenStore) -> Result<Vec<Entry>, CliError> {
    store.records().make_present(&store.records().entries()?)?;
    let verified = store.verify()?;
    if verified.broken.iter().any(|broken| broken.only_here) {
        let help = "fix that first with perfgate baseline repair; records that are broken on the remote as well can be pruned then";
        return Err(CliError::coded(
            &codes::DAMAGED,
            "the store of this clone is damaged: nothing was removed",
            help,
        ));
    }
    Ok(verified.broken.into_iter().filter_map(|broken| broken.entry).collect())
}

/// The records of all but the newest `keep` commits. A commit that is not in the clone has no date here: in a shallow
/// clone nobody can tell what is old; in a whole one it is of a branch that is gone, and older than all.
fn beyond(store: &OpenStore, entries: &[Entry], keep: usize) -> Result<Vec<Entry>, CliError> {
    let commits: BTreeSet<CommitId> = entries.iter().map(|entry| entry.commit).collect();
    let commits: Vec<CommitId> = commits.into_iter().collect();
    let dates = store.history.infos(&commits)?.into_iter().map(|info| info.map(|info| info.date));
    let mut dated: Vec<(Option<jiff::Timestamp>, CommitId)> = dates.zip(commits).collect();
    if store.history.is_shallow() && dated.iter().any(|(date, _)| date.is_none()) {
        let problem = "this clone is shallow, so it is unknown which commits are old";
        let help = "fetch the whole history first (git fetch --unshallow); nothing was removed";
        return Err(CliError::usage(problem, help));
    }
    dated.sort();
    let old: BTreeSet<CommitId> =
        dated.iter().rev().skip(keep).map(|(_, commit)| *commit).collect();
    Ok(entries.iter().filter(|entry| old.contains(&entry.commit)).cloned().collect())
}
