//! What a command line overrides of the policy's rules.

use crate::config::{Leniency, Rules};
use crate::model::Field;

/// Rules that replace, or add to, those of the policy.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleOverrides {
    pub(super) missing_baseline: Option<Leniency>,
    pub(super) inconclusive: Option<Leniency>,
    pub(super) skipped: Option<Leniency>,
    /// Share of the measurements that must be compared, from 0 to 1.
    pub(super) require_coverage: Option<f64>,
    /// Differences that are allowed beside those of the policy.
    pub(super) allow_different: Vec<Field>,
}

impl RuleOverrides {
    /// The rules with the overrides in place.
    pub(super) fn apply(&self, mut rules: Rules) -> Rules {
        rules.missing_baseline = self.missing_baseline.unwrap_or(rules.missing_baseline);
        rules.inconclusive = self.inconclusive.unwrap_or(rules.inconclusive);
        rules.skipped = self.skipped.unwrap_or(rules.skipped);
        rules.require_coverage = self.require_coverage.or(rules.require_coverage);
        rules.allow_different.extend(self.allow_different.iter().copied());
        rules
    }
}
