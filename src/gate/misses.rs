//! How many calls of a run miss a limit: counted where the samples are known, else as narrow as the numbers of the run allow.

use super::budget_value::Judged;
use crate::config::Bound;
use crate::model::{
    CustomMetric, Direction, Endpoint, Latency, MeasurementKey, Metric, Quantile, Statistic,
};
use crate::stats::{fisher_one_sided, median};
use std::collections::BTreeMap;

/// How far the rank of a quantile of n samples is from n times its level, at most, by any of the definitions that tools use (from
/// ½ below to 1 above for the nine of Hyndman and Fan); the same on both sides, so that neither end is taken for better known.
const RANK_BELOW: f64 = 0.5;
const RANK_ABOVE: f64 = 1.5;

/// p-value at which the calls of several runs are not calls of one sample.
const RUNS_DIFFER: f64 = 0.05;

/// Calls of a run, and how many of them miss a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Misses {
    pub(super) calls: u64,
    /// As many miss it at least, and at most.
    pub(super) fewest: u64,
    pub(super) most: u64,
}

impl Misses {
    fn exactly(calls: u64, misses: u64) -> Self {
        let misses = misses.min(calls);
        Self { calls, fewest: misses, most: misses }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            fewest: self.fewest.saturating_add(other.fewest),
            most: self.most.saturating_add(other.most),
        }
    }
}

/// Of all runs together.
pub(super) fn pooled(runs: &[Misses]) -> Misses {
    runs.iter().copied().fold(Misses::default(), Misses::and)
}

/// Whether one run misses the limit more often than chance lets it beside the others: their calls are no sample of one thing.
pub(super) fn runs_differ(runs: &[Misses]) -> bool {
    let all = pooled(runs);
    let p = |run: &Misses| {
        let others = (all.fewest - run.fewest, all.calls - run.calls);
        fisher_one_sided(others, (run.fewest, run.calls))
    };
    let least = runs.iter().map(p).fold(1.0, f64::min);
    runs.len() > 1 && least * runs.len() as f64 <= RUNS_DIFFER
}

/// The calls whose response time misses a limit, by the numbers that every run keeps: a verdict on a comparison must not depend
/// on whether the samples are at hand. None where nothing tells.
pub(super) fn of_summary(
    latency: &Latency,
    calls: u64,
    keeps: &dyn Fn(f64) -> bool,
) -> Option<Misses> {
    Known::of(latency).misses(calls, Direction::Lower, keeps)
}

