//! Queries of Prometheus as written.

use super::value::{At, RawValue};
use crate::config::choices::Combine;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A query, or a query with what is to become of its series.
#[derive(Debug)]
pub(in crate::config) enum QueryFile {
    Promql(String),
    Keys(Box<QueryKeys>),
}

/// A query with what is to become of its series.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct QueryKeys {
    /// PromQL.
    pub(in crate::config) query: Option<String>,
    /// The unit of its values (`s`, `ms`, `ratio`, `bytes`, or any other word); default: a plain number.
    pub(in crate::config) unit: Option<String>,
    /// Which way is better: `lower` or `higher`.
    pub(in crate::config) direction: Option<At<RawValue>>,
    /// Whether it becomes a resource of the run instead of a metric; default false.
    pub(in crate::config) resource: Option<bool>,
    /// The label, or the labels for method and name, that say which endpoint a series is of.
    #[serde(default)]
    pub(in crate::config) by: OneOrMore,
    /// What several series of one endpoint, or of the run, become together.
    pub(in crate::config) combine: Option<Combine>,
}

impl<'de> Deserialize<'de> for QueryFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QueryVisitor;
        impl<'de> Visitor<'de> for QueryVisitor {
            type Value = QueryFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a query, or a mapping with `query`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<QueryFile, E> {
                Ok(QueryFile::Promql(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<QueryFile, A::Error> {
                let keys = QueryKeys::deserialize(MapAccessDeserializer::new(map))?;
                Ok(QueryFile::Keys(Box::new(keys)))
            }
        }
        deserializer.deserialize_any(QueryVisitor)
    }
}

impl JsonSchema for QueryFile {
    fn schema_name() -> Cow<'static, str> {
        "Query".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = generator.subschema_for::<QueryKeys>();
        schemars::json_schema!({
            "description": "PromQL, or a mapping of it.",
            "anyOf": [{ "type": "string" }, keys]
        })
    }
}

/// A text, or a list of texts.
#[derive(Debug, Default)]
pub(in crate::config) struct OneOrMore(pub(in crate::config) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMoreVisitor;
        impl<'de> Visitor<'de> for OneOrMoreVisitor {
            type Value = OneOrMore;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, or a list of names")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrMore, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OneOrMore)
            }
        }
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

impl JsonSchema for OneOrMore {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMore".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}
