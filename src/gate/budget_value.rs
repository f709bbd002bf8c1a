//! The value that a budget limits, or why there is none.

use super::measure::{self, MeasuredSides};
use super::sides::Sides;
use super::verdict::Missing;
use crate::config::{Budget, Limited, QuantityKind, Rules, Scope, Severity};
use crate::model::{
    CustomMetric, Endpoint, EndpointKey, EndpointNames, Kind, KnownMetric, MeasurementKey, Metric,
    MetricNames, Raw as _, Resource, Run, Statistic, Unit, Untrusted, known_metric,
};
use crate::stats::median;
use std::collections::{BTreeMap, BTreeSet};

/// The prefix of what the watched service used, beside what the whole machine did.
pub(super) const SERVICE: &str = "service_";

/// A value to be judged, or why there is none.
pub(super) struct BudgetValue {
    pub(super) subject: Untrusted,
    pub(super) unit: Unit,
    pub(super) value: Result<f64, Missing>,
    pub(super) severity: Severity,
}

/// What budgets are held against.
pub(super) struct Judged<'a> {
    pub(super) runs: &'a [Run],
    pub(super) rules: &'a Rules,
    pub(super) names: EndpointNames<'a>,
    pub(super) metric_names: MetricNames<'a>,
    /// The custom metrics of all runs, by name and endpoint.
    pub(super) metrics: BTreeMap<&'a Untrusted, BTreeMap<EndpointKey, Vec<&'a CustomMetric>>>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(runs: &'a [Run], rules: &'a Rules) -> Self {
        let names: EndpointNames<'a> =
            runs.iter().flat_map(|run| &run.endpoints).map(|endpoint| &endpoint.key).collect();
        let mut metrics: BTreeMap<&Untrusted, BTreeMap<EndpointKey, Vec<_>>> = BTreeMap::new();
        for metric in runs.iter().flat_map(|run| &run.metrics) {
            let of_name = metrics.entry(&metric.name).or_default();
            of_name.entry(names.known(&metric.endpoint)).or_default().push(metric);
        }
        Self { runs, rules, names, metric_names: MetricNames::of(runs.iter()), metrics }
    }
}

