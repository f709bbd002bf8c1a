//! Recorded runs of the commits of a line.

use super::line::Line;
use crate::cli::error::CliError;
use crate::cli::open_store::OpenStore;
use crate::cli::policy::LoadedPolicy;
use crate::cli::recorded_numbers::is_alike;
use crate::gate::derive;
use crate::model::{Field, Run};
use crate::store::{Entry, StoredRun, load_known};
use std::collections::BTreeMap;

/// The label that names the machine.
const HOST: &str = "host";

/// The recorded runs that can be compared with what is measured now, with the position of their commit. Runs of another kind of
/// machine would show its speed, not that of a commit.
pub(super) fn recorded_runs(
    store: &OpenStore,
    line: &Line,
    like: &Run,
    loaded: &LoadedPolicy,
) -> Result<Vec<(usize, Run)>, CliError> {
    let positions: BTreeMap<_, _> =
        line.commits.iter().enumerate().map(|(at, commit)| (commit.id, at)).collect();
    let records = store.records();
    let entries: Vec<(usize, Entry)> = records
        .entries()?
        .into_iter()
        .filter_map(|entry| Some((*positions.get(&entry.commit)?, entry)))
        .collect();
    records.make_present(&entries.iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>())?;
    let mut rules = loaded.policy.rules.clone();
    // Each version has a port of its own.
    rules.allow_different.insert(Field::Target);
    let mut runs = Vec::new();
    for (at, entry) in entries {
        let Some(StoredRun { mut run, .. }) = load_known(records, &entry, false)? else { continue };
        derive(&mut run, &loaded.policy.rules);
        let host = |run: &Run| run.labels.get(HOST).cloned();
        if host(&run) == host(like) && is_alike(&run, like, &rules) {
            runs.push((at, run));
        }
    }
    Ok(runs)
}
