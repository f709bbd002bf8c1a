//! Budgets and profiles as written.

use super::written_value::{At, Entries, Written};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A named load.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    /// What it is, for people.
    pub(super) description: Option<String>,
    /// Users at once.
    pub(super) users: Option<u64>,
    /// Users started per second.
    pub(super) spawn_rate: Option<f64>,
    /// How long the load lasts (`10m`, `2h`, `90s`).
    pub(super) duration: Option<At<Written>>,
    /// Where it is meant to run (`staging`).
    pub(super) environment: Option<String>,
    /// Absolute limits (`api_response_time_p95: "< 500ms"`).
    #[serde(default)]
    pub(super) targets: Targets,
    /// Loads one after another in place of one: `perfgate run` runs them in turn, and the last must be as good as the first.
    #[serde(default)]
    pub(super) phases: Vec<PhaseFile>,
    /// Numbers of users: `perfgate run` goes through them until a budget breaks.
    #[serde(default)]
    pub(super) steps: Vec<u64>,
}

/// One part of a load.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseFile {
    /// Its name.
    pub(super) name: String,
    /// Users at once.
    pub(super) users: u64,
    /// Users started per second.
    pub(super) spawn_rate: Option<f64>,
    /// How long it lasts.
    pub(super) duration: At<Written>,
}

/// Absolute limits: a mapping, or a list of mappings. A list's entry with `operation` is a row of a table.
#[derive(Debug, Default)]
pub(super) struct Targets(pub(super) Vec<Entries<At<Written>>>);

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Targets;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of limits: - error_rate: \"< 0.1%\"")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Targets, A::Error> {
                let entries = Entries::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Targets(vec![entries]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Targets, A::Error> {
                let mut all = Vec::new();
                while let Some(entries) = seq.next_element()? {
                    all.push(entries);
                }
                Ok(Targets(all))
            }
            fn visit_unit<E>(self) -> Result<Targets, E> {
                Ok(Targets::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl JsonSchema for Targets {
    fn schema_name() -> Cow<'static, str> {
        "Budgets".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<std::collections::BTreeMap<String, Written>>();
        schemars::json_schema!({
            "description": "Absolute limits (`error_rate: \"< 0.1%\"`): a mapping, or a list of mappings. An entry with `operation` is a row of a table.",
            "anyOf": [map, { "type": "array", "items": map }]
        })
    }
}
