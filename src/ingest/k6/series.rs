//! The samples of a custom metric, whose type may only be known at the end.

use super::metric::unit;
use super::sample::{Declaration, Sample};
use crate::model::{CustomMetric, Distribution, Quantile, Unit};

/// Sums are whole numbers of this part of a unit, so that their order cannot matter.
const STEPS_PER_UNIT: f64 = 1e9;

/// The samples of one custom metric.
pub(super) struct Series {
    count: u64,
    /// In steps, of which [`STEPS_PER_UNIT`] are one.
    sum: i128,
    /// Time, place in the file, value.
    last: Option<(i64, u64, f64)>,
    /// None once a value was no latency, so that there are no quantiles.
    times: Option<Distribution>,
}

impl Default for Series {
    fn default() -> Self {
        Self { count: 0, sum: 0, last: None, times: Some(Distribution::default()) }
    }
}

impl Series {
    pub(super) fn add(&mut self, sample: Sample) {
        self.count += 1;
        self.sum = self.sum.saturating_add(steps(sample.value));
        self.keep_last((sample.time, sample.order, sample.value));
        if self.times.as_mut().is_some_and(|times| times.record(sample.value).is_err()) {
            self.times = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn keep_last(&mut self, new: (i64, u64, f64)) {
        if self.last.is_none_or(|own| (own.0, own.1) <= (new.0, new.1)) {
            self.last = Some(new);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        if let Some(last) = other.last {
            self.keep_last(last);
        }
        let both = self.times.take().zip(other.times);
        self.times = both.and_then(|(mut own, more)| own.merge(&more).is_ok().then_some(own));
    }
}

/// How many steps of the sum a value is.
fn steps(value: f64) -> i128 {
    let steps = (value * STEPS_PER_UNIT).round();
    // Nearly every value: to the longer type the way is long.
    if steps.abs() < i64::MAX as f64 { i128::from(steps as i64) } else { steps as i128 }
}

/// The metric of these samples, by what the file says of it.
pub(super) fn custom_metric(
    name: &str,
    series: Series,
    declared: Option<&Declaration>,
) -> CustomMetric {
    let mut metric = CustomMetric::new(name, unit(declared.map(|d| d.contains.as_str())));
    metric.count = Some(series.count);
    let sum = series.sum as f64 / STEPS_PER_UNIT;
    let mean = sum / series.count.max(1) as f64;
    match declared.map(|d| d.sort.as_str()) {
        Some("counter") => (metric.value, metric.count) = (Some(sum), None),
        Some("gauge") => {
            (metric.value, metric.count) = (series.last.map(|(_, _, value)| value), None)
        }
        Some("rate") => (metric.value, metric.unit) = (Some(mean), Unit::Ratio),
        // The CSV output does not say the type: the mean and the quantiles of the samples then say what can be said.
        _ => {
            metric.value = Some(mean);
            let times = series.times.unwrap_or_default();
            metric.quantiles = times.quantiles(&Quantile::GRID).into_iter().collect();
        }
    }
    metric
}
