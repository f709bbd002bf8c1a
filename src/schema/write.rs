//! From the domain to a `perfgate.run/1` file; [`super::read`] is the way back.

use super::alert::AlertV1;
use super::histogram::{HistogramError, encode_histogram};
use super::latency::{HistogramV1, LatencyV1, PartTimeV1, RoundingV1};
use super::metric::{DirectionV1, MetricTypeV1, MetricV1};
use super::run::{
    CheckV1, EndpointV1, FailureKindV1, KindV1, LoadV1, MeasuredV1, RUN_SCHEMA, RunV1, ToolV1,
};
use super::series::{ResourceV1, SpanV1, TimelineV1};
use crate::model::{
    Check, CustomMetric, Direction, Distribution, Endpoint, EndpointKey, FailureKind, Kind,
    Latency, Load, MetricType, PartTime, Quantile, Raw as _, Resource, Rounding, Run, Timeline,
    Unit, Untrusted,
};
use std::collections::BTreeMap;

/// A run as the store keeps it: the histograms apart, because they are nine tenths of the bytes and a gate does not
/// read them.
#[derive(Debug)]
pub struct Stored {
    /// The run without histograms.
    pub run: RunV1,
    /// Histograms by [`EndpointKey::unique_name`], in two digits.
    pub histograms: BTreeMap<String, HistogramV1>,
    /// Values over time, which only a picture needs.
    pub timeline: BTreeMap<String, TimelineV1>,
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
                let name = endpoint.key.unique_name().into_raw();
                histograms.insert(name, histogram(all, Self::DIGITS)?);
            }
        }
        Ok(Self { run: RunV1::without_histograms(run), histograms, timeline: timeline(run) })
    }
}

fn histogram(all: &Distribution, digits: u8) -> Result<HistogramV1, HistogramError> {
    Ok(HistogramV1 { unit: "ns".to_owned(), data: encode_histogram(all, digits)? })
}

impl RunV1 {
    /// The run as a file, with histograms in full.
    pub fn with_histograms(run: &Run) -> Result<Self, HistogramError> {
        let mut file = Self::without_histograms(run);
        file.timeline = timeline(run);
        let total = file.total.iter_mut().map(|total| (&mut total.latency, &mut total.parts));
        let endpoints = file.endpoints.iter_mut().map(|own| (&mut own.latency, &mut own.parts));
        for ((whole, parts), endpoint) in total.chain(endpoints).zip(run.all_endpoints()) {
            let all = endpoint.latency.as_ref().and_then(|l| l.distribution.as_ref());
            if let (Some(latency), Some(all)) = (whole, all) {
                latency.histogram = Some(histogram(all, all.digits())?);
            }
            for (file, own) in parts.values_mut().zip(endpoint.parts.values()) {
                if let (PartTimeV1::Times(file), Some(all)) = (file, own.distribution()) {
                    file.histogram = Some(histogram(all, all.digits())?);
                }
            }
        }
        Ok(file)
    }

    /// The run as a file, with the quantiles but not the samples.
    pub fn without_histograms(run: &Run) -> Self {
        Self {
            schema: RUN_SCHEMA.to_owned(),
            tool: ToolV1 {
                name: run.tool.name.raw().to_owned(),
                version: text(run.tool.version.as_ref()),
            },
            suite: text(Some(&run.suite)),
            profile: text(run.profile.as_ref()),
            environment: text(run.environment.as_ref()),
            commit: run.commit.map(|id| id.to_string()),
            started_at: run.started_at.map(|at| at.to_string()),
            duration_s: run.duration_s,
            load: LoadV1::from(&run.load),
            labels: run
                .labels
                .iter()
                .map(|(name, value)| (name.raw().to_owned(), value.raw().to_owned()))
                .collect(),
            total: Some(MeasuredV1::from(&run.total)),
            endpoints: run.endpoints.iter().map(EndpointV1::from).collect(),
            metrics: run.metrics.iter().map(MetricV1::from).collect(),
            resources: run
                .resources
                .iter()
                .map(|(name, r)| (name.raw().to_owned(), ResourceV1::from(r)))
                .collect(),
            timeline: BTreeMap::new(),
            checks: run.checks.iter().map(CheckV1::from).collect(),
            alerts: run.alerts.iter().map(AlertV1::from).collect(),
            calibration: run
                .calibration
                .iter()
                .map(|(part, ms)| (part.raw().to_owned(), *ms))
                .collect(),
        }
    }
}

fn timeline(run: &Run) -> BTreeMap<String, TimelineV1> {
    let wire =
        |own: &Timeline| TimelineV1 { interval_s: own.interval_s, values: own.values.clone() };
    run.timeline.iter().map(|(name, own)| (name.raw().to_owned(), wire(own))).collect()
}

impl EndpointV1 {
    /// [`EndpointKey::unique_name`] of the endpoint, by which its histogram is found.
    pub fn unique_name(&self) -> String {
        let kind = Kind::from(self.kind);
        EndpointKey::named(kind, self.method.as_deref(), &self.name).unique_name().into_raw()
    }
}

