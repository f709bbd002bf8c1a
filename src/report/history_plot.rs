//! A measurement over the recorded commits as a plot: its values, the levels between its steps, what the policy marks, and at the
//! end the run under test with its limit.

use super::cells::limit_of;
use super::escape::harmless;
use super::number::{Scale, plural, signed_percent};
use super::plot::{Axis, Band, Dot, Look, Plot, Rule, Shape, picture};
use super::trend::arrow;
use crate::config::Threshold;
use crate::gate::{Finding, Sides};
use crate::model::Untrusted;
use crate::stats::median;
use crate::trend::{Row, Table};
use std::io::{self, Write};
use std::ops::Range;

/// How far apart dates stand at least, as a share of the axis.
const APART: f64 = 0.27;
/// Steps that are named, the newest ones.
const MOST_STEPS: usize = 3;
/// Fewest values that are a level.
const LEVEL: usize = 3;
/// Values of which each is a point.
const FEW: usize = 40;
/// Pixels of a plot in a picture.
const PICTURE: f64 = 120.0;
/// The share of a level's values that lie below its band, and above it.
const OUTSIDE: f64 = 0.1;

/// The plot of a column's last rows, and of the run that a finding is about; none without a value.
pub(super) fn of_column(
    table: &Table,
    c: usize,
    last: usize,
    finding: Option<&Finding>,
    height: f64,
) -> Option<Plot> {
    let rows = table.rows.len().saturating_sub(last)..table.rows.len();
    let history = Drawn::new(table, c, rows, finding)?;
    Some(history.plot(height))
}

struct Drawn<'a> {
    table: &'a Table,
    c: usize,
    rows: Range<usize>,
    finding: Option<&'a Finding>,
    scale: Scale,
    /// The rows that have a value, with it in the scale's unit.
    values: Vec<(usize, f64)>,
}

impl<'a> Drawn<'a> {
    fn new(
        table: &'a Table,
        c: usize,
        rows: Range<usize>,
        finding: Option<&'a Finding>,
    ) -> Option<Self> {
        let value = |r: usize| Some((r, table.rows[r].cells[c].value?));
        let values: Vec<(usize, f64)> = rows.clone().filter_map(value).collect();
        let all: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let scale = Scale::of(&table.columns[c].unit, &all);
        let values: Vec<(usize, f64)> =
            values.into_iter().map(|(r, value)| (r, scale.number(value))).collect();
        (!values.is_empty()).then_some(Self { table, c, rows, finding, scale, values })
    }

    /// Where a row lies: the first that is drawn at 0.
    fn place(&self, r: usize) -> f64 {
        (r - self.rows.start) as f64
    }

    /// The value of the run under test.
    fn newest(&self) -> Option<f64> {
        Some(self.scale.number(self.finding?.values.current?))
    }

    fn plot(&self, height: f64) -> Plot {
        let limit = self.limit();
        let levels = limit.iter().map(|rule| rule.at);
        let values = self.values.iter().map(|(_, value)| *value);
        let all = values.chain(self.newest()).chain(levels);
        let y = Axis::from_zero(all, self.scale.suffix(), 3);
        let mut plot = Plot::new(self.about(), self.x(), y, height);
        let points: Vec<(f64, f64)> =
            self.values.iter().map(|(r, v)| (self.place(*r), *v)).collect();
        if points.len() <= FEW {
            plot.points = points.clone();
        }
        plot.lines = vec![(Look::Run, points)];
        plot.bands = self.bands();
        plot.levels = limit.into_iter().collect();
        plot.uprights = self.steps();
        plot.dots = self.dots();
        plot.tips = self.tips();
        plot
    }

    fn about(&self) -> String {
        let name = harmless(&self.table.columns[self.c].key.text());
        let newest = self.newest().map(|own| format!(", this run {}", self.shown(own)));
        let commits = plural(self.values.len(), "recorded commit");
        format!("{name}: {commits}{}", newest.unwrap_or_default())
    }

    fn shown(&self, number: f64) -> String {
        format!("{}{}", super::number::significant(number), self.scale.suffix())
    }

    fn x(&self) -> Axis {
        let count = self.rows.len();
        let last = count.saturating_sub(1) as f64;
        let date = |place: usize| self.table.rows[self.rows.start + place].date;
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for place in 0..count {
            let far = |(known, _): &(f64, String)| place as f64 - known >= APART * count as f64;
            let label = date(place).strftime("%-d %b %Y").to_string();
            if ticks.last().is_none_or(|last| far(last) && last.1 != label) {
                ticks.push((place as f64, label));
            }
        }
        if self.newest().is_none() {
            return Axis::places(last, ticks).with_room(0.5);
        }
        // The name of the run needs the room of a date.
        ticks.retain(|(place, _)| *place < (1.0 - APART) * (last + 1.0));
        ticks.push((last + 1.0, "this run".to_owned()));
        Axis::places(last + 1.0, ticks).with_room(0.5)
    }

