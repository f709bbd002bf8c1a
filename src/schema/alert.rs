//! Alerts in files: which would have fired during a run.

use crate::model::{Alert, AlertOutcome, AlertRule, AlertSeverity, Firing, Raw as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An alert that was evaluated over the time of a run. Without `fired_at` and `unknown` it would not have fired.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AlertV1 {
    /// Its name.
    pub name: String,
    /// What had to hold, in PromQL.
    pub condition: String,
    /// How long it had to hold before the alert fires, in seconds.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub holds_for_s: f64,
    /// How grave it is.
    #[serde(default)]
    pub severity: AlertSeverityV1,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: AlertOutcomeV1,
}

/// How grave it is when an alert fires.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverityV1 {
    /// It fails the gate.
    #[default]
    Critical,
    /// It warns.
    Warning,
}

/// What came of an alert. Nothing given: it would not have fired.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AlertOutcomeV1 {
    /// When it would have fired first, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<String>,
    /// How long it would have fired, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub for_s: Option<f64>,
    /// The labels of the series that fired first. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Why nobody knows. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl From<&AlertOutcome> for AlertOutcomeV1 {
    fn from(outcome: &AlertOutcome) -> Self {
        match outcome {
            AlertOutcome::Quiet => Self::default(),
            AlertOutcome::Fired(own) => Self {
                fired_at: Some(own.at.to_string()),
                for_s: Some(own.for_s),
                series: own.series.as_ref().map(|labels| labels.raw().to_owned()),
                unknown: None,
            },
            AlertOutcome::Unknown(why) => {
                Self { unknown: Some(why.raw().to_owned()), ..Self::default() }
            }
        }
    }
}

impl TryFrom<AlertOutcomeV1> for AlertOutcome {
    /// The name of the field that cannot be.
    type Error = &'static str;

    fn try_from(file: AlertOutcomeV1) -> Result<Self, &'static str> {
        let AlertOutcomeV1 { fired_at, for_s, series, unknown } = file;
        match (fired_at, unknown) {
            (None, None) => Ok(Self::Quiet),
            (None, Some(why)) => Ok(Self::Unknown(why.into())),
            (Some(_), Some(_)) => Err("unknown"),
            (Some(at), None) => {
                let at = at.parse().map_err(|_| "fired_at")?;
                let for_s = for_s.filter(|s| s.is_finite() && *s >= 0.0).ok_or("for_s")?;
                Ok(Self::Fired(Firing { at, for_s, series: series.map(Into::into) }))
            }
        }
    }
}

impl From<&Alert> for AlertV1 {
    fn from(alert: &Alert) -> Self {
        let AlertRule { name, condition, holds_for_s, severity } = &alert.rule;
        Self {
            name: name.raw().to_owned(),
            condition: condition.raw().to_owned(),
            holds_for_s: *holds_for_s,
            severity: match severity {
                AlertSeverity::Critical => AlertSeverityV1::Critical,
                AlertSeverity::Warning => AlertSeverityV1::Warning,
            },
            outcome: AlertOutcomeV1::from(&alert.outcome),
        }
    }
}

impl TryFrom<AlertV1> for Alert {
    /// The name of the field that cannot be.
    type Error = &'static str;

    fn try_from(file: AlertV1) -> Result<Self, &'static str> {
        let AlertV1 { name, condition, holds_for_s, severity, outcome } = file;
        if !(holds_for_s.is_finite() && holds_for_s >= 0.0) {
            return Err("holds_for_s");
        }
        let severity = match severity {
            AlertSeverityV1::Critical => AlertSeverity::Critical,
            AlertSeverityV1::Warning => AlertSeverity::Warning,
        };
        let (name, condition) = (name.into(), condition.into());
        let rule = AlertRule { name, condition, holds_for_s, severity };
        Ok(Self { rule, outcome: outcome.try_into()? })
    }
}
