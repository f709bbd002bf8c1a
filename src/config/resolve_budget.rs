//! From budgets and profiles as written to what they mean.

use super::bound::Bound;
use super::budget::{Budget, Limited, Phase, Profile, Query, Scope, Tier};
use super::error::ConfigError;
use super::pattern::Pattern;
use super::policy::{Rules, defaults};
use super::source::{Source, direction, statistic};
use super::written_budget::{PhaseFile, ProfileFile, Targets};
use super::written_value::{At, Entries, Written};
use crate::model::{Direction, Metric, Quantile, Statistic, Unit};
use std::collections::BTreeMap;

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
/// What stands between a class and a statistic.
const LATENCY: [&str; 2] = ["response_time", "latency"];
/// The statistic that a row of a table limits where it names none.
const USUAL: Statistic = Statistic::Quantile(Quantile::P95);

/// The profiles of a policy, by name.
pub(super) fn profiles(
    source: &Source<'_>,
    written: Entries<ProfileFile>,
    single: Option<(At<String>, ProfileFile)>,
    rules: &Rules,
) -> Result<BTreeMap<String, Profile>, ConfigError> {
    let mut profiles = BTreeMap::new();
    for (name, file) in written.0.into_iter().chain(single) {
        let resolved = profile(source, file, rules)?;
        if profiles.insert(name.value.clone(), resolved).is_some() {
            let problem = format!("profile \"{}\" stands twice", name.value);
            return Err(source.error(name.place, problem));
        }
    }
    Ok(profiles)
}

fn profile(source: &Source<'_>, file: ProfileFile, rules: &Rules) -> Result<Profile, ConfigError> {
    let phase = |file: PhaseFile| -> Result<Phase, ConfigError> {
        let PhaseFile { name, users, spawn_rate, duration: written } = file;
        Ok(Phase { name, users, spawn_rate, duration_s: duration(source, &written)? })
    };
    Ok(Profile {
        description: file.description,
        users: file.users,
        spawn_rate: file.spawn_rate,
        duration_s: file.duration.map(|written| duration(source, &written)).transpose()?,
        environment: file.environment,
        budgets: budgets(source, file.targets, rules)?,
        phases: file.phases.into_iter().map(phase).collect::<Result<_, _>>()?,
        steps: file.steps,
    })
}

/// A duration in seconds: `10m`, `1h30m`, or a number of seconds.
pub(super) fn duration(source: &Source<'_>, written: &At<Written>) -> Result<f64, ConfigError> {
    let text = source.text_of(written)?;
    let number = text.parse::<f64>().ok();
    let friendly = || text.parse::<jiff::SignedDuration>().ok().map(|own| own.as_secs_f64());
    let seconds = number.or_else(friendly).filter(|s| s.is_finite() && *s > 0.0);
    seconds.ok_or_else(|| {
        source.error(
            written.place,
            format!("\"{text}\" is no duration: write it like 90s, 10m or 2h"),
        )
    })
}

