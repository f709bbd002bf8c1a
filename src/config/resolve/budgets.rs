//! `budgets` and `targets`: absolute limits, by name.

use super::known_measures;
use super::limits::limits;
use super::rows::row;
use super::source::{Source, budget_statistic, latency_statistic};
use super::windows::windowed;
use crate::config::budget::{Budget, Limited, Scope};
use crate::config::defaults;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue, Targets};
use crate::config::rules::Rules;
use crate::config::suggest::suggest;
use crate::model::{LoadNumber, Metric, Named as _, Statistic, known_metric};

/// Names of budgets that mean something by themselves.
const KNOWN: [&str; 12] = [
    "error_rate",
    "throughput",
    "cpu",
    "cpu_max",
    "memory",
    "memory_mean",
    "memory_leak",
    "response_time_p95",
    "latency_p95",
    "p95",
    "p99",
    "mean",
];
/// The words between a class and a statistic.
const LATENCY: [&str; 2] = ["response_time", "latency"];

/// The budgets of a list.
pub(super) fn budgets(
    source: &Source<'_>,
    targets: Targets,
    rules: &Rules,
) -> Result<Vec<Budget>, ConfigError> {
    let mut all: Vec<Budget> = Vec::new();
    for Entries(entries) in targets.0 {
        let entries = known_measures::each_statistic(entries);
        let operation = entries.iter().position(|(key, _)| key.value == "operation");
        let found = match operation {
            Some(at) => row(source, &entries, at)?,
            None => entries
                .iter()
                .map(|(key, value)| target(source, key, value, rules))
                .collect::<Result<_, _>>()?,
        };
        for (budget, key) in found.into_iter().zip(entries.iter().map(|(key, _)| key)) {
            if all.iter().any(|known| known.limited == budget.limited) {
                let problem = format!("\"{}\" is limited twice", budget.name);
                return Err(source.error(key.place, problem));
            }
            all.push(budget);
        }
    }
    Ok(all)
}

fn target(
    source: &Source<'_>,
    key: &At<String>,
    value: &At<RawValue>,
    rules: &Rules,
) -> Result<Budget, ConfigError> {
    let limited = limited(source, key, rules)?;
    if let Some((in_windows, rest)) = windowed(source, &limited, value)? {
        let tiers = limits(source, &rest, &limited)?;
        return Ok(Budget { name: key.value.clone(), limited: in_windows, tiers });
    }
    let tiers = limits(source, value, &limited)?;
    Ok(Budget { name: key.value.clone(), limited, tiers })
}

/// What a name means.
fn limited(source: &Source<'_>, key: &At<String>, rules: &Rules) -> Result<Limited, ConfigError> {
    let name = key.value.as_str();
    if let Some(number) = LoadNumber::from_name(name) {
        return Ok(Limited::Load(Scope::Total, number));
    }
    let of_total = |metric, statistic| Limited::Measurement(Scope::Total, metric, statistic);
    let resource = |name: &str, statistic| Limited::Resource(name.to_owned(), statistic);
    Ok(match name {
        "error_rate" => of_total(Metric::ErrorRate, Statistic::Rate),
        "throughput" => of_total(Metric::Throughput, Statistic::Rate),
        "memory_leak" => Limited::MemoryLeak,
        // A busy second is no trouble, a full memory is.
        "cpu" | "cpu_mean" => resource("cpu", Statistic::Mean),
        "cpu_max" => resource("cpu", Statistic::Max),
        "memory" | "memory_max" => resource("memory", Statistic::Max),
        "memory_mean" => resource("memory", Statistic::Mean),
        _ if let Some((metric, statistic)) = known_measures::known(source, key)? => {
            of_total(metric, statistic)
        }
        _ => match (name.rsplit_once('_'), latency_statistic(name)) {
            (_, Some(statistic)) => of_total(Metric::Latency, statistic),
            (Some((of, last)), _) if latency_statistic(last).is_some() => {
                return of_latency(source, key, of, last, rules);
            }
            _ => {
                if let Some((class, metric)) = known_measures::of_class(name, &classes(rules)) {
                    return Ok(of_class(class, metric, Statistic::Value));
                }
                refuse_slips(source, key, rules)?;
                of_total(Metric::Custom(name.into()), Statistic::Value)
            }
        },
    })
}

/// `api_response_time`, `websocket_latency`, `response_time`, or the name of a metric with samples.
fn of_latency(
    source: &Source<'_>,
    key: &At<String>,
    of: &str,
    last: &str,
    rules: &Rules,
) -> Result<Limited, ConfigError> {
    let at = At { value: last.to_owned(), place: key.place };
    let statistic = budget_statistic(source, &at, &key.value)?;
    if LATENCY.contains(&of) {
        return Ok(Limited::Measurement(Scope::Total, Metric::Latency, statistic));
    }
    let class = LATENCY
        .iter()
        .filter(|_| known_metric(of).is_none())
        .find_map(|word| of.strip_suffix(word)?.strip_suffix('_'));
    let Some(class) = class else {
        if let Some((class, metric)) = known_measures::of_class(of, &classes(rules)) {
            return Ok(of_class(class, metric, statistic));
        }
        refuse_slips(source, key, rules)?;
        // No file tells how far the samples of a custom metric lie apart: the name is a whole one.
        let (metric, statistic) = match statistic {
            spread if spread.is_spread() => (key.value.as_str(), Statistic::Value),
            other => (of, other),
        };
        return Ok(Limited::Measurement(Scope::Total, Metric::Custom(metric.into()), statistic));
    };
    if !classes(rules).contains(&class.to_owned()) {
        let problem = format!("unknown class of endpoints \"{class}\"");
        let known = known(rules);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(source.unknown(key, problem, &known));
    }
    Ok(of_class(class, Metric::Latency, statistic))
}

fn of_class(class: &str, metric: Metric, statistic: Statistic) -> Limited {
    Limited::Measurement(Scope::Class(class.to_owned()), metric, statistic)
}

fn classes(rules: &Rules) -> Vec<String> {
    let own = rules.classes.iter().map(|(name, _)| name.clone());
    own.chain(defaults::CLASSES.map(str::to_owned)).collect()
}

fn known(rules: &Rules) -> Vec<String> {
    let of_class = |class: String| format!("{class}_response_time_p95");
    classes(rules).into_iter().map(of_class).chain(KNOWN.map(str::to_owned)).collect()
}

/// Any other name is a custom metric, unless it looks like a known one misspelt.
fn refuse_slips(source: &Source<'_>, key: &At<String>, rules: &Rules) -> Result<(), ConfigError> {
    if known_metric(&key.value).is_some() {
        return Ok(());
    }
    let known = known(rules);
    let latency = LATENCY.iter().any(|word| key.value.ends_with(word));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if latency || suggest(&key.value, known.iter().copied()).is_some() {
        let problem = format!("unknown budget \"{}\"", key.value);
        return Err(source.unknown(key, problem, &known));
    }
    Ok(())
}
