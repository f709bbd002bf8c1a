//! The runs that were compared: those of the baseline, then the new ones.

use super::figures::figure;
use super::head::sign;
use super::history::named;
use crate::gate::{Finding, Report, Role, Sides, Verdict};
use crate::model::EndpointKey;
use crate::report::number::Scale;
use crate::report::plot::{Axis, Dot, Look, Plot, Shape};
use crate::report::ranking::attention;
use maud::{Markup, html};

/// Measurements whose runs are drawn.
const MOST: usize = 12;
const HEIGHT: f64 = 110.0;

/// The runs of what asks for attention and of the total.
pub(super) fn compared(report: &Report) -> Vec<Markup> {
    // Slices of both sides are drawn pair by pair.
    if report.pairs().is_some() {
        return Vec::new();
    }
    let total = |f: &&Finding| f.endpoint == EndpointKey::Total && f.verdict() == Verdict::Pass;
    let shown = attention(report).into_iter().chain(report.all_findings().filter(total));
    shown.filter(|f| f.role != Role::Drift).filter_map(of_finding).take(MOST).collect()
}

fn of_finding(finding: &Finding) -> Option<Markup> {
    let Sides { baseline: before, current: after } = &finding.working.per_run;
    if before.len() < 2 || after.is_empty() {
        return None;
    }
    let all: Vec<f64> = before.iter().rev().chain(after).copied().collect();
    let scale = Scale::of(&finding.unit, &all);
    let points: Vec<(f64, f64)> =
        all.iter().enumerate().map(|(i, v)| (i as f64, scale.number(*v))).collect();
    let ticks = vec![
        (0.0, format!("{} older", before.len())),
        (
            before.len() as f64,
            if after.len() == 1 { "new".to_owned() } else { "new runs".to_owned() },
        ),
    ];
    let x = Axis::places((all.len() - 1) as f64, ticks).with_room(0.5);
    let y = Axis::from_zero(points.iter().map(|(_, value)| *value), scale.suffix(), 2);
    let name = named(finding);
    let mut plot = Plot::new(format!("{name} of each run"), x, y, HEIGHT);
    let (old, new) = points.split_at(before.len());
    plot.lines = vec![(Look::Run, old.to_vec())];
    plot.points = old.to_vec();
    let dot = |at: &(f64, f64)| Dot {
        at: *at,
        shape: Shape::of(finding.verdict()),
        label: "new run".to_owned(),
    };
    plot.dots = new.iter().map(dot).collect();
    let tip = |(i, value): (usize, &f64)| {
        let run = match before.len().checked_sub(i) {
            None | Some(0) => "new run".to_owned(),
            Some(back) => format!("baseline run {back}, counted back"),
        };
        (i as f64, format!("{run}: {}", scale.show(*value)))
    };
    plot.tips = all.iter().enumerate().map(tip).collect();
    let caption = html! { span { (sign(finding.verdict())) " " (name) } };
    Some(figure(&caption, &[], &plot))
}