/// The budgets of a list.
pub(super) fn budgets(
    source: &Source<'_>,
    targets: Targets,
    rules: &Rules,
) -> Result<Vec<Budget>, ConfigError> {
    let mut all: Vec<Budget> = Vec::new();
    for Entries(entries) in targets.0 {
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

/// The queries of Prometheus.
pub(super) fn queries(
    source: &Source<'_>,
    written: Entries<At<Written>>,
) -> Result<Vec<Query>, ConfigError> {
    let query = |(name, value): (At<String>, At<Written>)| -> Result<Query, ConfigError> {
        let mut query = Query {
            name: name.value,
            promql: String::new(),
            unit: Unit::Number,
            factor: 1.0,
            direction: None,
            resource: false,
        };
        let Written::Map(Entries(entries)) = &value.value else {
            source.text_of(&value)?.clone_into(&mut query.promql);
            return Ok(query);
        };
        for (key, value) in entries {
            match key.value.as_str() {
                "query" => source.text_of(value)?.clone_into(&mut query.promql),
                "unit" => (query.unit, query.factor) = Unit::from_name(source.text_of(value)?),
                "direction" => query.direction = Some(direction(source, value)?),
                "resource" => query.resource = source.text_of(value)? == "true",
                other => {
                    let known = ["query", "unit", "direction", "resource"];
                    return Err(source.unknown(key, format!("unknown key \"{other}\""), &known));
                }
            }
        }
        if query.promql.is_empty() {
            return Err(source.error(value.place, "a query is missing".to_owned()));
        }
        Ok(query)
    };
    written.0.into_iter().map(query).collect()
}

fn target(
    source: &Source<'_>,
    key: &At<String>,
    value: &At<Written>,
    rules: &Rules,
) -> Result<Budget, ConfigError> {
    let limited = limited(source, key, rules)?;
    let tiers = match (&limited, &value.value) {
        (Limited::MemoryLeak, Written::Text(text)) if text == "none" => Vec::new(),
        _ => tiers(source, value, better(&limited))?,
    };
    refuse_bare_numbers(source, value, &limited, &tiers)?;
    Ok(Budget { name: key.value.clone(), limited, tiers })
}

/// A number without a unit could mean anything where there is more than one: `cpu: "< 70"` is no 7 000 %.
fn refuse_bare_numbers(
    source: &Source<'_>,
    value: &At<Written>,
    limited: &Limited,
    tiers: &[(Tier, Bound)],
) -> Result<(), ConfigError> {
    let fits = |written: super::bound::Written| {
        use super::bound::Written as W;
        match limited {
            Limited::Measurement(_, Metric::Latency, _) => written == W::Time,
            Limited::Measurement(_, Metric::ErrorRate, _) => written == W::Share,
            Limited::Measurement(_, Metric::Throughput, _) => {
                matches!(written, W::Rate | W::Number)
            }
            Limited::Resource(name, _) if name == "cpu" => written == W::Share,
            Limited::Resource(..) => matches!(written, W::Share | W::Size),
            Limited::MemoryLeak => written == W::Size,
            Limited::Measurement(_, Metric::Custom(_), _) => true,
        }
    };
    let Some((_, wrong)) = tiers.iter().find(|(_, bound)| !fits(bound.written)) else {
        return Ok(());
    };
    let example = match limited {
        Limited::Measurement(_, Metric::Latency, _) => "< 500ms",
        Limited::Measurement(_, Metric::ErrorRate, _) => "< 0.1%",
        Limited::Measurement(_, Metric::Throughput, _) => "> 100 RPS",
        Limited::MemoryLeak => "none, or < 20MB (an hour)",
        _ => "< 70% or < 512MB",
    };
    let problem = format!("{} does not fit here: write {example}", wrong.written);
    Err(source.error(value.place, problem))
}

/// What a name means.
fn limited(source: &Source<'_>, key: &At<String>, rules: &Rules) -> Result<Limited, ConfigError> {
    let name = key.value.as_str();
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
        _ => match (name.rsplit_once('_'), budget_statistic(name)) {
            (_, Some(statistic)) => of_total(Metric::Latency, statistic),
            (Some((of, last)), _) if budget_statistic(last).is_some() => {
                let at = At { value: last.to_owned(), place: key.place };
                let statistic = statistic(source, &at, name)?;
                return of_latency(source, key, of, statistic, rules);
            }
            _ => {
                refuse_slips(source, key, rules)?;
                of_total(Metric::Custom(name.into()), Statistic::Value)
            }
        },
    })
}

/// A statistic that a budget may name.
fn budget_statistic(word: &str) -> Option<Statistic> {
    let known = word.parse().ok()?;
    matches!(known, Statistic::Quantile(_) | Statistic::Mean | Statistic::Max).then_some(known)
}

/// `api_response_time`, `websocket_latency`, `response_time`, or the name of a metric with samples.
fn of_latency(
    source: &Source<'_>,
    key: &At<String>,
    of: &str,
    statistic: Statistic,
    rules: &Rules,
) -> Result<Limited, ConfigError> {
    if LATENCY.contains(&of) {
        return Ok(Limited::Measurement(Scope::Total, Metric::Latency, statistic));
    }
    let class = LATENCY.iter().find_map(|word| of.strip_suffix(word)?.strip_suffix('_'));
    let Some(class) = class else {
        refuse_slips(source, key, rules)?;
        let metric = Metric::Custom(of.into());
        return Ok(Limited::Measurement(Scope::Total, metric, statistic));
    };
    if !classes(rules).contains(&class.to_owned()) {
        let problem = format!("unknown class of endpoints \"{class}\"");
        let known = known(rules);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(source.unknown(key, problem, &known));
    }
    Ok(Limited::Measurement(Scope::Class(class.to_owned()), Metric::Latency, statistic))
}

fn classes(rules: &Rules) -> Vec<String> {
    let own = rules.classes.iter().map(|(name, _)| name.clone());
    own.chain([defaults::API_CLASS.to_owned(), defaults::WEBSOCKET_CLASS.to_owned()]).collect()
}

fn known(rules: &Rules) -> Vec<String> {
    let of_class = |class: String| format!("{class}_response_time_p95");
    classes(rules).into_iter().map(of_class).chain(KNOWN.map(str::to_owned)).collect()
}

/// Any other name is a custom metric, unless it looks like a known one misspelt.
fn refuse_slips(source: &Source<'_>, key: &At<String>, rules: &Rules) -> Result<(), ConfigError> {
    let known = known(rules);
    let near = |word: &String| {
        let most = if word.len() > 5 { 2 } else { 1 };
        strsim::damerau_levenshtein(word, &key.value) <= most
    };
    let latency = LATENCY.iter().any(|word| key.value.ends_with(word));
    if latency || known.iter().any(near) {
        let problem = format!("unknown budget \"{}\"", key.value);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(source.unknown(key, problem, &known));
    }
    Ok(())
}

/// Which way is better, where that is plain.
fn better(limited: &Limited) -> Option<Direction> {
    match limited {
        Limited::Measurement(_, Metric::Latency | Metric::ErrorRate, _)
        | Limited::Resource(..)
        | Limited::MemoryLeak => Some(Direction::Lower),
        Limited::Measurement(_, Metric::Throughput, _) => Some(Direction::Higher),
        Limited::Measurement(_, Metric::Custom(_), _) => None,
    }
}

