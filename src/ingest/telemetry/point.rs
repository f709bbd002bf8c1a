//! A point of a histogram in OTLP's JSON: explicit bounds, or bounds that grow by a factor.

use super::buckets::{Bucket, Buckets, Stated};
use crate::ingest::error::Problem;
use crate::model::limits;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Status from which on an answer is a failure.
const FAILURE: u16 = 400;
/// The scales that the convention allows.
const SCALES: std::ops::RangeInclusive<i32> = -10..=20;
/// Buckets of a point; a real one has some hundred.
const MOST_BUCKETS: usize = 10_000;

/// How the points of a series relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Temporality {
    #[default]
    Unspecified,
    /// Each counts what came since the one before.
    Delta,
    /// Each counts everything since the start.
    Cumulative,
}

impl<'de> Deserialize<'de> for Temporality {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Number(n) if n.as_u64() == Some(1) => Self::Delta,
            Value::Number(n) if n.as_u64() == Some(2) => Self::Cumulative,
            Value::String(name) if name.ends_with("_DELTA") => Self::Delta,
            Value::String(name) if name.ends_with("_CUMULATIVE") => Self::Cumulative,
            _ => Self::Unspecified,
        })
    }
}

/// A whole number of 64 bits, which JSON has as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Whole(pub(super) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => text.parse().map(Self).map_err(serde::de::Error::custom),
        }
    }
}

/// A point.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Point {
    #[serde(default)]
    pub(super) attributes: Value,
    #[serde(rename = "startTimeUnixNano", default)]
    pub(super) start: Whole,
    #[serde(rename = "timeUnixNano")]
    pub(super) time: Whole,
    #[serde(default)]
    pub(super) count: Whole,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    bucket_counts: Vec<Whole>,
    #[serde(default)]
    explicit_bounds: Vec<f64>,
    scale: Option<i32>,
    #[serde(default)]
    zero_count: Whole,
    #[serde(default)]
    zero_threshold: f64,
    #[serde(default)]
    positive: Growing,
}

/// Buckets whose bounds grow by a factor.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Growing {
    #[serde(default)]
    offset: i32,
    #[serde(default)]
    bucket_counts: Vec<Whole>,
}

impl Point {
    /// Refuses a point that contradicts itself.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let damaged = |why: &str| Err(Problem::Malformed(format!("a histogram {why}")));
        let times = [self.sum, self.min, self.max].into_iter().flatten();
        let bounds = self.explicit_bounds.iter().copied().chain([self.zero_threshold]);
        if !times.chain(bounds).all(|own| own.is_finite() && own >= 0.0) {
            return damaged("has a time below zero");
        }
        if self.count.0 > limits::COUNT {
            return damaged("counts more requests than there can be");
        }
        if self.bucket_counts.len().max(self.positive.bucket_counts.len()) > MOST_BUCKETS {
            return damaged("has too many buckets");
        }
        if self.scale.is_some_and(|scale| !SCALES.contains(&scale)) {
            return damaged("has a scale that is none");
        }
        if self.explicit_bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            return damaged("has bounds that do not grow");
        }
        let explicit = self.scale.is_none() && !self.bucket_counts.is_empty();
        if explicit && self.bucket_counts.len() != self.explicit_bounds.len() + 1 {
            return damaged("has not one bucket more than bounds");
        }
        let counts = self.bucket_counts.iter().chain(&self.positive.bucket_counts);
        let sum =
            counts.chain([&self.zero_count]).fold(0_u64, |sum, own| sum.saturating_add(own.0));
        let empty = self.bucket_counts.is_empty() && self.scale.is_none();
        if !empty && sum != self.count.0 {
            return damaged("has buckets that do not add up to its count");
        }
        Ok(())
    }

    /// Adds the times to others; one of the file's unit is so many milliseconds.
    pub(super) fn add_to(&self, times: &mut Buckets, factor: f64) {
        let ms = |own: Option<f64>| own.map(|own| own * factor);
        let stated = Stated { sum: ms(self.sum), min: ms(self.min), max: ms(self.max) };
        let scaled = |own: Bucket| Bucket { low: own.low * factor, high: own.high * factor, ..own };
        let buckets = match self.scale {
            Some(scale) => self.growing(scale),
            None => self.explicit(),
        };
        times.add(buckets.into_iter().map(scaled), stated);
    }

    fn explicit(&self) -> Vec<Bucket> {
        if self.bucket_counts.is_empty() {
            return vec![Bucket { low: 0.0, high: f64::INFINITY, count: self.count.0 }];
        }
        let lows = std::iter::once(0.0).chain(self.explicit_bounds.iter().copied());
        let highs = self.explicit_bounds.iter().copied().chain([f64::INFINITY]);
        let bounds = lows.zip(highs).zip(&self.bucket_counts);
        bounds.map(|((low, high), count)| Bucket { low, high, count: count.0 }).collect()
    }

    /// The bounds are powers of two to the power of 2⁻ˢᶜᵃˡᵉ.
    fn growing(&self, scale: i32) -> Vec<Bucket> {
        let base = 2_f64.powf(2_f64.powi(-scale));
        let bound = |index: i64| base.powf(index as f64).min(limits::COUNT as f64);
        let zero = Bucket { low: 0.0, high: self.zero_threshold, count: self.zero_count.0 };
        let offset = i64::from(self.positive.offset);
        let counts = (offset..).zip(&self.positive.bucket_counts);
        let own = counts.map(|(index, count)| Bucket {
            low: bound(index),
            high: bound(index + 1),
            count: count.0,
        });
        own.chain([zero]).collect()
    }

    /// The first of these attributes that is there.
    pub(super) fn attribute(&self, names: &[&str]) -> Option<String> {
        let all = self.attributes.as_array()?;
        names.iter().find_map(|name| {
            let value = &all.iter().find(|own| own["key"] == **name)?["value"];
            let text = ["stringValue", "intValue"].iter().find_map(|kind| value.get(kind))?;
            Some(text.as_str().map_or_else(|| text.to_string(), str::to_owned))
        })
    }

    /// What the failure is called, if these requests failed.
    pub(super) fn failure(&self) -> Option<String> {
        let status = self.attribute(&["http.response.status_code", "http.status_code"]);
        if let Some(status) =
            status.filter(|own| own.parse::<u16>().is_ok_and(|own| own >= FAILURE))
        {
            return Some(format!("HTTP {status}"));
        }
        self.attribute(&["error.type"])
    }
}
