//! Pairs the endpoints of the baseline runs with those of the new runs.

use super::input::Baseline;
use crate::config::Rules;
use crate::model::{Endpoint, EndpointKey, Raw, Run, Warning, WarningKind};
use std::collections::{BTreeMap, BTreeSet};

/// One endpoint with what each run of both sides measured of it; a run that does not have it is left out.
pub(super) struct Pair<'a> {
    pub(super) key: EndpointKey,
    /// The window's runs, nearest first.
    pub(super) baseline: Vec<&'a Endpoint>,
    pub(super) current: Vec<&'a Endpoint>,
    /// The window's runs and those before them, each with its place in the whole series.
    pub(super) series: Vec<(usize, &'a Endpoint)>,
}

impl Pair<'_> {
    fn new(key: &EndpointKey) -> Self {
        Self { key: key.clone(), baseline: Vec::new(), current: Vec::new(), series: Vec::new() }
    }
}

/// The pairs: total first, then the new run's endpoints in its order, then those that only the baseline has.
///
/// Where one side does not know the method (k6 summaries), an endpoint joins the only one of its kind and name on the
/// other side. `earlier` are the runs before the window: they add to what is known of an endpoint, and no endpoint.
pub(super) fn pairs<'a>(
    baseline: &'a [Run],
    earlier: &'a [Run],
    current: &'a [Run],
) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    let mut index: BTreeMap<EndpointKey, usize> = BTreeMap::new();
    for endpoint in current.iter().flat_map(Run::all_endpoints) {
        let at = *index.entry(endpoint.key.clone()).or_insert_with(|| {
            pairs.push(Pair::new(&endpoint.key));
            pairs.len() - 1
        });
        pairs[at].current.push(endpoint);
    }
    let new_keys: Vec<EndpointKey> = index.keys().cloned().collect();
    let new = by_name(new_keys.iter());
    let old_keys: BTreeSet<&EndpointKey> =
        baseline.iter().flat_map(Run::all_endpoints).map(|endpoint| &endpoint.key).collect();
    let old = by_name(old_keys.iter().copied());
    for (place, run) in baseline.iter().chain(earlier).enumerate() {
        for endpoint in run.all_endpoints() {
            let key = match only_partner(&endpoint.key, &new) {
                // Only where the partner has no other partner either: two methods are two endpoints.
                Some(partner) if only_partner(partner, &old) == Some(&endpoint.key) => partner,
                _ => &endpoint.key,
            };
            let known = index.get(key).copied();
            if place >= baseline.len() {
                if let Some(at) = known {
                    pairs[at].series.push((place, endpoint));
                }
                continue;
            }
            let at = known.unwrap_or_else(|| {
                pairs.push(Pair::new(key));
                index.insert(key.clone(), pairs.len() - 1);
                pairs.len() - 1
            });
            pairs[at].baseline.push(endpoint);
            pairs[at].series.push((place, endpoint));
        }
    }
    pairs
}

/// The baseline with its endpoints called what the new runs call them, and a warning for each rule that renames nothing.
pub(super) fn renamed(
    mut baseline: Baseline,
    current: &[Run],
    rules: &Rules,
) -> (Baseline, Vec<Warning>) {
    let mut used = BTreeSet::new();
    for run in baseline.runs.iter_mut().chain(&mut baseline.earlier) {
        let known: BTreeSet<EndpointKey> = run.endpoints.iter().map(|e| e.key.clone()).collect();
        let new_name = |key: &EndpointKey| {
            let (from, to) = rules.renamed(key)?;
            let to = known_so(key, from, rules, current).unwrap_or(to);
            // A run that knows the new name already is of the code after the change.
            (!known.contains(&to)).then_some((from, to))
        };
        for key in run.endpoints.iter_mut().map(|endpoint| &mut endpoint.key) {
            if let Some((from, to)) = new_name(key) {
                used.insert(from);
                *key = to;
            }
        }
        for key in run.metrics.iter_mut().map(|metric| &mut metric.endpoint) {
            if known.contains(key)
                && let Some((_, to)) = new_name(key)
            {
                *key = to;
            }
        }
    }
    // Once every baseline run has the new name, the rule is done; before, a new name that no run has is a slip.
    let there =
        |name: &str| current.iter().flat_map(|run| &run.endpoints).any(|e| e.key.is_called(name));
    let idle = rules.renames().filter(|(from, to)| !used.contains(*from) && !there(to));
    let warning = |(from, _): (&str, &str)| {
        Warning::new(WarningKind::UnmatchedRule {
            pattern: format!("rename: {from}"),
            limits: false,
        })
    };
    let warnings = idle.map(warning).collect();
    (baseline, warnings)
}

