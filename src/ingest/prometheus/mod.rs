//! Prometheus: named queries over the time of a run, by its HTTP API (`/api/v1/query_range`), as metrics or resources of the run.

mod alerts;
mod error;
mod join;
mod series;
mod server;

pub use error::PrometheusError;

use crate::config::{Query, promql};
use crate::model::limits::{METRICS, check_number};
use crate::model::{
    AlertRule, CustomMetric, EndpointKey, Raw as _, Resource, Run, Span, Timeline, WarningKind,
};
use crate::stats::steady_trend;
use alerts::evaluate;
use join::endpoint_of;
use series::{Gathered, gather};
use server::{Server, Window};

const SECONDS_PER_HOUR: f64 = 3600.0;

/// Asks a server about the time of a run: adds the answers to queries as metrics and resources, and what came of alerts.
/// `token` is sent as a bearer token. Returns what a person should know about them.
pub fn attach_prometheus(
    run: &mut Run,
    address: &str,
    token: Option<&str>,
    queries: &[Query],
    alerts: &[AlertRule],
) -> Result<Vec<WarningKind>, PrometheusError> {
    let server = Server::new(address, token)?;
    let window = window_of(run)?;
    let mut warnings = Vec::new();
    for query in queries {
        let failed = |why| PrometheusError::Failed { name: query.name.clone(), why };
        let series = server.ask(&query.promql, window).map_err(|error| failed(error.why()))?;
        let gathered = gather(series, query, run).map_err(failed)?;
        warnings.extend(add(run, query, gathered, window).map_err(failed)?);
    }
    let metrics = check_number("metrics", run.metrics.len(), METRICS);
    metrics.map_err(|exceeded| PrometheusError::Client(exceeded.to_string()))?;
    for rule in alerts {
        let failed = |why| PrometheusError::Failed { name: rule.name.raw().to_owned(), why };
        run.alerts.push(evaluate(rule, &server, window).map_err(failed)?);
    }
    warnings.extend(own_ratios(queries, alerts));
    let texts = queries.iter().map(|query| (query.name.as_str(), query.promql.as_str()));
    let conditions = alerts.iter().map(|rule| (rule.name.raw(), rule.condition.raw()));
    warnings.extend(looks_back(texts.chain(conditions), window));
    Ok(warnings)
}

fn window_of(run: &Run) -> Result<Window, PrometheusError> {
    let (Some(start), Some(duration)) = (run.started_at, run.duration_s) else {
        return Err(PrometheusError::NoTime);
    };
    let start = start.as_duration().as_secs_f64();
    Ok(Window { start, end: start + duration })
}

/// Ratios that are always 1.
fn own_ratios<'a>(
    queries: &'a [Query],
    alerts: &'a [AlertRule],
) -> impl Iterator<Item = WarningKind> + use<'a> {
    let queries =
        queries.iter().map(|own| (own.name.as_str(), own.promql.as_str(), own.by.as_slice()));
    let alerts = alerts.iter().map(|own| (own.name.raw(), own.condition.raw(), &[][..]));
    queries.chain(alerts).filter_map(|(name, text, by)| {
        let instead = promql::instead_of_own_ratio(text, by)?;
        Some(WarningKind::OwnRatio { query: name.to_owned(), instead })
    })
}

/// Queries that look back over more than the whole run: most of what they give came before it.
fn looks_back<'a>(
    queries: impl Iterator<Item = (&'a str, &'a str)>,
    window: Window,
) -> Option<WarningKind> {
    let range = |(name, text)| Some((name, promql::longest_range_s(text)?));
    let too_far = |(_, range): &(&str, f64)| *range > window.duration_s();
    let all: Vec<(&str, f64)> = queries.filter_map(range).filter(too_far).collect();
    let range_s = all.iter().map(|(_, range)| *range).reduce(f64::max)?;
    Some(WarningKind::LooksBack {
        queries: all.iter().map(|(name, _)| (*name).to_owned()).collect(),
        range_s: range_s.round() as u64,
        run_s: window.duration_s().round() as u64,
    })
}

/// Adds what a query gave to the run.
fn add(
    run: &mut Run,
    query: &Query,
    gathered: Gathered,
    window: Window,
) -> Result<Option<WarningKind>, String> {
    let groups = match gathered {
        Gathered::Run(points) => {
            add_points(run, query, EndpointKey::Total, &points);
            let timeline = Timeline::of_points(&points, window.start);
            run.timeline.extend(timeline.map(|own| (query.name.as_str().into(), own)));
            return Ok(None);
        }
        Gathered::Endpoints(groups) => groups,
    };
    let (mut left_out, mut found) = (Vec::new(), Vec::new());
    for (value, points) in groups {
        match endpoint_of(&value, query, run)? {
            Some(key) => found.push((key, points)),
            None => left_out.push(value),
        }
    }
    if found.is_empty() {
        return Err(join::no_endpoint(query, &left_out, run));
    }
    for (key, points) in found {
        add_points(run, query, key, &points);
    }
    let kind = WarningKind::SeriesLeftOut { query: query.name.clone(), series: left_out };
    Ok(Some(kind).filter(
        |kind| !matches!(kind, WarningKind::SeriesLeftOut { series, .. } if series.is_empty()),
    ))
}

fn add_points(run: &mut Run, query: &Query, endpoint: EndpointKey, points: &[(f64, f64)]) {
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
    if !query.resource {
        let metric = CustomMetric::new(&query.name, query.unit.clone());
        let (value, direction) = (Some(mean), query.direction);
        run.metrics.push(CustomMetric { value, direction, endpoint, ..metric });
        return;
    }
    let trend = steady_trend(points);
    let per_hour = |value: f64| value * SECONDS_PER_HOUR;
    let resource = Resource {
        mean: Some(mean),
        max: points.iter().map(|point| point.1).reduce(f64::max),
        slope_per_hour: trend.map(|own| per_hour(own.estimate)),
        slope_interval: trend
            .map(|own| Span { low: per_hour(own.interval.low), high: per_hour(own.interval.high) }),
    };
    run.resources.insert(query.name.as_str().into(), resource);
}
