//! What all outputs of k6 have in common: names of metrics, selectors of sub-metrics, keys of endpoints.

use crate::model::{
    CustomMetric, Direction, EndpointKey, Kind, KnownMetric, MetricType, Part, Unit, known_metric,
};
use std::fmt;

/// A metric's name and the tags that select a part of it: `http_req_duration{name:/api/chat}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Selector {
    pub(super) metric: String,
    /// Tags, sorted; empty for the whole metric.
    pub(super) tags: Vec<(String, String)>,
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        let tags: Vec<String> =
            self.tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
        if tags.is_empty() { Ok(()) } else { write!(f, "{{{}}}", tags.join(",")) }
    }
}

impl Selector {
    /// Splits a key at the first `{` and the last `}`, tags at commas, a tag at its first colon: a value may hold
    /// anything else, and k6 refuses a comma in one. Blanks around a tag do not count.
    pub(super) fn parse(key: &str) -> Self {
        let parts = key.split_once('{').and_then(|(m, rest)| Some((m, rest.rsplit_once('}')?.0)));
        let Some((metric, selector)) = parts else {
            return Self { metric: key.to_owned(), tags: Vec::new() };
        };
        let tag = |text: &str| {
            let (name, value) = text.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        let mut tags: Vec<_> = selector.split(',').filter_map(tag).collect();
        // Whoever writes tags in another order means the same requests.
        tags.sort();
        Self { metric: metric.to_owned(), tags }
    }

    fn tag(&self, wanted: &str) -> Option<&str> {
        self.tags.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// The endpoint that the tags name; none for a part that is no endpoint (`expected_response`, `status`).
    pub(super) fn endpoint(&self, kind: Kind) -> Option<EndpointKey> {
        if self.tags.iter().any(|(name, _)| matches!(name.as_str(), "expected_response" | "status"))
        {
            return None;
        }
        if let Some(name) = self.tag("name").or_else(|| self.tag("url"))
            && self.tags.iter().all(|(tag, _)| matches!(tag.as_str(), "name" | "url" | "method"))
        {
            return Some(EndpointKey::named(kind, self.tag("method"), name));
        }
        match self.tags.as_slice() {
            [] => None,
            [(tag, value)] if tag == "group" => Some(EndpointKey::named(Kind::Group, None, value)),
            [(tag, value)] if tag == "scenario" => {
                Some(EndpointKey::named(Kind::Scenario, None, value))
            }
            // A tag of the user's own, or several together: a group of requests by any other name.
            tags => {
                let text: Vec<String> =
                    tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
                Some(EndpointKey::named(Kind::Group, None, &text.join(",")))
            }
        }
    }
}

/// The response times of HTTP requests.
pub(super) const DURATION: &str = "http_req_duration";
/// The number of HTTP requests.
pub(super) const REQUESTS: &str = "http_reqs";
/// Whether HTTP requests failed: true is a failure.
pub(super) const FAILED: &str = "http_req_failed";
/// The response times of gRPC calls.
pub(super) const GRPC: &str = "grpc_req_duration";
/// Iterations that could not be started.
pub(super) const DROPPED: &str = "dropped_iterations";
/// Iterations that were made.
pub(super) const ITERATIONS: &str = "iterations";
/// The number of virtual users.
pub(super) const USERS: &str = "vus";
/// Whether checks held.
pub(super) const CHECKS: &str = "checks";

/// The times of a WebSocket that are its latency. How long a session lasts is the script's doing.
pub(super) fn is_websocket_latency(metric: &str) -> bool {
    matches!(metric, "ws_connecting" | "ws_ping")
}

/// The metrics that time a part of an HTTP request.
pub(super) const PARTS: [(&str, Part); 6] = [
    ("http_req_blocked", Part::Blocked),
    ("http_req_connecting", Part::Connect),
    ("http_req_tls_handshaking", Part::Tls),
    ("http_req_sending", Part::Sending),
    ("http_req_waiting", Part::Waiting),
    ("http_req_receiving", Part::Receiving),
];

/// The part of an HTTP request that a metric times.
pub(super) fn part(metric: &str) -> Option<Part> {
    PARTS.iter().find(|(name, _)| *name == metric).map(|(_, part)| *part)
}

/// Whether k6 makes this metric by itself and it is no metric of the user's own.
pub(super) fn is_built_in(metric: &str) -> bool {
    const NAMES: [&str; 8] = [
        "data_sent",
        "data_received",
        "vus_max",
        "group_duration",
        ITERATIONS,
        "iteration_duration",
        REQUESTS,
        DROPPED,
    ];
    NAMES.contains(&metric)
        || metric.starts_with("http_req_")
        || matches!(metric, USERS | CHECKS | GRPC)
        || is_websocket_latency(metric)
}

/// The unit of a custom metric, from what k6 says that it contains; where it says nothing, from its name.
pub(super) fn unit(name: &str, contains: Option<&str>) -> Unit {
    match contains {
        Some("time") => Unit::Milliseconds,
        Some("data") => Unit::Bytes,
        Some(_) => Unit::Number,
        None => known_metric(name).map_or(Unit::Number, KnownMetric::unit),
    }
}

/// How many iterations were made, and how many were dropped, as metrics of a run: where the generator could not keep up, its own
/// numbers say little.
pub(super) fn dropped_metrics(dropped: f64, iterations: f64) -> Vec<CustomMetric> {
    let metric = |(name, value, direction): (&str, f64, Direction)| CustomMetric {
        sort: Some(MetricType::Counter),
        value: Some(value),
        direction: Some(direction),
        ..CustomMetric::new(name, Unit::Number)
    };
    let all = [(DROPPED, dropped, Direction::Lower), (ITERATIONS, iterations, Direction::Higher)];
    all.into_iter().filter(|(_, value, _)| *value > 0.0).map(metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_may_hold_colons_braces_and_quotes() {
        let of =
            |key: &str| Selector::parse(key).endpoint(Kind::Http).map(|key| key.text().into_raw());
        assert_eq!(of("http_req_duration{name:a:b}"), Some("a:b".to_owned()));
        assert_eq!(of("http_req_duration{name:/x{id}}"), Some("/x{id}".to_owned()));
        assert_eq!(
            of("http_req_duration{group:::Chat flow::inner}"),
            Some("group ::Chat flow::inner".to_owned())
        );
        assert_eq!(of("http_req_duration{name:/a,method:GET}"), Some("GET /a".to_owned()));
        assert_eq!(of("http_req_duration{expected_response:true}"), None);
        assert_eq!(of("http_req_duration{api:chat}"), Some("group api:chat".to_owned()));
        assert_eq!(of("http_req_duration"), None);
    }
}
