//! Custom metrics of shards, put together by what they are.

use super::custom_metric::{CustomMetric, MetricType};
use super::untrusted::Untrusted;
use super::warning::WarningKind;
use std::collections::BTreeSet;

/// What was lost because it cannot be put together.
#[derive(Debug, Default)]
pub(super) struct NotMerged {
    /// Metrics whose values nobody knows how to add up.
    values: BTreeSet<Untrusted>,
    /// Metrics that have no percentiles any more.
    quantiles: BTreeSet<Untrusted>,
}

impl NotMerged {
    pub(super) fn extend(&mut self, other: Self) {
        self.values.extend(other.values);
        self.quantiles.extend(other.quantiles);
    }

    /// Notes that a metric has no percentiles any more.
    pub(super) fn quantiles_of(&mut self, name: &Untrusted) {
        self.quantiles.insert(name.clone());
    }

    pub(super) fn warning(self) -> Option<WarningKind> {
        let values: Vec<String> = self.values.into_iter().map(Untrusted::into_raw).collect();
        let quantiles: Vec<String> = self.quantiles.into_iter().map(Untrusted::into_raw).collect();
        let any = !values.is_empty() || !quantiles.is_empty();
        any.then_some(WarningKind::MetricsNotMerged { values, quantiles })
    }
}

/// Counters add up; of a gauge, the value of the side that ended last holds, or else the larger one; means and ratios are weighted by
/// their counts. Percentiles need the samples. `ends` are those of both sides, where they are known.
pub(super) fn add_metrics(
    into: &mut Vec<CustomMetric>,
    shard: Vec<CustomMetric>,
    ends: (Option<i128>, Option<i128>),
    not_merged: &mut NotMerged,
) {
    for metric in shard {
        let same = |m: &&mut CustomMetric| m.name == metric.name && m.endpoint == metric.endpoint;
        let Some(known) = into.iter_mut().find(same) else {
            into.push(metric);
            continue;
        };
        let measured = known.value.is_some() && metric.value.is_some();
        known.value = together(known, &metric, ends);
        if measured && known.value.is_none() {
            not_merged.values.insert(known.name.clone());
        }
        known.count = known.count.zip(metric.count).map(|(n, m)| n.saturating_add(m));
        known.values = known.values.take().zip(metric.values).map(|(mut own, more)| {
            own.merge(&more);
            own
        });
        if known.values.is_none() && !(known.quantiles.is_empty() && metric.quantiles.is_empty()) {
            known.quantiles.clear();
            not_merged.quantiles_of(&known.name);
        }
    }
}

/// The one value of both.
fn together(
    known: &CustomMetric,
    more: &CustomMetric,
    ends: (Option<i128>, Option<i128>),
) -> Option<f64> {
    let (a, b) = (known.value?, more.value?);
    match (known.sort, known.count.zip(more.count)) {
        _ if known.sort != more.sort || known.unit != more.unit => None,
        (Some(MetricType::Counter), _) => Some(a + b),
        (Some(MetricType::Gauge), _) => Some(match ends {
            (Some(first), Some(second)) if second > first => b,
            (Some(_), Some(_)) => a,
            _ => a.max(b),
        }),
        (_, Some((n, m))) if n > 0 || m > 0 => {
            let (n, m) = (n as f64, m as f64);
            Some((a * n + b * m) / (n + m))
        }
        _ => None,
    }
}

/// The mean and the quantiles of the samples, where those are kept.
pub(super) fn finished(metric: &mut CustomMetric) {
    if let Some(values) = &metric.values {
        metric.value = values.mean();
        metric.quantiles = values.quantiles();
    }
}
