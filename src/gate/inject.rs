//! A known change, put into a run: what a gate must see.

use super::finding::Finding;
use super::sides::Sides;
use crate::config::Threshold;
use crate::model::{BEYOND, Endpoint, EndpointKey, Latency, Metric, PartTime, Run, Statistic};

/// A change to put into runs: the finding that it is about, and its size as a multiple of the threshold.
pub(super) struct Injection<'a> {
    pub(super) finding: &'a Finding,
    pub(super) times: f64,
}

/// The run with one measurement worse than the baseline, by a multiple of its threshold: what the run itself happens to be
/// better or worse by is taken out first. A latency grows as a whole, as it does when an endpoint becomes slower, and not in
/// one percentile alone. What was not measured stays so.
pub(super) fn worsened(run: &Run, change: &Injection<'_>) -> Run {
    let mut run = run.clone();
    let key = change.finding.key();
    if let Metric::Custom(name) = &key.metric {
        let here =
            |of: &EndpointKey| *of == EndpointKey::Total || of.same_without_method(&key.endpoint);
        for metric in run.metrics.iter_mut().filter(|m| m.name == *name && here(&m.endpoint)) {
            let worse = |v: &mut f64| *v = change.worse(*v);
            metric.value.iter_mut().chain(metric.quantiles.values_mut()).for_each(worse);
        }
    }
    let endpoints = std::iter::once(&mut run.total).chain(&mut run.endpoints);
    for endpoint in
        endpoints.filter(|e| e.key == key.endpoint || e.key.same_without_method(&key.endpoint))
    {
        match key.metric {
            Metric::Latency => {
                endpoint.latency.iter_mut().for_each(|own| slow_down(own, key.statistic, change));
            }
            Metric::Custom(ref part) => {
                if let Some(time) = endpoint.parts.get_mut(part) {
                    let mut slow = time.latency();
                    slow_down(&mut slow, key.statistic.of_samples(), change);
                    *time = PartTime::Times(Box::new(slow));
                }
            }
            Metric::ErrorRate => fail_more(endpoint, change),
            Metric::Throughput => {
                endpoint.throughput_rps.iter_mut().for_each(|v| *v = change.worse(*v))
            }
        }
    }
    run
}

impl Injection<'_> {
    fn worse(&self, value: f64) -> f64 {
        let finding = self.finding;
        let sign = finding.direction.worse_sign();
        let Some(Sides { baseline, current }) = finding.values.both() else { return value };
        let changed = match finding.threshold {
            Threshold::Relative(share) if current > 0.0 => {
                value * baseline / current * (1.0 + sign * self.times * share)
            }
            Threshold::Relative(_) => value,
            Threshold::Absolute(amount) => value + baseline - current + sign * self.times * amount,
        };
        changed.max(0.0)
    }
}

fn slow_down(latency: &mut Latency, statistic: Statistic, change: &Injection<'_>) {
    let Some(own) = latency.statistic(statistic).filter(|own| *own > 0.0) else { return };
    let factor = change.worse(own) / own;
    // A level that only the distribution has would be lost with it.
    if let Statistic::Quantile(level) = statistic {
        latency.quantiles.insert(level, own);
    }
    latency.distribution = None;
    let numbers = [&mut latency.mean, &mut latency.min, &mut latency.max, &mut latency.stddev];
    let numbers = numbers.into_iter().flatten().chain(latency.quantiles.values_mut());
    numbers.for_each(|value| *value *= factor);
}

fn fail_more(endpoint: &mut Endpoint, change: &Injection<'_>) {
    let rate = endpoint.error_rate().unwrap_or_default();
    let worse = change.worse(rate).min(1.0);
    if let Some((_, of)) = endpoint.failure_counts() {
        // Rounded up: the change is never smaller than it says.
        endpoint.failures = Some((worse * of as f64 - BEYOND).ceil() as u64);
    } else {
        endpoint.stated_error_rate = Some(worse);
    }
}
