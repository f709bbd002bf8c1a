//! Which measurements have a limit: every endpoint, the total, and the custom metrics that the policy names.

use super::join::Pair;
use super::measure::{Measured, custom, error_rate, latency, throughput};
use super::report::{Reason, Verdict};
use crate::config::{EndpointRules, Removed, Rules, Severity, Threshold};
use crate::model::{Direction, Endpoint, EndpointKey, Kind, Metric, Run, Statistic, Unit};
use std::collections::BTreeSet;

/// Share of the total's requests that the endpoints must hold for the total's latency to be left to them.
const ENDPOINTS_SPEAK_FOR_TOTAL: f64 = 0.9;

/// One measurement with a limit, before its verdict.
pub(super) struct Test {
    pub(super) endpoint: EndpointKey,
    pub(super) metric: Metric,
    pub(super) statistic: Statistic,
    pub(super) unit: Unit,
    pub(super) direction: Direction,
    pub(super) threshold: Threshold,
    pub(super) severity: Severity,
    pub(super) measured: Measured,
    /// Set when the endpoint is only on one side.
    pub(super) one_sided: Option<(Verdict, Reason)>,
}

/// Everything about endpoints and the total that has a limit.
pub(super) fn tests_of_endpoints(pairs: &[Pair<'_>], rules: &Rules) -> Vec<Test> {
    let total_latency = judges_total_latency(pairs);
    let mut tests = Vec::new();
    for pair in pairs {
        let own = rules.for_endpoint(&pair.key);
        let one_sided = match (pair.baseline.is_empty(), pair.current.is_empty()) {
            (true, _) => Some((Verdict::NotCompared, Reason::NewEndpoint)),
            (_, true) => match rules.removed {
                Removed::Ignore => continue,
                Removed::Warn => Some((Verdict::Warn, Reason::Removed)),
                Removed::Fail => Some((Verdict::Fail, Reason::Removed)),
            },
            _ => None,
        };
        if !own.ignore {
            let total = pair.key == EndpointKey::Total;
            tests.extend(tests_of_pair(pair, &own, !total || total_latency, one_sided));
        }
    }
    tests
}

fn tests_of_pair(
    pair: &Pair<'_>,
    rules: &EndpointRules,
    with_latency: bool,
    one_sided: Option<(Verdict, Reason)>,
) -> Vec<Test> {
    let sides = [pair.baseline.as_slice(), pair.current.as_slice()];
    let test = |metric, statistic, unit, direction, threshold, measured| Test {
        endpoint: pair.key.clone(),
        metric,
        statistic,
        unit,
        direction,
        threshold,
        severity: rules.severity,
        measured,
        one_sided,
    };
    // What neither side of a single endpoint measures is not missed; of the total it is.
    let missed = |measured: &Measured| measured.counted || pair.key == EndpointKey::Total;
    // An endpoint on one side only is told by what that side has of it.
    let there =
        |measured: &Measured| one_sided.is_none() || measured.values.iter().any(Option::is_some);
    let mut tests = Vec::new();
    if with_latency {
        for (statistic, threshold) in &rules.latency {
            let measured = latency(sides, *statistic, rules.min_requests);
            let lower = Direction::Lower;
            tests.push(test(
                Metric::Latency,
                *statistic,
                Unit::Milliseconds,
                lower,
                *threshold,
                measured,
            ));
        }
    }
    if let Some(threshold) = rules.error_rate {
        let measured = error_rate(sides);
        if missed(&measured) {
            let lower = Direction::Lower;
            tests.push(test(
                Metric::ErrorRate,
                Statistic::Rate,
                Unit::Ratio,
                lower,
                threshold,
                measured,
            ));
        }
    }
    if let Some(threshold) = rules.throughput {
        let measured = throughput(sides);
        if missed(&measured) {
            let higher = Direction::Higher;
            tests.push(test(
                Metric::Throughput,
                Statistic::Rate,
                Unit::PerSecond,
                higher,
                threshold,
                measured,
            ));
        }
    }
    tests.retain(|test| there(&test.measured));
    tests
}

/// The total's latency is judged only where no endpoints speak for it, because their mix moves it: where a file knows
/// none, or only some of them.
fn judges_total_latency(pairs: &[Pair<'_>]) -> bool {
    total_stands_alone(pairs, |pair| pair.baseline.first().copied())
        || total_stands_alone(pairs, |pair| pair.current.first().copied())
}

/// Whether the endpoints of one side do not speak for its total: because there are none, because they hold only a part of
/// its requests, or because nobody knows how many they hold.
fn total_stands_alone<'a>(pairs: &[Pair<'a>], side: fn(&Pair<'a>) -> Option<&'a Endpoint>) -> bool {
    let requests = |pair: &Pair<'a>| side(pair).and_then(|e| e.requests).map(|n| n as f64);
    let total = pairs.iter().find(|pair| pair.key == EndpointKey::Total).and_then(requests);
    // Groups and scenarios hold requests that endpoints hold as well.
    let counts = |kinds: &[Kind]| {
        let own = |pair: &&Pair<'a>| {
            matches!(&pair.key, EndpointKey::Named { kind, .. } if !kinds.contains(kind))
                && side(pair).is_some()
        };
        pairs.iter().filter(own).map(requests).sum::<Option<f64>>()
    };
    let Some(total) = total else { return true };
    let all = counts(&[Kind::Group, Kind::Scenario]);
    // k6's total does not hold WebSocket and gRPC: then all endpoints together have more requests than the total.
    let held = match all {
        Some(held) if held > total => {
            counts(&[Kind::Group, Kind::Scenario, Kind::Websocket, Kind::Grpc])
        }
        other => other,
    };
    held.is_none_or(|held| held < ENDPOINTS_SPEAK_FOR_TOTAL * total)
}

