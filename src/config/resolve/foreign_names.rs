//! Names that other tools, or other parts of the policy, have for what `regression_thresholds` limits. Taken for a metric of
//! the user's own, such a limit would hold nothing and look as if it did.

use super::known_measures;
use crate::config::file::{At, Entries, RawValue};
use crate::model::{Statistic, known_metric};

/// What people call the things that are limited, by the key that limits them.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "api_response_time",
        &[
            "latency",
            "latencies",
            "response_time",
            "response_times",
            "duration",
            "request_duration",
            "request_time",
            "http_request_duration",
            "grpc_req_duration",
        ],
    ),
    (
        "throughput",
        &[
            "rps",
            "qps",
            "tps",
            "http_reqs",
            "requests",
            "requests_per_second",
            "requests_per_sec",
            "requests/s",
            "req/s",
            "request_rate",
        ],
    ),
    (
        "error_rate",
        &[
            "error",
            "errors",
            "failures",
            "failed",
            "failed_requests",
            "fail_rate",
            "failure_rate",
            "error_ratio",
            "failure_ratio",
            "http_req_failed",
        ],
    ),
];

/// What is wrong with a key that is neither a known one nor a slip of the finger, and what to write instead; none where it may
/// be a metric of the user's own. One that says its direction is: nothing else has one.
pub(super) fn meant_otherwise(key: &str, value: &RawValue) -> Option<String> {
    let of_its_own = |entries: &Entries<At<RawValue>>| {
        entries.0.iter().any(|(name, _)| name.value == "direction")
    };
    if known_metric(key).is_some() {
        return None;
    }
    let limit = match value {
        RawValue::Text(text) => text.as_str(),
        RawValue::Map(entries) if of_its_own(entries) => return None,
        RawValue::Map(_) => "20%",
    };
    let name = key.to_lowercase().replace([' ', '-'], "_");
    if is_endpoint(key) {
        return Some(format!("\"{key}\" is an endpoint: its limits stand under `endpoints:`"));
    }
    if let (of, Some(statistic)) = known_measures::split(key)
        && known_metric(of).is_some()
    {
        return Some(format!(
            "\"{key}\" is a statistic of {of}: write {of}: {{ {statistic}: {limit} }}"
        ));
    }
    if let Some(statistic) = statistic(&name) {
        let known = "api_response_time";
        return Some(format!(
            "\"{key}\" is a statistic: write {known}: {{ {statistic}: {limit} }}"
        ));
    }
    let (known, example) = match split(&name) {
        Some((known, statistic)) => (known, format!("{{ {statistic}: {limit} }}")),
        None => {
            let known = known(&name)?;
            let example = match known {
                "error_rate" => "{ absolute: 0.1% }",
                "throughput" => "{ relative: 10% }",
                _ => "{ p95: 20% }",
            };
            (known, example.to_owned())
        }
    };
    Some(format!(
        "\"{key}\" is called {known} here: write {known}: {example} (a metric of your own: write its direction as well)"
    ))
}

/// Whether it is written like `/search` or `GET /search`.
fn is_endpoint(key: &str) -> bool {
    let method = |text: &str| text == "*" || text.bytes().all(|b| b.is_ascii_uppercase());
    key.starts_with('/') || key.split_once(" /").is_some_and(|(before, _)| method(before))
}

/// The key that limits what is called so.
fn known(name: &str) -> Option<&'static str> {
    let found = NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(key, _)| *key);
    found.or_else(|| name.starts_with("http_req_").then_some("api_response_time"))
}

/// The statistic that a word names, also in the words of other tools.
fn statistic(name: &str) -> Option<String> {
    match name {
        "avg" | "average" => return Some("mean".to_owned()),
        "median" | "med" => return Some("p50".to_owned()),
        _ => {}
    }
    let level = name.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
    let name = level.map_or_else(|| name.to_owned(), |level| format!("p{level}"));
    match name.parse() {
        Ok(Statistic::Mean | Statistic::Max | Statistic::Quantile(_)) => Some(name),
        _ => None,
    }
}

/// The key that is meant, and the statistic, by names such as budgets have: `api_response_time_p95`, `p95_latency`.
fn split(name: &str) -> Option<(&str, String)> {
    let latency = |of: &'_ str| match of {
        "api_response_time" | "api_latency" | "websocket_latency" => true,
        other => known(other) == Some("api_response_time"),
    };
    let (first, rest) = name.split_once('_')?;
    let (before, last) = name.rsplit_once('_')?;
    let (of, statistic) = match (statistic(last), statistic(first)) {
        (Some(statistic), _) => (before, statistic),
        (None, statistic) => (rest, statistic?),
    };
    let key = if of == "websocket_latency" { of } else { "api_response_time" };
    latency(of).then_some((key, statistic))
}
