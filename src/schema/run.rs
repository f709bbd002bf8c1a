//! `perfgate.run/1`: one run, as it stands in a file. From the domain to the file; [`super::read`] is the way back.

use super::histogram::{HistogramError, encode_histogram};
use crate::model::{
    Check, CustomMetric, Direction, Endpoint, EndpointKey, FailureKind, Latency, Load, Quantile,
    Resource, Rounding, Run, Unit,
};
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// All endpoints together; derived from the endpoints where it is absent and can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<MeasuredV1>,
    /// The endpoints.
    #[serde(default)]
    pub endpoints: Vec<EndpointV1>,
    /// The user's own metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricV1>,
    /// What the machine used, by name and unit (`cpu_percent`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, ResourceV1>,
    /// The checks of the script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckV1>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_kinds: Vec<FailureKindV1>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_kinds: Vec<FailureKindV1>,
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
    #[serde(default = "ms")]
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
    /// Quantiles by level: `p50`, `p99.9`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantiles: BTreeMap<String, f64>,
    /// How the source rounded its quantiles; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingV1>,
    /// All samples as a histogram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<HistogramV1>,
    /// All samples as a list: the simplest thing that a script can write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<f64>>,
}

fn ms() -> String {
    "ms".to_owned()
}

/// How a source rounded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingV1 {
    /// Whole milliseconds below 100, tens below 1000, hundreds below 10 000, else thousands.
    TwoSignificantDigits,
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
    /// Its unit: `ns us ms s`, `per_second`, `ratio`, `bytes`, `number`, or any other word; absent: `number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which way is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<DirectionV1>,
    /// Its value, or the mean of its samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Number of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Quantiles by level.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantiles: BTreeMap<String, f64>,
    /// The endpoint that it belongs to, as `METHOD NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
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

/// A run as the store keeps it: the histograms apart, because they are nine tenths of the bytes and a gate does not
/// read them.
#[derive(Debug)]
pub struct Stored {
    /// The run without histograms.
    pub run: RunV1,
    /// Histograms by [`EndpointKey::unique_name`], in two digits.
    pub histograms: BTreeMap<String, HistogramV1>,
}

impl Stored {
    /// Significant digits of a stored histogram.
    const DIGITS: u8 = 2;

    /// The two parts of a run.
    pub fn new(run: &Run) -> Result<Self, HistogramError> {
        let mut histograms = BTreeMap::new();
        for endpoint in run.all_endpoints() {
            let distribution = endpoint.latency.as_ref().and_then(|l| l.distribution.as_ref());
            if let Some(all) = distribution.filter(|all| all.count() > 0) {
                let data = encode_histogram(all, Self::DIGITS)?;
                histograms.insert(
                    endpoint.key.unique_name(),
                    HistogramV1 { unit: "ns".to_owned(), data },
                );
            }
        }
        Ok(Self { run: RunV1::without_histograms(run), histograms })
    }
}

impl RunV1 {
    /// The run as a file, with histograms in full.
    pub fn with_histograms(run: &Run) -> Result<Self, HistogramError> {
        let mut file = Self::without_histograms(run);
        let parts = file.total.iter_mut().map(|total| &mut total.latency);
        let parts = parts.chain(file.endpoints.iter_mut().map(|endpoint| &mut endpoint.latency));
        for (latency, endpoint) in parts.zip(run.all_endpoints()) {
            let all = endpoint.latency.as_ref().and_then(|l| l.distribution.as_ref());
            if let (Some(latency), Some(all)) = (latency, all) {
                let data = encode_histogram(all, all.histogram().sigfig())?;
                latency.histogram = Some(HistogramV1 { unit: "ns".to_owned(), data });
            }
        }
        Ok(file)
    }

    /// The run as a file, with the quantiles but not the samples.
    pub fn without_histograms(run: &Run) -> Self {
        Self {
            schema: RUN_SCHEMA.to_owned(),
            tool: ToolV1 { name: run.tool.name.clone(), version: run.tool.version.clone() },
            suite: Some(run.suite.clone()),
            profile: run.profile.clone(),
            environment: run.environment.clone(),
            commit: run.commit.map(|id| id.to_string()),
            started_at: run.started_at.map(|at| at.to_string()),
            duration_s: run.duration_s,
            load: LoadV1::from(&run.load),
            labels: run.labels.clone(),
            total: Some(MeasuredV1::from(&run.total)),
            endpoints: run.endpoints.iter().map(EndpointV1::from).collect(),
            metrics: run.metrics.iter().map(MetricV1::from).collect(),
            resources: run
                .resources
                .iter()
                .map(|(name, r)| (name.clone(), ResourceV1::from(r)))
                .collect(),
            checks: run.checks.iter().map(CheckV1::from).collect(),
        }
    }
}

