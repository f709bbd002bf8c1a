//! One sample of a raw k6 output, however its line was read.

use super::metric::{
    CHECKS, DROPPED, DURATION, FAILED, GRPC, ITERATIONS, REQUESTS, USERS, is_built_in,
    is_websocket_latency, part,
};
use super::pages::web_vital;
use crate::config::Pattern;
use crate::ingest::endpoint_table::collapsed;
use crate::model::{EndpointKey, Kind, KnownMetric, Part};

/// The groups of requests that are no part of the load.
const APART: [&str; 2] = ["::setup", "::teardown"];

/// What a metric is to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Requests,
    Duration,
    Failed,
    Part(Part),
    Grpc,
    Websocket,
    Users,
    Dropped,
    Iterations,
    Checks,
    WebVital(&'static KnownMetric),
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
            _ => match (part(metric), web_vital(metric)) {
                (Some(part), _) => Self::Part(part),
                (None, Some(vital)) => Self::WebVital(vital),
                (None, None) if is_built_in(metric) => Self::Ignored,
                (None, None) => Self::Custom,
            },
        }
    }
}

/// One sample of a raw output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// The number that `SampleAggregate::metric` gave.
    pub(super) metric: u32,
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
    /// What a failure of such a request is called.
    pub(super) failure: String,
}

/// What a failure is called: the status, or where there is none the error, or its code.
pub(super) fn failure(status: &str, error: &str, code: &str) -> String {
    match (status, error, code) {
        ("" | "0", "", "") => String::new(),
        ("" | "0", "", code) => format!("error {code}"),
        ("" | "0", error, _) => error.to_owned(),
        (status, ..) => format!("HTTP {status}"),
    }
}

impl Tags {
    /// Bytes of all texts.
    pub(super) fn bytes(&self) -> usize {
        let Self { method, name, url, group, scenario, check, failure } = self;
        [method, name, url, group, scenario, check, failure].map(String::len).iter().sum()
    }

    /// The endpoint that the tags name. What the script does before and after the load stands apart.
    pub(super) fn endpoint(&self, kind: Kind, collapse: &[Pattern]) -> EndpointKey {
        let name = if self.name.is_empty() { &self.url } else { &self.name };
        let part_of = |group: &&&str| {
            let rest = self.group.strip_prefix(**group);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let apart = APART.iter().find(part_of);
        let name = apart.map_or_else(|| name.clone(), |group| format!("{group} {name}"));
        let method = Some(self.method.as_str()).filter(|method| !method.is_empty());
        collapsed(EndpointKey::named(kind, method, &name), collapse)
    }
}

/// What the file says of a metric.
#[derive(Clone)]
pub(super) struct Declaration {
    /// `trend`, `counter`, `rate` or `gauge`.
    pub(super) sort: String,
    /// `time`, `data` or `default`.
    pub(super) contains: String,
}
