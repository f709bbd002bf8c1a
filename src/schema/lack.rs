//! What keeps a budget from being judged, on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What would have to be known to judge a budget.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum LackV1 {
    /// The results do not say it of the load.
    Load,
}
