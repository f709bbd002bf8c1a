//! Plots with their captions, and the key of their lines.

use crate::report::plot::{Look, Plot};
use maud::{Markup, html};

/// A plot under its caption.
pub(super) fn figure(caption: &Markup, key: &[(Look, &str)], plot: &Plot) -> Markup {
    html! {
        figure {
            figcaption { (caption) @if !key.is_empty() { (self::key(key)) } }
            (plot.svg())
        }
    }
}

/// What the lines are, as they are drawn.
fn key(lines: &[(Look, &str)]) -> Markup {
    html! {
        span.key { @for (look, what) in lines {
            span { svg width="26" height="8" aria-hidden="true" { line class=(look.class()) x1="0" x2="26" y1="4" y2="4" {} } (what) }
        } }
    }
}

/// Plots beside each other: the first so many are seen, the others folded under what they are.
pub(super) fn figures(all: Vec<Markup>, open: usize, more: &str) -> Markup {
    let (seen, folded) = all.split_at(open.min(all.len()));
    html! {
        @if !seen.is_empty() { div.plots { @for figure in seen { (figure) } } }
        @if !folded.is_empty() {
            details.more { summary { (folded.len()) " " (more) } div.plots { @for figure in folded { (figure) } } }
        }
    }
}

/// A section, unless there is nothing in it.
pub(super) fn section(heading: &str, body: &Markup) -> Markup {
    html! { @if !body.0.is_empty() { section { h2 { (heading) } (body) } } }
}

/// Something that is folded, unless there is nothing in it.
pub(super) fn folded(summary: &str, body: &Markup) -> Markup {
    html! { @if !body.0.is_empty() { details.more { summary { (summary) } (body) } } }
}
