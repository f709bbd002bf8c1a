//! What stands in the summaries of k6, in whichever of the three shapes.

use crate::model::limits::{self, check_number};
use crate::schema::bounded;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Metrics and parts of metrics: a few for each endpoint.
const MOST_METRICS: usize = 4 * limits::ENDPOINTS;

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) root_group: Option<Group>,
    #[serde(default, deserialize_with = "metrics")]
    pub(super) metrics: Option<Vec<(String, WrittenMetric)>>,
    pub(super) state: Option<State>,
    // What perfgate-k6.js adds to the data of `handleSummary`.
    pub(super) perfgate: Option<Helper>,
    // The machine-readable summary.
    pub(super) config: Option<Config>,
    pub(super) metadata: Option<Metadata>,
    pub(super) results: Option<Results>,
}

#[derive(Deserialize, Default)]
pub(super) struct Helper {
    pub(super) script_sha256: Option<String>,
    pub(super) generated_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct State {
    #[serde(rename = "testRunDurationMs")]
    pub(super) duration_ms: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) duration: Option<f64>,
}

#[derive(Deserialize, Default)]
pub(super) struct Metadata {
    pub(super) generated_at: Option<String>,
    pub(super) k6_version: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Results {
    #[serde(deserialize_with = "bounded::list::<_, _, MOST_METRICS>")]
    pub(super) metrics: Vec<WrittenMetric>,
    pub(super) checks: Option<ResultChecks>,
}

#[derive(Deserialize)]
pub(super) struct ResultChecks {
    #[serde(default, deserialize_with = "bounded::list::<_, _, { limits::METRICS }>")]
    pub(super) results: Vec<WrittenCheck>,
}

#[derive(Deserialize)]
pub(super) struct Group {
    #[serde(default)]
    pub(super) groups: Children<Group>,
    #[serde(default)]
    pub(super) checks: Children<WrittenCheck>,
}

#[derive(Deserialize)]
pub(super) struct WrittenCheck {
    pub(super) name: String,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) passes: u64,
    #[serde(default)]
    pub(super) fails: u64,
}

/// The checks or groups of a group: an object by name in the legacy export, a list in `handleSummary`.
pub(super) struct Children<T>(pub(super) Vec<T>);

impl<T> Default for Children<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Children<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChildVisitor(PhantomData))
    }
}

struct ChildVisitor<T>(PhantomData<T>);

impl<T> ChildVisitor<T> {
    fn put<E: Error>(all: &mut Vec<T>, child: T) -> Result<(), E> {
        all.push(child);
        check_number("checks or groups in one group", all.len(), limits::METRICS).map_err(E::custom)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ChildVisitor<T> {
    type Value = Children<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or an object by name")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(child) = items.next_element()? {
            Self::put(&mut all, child)?;
        }
        Ok(Children(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((IgnoredAny, child)) = entries.next_entry()? {
            Self::put(&mut all, child)?;
        }
        Ok(Children(all))
    }
}

/// A metric with its numbers: under `values`, or flat beside what is no number (`thresholds`) and says nothing about what was
/// measured.
#[derive(Debug, Default)]
pub(super) struct WrittenMetric {
    pub(super) name: Option<String>,
    /// `trend`, `counter`, `rate` or `gauge`.
    pub(super) sort: Option<String>,
    pub(super) contains: Option<String>,
    pub(super) values: BTreeMap<String, f64>,
}

impl<'de> Deserialize<'de> for WrittenMetric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetricVisitor)
    }
}

struct MetricVisitor;

impl<'de> Visitor<'de> for MetricVisitor {
    type Value = WrittenMetric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metric")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<WrittenMetric, A::Error> {
        let mut metric = WrittenMetric::default();
        let mut nested = None;
        while let Some(key) = entries.next_key::<String>()? {
            match (key.as_str(), entries.next_value()?) {
                ("type", Part::Word(word)) => metric.sort = Some(word),
                ("contains", Part::Word(word)) => metric.contains = Some(word),
                ("name", Part::Word(word)) => metric.name = Some(word),
                ("values", Part::Numbers(numbers)) => nested = Some(numbers),
                (_, Part::Number(value)) => drop(metric.values.insert(key, value)),
                _ => {}
            }
            let number = metric.values.len();
            check_number("statistics of one metric", number, limits::ENTRIES)
                .map_err(Error::custom)?;
        }
        metric.values = nested.unwrap_or(metric.values);
        Ok(metric)
    }
}

/// What stands behind a key of a metric.
enum Part {
    Number(f64),
    Word(String),
    /// The numbers of an object.
    Numbers(BTreeMap<String, f64>),
    Other,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a word or an object")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Part, E> {
        Ok(Part::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Part, E> {
        Ok(Part::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Part, E> {
        Ok(Part::Number(value as f64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Part, E> {
        Ok(Part::Word(value.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Part, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Part::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Part, A::Error> {
        let mut numbers = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            if let Part::Number(value) = entries.next_value()? {
                numbers.insert(key, value);
                check_number("statistics of one metric", numbers.len(), limits::ENTRIES)
                    .map_err(Error::custom)?;
            }
        }
        Ok(Part::Numbers(numbers))
    }
}

/// The metrics by name; twice the same name is two of them.
fn metrics<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<(String, WrittenMetric)>>, D::Error> {
    struct Metrics;
    impl<'de> Visitor<'de> for Metrics {
        type Value = Vec<(String, WrittenMetric)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("metrics by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(metric) = entries.next_entry()? {
                all.push(metric);
                check_number("metrics", all.len(), MOST_METRICS).map_err(Error::custom)?;
            }
            Ok(all)
        }
    }
    deserializer.deserialize_map(Metrics).map(Some)
}
