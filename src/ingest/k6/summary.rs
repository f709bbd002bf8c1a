//! The three summaries of k6, read into one shape; [`super::summary_run`] makes the run of it.
//!
//! * `--summary-export` (legacy): numbers flat under each metric, a rate has `value`, no type, no duration;
//! * the data of `handleSummary`: numbers under `values`, a rate has `rate`, with type and duration;
//! * `--new-machine-readable-summary` (k6 ≥ 1.5): metrics in a list, quantiles `p90` and `p95` only, counters without
//!   a rate, a rate has `matches` and `total`.
//!
//! In all of them the "passes" of `http_req_failed` are the requests that failed.

use super::metric::Selector;
use super::summary_file::{Document, Group, WrittenCheck, WrittenMetric};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::json_file::parse;
use crate::model::limits::{self, check_name, check_number};
use crate::model::{Check, MetricType, Named as _, Raw};
use std::collections::BTreeMap;

/// A summary in one shape.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) version: Option<String>,
    pub(super) generated_at: Option<String>,
    pub(super) script_sha256: Option<String>,
    pub(super) duration_s: Option<f64>,
    pub(super) metrics: BTreeMap<Selector, SummaryMetric>,
    pub(super) checks: Vec<Check>,
}

/// The numbers of one metric.
#[derive(Debug)]
pub(super) struct SummaryMetric {
    pub(super) sort: MetricType,
    /// `time`, `data` or `default`, where the summary says.
    pub(super) contains: Option<String>,
    pub(super) values: BTreeMap<String, f64>,
}

/// Reads a document of any of the three shapes.
pub(super) fn parse_summary(name: &str, bytes: &[u8]) -> Result<Summary, IngestError> {
    let document: Document = parse(name, bytes)?;
    let mut summary = Summary::default();
    if let Some(results) = document.results {
        let metadata = document.metadata.unwrap_or_default();
        summary.version = metadata.k6_version;
        summary.generated_at = metadata.generated_at;
        summary.duration_s = document.config.and_then(|config| config.duration);
        for mut metric in results.metrics {
            let Some(key) = metric.name.take() else {
                return Err(malformed(name, "a metric without a name"));
            };
            insert(name, &mut summary, &key, metric)?;
        }
        let checks = results.checks.map(|checks| checks.results).unwrap_or_default();
        summary.checks = checks.into_iter().map(check).collect();
    } else if let Some(metrics) = document.metrics {
        summary.duration_s = document.state.and_then(|state| state.duration_ms).map(|ms| ms / 1e3);
        let helper = document.perfgate.unwrap_or_default();
        summary.generated_at = helper.generated_at;
        summary.script_sha256 = helper.script_sha256;
        for (key, metric) in metrics {
            insert(name, &mut summary, &key, metric)?;
        }
        if let Some(group) = document.root_group {
            collect_checks(group, &mut summary.checks);
        }
    } else {
        return Err(IngestError::new(name, Problem::Unrecognised));
    }
    let wrap = |exceeded| IngestError::new(name, Problem::Exceeded(exceeded));
    check_number("checks", summary.checks.len(), limits::METRICS).map_err(wrap)?;
    for check in &summary.checks {
        check_name("a check's name", check.name.raw()).map_err(wrap)?;
    }
    summary.checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(summary)
}

fn malformed(name: &str, why: &str) -> IngestError {
    IngestError::new(name, Problem::Malformed(why.to_owned()))
}

fn collect_checks(group: Group, into: &mut Vec<Check>) {
    into.extend(group.checks.0.into_iter().map(check));
    group.groups.0.into_iter().for_each(|child| collect_checks(child, into));
}

/// A check goes by its path, which holds the groups around it: `::Chat flow::status is 200`.
fn check(written: WrittenCheck) -> Check {
    let path = written.path.unwrap_or_default();
    let nested = path.matches("::").count() > 1;
    let name = if nested { path } else { written.name }.into();
    Check { name, passes: written.passes, fails: written.fails }
}

fn insert(
    name: &str,
    summary: &mut Summary,
    key: &str,
    written: WrittenMetric,
) -> Result<(), IngestError> {
    check_name("a metric's name", key)
        .map_err(|exceeded| IngestError::new(name, Problem::Exceeded(exceeded)))?;
    let WrittenMetric { sort: stated, contains, values, .. } = written;
    let has = |stat: &str| values.contains_key(stat);
    let sort = match stated.as_deref() {
        Some(word) => MetricType::from_name(word).ok_or_else(|| {
            malformed(name, &format!("the metric `{key}` is of unknown type `{word}`"))
        })?,
        None if has("passes") && has("fails") => MetricType::Rate,
        None if has("count") && has("rate") => MetricType::Counter,
        None if has("value") => MetricType::Gauge,
        None => MetricType::Trend,
    };
    match summary.metrics.insert(Selector::parse(key), SummaryMetric { sort, contains, values }) {
        Some(_) => Err(IngestError::new(name, Problem::Duplicate { endpoint: key.to_owned() })),
        None => Ok(()),
    }
}
