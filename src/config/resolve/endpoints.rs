//! `endpoints`: rules for some endpoints, by pattern.

use super::known_measures;
use super::source::{Source, USUAL_STATISTICS, refuse_spread, statistic};
use crate::config::choices::Severity;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::rules::Override;
use crate::config::threshold::Quantity;
use crate::model::{Metric, Raw as _};

/// The rule that these entries make.
pub(super) fn endpoint_rule(
    source: &Source<'_>,
    entries: Entries<At<RawValue>>,
) -> Result<Override, ConfigError> {
    let mut rule = Override::default();
    for (key, value) in known_measures::each_statistic(entries.0) {
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
            _ if let Some((Metric::Custom(name), statistic)) =
                known_measures::known(source, &key)? =>
            {
                let limit = source.limit(&value, known_measures::quantity(name.raw()))?;
                rule.custom.entry(name.into_raw()).or_default().insert(statistic, limit);
            }
            _ => {
                refuse_spread(source, &key)?;
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
