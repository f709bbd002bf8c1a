//! Parts of requests of shards, put together.

use super::distribution::Distribution;
use super::measured::Endpoint;
use super::merge_metrics::NotMerged;
use super::part::PartTime;
use super::untrusted::Untrusted;
use std::collections::{BTreeMap, BTreeSet};

/// The parts of the requests of both. Percentiles need the times of both; without them, means remain.
pub(super) fn add_parts(
    into: &Endpoint,
    shard: &Endpoint,
    not_merged: &mut NotMerged,
) -> BTreeMap<Untrusted, PartTime> {
    if requests(into) == 0 {
        return shard.parts.clone();
    }
    if requests(shard) == 0 {
        return into.parts.clone();
    }
    let names: BTreeSet<&Untrusted> = into.parts.keys().chain(shard.parts.keys()).collect();
    let mut both = BTreeMap::new();
    for name in names {
        let time = match together(into, shard, name) {
            Some(all) => PartTime::from_distribution(all),
            None => {
                let sides = [into, shard].map(|side| side.parts.get(name));
                if sides.into_iter().flatten().any(|own| matches!(own, PartTime::Times(_))) {
                    not_merged.quantiles_of(name);
                }
                PartTime::Mean(mean(into, shard, name))
            }
        };
        both.insert(name.clone(), time);
    }
    both
}

/// The times of both.
fn together(into: &Endpoint, shard: &Endpoint, name: &Untrusted) -> Option<Distribution> {
    let mut all = times(into, name)?;
    all.merge(&times(shard, name)?).ok()?;
    Some(all)
}

/// The times of a part. One that a side does not have took no time there, where it has others.
fn times(side: &Endpoint, name: &Untrusted) -> Option<Distribution> {
    match side.parts.get(name) {
        Some(own) => own.distribution().cloned(),
        None => {
            let kept = side.parts.values().next()?.distribution()?;
            let mut none = Distribution::with_digits(kept.digits());
            none.record_n(0.0, requests(side)).ok()?;
            Some(none)
        }
    }
}

/// The mean of both, by how many requests they are of.
fn mean(into: &Endpoint, shard: &Endpoint, name: &Untrusted) -> f64 {
    let (a, b) = (requests(into) as f64, requests(shard) as f64);
    let own = |side: &Endpoint| side.parts.get(name).and_then(PartTime::mean).unwrap_or_default();
    (own(into) * a + own(shard) * b) / (a + b)
}

/// Requests that have response times; 1 where nobody knows how many.
fn requests(side: &Endpoint) -> u64 {
    side.timed().unwrap_or(1)
}
