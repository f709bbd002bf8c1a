//! Shards of one distributed load test, added up to one run.

use super::disturbance::STRAIN;
use super::endpoint::EndpointKey;
use super::run::{Check, CustomMetric, Endpoint, GENERATOR_CPU, Latency, Resource, Run};
use super::unit::Unit;
use std::collections::BTreeMap;

/// Why shards cannot be one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There was nothing to merge.
    #[error("nothing to merge: give at least one run")]
    Nothing,
    /// Two shards are of different load tests.
    #[error("shard {shard} is of another load test: {what}")]
    Different {
        /// Position of the shard, from 1.
        shard: usize,
        /// What differs.
        what: String,
    },
    /// Percentiles cannot be added up; the samples are needed.
    #[error(
        "shard {shard} has only percentiles for {endpoint}: percentiles of shards cannot be added up; \
         give raw results (k6 --out json or csv, Locust --json) or run files with histograms"
    )]
    NoDistribution {
        /// Position of the shard, from 1.
        shard: usize,
        /// The endpoint without samples.
        endpoint: EndpointKey,
    },
    /// A count does not fit.
    #[error("the counts of the shards are too large to add up")]
    TooLarge,
}

/// Adds shards that ran at the same time up to the run that they are together: counts, users, throughput and
/// histograms add up; the duration is the longest one's.
pub fn merge_shards(shards: Vec<Run>) -> Result<Run, MergeError> {
    let mut merger = Merger::new(1);
    shards.into_iter().try_for_each(|shard| merger.add(shard))?;
    merger.finish()
}

/// Shards that are added up one after another: no more than one of them is in memory beside their sum.
#[derive(Debug, Default)]
pub struct Merger {
    whole: Option<Run>,
    index: BTreeMap<EndpointKey, usize>,
    /// The number of the next shard, from 1.
    number: usize,
    shards: usize,
}

impl Merger {
    /// Nothing yet; the first shard has this number in messages.
    pub fn new(number: usize) -> Self {
        Self { number, ..Self::default() }
    }

    /// The number that the next shard has in messages.
    pub fn number_is(&mut self, number: usize) {
        self.number = number;
    }

