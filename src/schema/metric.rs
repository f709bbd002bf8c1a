//! A metric of the user's own, as it stands in a file.

use super::bounded;
use crate::model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A metric of the user's own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MetricV1 {
    /// Its name.
    pub name: String,
    /// What it is made of, which says how shards are put together.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<MetricTypeV1>,
    /// Its unit: `ns us ms s`, `per_second`, `ratio`, `bytes`, `number`, or any other word; absent: that of a known metric of its
    /// name (`ttft`: `ms`), else `number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which way is better; absent: as for a known metric of its name, else `lower`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<DirectionV1>,
    /// Its value, or the mean of its samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Number of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Quantiles by level.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub quantiles: BTreeMap<String, f64>,
    /// The endpoint that it belongs to, as `METHOD NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// What a metric is made of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricTypeV1 {
    /// A sum: that of shards is the sum of theirs.
    Counter,
    /// A state, of which the last value counts.
    Gauge,
    /// A share.
    Rate,
    /// Samples.
    Trend,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DirectionV1 {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
}
