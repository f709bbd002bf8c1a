//! From the document as written to the policy that it means: defaults filled in, overridden key by key.

use super::error::ConfigError;
use super::foreign::meant_otherwise;
use super::limits::{self, Quantity, Threshold, parse_limit};
use super::pattern::Pattern;
use super::policy::{
    BaselineChoice, CustomRule, Decide, Leniency, Origin, Override, Policy, Removed, Rules,
    Severity, StoreChoice, defaults,
};
use super::resolve_budget;
use super::source::{Source, USUAL_STATISTICS, direction, statistic};
use super::written::{
    AcceptFile, DecideFile, GateFile, LeniencyFile, PolicyFile, RemovedFile, SourceFile, StoreFile,
    StoreKind,
};
use super::written_budget::ProfileFile;
use super::written_value::{At, Entries, Written};
use crate::model::Statistic;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The ending of a key that limits a class's latency.
const LATENCY_SUFFIX: &str = "_latency";
/// The documents' own word for the latency of the api class.
const API_RESPONSE_TIME: &str = "api_response_time";

impl Policy {
    /// The policy that this text means; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut written = PolicyFile::parse(file, text)?;
        let source = Source { file, text };
        let single = single_profile(&source, &mut written)?;
        let mut policy = Self {
            results: written.results,
            baseline: BaselineChoice {
                branch: written.baseline.branch,
                max_distance: written.baseline.max_distance.unwrap_or(defaults::MAX_DISTANCE),
                window: source.at_least(1, written.baseline.window)?.unwrap_or(defaults::WINDOW),
                anchor: written.baseline.anchor,
            },
            store: store(&source, written.store)?,
            collapse: written.collapse.iter().map(|text| Pattern::new(text)).collect(),
            prometheus: resolve_budget::queries(&source, written.prometheus)?,
            rules: Rules {
                accept_from: accept_from(written.accept),
                renames: written.rename.0.into_iter().map(|(old, new)| (old.value, new)).collect(),
                ..rules(
                    &source,
                    written.gate,
                    written.endpoint_classes,
                    written.regression_thresholds,
                    written.endpoints,
                )?
            },
        };
        let rules = &mut policy.rules;
        rules.budgets = resolve_budget::budgets(&source, written.budgets, rules)?;
        rules.profiles = resolve_budget::profiles(&source, written.profiles, single, rules)?;
        Ok(policy)
    }
}

/// The profile that stands at the top level, under its name.
fn single_profile(
    source: &Source<'_>,
    written: &mut PolicyFile,
) -> Result<Option<(At<String>, ProfileFile)>, ConfigError> {
    let profile = ProfileFile {
        description: written.description.take(),
        users: written.users.take(),
        spawn_rate: written.spawn_rate.take(),
        duration: written.duration.take(),
        environment: written.environment.take(),
        targets: std::mem::take(&mut written.targets),
        ..ProfileFile::default()
    };
    let empty = profile.description.is_none()
        && profile.users.is_none()
        && profile.spawn_rate.is_none()
        && profile.duration.is_none()
        && profile.environment.is_none()
        && profile.targets.0.is_empty();
    match written.profile.take() {
        Some(name) => Ok(Some((name, profile))),
        None if empty => Ok(None),
        None => {
            let problem = "users, duration, targets and their like at the top level need a name beside them: profile: baseline";
            Err(source.error((0, 0), problem.to_owned()))
        }
    }
}

fn store(source: &Source<'_>, file: StoreFile) -> Result<StoreChoice, ConfigError> {
    let problem = |text: &str| Err(source.error((0, 0), text.to_owned()));
    let directory = match (file.kind, file.path) {
        (Some(StoreKind::Directory), Some(path)) => Some(path),
        (Some(StoreKind::Directory), None) => {
            return problem("store: a directory store needs a `path`");
        }
        (Some(StoreKind::Git) | None, Some(_)) => {
            return problem("store: `path` belongs to `kind: directory`");
        }
        (Some(StoreKind::Git) | None, None) => None,
    };
    Ok(StoreChoice {
        directory,
        remote: file.remote,
        keep_histograms: file.keep_histograms.unwrap_or(true),
        timeout: file.timeout.map_or(Ok(defaults::TIMEOUT), |text| timeout(source, &text))?,
    })
}

