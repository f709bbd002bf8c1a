//! Which custom metrics have a limit: those that the policy names, of the run or of endpoints, parts of requests among them, and
//! those of benchmarks.

use super::input::Baseline;
use super::join::Pair;
use super::level_shifts::BaselineSeries;
use super::measure::{self, MeasuredSides};
use super::plan::{Test, judges_total_latency, one_sided};
use super::sides::Sides;
use crate::config::{EndpointRules, Removed, Rules, Threshold};
use crate::model::{
    CustomMetric, Direction, Endpoint, EndpointKey, EndpointNames, MeasurementKey, Metric,
    MetricNames, Raw as _, Run, Statistic, Unit, Untrusted,
};
use std::collections::{BTreeMap, BTreeSet};

/// The runs of a comparison, and what is known of them.
pub(super) struct Compared<'a> {
    pub(super) baseline: &'a Baseline,
    pub(super) current: &'a [Run],
    pub(super) pairs: &'a [Pair<'a>],
    pub(super) series: &'a BaselineSeries<'a>,
}

/// The custom metrics that the policy limits, on each endpoint that has one.
pub(super) fn tests_of_custom_metrics(compared: &Compared<'_>, rules: &Rules) -> Vec<Test> {
    let runs = || compared.current.iter().chain(&compared.baseline.runs);
    let names = MetricNames::of(runs());
    let endpoints: EndpointNames<'_> =
        runs().flat_map(|run| &run.endpoints).map(|e| &e.key).collect();
    let with_total = judges_total_latency(compared.pairs);
    let mut tests = Vec::new();
    for written in rules.custom_names() {
        let name = Untrusted::from(names.known_as(written));
        let measured = measured(&name, compared, &endpoints);
        // A script's own metric comes before what a tool measures under the same name.
        if measured.is_empty() {
            tests.extend(tests_of_part(written, &name, compared, rules, with_total));
        }
        // The policy names it, so that it is missed where no side has it.
        let nowhere =
            (!names.contains(name.raw())).then(|| (EndpointKey::Total, OfEndpoint::default()));
        for (key, own) in measured.into_iter().chain(nowhere) {
            tests.extend(tests_of_metric(written, &name, &key, &own, compared, rules));
        }
    }
    let named: BTreeSet<Untrusted> =
        rules.custom_names().into_iter().map(|written| names.known_as(written).into()).collect();
    tests.extend(tests_of_benchmarks(&named, compared, rules, &endpoints));
    tests
}

/// What benchmarks measure beside their times, where the file says which way is better and the policy does not name it.
fn tests_of_benchmarks(
    named: &BTreeSet<Untrusted>,
    compared: &Compared<'_>,
    rules: &Rules,
    endpoints: &EndpointNames<'_>,
) -> Vec<Test> {
    let runs = compared.current.iter().chain(&compared.baseline.runs);
    let metrics = runs.flat_map(|run| &run.metrics).filter(|m| m.endpoint != EndpointKey::Total);
    let own: BTreeSet<&Untrusted> =
        metrics.map(|m| &m.name).filter(|n| !named.contains(*n)).collect();
    let there: BTreeSet<&EndpointKey> =
        compared.current.iter().flat_map(|run| &run.endpoints).map(|e| &e.key).collect();
    let mut tests = Vec::new();
    for name in own {
        for (endpoint, measured) in measured(name, compared, endpoints) {
            let own = rules.for_endpoint(&endpoint);
            let both = Sides {
                baseline: !measured.sides.baseline.is_empty(),
                current: there.contains(&endpoint),
            };
            let judged = !own.ignore && (both.current || rules.removed != Removed::Ignore);
            let example = measured.sides.iter().flatten().next();
            let direction = example.and_then(|metric| metric.direction);
            let limit = own.metrics.filter(|_| judged);
            let Some((direction, limit)) = direction.zip(limit) else { continue };
            let key = key(&endpoint, name, Statistic::Value);
            let value = |(place, own): &(usize, &CustomMetric)| {
                Some((*place, own.statistic(Statistic::Value)?))
            };
            let values: Vec<_> = measured.series.iter().filter_map(value).collect();
            let sides = measured.sides.as_ref().map(Vec::as_slice);
            tests.push(Test {
                unit: example.map_or(Unit::Number, |metric| metric.unit.clone()),
                direction,
                levels: compared.series.levels(&key, &values),
                few: None,
                one_sided: one_sided(both, rules),
                ..new_test(key, &own, limit, measure::custom(sides, Statistic::Value))
            });
        }
    }
    tests
}

