//! Budgets as rows of a table: `{ operation: "POST /login", limit: 2s, expected_p95: 800ms }`.

use super::known_measures;
use super::limits::limits;
use super::source::{Source, latency_statistic};
use super::tiers::{better, ladder, refuse_misfits};
use crate::config::budget::{Budget, Limited, Scope, Tier};
use crate::config::error::ConfigError;
use crate::config::file::{At, RawValue};
use crate::config::pattern::Pattern;
use crate::model::{LoadNumber, Metric, Named as _, Quantile, Statistic};

/// The statistic that a row of a table limits where it names none.
const USUAL: Statistic = Statistic::Quantile(Quantile::P95);

/// The columns of what is expected.
const EXPECTED: [&str; 3] = ["expected", "expected_p95", "expected p95"];

/// A row of a table: `{ operation: "POST /login", limit: 2s, expected_p95: 800ms }`, or with statistics as keys.
pub(super) fn row(
    source: &Source<'_>,
    entries: &[(At<String>, At<RawValue>)],
    operation: usize,
) -> Result<Vec<Budget>, ConfigError> {
    let pattern = source.text_of(&entries[operation].1)?;
    let scope = || match pattern {
        "total" => Scope::Total,
        other => Scope::Endpoints(Pattern::new(other)),
    };
    let mut budgets: Vec<Budget> = Vec::new();
    let mut of_usual: Vec<(Tier, &At<RawValue>)> = Vec::new();
    // Beside a column of what is expected, the target is what is required.
    let expects = entries.iter().any(|(key, _)| EXPECTED.contains(&key.value.as_str()));
    for (key, value) in
        entries.iter().enumerate().filter(|(i, _)| *i != operation).map(|(_, own)| own)
    {
        let measurement = |metric, statistic| Limited::Measurement(scope(), metric, statistic);
        let limited = match key.value.as_str() {
            "description" | "priority" => continue,
            "limit" | "acceptable" => {
                of_usual.push((Tier::Acceptable, value));
                continue;
            }
            "target" if expects => {
                of_usual.push((Tier::Acceptable, value));
                continue;
            }
            "target" => {
                of_usual.push((Tier::Target, value));
                continue;
            }
            "critical" => {
                of_usual.push((Tier::Critical, value));
                continue;
            }
            name if EXPECTED.contains(&name) => {
                of_usual.push((Tier::Target, value));
                continue;
            }
            "error_rate" => measurement(Metric::ErrorRate, Statistic::Rate),
            "throughput" => measurement(Metric::Throughput, Statistic::Rate),
            _ if let Some((metric, statistic)) = known_measures::known(source, key)? => {
                measurement(metric, statistic)
            }
            name => match (latency_statistic(name), load_number(pattern, name)) {
                (Some(statistic), _) => measurement(Metric::Latency, statistic),
                (None, Some(number)) => Limited::Load(scope(), number),
                (None, None) => {
                    let known = [
                        "limit",
                        "expected_p95",
                        "p50",
                        "p95",
                        "p99",
                        "mean",
                        "max",
                        "stddev",
                        "cv",
                        "error_rate",
                        "throughput",
                        "requests",
                        "ttfb_p95",
                        "critical",
                        "description",
                        "priority",
                    ];
                    let problem = format!("unknown column \"{name}\"");
                    return Err(source.unknown(key, problem, &known));
                }
            },
        };
        let tiers = limits(source, value, &limited)?;
        budgets.push(Budget { name: format!("{pattern} {}", key.value), limited, tiers });
    }
    if !of_usual.is_empty() {
        let limited = Limited::Measurement(scope(), Metric::Latency, USUAL);
        let first = of_usual.first().map(|(_, value)| *value);
        let tiers = ladder(source, entries[operation].0.place, of_usual, better(&limited))?;
        first.map_or(Ok(()), |value| refuse_misfits(source, value, &limited, &tiers))?;
        budgets.push(Budget { name: format!("{pattern} {USUAL}"), limited, tiers });
    }
    if budgets.is_empty() {
        let problem =
            "this row limits nothing: give it limit, expected_p95 or a statistic".to_owned();
        return Err(source.error(entries[operation].0.place, problem));
    }
    Ok(budgets)
}

/// The number of the load that a column limits: an endpoint has requests, and the rest is the whole run's.
fn load_number(operation: &str, column: &str) -> Option<LoadNumber> {
    let number = LoadNumber::from_name(column)?;
    (operation == "total" || number == LoadNumber::Requests).then_some(number)
}
