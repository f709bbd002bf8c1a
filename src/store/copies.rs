//! Measurements that are recorded more than once: a load test never measures the same numbers twice, so that one of the records
//! is of a test that did not run again.

use super::record::StoredRun;
use crate::model::{CommitId, NotTaken, Outcome, PassedOver, Run, Visited, Warning, WarningKind};
use crate::schema::RunV1;

/// Whether two runs have the same numbers, whatever they say of themselves.
pub fn same_numbers(a: &Run, b: &Run) -> bool {
    let numbers = |run: &Run| {
        let mut run = Run { checks: Vec::new(), ..run.clone() };
        let endpoints = std::iter::once(&mut run.total).chain(&mut run.endpoints);
        endpoints.for_each(|endpoint| endpoint.failure_kinds.clear());
        let RunV1 { total, endpoints, metrics, .. } = RunV1::without_histograms(&run);
        serde_json::to_vec(&(total, endpoints, metrics)).ok()
    };
    numbers(a).is_some_and(|of_a| numbers(b) == Some(of_a))
}

/// Whether two records are of one measurement. Without a start nothing is sure: a short test of few requests may repeat its
/// numbers.
pub(super) fn is_one_measurement(a: &Run, b: &Run) -> bool {
    a.started_at.is_some() && a.started_at == b.started_at && same_numbers(a, b)
}

/// Takes out of a baseline what is recorded for an older commit, too: that one was measured, and the newer one got its results.
pub(super) fn drop_copies(
    taken: &mut Vec<StoredRun>,
    visited: &mut [Visited],
    older: &[StoredRun],
) {
    taken.retain(|run| {
        let Some(of) = older.iter().find(|own| is_one_measurement(&own.run, &run.run)) else {
            return true;
        };
        if let Some(commit) = visited.iter_mut().find(|own| own.commit == run.entry.commit) {
            pass_over(commit, run, of.entry.commit);
        }
        false
    });
}

fn pass_over(visited: &mut Visited, run: &StoredRun, of: CommitId) {
    let why = NotTaken::SameMeasurement { of };
    visited.passed_over.push(PassedOver { run: run.entry.id.clone(), why });
    visited.outcome = match visited.outcome {
        Outcome::Taken { runs } if runs > 1 => Outcome::Taken { runs: runs - 1 },
        _ => Outcome::SameMeasurement { of },
    };
}

/// A warning for each commit that has the results of another one.
pub fn recorded_twice(visited: &[Visited]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (commit, run) in
        visited.iter().flat_map(|own| own.passed_over.iter().map(move |r| (own, r)))
    {
        if let NotTaken::SameMeasurement { of } = run.why {
            let (commit, of) = (commit.commit.short(), of.short());
            warnings.push(Warning::new(WarningKind::RecordedTwice { commit, of }));
        }
    }
    warnings
}
