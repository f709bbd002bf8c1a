//! Pairs the endpoints of the baseline runs with those of the new runs.

use crate::model::{Endpoint, EndpointKey, Run};
use std::collections::BTreeMap;

/// One endpoint with what each run of both sides measured of it; a run that does not have it is left out.
pub(super) struct Pair<'a> {
    pub(super) key: EndpointKey,
    pub(super) baseline: Vec<&'a Endpoint>,
    pub(super) current: Vec<&'a Endpoint>,
}

/// The pairs: total first, then the new run's endpoints in its order, then those that only the baseline has.
///
/// Where one side does not know the method (k6 summaries), an endpoint joins the only one of its kind and name on the
/// other side.
pub(super) fn pairs<'a>(baseline: &'a [Run], current: &'a [Run]) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    let mut index: BTreeMap<EndpointKey, usize> = BTreeMap::new();
    for endpoint in current.iter().flat_map(Run::all_endpoints) {
        let at = *index.entry(endpoint.key.clone()).or_insert_with(|| {
            pairs.push(Pair {
                key: endpoint.key.clone(),
                baseline: Vec::new(),
                current: Vec::new(),
            });
            pairs.len() - 1
        });
        pairs[at].current.push(endpoint);
    }
    let by_name = by_name(&index);
    for endpoint in baseline.iter().flat_map(Run::all_endpoints) {
        let own = index.get(&endpoint.key).copied();
        let at = own.or_else(|| without_method(&endpoint.key, &by_name)).unwrap_or_else(|| {
            pairs.push(Pair {
                key: endpoint.key.clone(),
                baseline: Vec::new(),
                current: Vec::new(),
            });
            index.insert(endpoint.key.clone(), pairs.len() - 1);
            pairs.len() - 1
        });
        pairs[at].baseline.push(endpoint);
    }
    pairs
}

/// The new run's endpoints by name alone.
fn by_name(index: &BTreeMap<EndpointKey, usize>) -> BTreeMap<String, Vec<(EndpointKey, usize)>> {
    let mut names: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (key, at) in index {
        if let EndpointKey::Named { name, .. } = key {
            names.entry(name.clone()).or_default().push((key.clone(), *at));
        }
    }
    names
}

fn without_method(
    key: &EndpointKey,
    by_name: &BTreeMap<String, Vec<(EndpointKey, usize)>>,
) -> Option<usize> {
    let EndpointKey::Named { name, .. } = key else { return None };
    let mut same = by_name.get(name)?.iter().filter(|(other, _)| key.same_without_method(other));
    match (same.next(), same.next()) {
        (Some((_, at)), None) => Some(*at),
        _ => None,
    }
}