impl EndpointV1 {
    /// [`EndpointKey::unique_name`] of the endpoint, by which its histogram is found.
    pub fn unique_name(&self) -> String {
        let kind = crate::model::Kind::from(self.kind);
        EndpointKey::named(kind, self.method.as_deref(), &self.name).unique_name()
    }
}

impl From<&Load> for LoadV1 {
    fn from(load: &Load) -> Self {
        Self {
            users: load.users,
            spawn_rate: load.spawn_rate,
            target: load.target.clone(),
            script_sha256: load.script_sha256.clone(),
        }
    }
}

impl From<&Endpoint> for MeasuredV1 {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            requests: endpoint.requests,
            failures: endpoint.failures,
            outcomes: endpoint.outcomes,
            throughput_rps: endpoint.throughput_rps,
            error_rate: endpoint.error_rate(),
            latency: endpoint.latency.as_ref().map(LatencyV1::from),
            failure_kinds: endpoint.failure_kinds.iter().map(FailureKindV1::from).collect(),
        }
    }
}

impl From<&Endpoint> for EndpointV1 {
    fn from(endpoint: &Endpoint) -> Self {
        let (kind, method, name) = match &endpoint.key {
            EndpointKey::Named { kind, method, name } => (*kind, method.clone(), name.clone()),
            // The total stands in a field of its own and is never in the list.
            EndpointKey::Total => (crate::model::Kind::Task, None, "total".to_owned()),
        };
        let measured = MeasuredV1::from(endpoint);
        Self {
            kind: KindV1::from(kind),
            method,
            name,
            requests: measured.requests,
            failures: measured.failures,
            outcomes: measured.outcomes,
            throughput_rps: measured.throughput_rps,
            error_rate: measured.error_rate,
            latency: measured.latency,
            failure_kinds: measured.failure_kinds,
        }
    }
}

impl From<crate::model::Kind> for KindV1 {
    fn from(kind: crate::model::Kind) -> Self {
        use crate::model::Kind;
        match kind {
            Kind::Http => Self::Http,
            Kind::Websocket => Self::Websocket,
            Kind::Grpc => Self::Grpc,
            Kind::Page => Self::Page,
            Kind::Group => Self::Group,
            Kind::Scenario => Self::Scenario,
            Kind::Task => Self::Task,
            Kind::Bench => Self::Bench,
        }
    }
}

impl From<KindV1> for crate::model::Kind {
    fn from(kind: KindV1) -> Self {
        match kind {
            KindV1::Http => Self::Http,
            KindV1::Websocket => Self::Websocket,
            KindV1::Grpc => Self::Grpc,
            KindV1::Page => Self::Page,
            KindV1::Group => Self::Group,
            KindV1::Scenario => Self::Scenario,
            KindV1::Task => Self::Task,
            KindV1::Bench => Self::Bench,
        }
    }
}

impl From<&Latency> for LatencyV1 {
    fn from(latency: &Latency) -> Self {
        Self {
            unit: Unit::Milliseconds.to_string(),
            count: latency.count,
            mean: latency.mean,
            min: latency.min,
            max: latency.max,
            quantiles: quantiles(&latency.quantiles),
            rounding: latency
                .rounding
                .map(|Rounding::TwoSignificantDigits| RoundingV1::TwoSignificantDigits),
            histogram: None,
            samples: None,
        }
    }
}

fn quantiles(known: &BTreeMap<Quantile, f64>) -> BTreeMap<String, f64> {
    known.iter().map(|(level, value)| (level.to_string(), *value)).collect()
}

impl From<&FailureKind> for FailureKindV1 {
    fn from(kind: &FailureKind) -> Self {
        Self { message: kind.message.clone(), count: kind.count }
    }
}

impl From<&CustomMetric> for MetricV1 {
    fn from(metric: &CustomMetric) -> Self {
        Self {
            name: metric.name.clone(),
            unit: Some(metric.unit.to_string()),
            direction: metric.direction.map(|direction| match direction {
                Direction::Lower => DirectionV1::Lower,
                Direction::Higher => DirectionV1::Higher,
            }),
            value: metric.value,
            count: metric.count,
            quantiles: quantiles(&metric.quantiles),
            endpoint: metric.endpoint.clone(),
        }
    }
}

impl From<&Resource> for ResourceV1 {
    fn from(resource: &Resource) -> Self {
        Self { mean: resource.mean, max: resource.max, slope_per_hour: resource.slope_per_hour }
    }
}

impl From<&Check> for CheckV1 {
    fn from(check: &Check) -> Self {
        Self { name: check.name.clone(), passes: check.passes, fails: check.fails }
    }
}
