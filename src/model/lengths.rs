//! How long the names of a run may be. They stand in tables, in comments, in file names and in the names of checks, and a forge
//! takes no more than it takes.

use super::alert::AlertOutcome;
use super::custom_metric::CustomMetric;
use super::endpoint::EndpointKey;
use super::limits::{Exceeded, check_label, check_name};
use super::measured::Endpoint;
use super::run::Run;
use super::untrusted::{Raw, Untrusted};

/// A text of a run that is longer than it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {exceeded}")]
pub struct TooLong {
    /// Where it stands, as in a run file (`endpoints[3].name`).
    pub path: String,
    /// How long it may be, and how it begins; untrusted text.
    pub exceeded: Exceeded,
}

fn label_at(text: &(impl Raw + ?Sized), path: impl FnOnce() -> String) -> Result<(), TooLong> {
    check_label("a text", text.raw()).map_err(|exceeded| TooLong { path: path(), exceeded })
}

fn name_at(text: &(impl Raw + ?Sized), path: impl FnOnce() -> String) -> Result<(), TooLong> {
    check_name("a name", text.raw()).map_err(|exceeded| TooLong { path: path(), exceeded })
}

impl Run {
    /// Refuses a run of which a name is longer than it may be; the error names the first of them.
    pub fn check_lengths(&self) -> Result<(), TooLong> {
        let optional = |text: &Option<Untrusted>, path: &str| {
            text.iter().try_for_each(|text| label_at(text, || path.to_owned()))
        };
        label_at(&self.suite, || "suite".to_owned())?;
        optional(&self.profile, "profile")?;
        optional(&self.environment, "environment")?;
        label_at(&self.tool.name, || "tool.name".to_owned())?;
        optional(&self.tool.version, "tool.version")?;
        self.load.target.iter().try_for_each(|host| name_at(host, || "load.target".into()))?;
        let hash = &self.load.script_sha256;
        hash.iter().try_for_each(|hash| label_at(hash, || "load.script_sha256".into()))?;
        for (key, value) in &self.labels {
            label_at(key, || "labels".to_owned())?;
            name_at(value, || format!("labels.{}", key.raw()))?;
        }
        self.total.check_lengths("total")?;
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            endpoint.check_lengths(&format!("endpoints[{i}]"))?;
        }
        for (i, metric) in self.metrics.iter().enumerate() {
            metric.check_lengths(&format!("metrics[{i}]"))?;
        }
        let keys = [
            ("resources", self.resources.keys().collect::<Vec<_>>()),
            ("timeline", self.timeline.keys().collect()),
            ("calibration", self.calibration.keys().collect()),
        ];
        for (path, names) in keys {
            names.into_iter().try_for_each(|name| label_at(name, || path.to_owned()))?;
        }
        for (i, own) in self.alerts.iter().enumerate() {
            name_at(&own.rule.name, || format!("alerts[{i}].name"))?;
            name_at(&own.rule.condition, || format!("alerts[{i}].condition"))?;
            match &own.outcome {
                AlertOutcome::Quiet => {}
                AlertOutcome::Fired(firing) => firing
                    .series
                    .iter()
                    .try_for_each(|text| name_at(text, || format!("alerts[{i}].series")))?,
                AlertOutcome::Unknown(why) => name_at(why, || format!("alerts[{i}].unknown"))?,
            }
        }
        let mut checks = self.checks.iter().enumerate();
        checks.try_for_each(|(i, own)| name_at(&own.name, || format!("checks[{i}].name")))
    }
}

impl Endpoint {
    fn check_lengths(&self, path: &str) -> Result<(), TooLong> {
        if let EndpointKey::Named { method, name, .. } = &self.key {
            name_at(name, || format!("{path}.name"))?;
            method.iter().try_for_each(|word| label_at(word, || format!("{path}.method")))?;
        }
        self.parts.keys().try_for_each(|name| label_at(name, || format!("{path}.parts")))
    }
}

impl CustomMetric {
    fn check_lengths(&self, path: &str) -> Result<(), TooLong> {
        name_at(&self.name, || format!("{path}.name"))?;
        label_at(self.unit.raw(), || format!("{path}.unit"))?;
        match &self.endpoint {
            EndpointKey::Total => Ok(()),
            EndpointKey::Named { name, .. } => name_at(name, || format!("{path}.endpoint")),
        }
    }
}
