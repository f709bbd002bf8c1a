//! The choices that a policy makes by name.

use schemars::JsonSchema;
use serde::Deserialize;

/// How much evidence a crossing needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decide {
    /// None: the plain rule decides.
    Threshold,
    /// A change that chance does not give.
    #[default]
    Evidence,
    /// The same, seen in at least two new runs.
    Confirmed,
}

/// What an open question does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Leniency {
    /// Exit code 3.
    #[default]
    Fail,
    /// A loud warning and exit code 0.
    Warn,
}

impl Leniency {
    /// Every choice, the default first.
    pub const ALL: [Self; 2] = [Self::Fail, Self::Warn];

    /// The name in policies and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }
}

/// What a vanished endpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Removed {
    /// A warning.
    #[default]
    Warn,
    /// A failure.
    Fail,
    /// Nothing.
    Ignore,
}

/// What the web vitals of pages do that no budget of the policy limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WebVitals {
    /// One that is not good is a warning.
    #[default]
    Warn,
    /// Nothing.
    Off,
}

/// Where a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A branch of the repository itself.
    Repository,
    /// A fork's pull request.
    Forks,
    /// A merge queue, which does not say whose commits it holds.
    Queue,
}

/// What several series become together, point by point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// Their sum.
    Sum,
    /// The largest of them.
    Max,
    /// Their mean.
    Mean,
}

/// The worst that a rule may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Fail the gate.
    #[default]
    Fail,
    /// Warn only.
    Warn,
}
