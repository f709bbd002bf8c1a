//! A series as a line in a cell of a table.

use crate::report::plot::{Axis, Shape, percent};
use maud::{Markup, html};

/// Pixels of the line.
const HEIGHT: f64 = 26.0;
/// The smallest share of the largest value that the line's height stands for: what moves by less must not look like a cliff.
const LEAST_SPAN: f64 = 0.2;

/// The values from the left to the right, the newest with its shape.
pub(super) fn spark(values: &[Option<f64>], newest: Shape, about: &str) -> Markup {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let (Some(low), Some(high)) =
        (known.iter().copied().reduce(f64::min), known.iter().copied().reduce(f64::max))
    else {
        return html! {};
    };
    let span = (high - low).max(LEAST_SPAN * high.abs()).max(f64::MIN_POSITIVE);
    let middle = f64::midpoint(low, high);
    let x = Axis::places(values.len().saturating_sub(1) as f64, Vec::new());
    let y = |value: f64| HEIGHT * (0.5 - 0.8 * (value - middle) / span);
    let points = values.iter().enumerate().filter_map(|(i, value)| Some((i, (*value)?)));
    let points: Vec<(f64, f64)> =
        points.map(|(i, value)| (100.0 * x.share(i as f64), y(value))).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let last = points.last().copied().unwrap_or_default();
    html! {
        svg.spark height=(HEIGHT) role="img" aria-label=(about) {
            svg viewBox={ "0 0 100 " (HEIGHT) } preserveAspectRatio="none" width="100%" height=(HEIGHT) overflow="visible" {
                path.run d={ "M" (path.join("L")) } {}
            }
            svg x=(percent(last.0 / 100.0)) y=(last.1) overflow="visible" { (newest.drawn()) }
        }
    }
}
