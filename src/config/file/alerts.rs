//! Alerts as written: in the policy, or in a file of rules for Prometheus.

use super::query::OneOrMore;
use super::value::{At, RawValue};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Alerts of a policy: a list, or files of rules.
#[derive(Debug)]
pub(in crate::config) enum AlertsFile {
    Listed(Vec<AlertFile>),
    Elsewhere(RuleFiles),
}

impl Default for AlertsFile {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// Where rules of Prometheus stand.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RuleFiles {
    /// Files of rules (`groups:`), seen from the policy's folder.
    pub(in crate::config) file: OneOrMore,
}

/// One alert. `alert`, `expr` and `labels` are what Prometheus calls `name`, `condition` and where `severity` stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct AlertFile {
    /// Its name.
    #[serde(alias = "alert")]
    pub(in crate::config) name: At<String>,
    /// What must hold, in PromQL with a comparison (`… > 0.01`).
    #[serde(alias = "expr")]
    pub(in crate::config) condition: At<String>,
    /// `critical` (default) fails the gate, `warning` warns.
    pub(in crate::config) severity: Option<At<String>>,
    /// How long the condition must hold (`30s`, `5m`); default: not at all.
    #[serde(rename = "for")]
    pub(in crate::config) holds_for: Option<At<RawValue>>,
    /// Labels of Prometheus, with the `severity` among them.
    #[serde(default)]
    pub(in crate::config) labels: AlertLabels,
    /// What people are told; perfgate does not use it.
    #[serde(rename = "annotations")]
    _annotations: Option<RawValue>,
    /// What it is, for people.
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// The labels of an alert, as far as they decide.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(in crate::config) struct AlertLabels {
    /// How grave it is.
    pub(in crate::config) severity: Option<At<String>>,
}

impl<'de> Deserialize<'de> for AlertsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AlertsVisitor;
        impl<'de> Visitor<'de> for AlertsVisitor {
            type Value = AlertsFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of alerts (name, condition, severity), or { file: rules.yml }")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<AlertsFile, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(AlertsFile::Listed)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AlertsFile, A::Error> {
                RuleFiles::deserialize(MapAccessDeserializer::new(map)).map(AlertsFile::Elsewhere)
            }
            fn visit_unit<E>(self) -> Result<AlertsFile, E> {
                Ok(AlertsFile::default())
            }
        }
        deserializer.deserialize_any(AlertsVisitor)
    }
}

impl JsonSchema for AlertsFile {
    fn schema_name() -> Cow<'static, str> {
        "Alerts".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let files = generator.subschema_for::<RuleFiles>();
        let listed = generator.subschema_for::<Vec<AlertFile>>();
        schemars::json_schema!({
            "description": "Alerts: a list, or files of rules for Prometheus.",
            "anyOf": [listed, files]
        })
    }
}

/// A file of rules for Prometheus. What perfgate does not use may be in it: Prometheus checks it.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct RuleFile {
    pub(in crate::config) groups: Vec<RuleGroup>,
}

#[derive(Debug, Deserialize)]
pub(in crate::config) struct RuleGroup {
    #[serde(default)]
    pub(in crate::config) rules: Vec<Rule>,
}

/// A rule, which alerts or records.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct Rule {
    pub(in crate::config) alert: Option<At<String>>,
    pub(in crate::config) expr: At<String>,
    #[serde(rename = "for")]
    pub(in crate::config) holds_for: Option<At<RawValue>>,
    #[serde(default)]
    pub(in crate::config) labels: AlertLabels,
}
