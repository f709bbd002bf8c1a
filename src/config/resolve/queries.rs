//! `prometheus`: queries by name.

use super::source::{Source, direction};
use crate::config::budget::Query;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::model::Unit;

/// The queries of Prometheus.
pub(super) fn queries(
    source: &Source<'_>,
    written: Entries<At<RawValue>>,
) -> Result<Vec<Query>, ConfigError> {
    let query = |(name, value): (At<String>, At<RawValue>)| -> Result<Query, ConfigError> {
        let mut query = Query {
            name: name.value,
            promql: String::new(),
            unit: Unit::Number,
            factor: 1.0,
            direction: None,
            resource: false,
        };
        let RawValue::Map(Entries(entries)) = &value.value else {
            source.text_of(&value)?.clone_into(&mut query.promql);
            return Ok(query);
        };
        for (key, value) in entries {
            match key.value.as_str() {
                "query" => source.text_of(value)?.clone_into(&mut query.promql),
                "unit" => (query.unit, query.factor) = Unit::from_name(source.text_of(value)?),
                "direction" => query.direction = Some(direction(source, value)?),
                "resource" => query.resource = source.text_of(value)? == "true",
                other => {
                    let known = ["query", "unit", "direction", "resource"];
                    return Err(source.unknown(key, format!("unknown key \"{other}\""), &known));
                }
            }
        }
        if query.promql.is_empty() {
            return Err(source.error(value.place, "a query is missing".to_owned()));
        }
        Ok(query)
    };
    written.0.into_iter().map(query).collect()
}
