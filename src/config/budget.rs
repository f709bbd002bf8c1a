//! Budgets: absolute limits, whatever the baseline says; and profiles, the named loads that have them.

use super::bound::Bound;
use super::choices::Combine;
use super::pattern::Pattern;
use crate::model::{Direction, LoadNumber, Metric, Statistic, Unit};

/// How bad it is to be worse than a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Worse is a warning.
    Target,
    /// Worse is a failure.
    Acceptable,
    /// Worse is a failure that is called so.
    Critical,
}

impl Tier {
    /// Every tier, from the one that is missed first on.
    pub const ALL: [Self; 3] = [Self::Target, Self::Acceptable, Self::Critical];

    /// The name in policies and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Acceptable => "acceptable",
            Self::Critical => "critical",
        }
    }
}

/// What a budget holds for.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// The whole run.
    Total,
    /// Each endpoint of a class.
    Class(String),
    /// Each endpoint that a pattern holds.
    Endpoints(Pattern),
}

/// What a budget limits.
#[derive(Debug, Clone, PartialEq)]
pub enum Limited {
    /// A measurement. A custom metric belongs to the whole run or to an endpoint, as its file has it.
    Measurement(Scope, Metric, Statistic),
    /// A resource of the machine or the service (`cpu`, `memory`, or a name in the run).
    Resource(String, Statistic),
    /// The trend of the memory.
    MemoryLeak,
    /// A statistic of the whole run in each window of its load, or in windows in a row.
    Window(Metric, Statistic, Span),
    /// The load itself: of the whole run or, for requests, of endpoints.
    Load(Scope, LoadNumber),
}

/// Which windows must keep a limit, by their number in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Every so many windows, taken together, must.
    Every(u32),
    /// One of so many windows in a row must: beyond the limit for all of them is too long.
    For(u32),
}

impl Span {
    /// How many windows in a row are looked at.
    pub fn windows(self) -> u32 {
        match self {
            Self::Every(windows) | Self::For(windows) => windows,
        }
    }
}

/// An absolute limit of one measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The name as written (`api_response_time_p95`).
    pub name: String,
    /// What is limited.
    pub limited: Limited,
    /// The limits, at least one; none for `memory_leak: none`.
    pub tiers: Vec<(Tier, Bound)>,
}

/// A named load.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// What it is, for people.
    pub description: Option<String>,
    /// Users at once.
    pub users: Option<u64>,
    /// Users started per second.
    pub spawn_rate: Option<f64>,
    /// How long the load lasts, in seconds.
    pub duration_s: Option<f64>,
    /// The environment that it runs in.
    pub environment: Option<String>,
    /// Environment variables without which it is skipped.
    pub requires: Vec<String>,
    /// Its budgets.
    pub budgets: Vec<Budget>,
    /// Loads one after another (normal, spike, normal) in place of one.
    pub phases: Vec<Phase>,
    /// Numbers of users, one after another, until a budget breaks.
    pub steps: Vec<u64>,
}

/// One part of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Users at once.
    pub users: u64,
    /// Users started per second.
    pub spawn_rate: Option<f64>,
    /// How long it lasts, in seconds.
    pub duration_s: f64,
}

/// A named query of Prometheus.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The name of the metric or resource.
    pub name: String,
    /// PromQL.
    pub promql: String,
    /// The unit of its values.
    pub unit: Unit,
    /// How many of the base unit one of the query's is.
    pub factor: f64,
    /// Which way is better, where that is said.
    pub direction: Option<Direction>,
    /// Whether it is a resource, not a metric.
    pub resource: bool,
    /// The labels that say which endpoint a series is of, the method's before the name's; empty: one series is of the run.
    pub by: Vec<String>,
    /// What several series of one endpoint, or of the run, become; none: they are an error.
    pub combine: Option<Combine>,
}
