//! A known change, put into a run: what a gate must see.

use crate::config::Threshold;
use crate::model::{Direction, Endpoint, MeasurementKey, Metric, Run};

/// The run with one measurement worse, by a multiple of its threshold. A latency grows as a whole, as it does when an endpoint
/// becomes slower, and not in one percentile alone. What was not measured stays so.
pub(super) fn worsened(
    run: &Run,
    key: &MeasurementKey,
    threshold: Threshold,
    direction: Direction,
    times: f64,
) -> Run {
    let mut run = run.clone();
    if let Metric::Custom(name) = &key.metric {
        let own = run.metrics.iter_mut().filter(|m| m.name == *name);
        for metric in own.filter(|m| m.endpoint.as_ref().is_none_or(|e| key.endpoint.is_called(e)))
        {
            let worse = |v: &mut f64| *v = worse(*v, threshold, direction, times);
            metric.value.iter_mut().chain(metric.quantiles.values_mut()).for_each(worse);
        }
        return run;
    }
    let endpoints = std::iter::once(&mut run.total).chain(&mut run.endpoints);
    for endpoint in
        endpoints.filter(|e| e.key == key.endpoint || e.key.same_without_method(&key.endpoint))
    {
        match key.metric {
            Metric::Latency => slow_down(endpoint, key, threshold, times),
            Metric::ErrorRate => fail_more(endpoint, threshold, times),
            _ => {
                let rate = endpoint.throughput_rps.iter_mut();
                rate.for_each(|v| *v = worse(*v, threshold, direction, times));
            }
        }
    }
    run
}

fn worse(value: f64, threshold: Threshold, direction: Direction, times: f64) -> f64 {
    let sign = if direction == Direction::Lower { 1.0 } else { -1.0 };
    let changed = match threshold {
        Threshold::Relative(share) => value * (1.0 + sign * times * share),
        Threshold::Absolute(amount) => value + sign * times * amount,
    };
    changed.max(0.0)
}

fn slow_down(endpoint: &mut Endpoint, key: &MeasurementKey, threshold: Threshold, times: f64) {
    let Some(latency) = &mut endpoint.latency else { return };
    let Some(own) = latency.statistic(key.statistic).filter(|own| *own > 0.0) else { return };
    let factor = worse(own, threshold, Direction::Lower, times) / own;
    // A level that only the distribution has would be lost with it.
    if let crate::model::Statistic::Quantile(level) = key.statistic {
        latency.quantiles.insert(level, own);
    }
    latency.distribution = None;
    let numbers = [&mut latency.mean, &mut latency.min, &mut latency.max];
    let numbers = numbers.into_iter().flatten().chain(latency.quantiles.values_mut());
    numbers.for_each(|value| *value *= factor);
}

fn fail_more(endpoint: &mut Endpoint, threshold: Threshold, times: f64) {
    let rate = endpoint.error_rate().unwrap_or_default();
    let worse = worse(rate, threshold, Direction::Lower, times).min(1.0);
    if let Some((_, of)) = endpoint.failure_counts() {
        // Rounded up: the change is never smaller than it says.
        endpoint.failures = Some((worse * of as f64 - 1e-9).ceil() as u64);
    } else {
        endpoint.stated_error_rate = Some(worse);
    }
}