/// How long a remote may be silent: at least a second, or nothing could ever answer.
fn timeout(source: &Source<'_>, written: &At<Written>) -> Result<Duration, ConfigError> {
    let seconds = resolve_budget::duration(source, written)?;
    if (1.0..=3_600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(source.error(written.place, "store: timeout: give a time from 1s to 1h".to_owned()))
    }
}

fn accept_from(file: AcceptFile) -> BTreeSet<Origin> {
    let all = file.from.unwrap_or_else(|| vec![SourceFile::Repository]);
    let origin = |source| match source {
        SourceFile::Repository => Origin::Repository,
        SourceFile::Forks => Origin::Forks,
        SourceFile::Queue => Origin::Queue,
    };
    all.into_iter().map(origin).collect()
}

fn rules(
    source: &Source<'_>,
    gate: GateFile,
    classes: Entries<Vec<String>>,
    thresholds: Entries<At<Written>>,
    endpoints: Entries<At<Written>>,
) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    resolve_gate(source, gate, &mut rules)?;
    let patterns = |list: &[String]| list.iter().map(|text| Pattern::new(text)).collect();
    rules.classes =
        classes.0.iter().map(|(name, list)| (name.value.clone(), patterns(list))).collect();
    resolve_thresholds(source, thresholds, &mut rules)?;
    for (pattern, rule) in endpoints.0 {
        let Written::Map(entries) = rule.value else {
            return Err(source.error(rule.place, "rules are a mapping: { p95: 35% }".to_owned()));
        };
        rules.overrides.push((Pattern::new(&pattern.value), endpoint_rule(source, entries)?));
    }
    Ok(rules)
}

fn resolve_gate(source: &Source<'_>, gate: GateFile, rules: &mut Rules) -> Result<(), ConfigError> {
    let leniency = |file: LeniencyFile| match file {
        LeniencyFile::Fail => Leniency::Fail,
        LeniencyFile::Warn => Leniency::Warn,
    };
    rules.decide = gate.decide.map_or(rules.decide, |decide| match decide {
        DecideFile::Threshold => Decide::Threshold,
        DecideFile::Evidence => Decide::Evidence,
        DecideFile::Confirmed => Decide::Confirmed,
    });
    rules.max_runs = source.at_least(2, gate.max_runs)?.unwrap_or(rules.max_runs);
    rules.min_requests = gate.min_requests.unwrap_or(rules.min_requests);
    if let Some(share) = gate.require_coverage {
        let text = source.text_of(&share)?;
        let share = parse_limit(text).map_err(|problem| source.error(share.place, problem))?;
        rules.require_coverage = Some(share);
    }
    rules.controls = gate.control.iter().map(|text| Pattern::new(text)).collect();
    for field in gate.allow_different {
        let known =
            field.value.parse().map_err(|problem: String| source.error(field.place, problem))?;
        rules.allow_different.insert(known);
    }
    rules.missing_baseline = gate.missing_baseline.map_or(rules.missing_baseline, leniency);
    rules.inconclusive = gate.inconclusive.map_or(rules.inconclusive, leniency);
    rules.removed = gate.removed.map_or(rules.removed, |removed| match removed {
        RemovedFile::Warn => Removed::Warn,
        RemovedFile::Fail => Removed::Fail,
        RemovedFile::Ignore => Removed::Ignore,
    });
    Ok(())
}

