//! `perfgate baseline prune`: the records of old commits go, the newest stay.

use crate::cli::args::PruneArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::place::{Place, open_place};
use crate::cli::policy::Loaded;
use crate::cli::session::Session;
use crate::model::CommitId;
use crate::store::{Entry, Part, StoreError, load};
use std::collections::BTreeSet;

pub(super) fn prune(
    args: &PruneArgs,
    loaded: &Loaded,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    if args.keep.is_none() && args.keep_histograms.is_none() && !args.broken {
        let help = "give --keep N, --keep-histograms N or --broken";
        return Err(CliError::usage("there is nothing to prune", help));
    }
    // To tell a broken record, its content must be here; it may have to be fetched.
    let place = open_place(loaded, false, session)?;
    let entries = place.store().entries()?;
    let mut gone: BTreeSet<Entry> = BTreeSet::new();
    if args.broken {
        place.store().make_present(&entries)?;
        let broken = |entry: &&Entry| {
            let read = load(place.store(), entry, false);
            matches!(read, Err(StoreError::BrokenRecord { .. }))
        };
        gone.extend(entries.iter().filter(broken).cloned());
    }
    if let Some(keep) = args.keep {
        gone.extend(beyond(&place, &entries, keep)?);
    }
    let thinned: Vec<Entry> = match args.keep_histograms {
        Some(keep) => {
            let old = beyond(&place, &entries, keep)?;
            old.into_iter().filter(|entry| !gone.contains(entry)).collect()
        }
        None => Vec::new(),
    };
    let gone: Vec<Entry> = gone.into_iter().collect();
    let done = if args.dry_run { "would remove" } else { "removed" };
    if !args.dry_run {
        place.store().remove(&gone, Part::Everything)?;
        place.store().remove(&thinned, Part::Histograms)?;
    }
    session.say(&format!(
        "{done} {} of {} runs, and the histograms of {} more",
        gone.len(),
        entries.len(),
        thinned.len()
    ))?;
    if !gone.is_empty() && !args.dry_run && place.history.remote().is_some() {
        session.say("  perfgate baseline push removes them from the remote as well")?;
    }
    Ok(Exit::Pass)
}

/// The records of all but the newest `keep` commits. A commit that is not in the clone has no date here: in a shallow
/// clone nobody can tell what is old; in a whole one it is of a branch that is gone, and older than all.
fn beyond(place: &Place, entries: &[Entry], keep: usize) -> Result<Vec<Entry>, CliError> {
    let commits: BTreeSet<CommitId> = entries.iter().map(|entry| entry.commit).collect();
    let commits: Vec<CommitId> = commits.into_iter().collect();
    let dates = place.history.infos(&commits)?.into_iter().map(|info| info.map(|info| info.date));
    let mut dated: Vec<(Option<jiff::Timestamp>, CommitId)> = dates.zip(commits).collect();
    if place.history.is_shallow() && dated.iter().any(|(date, _)| date.is_none()) {
        let problem = "this clone is shallow, so that nobody can tell which commits are old";
        let help = "fetch the whole history first (git fetch --unshallow); nothing was removed";
        return Err(CliError::usage(problem, help));
    }
    dated.sort();
    let old: BTreeSet<CommitId> =
        dated.iter().rev().skip(keep).map(|(_, commit)| *commit).collect();
    Ok(entries.iter().filter(|entry| old.contains(&entry.commit)).cloned().collect())
}
