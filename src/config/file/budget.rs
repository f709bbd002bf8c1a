//! Budgets and profiles as written.

use super::value::{At, Entries, RawValue};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A named load.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct ProfileFile {
    /// Its name, in a list of profiles.
    #[serde(alias = "name")]
    pub(in crate::config) profile: Option<At<String>>,
    /// What it is, for people.
    pub(in crate::config) description: Option<String>,
    /// Users at once.
    pub(in crate::config) users: Option<u64>,
    /// Users started per second.
    pub(in crate::config) spawn_rate: Option<f64>,
    /// How long the load lasts (`10m`, `2h`, `90s`).
    pub(in crate::config) duration: Option<At<RawValue>>,
    /// The environment that it runs in (`staging`).
    pub(in crate::config) environment: Option<String>,
    /// What must be there, or the profile is skipped.
    #[serde(default)]
    pub(in crate::config) requires: RequiresFile,
    /// Absolute limits (`api_response_time_p95: "< 500ms"`).
    #[serde(default)]
    pub(in crate::config) targets: Targets,
    /// Loads one after another in place of one: `perfgate run` runs them in turn, and the last must be as good as the first.
    #[serde(default)]
    pub(in crate::config) phases: Vec<PhaseFile>,
    /// Numbers of users: `perfgate run` goes through them until a budget breaks.
    #[serde(default)]
    pub(in crate::config) steps: Vec<u64>,
}

/// Named loads: by name, or a list of profiles with a name each. Without one, it is empty.
#[derive(Debug, Default)]
pub(in crate::config) struct Profiles(pub(in crate::config) Vec<(At<String>, ProfileFile)>);

impl<'de> Deserialize<'de> for Profiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProfilesVisitor;
        impl<'de> Visitor<'de> for ProfilesVisitor {
            type Value = Profiles;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("profiles by name: { baseline: { users: 100 } }")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Profiles, A::Error> {
                let Entries(entries) = Entries::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Profiles(entries))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Profiles, A::Error> {
                let mut all = Vec::new();
                while let Some(At { value, place }) = seq.next_element::<At<ProfileFile>>()? {
                    let name = value.profile.clone();
                    all.push((name.unwrap_or(At { value: String::new(), place }), value));
                }
                Ok(Profiles(all))
            }
            fn visit_unit<E>(self) -> Result<Profiles, E> {
                Ok(Profiles::default())
            }
        }
        deserializer.deserialize_any(ProfilesVisitor)
    }
}

impl JsonSchema for Profiles {
    fn schema_name() -> Cow<'static, str> {
        "Profiles".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let profile = generator.subschema_for::<ProfileFile>();
        schemars::json_schema!({
            "description": "Named loads: by name, or a list of profiles with a name each.",
            "anyOf": [
                { "type": "object", "additionalProperties": profile },
                { "type": "array", "items": profile }
            ]
        })
    }
}

/// What a profile requires.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RequiresFile {
    /// Environment variables that must be set and not empty (`ANTHROPIC_API_KEY`).
    #[serde(default)]
    pub(in crate::config) env: Vec<At<String>>,
}

/// One part of a load.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct PhaseFile {
    /// Its name.
    pub(in crate::config) name: String,
    /// Users at once.
    pub(in crate::config) users: u64,
    /// Users started per second.
    pub(in crate::config) spawn_rate: Option<f64>,
    /// How long it lasts.
    pub(in crate::config) duration: At<RawValue>,
}

/// Absolute limits: a mapping, or a list of mappings. A list's entry with `operation` is a row of a table.
#[derive(Debug, Default)]
pub(in crate::config) struct Targets(pub(in crate::config) Vec<Entries<At<RawValue>>>);

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TargetsVisitor;
        impl<'de> Visitor<'de> for TargetsVisitor {
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
        deserializer.deserialize_any(TargetsVisitor)
    }
}

impl JsonSchema for Targets {
    fn schema_name() -> Cow<'static, str> {
        "Budgets".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<std::collections::BTreeMap<String, RawValue>>();
        schemars::json_schema!({
            "description": "Absolute limits (`error_rate: \"< 0.1%\"`): a mapping, or a list of mappings. An entry with `operation` is a row of a table.",
            "anyOf": [map, { "type": "array", "items": map }]
        })
    }
}
