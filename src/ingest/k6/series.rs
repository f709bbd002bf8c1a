//! The samples of a custom metric, whose type may only be known at the end.

use super::metric::unit;
use super::sample::{Declaration, Sample};
use crate::model::{CustomMetric, MetricType, Named as _, Unit, Values};

/// The samples of one custom metric.
#[derive(Default)]
pub(super) struct Series {
    values: Values,
    /// Time, place in the file, value.
    last: Option<(i64, u64, f64)>,
}

impl Series {
    pub(super) fn add(&mut self, sample: Sample) {
        self.values.record(sample.value);
        self.keep_last((sample.time, sample.order, sample.value));
    }

    /// Bytes of the samples.
    pub(super) fn bytes(&self) -> usize {
        self.values.bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    fn keep_last(&mut self, new: (i64, u64, f64)) {
        if self.last.is_none_or(|own| (own.0, own.1) <= (new.0, new.1)) {
            self.last = Some(new);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.values.merge(&other.values);
        if let Some(last) = other.last {
            self.keep_last(last);
        }
    }
}

/// The metric of these samples, by what the file says of it.
pub(super) fn custom_metric(
    name: &str,
    series: Series,
    declared: Option<&Declaration>,
) -> CustomMetric {
    let mut metric = CustomMetric::new(name, unit(name, declared.map(|d| d.contains.as_str())));
    metric.sort = declared.and_then(|d| MetricType::from_name(&d.sort));
    let values = series.values;
    match metric.sort {
        Some(MetricType::Counter) => metric.value = Some(values.sum()),
        Some(MetricType::Gauge) => metric.value = series.last.map(|(_, _, value)| value),
        Some(MetricType::Rate) => {
            (metric.value, metric.count) = (values.mean(), Some(values.count()));
            metric.unit = Unit::Ratio;
        }
        // The CSV output does not say the type: the mean and the quantiles of the samples then say what can be said.
        Some(MetricType::Trend) | None => {
            (metric.value, metric.count) = (values.mean(), Some(values.count()));
            metric.quantiles = values.quantiles();
            metric.values = Some(values);
        }
    }
    metric
}
