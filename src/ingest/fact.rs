//! What a file can say about a run.

use crate::model::names;

/// Something that a file can say about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Numbers of each endpoint, not of all requests together alone.
    Endpoints,
    /// The 99th percentile of response times.
    P99,
    /// Every response time, so that any percentile can be told, and shards can be merged.
    ResponseTimes,
    /// How long the parts of a request took.
    Parts,
    /// Failures among the requests.
    Errors,
    /// What the failures were.
    FailureKinds,
    /// Requests per second.
    Throughput,
    /// Users at a time.
    Users,
    /// When the load started.
    Start,
    /// Values over time.
    OverTime,
    /// Checks of the script.
    Checks,
    /// The script's own metrics.
    Metrics,
}

names!(Fact {
    Endpoints => "endpoints",
    P99 => "p99",
    ResponseTimes => "every response time",
    Parts => "parts of a request",
    Errors => "errors",
    FailureKinds => "kinds of failure",
    Throughput => "throughput",
    Users => "users",
    Start => "start time",
    OverTime => "values over time",
    Checks => "checks",
    Metrics => "custom metrics",
});
