//! How an endpoint stands in its history: what the policy says of the newest commit, and where the last step led.

use super::spark::spark;
use super::table::sorted_by;
use crate::model::Direction;
use crate::report::number::{plural, signed_percent};
use crate::report::plot::Shape;
use crate::report::trend::{arrow, sign};
use crate::trend::{Mark, Table};
use maud::{Markup, html};

/// How an endpoint stands.
#[derive(Debug)]
pub(super) struct Standing {
    /// The gravest mark of the newest values.
    mark: Option<Mark>,
    /// The size of the last step that is drawn, and whether it made something worse.
    step: Option<(f64, bool)>,
    /// The values of the column that stands for the endpoint.
    values: Vec<Option<f64>>,
}

impl Standing {
    /// The standing of these columns in the last rows; `main` is drawn.
    pub(super) fn of(table: &Table, columns: &[usize], main: usize, last: usize) -> Self {
        let from = table.rows.len().saturating_sub(last);
        let newest = |c: &usize| {
            let mut cells = table.rows.iter().rev().map(|row| row.cells[*c]);
            cells.find(|cell| cell.value.is_some())?.shown_mark()
        };
        let mark = columns.iter().filter_map(newest).max_by_key(|mark| grade(*mark));
        let mut steps = table.steps[main].iter().filter(|found| found.step.index >= from);
        let worse = |size: f64| match table.columns[main].direction {
            Direction::Lower => size > 0.0,
            Direction::Higher => size < 0.0,
        };
        let step = steps.next_back().map(|found| (found.step.size, worse(found.step.size)));
        let values = table.rows[from..].iter().map(|row| row.cells[main].value).collect();
        Self { mark, step, values }
    }

    /// How much it asks for attention: marks before steps, steps to the worse before others.
    pub(super) fn weight(&self) -> f64 {
        let step = match self.step {
            Some((size, true)) => size.abs().min(90.0),
            Some((size, false)) => -size.abs().min(90.0),
            None => 0.0,
        };
        self.mark.map_or(0.0, |mark| 1e3 * f64::from(grade(mark))) + step
    }

    /// The cell that says it in a word.
    pub(super) fn state(&self) -> Markup {
        let (class, sign, word) = match (self.mark, self.step) {
            (Some(mark), _) => (class(mark), sign(mark).0, word(mark)),
            (None, Some((_, true))) => ("warn", "!", "worse"),
            (None, Some((_, false))) => ("pass", "✓", "better"),
            (None, None) => ("pass", "✓", "steady"),
        };
        // Sorted upwards, the worst comes first.
        html! { td data-value=(sorted_by(Some(-self.weight()))) { span class={ "sign " (class) } { (sign) } " " (word) } }
    }

    /// The cell with the last step.
    pub(super) fn trend(&self) -> Markup {
        let size = self.step.map(|(size, _)| size);
        html! {
            td.number data-value=(sorted_by(size)) {
                @match self.step {
                    Some((size, worse)) => {
                        span class=(if worse { "fail" } else { "pass" }) {
                            (arrow(size)) " " (if size.is_finite() { signed_percent(size) } else { "from 0".to_owned() })
                        }
                    }
                    None => { span.soft { "→ level" } }
                }
            }
        }
    }

    pub(super) fn spark(&self) -> Markup {
        let newest = self.mark.map_or(Shape::Disc, Shape::of_mark);
        let known = self.values.iter().flatten().count();
        spark(&self.values, newest, &format!("the last {}", plural(known, "value")))
    }
}

/// How a mark looks.
pub(super) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Fail => "fail",
        Mark::Again => "inconclusive",
        Mark::Warn | Mark::Accepted => "warn",
    }
}

fn grade(mark: Mark) -> u8 {
    match mark {
        Mark::Accepted => 1,
        Mark::Warn => 2,
        Mark::Again => 3,
        Mark::Fail => 4,
    }
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Fail => "over its limit",
        Mark::Again => "measure again",
        Mark::Warn => "warning",
        Mark::Accepted => "accepted",
    }
}
