//! Series over commits as SVG, drawn by plotters: for a README, and for the page.

use super::escape::harmless;
use super::number::{Scale, significant};
use crate::model::Untrusted;
use crate::trend::Table;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::fmt;
use std::io::{self, Write};

/// A line of values with the places that stand out.
pub(super) struct Plot {
    /// What it shows.
    pub(super) title: Untrusted,
    /// The unit of the values.
    pub(super) unit: String,
    /// Lines of (x, y), each with its index into the colours.
    pub(super) lines: Vec<(usize, Vec<(f64, f64)>)>,
    /// Points that stand out, with their index into the colours.
    pub(super) points: Vec<(usize, (f64, f64))>,
    /// What stands at a place of the x axis.
    pub(super) x: fn(f64) -> String,
    /// What the x axis is.
    pub(super) x_title: &'static str,
}

/// Colours that are seen on light and on dark: lines, steps up, steps down, the baseline.
pub(super) const COLORS: [RGBColor; 4] =
    [RGBColor(47, 129, 247), RGBColor(209, 36, 47), RGBColor(26, 127, 55), RGBColor(139, 148, 158)];
/// Axes and text take the colour of the text around: this one is replaced.
const INK: RGBColor = RGBColor(1, 2, 3);
const INK_TEXT: &str = "#010203";

/// Draws plots below each other.
pub(super) fn draw(plots: &[Plot], (width, height): (u32, u32)) -> io::Result<String> {
    let mut text = String::new();
    let rows = u32::try_from(plots.len().max(1)).unwrap_or(1);
    {
        let area = SVGBackend::with_string(&mut text, (width, height * rows)).into_drawing_area();
        for (plot, part) in plots.iter().zip(area.split_evenly((plots.len().max(1), 1))) {
            one(plot, &part).map_err(failed)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(text.replace(INK_TEXT, "currentColor"))
}

fn failed(error: impl fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>>;

fn one(plot: &Plot, area: &Area<'_>) -> Drawn {
    let dots = || plot.points.iter().map(|(_, point)| point);
    let all = || plot.lines.iter().flat_map(|(_, points)| points).chain(dots());
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let low = all().map(of).fold(f64::INFINITY, f64::min);
        let high = all().map(of).fold(f64::NEG_INFINITY, f64::max);
        if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) }
    };
    let ((left, right), (low, high)) = (ends(|p| p.0), ends(|p| p.1));
    let margin = ((high - low) * 0.1).max(high.abs() * 0.02).max(1e-9);
    // What is never negative does not look as if it were.
    let bottom = if low < 0.0 { low - margin } else { (low - margin).max(0.0) };
    let font = ("sans-serif", 13).into_font().color(&INK);
    let caption = if plot.unit.is_empty() {
        plot.title.clone()
    } else {
        plot.title.map(|title| format!("{title} ({})", plot.unit))
    };
    let mut chart = ChartBuilder::on(area)
        .caption(harmless(&caption), ("sans-serif", 15).into_font().color(&INK))
        .margin(8)
        // The last label stands half beyond the plot.
        .margin_right(24)
        .x_label_area_size(34)
        .y_label_area_size(58)
        .build_cartesian_2d(left..right.max(left + 1e-9), bottom..high + margin)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.12))
        .axis_style(INK.mix(0.5))
        .label_style(font)
        .x_desc(plot.x_title)
        .x_labels(8)
        .y_labels(5)
        .x_label_formatter(&|x| (plot.x)(*x))
        .y_label_formatter(&|y| significant(*y))
        .draw()?;
    for (color, points) in &plot.lines {
        let style = COLORS[*color].stroke_width(2);
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
    }
    let dots = plot.points.iter().map(|(color, at)| Circle::new(*at, 4, COLORS[*color].filled()));
    chart.draw_series(dots)?;
    Ok(())
}

/// A label for a place that is counted: none between two of them.
pub(super) fn whole(x: f64) -> String {
    let rounded = x.round();
    if (x - rounded).abs() < 1e-6 { format!("{:.0}", rounded + 0.0) } else { String::new() }
}

/// The plot of a column's last rows; steps up and down stand out.
pub(super) fn of_column(table: &Table, c: usize, last: usize) -> Option<Plot> {
    let from = table.rows.len().saturating_sub(last);
    let column = &table.columns[c];
    let values: Vec<f64> = table.rows[from..].iter().filter_map(|row| row.cells[c].value).collect();
    let scale = Scale::of(&column.unit, &values);
    let points: Vec<(usize, f64)> = (from..table.rows.len())
        .filter_map(|r| Some((r, scale.number(table.rows[r].cells[c].value?))))
        .collect();
    if points.len() < 2 {
        return None;
    }
    let place = |r: usize| r as f64 - (table.rows.len() - 1) as f64;
    let steps = points.iter().filter_map(|(r, value)| {
        let size = table.step_at(c, *r)?;
        Some((if size >= 0.0 { 1 } else { 2 }, (place(*r), *value)))
    });
    Some(Plot {
        title: column.key.text(),
        unit: scale.suffix().trim().to_owned(),
        points: steps.collect(),
        lines: vec![(0, points.iter().map(|(r, value)| (place(*r), *value)).collect())],
        x: whole,
        x_title: "recorded commits, 0 is the newest",
    })
}

/// Writes the columns' last rows as one picture.
pub fn render_trend(table: &Table, last: usize, out: &mut impl Write) -> io::Result<()> {
    let plots: Vec<Plot> =
        (0..table.columns.len()).filter_map(|c| of_column(table, c, last)).collect();
    // A file of its own has no text around it: grey is seen on light and on dark.
    out.write_all(draw(&plots, (760, 220))?.replace("currentColor", "#8b949e").as_bytes())
}
