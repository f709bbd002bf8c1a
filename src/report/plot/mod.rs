//! Plots as SVG that fit any width: what lies along the x axis is in percent, so that texts and strokes keep their size and a column
//! of 340 pixels shows the same as one of a thousand. Only the lines themselves are stretched.
//!
//! The axes are written outside of the drawing; whoever places it leaves [`ROOM`] for them.

mod axis;
mod picture;
mod shape;

pub(super) use axis::Axis;
pub(super) use picture::picture;
pub(super) use shape::Shape;

use maud::{Markup, html};

/// The looks of everything in a plot, and the colors for light and dark.
pub(super) const STYLE: &str = include_str!("plot.css");
pub(super) const COLORS: &str = include_str!("colors.css");

/// Pixels that the axes take on the left, on the right and below.
pub(super) const ROOM: [u32; 3] = [58, 18, 22];
/// Pixels of a line of text.
pub(super) const LINE: f64 = 15.0;
/// Letters that the narrowest plot has room for.
const LETTERS: f64 = 46.0;
/// Steps of the stretched drawing.
const WIDTH: f64 = 1000.0;

/// What a line shows, which says how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The run under test: a thick line.
    Run,
    /// The baseline: dashed.
    Base,
    /// A limit: dotted.
    Limit,
    /// A level, or a mean.
    Level,
    /// What is only there to be compared with.
    Faint,
}

impl Look {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Base => "base",
            Self::Limit => "limit",
            Self::Level => "level",
            Self::Faint => "faint",
        }
    }
}

/// A rectangle behind the lines, and the value that it lies around.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
    pub(super) middle: f64,
}

/// A straight line at one value, and what it is.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) at: f64,
    pub(super) look: Look,
    pub(super) label: String,
}

/// A point that stands out.
#[derive(Debug, Clone)]
pub(super) struct Dot {
    pub(super) at: (f64, f64),
    pub(super) shape: Shape,
    pub(super) label: String,
}

/// Lines over one axis, with what is marked.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    /// What it shows, for those who cannot see it.
    pub(super) about: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// Pixels of the drawing without its axes.
    pub(super) height: f64,
    pub(super) bands: Vec<Band>,
    /// Lines of (x, y); one breaks where a value is not finite.
    pub(super) lines: Vec<(Look, Vec<(f64, f64)>)>,
    /// Points on the lines, where they are few.
    pub(super) points: Vec<(f64, f64)>,
    /// Horizontal lines.
    pub(super) levels: Vec<Rule>,
    /// Vertical lines, each with its text in a line of its own above the drawing.
    pub(super) uprights: Vec<Rule>,
    pub(super) dots: Vec<Dot>,
    /// What is told of a place on the x axis.
    pub(super) tips: Vec<(f64, String)>,
}

impl Plot {
    /// A plot of nothing yet.
    pub(super) fn new(about: String, x: Axis, y: Axis, height: f64) -> Self {
        Self {
            about,
            x,
            y,
            height,
            bands: Vec::new(),
            lines: Vec::new(),
            points: Vec::new(),
            levels: Vec::new(),
            uprights: Vec::new(),
            dots: Vec::new(),
            tips: Vec::new(),
        }
    }

    /// Pixels above the drawing: a line for each upright.
    pub(super) fn headroom(&self) -> f64 {
        14.0 + LINE * self.uprights.len() as f64
    }

    /// The plot in a page.
    pub(super) fn svg(&self) -> Markup {
        let [left, right, below] = ROOM;
        let above = self.headroom();
        let padding = format!("padding:{above}px {right}px {below}px {left}px");
        let tips: Vec<String> = self
            .tips
            .iter()
            .map(|(x, text)| format!("{} {text}", percent(self.x.share(*x))))
            .collect();
        html! {
            svg.plot role="img" aria-label=(self.about) height=(self.height) style=(padding)
                data-tips=[(!tips.is_empty()).then(|| tips.join("\n"))] { (self.drawn()) }
        }
    }

    /// The drawing, whose place has this plot's height.
    pub(super) fn drawn(&self) -> Markup {
        let y = |value: f64| pixels(self.height * (1.0 - self.y.share(value)));
        let x = |value: f64| percent(self.x.share(value));
        html! {
            @for (value, label) in self.y.ticks() {
                line.grid x1="0" x2="100%" y1=(y(*value)) y2=(y(*value)) {}
                text.tick x="-8" y=(y(*value)) dy="4" text-anchor="end" { (label) }
            }
            @for (value, label) in self.x.ticks() {
                line.tick x1=(x(*value)) x2=(x(*value)) y1=(self.height) y2=(self.height + 4.0) {}
                text.tick x=(x(*value)) y=(self.height + 18.0) text-anchor=(anchor(self.x.share(*value))) { (label) }
            }
            @for band in &self.bands {
                @let width = self.x.share(band.x.1) - self.x.share(band.x.0);
                @let height = self.height * (self.y.share(band.y.1) - self.y.share(band.y.0));
                rect.band x=(x(band.x.0)) width=(percent(width)) y=(y(band.y.1)) height=(pixels(height.max(2.0))) {}
                line.level x1=(x(band.x.0)) x2=(x(band.x.1)) y1=(y(band.middle)) y2=(y(band.middle)) {}
            }
            @for Rule { at, look, label } in &self.levels {
                line class=(look.class()) x1="0" x2="100%" y1=(y(*at)) y2=(y(*at)) {}
                text.said x="2" y=(y(*at)) dy="-5" { (label) }
            }
            svg viewBox={ "0 0 " (WIDTH) " " (self.height) } preserveAspectRatio="none" width="100%" height=(self.height)
                overflow="visible" {
                @for (look, points) in &self.lines { path class=(look.class()) d=(self.path(points)) {} }
            }
            @for (at, value) in &self.points { circle.point cx=(x(*at)) cy=(y(*value)) r="2.5" {} }
            @for (i, Rule { at, look, label }) in self.uprights.iter().enumerate() {
                @let top = -LINE * (self.uprights.len() - i) as f64 + 4.0;
                @let share = self.x.share(*at);
                line class=(look.class()) x1=(x(*at)) x2=(x(*at)) y1=(top) y2=(self.height) {}
                @let room = label.chars().count() as f64 / LETTERS;
                text.said x=(x(*at)) dx=(if share + room > 1.0 { -5 } else { 5 }) y=(top + 9.0)
                    text-anchor=(if share + room > 1.0 { "end" } else { "start" }) { (label) }
            }
            @for Dot { at, shape, label } in &self.dots {
                svg x=(x(at.0)) y=(y(at.1)) overflow="visible" { title { (label) } (shape.drawn()) }
            }
        }
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        let mut pen = 'M';
        for (x, y) in points {
            if !y.is_finite() {
                pen = 'M';
                continue;
            }
            let (x, y) = (WIDTH * self.x.share(*x), self.height * (1.0 - self.y.share(*y)));
            path.push_str(&format!("{pen}{} {}", pixels(x), pixels(y)));
            pen = 'L';
        }
        path
    }
}

/// A place along the x axis, as SVG has it.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", pixels(100.0 * share))
}

/// A number of two decimals at most.
fn pixels(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text at an end of the axis does not hang over it.
fn anchor(share: f64) -> &'static str {
    match share {
        s if s > 0.97 => "end",
        s if s < 0.03 => "start",
        _ => "middle",
    }
}
