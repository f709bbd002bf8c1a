//! Shards of one distributed load test, added up to one run.

use super::check::Check;
use super::disturbance::STRAIN;
use super::endpoint::EndpointKey;
use super::endpoint_names::EndpointNames;
use super::latency::Latency;
use super::limits::{self, Exceeded, check_run};
use super::measured::Endpoint;
use super::merge_metrics::{NotMerged, add_metrics, finished};
use super::merge_parts::add_parts;
use super::resource::Resource;
use super::run::{GENERATOR_CPU, Run};
use super::shard_times::ShardTimes;
use super::text::harmless;
use super::untrusted::{Raw, Untrusted};
use super::warning::WarningKind;
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
        "shard {shard} has only percentiles for {}: percentiles of shards cannot be added up; \
         give raw results (k6 --out json or csv, Locust --json) or run files with histograms",
        endpoint.text().raw()
    )]
    NoDistribution {
        /// Position of the shard, from 1.
        shard: usize,
        /// The endpoint without samples.
        endpoint: EndpointKey,
    },
    /// Together they are more than one run may be.
    #[error("shard {shard}: with it, the run has too much: {exceeded}")]
    Exceeded {
        /// Position of the shard, from 1.
        shard: usize,
        /// What there is too much of.
        exceeded: Exceeded,
    },
    /// A count does not fit.
    #[error("the counts of the shards are too large to add up")]
    TooLarge,
}

/// The run that shards are together.
#[derive(Debug)]
pub struct Merged {
    /// The run.
    pub run: Run,
    /// What should be known about it.
    pub warnings: Vec<WarningKind>,
}

/// Adds shards up to the run that they are together; see [`Merger`].
pub fn merge_shards(shards: Vec<Run>) -> Result<Merged, MergeError> {
    let mut shards = shards;
    // What is alone is the whole, also where it has percentiles alone.
    if shards.len() == 1
        && let Some(run) = shards.pop()
    {
        return Ok(Merged { run, warnings: Vec::new() });
    }
    let mut merger = Merger::new(1);
    shards.into_iter().try_for_each(|shard| merger.add(shard))?;
    merger.finish()
}

/// Shards that are added up one after another: no more than one of them is in memory beside their sum.
///
/// Counts and histograms add up. Where every shard says when it ran, the duration is from the start of the first to the end of
/// the last, throughput is requests over the time in which any was running, and users are the most at a time. Else shards are taken
/// to have run at the same time: throughput and users add up, and the duration is the longest one's.
#[derive(Debug, Default)]
pub struct Merger {
    whole: Option<Run>,
    index: BTreeMap<EndpointKey, usize>,
    /// The number of the next shard, from 1.
    number: usize,
    times: ShardTimes,
    not_merged: NotMerged,
}

impl Merger {
    /// Nothing yet; the first shard has this number in messages.
    pub fn new(number: usize) -> Self {
        Self { number, ..Self::default() }
    }

    /// Adds a shard.
    pub fn add(&mut self, shard: Run) -> Result<(), MergeError> {
        check_mergeable(&shard, self.number)?;
        let times = ShardTimes::of(&shard);
        self.join(shard, times, self.number)?;
        self.number += 1;
        Ok(())
    }

    /// Adds what another has added up.
    pub fn absorb(&mut self, other: Self) -> Result<(), MergeError> {
        let Some(part) = other.whole else { return Ok(()) };
        let first = other.number - other.times.shards();
        self.join(part, other.times, first)?;
        self.not_merged.extend(other.not_merged);
        self.number = other.number;
        Ok(())
    }