impl<'a> Judged<'a> {
    /// The endpoint in each run that has it.
    fn of_endpoint(&self, key: &'a EndpointKey) -> impl Iterator<Item = &'a Endpoint> {
        let runs = self.runs.iter();
        runs.filter_map(move |run| run.all_endpoints().find(|e| e.key == *key))
    }

    /// The endpoints of which there is a metric of this name or, where there is none at all, a part of requests; none where it is
    /// known of the whole run alone.
    pub(super) fn endpoints_with(&self, name: &Untrusted) -> BTreeSet<EndpointKey> {
        if let Some(metrics) = self.metrics.get(name) {
            return metrics.keys().filter(|key| self.names.contains(key)).cloned().collect();
        }
        let all = self.runs.iter().flat_map(|run| &run.endpoints);
        all.filter(|e| e.parts.contains_key(name)).map(|e| e.key.clone()).collect()
    }

    /// Whether a part of requests is known of some HTTP endpoints and not of others, so that the total says more.
    pub(super) fn is_known_of_some(&self, name: &Untrusted) -> bool {
        if self.metrics.contains_key(name) {
            return false;
        }
        let http = |e: &&Endpoint| matches!(e.key, EndpointKey::Named { kind: Kind::Http, .. });
        let all = self.runs.iter().flat_map(|run| &run.endpoints).filter(http);
        let (with, without): (Vec<&Endpoint>, Vec<&Endpoint>) =
            all.filter(|e| !e.is_empty()).partition(|e| e.parts.contains_key(name));
        !with.is_empty() && !without.is_empty()
    }
}

/// The endpoints of a scope.
pub(super) fn scoped(scope: &Scope, judged: &Judged<'_>) -> Vec<EndpointKey> {
    let (runs, rules) = (judged.runs, judged.rules);
    let all = || runs.iter().flat_map(Run::all_endpoints).map(|e| &e.key);
    let mut seen = BTreeSet::new();
    let holds = |key: &EndpointKey| match scope {
        Scope::Total => *key == EndpointKey::Total,
        Scope::Endpoints(pattern) => pattern.matches(key) && !rules.for_endpoint(key).ignore,
        Scope::Class(class) => {
            let own = rules.for_endpoint(key);
            *key != EndpointKey::Total && own.class.as_ref() == Some(class) && !own.ignore
        }
    };
    let mut found: Vec<EndpointKey> =
        all().filter(|key| holds(key) && seen.insert((*key).clone())).cloned().collect();
    // Where a file knows no endpoints, its total is all that there is of the class.
    let knows_endpoints = all().any(|key| *key != EndpointKey::Total);
    let total = rules.for_endpoint(&EndpointKey::Total).class;
    if matches!(scope, Scope::Class(class) if !knows_endpoints && total.as_ref() == Some(class)) {
        found.push(EndpointKey::Total);
    }
    found
}

/// A budget whose endpoints no run has.
pub(super) fn not_measured(budget: &Budget) -> BudgetValue {
    let unit = match &budget.limited {
        Limited::Measurement(_, Metric::Latency, statistic) => Unit::of_latency(*statistic),
        Limited::Measurement(_, Metric::ErrorRate, _) => Unit::Ratio,
        Limited::Measurement(_, Metric::Throughput, _) => Unit::PerSecond,
        Limited::Measurement(_, Metric::Custom(name), _) => {
            known_metric(name.raw()).map_or(Unit::Number, KnownMetric::unit)
        }
        _ => Unit::Number,
    };
    BudgetValue {
        subject: budget.name.as_str().into(),
        unit,
        value: Err(Missing::NotMeasured),
        severity: Severity::Fail,
    }
}

/// What a budget on this measurement is about: `total p95`, `POST /api/chat error rate`, `cache_hit_rate`.
pub fn budget_subject(key: &MeasurementKey) -> Untrusted {
    let subject = key.text().map(|text| text.replace("error_rate", "error rate"));
    match key.metric {
        Metric::Custom(_) => {
            subject.map(|text| text.strip_prefix("total ").unwrap_or(text).to_owned())
        }
        _ => subject,
    }
}

pub(super) fn measure_key(key: &MeasurementKey, judged: &Judged<'_>) -> BudgetValue {
    let own = judged.rules.for_endpoint(&key.endpoint);
    let subject = budget_subject(key);
    if let Metric::Custom(name) = &key.metric {
        let (unit, value) = custom(key, name, judged);
        return BudgetValue { subject, unit, value, severity: own.severity };
    }
    let endpoints: Vec<&Endpoint> = judged.of_endpoint(&key.endpoint).collect();
    let sides = both(endpoints.as_slice());
    let (unit, measured) = match key.metric {
        Metric::Latency => (
            Unit::of_latency(key.statistic),
            measure::latency(sides, key.statistic, own.min_requests),
        ),
        Metric::ErrorRate => (Unit::Ratio, measure::error_rate(sides)),
        Metric::Throughput | Metric::Custom(_) => (Unit::PerSecond, measure::throughput(sides)),
    };
    BudgetValue { subject, unit, value: value(measured), severity: own.severity }
}

/// The value of a metric of the runs or, where none has it, of a resource of that name; and its unit.
fn custom(
    key: &MeasurementKey,
    name: &Untrusted,
    judged: &Judged<'_>,
) -> (Unit, Result<f64, Missing>) {
    let all = judged.metrics.get(name).and_then(|own| own.get(&key.endpoint));
    let all = all.map_or(&[][..], Vec::as_slice);
    match all.first() {
        Some(metric) => (metric.unit.clone(), value(measure::custom(both(all), key.statistic))),
        None => match part(key, name, judged) {
            Some(value) => (Unit::Milliseconds, value),
            None => resource_by_key(name, key.statistic, judged.runs),
        },
    }
}

/// The value of a part of an endpoint's requests; none where no run has it.
fn part(
    key: &MeasurementKey,
    name: &Untrusted,
    judged: &Judged<'_>,
) -> Option<Result<f64, Missing>> {
    let endpoints: Vec<&Endpoint> = judged.of_endpoint(&key.endpoint).collect();
    if !endpoints.iter().any(|endpoint| endpoint.parts.contains_key(name)) {
        return None;
    }
    let times: Vec<Endpoint> = endpoints.iter().map(|own| own.with_times_of(name)).collect();
    let times: Vec<&Endpoint> = times.iter().collect();
    let min_requests = judged.rules.for_endpoint(&key.endpoint).min_requests;
    let sides = both(times.as_slice());
    Some(value(measure::latency(sides, key.statistic.of_samples(), min_requests)))
}

/// A resource by its key, whose unit is the end of it.
fn resource_by_key(
    key: &Untrusted,
    statistic: Statistic,
    runs: &[Run],
) -> (Unit, Result<f64, Missing>) {
    let number = |run: &Run| {
        let own = run.resources.get(key)?;
        match statistic {
            Statistic::Value | Statistic::Mean => own.mean,
            Statistic::Max => own.max,
            _ => None,
        }
    };
    let used: Vec<f64> = runs.iter().filter_map(number).collect();
    let unit = ["percent", "mb"].into_iter().find(|unit| key.raw().ends_with(&format!("_{unit}")));
    let unit = unit.map_or(Unit::Number, |unit| Unit::Other(unit.into()));
    (unit, median(&used).ok_or(Missing::NotMeasured))
}

/// The same runs on both sides: a budget knows no baseline.
fn both<T: Copy>(runs: T) -> Sides<T> {
    Sides { baseline: runs, current: runs }
}

fn value(measured: MeasuredSides) -> Result<f64, Missing> {
    measured.sides.map(|sides| sides.current.value)
}

/// A resource of the service where it was watched, else of the machine.
pub(super) fn resource(
    budget: &Budget,
    name: &str,
    statistic: Statistic,
    runs: &[Run],
) -> BudgetValue {
    let in_bytes = budget.tiers.iter().any(|(_, bound)| bound.kind == QuantityKind::Size);
    let unit = if in_bytes { "mb" } else { "percent" };
    let found = used(runs, &format!("{name}_{unit}"));
    let number = |resource: &Resource| match statistic {
        Statistic::Max => resource.max,
        _ => resource.mean,
    };
    let values: Vec<f64> = found.iter().flat_map(|(_, all)| all).filter_map(number).collect();
    let value = median(&values).ok_or(Missing::NotMeasured);
    let name = found.map_or(name.to_owned(), |(key, _)| {
        key.trim_end_matches(unit).trim_end_matches('_').replace('_', " ")
    });
    let unit = if in_bytes { Unit::Bytes } else { Unit::Ratio };
    let factor = if in_bytes { 1e6 } else { 0.01 };
    let value = value.map(|value| value * factor);
    BudgetValue {
        subject: format!("{name} {statistic}").into(),
        unit,
        value,
        severity: Severity::Fail,
    }
}

/// What the runs used of a resource, under the name that all of them have.
pub(super) fn used(runs: &[Run], name: &str) -> Option<(String, Vec<Resource>)> {
    [format!("{SERVICE}{name}"), name.to_owned()].into_iter().find_map(|key| {
        let all: Option<Vec<Resource>> =
            runs.iter().map(|run| run.resources.get(key.as_str()).copied()).collect();
        Some((key, all.filter(|all| !all.is_empty())?))
    })
}