/// What is known of the calls of each run, and their number.
pub(super) enum Calls<'a> {
    Latency(Vec<(&'a Latency, u64)>),
    Metric(Vec<(&'a CustomMetric, u64)>),
}

impl<'a> Calls<'a> {
    /// The calls behind a quantile, where their number is known of every run, and too small in one for the value as measured.
    pub(super) fn few(key: &MeasurementKey, level: Quantile, judged: &Judged<'a>) -> Option<Self> {
        match &key.metric {
            Metric::Latency => of_requests(key, level, judged, |e| e.latency.as_ref()),
            Metric::Custom(name) => {
                let Some(all) = judged.metrics.get(name).and_then(|own| own.get(&key.endpoint))
                else {
                    let times = |endpoint: &'a Endpoint| endpoint.parts.get(name)?.times();
                    return of_requests(key, level, judged, times);
                };
                let calls = all.iter().map(|metric| Some((*metric, metric.count?)));
                too_few(calls, level.requests_needed()).map(Self::Metric)
            }
            Metric::ErrorRate | Metric::Throughput => None,
        }
    }

    /// The value as measured: the median over the runs.
    pub(super) fn value(&self, statistic: Statistic) -> Option<f64> {
        let values: Vec<f64> = match self {
            Self::Latency(all) => {
                all.iter().filter_map(|(own, _)| own.statistic(statistic)).collect()
            }
            Self::Metric(all) => {
                all.iter().filter_map(|(own, _)| own.statistic(statistic)).collect()
            }
        };
        median(&values)
    }

    /// The calls of each run that miss a limit.
    pub(super) fn misses(&self, bound: Bound, limit: f64) -> Option<Vec<Misses>> {
        let keeps = |value: f64| bound.is_kept(value, limit);
        let better = bound.comparison.direction();
        match self {
            Self::Latency(all) => {
                all.iter().map(|(own, calls)| of_latency(own, *calls, better, &keeps)).collect()
            }
            Self::Metric(all) => {
                all.iter().map(|(own, calls)| of_metric(own, *calls, better, &keeps)).collect()
            }
        }
    }
}

/// The times of an endpoint's requests, or of a part of them.
fn of_requests<'a>(
    key: &MeasurementKey,
    level: Quantile,
    judged: &Judged<'a>,
    times: impl Fn(&'a Endpoint) -> Option<&'a Latency>,
) -> Option<Calls<'a>> {
    let own = judged.rules.for_endpoint(&key.endpoint);
    let needs = own.min_requests.max(level.requests_needed());
    let runs = judged.runs.iter();
    let endpoints = runs.filter_map(|run| run.all_endpoints().find(|e| e.key == key.endpoint));
    let calls = |endpoint: &'a Endpoint| {
        let times = times(endpoint)?;
        Some((times, times.count.or(endpoint.requests)?))
    };
    too_few(endpoints.map(calls), needs).map(Calls::Latency)
}

/// All that is known, where the calls are known of every run, and too few in one.
fn too_few<T>(all: impl Iterator<Item = Option<(T, u64)>>, needs: u64) -> Option<Vec<(T, u64)>> {
    let known: Vec<(T, u64)> = all.collect::<Option<_>>()?;
    let few = known.iter().any(|(_, calls)| *calls < needs);
    (few && known.iter().all(|(_, calls)| *calls > 0)).then_some(known)
}

/// The calls whose response time misses a limit; none where nothing tells.
fn of_latency(
    latency: &Latency,
    calls: u64,
    better: Direction,
    keeps: &dyn Fn(f64) -> bool,
) -> Option<Misses> {
    if let Some(all) = latency.distribution.as_ref().filter(|all| all.count() == calls) {
        return Some(Misses::exactly(calls, all.counted(|ms| !keeps(ms))));
    }
    Known::of(latency).misses(calls, better, keeps)
}

/// The samples of a metric that miss a limit; none where nothing tells.
fn of_metric(
    metric: &CustomMetric,
    calls: u64,
    better: Direction,
    keeps: &dyn Fn(f64) -> bool,
) -> Option<Misses> {
    if let Some(all) = metric.values.as_ref().filter(|all| all.count() == calls) {
        return Some(Misses::exactly(calls, all.counted(|value| !keeps(value))));
    }
    Known { quantiles: &metric.quantiles, min: None, max: None }.misses(calls, better, keeps)
}

/// What a summary says about its samples.
struct Known<'a> {
    quantiles: &'a BTreeMap<Quantile, f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl<'a> Known<'a> {
    fn of(latency: &'a Latency) -> Self {
        Self { quantiles: &latency.quantiles, min: latency.min, max: latency.max }
    }

    fn misses(&self, calls: u64, better: Direction, keeps: &dyn Fn(f64) -> bool) -> Option<Misses> {
        let (best, worst) = match better {
            Direction::Lower => (self.min, self.max),
            Direction::Higher => (self.max, self.min),
        };
        if self.quantiles.is_empty() && best.or(worst).is_none() {
            return None;
        }
        if worst.is_some_and(keeps) {
            return Some(Misses::exactly(calls, 0));
        }
        if best.is_some_and(|best| !keeps(best)) {
            return Some(Misses::exactly(calls, calls));
        }
        let n = calls as f64;
        // The largest sample that is known to be missed, and one that is known to be kept.
        let (mut fewest, mut kept) =
            (f64::from(u8::from(worst.is_some())), f64::from(u8::from(best.is_some())));
        for (level, value) in self.quantiles {
            // Counted from the better end.
            let fraction = match better {
                Direction::Lower => level.fraction(),
                Direction::Higher => 1.0 - level.fraction(),
            };
            if keeps(*value) {
                kept = kept.max((n * fraction - RANK_BELOW).floor());
            } else {
                fewest = fewest.max((n - (n * fraction + RANK_ABOVE).ceil() + 1.0).max(1.0));
            }
        }
        let fewest = (fewest as u64).min(calls);
        // What is kept was rounded down and is never negative: its cast is exact.
        let most = calls.saturating_sub(kept.max(0.0) as u64).max(fewest);
        Some(Misses { calls, fewest, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Distribution;
    use proptest::prelude::*;

    fn below(limit: f64) -> impl Fn(f64) -> bool {
        move |value| value < limit
    }

    #[test]
    fn a_largest_call_below_the_limit_says_that_all_are() {
        let of = |max| Latency { max: Some(max), ..Latency::default() };
        let misses = |max| of_latency(&of(max), 10, Direction::Lower, &below(3_000.0));
        assert_eq!(misses(2_999.0), Some(Misses::exactly(10, 0)));
        assert_eq!(misses(3_000.0), Some(Misses { calls: 10, fewest: 1, most: 10 }));
        assert_eq!(of_latency(&Latency::default(), 10, Direction::Lower, &below(1.0)), None);
    }

    proptest! {
        #[test]
        fn a_summary_never_contradicts_the_samples_behind_it(
            samples in prop::collection::vec(1_u32..100, 1..80), limit in 1_u32..100,
        ) {
            let mut all = Distribution::new();
            samples.iter().for_each(|ms| all.record(f64::from(*ms)).unwrap());
            let calls = all.count();
            let latency = Latency::from_distribution(all);
            let summary = Latency { distribution: None, ..latency.clone() };
            let keeps = below(f64::from(limit));
            let exact = of_latency(&latency, calls, Direction::Lower, &keeps).unwrap();
            let known = of_latency(&summary, calls, Direction::Lower, &keeps).unwrap();
            let counted = samples.iter().filter(|ms| **ms >= limit).count() as u64;
            prop_assert_eq!(exact, Misses::exactly(calls, counted));
            prop_assert!(known.fewest <= counted && counted <= known.most, "{:?} {}", known, counted);
        }
    }
}