fn resolve_thresholds(
    source: &Source<'_>,
    thresholds: Entries<At<Written>>,
    rules: &mut Rules,
) -> Result<(), ConfigError> {
    let mut classes: BTreeSet<String> =
        rules.classes.iter().map(|(name, _)| name.clone()).collect();
    classes.insert(defaults::API_CLASS.to_owned());
    classes.insert(defaults::WEBSOCKET_CLASS.to_owned());
    let mut known: Vec<String> =
        classes.iter().map(|class| format!("{class}{LATENCY_SUFFIX}")).collect();
    known.extend([API_RESPONSE_TIME, "error_rate", "throughput"].map(str::to_owned));
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
    value: &Written,
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
    let near = |word: &String| strsim::damerau_levenshtein(word, &key.value) <= 3;
    let latency = key.value.ends_with(LATENCY_SUFFIX) || key.value.ends_with("_response_time");
    if latency || known.iter().any(near) {
        let problem = format!("unknown threshold \"{}\"", key.value);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(source.unknown(key, problem, &known));
    }
    Ok(())
}

fn override_latency(
    source: &Source<'_>,
    key: &At<String>,
    value: &At<Written>,
    limits: &mut BTreeMap<Statistic, Threshold>,
) -> Result<(), ConfigError> {
    let entries = match &value.value {
        Written::Text(text) if text == "off" => {
            limits.clear();
            return Ok(());
        }
        Written::Text(text) => {
            let problem = format!("\"{text}\" limits no statistic: write {{ p95: {text} }}");
            return Err(source.error(value.place, problem));
        }
        Written::Map(Entries(entries)) => entries,
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
    value: &At<Written>,
) -> Result<CustomRule, ConfigError> {
    let mut rule = CustomRule::default();
    let Written::Map(Entries(entries)) = &value.value else {
        let limit = source.limit(value, Quantity::Custom)?;
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
                let written = limits::Written::Relative;
                (Statistic::Value, source.limit_written(value, Quantity::Custom, written)?)
            }
            "absolute" => {
                let written = limits::Written::Absolute;
                (Statistic::Value, source.limit_written(value, Quantity::Custom, written)?)
            }
            "max" => {
                let problem =
                    "the maximum of a custom metric is not kept: limit mean or a quantile";
                return Err(source.error(name.place, problem.to_owned()));
            }
            _ => (statistic(source, name, &key.value)?, source.limit(value, Quantity::Custom)?),
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

fn endpoint_rule(
    source: &Source<'_>,
    entries: Entries<At<Written>>,
) -> Result<Override, ConfigError> {
    let mut rule = Override::default();
    for (key, value) in entries.0 {
        let wrong = |text: &str, allowed: &str| {
            source.error(value.place, format!("\"{text}\" for {}: write {allowed}", key.value))
        };
        match key.value.as_str() {
            "error_rate" => rule.error_rate = Some(source.limit(&value, Quantity::ErrorRate)?),
            "throughput" => rule.throughput = Some(source.limit(&value, Quantity::Throughput)?),
            "min_requests" => {
                let text = source.text_of(&value)?;
                rule.min_requests = Some(text.parse().map_err(|_| wrong(text, "a whole number"))?);
            }
            "severity" => {
                rule.severity = Some(match source.text_of(&value)? {
                    "warn" => Severity::Warn,
                    "fail" => Severity::Fail,
                    other => return Err(wrong(other, "warn or fail")),
                });
            }
            "ignore" => {
                rule.ignore = Some(match source.text_of(&value)? {
                    "true" => true,
                    "off" | "false" => false,
                    other => return Err(wrong(other, "true or false")),
                });
            }
            _ => {
                let Ok(statistic) = statistic(source, &key, "an endpoint") else {
                    let mut known =
                        vec!["error_rate", "throughput", "min_requests", "severity", "ignore"];
                    known.extend(USUAL_STATISTICS);
                    let problem = format!("unknown rule \"{}\"", key.value);
                    return Err(source.unknown(&key, problem, &known));
                };
                rule.latency.insert(statistic, source.limit(&value, Quantity::Latency)?);
            }
        }
    }
    Ok(rule)
}
