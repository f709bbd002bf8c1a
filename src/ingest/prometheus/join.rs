//! Which endpoint of a run a series is of.

use crate::config::promql::aggregated;
use crate::config::{Query, path_of};
use crate::model::{EndpointKey, Raw as _, Run, limits};
use std::collections::{BTreeMap, BTreeSet};

/// What frameworks call the label that names an endpoint.
const USUAL: [&str; 6] = ["handler", "path", "route", "endpoint", "uri", "url"];
/// Names that a message shows.
const SHOWN: usize = 5;

/// Whether a value, `/api/chat` or `POST /api/chat`, is what this endpoint is called, by its whole name or by its path.
fn is_called(key: &EndpointKey, value: &str) -> bool {
    let EndpointKey::Named { method, name, .. } = key else { return false };
    let name_is = |text: &str| *name == text || path_of(name.raw()) == Some(text);
    let with_method = || {
        let (first, rest) = value.split_once(' ')?;
        let same = method.as_ref().is_none_or(|own| own.raw().eq_ignore_ascii_case(first));
        Some(same && name_is(rest))
    };
    key.is_called(value) || name_is(value) || with_method().unwrap_or_default()
}

/// The endpoint that the labels of a series name; none where the run has no such endpoint, and an error where it has several.
pub(super) fn endpoint_of(
    value: &str,
    query: &Query,
    run: &Run,
) -> Result<Option<EndpointKey>, String> {
    let mut keys = run.endpoints.iter().map(|own| &own.key).filter(|key| is_called(key, value));
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => Ok(Some(only.clone())),
        (Some(a), Some(b)) => {
            let (value, a, b) = (limits::shown(value), shown(a), shown(b));
            let by = ["method".to_owned(), query.by.last().cloned().unwrap_or_default()];
            let fix = aggregated(&query.promql, &by);
            let by = by.join(", ");
            Err(format!("{value} may be {a} or {b}: write `by: [{by}]` with {fix}"))
        }
    }
}

fn shown(key: &EndpointKey) -> String {
    limits::shown(key.text().raw())
}

/// That no series of a query is of an endpoint of the run.
pub(super) fn no_endpoint(query: &Query, values: &[String], run: &Run) -> String {
    let first = |names: &mut dyn Iterator<Item = String>| -> String {
        let shown: Vec<String> = names.take(SHOWN).collect();
        let more = names.count();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    let has = first(&mut values.iter().map(|value| limits::shown(value)));
    let runs = match run.endpoints.as_slice() {
        [] => "no endpoints".to_owned(),
        all => first(&mut all.iter().map(|own| shown(&own.key))),
    };
    format!(
        "no series is of an endpoint of the run: {} is {has}; the run has {runs}",
        query.by.join(" and ")
    )
}

/// The label whose values are the most endpoints of the run; where none is, one that is usually called so.
pub(super) fn best_label<'a>(
    labels: &BTreeMap<&'a str, BTreeSet<&str>>,
    run: &Run,
) -> Option<&'a str> {
    let called = |value: &&&str| run.endpoints.iter().any(|own| is_called(&own.key, value));
    let hits = |values: &BTreeSet<&str>| values.iter().filter(called).count();
    let best = labels.iter().map(|(label, values)| (hits(values), *label)).max();
    let usual = || USUAL.iter().find_map(|usual| labels.get_key_value(*usual)).map(|(l, _)| *l);
    best.filter(|(hits, _)| *hits > 0).map(|(_, label)| label).or_else(usual)
}