    /// Adds a shard.
    pub fn add(&mut self, shard: Run) -> Result<(), MergeError> {
        let number = self.number;
        self.number += 1;
        self.shards += 1;
        check_mergeable(&shard, number)?;
        let Some(whole) = &mut self.whole else {
            self.index =
                shard.endpoints.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
            self.whole = Some(shard);
            return Ok(());
        };
        same_test(whole, &shard, number)?;
        whole.started_at = match (whole.started_at, shard.started_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        // Each shard ran on a machine of its own.
        whole.calibration.clear();
        whole.resources = kept_resources(whole, &shard);
        whole.timeline.clear();
        whole.duration_s = longest(whole.duration_s, shard.duration_s);
        whole.load.users = add(whole.load.users, shard.load.users)?;
        whole.load.spawn_rate = sum(whole.load.spawn_rate, shard.load.spawn_rate);
        add_endpoint(&mut whole.total, shard.total)?;
        for endpoint in shard.endpoints {
            match self.index.get(&endpoint.key) {
                Some(at) => add_endpoint(&mut whole.endpoints[*at], endpoint)?,
                None => {
                    self.index.insert(endpoint.key.clone(), whole.endpoints.len());
                    whole.endpoints.push(endpoint);
                }
            }
        }
        add_checks(&mut whole.checks, shard.checks);
        add_metrics(&mut whole.metrics, shard.metrics);
        Ok(())
    }

    /// The run that the shards are together.
    pub fn finish(self) -> Result<Run, MergeError> {
        let mut whole = self.whole.ok_or(MergeError::Nothing)?;
        // Quantiles are read off once everything is there.
        if self.shards > 1 {
            for endpoint in std::iter::once(&mut whole.total).chain(&mut whole.endpoints) {
                endpoint.latency = endpoint.latency.take().map(with_quantiles);
            }
        }
        Ok(whole)
    }
}

/// Machines are not added up; but the load generator that was busiest says whether all could keep up, and one machine that was
/// disturbed disturbs the whole.
fn kept_resources(whole: &Run, shard: &Run) -> BTreeMap<String, Resource> {
    let busy = |run: &Run| run.resources.get(GENERATOR_CPU).copied();
    let mean = |own: &Resource| own.mean.unwrap_or_default();
    let worst = [busy(whole), busy(shard)].into_iter().flatten();
    let worst = worst.max_by(|a, b| mean(a).total_cmp(&mean(b)));
    let generator = worst.map(|own| (GENERATOR_CPU.to_owned(), own));
    let disturbed = [whole, shard].into_iter().find(|run| run.disturbance().is_some());
    let strain = disturbed.into_iter().flat_map(|run| {
        STRAIN.iter().filter_map(|name| Some(((*name).to_owned(), *run.resources.get(*name)?)))
    });
    generator.into_iter().chain(strain).collect()
}

/// Every latency that has samples must have them as a distribution.
fn check_mergeable(shard: &Run, number: usize) -> Result<(), MergeError> {
    let only_numbers = |endpoint: &&Endpoint| {
        endpoint.latency.as_ref().is_some_and(|l| l.distribution.is_none() && !l.has_no_data())
    };
    match shard.all_endpoints().find(only_numbers) {
        Some(e) => Err(MergeError::NoDistribution { shard: number, endpoint: e.key.clone() }),
        None => Ok(()),
    }
}

/// Shards are of one test when what names the test is the same.
fn same_test(whole: &Run, shard: &Run, number: usize) -> Result<(), MergeError> {
    let fields = [
        ("tool", Some(&whole.tool.name), Some(&shard.tool.name)),
        ("suite", Some(&whole.suite), Some(&shard.suite)),
        ("profile", whole.profile.as_ref(), shard.profile.as_ref()),
        ("environment", whole.environment.as_ref(), shard.environment.as_ref()),
    ];
    for (name, a, b) in fields {
        if a != b {
            let show = |side: Option<&String>| side.map_or("none".to_owned(), Clone::clone);
            let what = format!("{name} {} instead of {}", show(b), show(a));
            return Err(MergeError::Different { shard: number, what });
        }
    }
    let commit = |run: &Run| run.commit.map_or("none".to_owned(), |id| id.short());
    if whole.commit != shard.commit {
        let what = format!("commit {} instead of {}", commit(shard), commit(whole));
        return Err(MergeError::Different { shard: number, what });
    }
    Ok(())
}

/// The means of both, by how many requests they are of; a part that one side does not have is next to nothing there.
fn add_parts(into: &Endpoint, shard: &Endpoint) -> BTreeMap<String, f64> {
    let weight = |e: &Endpoint| e.latency.as_ref().and_then(|l| l.count).unwrap_or(1) as f64;
    let (a, b) = (weight(into), weight(shard));
    let mean = |name: &String| {
        let part = |e: &Endpoint| e.parts.get(name).copied().unwrap_or_default();
        (name.clone(), (part(into) * a + part(shard) * b) / (a + b).max(1.0))
    };
    into.parts.keys().chain(shard.parts.keys()).map(mean).collect()
}

fn add_endpoint(into: &mut Endpoint, shard: Endpoint) -> Result<(), MergeError> {
    into.parts = add_parts(into, &shard);
    // Either side may count outcomes apart from requests; together they count them wherever one does.
    let outcomes = match (into.outcomes, shard.outcomes) {
        (None, None) => None,
        (a, b) => add(a.or(into.requests), b.or(shard.requests))?,
    };
    into.outcomes = outcomes;
    into.requests = add(into.requests, shard.requests)?;
    into.failures = add(into.failures, shard.failures)?;
    into.stated_error_rate = None;
    into.throughput_rps = sum(into.throughput_rps, shard.throughput_rps);
    for kind in shard.failure_kinds {
        match into.failure_kinds.iter_mut().find(|known| known.message == kind.message) {
            Some(known) => known.count = known.count.saturating_add(kind.count),
            None => into.failure_kinds.push(kind),
        }
    }
    into.latency = match (into.latency.take(), shard.latency) {
        (Some(a), Some(b)) => Some(add_latency(a, b)?),
        (a, b) => a.or(b),
    };
    Ok(())
}

fn add_latency(a: Latency, b: Latency) -> Result<Latency, MergeError> {
    let rounding = match (a.rounding, b.rounding) {
        (Some(a), Some(b)) => Some(a.finer(b)),
        (a, b) => a.or(b),
    };
    let mut a = a;
    let (Some(all), Some(more)) = (a.distribution.as_mut(), b.distribution.as_ref()) else {
        // One side is an empty series (check_mergeable has seen to that): the other is the whole.
        return Ok(if a.has_no_data() { b } else { a });
    };
    all.merge(more).map_err(|_| MergeError::TooLarge)?;
    Ok(Latency { rounding, ..a })
}

/// The summary of the distribution as it now is.
fn with_quantiles(mut latency: Latency) -> Latency {
    let Some(all) = latency.distribution.take() else { return latency };
    let rounding = latency.rounding;
    let mut merged = Latency { rounding, ..Latency::from_distribution(all) };
    if let Some(rounding) = rounding {
        // Read off a histogram, what was a whole number is a hair beside it.
        merged.quantiles.values_mut().for_each(|value| {
            let step = 2.0 * rounding.half_step(*value);
            *value = (*value / step).round() * step;
        });
    }
    merged
}

fn add_checks(into: &mut Vec<Check>, shard: Vec<Check>) {
    for check in shard {
        match into.iter_mut().find(|known| known.name == check.name) {
            Some(known) => {
                known.passes = known.passes.saturating_add(check.passes);
                known.fails = known.fails.saturating_add(check.fails);
            }
            None => into.push(check),
        }
    }
}

/// Plain numbers add up; means and ratios are weighted by their counts; quantiles cannot be merged and are dropped.
fn add_metrics(into: &mut Vec<CustomMetric>, shard: Vec<CustomMetric>) {
    for metric in shard {
        let same = |m: &&mut CustomMetric| m.name == metric.name && m.endpoint == metric.endpoint;
        let Some(known) = into.iter_mut().find(same) else {
            into.push(metric);
            continue;
        };
        known.value = match (known.value, metric.value, known.count, metric.count) {
            // Without a count it is a sum itself (a counter).
            (Some(a), Some(b), None, None) if matches!(known.unit, Unit::Number | Unit::Bytes) => {
                Some(a + b)
            }
            (Some(a), Some(b), Some(n), Some(m)) if n > 0 || m > 0 => {
                let (n, m) = (n as f64, m as f64);
                Some((a * n + b * m) / (n + m))
            }
            _ => None,
        };
        known.count = known.count.zip(metric.count).map(|(n, m)| n.saturating_add(m));
        known.quantiles.clear();
    }
}

fn add(a: Option<u64>, b: Option<u64>) -> Result<Option<u64>, MergeError> {
    a.zip(b).map(|(a, b)| a.checked_add(b).ok_or(MergeError::TooLarge)).transpose()
}

fn sum(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a + b)
}

fn longest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b))
}
