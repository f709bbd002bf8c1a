//! By which names runs know the metrics that a policy names.

use super::known_metrics::known_metric;
use super::run::Run;
use super::untrusted::Raw as _;
use std::collections::BTreeSet;

/// The names of all metrics of runs, parts of requests among them.
#[derive(Debug, Default)]
pub struct MetricNames<'a>(BTreeSet<&'a str>);

impl<'a> MetricNames<'a> {
    /// Those of these runs.
    pub fn of(runs: impl Iterator<Item = &'a Run>) -> Self {
        let names = |run: &'a Run| {
            let parts = run.all_endpoints().flat_map(|endpoint| endpoint.parts.keys());
            run.metrics.iter().map(|metric| &metric.name).chain(parts).map(|name| name.raw())
        };
        Self(runs.flat_map(names).collect())
    }

    /// Whether a run has a metric of exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// What the runs call it: the same, else another name of the same known metric (`lcp`, `browser_web_vital_lcp`). The name
    /// itself where they do not have it.
    pub fn known_as<'b>(&self, written: &'b str) -> &'b str
    where
        'a: 'b,
    {
        if self.contains(written) {
            return written;
        }
        let meant = known_metric(written);
        let same = |name: &&&'a str| meant.is_some() && known_metric(name) == meant;
        self.0.iter().find(same).copied().unwrap_or(written)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().copied()
    }
}
