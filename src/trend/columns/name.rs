//! What a column of numbers is of.

use crate::model::{
    CustomMetric, Endpoint, EndpointKey, Kind, Latency, Metric, Named as _, Raw as _, Statistic,
    Untrusted,
};
use serde::{Deserialize, Serialize};

/// Which number of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::trend) enum Number {
    /// How many requests it had. Every endpoint of a run has this column, whether that is known or not.
    Requests,
    Latency(Statistic),
    ErrorRate,
    Throughput,
    /// Of a part of its requests.
    Part(Untrusted, Statistic),
    /// How many samples a metric has. Every metric of a run has this column.
    Count(MetricName),
    Metric(MetricName, Statistic),
}

/// A metric as a run has it: whoever changes its unit has another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::trend) struct MetricName {
    pub(in crate::trend) name: Untrusted,
    pub(in crate::trend) unit: Untrusted,
}

/// What a column is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ColumnName {
    pub(super) endpoint: EndpointKey,
    pub(super) number: Number,
}

/// The same as text: kind, method, name; what it is, its own name, its unit, the statistic.
#[derive(Serialize, Deserialize)]
struct Text<'t>(
    Option<&'t str>,
    Option<String>,
    String,
    &'t str,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl ColumnName {
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        let text = |own: &Untrusted| Some(own.raw().to_owned());
        let (kind, method, name) = match &self.endpoint {
            EndpointKey::Total => (None, None, String::new()),
            EndpointKey::Named { kind, method, name } => {
                (Some(kind.name()), method.as_ref().and_then(text), name.raw().to_owned())
            }
        };
        let (what, own, unit, statistic) = match &self.number {
            Number::Requests => ("requests", None, None, None),
            Number::Latency(statistic) => ("latency", None, None, Some(statistic)),
            Number::ErrorRate => ("error_rate", None, None, None),
            Number::Throughput => ("throughput", None, None, None),
            Number::Part(part, statistic) => ("part", text(part), None, Some(statistic)),
            Number::Count(own) => ("count", text(&own.name), text(&own.unit), None),
            Number::Metric(own, statistic) => {
                ("metric", text(&own.name), text(&own.unit), Some(statistic))
            }
        };
        let statistic = statistic.map(Statistic::to_string);
        serde_json::to_string(&Text(kind, method, name, what, own, unit, statistic))
    }

    /// What a text says; none where it says nothing that is known here.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let Text(kind, method, name, what, own, unit, statistic) =
            serde_json::from_str(text).ok()?;
        let endpoint = match kind {
            None => EndpointKey::Total,
            Some(kind) => EndpointKey::Named {
                kind: Kind::from_name(kind)?,
                method: method.map(Into::into),
                name: name.into(),
            },
        };
        let statistic = match statistic {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let number = match (what, own, unit, statistic) {
            ("requests", None, None, None) => Number::Requests,
            ("latency", None, None, Some(statistic)) => Number::Latency(statistic),
            ("error_rate", None, None, None) => Number::ErrorRate,
            ("throughput", None, None, None) => Number::Throughput,
            ("part", Some(part), None, Some(statistic)) => Number::Part(part.into(), statistic),
            ("count", Some(name), Some(unit), None) => {
                Number::Count(MetricName { name: name.into(), unit: unit.into() })
            }
            ("metric", Some(name), Some(unit), Some(statistic)) => {
                Number::Metric(MetricName { name: name.into(), unit: unit.into() }, statistic)
            }
            _ => return None,
        };
        Some(Self { endpoint, number })
    }
}

/// Statistics beside percentiles.
const PLAIN: [Statistic; 5] =
    [Statistic::Mean, Statistic::Min, Statistic::Max, Statistic::StdDev, Statistic::Cv];

/// All numbers that were measured of an endpoint.
pub(in crate::trend) fn numbers_of(endpoint: &Endpoint) -> Vec<(Number, f64)> {
    let mut all = Vec::with_capacity(16);
    let levels = |times: Option<&Latency>| {
        let levels = times.into_iter().flat_map(|times| times.quantiles.keys().copied());
        levels.map(Statistic::Quantile).chain(PLAIN).collect::<Vec<_>>()
    };
    for statistic in levels(endpoint.latency.as_ref()) {
        let value = endpoint.value(&Metric::Latency, statistic);
        all.extend(value.map(|value| (Number::Latency(statistic), value)));
    }
    all.extend(endpoint.error_rate().map(|rate| (Number::ErrorRate, rate)));
    all.extend(endpoint.throughput_rps.map(|rate| (Number::Throughput, rate)));
    for (name, part) in &endpoint.parts {
        for statistic in levels(part.times()) {
            let value = part.statistic(statistic);
            all.extend(value.map(|value| (Number::Part(name.clone(), statistic), value)));
        }
    }
    all
}

/// All numbers of a metric.
pub(in crate::trend) fn numbers_of_metric(metric: &CustomMetric) -> Vec<(Statistic, f64)> {
    let single = metric.value.map(|value| (Statistic::Value, value));
    let quantiles = metric.quantiles.iter().map(|(q, value)| (Statistic::Quantile(*q), *value));
    single.into_iter().chain(quantiles).collect()
}
