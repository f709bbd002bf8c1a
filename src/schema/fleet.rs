//! `perfgate.fleet/1`: what many services tell, for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name and version of this format.
pub const FLEET_SCHEMA: &str = "perfgate.fleet/1";

/// What `perfgate fleet` tells.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "perfgate fleet, version 1")]
#[serde(untagged)]
pub enum FleetV1 {
    /// Of `fleet top` and `fleet steps`.
    Steps(FleetStepsV1),
    /// Of `fleet gates`.
    Gates(FleetGatesV1),
}

/// Steps for the worse.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FleetStepsV1 {
    /// Always `perfgate.fleet/1`.
    #[schemars(regex(pattern = r"^perfgate\.fleet/1$"))]
    pub schema: String,
    /// The day from which on steps are told, UTC.
    pub since: String,
    /// How many services were looked at.
    pub services: usize,
    /// How many series.
    pub series: usize,
    /// The steps: of `top` the largest first, of `steps` the newest first.
    pub steps: Vec<FleetStepV1>,
    /// Steps of that time that are not told: noise may have made them, they are over, or accepted.
    pub left_out: usize,
    /// The services of which nothing can be said, and why.
    pub unjudged: Vec<UnjudgedV1>,
}

/// A step for the worse in a service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FleetStepV1 {
    /// The service. Untrusted text.
    pub service: String,
    /// Which of its loads. Untrusted text.
    pub load: String,
    /// The measurement that tells it most clearly. Untrusted text.
    pub measurement: String,
    /// The other measurements that moved with it. Untrusted text.
    pub others: Vec<String>,
    /// The unit of the levels. Untrusted text.
    pub unit: String,
    /// The median before.
    pub before: f64,
    /// The median after.
    pub after: f64,
    /// Relative change of the median: 0.12 is 12 % up; null from zero.
    pub change: Option<f64>,
    /// The date of the first commit of the new level, RFC 3339.
    pub date: String,
    /// That commit.
    pub commit: String,
    /// The first line of its message, where a clone tells it. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How probable a step as large as this is in noise.
    pub p: f64,
    /// `worse`: still, beyond doubt; `unsure`: noise may have made it; `back`; or `accepted`.
    pub standing: String,
}

/// A service of which nothing can be said.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UnjudgedV1 {
    /// The service. Untrusted text.
    pub service: String,
    /// Why.
    pub reason: String,
}

/// Gates.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FleetGatesV1 {
    /// Always `perfgate.fleet/1`.
    #[schemars(regex(pattern = r"^perfgate\.fleet/1$"))]
    pub schema: String,
    /// How many services were looked at.
    pub services: usize,
    /// The gates, the worst first.
    pub gates: Vec<FleetGateV1>,
    /// The services that could not be read. Untrusted text.
    pub unread: Vec<String>,
}

/// The gate of one load of a service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FleetGateV1 {
    /// The service. Untrusted text.
    pub service: String,
    /// Its suite. Untrusted text.
    pub suite: String,
    /// Its profile. Untrusted text.
    pub profile: Option<String>,
    /// Where it ran. Untrusted text.
    pub environment: Option<String>,
    /// `blind`, `no_baseline`, `stale`, `fails_often` or `fine`.
    pub state: String,
    /// When the newest commit with a run was made, RFC 3339; null without any.
    pub newest: Option<String>,
    /// That commit.
    pub commit: Option<String>,
    /// Comparable runs before it, as many as the window takes.
    pub baseline: usize,
    /// The median of the smallest changes of response times that would fail: 0.12 is 12 % up; null where the noise is not known.
    pub sees: Option<f64>,
    /// Commits whose gate was replayed.
    pub replayed: usize,
    /// How many of them fail.
    pub failed: usize,
    /// How many of them have no verdict.
    pub unclear: usize,
}
