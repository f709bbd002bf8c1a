//! `perfgate.run/1`: one run, as it stands in a file.

use super::alert::AlertV1;
use super::bounded;
use super::latency::{LatencyV1, PartTimeV1};
use super::metric::MetricV1;
use super::series::{ResourceV1, TimelineV1};
use crate::model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of this format.
pub const RUN_SCHEMA: &str = "perfgate.run/1";

/// One execution of a load test. A script may write it by hand: `schema`, `tool` and `endpoints` are enough.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "perfgate run, version 1")]
pub struct RunV1 {
    /// Always `perfgate.run/1`.
    #[schemars(regex(pattern = r"^perfgate\.run/1$"))]
    pub schema: String,
    /// The tool that made the load.
    pub tool: ToolV1,
    /// Which of the repository's suites; absent: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The named load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The commit that was measured, 40 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9a-f]{40}$"))]
    pub commit: Option<String>,
    /// When the load started, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// How long the load lasted, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub duration_s: Option<f64>,
    /// The shape of the load.
    #[serde(default, skip_serializing_if = "LoadV1::is_empty")]
    pub load: LoadV1,
    /// Further labels; `runner` is the class of machine.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// All endpoints together; derived from the endpoints where it is absent and can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<MeasuredV1>,
    /// The endpoints.
    #[serde(default, deserialize_with = "bounded::list::<_, _, { limits::ENDPOINTS }>")]
    pub endpoints: Vec<EndpointV1>,
    /// The user's own metrics.
    #[serde(
        default,
        deserialize_with = "bounded::list::<_, _, { limits::METRICS }>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub metrics: Vec<MetricV1>,
    /// What the machine used, by name and unit (`cpu_percent`).
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub resources: BTreeMap<String, ResourceV1>,
    /// Values over time, by name (`cpu_percent`, `throughput_rps`), in equal steps from the start.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub timeline: BTreeMap<String, TimelineV1>,
    /// The checks of the script.
    #[serde(
        default,
        deserialize_with = "bounded::list::<_, _, { limits::METRICS }>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub checks: Vec<CheckV1>,
    /// The alerts that were evaluated over the time of the run.
    #[serde(
        default,
        deserialize_with = "bounded::list::<_, _, { limits::ALERTS }>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub alerts: Vec<AlertV1>,
    /// How long fixed pieces of work took on the machine, by name (`cpu`, `memory`), in milliseconds.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(extend("additionalProperties" = { "type": "number", "exclusiveMinimum": 0 }))]
    pub calibration: BTreeMap<String, f64>,
}

/// The tool that made the load.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ToolV1 {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The shape of the load.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct LoadV1 {
    /// Users at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
    /// Whether `users` is what was asked for, and nothing says how many there were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub users_planned: bool,
    /// Whether `duration_s` is what was asked for, and nothing says how long the load lasted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duration_planned: bool,
    /// The most users at once that were reached, where that is not `users`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_users: Option<u64>,
    /// Connections that are open at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Users started per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub spawn_rate: Option<f64>,
    /// The host that was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Hash of the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_sha256: Option<String>,
}

impl LoadV1 {
    fn is_empty(&self) -> bool {
        self.users.is_none()
            && !self.users_planned
            && !self.duration_planned
            && self.peak_users.is_none()
            && self.connections.is_none()
            && self.spawn_rate.is_none()
            && self.target.is_none()
            && self.script_sha256.is_none()
    }
}

/// What was measured of the total.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredV1 {
    /// Requests made, failed ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Requests that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u64>,
    /// Requests whose outcome is known, where that is not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<u64>,
    /// Requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub throughput_rps: Option<f64>,
    /// Failed of all requests, from 0 to 1; follows from the counts where they are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub error_rate: Option<f64>,
    /// Response times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyV1>,
    /// The kinds of failure.
    #[serde(
        default,
        deserialize_with = "bounded::list::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub failure_kinds: Vec<FailureKindV1>,
    /// Where the time goes: how long each part of a request took (`ttfb`, `connect`, `waiting`): the mean in milliseconds, or times
    /// as `latency` has them.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub parts: BTreeMap<String, PartTimeV1>,
}

/// One endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EndpointV1 {
    /// What sort of endpoint; absent: `http`.
    #[serde(default = "http")]
    pub kind: KindV1,
    /// HTTP method or the tool's own type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Its name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Requests made, failed ones included; absent: the number of latency samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Requests that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u64>,
    /// Requests whose outcome is known, where that is not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<u64>,
    /// Requests per second; absent: requests over `duration_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub throughput_rps: Option<f64>,
    /// Failed of all requests, from 0 to 1; follows from the counts where they are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub error_rate: Option<f64>,
    /// Response times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyV1>,
    /// The kinds of failure.
    #[serde(
        default,
        deserialize_with = "bounded::list::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub failure_kinds: Vec<FailureKindV1>,
    /// Where the time goes: how long each part of a request took (`ttfb`, `connect`, `waiting`): the mean in milliseconds, or times
    /// as `latency` has them.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub parts: BTreeMap<String, PartTimeV1>,
}

fn http() -> KindV1 {
    KindV1::Http
}

/// What sort of thing an endpoint is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KindV1 {
    /// An HTTP request.
    Http,
    /// A WebSocket connection or message.
    Websocket,
    /// A gRPC call.
    Grpc,
    /// A page load.
    Page,
    /// A group of requests.
    Group,
    /// A whole scenario.
    Scenario,
    /// Anything else that was timed.
    Task,
    /// A benchmark.
    Bench,
}

/// One kind of failure.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailureKindV1 {
    /// The tool's words.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// A check of the script.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CheckV1 {
    /// Its name.
    pub name: String,
    /// How often it held.
    pub passes: u64,
    /// How often it did not.
    pub fails: u64,
}
