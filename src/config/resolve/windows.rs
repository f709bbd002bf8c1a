//! Limits of windows: `p95: { limit: 500ms, for: 30s }`, `throughput: { limit: "> 1000 RPS", every: 10s }`.

use super::source::{Source, duration};
use crate::config::budget::{Limited, Scope, Span};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::model::{Metric, Quantile, Statistic, WINDOW_S};

/// What is limited in windows, and its limits without the window; none where the value names no window.
pub(super) fn windowed(
    source: &Source<'_>,
    limited: &Limited,
    value: &At<RawValue>,
) -> Result<Option<(Limited, At<RawValue>)>, ConfigError> {
    let RawValue::Map(Entries(entries)) = &value.value else { return Ok(None) };
    let mut span = None;
    let mut rest = Vec::new();
    for (key, own) in entries {
        let of = match key.value.as_str() {
            "for" => Span::For,
            "every" => Span::Every,
            _ => {
                // One limit is that of the acceptable tier.
                let name = if key.value == "limit" { "acceptable" } else { &key.value };
                rest.push((At { value: name.to_owned(), place: key.place }, own.clone()));
                continue;
            }
        };
        let windows = windows(source, own)?;
        if span.replace(of(windows)).is_some() {
            let problem = "give one window: either `for` or `every`";
            return Err(source.error(key.place, problem.to_owned()));
        }
    }
    let Some(span) = span else { return Ok(None) };
    let wrong = |problem: &str| Err(source.error(value.place, problem.to_owned()));
    let (metric, statistic) = match limited {
        Limited::Measurement(Scope::Total, metric, statistic) if is_known(metric, *statistic) => {
            (metric.clone(), *statistic)
        }
        _ => {
            return wrong(
                "`for` and `every` are known of the whole run's p50, p95, p99, error_rate and throughput",
            );
        }
    };
    if metric == Metric::Latency && matches!(span, Span::Every(2..)) {
        return wrong("percentiles are known of every 10s: write every: 10s, or for: 30s");
    }
    let rest = At { value: RawValue::Map(Entries(rest)), place: value.place };
    Ok(Some((Limited::Window(metric, statistic, span), rest)))
}

/// How many windows a length is.
fn windows(source: &Source<'_>, value: &At<RawValue>) -> Result<u32, ConfigError> {
    let windows = duration(source, value)? / WINDOW_S;
    if windows.fract() == 0.0 && (1.0..=1e6).contains(&windows) {
        return Ok(windows as u32);
    }
    let problem = "windows are of 10 seconds: write 10s, 20s, 30s …";
    Err(source.error(value.place, problem.to_owned()))
}

fn is_known(metric: &Metric, statistic: Statistic) -> bool {
    let levels = [Quantile::P50, Quantile::P95, Quantile::P99].map(Statistic::Quantile);
    match metric {
        Metric::Latency => levels.contains(&statistic),
        Metric::ErrorRate | Metric::Throughput => true,
        Metric::Custom(_) => false,
    }
}
