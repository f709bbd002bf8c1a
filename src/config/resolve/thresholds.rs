//! `regression_thresholds`: limits of a change, by class of endpoints or by metric.

use super::foreign_names::meant_otherwise;
use super::known_measures;
use super::source::{Source, direction, statistic};
use crate::config::defaults;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::rules::{CustomRule, Rules};
use crate::config::suggest::suggest;
use crate::config::threshold::{Notation, Quantity, Threshold};
use crate::model::{Statistic, known_metric};
use std::collections::{BTreeMap, BTreeSet};

/// The ending of a key that limits a class's latency.
const LATENCY_SUFFIX: &str = "_latency";
/// The documents' own word for the latency of the api class.
const API_RESPONSE_TIME: &str = "api_response_time";
/// Limits what benchmarks measure beside their times.
const BENCH_METRICS: &str = "bench_metrics";

pub(super) fn thresholds(
    source: &Source<'_>,
    thresholds: Entries<At<RawValue>>,
    rules: &mut Rules,
) -> Result<(), ConfigError> {
    let mut classes: BTreeSet<String> =
        rules.classes.iter().map(|(name, _)| name.clone()).collect();
    classes.extend(defaults::CLASSES.map(str::to_owned));
    let mut known: Vec<String> =
        classes.iter().map(|class| format!("{class}{LATENCY_SUFFIX}")).collect();
    known.extend([API_RESPONSE_TIME, "error_rate", "throughput", BENCH_METRICS].map(str::to_owned));
    let mut seen = BTreeSet::new();
    for (key, value) in thresholds.0 {
        let class = match key.value.as_str() {
            API_RESPONSE_TIME => Some(defaults::API_CLASS),
            other => other.strip_suffix(LATENCY_SUFFIX).filter(|class| classes.contains(*class)),
        };
        if let Some(class) = class {
            if !seen.insert(class.to_owned()) {
                let problem = format!("the latency of class \"{class}\" is limited twice");
                return Err(source.error(key.place, problem));
            }
            let limits = rules.latency.entry(class.to_owned()).or_default();
            override_latency(source, &key, &value, limits)?;
        } else if key.value == "error_rate" {
            rules.error_rate = source.limit(&value, Quantity::ErrorRate)?;
        } else if key.value == "throughput" {
            rules.throughput = source.limit(&value, Quantity::Throughput)?;
        } else if key.value == BENCH_METRICS {
            rules.bench_metrics = source.limit(&value, Quantity::Throughput)?;
        } else {
            refuse_other_names(source, &key, &value.value)?;
            refuse_slips(source, &key, &known)?;
            rules.custom.insert(key.value.clone(), custom_rule(source, &key, &value)?);
        }
    }
    Ok(())
}

/// A name that means a known key is no custom metric: as one, it would limit nothing.
fn refuse_other_names(
    source: &Source<'_>,
    key: &At<String>,
    value: &RawValue,
) -> Result<(), ConfigError> {
    match meant_otherwise(&key.value, value) {
        Some(problem) => Err(source.unknown(key, problem, &[])),
        None => Ok(()),
    }
}

/// Any other key names a custom metric, unless it looks like one of the known keys misspelt.
fn refuse_slips(
    source: &Source<'_>,
    key: &At<String>,
    known: &[String],
) -> Result<(), ConfigError> {
    if known_metric(&key.value).is_some() {
        return Ok(());
    }
    let latency = key.value.ends_with(LATENCY_SUFFIX) || key.value.ends_with("_response_time");
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if latency || suggest(&key.value, known.iter().copied()).is_some() {
        let problem = format!("unknown threshold \"{}\"", key.value);
        return Err(source.unknown(key, problem, &known));
    }
    Ok(())
}

fn override_latency(
    source: &Source<'_>,
    key: &At<String>,
    value: &At<RawValue>,
    limits: &mut BTreeMap<Statistic, Threshold>,
) -> Result<(), ConfigError> {
    let entries = match &value.value {
        RawValue::Text(text) if text == "off" => {
            limits.clear();
            return Ok(());
        }
        RawValue::Text(text) => {
            let problem = format!("\"{text}\" limits no statistic: write {{ p95: {text} }}");
            return Err(source.error(value.place, problem));
        }
        RawValue::Map(Entries(entries)) => entries,
    };
    for (name, value) in entries {
        let statistic = statistic(source, name, &key.value)?;
        match source.limit(value, Quantity::Latency)? {
            Some(limit) => drop(limits.insert(statistic, limit)),
            None => drop(limits.remove(&statistic)),
        }
    }
    Ok(())
}

fn custom_rule(
    source: &Source<'_>,
    key: &At<String>,
    value: &At<RawValue>,
) -> Result<CustomRule, ConfigError> {
    let mut rule = CustomRule::default();
    let quantity = known_measures::quantity(&key.value);
    let RawValue::Map(Entries(entries)) = &value.value else {
        let limit = source.limit(value, quantity)?;
        rule.limits.extend(limit.map(|limit| (Statistic::Value, limit)));
        return Ok(rule);
    };
    for (name, value) in entries {
        let (statistic, limit) = match name.value.as_str() {
            "direction" => {
                rule.direction = Some(direction(source, value)?);
                continue;
            }
            "relative" => {
                let notation = Notation::Relative;
                (Statistic::Value, source.limit_in(value, Quantity::Custom, notation)?)
            }
            "absolute" => {
                let notation = Notation::Absolute;
                (Statistic::Value, source.limit_in(value, Quantity::Custom, notation)?)
            }
            "max" if !known_measures::is_part(&key.value) => {
                let problem =
                    "the maximum of a custom metric is not kept: limit mean or a quantile";
                return Err(source.error(name.place, problem.to_owned()));
            }
            _ => (statistic(source, name, &key.value)?, source.limit(value, quantity)?),
        };
        if let Some(limit) = limit
            && rule.limits.insert(statistic, limit).is_some()
        {
            let problem = "give one limit: either relative or absolute".to_owned();
            return Err(source.error(name.place, problem));
        }
    }
    Ok(rule)
}
