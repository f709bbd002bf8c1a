//! `perfgate.run/1`: one run, as it stands in a file.

use super::alert::AlertV1;
use super::bounded;
use crate::model::limits;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

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

/// Response times. One of `samples`, `histogram` and `quantiles` is enough.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LatencyV1 {
    /// The unit of all numbers here: `ns`, `us`, `ms` or `s`; absent: `ms`.
    #[serde(default = "ms", skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Number of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub mean: Option<f64>,
    /// Smallest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub min: Option<f64>,
    /// Largest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
    /// Standard deviation of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub stddev: Option<f64>,
    /// Quantiles by level: `p50`, `p99.9`.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub quantiles: BTreeMap<String, f64>,
    /// How the source rounded its quantiles; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingV1>,
    /// How far rounding may have moved a quantile, by level, where that is more than half a step at the quantile itself: it lies
    /// between two samples of different steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub half_steps: BTreeMap<String, f64>,
    /// All samples as a histogram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<HistogramV1>,
    /// All samples as a list: the simplest thing that a script can write.
    #[serde(default, deserialize_with = "samples", skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<f64>>,
}

fn samples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f64>>, D::Error> {
    bounded::list::<_, _, { limits::SAMPLES }>(deserializer).map(Some)
}

fn ms() -> String {
    "ms".to_owned()
}

/// How long a part of the requests took.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PartTimeV1 {
    /// The mean, in milliseconds.
    Mean(#[schemars(range(min = 0.0))] f64),
    /// Its times.
    Times(Box<LatencyV1>),
}

impl PartTimeV1 {
    /// The times, where more than their mean is known.
    pub(super) fn times(&self) -> Option<&LatencyV1> {
        match self {
            Self::Mean(_) => None,
            Self::Times(times) => Some(times),
        }
    }
}

impl<'de> Deserialize<'de> for PartTimeV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartTimeVisitor;
        impl<'de> Visitor<'de> for PartTimeVisitor {
            type Value = PartTimeV1;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mean in milliseconds, or a map as `latency` is")
            }

            fn visit_f64<E>(self, mean: f64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean))
            }

            // JSON writes whole numbers without a point.
            fn visit_u64<E>(self, mean: u64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean as f64))
            }

            fn visit_i64<E>(self, mean: i64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, times: A) -> Result<PartTimeV1, A::Error> {
                let times = LatencyV1::deserialize(MapAccessDeserializer::new(times))?;
                Ok(PartTimeV1::Times(Box::new(times)))
            }
        }
        deserializer.deserialize_any(PartTimeVisitor)
    }
}

/// How a source rounded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingV1 {
    /// Whole milliseconds below 100, tens below 1000, hundreds below 10 000, else thousands.
    TwoSignificantDigits,
    /// To multiples of this, in milliseconds.
    StepMs(#[schemars(range(min = 0.0))] f64),
}

/// A histogram.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HistogramV1 {
    /// The unit of its values: always `ns`.
    #[schemars(regex(pattern = "^ns$"))]
    pub unit: String,
    /// HdrHistogram V2 compressed, in base64.
    pub data: String,
}

/// One kind of failure.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FailureKindV1 {
    /// The tool's words.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// A metric of the user's own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MetricV1 {
    /// Its name.
    pub name: String,
    /// What it is made of, which says how shards are put together.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<MetricTypeV1>,
    /// Its unit: `ns us ms s`, `per_second`, `ratio`, `bytes`, `number`, or any other word; absent: that of a known metric of its
    /// name (`ttft`: `ms`), else `number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which way is better; absent: as for a known metric of its name, else `lower`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<DirectionV1>,
    /// Its value, or the mean of its samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Number of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Quantiles by level.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub quantiles: BTreeMap<String, f64>,
    /// The endpoint that it belongs to, as `METHOD NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// What a metric is made of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricTypeV1 {
    /// A sum: that of shards is the sum of theirs.
    Counter,
    /// A state, of which the last value counts.
    Gauge,
    /// A share.
    Rate,
    /// Samples.
    Trend,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DirectionV1 {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
}

/// Use of one resource.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct ResourceV1 {
    /// Mean over the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Trend, in units per hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope_per_hour: Option<f64>,
    /// What the trend is at least and at most, in units per hour (95 % confidence), by every part of the steady run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope_interval: Option<SpanV1>,
}

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct SpanV1 {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Values over time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TimelineV1 {
    /// Seconds from one value to the next.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub interval_s: f64,
    /// The values; null where nothing was measured.
    #[serde(deserialize_with = "bounded::list::<_, _, { limits::POINTS }>")]
    pub values: Vec<Option<f64>>,
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
