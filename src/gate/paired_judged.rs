//! What is said about one test that was measured in pairs.

use super::finding::{Finding, RankInFamily, Role, Working};
use super::plan::Test;
use super::sides::Sides;
use super::verdict::Reason;
use crate::stats::Interval;

/// What is said about one test.
pub(super) struct Judged {
    pub(super) reason: Reason,
    pub(super) open: bool,
    /// The values that are shown, where they are others than the medians of the slices.
    pub(super) values: Option<Sides<f64>>,
    pub(super) interval: Option<Interval>,
    pub(super) p: Option<f64>,
    pub(super) visible: Option<f64>,
    pub(super) family: Option<RankInFamily>,
    pub(super) risk: f64,
    pub(super) per_run: Option<Sides<Vec<f64>>>,
    pub(super) pairs: Vec<Option<f64>>,
}

impl Judged {
    /// Nothing but a reason.
    pub(super) fn because(reason: Reason) -> Self {
        Self {
            reason,
            open: false,
            values: None,
            interval: None,
            p: None,
            visible: None,
            family: None,
            risk: 0.0,
            per_run: None,
            pairs: Vec::new(),
        }
    }

    pub(super) fn finding(self, test: Test) -> Finding {
        let counted = test.measured.counted;
        Finding {
            endpoint: test.key.endpoint,
            metric: test.key.metric,
            statistic: test.key.statistic,
            unit: test.unit,
            direction: test.direction,
            values: self.values.map_or(test.measured.values, |values| values.map(Some)),
            interval: self.interval,
            threshold: test.threshold,
            reason: self.reason.at_most(test.severity),
            p: self.p,
            visible: self.visible,
            further_runs: None,
            few: None,
            accepted: None,
            counts: test.measured.counts,
            role: match (test.control, counted) {
                (true, _) => Role::Control,
                (false, true) => Role::Judged,
                (false, false) => Role::Unmeasured,
            },
            working: Working {
                per_run: self.per_run.unwrap_or(test.measured.per_run),
                levels: Vec::new(),
                family: self.family,
                risk: self.risk,
                noise: None,
                pairs: self.pairs,
                parts: test.parts,
                kinds: test.kinds,
            },
        }
    }
}