/// The only endpoint of the new runs that is called as a rule says, for one whose method nobody wrote: `chat` may be renamed to
/// `POST /api/chat`.
fn known_so(key: &EndpointKey, from: &str, rules: &Rules, current: &[Run]) -> Option<EndpointKey> {
    let EndpointKey::Named { method: None, .. } = key else { return None };
    let (_, to) = rules.renames().find(|(old, _)| *old == from)?;
    let all = current.iter().flat_map(|run| &run.endpoints).map(|endpoint| &endpoint.key);
    let called: BTreeSet<&EndpointKey> = all.filter(|key| key.is_called(to)).collect();
    let mut called = called.into_iter();
    let only = called.next()?;
    called.next().is_none().then(|| only.clone())
}

/// Endpoints by name alone.
fn by_name<'k>(
    keys: impl Iterator<Item = &'k EndpointKey>,
) -> BTreeMap<&'k str, Vec<&'k EndpointKey>> {
    let mut names: BTreeMap<&str, Vec<&EndpointKey>> = BTreeMap::new();
    for key in keys {
        if let EndpointKey::Named { name, .. } = key {
            names.entry(name.raw()).or_default().push(key);
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
    let list = others.get(name.raw())?;
    if let Some(same) = list.iter().find(|other| **other == key) {
        return Some(same);
    }
    let mut possible = list.iter().filter(|other| key.same_without_method(other));
    match (possible.next(), possible.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Tool};

    fn named(method: Option<&str>, name: &str) -> EndpointKey {
        EndpointKey::named(Kind::Http, method, name)
    }

    fn run(keys: &[&EndpointKey]) -> Run {
        let mut run = Run::new(Tool { name: "test".into(), version: None });
        run.endpoints.extend(keys.iter().map(|key| Endpoint::new((*key).clone())));
        run
    }

    /// Each pair with its number of baseline runs, of new ones, and of runs in its series.
    fn joined(old: &[Run], earlier: &[Run], new: &[Run]) -> Vec<(EndpointKey, [usize; 3])> {
        pairs(old, earlier, new)
            .into_iter()
            .map(|own| (own.key, [own.baseline.len(), own.current.len(), own.series.len()]))
            .collect()
    }

    #[test]
    fn the_total_comes_first_and_what_only_the_baseline_has_comes_last() {
        let (a, b, c) = (named(Some("GET"), "/a"), named(Some("GET"), "/b"), named(None, "/c"));
        let old = [run(&[&c, &a]), run(&[&a])];
        let new = [run(&[&b, &a])];
        assert_eq!(
            joined(&old, &[], &new),
            [(EndpointKey::Total, [2, 1, 2]), (b, [0, 1, 0]), (a, [2, 1, 2]), (c, [1, 0, 1])]
        );
    }

    #[test]
    fn a_name_without_method_joins_the_only_endpoint_of_that_name() {
        let (get, post, any) =
            (named(Some("GET"), "/a"), named(Some("POST"), "/a"), named(None, "/a"));
        let one = joined(&[run(&[&any])], &[], &[run(&[&get])]);
        assert_eq!(one[1..], [(get.clone(), [1, 1, 1])]);
        let two = joined(&[run(&[&any])], &[], &[run(&[&get, &post])]);
        assert_eq!(two[1..], [(get, [0, 1, 0]), (post, [0, 1, 0]), (any, [1, 0, 1])]);
    }

    #[test]
    fn runs_before_the_window_lengthen_a_series_and_add_no_endpoint() {
        let (a, gone) = (named(Some("GET"), "/a"), named(Some("GET"), "/gone"));
        let earlier = [run(&[&a, &gone])];
        let found = joined(&[run(&[&a])], &earlier, &[run(&[&a])]);
        assert_eq!(found[1..], [(a, [1, 1, 2])]);
    }
}
