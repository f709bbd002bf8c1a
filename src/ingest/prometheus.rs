//! Prometheus: named queries over the time of a run, by its HTTP API (`/api/v1/query_range`), as metrics or resources of the run.

use crate::config::Query;
use crate::model::{CustomMetric, Resource, Run, Secrets, Span, Timeline};
use crate::stats::steady_trend;
use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::io::Read as _;
use std::time::Duration;

/// The largest answer that is read.
const LARGEST: u64 = 32 << 20;
/// How long one query may take, from connecting to the last byte of its answer.
const LONGEST: Duration = Duration::from_secs(30);
/// Points that a query asks for at most.
const MOST_POINTS: f64 = 240.0;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// The address is none.
    #[error("{0} is no address: write prometheus:http://host:9090")]
    Address(String),
    /// The run does not say when it was.
    #[error(
        "the run does not say when it started and how long it took, so that nothing can be asked about it"
    )]
    NoTime,
    /// The server did not answer, or not so.
    #[error("{name}: {why}")]
    Failed {
        /// The query's name.
        name: String,
        /// What happened.
        why: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<AnswerData>,
}

#[derive(Deserialize)]
struct AnswerData {
    result: Vec<AnswerSeries>,
}

#[derive(Deserialize)]
struct AnswerSeries {
    values: Vec<(f64, String)>,
}

/// Asks a server about the time of a run, and adds the answers to it. `token` is sent as a bearer token.
pub fn attach_prometheus(
    run: &mut Run,
    address: &str,
    token: Option<&str>,
    queries: &[Query],
) -> Result<(), PrometheusError> {
    let secrets = secrets(address, token);
    let hidden = |text: &str| secrets.hide(text).into_owned();
    let wrong = || PrometheusError::Address(hidden(address));
    let base = Url::parse(&format!("{}/", address.trim_end_matches('/'))).map_err(|_| wrong())?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err(wrong());
    }
    let (Some(start), Some(duration)) = (run.started_at, run.duration_s) else {
        return Err(PrometheusError::NoTime);
    };
    let start = start.as_duration().as_secs_f64();
    // Another part of the process may have chosen one already; any will do.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder().redirect(Policy::none()).build();
    for query in queries {
        let failed = |why: String| {
            let name = query.name.clone();
            PrometheusError::Failed { name, why: hidden(&why) }
        };
        let client = client.as_ref().map_err(|error| failed(error.to_string()))?;
        let points =
            ask(client, &base, token, &query.promql, (start, start + duration)).map_err(failed)?;
        let points: Vec<(f64, f64)> =
            points.into_iter().map(|(at, v)| (at, v * query.factor)).collect();
        add(run, query, &points, start);
    }
    Ok(())
}

/// What a server must not be able to have printed: the token, and a password in its address.
fn secrets(address: &str, token: Option<&str>) -> Secrets {
    let mut secrets = Secrets::of(token.unwrap_or_default());
    let user =
        address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if let Some((user, _)) = user {
        secrets.add(user.split_once(':').map_or(user, |(_, password)| password));
    }
    secrets
}

fn ask(
    client: &Client,
    base: &Url,
    token: Option<&str>,
    promql: &str,
    (start, end): (f64, f64),
) -> Result<Vec<(f64, f64)>, String> {
    let step = ((end - start) / MOST_POINTS).ceil().max(1.0);
    let mut url = base.join("api/v1/query_range").map_err(|error| error.to_string())?;
    url.query_pairs_mut()
        .append_pair("query", promql)
        .append_pair("start", &format!("{start:.3}"))
        .append_pair("end", &format!("{end:.3}"))
        .append_pair("step", &format!("{step}"));
    // Set here, it covers the answer's body as well; set for the client, it would begin anew with every byte.
    let mut request = client.get(url).timeout(LONGEST);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    // An error's text holds the address, which may hold a password.
    let answer = request.send().map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    let mut body = Vec::new();
    answer.take(LARGEST).read_to_end(&mut body).map_err(|error| error.to_string())?;
    let answer: Answer = serde_json::from_slice(&body)
        .map_err(|_| format!("the server answered {status}, and not as Prometheus does"))?;
    if answer.status != "success" {
        return Err(answer.error.unwrap_or_else(|| format!("the server answered {status}")));
    }
    let mut series = answer.data.map(|data| data.result).unwrap_or_default();
    let only = match series.len() {
        0 => return Err("the query gives nothing for the time of the run".to_owned()),
        1 => series.remove(0),
        n => {
            return Err(format!(
                "the query gives {n} series: make them one, with sum(…) or max(…)"
            ));
        }
    };
    // NaN is how Prometheus says that there is no value.
    let number =
        |(at, text): (f64, String)| Some((at, text.parse::<f64>().ok().filter(|v| v.is_finite())?));
    let points: Vec<(f64, f64)> = only.values.into_iter().filter_map(number).collect();
    if points.is_empty() {
        Err("the query gives no number for the time of the run".to_owned())
    } else {
        Ok(points)
    }
}

fn add(run: &mut Run, query: &Query, points: &[(f64, f64)], start: f64) {
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
    if query.resource {
        let trend = steady_trend(points);
        let per_hour = |value: f64| value * SECONDS_PER_HOUR;
        let resource = Resource {
            mean: Some(mean),
            max: points.iter().map(|point| point.1).reduce(f64::max),
            slope_per_hour: trend.map(|own| per_hour(own.estimate)),
            slope_interval: trend.map(|own| Span {
                low: per_hour(own.interval.low),
                high: per_hour(own.interval.high),
            }),
        };
        run.resources.insert(query.name.as_str().into(), resource);
    } else {
        let metric = CustomMetric::new(&query.name, query.unit.clone());
        run.metrics.push(CustomMetric { value: Some(mean), direction: query.direction, ..metric });
    }
    let timeline = Timeline::of_points(points, start);
    run.timeline.extend(timeline.map(|own| (query.name.as_str().into(), own)));
}