    /// Adds a run that is one shard or several, of which the first has this number.
    fn join(&mut self, mut shard: Run, times: ShardTimes, number: usize) -> Result<(), MergeError> {
        let Some(whole) = &mut self.whole else {
            self.index =
                shard.endpoints.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
            self.times = times;
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
        // They were evaluated over the time of one shard.
        whole.alerts.clear();
        whole.duration_s = longest(whole.duration_s, shard.duration_s);
        whole.load.users = add(whole.load.users, shard.load.users)?;
        // Two peaks need not have been at the same time: how many users there were together is not known.
        let peak = whole.load.peak_users.take().or(shard.load.peak_users);
        whole.load.users_planned |= shard.load.users_planned || peak.is_some();
        whole.load.duration_planned |= shard.load.duration_planned;
        whole.load.connections = add(whole.load.connections, shard.load.connections)?;
        whole.load.spawn_rate = sum(whole.load.spawn_rate, shard.load.spawn_rate);
        add_endpoint(&mut whole.total, shard.total, &mut self.not_merged)?;
        for endpoint in shard.endpoints {
            match self.index.get(&endpoint.key) {
                Some(at) => {
                    add_endpoint(&mut whole.endpoints[*at], endpoint, &mut self.not_merged)?
                }
                None => {
                    self.index.insert(endpoint.key.clone(), whole.endpoints.len());
                    whole.endpoints.push(endpoint);
                }
            }
        }
        add_checks(&mut whole.checks, shard.checks);
        let known: Vec<EndpointKey> = whole.endpoints.iter().map(|e| e.key.clone()).collect();
        let names: EndpointNames<'_> = known.iter().collect();
        for metric in whole.metrics.iter_mut().chain(&mut shard.metrics) {
            metric.endpoint = names.known(&metric.endpoint);
        }
        let ends = (self.times.end(), times.end());
        add_metrics(&mut whole.metrics, shard.metrics, ends, &mut self.not_merged);
        self.times.merge(times);
        check_run(whole).map_err(|exceeded| MergeError::Exceeded { shard: number, exceeded })
    }

    /// The run that the shards are together.
    pub fn finish(self) -> Result<Merged, MergeError> {
        let mut run = self.whole.ok_or(MergeError::Nothing)?;
        let mut warnings = Vec::new();
        if self.times.shards() > 1 {
            // Quantiles are read off once everything is there.
            for endpoint in std::iter::once(&mut run.total).chain(&mut run.endpoints) {
                endpoint.latency = endpoint.latency.take().map(with_quantiles);
            }
            run.metrics.iter_mut().for_each(finished);
            if !run.is_of_pages() {
                warnings.extend(over_time(&mut run, &self.times));
            }
            warnings.extend(self.not_merged.warning());
        }
        Ok(Merged { run, warnings })
    }
}

/// What follows from when the shards ran, and what should be known about that.
fn over_time(run: &mut Run, times: &ShardTimes) -> Option<WarningKind> {
    let shards = times.shards();
    if !times.are_known() {
        return Some(WarningKind::ShardsUndated { shards });
    }
    let (span, loaded) = (times.span_s(), times.loaded_s());
    run.duration_s = Some(span);
    (run.load.users, run.load.spawn_rate) = (times.users(), times.spawn_rate());
    run.load.connections = run.load.connections.filter(|_| !times.are_apart());
    if loaded > 0.0 {
        for endpoint in std::iter::once(&mut run.total).chain(&mut run.endpoints) {
            let known = endpoint.requests.zip(endpoint.throughput_rps);
            endpoint.throughput_rps =
                known.map_or(endpoint.throughput_rps, |(n, _)| Some(n as f64 / loaded));
        }
    }
    let ms = |seconds: f64| (seconds * 1e3).round() as u64;
    let apart = WarningKind::ShardsApart { shards, span_ms: ms(span), loaded_ms: ms(loaded) };
    times.are_apart().then_some(apart)
}

/// Machines are not added up; but the load generator that was busiest says whether all could keep up, and one machine that was
/// disturbed disturbs the whole.
fn kept_resources(whole: &Run, shard: &Run) -> BTreeMap<Untrusted, Resource> {
    let busy = |run: &Run| run.resources.get(GENERATOR_CPU).copied();
    let mean = |own: &Resource| own.mean.unwrap_or_default();
    let worst = [busy(whole), busy(shard)].into_iter().flatten();
    let worst = worst.max_by(|a, b| mean(a).total_cmp(&mean(b)));
    let generator = worst.map(|own| (GENERATOR_CPU.into(), own));
    let disturbed = [whole, shard].into_iter().find(|run| run.disturbance().is_some());
    let strain = disturbed.into_iter().flat_map(|run| {
        STRAIN.iter().filter_map(|name| Some(((*name).into(), *run.resources.get(*name)?)))
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
            let show = |side: Option<&Untrusted>| side.map_or("none".to_owned(), harmless);
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

fn add_endpoint(
    into: &mut Endpoint,
    shard: Endpoint,
    not_merged: &mut NotMerged,
) -> Result<(), MergeError> {
    into.parts = add_parts(into, &shard, not_merged);
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
        let full = into.failure_kinds.len() >= limits::ENTRIES;
        match into.failure_kinds.iter_mut().find(|known| known.message == kind.message) {
            Some(known) => known.count = known.count.saturating_add(kind.count),
            None if full => {}
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
    match latency.distribution.take() {
        Some(all) => Latency::rounded(all, latency.rounding),
        None => latency,
    }
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

fn add(a: Option<u64>, b: Option<u64>) -> Result<Option<u64>, MergeError> {
    a.zip(b).map(|(a, b)| a.checked_add(b).ok_or(MergeError::TooLarge)).transpose()
}

fn sum(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a + b)
}

fn longest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b))
}