    /// The limit as a value, where the baseline has one.
    fn limit(&self) -> Option<Rule> {
        let finding = self.finding?;
        let baseline = finding.values.baseline?;
        let worse = finding.direction.worse_sign();
        let limit = match finding.threshold {
            Threshold::Relative(share) => baseline * (1.0 + worse * share),
            Threshold::Absolute(amount) => baseline + worse * amount,
        };
        let at = self.scale.number(limit);
        let label = format!("limit {} ({})", self.shown(at), limit_of(finding));
        Some(Rule { at, look: Look::Limit, label })
    }

    /// The levels between the steps.
    fn bands(&self) -> Vec<Band> {
        let steps = self.table.steps[self.c].iter().map(|found| found.step.index);
        let mut ends: Vec<usize> = steps.filter(|r| self.rows.contains(r)).collect();
        ends.push(self.rows.end);
        let mut from = self.rows.start;
        let mut bands = Vec::new();
        for to in ends {
            let own = self.values.iter().filter(|(r, _)| (from..to).contains(r));
            let mut own: Vec<f64> = own.map(|(_, value)| *value).collect();
            own.sort_by(f64::total_cmp);
            let at = |share: f64| own[(share * (own.len() - 1) as f64).round() as usize];
            if let Some(middle) = median(&own).filter(|_| own.len() >= LEVEL) {
                let x = (self.place(from) - 0.5, self.place(to - 1) + 0.5);
                bands.push(Band { x, y: (at(OUTSIDE), at(1.0 - OUTSIDE)), middle });
            }
            from = to;
        }
        bands
    }

    fn steps(&self) -> Vec<Rule> {
        let inside = |r: &usize| self.rows.contains(r);
        let all = self.table.steps[self.c].iter().filter(|found| inside(&found.step.index));
        let all: Vec<_> = all.collect();
        let newest = &all[all.len().saturating_sub(MOST_STEPS)..];
        let rule = |found: &&crate::trend::Found| {
            let step = &found.step;
            let size =
                if step.size.is_finite() { signed_percent(step.size) } else { "from 0".to_owned() };
            let commit = self.table.rows[step.index].commit.short();
            let label = format!("{} {size} at {commit}", arrow(step.size));
            Rule { at: self.place(step.index) - 0.5, look: Look::Faint, label }
        };
        newest.iter().map(rule).collect()
    }

    fn dots(&self) -> Vec<Dot> {
        let marked = self.values.iter().filter_map(|(r, value)| {
            let mark = self.table.rows[*r].cells[self.c].shown_mark()?;
            let label = format!("{}: {}", mark.name(), self.of_row(&self.table.rows[*r], *value));
            Some(Dot { at: (self.place(*r), *value), shape: Shape::of_mark(mark), label })
        });
        let newest = self.finding.zip(self.newest()).map(|(finding, value)| Dot {
            at: (self.rows.len() as f64, value),
            shape: Shape::of(finding.verdict()),
            label: format!("this run: {}", self.shown(value)),
        });
        marked.chain(newest).collect()
    }

    fn tips(&self) -> Vec<(f64, String)> {
        let of =
            |(r, value): &(usize, f64)| (self.place(*r), self.of_row(&self.table.rows[*r], *value));
        let mut tips: Vec<(f64, String)> = self.values.iter().map(of).collect();
        if let Some(finding) = self.finding {
            let Sides { baseline, current } =
                finding.values.map(|value| value.map(|v| self.scale.show(v)));
            if let (Some(baseline), Some(current)) = (baseline, current) {
                tips.push((
                    self.rows.len() as f64,
                    format!("this run {current}, baseline {baseline}"),
                ));
            }
        }
        tips
    }

    fn of_row(&self, row: &Row, value: f64) -> String {
        let (day, commit) = (row.date.strftime("%-d %b %Y"), row.commit.short());
        format!("{}, {day}, {commit} {}", self.shown(value), harmless(&row.subject))
    }
}

/// Writes the columns' last rows as one picture.
pub fn render(table: &Table, last: usize, out: &mut impl Write) -> io::Result<()> {
    let plot = |c: usize| {
        let plot = of_column(table, c, last, None, PICTURE)?;
        let title =
            table.columns[c].key.text().map(|text| text.replace("error_rate", "error rate"));
        Some((title, plot))
    };
    let plots: Vec<(Untrusted, Plot)> = (0..table.columns.len()).filter_map(plot).collect();
    picture(&plots, out)
}
