//! Plots as a picture of its own, for a README: two beside each other, in the colors of whoever looks at it.

use super::{COLORS, LINE, Plot, ROOM, STYLE};
use crate::model::Untrusted;
use crate::report::escape::harmless;
use maud::{PreEscaped, html};
use std::io::{self, Write};

/// Pixels of the picture.
const WIDTH: u32 = 860;
/// Pixels above each plot for its title, and between plots.
const TITLE: u32 = 24;
const GAP: u32 = 14;
/// The longest title, in characters.
const LONGEST: usize = 46;

/// Writes plots with their titles as one SVG file.
pub(in crate::report) fn picture(
    plots: &[(Untrusted, Plot)],
    out: &mut impl Write,
) -> io::Result<()> {
    let columns = if plots.len() > 1 { 2 } else { 1 };
    let above = plots.iter().map(|(_, plot)| plot.headroom()).fold(LINE, f64::max) as u32;
    let drawing = plots.iter().map(|(_, plot)| plot.height).fold(0.0, f64::max) as u32;
    let [left, right, below] = ROOM;
    let (cell, row) = (WIDTH / columns, TITLE + above + drawing + below + GAP);
    let height = row * (plots.len() as u32).div_ceil(columns);
    let drawn = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height) viewBox={ "0 0 " (WIDTH) " " (height) } {
            style { (PreEscaped(COLORS)) (PreEscaped(STYLE)) }
            @for (i, (title, plot)) in plots.iter().enumerate() {
                @let (x, y) = (cell * (i as u32 % columns), row * (i as u32 / columns));
                svg x=(x) y=(y) width=(cell) height=(row) {
                    text.title x="8" y="16" { (shortened(title)) }
                    svg x=(left) y=(TITLE + above) width=(cell - left - right) height=(plot.height) overflow="visible" {
                        (plot.drawn())
                    }
                }
            }
        }
    };
    out.write_all(drawn.into_string().as_bytes())
}

fn shortened(title: &Untrusted) -> String {
    let title = harmless(title);
    match title.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title,
    }
}
