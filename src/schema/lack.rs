//! What keeps a budget from being judged, on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What would have to be known to judge a budget.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum LackV1 {
    /// The results do not say it of the load.
    Load,
    /// The results say nothing of parts of the load.
    Windows,
    /// They say nothing of the response times in parts of the load.
    WindowPercentiles,
    /// The parts that they know are longer than the windows that are limited.
    LongWindows {
        /// How long they are.
        seconds: f64,
    },
    /// The load was too short for one whole window.
    NoWindow,
    /// A derived metric is computed from something that the run does not have.
    Input {
        /// What it is. Untrusted text.
        name: String,
        /// What is called much like it. Untrusted text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meant: Option<String>,
    },
    /// The formula of a derived metric divides by zero, or its result is too large.
    NotFinite,
    /// The formula of a derived metric adds what is not of one sort.
    Units {
        /// What is on the left. Untrusted text.
        left: String,
        /// What is on the right. Untrusted text.
        right: String,
    },
    /// The result of a formula is not of the metric's unit, or of none that has a name.
    Unit {
        /// What it is. Untrusted text.
        is: String,
    },
}
