//! Pairs the endpoints of the baseline runs with those of the new runs.

use crate::model::{Endpoint, EndpointKey, Run};
use std::collections::{BTreeMap, BTreeSet};

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
    let new_keys: Vec<EndpointKey> = index.keys().cloned().collect();
    let new = by_name(new_keys.iter());
    let old_keys: BTreeSet<&EndpointKey> =
        baseline.iter().flat_map(Run::all_endpoints).map(|endpoint| &endpoint.key).collect();
    let old = by_name(old_keys.iter().copied());
    for endpoint in baseline.iter().flat_map(Run::all_endpoints) {
        let key = match only_partner(&endpoint.key, &new) {
            // Only where the partner has no other partner either: two methods are two endpoints.
            Some(partner) if only_partner(partner, &old) == Some(&endpoint.key) => partner,
            _ => &endpoint.key,
        };
        let at = index.get(key).copied().unwrap_or_else(|| {
            pairs.push(Pair { key: key.clone(), baseline: Vec::new(), current: Vec::new() });
            pairs.len() - 1
        });
        index.insert(key.clone(), at);
        pairs[at].baseline.push(endpoint);
    }
    pairs
}

/// Endpoints by name alone.
fn by_name<'k>(
    keys: impl Iterator<Item = &'k EndpointKey>,
) -> BTreeMap<&'k str, Vec<&'k EndpointKey>> {
    let mut names: BTreeMap<&str, Vec<&EndpointKey>> = BTreeMap::new();
    for key in keys {
        if let EndpointKey::Named { name, .. } = key {
            names.entry(name).or_default().push(key);
        }
    }
    names
}

/// The endpoint of the other side that this one is: the very same, or the only one that it can be when one side does not
/// know the method.
fn only_partner<'k>(
    key: &EndpointKey,
    others: &BTreeMap<&'k str, Vec<&'k EndpointKey>>,
) -> Option<&'k EndpointKey> {
    let EndpointKey::Named { name, .. } = key else { return None };
    let list = others.get(name.as_str())?;
    if let Some(same) = list.iter().find(|other| **other == key) {
        return Some(same);
    }
    let mut possible = list.iter().filter(|other| key.same_without_method(other));
    match (possible.next(), possible.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
