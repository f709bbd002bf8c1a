//! Which measurements have a limit: those of every endpoint, and of the total.

use super::few_compared::Question;
use super::finding::FewCompared;
use super::join::Pair;
use super::level_shifts::BaselineSeries;
use super::measure::{self, MeasuredSides};
use super::sides::Sides;
use super::verdict::{Missing, Reason};
use crate::config::{EndpointRules, Removed, Rules, Severity, Threshold};
use crate::model::{
    Direction, Endpoint, EndpointKey, Kind, MeasurementKey, Metric, PartTime, Quantile, Run,
    Statistic, Unit, Untrusted,
};
use crate::stats::{Matrix, median};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of failure that a finding tells.
const MOST_KINDS: usize = 5;
/// Share of the total's requests that the endpoints must hold for the total's latency to be left to them.
const ENDPOINTS_SPEAK_FOR_TOTAL: f64 = 0.9;

/// One measurement with a limit, before its verdict.
pub(super) struct Test {
    pub(super) key: MeasurementKey,
    pub(super) unit: Unit,
    pub(super) direction: Direction,
    pub(super) threshold: Threshold,
    pub(super) severity: Severity,
    pub(super) measured: MeasuredSides,
    /// Where the baseline runs come to another level of this test: places of runs, nearest first.
    pub(super) levels: Vec<usize>,
    /// Whether the change under test cannot touch it: it is not judged, and shows what a run does to all endpoints.
    pub(super) control: bool,
    /// The parts of the response time, before and after.
    pub(super) parts: Vec<(Untrusted, Sides<f64>)>,
    /// Of an error rate, how often each kind of failure came, before and after.
    pub(super) kinds: Vec<(Untrusted, Sides<u64>)>,
    /// What the calls say, where they are too few for a quantile as measured.
    pub(super) few: Option<FewCompared>,
    /// Set when the endpoint is only on one side.
    pub(super) one_sided: Option<Reason>,
}

/// Everything about endpoints and the total that has a limit.
pub(super) fn tests_of_endpoints(
    pairs: &[Pair<'_>],
    series: &BaselineSeries<'_>,
    rules: &Rules,
) -> Vec<Test> {
    let total_latency = judges_total_latency(pairs);
    let has_total = has_total(pairs);
    let mut tests = Vec::new();
    for pair in pairs.iter().filter(|pair| has_total || pair.key != EndpointKey::Total) {
        let own = rules.for_endpoint(&pair.key);
        let there =
            Sides { baseline: !pair.baseline.is_empty(), current: !pair.current.is_empty() };
        let one_sided = one_sided(there, rules).map(|reason| {
            // A load has a total that tells of failures; a new benchmark that fails has nothing else.
            let fails = |e: &&Endpoint| e.key.kind() == Some(Kind::Bench) && e.all_failed();
            let broken = !there.baseline && pair.current.iter().any(fails);
            if broken { Reason::Missing(Missing::AllFailed) } else { reason }
        });
        let passed_over = !there.current && rules.removed == Removed::Ignore;
        if !own.ignore && !passed_over {
            let total = pair.key == EndpointKey::Total;
            let with_latency = !total || total_latency;
            let own = Own { rules: &own, of_all: rules };
            tests.extend(tests_of_pair(pair, series, own, with_latency, one_sided));
        }
    }
    tests
}

/// Why what is only there on one side is not judged; none of what is on both.
pub(super) fn one_sided(there: Sides<bool>, rules: &Rules) -> Option<Reason> {
    match (there.baseline, there.current, rules.removed) {
        (false, _, _) => Some(Reason::NewEndpoint),
        (_, false, Removed::Fail) => Some(Reason::Removed(Severity::Fail)),
        (_, false, Removed::Warn | Removed::Ignore) => Some(Reason::Removed(Severity::Warn)),
        _ => None,
    }
}

/// The rules for one endpoint, and those that they are of.
#[derive(Clone, Copy)]
struct Own<'a> {
    rules: &'a EndpointRules,
    of_all: &'a Rules,
}

