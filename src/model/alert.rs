//! Alerts of a monitoring system, evaluated over the time of a run.

use super::named::names;
use super::untrusted::Untrusted;

/// How grave it is when an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertSeverity {
    /// It fails the gate.
    #[default]
    Critical,
    /// It warns.
    Warning,
}

names!(AlertSeverity {
    Critical => "critical",
    Warning => "warning",
});

/// A rule of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRule {
    /// Its name.
    pub name: Untrusted,
    /// What must hold, in PromQL.
    pub condition: Untrusted,
    /// How long that must hold before the alert fires, in seconds.
    pub holds_for_s: f64,
    /// How grave it is.
    pub severity: AlertSeverity,
}

impl AlertRule {
    /// Whether both fire at the same times: how grave that is decides who judges, not who measures.
    pub fn fires_as(&self, other: &Self) -> bool {
        self.name == other.name
            && self.condition == other.condition
            && (self.holds_for_s - other.holds_for_s).abs() < 1e-6
    }
}

/// An alert during a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The rule.
    pub rule: AlertRule,
    /// What came of it.
    pub outcome: AlertOutcome,
}

/// What came of an alert during a run.
#[derive(Debug, Clone, PartialEq)]
pub enum AlertOutcome {
    /// It would not have fired.
    Quiet,
    /// It would have fired.
    Fired(Firing),
    /// Nobody knows, for this reason.
    Unknown(Untrusted),
}

/// When an alert would have fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The first time.
    pub at: jiff::Timestamp,
    /// How long during the run, in seconds, with interruptions left out.
    pub for_s: f64,
    /// The labels of the series that fired first; none where it has none.
    pub series: Option<Untrusted>,
}
