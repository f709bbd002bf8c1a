//! Whether histograms are part of what is read or written.

use crate::config::Rules;
use crate::model::{Endpoint, Run};

/// Requests of a run up to which its endpoints are tests of few calls, and not rare ones of a large load.
const SMALL_RUN: u64 = 5_000;
/// Calls of an endpoint below which they are judged one by one: a p99 of fewer says nothing as measured.
const FEW_CALLS: u64 = 500;

/// Whether runs are read and written with their histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Histograms {
    Keep,
    Omit,
}

impl Histograms {
    /// Kept as well where a limit of these rules needs them.
    pub(super) fn or_needed_by(self, rules: &Rules) -> Self {
        if rules.needs_histograms() { Self::Keep } else { self }
    }

    /// Kept as well where the calls of a run are so few that they are judged one by one.
    pub(super) fn or_needed_for(self, run: &Run) -> Self {
        let calls = |endpoint: &Endpoint| {
            endpoint.latency.as_ref().and_then(|latency| latency.count).or(endpoint.requests)
        };
        let small = run.total.requests.is_none_or(|requests| requests <= SMALL_RUN);
        let few = run.all_endpoints().filter_map(calls).any(|calls| calls < FEW_CALLS);
        if small && few { Self::Keep } else { self }
    }
}