fn tests_of_metric(
    written: &str,
    name: &Untrusted,
    endpoint: &EndpointKey,
    measured: &OfEndpoint<'_>,
    compared: &Compared<'_>,
    rules: &Rules,
) -> Vec<Test> {
    let own = rules.for_endpoint(endpoint);
    let example = measured.sides.iter().flatten().next();
    let Some(rule) = own.limits_of(written) else { return Vec::new() };
    let stated = example.and_then(|metric| metric.better());
    let value = |metric: &CustomMetric, statistic| metric.statistic(statistic);
    let limits = rule.limits.iter();
    let test = |(statistic, threshold): (&Statistic, &Threshold)| {
        let key = key(endpoint, name, *statistic);
        let values: Vec<_> = measured
            .series
            .iter()
            .filter_map(|(place, metric)| Some((*place, value(metric, *statistic)?)))
            .collect();
        let sides = measured.sides.as_ref().map(Vec::as_slice);
        Test {
            unit: example.map_or(Unit::Number, |metric| metric.unit.clone()),
            direction: rule.direction.or(stated).unwrap_or(Direction::Lower),
            levels: compared.series.levels(&key, &values),
            ..new_test(key, &own, *threshold, measure::custom(sides, *statistic))
        }
    };
    limits.map(test).collect()
}

/// The limits of a part of requests, on each endpoint that has it. The total's is left to the endpoints where its response time
/// is: their mix moves both.
fn tests_of_part(
    written: &str,
    name: &Untrusted,
    compared: &Compared<'_>,
    rules: &Rules,
    with_total: bool,
) -> Vec<Test> {
    let has = |pair: &&Pair<'_>| {
        let mut sides = pair.baseline.iter().chain(&pair.current);
        // What is on one side only is told by its response time.
        let both = !pair.baseline.is_empty() && !pair.current.is_empty();
        both && sides.any(|e| e.parts.contains_key(name))
    };
    let (total, of_endpoints): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) =
        compared.pairs.iter().filter(has).partition(|pair| pair.key == EndpointKey::Total);
    let total = total.into_iter().filter(|_| with_total || of_endpoints.is_empty());
    let mut tests = Vec::new();
    for pair in total.chain(of_endpoints.iter().copied()) {
        let own = rules.for_endpoint(&pair.key);
        let Some(rule) = own.limits_of(written) else { continue };
        let times = |side: &[&Endpoint]| -> Vec<Endpoint> {
            side.iter().map(|endpoint| endpoint.with_times_of(name)).collect()
        };
        let (baseline, current) = (times(&pair.baseline), times(&pair.current));
        let (baseline, current): (Vec<&Endpoint>, Vec<&Endpoint>) =
            (baseline.iter().collect(), current.iter().collect());
        let sides = Sides { baseline: baseline.as_slice(), current: current.as_slice() };
        for (statistic, threshold) in &rule.limits {
            let key = key(&pair.key, name, *statistic);
            let value = |(place, endpoint): &(usize, &Endpoint)| {
                Some((*place, endpoint.value(&key.metric, *statistic)?))
            };
            let values: Vec<_> = pair.series.iter().filter_map(value).collect();
            let levels = compared.series.levels(&key, &values);
            let measured = measure::latency(sides, statistic.of_samples(), own.min_requests);
            tests.push(Test { levels, ..new_test(key, &own, *threshold, measured) });
        }
    }
    tests
}

fn key(endpoint: &EndpointKey, name: &Untrusted, statistic: Statistic) -> MeasurementKey {
    let metric = Metric::Custom(name.clone());
    MeasurementKey { endpoint: endpoint.clone(), metric, statistic }
}

/// A test of times, of which less is better.
fn new_test(
    key: MeasurementKey,
    own: &EndpointRules,
    threshold: Threshold,
    measured: MeasuredSides,
) -> Test {
    Test {
        key,
        unit: Unit::Milliseconds,
        direction: Direction::Lower,
        threshold,
        severity: own.severity,
        measured,
        levels: Vec::new(),
        control: own.control,
        parts: Vec::new(),
        kinds: Vec::new(),
        few: None,
        one_sided: None,
    }
}

/// A custom metric of one endpoint.
#[derive(Default)]
struct OfEndpoint<'a> {
    /// In the window's runs and in the new ones.
    sides: Sides<Vec<&'a CustomMetric>>,
    /// In the window's runs and those before them, each with its place in the whole series.
    series: Vec<(usize, &'a CustomMetric)>,
}

/// What was measured of a custom metric, by endpoint.
fn measured<'a>(
    name: &Untrusted,
    compared: &Compared<'a>,
    names: &EndpointNames<'_>,
) -> BTreeMap<EndpointKey, OfEndpoint<'a>> {
    let Compared { baseline, current, .. } = compared;
    let of_name = |run: &'a Run| run.metrics.iter().filter(|m| m.name == *name);
    let mut all: BTreeMap<EndpointKey, OfEndpoint<'a>> = BTreeMap::new();
    for metric in baseline.runs.iter().flat_map(of_name) {
        all.entry(names.known(&metric.endpoint)).or_default().sides.baseline.push(metric);
    }
    for metric in current.iter().flat_map(of_name) {
        all.entry(names.known(&metric.endpoint)).or_default().sides.current.push(metric);
    }
    for (place, run) in baseline.runs.iter().chain(&baseline.earlier).enumerate() {
        for metric in of_name(run) {
            if let Some(own) = all.get_mut(&names.known(&metric.endpoint))
                && own.series.last().is_none_or(|(last, _)| *last != place)
            {
                own.series.push((place, metric));
            }
        }
    }
    all
}
