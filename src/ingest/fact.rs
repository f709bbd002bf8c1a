//! What a file can say about a run.

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

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 12] = [
        Self::Endpoints,
        Self::P99,
        Self::ResponseTimes,
        Self::Parts,
        Self::Errors,
        Self::FailureKinds,
        Self::Throughput,
        Self::Users,
        Self::Start,
        Self::OverTime,
        Self::Checks,
        Self::Metrics,
    ];

    /// What a list of formats calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints",
            Self::P99 => "p99",
            Self::ResponseTimes => "every response time",
            Self::Parts => "parts of a request",
            Self::Errors => "errors",
            Self::FailureKinds => "kinds of failure",
            Self::Throughput => "throughput",
            Self::Users => "users",
            Self::Start => "start time",
            Self::OverTime => "values over time",
            Self::Checks => "checks",
            Self::Metrics => "custom metrics",
        }
    }
}
