//! One sample of a raw k6 output, however its line was read.

use super::k6_metric::{
    CHECKS, DROPPED, DURATION, FAILED, GRPC, ITERATIONS, REQUESTS, USERS, is_built_in,
    is_websocket_latency,
};
use super::k6_tally::PARTS;

/// What a metric is to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Requests,
    Duration,
    Failed,
    Part(u8),
    Grpc,
    Websocket,
    Users,
    Dropped,
    Iterations,
    Checks,
    Ignored,
    Custom,
}

impl Known {
    pub(super) fn of(metric: &str) -> Self {
        match metric {
            REQUESTS => Self::Requests,
            DURATION => Self::Duration,
            FAILED => Self::Failed,
            GRPC => Self::Grpc,
            USERS => Self::Users,
            DROPPED => Self::Dropped,
            ITERATIONS => Self::Iterations,
            CHECKS => Self::Checks,
            _ if is_websocket_latency(metric) => Self::Websocket,
            _ => match metric
                .strip_prefix("http_req_")
                .and_then(|part| PARTS.iter().position(|own| *own == part))
            {
                Some(part) => Self::Part(part as u8),
                None if is_built_in(metric) => Self::Ignored,
                None => Self::Custom,
            },
        }
    }
}

/// One sample of a raw output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) metric: &'a str,
    pub(super) known: Known,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) value: f64,
    /// Grows with the place in the file.
    pub(super) order: u64,
}

/// The tags that matter here; absent and empty are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Tags {
    pub(super) method: String,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) group: String,
    pub(super) scenario: String,
    pub(super) check: String,
}

/// What the file says of a metric.
#[derive(Clone)]
pub(super) struct Declaration {
    /// `trend`, `counter`, `rate` or `gauge`.
    pub(super) sort: String,
    /// `time`, `data` or `default`.
    pub(super) contains: String,
}
