//! The plots of a run that was measured in turn with its baseline: both sides over time, and the change of each pair.

use super::plots::{MOST, figure};
use crate::config::Threshold;
use crate::gate::{Finding, Report, Role, Sides};
use crate::model::{Direction, Metric};
use crate::report::number::Scale;
use crate::report::ranking::{attention, closeness};
use crate::report::svg::{Plot, whole};
use maud::Markup;
use std::io;

/// Colors of the plot: this run, the limit, the mean change, the baseline and the interval.
const RUN: usize = 0;
const LIMIT: usize = 1;
const MEAN: usize = 2;
const GRAY: usize = 3;

/// Both sides, and the changes, of what asks for attention and of what is nearest to its limit.
pub(super) fn plots(report: &Report) -> io::Result<(Vec<Markup>, Vec<Markup>)> {
    let (mut sides, mut changes) = (Vec::new(), Vec::new());
    if report.pairs().is_none() {
        return Ok((sides, changes));
    }
    let mut shown: Vec<&Finding> = attention(report);
    let mut others: Vec<&Finding> =
        report.findings.iter().filter(|f| f.metric != Metric::ErrorRate).collect();
    others.sort_by(|a, b| closeness(b).total_cmp(&closeness(a)));
    others.retain(|f| !shown.iter().any(|own| own.key() == f.key()));
    shown.extend(others);
    for finding in shown.into_iter().filter(|f| f.role != Role::Drift) {
        let pairs = &finding.working.pairs;
        if sides.len() == MOST || pairs.len() < 2 {
            continue;
        }
        let caption = finding.key().text();
        sides.push(figure(&caption, &both(finding), true)?);
        changes.push(figure(&caption, &change(finding, pairs), false)?);
    }
    Ok((sides, changes))
}

/// Places from 1.
fn placed(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    values.enumerate().map(|(i, value)| (i as f64 + 1.0, value)).collect()
}

/// Both sides over the pairs.
fn both(finding: &Finding) -> Plot {
    let Sides { baseline, current } = &finding.working.per_run;
    let all: Vec<f64> = baseline.iter().chain(current).copied().collect();
    let scale = Scale::of(&finding.unit, &all);
    let line = |values: &[f64]| placed(values.iter().map(|value| scale.number(*value)));
    Plot {
        title: finding.key().text(),
        unit: scale.suffix().trim().to_owned(),
        lines: vec![(GRAY, line(baseline)), (RUN, line(current))],
        points: Vec::new(),
        x: whole,
        x_title: "pair of slices",
    }
}

/// The change of each pair in percent, beside the mean with its 95 % interval and the limit.
fn change(finding: &Finding, pairs: &[Option<f64>]) -> Plot {
    let percent = |share: f64| 100.0 * share;
    let at = |(i, d): (usize, &Option<f64>)| Some((i as f64 + 1.0, percent((*d)?)));
    let points: Vec<(f64, f64)> = pairs.iter().enumerate().filter_map(at).collect();
    let last = pairs.len() as f64;
    let level = |value: f64| vec![(1.0, percent(value)), (last.max(1.0), percent(value))];
    let mean = finding.change().and_then(|change| change.relative);
    let ends = finding.interval.into_iter().flat_map(|own| [own.low, own.high]);
    let limit = match (finding.threshold, finding.direction) {
        (Threshold::Relative(share), Direction::Lower) => Some(share),
        (Threshold::Relative(share), Direction::Higher) => Some(-share),
        (Threshold::Absolute(_), _) => None,
    };
    let lines = ends.map(|end| (GRAY, level(end))).chain(limit.map(|own| (LIMIT, level(own))));
    let lines = lines.chain(mean.map(|own| (MEAN, level(own))));
    Plot {
        title: finding.key().text(),
        unit: "% change".to_owned(),
        lines: lines.collect(),
        points: points.into_iter().map(|point| (RUN, point)).collect(),
        x: whole,
        x_title: "pair of slices; gray: 95 % interval, green: change, red: limit",
    }
}
