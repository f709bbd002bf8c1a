//! Response times of a run, and how long the parts of its requests took, as they stand in a file.

use super::bounded;
use crate::model::limits;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Response times. One of `samples`, `histogram` and `quantiles` is enough.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LatencyV1 {
    /// The unit of all numbers here: `ns`, `us`, `ms` or `s`; absent: `ms`.
    #[serde(default = "ms", skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Number of samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub mean: Option<f64>,
    /// Smallest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub min: Option<f64>,
    /// Largest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
    /// Standard deviation of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub stddev: Option<f64>,
    /// Quantiles by level: `p50`, `p99.9`.
    #[serde(
        default,
        deserialize_with = "bounded::map::<_, _, { limits::ENTRIES }>",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub quantiles: BTreeMap<String, f64>,
    /// How the source rounded its quantiles; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingV1>,
    /// How far rounding may have moved a quantile, by level, where that is more than half a step at the quantile itself: it lies
    /// between two samples of different steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub half_steps: BTreeMap<String, f64>,
    /// All samples as a histogram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<HistogramV1>,
    /// All samples as a list: the simplest thing that a script can write.
    #[serde(default, deserialize_with = "samples", skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<f64>>,
}

fn samples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f64>>, D::Error> {
    bounded::list::<_, _, { limits::SAMPLES }>(deserializer).map(Some)
}

fn ms() -> String {
    "ms".to_owned()
}

/// How long a part of the requests took.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PartTimeV1 {
    /// The mean, in milliseconds.
    Mean(#[schemars(range(min = 0.0))] f64),
    /// Its times.
    Times(Box<LatencyV1>),
}

impl PartTimeV1 {
    /// The times, where more than their mean is known.
    pub(super) fn times(&self) -> Option<&LatencyV1> {
        match self {
            Self::Mean(_) => None,
            Self::Times(times) => Some(times),
        }
    }
}

impl<'de> Deserialize<'de> for PartTimeV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartTimeVisitor;
        impl<'de> Visitor<'de> for PartTimeVisitor {
            type Value = PartTimeV1;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mean in milliseconds, or a map as `latency` is")
            }

            fn visit_f64<E>(self, mean: f64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean))
            }

            // JSON writes whole numbers without a point.
            fn visit_u64<E>(self, mean: u64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean as f64))
            }

            fn visit_i64<E>(self, mean: i64) -> Result<PartTimeV1, E> {
                Ok(PartTimeV1::Mean(mean as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, times: A) -> Result<PartTimeV1, A::Error> {
                let times = LatencyV1::deserialize(MapAccessDeserializer::new(times))?;
                Ok(PartTimeV1::Times(Box::new(times)))
            }
        }
        deserializer.deserialize_any(PartTimeVisitor)
    }
}

/// How a source rounded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingV1 {
    /// Whole milliseconds below 100, tens below 1000, hundreds below 10 000, else thousands.
    TwoSignificantDigits,
    /// To multiples of this, in milliseconds.
    StepMs(#[schemars(range(min = 0.0))] f64),
}

/// A histogram.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HistogramV1 {
    /// The unit of its values: always `ns`.
    #[schemars(regex(pattern = "^ns$"))]
    pub unit: String,
    /// HdrHistogram V2 compressed, in base64.
    pub data: String,
}
