//! The checklist of a policy in a report.

use super::verdicts::{ItemStateV1, SeverityV1};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An item of the policy's checklist, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistItemV1 {
    /// As the policy has it. Untrusted text.
    pub item: String,
    /// What was checked (`load_reached`, `no_alerts`, …); absent for an item for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What came of it. `for_people` and `not_asked` (it is about a baseline, and budgets alone were checked) decide nothing.
    pub state: ItemStateV1,
    /// The worst that it may do.
    pub severity: SeverityV1,
    /// What keeps it from being checked off: endpoints, alerts, budgets, or the baseline's environment and the run's. Untrusted
    /// text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}