impl From<&Load> for LoadV1 {
    fn from(load: &Load) -> Self {
        Self {
            users: load.users,
            users_planned: load.users_planned,
            duration_planned: load.duration_planned,
            peak_users: load.peak_users,
            connections: load.connections,
            spawn_rate: load.spawn_rate,
            target: text(load.target.as_ref()),
            script_sha256: text(load.script_sha256.as_ref()),
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
            parts: parts(endpoint),
        }
    }
}

/// The parts of the requests of an endpoint. They are in milliseconds and as many as the response times, and do not say so.
fn parts(endpoint: &Endpoint) -> BTreeMap<String, PartTimeV1> {
    let timed = endpoint.timed();
    let time = |time: &PartTime| match time {
        PartTime::Mean(ms) => PartTimeV1::Mean(*ms),
        PartTime::Times(times) => {
            let count = times.count.filter(|count| Some(*count) != timed);
            let file = LatencyV1 { unit: String::new(), count, ..LatencyV1::from(&**times) };
            PartTimeV1::Times(Box::new(file))
        }
    };
    endpoint.parts.iter().map(|(name, own)| (name.raw().to_owned(), time(own))).collect()
}

impl From<&Endpoint> for EndpointV1 {
    fn from(endpoint: &Endpoint) -> Self {
        let (kind, method, name) = match &endpoint.key {
            EndpointKey::Named { kind, method, name } => {
                (*kind, text(method.as_ref()), name.raw().to_owned())
            }
            // The total stands in a field of its own and is never in the list.
            EndpointKey::Total => (Kind::Task, None, "total".to_owned()),
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
            parts: measured.parts,
        }
    }
}

impl From<Direction> for DirectionV1 {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Lower => Self::Lower,
            Direction::Higher => Self::Higher,
        }
    }
}

impl From<DirectionV1> for Direction {
    fn from(direction: DirectionV1) -> Self {
        match direction {
            DirectionV1::Lower => Self::Lower,
            DirectionV1::Higher => Self::Higher,
        }
    }
}

impl From<Kind> for KindV1 {
    fn from(kind: Kind) -> Self {
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

impl From<KindV1> for Kind {
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
            unit: Unit::Milliseconds.raw().to_owned(),
            count: latency.count,
            mean: latency.mean,
            min: latency.min,
            max: latency.max,
            stddev: latency.stddev,
            quantiles: quantiles(&latency.quantiles),
            rounding: latency.rounding.map(|rounding| match rounding {
                Rounding::TwoSignificantDigits => RoundingV1::TwoSignificantDigits,
                Rounding::Steps { us } => RoundingV1::StepMs(us as f64 / 1e3),
            }),
            half_steps: quantiles(&latency.half_steps),
            histogram: None,
            samples: None,
        }
    }
}

fn text(own: Option<&Untrusted>) -> Option<String> {
    own.map(|own| own.raw().to_owned())
}

fn quantiles(known: &BTreeMap<Quantile, f64>) -> BTreeMap<String, f64> {
    known.iter().map(|(level, value)| (level.to_string(), *value)).collect()
}

impl From<&FailureKind> for FailureKindV1 {
    fn from(kind: &FailureKind) -> Self {
        Self { message: kind.message.raw().to_owned(), count: kind.count }
    }
}

impl From<MetricType> for MetricTypeV1 {
    fn from(sort: MetricType) -> Self {
        match sort {
            MetricType::Counter => Self::Counter,
            MetricType::Gauge => Self::Gauge,
            MetricType::Rate => Self::Rate,
            MetricType::Trend => Self::Trend,
        }
    }
}

impl From<MetricTypeV1> for MetricType {
    fn from(sort: MetricTypeV1) -> Self {
        match sort {
            MetricTypeV1::Counter => Self::Counter,
            MetricTypeV1::Gauge => Self::Gauge,
            MetricTypeV1::Rate => Self::Rate,
            MetricTypeV1::Trend => Self::Trend,
        }
    }
}

impl From<&CustomMetric> for MetricV1 {
    fn from(metric: &CustomMetric) -> Self {
        Self {
            name: metric.name.raw().to_owned(),
            sort: metric.sort.map(MetricTypeV1::from),
            unit: Some(metric.unit.raw().to_owned()),
            direction: metric.direction.map(DirectionV1::from),
            value: metric.value,
            count: metric.count,
            quantiles: quantiles(&metric.quantiles),
            endpoint: match &metric.endpoint {
                EndpointKey::Total => None,
                named @ EndpointKey::Named { .. } => Some(named.text().into_raw()),
            },
        }
    }
}

impl From<&Resource> for ResourceV1 {
    fn from(resource: &Resource) -> Self {
        Self {
            mean: resource.mean,
            max: resource.max,
            slope_per_hour: resource.slope_per_hour,
            slope_interval: resource
                .slope_interval
                .map(|own| SpanV1 { low: own.low, high: own.high }),
        }
    }
}

impl From<&Check> for CheckV1 {
    fn from(check: &Check) -> Self {
        Self { name: check.name.raw().to_owned(), passes: check.passes, fails: check.fails }
    }
}