/// One limit, or one for each tier.
fn tiers(
    source: &Source<'_>,
    value: &At<Written>,
    better: Option<Direction>,
) -> Result<Vec<(Tier, Bound)>, ConfigError> {
    let bound = |value: &At<Written>| {
        let text = source.text_of(value)?;
        Bound::parse(text, better).map_err(|problem| source.error(value.place, problem))
    };
    let Written::Map(Entries(entries)) = &value.value else {
        return Ok(vec![(Tier::Acceptable, bound(value)?)]);
    };
    let mut tiers = Vec::new();
    for (key, value) in entries {
        let tier = Tier::ALL.into_iter().find(|tier| tier.name() == key.value);
        let tier = tier.ok_or_else(|| {
            let problem = format!("unknown tier \"{}\"", key.value);
            source.unknown(key, problem, &Tier::ALL.map(Tier::name))
        })?;
        tiers.push((tier, bound(value)?));
    }
    tiers.sort_by_key(|(tier, _)| *tier);
    let worse = |pair: &[(Tier, Bound)]| {
        let (mild, grave) = (pair[0].1, pair[1].1);
        match mild.comparison.direction() {
            _ if mild.written != grave.written
                || mild.comparison.direction() != grave.comparison.direction() =>
            {
                true
            }
            Direction::Lower => grave.value < mild.value,
            Direction::Higher => grave.value > mild.value,
        }
    };
    if tiers.is_empty() || tiers.windows(2).any(worse) {
        let problem =
            "tiers go from good to bad: { target: 200ms, acceptable: 500ms, critical: 1s }";
        return Err(source.error(value.place, problem.to_owned()));
    }
    Ok(tiers)
}

/// A row of a table: `{ operation: "POST /login", limit: 2s, expected_p95: 800ms }`, or with statistics as keys.
fn row(
    source: &Source<'_>,
    entries: &[(At<String>, At<Written>)],
    operation: usize,
) -> Result<Vec<Budget>, ConfigError> {
    let pattern = source.text_of(&entries[operation].1)?;
    let scope = || match pattern {
        "total" => Scope::Total,
        other => Scope::Endpoints(Pattern::new(other)),
    };
    let mut budgets: Vec<Budget> = Vec::new();
    let mut of_usual: Vec<(Tier, Bound)> = Vec::new();
    for (key, value) in
        entries.iter().enumerate().filter(|(i, _)| *i != operation).map(|(_, own)| own)
    {
        let (metric, statistic) = match key.value.as_str() {
            "description" | "priority" => continue,
            "limit" | "acceptable" => {
                of_usual.extend(single(source, value, Tier::Acceptable)?);
                continue;
            }
            "expected" | "expected_p95" | "expected p95" | "target" => {
                of_usual.extend(single(source, value, Tier::Target)?);
                continue;
            }
            "critical" => {
                of_usual.extend(single(source, value, Tier::Critical)?);
                continue;
            }
            "error_rate" => (Metric::ErrorRate, Statistic::Rate),
            "throughput" => (Metric::Throughput, Statistic::Rate),
            name => match budget_statistic(name) {
                Some(statistic) => (Metric::Latency, statistic),
                None => {
                    let known = [
                        "limit",
                        "expected_p95",
                        "p50",
                        "p95",
                        "p99",
                        "mean",
                        "max",
                        "error_rate",
                        "throughput",
                        "critical",
                        "description",
                        "priority",
                    ];
                    let problem = format!("unknown column \"{name}\"");
                    return Err(source.unknown(key, problem, &known));
                }
            },
        };
        let limited = Limited::Measurement(scope(), metric, statistic);
        let tiers = tiers(source, value, better(&limited))?;
        refuse_bare_numbers(source, value, &limited, &tiers)?;
        budgets.push(Budget { name: format!("{pattern} {}", key.value), limited, tiers });
    }
    if !of_usual.is_empty() {
        of_usual.sort_by_key(|(tier, _)| *tier);
        let limited = Limited::Measurement(scope(), Metric::Latency, USUAL);
        budgets.push(Budget { name: format!("{pattern} {USUAL}"), limited, tiers: of_usual });
    }
    if budgets.is_empty() {
        let problem =
            "this row limits nothing: give it limit, expected_p95 or a statistic".to_owned();
        return Err(source.error(entries[operation].0.place, problem));
    }
    Ok(budgets)
}

fn single(
    source: &Source<'_>,
    value: &At<Written>,
    tier: Tier,
) -> Result<Option<(Tier, Bound)>, ConfigError> {
    let text = source.text_of(value)?;
    let bound = Bound::parse(text, Some(Direction::Lower));
    let tier = (tier, bound.map_err(|problem| source.error(value.place, problem))?);
    let limited = Limited::Measurement(Scope::Total, Metric::Latency, USUAL);
    refuse_bare_numbers(source, value, &limited, &[tier])?;
    Ok(Some(tier))
}