/// The custom metrics that the policy limits, on each endpoint that has one.
pub(super) fn tests_of_custom_metrics(
    baseline: &[Run],
    current: &[Run],
    rules: &Rules,
) -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, rule) in &rules.custom {
        let of_name = |run: &'_ Run| {
            run.metrics.iter().filter(|m| m.name == *name).cloned().collect::<Vec<_>>()
        };
        let sides =
            [baseline, current].map(|runs| runs.iter().flat_map(of_name).collect::<Vec<_>>());
        let mut endpoints: BTreeSet<Option<String>> =
            sides.iter().flatten().map(|m| m.endpoint.clone()).collect();
        if endpoints.is_empty() {
            endpoints.insert(None);
        }
        for endpoint in endpoints {
            let key = endpoint.as_ref().map_or(EndpointKey::Total, |name| {
                let runs = || current.iter().chain(baseline);
                let known =
                    runs().flat_map(|run| &run.endpoints).find(|e| e.key.to_string() == *name);
                known.map_or_else(|| EndpointKey::named(Kind::Task, None, name), |e| e.key.clone())
            });
            let own = rules.for_endpoint(&key);
            let here = sides.each_ref().map(|side| {
                side.iter().filter(|m| m.endpoint == endpoint).cloned().collect::<Vec<_>>()
            });
            let example = here.iter().flatten().next();
            let stated = example.and_then(|m| m.direction);
            for (statistic, threshold) in rule.limits.iter().filter(|_| !own.ignore) {
                tests.push(Test {
                    endpoint: key.clone(),
                    metric: Metric::Custom(name.clone()),
                    statistic: *statistic,
                    unit: example.map_or(Unit::Number, |m| m.unit.clone()),
                    direction: rule.direction.or(stated).unwrap_or(Direction::Lower),
                    threshold: *threshold,
                    severity: own.severity,
                    measured: custom([&here[0], &here[1]], *statistic),
                    one_sided: None,
                });
            }
        }
    }
    tests
}
