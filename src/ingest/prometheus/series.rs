//! From the series of an answer to the points of the run, or of each endpoint.

use super::join::best_label;
use super::server::Series;
use crate::config::promql::aggregated;
use crate::config::{Combine, Query};
use crate::model::{Run, limits};
use std::collections::{BTreeMap, BTreeSet};

/// Values of a label that a message shows.
const SHOWN: usize = 3;

/// What a query gave: numbers alone, in the base unit.
#[derive(Debug, PartialEq)]
pub(super) enum Gathered {
    Run(Vec<(f64, f64)>),
    /// By the text of the labels that name the endpoint, in the order of the answer's labels.
    Endpoints(BTreeMap<String, Vec<(f64, f64)>>),
}

/// One series for the run, or one for each value of the labels in `by`; otherwise what the query should be.
pub(super) fn gather(series: Vec<Series>, query: &Query, run: &Run) -> Result<Gathered, String> {
    if series.is_empty() {
        return Err("the query gives nothing for the time of the run".to_owned());
    }
    let mut numbers = series;
    for own in &mut numbers {
        // NaN is how Prometheus says that there is no value.
        own.points.retain(|(_, value)| value.is_finite());
        own.points.iter_mut().for_each(|(_, value)| *value *= query.factor);
    }
    numbers.retain(|own| !own.points.is_empty());
    if numbers.is_empty() {
        return Err("the query gives no number for the time of the run".to_owned());
    }
    if query.by.is_empty() {
        return one(&numbers, query, &|all| too_many(all, query, run)).map(Gathered::Run);
    }
    let mut groups: BTreeMap<String, Vec<Series>> = BTreeMap::new();
    for own in numbers {
        groups.entry(named_by(&own, query)?).or_default().push(own);
    }
    let joined = |(value, all): (String, Vec<Series>)| {
        let points = one(&all, query, &|all| too_many_of(&value, all, query))?;
        Ok((value, points))
    };
    groups.into_iter().map(joined).collect::<Result<_, String>>().map(Gathered::Endpoints)
}

/// The text of the labels that name the endpoint: `POST /api/chat`.
fn named_by(series: &Series, query: &Query) -> Result<String, String> {
    let value = |label: &String| {
        let missing = || {
            let fix = aggregated(&query.promql, &query.by);
            format!("a series has no label {label}: keep it in the query, like {fix}")
        };
        series.labels.get(label).map(String::as_str).ok_or_else(missing)
    };
    query.by.iter().map(value).collect::<Result<Vec<_>, _>>().map(|all| all.join(" "))
}

/// The points of one series, or of several combined.
fn one(
    series: &[Series],
    query: &Query,
    too_many: &dyn Fn(&[Series]) -> String,
) -> Result<Vec<(f64, f64)>, String> {
    match (series, query.combine) {
        ([only], _) => Ok(only.points.clone()),
        (_, Some(combine)) => Ok(combined(series, combine)),
        (_, None) => Err(too_many(series)),
    }
}

/// The points of several series, time by time. A series that has no value at a time adds nothing to it.
fn combined(series: &[Series], combine: Combine) -> Vec<(f64, f64)> {
    let mut times: BTreeMap<i64, (f64, Vec<f64>)> = BTreeMap::new();
    for (at, value) in series.iter().flat_map(|own| &own.points) {
        let entry = times.entry((at * 1e3).round() as i64).or_insert((*at, Vec::new()));
        entry.1.push(*value);
    }
    let together = |(at, values): (f64, Vec<f64>)| {
        let sum = values.iter().sum::<f64>();
        let value = match combine {
            Combine::Sum => sum,
            Combine::Mean => sum / values.len() as f64,
            Combine::Max => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
        };
        (at, value)
    };
    times.into_values().map(together).collect()
}

/// The labels in which series differ, with their values.
fn differing(series: &[Series]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for label in series.iter().flat_map(|own| own.labels.keys()) {
        let value = |own: &'_ Series| own.labels.get(label).cloned();
        let first = series.first().map(value);
        if series.iter().map(value).any(|own| Some(own) != first) {
            let all = series.iter().filter_map(|own| own.labels.get(label).map(String::as_str));
            values.entry(label).or_default().extend(all);
        }
    }
    values
}

/// `handler (/api/chat, /login), instance (a:80, b:80 and 3 more)`.
fn listed(labels: &BTreeMap<&str, BTreeSet<&str>>) -> String {
    let one = |(label, values): (&&str, &BTreeSet<&str>)| {
        let shown: Vec<String> = values.iter().take(SHOWN).map(|own| limits::shown(own)).collect();
        let more = values.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{label} ({}{more})", shown.join(", "))
    };
    let all: Vec<String> = labels.iter().map(one).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

fn too_many(series: &[Series], query: &Query, run: &Run) -> String {
    let labels = differing(series);
    let n = series.len();
    let single = aggregated(&query.promql, &[]);
    let by = best_label(&labels, run).map(|label| {
        let single = aggregated(&query.promql, &[label.to_owned()]);
        format!("for one metric for each endpoint, write {single} with `by: {label}`; for one of the run, ")
    });
    format!(
        "the query gives {n} series, which differ in {}: {}write {single}",
        listed(&labels),
        by.unwrap_or_default()
    )
}

fn too_many_of(value: &str, series: &[Series], query: &Query) -> String {
    let labels = differing(series);
    let (n, value) = (series.len(), limits::shown(value));
    let single = aggregated(&query.promql, &query.by);
    format!(
        "the query gives {n} series of {value}, which differ in {}: write {single}, or add `combine: sum`, `max` or `mean`",
        listed(&labels)
    )
}
