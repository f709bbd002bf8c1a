//! One execution of a load test, normalised.

use super::alert::Alert;
use super::check::Check;
use super::commit::CommitId;
use super::custom_metric::CustomMetric;
use super::endpoint::EndpointKey;
use super::measured::Endpoint;
use super::measurement::MeasurementKey;
use super::metric::Metric;
use super::resource::Resource;
use super::timeline::Timeline;
use super::untrusted::{Raw, Untrusted};
use std::collections::BTreeMap;

/// One execution of a load test. What a file does not say stays absent.
#[derive(Debug, Clone)]
pub struct Run {
    /// The tool that made the load.
    pub tool: Tool,
    /// Which of a repository's suites this is.
    pub suite: Untrusted,
    /// The named load, if there is one.
    pub profile: Option<Untrusted>,
    /// Where it ran (`ci`, `staging`).
    pub environment: Option<Untrusted>,
    /// The commit that was measured.
    pub commit: Option<CommitId>,
    /// When the load started.
    pub started_at: Option<jiff::Timestamp>,
    /// How long the load lasted, in seconds.
    pub duration_s: Option<f64>,
    /// The shape of the load.
    pub load: Load,
    /// What else the run is labelled with; `runner` is the class of machine.
    pub labels: BTreeMap<Untrusted, Untrusted>,
    /// All endpoints together.
    pub total: Endpoint,
    /// The endpoints, in the order of the file.
    pub endpoints: Vec<Endpoint>,
    /// The user's own metrics.
    pub metrics: Vec<CustomMetric>,
    /// What the machine used meanwhile, by name and unit (`cpu_percent`).
    pub resources: BTreeMap<Untrusted, Resource>,
    /// Values over time, by name (`cpu_percent`, `throughput_rps`).
    pub timeline: BTreeMap<Untrusted, Timeline>,
    /// The checks of the script.
    pub checks: Vec<Check>,
    /// The alerts that were evaluated over its time.
    pub alerts: Vec<Alert>,
    /// How long fixed pieces of work took on the machine (`cpu`, `memory`, `loopback`), in milliseconds.
    pub calibration: BTreeMap<Untrusted, f64>,
}

impl Run {
    /// A run of this tool that knows nothing yet.
    pub fn new(tool: Tool) -> Self {
        Self {
            tool,
            suite: Self::DEFAULT_SUITE.into(),
            profile: None,
            environment: None,
            commit: None,
            started_at: None,
            duration_s: None,
            load: Load::default(),
            labels: BTreeMap::new(),
            total: Endpoint::new(EndpointKey::Total),
            endpoints: Vec::new(),
            metrics: Vec::new(),
            resources: BTreeMap::new(),
            timeline: BTreeMap::new(),
            checks: Vec::new(),
            alerts: Vec::new(),
            calibration: BTreeMap::new(),
        }
    }

    /// The suite of a run that names none.
    pub const DEFAULT_SUITE: &str = "default";

    /// One number of the run; none where it was not measured.
    pub fn value(&self, key: &MeasurementKey) -> Option<f64> {
        if let Metric::Custom(name) = &key.metric
            && let Some(metric) = self.metric(name, &key.endpoint)
        {
            return metric.statistic(key.statistic);
        }
        let same = |e: &&Endpoint| e.key == key.endpoint;
        let alike = |e: &&Endpoint| e.key.same_without_method(&key.endpoint);
        let found = self.all_endpoints().find(same).or_else(|| self.all_endpoints().find(alike))?;
        found.value(&key.metric, key.statistic)
    }

    /// The metric of this name that belongs to this endpoint.
    pub(super) fn metric(&self, name: &Untrusted, endpoint: &EndpointKey) -> Option<&CustomMetric> {
        let own = || self.metrics.iter().filter(|m| m.name == *name);
        let alike = |m: &&CustomMetric| m.endpoint.same_without_method(endpoint);
        own().find(|m| m.endpoint == *endpoint).or_else(|| own().find(alike))
    }

    /// Why the load generator could not keep up the load, if it could not: its own processor was full, or it left out more than
    /// a hundredth of what it should have started.
    pub fn overload(&self) -> Option<String> {
        let cpu = self.resources.get(GENERATOR_CPU).and_then(|own| own.mean);
        if let Some(cpu) = cpu.filter(|cpu| *cpu > 90.0) {
            return Some(format!("its CPU was at {cpu:.0} %"));
        }
        let total = |name: &str| {
            self.metric(&name.into(), &EndpointKey::Total).and_then(|metric| metric.value)
        };
        let (dropped, done) = (total(DROPPED)?, total(MADE)?);
        let share = dropped / (dropped + done).max(1.0);
        (share > 0.01).then(|| format!("{dropped:.0} iterations were dropped"))
    }

    /// Whether it has metrics beside those that the load generator counts of itself.
    pub fn has_own_metrics(&self) -> bool {
        let of_generator = |name: &str| matches!(name, DROPPED | MADE);
        self.metrics.iter().any(|metric| !of_generator(metric.name.raw()))
    }

    /// The total, then the endpoints.
    pub fn all_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        std::iter::once(&self.total).chain(&self.endpoints)
    }
}

/// How busy the load generator was, of what it could use.
pub(super) const GENERATOR_CPU: &str = "generator_cpu_percent";

/// Iterations that the load generator could not start, and those that it made.
const DROPPED: &str = "dropped_iterations";
pub(super) const MADE: &str = "iterations";

/// The tool that made the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name, lower case (`locust`, `k6`).
    pub name: Untrusted,
    /// Its version, where the file says it.
    pub version: Option<Untrusted>,
}

/// The shape of the load, as far as the file knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Users (virtual users, connections) at once.
    pub users: Option<u64>,
    /// Whether `users` is what was asked for, and nothing says how many there were.
    pub users_planned: bool,
    /// Whether the run's duration is what was asked for, and nothing says how long it was.
    pub duration_planned: bool,
    /// The most users at once that were reached, where that is not `users`: the load was a ramp, or fell short.
    pub peak_users: Option<u64>,
    /// Connections that are open at once.
    pub connections: Option<u64>,
    /// Users started per second.
    pub spawn_rate: Option<f64>,
    /// The host that was loaded.
    pub target: Option<Untrusted>,
    /// Hash of the script that made the load.
    pub script_sha256: Option<Untrusted>,
}
