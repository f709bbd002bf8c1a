//! `prometheus`: queries by name.

use super::source::{Source, direction};
use crate::config::budget::Query;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, QueryFile};
use crate::model::Unit;

/// Labels that say which endpoint a series is of: method and name.
const MOST_LABELS: usize = 2;

/// The queries of Prometheus.
pub(super) fn queries(
    source: &Source<'_>,
    written: Entries<QueryFile>,
) -> Result<Vec<Query>, ConfigError> {
    written.0.into_iter().map(|(name, written)| query(source, &name, written)).collect()
}

fn query(source: &Source<'_>, name: &At<String>, file: QueryFile) -> Result<Query, ConfigError> {
    let mut query = Query {
        name: name.value.clone(),
        promql: String::new(),
        unit: Unit::Number,
        factor: 1.0,
        direction: None,
        resource: false,
        by: Vec::new(),
        combine: None,
    };
    let keys = match file {
        QueryFile::Promql(promql) => return Ok(Query { promql, ..query }),
        QueryFile::Keys(keys) => *keys,
    };
    let wrong = |problem: &str| Err(source.error(name.place, format!("{}: {problem}", name.value)));
    query.promql = keys.query.unwrap_or_default();
    (query.unit, query.factor) = Unit::from_name(keys.unit.as_deref().unwrap_or_default());
    query.direction = keys.direction.map(|own| direction(source, &own)).transpose()?;
    query.resource = keys.resource.unwrap_or_default();
    (query.by, query.combine) = (keys.by.0, keys.combine);
    if query.promql.trim().is_empty() {
        return wrong("a query is missing");
    }
    if query.by.len() > MOST_LABELS {
        return wrong(
            "`by` takes the label of the endpoint, or those of method and endpoint: by: [method, handler]",
        );
    }
    if query.resource && !query.by.is_empty() {
        return wrong("a resource belongs to the whole run: leave out `by` or `resource`");
    }
    Ok(query)
}
