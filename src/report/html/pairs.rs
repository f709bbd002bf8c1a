//! The plots of a run that was measured in turn with its baseline: both sides over time, and the change of each pair.

use super::figures::figure;
use super::history::named;
use crate::config::Threshold;
use crate::gate::{Finding, Report, Role, Sides};
use crate::model::{Direction, Metric};
use crate::report::number::{Scale, signed_percent};
use crate::report::plot::{Axis, Band, Look, Plot, Rule};
use crate::report::ranking::{attention, closeness};
use maud::{Markup, html};

/// Measurements that are drawn.
const MOST: usize = 12;
const HEIGHT: f64 = 130.0;

/// Both sides, and the changes, of what asks for attention and of what is nearest to its limit.
pub(super) fn plots(report: &Report) -> (Vec<Markup>, Vec<Markup>) {
    if report.pairs().is_none() {
        return (Vec::new(), Vec::new());
    }
    let mut shown: Vec<&Finding> = attention(report);
    let mut others: Vec<&Finding> =
        report.findings.iter().filter(|f| f.metric != Metric::ErrorRate).collect();
    others.sort_by(|a, b| closeness(b).total_cmp(&closeness(a)));
    others.retain(|f| !shown.iter().any(|own| own.key() == f.key()));
    shown.extend(others);
    let drawn = shown.into_iter().filter(|f| f.role != Role::Drift && f.working.pairs.len() > 1);
    drawn.take(MOST).map(|finding| (both(finding), change(finding))).unzip()
}

/// The numbers of the pairs, from 1.
fn pairs(count: usize) -> Axis {
    let stride = count.div_ceil(8).max(1);
    let named = (1..=count).filter(|n| (n - 1).is_multiple_of(stride));
    let ticks = named.map(|n| (n as f64 - 1.0, n.to_string())).collect();
    Axis::places(count.saturating_sub(1) as f64, ticks).with_room(0.5)
}

/// Both sides over the pairs.
fn both(finding: &Finding) -> Markup {
    let sides = &finding.working.per_run;
    let all: Vec<f64> = sides.iter().flatten().copied().collect();
    let scale = Scale::of(&finding.unit, &all);
    let name = named(finding);
    let y = Axis::from_zero(all.iter().map(|value| scale.number(*value)), scale.suffix(), 3);
    let count = finding.working.pairs.len();
    let mut plot =
        Plot::new(format!("{name} of both sides, pair by pair"), pairs(count), y, HEIGHT);
    let line = |values: &Vec<f64>| {
        values.iter().enumerate().map(|(i, v)| (i as f64, scale.number(*v))).collect::<Vec<_>>()
    };
    let Sides { baseline, current } = sides.as_ref().map(line);
    let values = sides.baseline.iter().zip(&sides.current).enumerate();
    let tip = |(i, (base, own)): (usize, (&f64, &f64))| {
        (i as f64, format!("pair {}: {}, baseline {}", i + 1, scale.show(*own), scale.show(*base)))
    };
    plot.tips = values.map(tip).collect();
    plot.points = current.clone();
    plot.lines = vec![(Look::Base, baseline), (Look::Run, current)];
    figure(&html! { (name) }, &[(Look::Base, "baseline"), (Look::Run, "this run")], &plot)
}

/// The change of each pair in percent, beside the mean with its 95 % interval and the limit.
fn change(finding: &Finding) -> Markup {
    let changes = &finding.working.pairs;
    let points: Vec<(f64, f64)> = changes
        .iter()
        .enumerate()
        .filter_map(|(i, change)| Some((i as f64, 100.0 * (*change)?)))
        .collect();
    let limit = match (finding.threshold, finding.direction) {
        (Threshold::Relative(share), Direction::Lower) => Some(100.0 * share),
        (Threshold::Relative(share), Direction::Higher) => Some(-100.0 * share),
        (Threshold::Absolute(_), _) => None,
    };
    let interval = finding.interval.map(|own| (100.0 * own.low, 100.0 * own.high));
    let ends = interval.iter().flat_map(|(low, high)| [*low, *high]);
    let y = Axis::from_zero(points.iter().map(|p| p.1).chain(ends).chain(limit), " %", 4);
    let name = named(finding);
    let mut plot =
        Plot::new(format!("{name}: change of each pair"), pairs(changes.len()), y, HEIGHT);
    let mean = finding.change().and_then(|change| change.relative);
    let band = |(y, mean): ((f64, f64), f64)| Band {
        x: (-0.5, changes.len() as f64 - 0.5),
        y,
        middle: 100.0 * mean,
    };
    plot.bands = interval.zip(mean).map(band).into_iter().collect();
    let rule = |at| Rule { at, look: Look::Limit, label: "limit".to_owned() };
    plot.levels = limit.map(rule).into_iter().collect();
    let tip = |(x, change): &(f64, f64)| {
        (*x, format!("pair {:.0}: {}", x + 1.0, signed_percent(change / 100.0)))
    };
    plot.tips = points.iter().map(tip).collect();
    plot.points = points;
    let key = [(Look::Level, "mean change, with its 95 % interval"), (Look::Limit, "limit")];
    figure(&html! { (name) }, &key, &plot)
}