fn tests_of_pair(
    pair: &Pair<'_>,
    series: &BaselineSeries<'_>,
    Own { rules, of_all }: Own<'_>,
    with_latency: bool,
    one_sided: Option<Reason>,
) -> Vec<Test> {
    let sides = Sides { baseline: pair.baseline.as_slice(), current: pair.current.as_slice() };
    let test = |metric, statistic, unit, direction, threshold| {
        let key = MeasurementKey { endpoint: pair.key.clone(), metric, statistic };
        let value =
            |(place, e): &(usize, &Endpoint)| Some((*place, e.value(&key.metric, statistic)?));
        let levels = series.levels(&key, &pair.series.iter().filter_map(value).collect::<Vec<_>>());
        // What is counted before a step is counted of other code.
        let level = levels.first().copied().unwrap_or(usize::MAX);
        let now = pair.series.iter().zip(&pair.baseline);
        let now: Vec<&Endpoint> =
            now.filter(|((place, _), _)| *place < level).map(|(_, e)| *e).collect();
        let counted =
            if now.is_empty() { sides } else { Sides { baseline: now.as_slice(), ..sides } };
        let mut kinds = Vec::new();
        let measured = match key.metric {
            Metric::Latency => measure::latency(sides, statistic, rules.min_requests),
            Metric::Throughput => measure::throughput(sides),
            Metric::ErrorRate | Metric::Custom(_) => {
                kinds = kinds_of_failure(counted);
                measure::error_rate(counted)
            }
        };
        let few = match (statistic, &measured.sides) {
            (Statistic::Quantile(level), Err(Missing::TooFewRequests { .. })) => {
                Question { key: &key, level, threshold, sides: counted }.answer(of_all)
            }
            _ => None,
        };
        let severity = rules.severity;
        let control = rules.control;
        let parts = match key.metric {
            Metric::Latency => parts(sides),
            _ => Vec::new(),
        };
        Test {
            key,
            unit,
            direction,
            threshold,
            severity,
            measured,
            levels,
            control,
            parts,
            kinds,
            few,
            one_sided,
        }
    };
    let of_latency = |(statistic, limit): (&Statistic, &Threshold)| {
        let statistic = measured_statistic(sides, *statistic)?;
        Some(test(Metric::Latency, statistic, Unit::Milliseconds, Direction::Lower, *limit))
    };
    // What neither side of a single endpoint measures is not missed; of the total it is.
    let missed = |test: &Test| test.measured.counted || pair.key == EndpointKey::Total;
    let mut tests = Vec::new();
    if with_latency {
        tests.extend(rules.latency.iter().filter_map(of_latency));
    }
    let error_rate = rules.error_rate.map(|limit| {
        test(Metric::ErrorRate, Statistic::Rate, Unit::Ratio, Direction::Lower, limit)
    });
    let throughput = rules.throughput.map(|limit| {
        test(Metric::Throughput, Statistic::Rate, Unit::PerSecond, Direction::Higher, limit)
    });
    tests.extend(error_rate.into_iter().chain(throughput).filter(missed));
    // An endpoint on one side only is told by what that side has of it.
    tests.retain(|test| one_sided.is_none() || test.measured.values.iter().any(Option::is_some));
    tests
}

/// The statistic that a limit holds for, where there is one to judge: of a benchmark whose file has no median, its mean; none of
/// a benchmark without times.
fn measured_statistic(sides: Sides<&[&Endpoint]>, limited: Statistic) -> Option<Statistic> {
    let all = || sides.iter().flat_map(|side| side.iter());
    if all().any(|e| e.key.kind() != Some(Kind::Bench)) {
        return Some(limited);
    }
    let has = |statistic| all().any(|e| e.value(&Metric::Latency, statistic).is_some());
    let median = Statistic::Quantile(Quantile::P50);
    if limited == median && !has(median) && has(Statistic::Mean) {
        return Some(Statistic::Mean);
    }
    all().any(|e| e.latency.is_some() || e.all_failed()).then_some(limited)
}

