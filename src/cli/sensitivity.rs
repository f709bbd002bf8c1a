//! What the gate would see by the runs that are recorded: for `record` and `doctor`.

use super::error::CliError;
use super::open_store::OpenStore;
use super::policy::LoadedPolicy;
use crate::gate::{RUNS_FOR_NOISE, judge_against};
use crate::model::{CommitId, Run};
use crate::report::sight;
use crate::store::{BaselineQuery, BaselineRuns, find_baseline};

/// What the gate sees of a run by the recorded runs that are comparable with it, from this commit back; nothing where they are
/// fewer than show the noise.
pub(super) fn sensitivity_of(
    store: &OpenStore,
    loaded: &LoadedPolicy,
    at: (&str, CommitId),
    run: &Run,
) -> Result<Vec<String>, CliError> {
    let found = window_at(store, loaded, at, run)?;
    Ok(sight_of(found.runs.into_iter().map(|stored| stored.run).collect(), loaded))
}

/// What the gate sees by the runs of a window, newest first; nothing where they are fewer than show the noise.
pub(super) fn sight_of(runs: Vec<Run>, loaded: &LoadedPolicy) -> Vec<String> {
    if runs.len() < RUNS_FOR_NOISE {
        return Vec::new();
    }
    sight(&judge_against(&runs[..1], &runs, runs.len(), &loaded.policy.rules))
}

/// The recorded runs that are comparable with a run, from this commit back.
pub(super) fn window_at(
    store: &OpenStore,
    loaded: &LoadedPolicy,
    (revision, head): (&str, CommitId),
    run: &Run,
) -> Result<BaselineRuns, CliError> {
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
    Ok(find_baseline(store.records(), &store.history, &wanted)?)
}
