//! Metrics of the user's own.

use super::endpoint::EndpointKey;
use super::known_metrics::known_metric;
use super::metric::{Direction, Statistic};
use super::named::names;
use super::quantile::Quantile;
use super::unit::Unit;
use super::untrusted::{Raw as _, Untrusted};
use super::values::Values;
use std::collections::BTreeMap;

/// What a custom metric is made of, which says how shards add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// A sum.
    Counter,
    /// A state, of which the last value counts.
    Gauge,
    /// A share.
    Rate,
    /// Samples.
    Trend,
}

names!(MetricType {
    Counter => "counter",
    Gauge => "gauge",
    Rate => "rate",
    Trend => "trend",
});

/// A metric of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomMetric {
    /// Its name.
    pub name: Untrusted,
    /// What it is made of, where the file says so.
    pub sort: Option<MetricType>,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better, where the file says so.
    pub direction: Option<Direction>,
    /// Its single number: the value, or the mean of its samples.
    pub value: Option<f64>,
    /// How many samples it has.
    pub count: Option<u64>,
    /// Quantiles of its samples.
    pub quantiles: BTreeMap<Quantile, f64>,
    /// Its samples, where they were read; they stand in no file of perfgate's own.
    pub values: Option<Values>,
    /// The endpoint that it belongs to, or the whole run.
    pub endpoint: EndpointKey,
}

impl CustomMetric {
    /// A metric with this name and unit of which nothing is known yet.
    pub fn new(name: &str, unit: Unit) -> Self {
        Self {
            name: name.into(),
            sort: None,
            unit,
            direction: None,
            value: None,
            count: None,
            quantiles: BTreeMap::new(),
            values: None,
            endpoint: EndpointKey::Total,
        }
    }

    /// A metric of these samples.
    pub fn of_samples(name: &str, unit: Unit, values: Values) -> Self {
        Self {
            sort: Some(MetricType::Trend),
            value: values.mean(),
            count: Some(values.count()),
            quantiles: values.quantiles(),
            values: Some(values),
            ..Self::new(name, unit)
        }
    }

    /// Which way is better: as the file says, or as everybody means it; none where nobody knows.
    pub fn better(&self) -> Option<Direction> {
        let known = || known_metric(self.name.raw()).map(|known| known.direction);
        self.direction.or_else(known)
    }

    /// One number of the metric; none where it was not measured.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Value | Statistic::Mean => self.value,
            Statistic::Quantile(level) => self.quantiles.get(&level).copied(),
            Statistic::Min
            | Statistic::Max
            | Statistic::StdDev
            | Statistic::Cv
            | Statistic::Rate => None,
        }
    }
}