/// The mean of each part of the response time on both sides, where both know any: the median over the runs.
fn parts(sides: Sides<&[&Endpoint]>) -> Vec<(Untrusted, Sides<f64>)> {
    if sides.iter().any(|side| side.iter().all(|e| e.parts.is_empty())) {
        return Vec::new();
    }
    let all = sides.iter().flat_map(|side| side.iter());
    let names: BTreeSet<&Untrusted> = all.flat_map(|e| e.phases()).map(|(name, _)| name).collect();
    let of = |name: &Untrusted| {
        let side = |side: &[&Endpoint]| {
            let known = side.iter().filter(|e| !e.parts.is_empty());
            let mean = |e: &&Endpoint| e.parts.get(name).and_then(PartTime::mean);
            let values: Vec<f64> = known.map(|e| mean(e).unwrap_or_default()).collect();
            median(&values).unwrap_or_default()
        };
        (name.clone(), sides.map(side))
    };
    names.into_iter().map(of).collect()
}

/// How often each kind of failure came on both sides, the most frequent first.
fn kinds_of_failure(sides: Sides<&[&Endpoint]>) -> Vec<(Untrusted, Sides<u64>)> {
    let mut all: BTreeMap<&Untrusted, Sides<u64>> = BTreeMap::new();
    for kind in sides.baseline.iter().flat_map(|endpoint| &endpoint.failure_kinds) {
        let counts = all.entry(&kind.message).or_default();
        counts.baseline = counts.baseline.saturating_add(kind.count);
    }
    for kind in sides.current.iter().flat_map(|endpoint| &endpoint.failure_kinds) {
        let counts = all.entry(&kind.message).or_default();
        counts.current = counts.current.saturating_add(kind.count);
    }
    let mut all: Vec<_> = all.into_iter().map(|(kind, counts)| (kind.clone(), counts)).collect();
    all.sort_by_key(|(_, counts)| Reverse((counts.current, counts.baseline)));
    all.truncate(MOST_KINDS);
    all
}

/// Whether there is a load: the sum of benchmarks, or of pages, means nothing.
fn has_total(pairs: &[Pair<'_>]) -> bool {
    let mut kinds = pairs.iter().filter_map(|pair| pair.key.kind()).peekable();
    kinds.peek().is_none() || kinds.any(Kind::is_load)
}

/// The total's latency is judged only where no endpoints speak for it, because their mix moves it: where a file knows
/// none, or only some of them.
pub(super) fn judges_total_latency(pairs: &[Pair<'_>]) -> bool {
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

/// How long fixed work took the machine in each run, as logarithms, part by part: the parts that every run has.
pub(super) fn calibration(baseline: &[Run], current: &[Run]) -> Sides<Matrix> {
    let timed = |part: &&Untrusted| {
        let time = |run: &Run| run.calibration.get(*part).is_some_and(|ms| *ms > 0.0);
        baseline.iter().chain(current).all(time)
    };
    let parts: Vec<&Untrusted> =
        baseline.first().map_or(Vec::new(), |run| run.calibration.keys().filter(timed).collect());
    let row = |run: &Run| parts.iter().map(|part| run.calibration[*part].ln()).collect();
    Sides { baseline, current }.map(|runs| Matrix::new(runs.iter().map(row).collect()))
}

/// The runs of a comparison.
#[derive(Debug, Clone)]
pub(super) struct ComparedRuns {
    /// Baseline and new runs.
    pub(super) runs: Sides<usize>,
    /// Baseline runs of the nearest commit; they come first.
    pub(super) nearest: usize,
    /// Which runs were measured while the machine was busy with something else.
    pub(super) disturbed: Sides<Vec<bool>>,
}
