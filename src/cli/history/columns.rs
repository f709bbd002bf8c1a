//! The columns of a history: which measurements are shown.

use crate::cli::codes;
use crate::cli::error::CliError;
use crate::config::{Pattern, suggest};
use crate::model::{
    CustomMetric, Direction, EndpointKey, MeasurementKey, Metric, MetricNames, Quantile, Raw as _,
    Run, Statistic, Unit,
};
use crate::trend::Column;

/// Endpoints that are shown where none are selected.
const BUSIEST: usize = 4;

/// Which measurements of a run are shown.
#[derive(Debug, Clone)]
pub(in crate::cli) enum ColumnSelection {
    /// Those of these names, each of which must be recorded.
    Named(Vec<String>),
    /// Those of these names in the policy: what a test does not measure is said and left out.
    OfPolicy(Vec<String>),
    /// Those that match.
    Matching(Matching),
}

/// Measurements by endpoint, metric and statistic.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Matching {
    /// Endpoints; none: the busiest.
    pub(in crate::cli) endpoints: Vec<Pattern>,
    /// Metrics by name; none: latency, and the total's throughput and error rate.
    pub(in crate::cli) metrics: Vec<String>,
    /// Statistics of a latency, at least one.
    pub(in crate::cli) statistics: Vec<Statistic>,
}

impl Default for Matching {
    fn default() -> Self {
        let statistics = vec![Statistic::Quantile(Quantile::P95)];
        Self { endpoints: Vec::new(), metrics: Vec::new(), statistics }
    }
}

impl Matching {
    /// The selected measurements of those that the newest run has.
    pub(super) fn columns(&self, newest: &Run) -> Result<Vec<Column>, CliError> {
        let endpoints = self.endpoints(newest);
        let mut keys = Vec::new();
        let mut add = |endpoint: &EndpointKey, metric: Metric, statistic: Statistic| {
            keys.push(MeasurementKey { endpoint: endpoint.clone(), metric, statistic });
        };
        let default = ["latency".to_owned()];
        let metrics = if self.metrics.is_empty() { &default[..] } else { &self.metrics };
        let names = MetricNames::of(std::iter::once(newest));
        for metric in metrics {
            let metric = names.known_as(metric);
            for endpoint in &endpoints {
                match metric {
                    "latency" => {
                        self.statistics.iter().for_each(|s| add(endpoint, Metric::Latency, *s));
                    }
                    "error_rate" => add(endpoint, Metric::ErrorRate, Statistic::Rate),
                    "throughput" => add(endpoint, Metric::Throughput, Statistic::Rate),
                    part => {
                        let statistics = self.statistics.iter();
                        statistics.for_each(|s| add(endpoint, Metric::Custom(part.into()), *s));
                    }
                }
            }
            for own in newest.metrics.iter().filter(|own| own.name == metric) {
                let statistic =
                    if own.value.is_some() { Statistic::Value } else { self.statistics[0] };
                add(&own.endpoint, Metric::Custom(own.name.clone()), statistic);
            }
        }
        if self.metrics.is_empty() && self.endpoints.is_empty() {
            add(&EndpointKey::Total, Metric::Throughput, Statistic::Rate);
            add(&EndpointKey::Total, Metric::ErrorRate, Statistic::Rate);
        }
        keys.retain(|key| newest.value(key).is_some());
        keys.dedup();
        if keys.is_empty() {
            let problem = "no recorded measurement matches these arguments";
            return Err(CliError::coded(&codes::UNKNOWN_MEASUREMENT, problem, self.meant(newest)));
        }
        Ok(keys.into_iter().map(|key| column(key, newest)).collect())
    }

    /// What was probably meant, and what there is.
    fn meant(&self, newest: &Run) -> String {
        let endpoints: Vec<String> =
            newest.all_endpoints().map(|own| own.key.text().into_raw()).collect();
        let custom = newest.metrics.iter().map(|own| own.name.raw().to_owned());
        let metrics = ["latency", "error_rate", "throughput"].map(str::to_owned);
        let metrics: Vec<String> = metrics.into_iter().chain(custom).collect();
        let near = |name: &str, known: &[String]| {
            suggest(name, known.iter().map(String::as_str)).map(str::to_owned)
        };
        let of_metrics = self.metrics.iter().find_map(|name| near(name, &metrics));
        let of_endpoints = || self.endpoints.iter().find_map(|own| near(own.text(), &endpoints));
        let meant = of_metrics.or_else(of_endpoints);
        let meant = meant.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
        let some: Vec<String> = endpoints.into_iter().take(5).collect();
        format!(
            "{meant}the newest run has {}; `perfgate baseline show` prints all of it",
            some.join(", ")
        )
    }

    fn endpoints<'r>(&self, newest: &'r Run) -> Vec<&'r EndpointKey> {
        if !self.endpoints.is_empty() {
            let all = newest.all_endpoints().map(|e| &e.key);
            return all.filter(|key| self.endpoints.iter().any(|p| p.matches(key))).collect();
        }
        let mut busiest: Vec<_> = newest.endpoints.iter().collect();
        busiest.sort_by_key(|e| std::cmp::Reverse(e.requests));
        match busiest.as_slice() {
            [] => vec![&newest.total.key],
            _ => busiest.into_iter().take(BUSIEST).map(|e| &e.key).collect(),
        }
    }
}

/// Every measurement of a run that a person would look at.
pub(super) fn everything(run: &Run) -> Vec<MeasurementKey> {
    let mut keys = Vec::new();
    let latency = [Quantile::P50, Quantile::P95, Quantile::P99].map(Statistic::Quantile);
    for endpoint in run.all_endpoints() {
        let mut add = |metric: Metric, statistic: Statistic| {
            keys.push(MeasurementKey { endpoint: endpoint.key.clone(), metric, statistic });
        };
        latency.into_iter().for_each(|statistic| add(Metric::Latency, statistic));
        add(Metric::ErrorRate, Statistic::Rate);
        add(Metric::Throughput, Statistic::Rate);
    }
    for own in &run.metrics {
        let endpoint = &own.endpoint;
        let statistics = own.value.map(|_| Statistic::Value).into_iter();
        for statistic in statistics.chain(own.quantiles.keys().map(|q| Statistic::Quantile(*q))) {
            let metric = Metric::Custom(own.name.clone());
            keys.push(MeasurementKey { endpoint: endpoint.clone(), metric, statistic });
        }
    }
    keys.retain(|key| run.value(key).is_some());
    keys
}

pub(super) fn column(key: MeasurementKey, run: &Run) -> Column {
    let (unit, direction) = match &key.metric {
        Metric::Latency => (Unit::of_latency(key.statistic), Direction::Lower),
        Metric::ErrorRate => (Unit::Ratio, Direction::Lower),
        Metric::Throughput => (Unit::PerSecond, Direction::Higher),
        Metric::Custom(name) => {
            let own = run.metrics.iter().find(|own| own.name == *name);
            let direction = own.and_then(CustomMetric::better).unwrap_or(Direction::Lower);
            let unit = match own {
                Some(own) => own.unit.clone(),
                // The parts of requests are all times.
                None => Unit::Milliseconds,
            };
            (unit, direction)
        }
    };
    Column { key, heading: None, unit, direction }
}
