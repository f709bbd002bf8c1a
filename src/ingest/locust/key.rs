//! What an entry of Locust is called.

use crate::model::{EndpointKey, Kind};

/// The methods that make an entry an HTTP request; Locust writes any string that the script fires.
const HTTP_METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// The key of an entry: what Locust calls type is the HTTP method, or whatever the script fired.
pub(super) fn key(method: &str, name: &str) -> EndpointKey {
    EndpointKey::named(kind(method), Some(method).filter(|m| !m.is_empty()), name)
}

/// The kind of an entry of this type.
pub(in crate::ingest) fn kind(method: &str) -> Kind {
    let upper = method.to_uppercase();
    if HTTP_METHODS.contains(&upper.as_str()) {
        Kind::Http
    } else if upper.starts_with("WS") || upper.starts_with("WEBSOCKET") {
        Kind::Websocket
    } else if upper.starts_with("GRPC") {
        Kind::Grpc
    } else {
        Kind::Task
    }
}
