//! The three summaries of k6, read into one shape; [`super::summary_run`] makes the run of it.
//!
//! * `--summary-export` (legacy): numbers flat under each metric, a rate has `value`, no type, no duration;
//! * the data of `handleSummary`: numbers under `values`, a rate has `rate`, with type and duration;
//! * `--new-machine-readable-summary` (k6 ≥ 1.5): metrics in a list, quantiles `p90` and `p95` only, counters without
//!   a rate, a rate has `matches` and `total`.
//!
//! In all of them the "passes" of `http_req_failed` are the requests that failed.

use super::metric::Selector;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::json_file::parse;
use crate::model::{Check, MetricType};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A summary in one shape.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) version: Option<String>,
    pub(super) generated_at: Option<String>,
    pub(super) duration_s: Option<f64>,
    pub(super) metrics: BTreeMap<Selector, Metric>,
    pub(super) checks: Vec<Check>,
}

/// The numbers of one metric.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) sort: MetricType,
    /// `time`, `data` or `default`, where the summary says.
    pub(super) contains: Option<String>,
    pub(super) values: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Document {
    root_group: Option<Group>,
    metrics: Option<Map<String, Value>>,
    state: Option<State>,
    // The machine-readable summary.
    config: Option<Config>,
    metadata: Option<Metadata>,
    results: Option<Results>,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "testRunDurationMs")]
    duration_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Config {
    duration: Option<f64>,
}

#[derive(Deserialize)]
struct Metadata {
    generated_at: Option<String>,
    k6_version: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    metrics: Vec<Map<String, Value>>,
    checks: Option<ResultChecks>,
}

#[derive(Deserialize)]
struct ResultChecks {
    #[serde(default)]
    results: Vec<WrittenCheck>,
}

/// A group: its checks and groups are objects in the legacy export and lists in `handleSummary`.
#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    groups: Children<Group>,
    #[serde(default)]
    checks: Children<WrittenCheck>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Children<T> {
    ByName(BTreeMap<String, T>),
    List(Vec<T>),
}

impl<T> Default for Children<T> {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl<T> Children<T> {
    fn into_list(self) -> Vec<T> {
        match self {
            Self::ByName(map) => map.into_values().collect(),
            Self::List(list) => list,
        }
    }
}

#[derive(Deserialize)]
struct WrittenCheck {
    name: String,
    path: Option<String>,
    #[serde(default)]
    passes: u64,
    #[serde(default)]
    fails: u64,
}

/// Reads a document of any of the three shapes.
pub(super) fn parse_summary(name: &str, bytes: &[u8]) -> Result<Summary, IngestError> {
    let document: Document = parse(name, bytes)?;
    let mut summary = Summary::default();
    if let Some(results) = document.results {
        let metadata =
            document.metadata.unwrap_or(Metadata { generated_at: None, k6_version: None });
        summary.version = metadata.k6_version;
        summary.generated_at = metadata.generated_at;
        summary.duration_s = document.config.and_then(|config| config.duration);
        for mut metric in results.metrics {
            let key = metric.remove("name");
            let Some(Value::String(key)) = key else {
                return Err(malformed(name, "a metric without a name"));
            };
            insert(name, &mut summary, &key, metric)?;
        }
        let checks = results.checks.map(|checks| checks.results).unwrap_or_default();
        summary.checks = checks.into_iter().map(check).collect();
    } else if let Some(metrics) = document.metrics {
        summary.duration_s = document.state.and_then(|state| state.duration_ms).map(|ms| ms / 1e3);
        for (key, value) in metrics {
            let Value::Object(metric) = value else {
                return Err(malformed(name, &format!("the metric `{key}` is no object")));
            };
            insert(name, &mut summary, &key, metric)?;
        }
        if let Some(group) = document.root_group {
            collect_checks(group, &mut summary.checks);
        }
    } else {
        return Err(IngestError::new(name, Problem::Unrecognised));
    }
    summary.checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(summary)
}

fn malformed(name: &str, why: &str) -> IngestError {
    IngestError::new(name, Problem::Malformed(why.to_owned()))
}

fn collect_checks(group: Group, into: &mut Vec<Check>) {
    into.extend(group.checks.into_list().into_iter().map(check));
    group.groups.into_list().into_iter().for_each(|child| collect_checks(child, into));
}

/// A check goes by its path, which holds the groups around it: `::Chat flow::status is 200`.
fn check(written: WrittenCheck) -> Check {
    let path = written.path.unwrap_or_default();
    let nested = path.matches("::").count() > 1;
    let name = if nested { path } else { written.name };
    Check { name, passes: written.passes, fails: written.fails }
}

fn insert(
    name: &str,
    summary: &mut Summary,
    key: &str,
    mut written: Map<String, Value>,
) -> Result<(), IngestError> {
    let word = |value: Option<Value>| match value {
        Some(Value::String(word)) => Some(word),
        _ => None,
    };
    let stated = word(written.remove("type"));
    let contains = word(written.remove("contains"));
    let numbers = match written.remove("values") {
        Some(Value::Object(values)) => values,
        _ => written,
    };
    // What is left beside the numbers (`thresholds`) says nothing about what was measured.
    let values: BTreeMap<String, f64> =
        numbers.into_iter().filter_map(|(stat, value)| Some((stat, value.as_f64()?))).collect();
    let has = |stat: &str| values.contains_key(stat);
    let sort = match stated.as_deref() {
        Some("trend") => MetricType::Trend,
        Some("counter") => MetricType::Counter,
        Some("rate") => MetricType::Rate,
        Some("gauge") => MetricType::Gauge,
        Some(other) => {
            return Err(malformed(
                name,
                &format!("the metric `{key}` is of unknown type `{other}`"),
            ));
        }
        None if has("passes") && has("fails") => MetricType::Rate,
        None if has("count") && has("rate") => MetricType::Counter,
        None if has("value") => MetricType::Gauge,
        None => MetricType::Trend,
    };
    match summary.metrics.insert(Selector::parse(key), Metric { sort, contains, values }) {
        Some(_) => Err(IngestError::new(name, Problem::Duplicate { endpoint: key.to_owned() })),
        None => Ok(()),
    }
}
