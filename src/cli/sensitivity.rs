//! What the gate would see by the runs that are recorded: for `record` and `doctor`.

use super::error::CliError;
use super::open_store::OpenStore;
use super::policy::LoadedPolicy;
use crate::gate::{RUNS_FOR_NOISE, judge_against};
use crate::model::{CommitId, Run};
use crate::report::sight;
use crate::store::{BaselineQuery, find_baseline};

/// What the gate sees of a run by the recorded runs that are comparable with it, from this commit back; nothing where they are
/// fewer than show the noise.
pub(super) fn sensitivity_of(
    store: &OpenStore,
    loaded: &LoadedPolicy,
    (revision, head): (&str, CommitId),
    run: &Run,
) -> Result<Vec<String>, CliError> {
    let policy = &loaded.policy;
    let wanted = BaselineQuery {
        revision,
        head,
        under_test: &[],
        run,
        allow_different: &policy.rules.allow_different,
        max_distance: policy.baseline.max_distance,
        window: policy.baseline.window,
        histograms: false,
    };
    let found = find_baseline(store.records(), &store.history, &wanted)?;
    let runs: Vec<Run> = found.runs.into_iter().map(|stored| stored.run).collect();
    if runs.len() < RUNS_FOR_NOISE {
        return Ok(Vec::new());
    }
    Ok(sight(&judge_against(&runs[..1], &runs, runs.len(), &policy.rules)))
}
