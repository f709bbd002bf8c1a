//! Which of a service's metrics are of its requests, and what the labels of a series say of them.

use super::exposition::Labels;
use crate::model::{EndpointKey, Kind};

/// What is in the names of metrics of requests.
const NAMES: [&str; 5] = [
    "request",
    "grpc_server_hand",
    "grpc_client_hand",
    "http_server_duration",
    "http_client_duration",
];
/// Labels that name an endpoint, the most certain first.
const ENDPOINTS: [&str; 10] = [
    "http_route",
    "route",
    "handler",
    "uri",
    "url_template",
    "path",
    "endpoint",
    "view",
    "url",
    "server_address",
];
const METHODS: [&str; 4] = ["http_request_method", "http_method", "method", "verb"];
const STATUSES: [&str; 6] =
    ["http_response_status_code", "http_status_code", "status_code", "status", "code", "grpc_code"];
/// The label of OpenTelemetry for requests that failed, also without an answer.
const ERROR: &str = "error_type";
/// The status from which on an answer is a failure.
const FAILURE: u16 = 400;
const GRPC_OK: &str = "OK";

/// Whether a metric, or a sample of one, is of requests.
pub(super) fn is_of_requests(name: &str) -> bool {
    NAMES.iter().any(|own| name.contains(own))
}

/// How many milliseconds the unit in the name of a metric has.
pub(super) fn unit_ms(name: &str) -> Option<f64> {
    match name {
        name if name.contains("_milliseconds") || name.ends_with("_ms") => Some(1.0),
        name if name.contains("_seconds") => Some(1e3),
        _ => None,
    }
}

fn first<'a>(labels: &'a Labels, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| labels.get(*name)).map(String::as_str)
}

/// The endpoint that the labels name.
pub(super) fn endpoint(labels: &Labels) -> Option<EndpointKey> {
    if let (Some(service), Some(method)) = (labels.get("grpc_service"), labels.get("grpc_method")) {
        return Some(EndpointKey::named(Kind::Grpc, None, &format!("{service}/{method}")));
    }
    let name = first(labels, &ENDPOINTS)?;
    Some(EndpointKey::named(Kind::Http, first(labels, &METHODS), name))
}

/// Whether the labels tell how requests ended.
pub(super) fn tell_outcome(labels: &Labels) -> bool {
    labels.contains_key(ERROR) || first(labels, &STATUSES).is_some()
}

/// What the failure is called, if these requests failed.
pub(super) fn failure(labels: &Labels) -> Option<String> {
    if let Some(code) = labels.get("grpc_code") {
        return (code != GRPC_OK).then(|| code.clone());
    }
    if let Some(status) = first(labels, &STATUSES) {
        let class = matches!(status.as_bytes(), [b'4' | b'5', b'x' | b'X', b'x' | b'X']);
        if class || status.parse::<u16>().is_ok_and(|status| status >= FAILURE) {
            return Some(format!("HTTP {status}"));
        }
    }
    labels.get(ERROR).filter(|own| !own.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(all: &[(&str, &str)]) -> Labels {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_status_of_400_and_more_its_class_and_any_grpc_code_but_ok_are_failures() {
        for (name, value, kind) in [
            ("status", "503", Some("HTTP 503")),
            ("status", "5xx", Some("HTTP 5xx")),
            ("code", "304", None),
            ("status", "2xx", None),
            ("grpc_code", "OK", None),
            ("grpc_code", "Unavailable", Some("Unavailable")),
            ("error_type", "timeout", Some("timeout")),
            ("error_type", "", None),
        ] {
            assert_eq!(failure(&labels(&[(name, value)])).as_deref(), kind, "{name}={value}");
        }
    }

    #[test]
    fn the_unit_is_in_the_name() {
        assert_eq!(unit_ms("http_request_duration_seconds"), Some(1e3));
        assert_eq!(unit_ms("http_server_duration_milliseconds"), Some(1.0));
        assert_eq!(unit_ms("http_request_size_bytes"), None);
    }
}
