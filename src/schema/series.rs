//! Resources and values over time, as they stand in a file.

use super::bounded;
use crate::model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Use of one resource.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct ResourceV1 {
    /// Mean over the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Trend, in units per hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope_per_hour: Option<f64>,
    /// What the trend is at least and at most, in units per hour (95 % confidence), by every part of the steady run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope_interval: Option<SpanV1>,
}

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct SpanV1 {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Values over time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TimelineV1 {
    /// Seconds from one value to the next.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub interval_s: f64,
    /// The values; null where nothing was measured.
    #[serde(deserialize_with = "bounded::list::<_, _, { limits::POINTS }>")]
    pub values: Vec<Option<f64>>,
}
