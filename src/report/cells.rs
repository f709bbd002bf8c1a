//! The cells of a row about one finding: the same text in every report, laid out by each renderer. Names are not escaped here; the
//! renderer hands in how it shows one.

use super::escape::Show;
use super::mark::mark;
use super::number::{Scale, limit, signed, signed_percent, signed_points};
use super::reasons;
use crate::gate::{Finding, Report};
use crate::model::{Direction, Kind, Metric, Statistic, Unit};

/// One scale for each unit that appears in a report.
pub(super) struct Scales(Vec<(Unit, Scale)>);

impl Scales {
    pub(super) fn of(report: &Report) -> Self {
        let mut values: Vec<(Unit, Vec<f64>)> = Vec::new();
        for finding in report.all_findings().filter(|f| f.is_compared()) {
            let own = finding.values.baseline.into_iter().chain(finding.values.current);
            match values.iter_mut().find(|(unit, _)| *unit == finding.unit) {
                Some((_, known)) => known.extend(own),
                None => values.push((finding.unit.clone(), own.collect())),
            }
        }
        Self(values.into_iter().map(|(unit, v)| (unit.clone(), Scale::of(&unit, &v))).collect())
    }

    /// The scale of a finding. Benchmarks lie so far apart, nanoseconds and seconds in one run, that each has its own.
    fn of_finding(&self, finding: &Finding) -> Scale {
        match finding.endpoint.kind() {
            Some(Kind::Bench) => {
                let values: Vec<f64> = finding.values.iter().flatten().copied().collect();
                Scale::of(&finding.unit, &values)
            }
            _ => self.scale(&finding.unit),
        }
    }

    pub(super) fn scale(&self, unit: &Unit) -> Scale {
        let own = self.0.iter().find(|(known, _)| known == unit).map(|(_, scale)| scale.clone());
        own.unwrap_or_else(|| Scale::of(unit, &[]))
    }
}

/// A row about one finding. A cell is empty where there is nothing to say.
pub(super) struct Row {
    pub(super) mark: &'static str,
    pub(super) endpoint: String,
    pub(super) metric: String,
    pub(super) baseline: String,
    pub(super) current: String,
    pub(super) change: String,
    pub(super) interval: String,
    pub(super) limit: String,
    /// The smallest change that would have failed.
    pub(super) visible: String,
    pub(super) verdict: String,
}

impl Row {
    pub(super) fn new(finding: &Finding, report: &Report, scales: &Scales, show: Show<'_>) -> Self {
        let scale = scales.of_finding(finding);
        let value = |value: Option<f64>| value.map(|v| scale.show(v)).unwrap_or_default();
        Self {
            mark: mark(finding.verdict()),
            endpoint: show(&finding.endpoint.text()),
            metric: metric(finding, show),
            baseline: value(finding.values.baseline),
            current: value(finding.values.current),
            change: change(finding),
            interval: interval(finding),
            limit: limit_of(finding),
            visible: reasons::visible(finding),
            verdict: reasons::verdict(finding, report, show),
        }
    }
}

/// The name of a measurement without its endpoint: `p95`, `error rate`, `chat_ttft p95`.
pub(super) fn metric(finding: &Finding, show: Show<'_>) -> String {
    match (&finding.metric, finding.statistic) {
        (Metric::Latency, statistic) => statistic.to_string(),
        (Metric::ErrorRate, _) => "error rate".to_owned(),
        (Metric::Throughput, _) => "throughput".to_owned(),
        (Metric::Custom(name), Statistic::Value) => show(name),
        (Metric::Custom(name), statistic) => format!("{} {statistic}", show(name)),
    }
}

/// The change, in percent or percentage points.
pub(super) fn change(finding: &Finding) -> String {
    match (finding.change(), &finding.metric) {
        (None, _) => String::new(),
        (Some(change), Metric::ErrorRate) => signed_points(change.absolute),
        (Some(change), _) => match change.relative {
            Some(relative) => signed_percent(relative),
            None if change.absolute == 0.0 => "±0".to_owned(),
            None => "from 0".to_owned(),
        },
    }
}

/// The 95 % interval of the change.
pub(super) fn interval(finding: &Finding) -> String {
    let Some(interval) = finding.interval else { return String::new() };
    let end = |value: f64, decimals| signed(value * 100.0, decimals);
    match finding.metric {
        Metric::ErrorRate => format!("{} … {} pp", end(interval.low, 2), end(interval.high, 2)),
        _ => format!("{} … {} %", end(interval.low, 0), end(interval.high, 0)),
    }
}

/// The limit of the finding.
pub(super) fn limit_of(finding: &Finding) -> String {
    limit(finding.threshold, &finding.metric, &finding.unit, finding.direction == Direction::Higher)
}
