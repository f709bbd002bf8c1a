//! Pairs of bars: the baseline above, the run under test below.

use crate::gate::Sides;
use crate::report::plot::percent;
use maud::{Markup, html};

/// Two values of one thing, and how they are written.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) values: Sides<f64>,
    pub(super) texts: Sides<String>,
    pub(super) change: String,
}

/// Bars under a caption, in their order; nothing for none.
pub(super) fn bars(caption: &str, all: &[Bar]) -> Markup {
    let most = all.iter().flat_map(|bar| bar.values.iter().copied()).fold(0.0, f64::max);
    if all.is_empty() || most <= 0.0 {
        return html! {};
    }
    html! {
        figure.bars {
            figcaption { (caption) span.key { span { i.hollow {} "baseline" } span { i.full {} "this run" } } }
            ul { @for bar in all {
                li {
                    span.name { (bar.name) }
                    svg height="20" aria-hidden="true" {
                        rect.hollow x="0.5" y="1.5" height="7" width=(percent(0.99 * bar.values.baseline / most)) {}
                        rect.full x="0" y="11" height="8" width=(percent(bar.values.current / most)) {}
                    }
                    span.values { (bar.texts.baseline) " → " b { (bar.texts.current) } }
                    span.change { (bar.change) }
                }
            } }
        }
    }
}
