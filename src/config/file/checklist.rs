//! A checklist as written.

use crate::config::choices::Severity;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// An item: its text, or a mapping with how grave it is.
#[derive(Debug)]
pub(in crate::config) struct ItemFile {
    pub(in crate::config) item: String,
    pub(in crate::config) severity: Severity,
}

/// An item with how grave it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChecklistItem")]
struct ItemKeys {
    /// What must hold.
    item: String,
    /// `fail` (default), or `warn`: an item that fails, or that cannot be checked, only warns.
    #[serde(default)]
    severity: Severity,
}

impl<'de> Deserialize<'de> for ItemFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemVisitor;
        impl<'de> Visitor<'de> for ItemVisitor {
            type Value = ItemFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item of a checklist, or { item: TEXT, severity: warn }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ItemFile, E> {
                Ok(ItemFile { item: text.to_owned(), severity: Severity::default() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ItemFile, A::Error> {
                let keys = ItemKeys::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ItemFile { item: keys.item, severity: keys.severity })
            }
        }
        deserializer.deserialize_any(ItemVisitor)
    }
}

impl JsonSchema for ItemFile {
    fn schema_name() -> Cow<'static, str> {
        "Item".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = generator.subschema_for::<ItemKeys>();
        schemars::json_schema!({
            "description": "An item of a checklist: its text, or a mapping with how grave it is.",
            "anyOf": [{ "type": "string" }, keys]
        })
    }
}
