//! What made the history worse: steps of several series at one place have one cause, which lasts until the level is back or
//! somebody accepts it.
//!
//! A history is looked at every night, and each look is a chance to take noise for a step. So a step that nobody has been told
//! of needs far more than `trend` asks for: its p is held against all series, all places and all nights so far.

use super::table::Table;
use crate::config::{Accept, Threshold};
use crate::model::Direction;
use crate::stats::{MAD_TO_SD, Step, median, places, quantile};

/// p below which a step is sure, times the number of series and the square of the number of points.
const FALSE_ALARM: f64 = 0.001;
/// Fewest points of a new level that make it sure.
const FEWEST: usize = 4;
/// The same where most series moved together: a machine may be slow for some nights.
const FEWEST_SHARED: usize = 8;
/// Share of the series that are most of them, and how many there must be for that to say anything.
const MOST: f64 = 0.5;
const FEWEST_SERIES: usize = 5;

/// p below which one more series has moved at a known place, times the number of series.
const JOINING: f64 = 1e-4;
/// Rows between two places that are one all the same: an outlier beside a step moves it.
const NEAR: usize = 2;
/// Of a level that stands out, the better quarter is worse than the worst tenth of the one before.
const BETTER_QUARTER: f64 = 0.25;
const WORST_TENTH: f64 = 0.9;
/// Rows whose median says where the level is.
const RECENT: usize = 5;
/// Share of the change at which it is over, and the one above which it is not.
const OVER: f64 = 0.25;
const LASTING: f64 = 0.5;

/// What counts.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The smallest relative change.
    pub min_effect: f64,
    /// The smallest absolute change of each column, where one is given.
    pub least: Vec<Option<f64>>,
    /// What commits accept, each with the first row that has it.
    pub accepts: Vec<(usize, Accept)>,
}

impl Watch {
    /// The same before a row was there.
    pub(super) fn until(&self, row: usize) -> Self {
        let accepts = self.accepts.iter().filter(|(at, _)| *at < row).cloned().collect();
        Self { accepts, ..self.clone() }
    }

    /// The smallest change that counts, of a column at a level.
    fn least(&self, column: usize, level: f64) -> f64 {
        (self.min_effect * level.abs()).max(self.least[column].unwrap_or_default())
    }
}

/// What became of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The level is still worse.
    Raised,
    /// Between: neither can be said.
    Unclear,
    /// The level came back, at this row.
    Back(usize),
    /// A commit accepts it; the first row that has it.
    Accepted(usize),
}

/// A step for the worse in one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The column.
    pub column: usize,
    /// The first row of the new level, as far as this series tells.
    pub row: usize,
    /// The rows among which that may be.
    pub rows: (usize, usize),
    /// The level before.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// How far one value usually lies from its level.
    pub noise: f64,
    /// p of the step.
    pub p: f64,
    /// How many points the new level has.
    pub points: usize,
    /// Whether it was seen without the last point, and tells itself apart from all that the series did by itself.
    pub stands_out: bool,
}

/// Steps for the worse that have one cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The first row of the new level: that of the clearest series.
    pub row: usize,
    /// The rows among which that may be, by all series together.
    pub rows: (usize, usize),
    /// The series, the clearest one first.
    pub members: Vec<Member>,
    /// Whether it is beyond doubt, however often one looks.
    pub sure: bool,
    /// What became of it.
    pub state: State,
}

impl Member {
    /// The level that the series has now.
    pub fn now(&self, table: &Table) -> f64 {
        let cells = table.rows.iter().rev().filter_map(|row| row.cells[self.column].value);
        median(&cells.take(RECENT).collect::<Vec<_>>()).unwrap_or(self.after)
    }
}

impl Cause {
    /// Whether this row may be its first.
    pub fn holds(&self, row: usize) -> bool {
        self.touches((row, row))
    }

    fn touches(&self, (first, last): (usize, usize)) -> bool {
        first <= self.rows.1 + NEAR && self.rows.0 <= last + NEAR
    }
}

/// The causes in a history, oldest first.
pub fn causes(table: &Table, watch: &Watch) -> Vec<Cause> {
    let mut all: Vec<Member> =
        (0..table.columns.len()).flat_map(|column| members(table, column, watch)).collect();
    all.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut causes: Vec<Cause> = Vec::new();
    for member in all {
        match causes.iter_mut().find(|own| own.touches(member.rows)) {
            Some(cause) => join(cause, member, table.columns.len()),
            None => causes.push(Cause {
                row: member.row,
                rows: member.rows,
                members: vec![member],
                sure: false,
                state: State::Raised,
            }),
        }
    }
    for cause in &mut causes {
        cause.sure = is_sure(cause, table);
        cause.state = outcome(cause, table, watch);
    }
    causes.sort_by_key(|cause| cause.row);
    causes
}

/// One more series of a cause, if it moved beyond doubt: the place is known, so that there was one look at each series.
fn join(cause: &mut Cause, member: Member, series: usize) {
    let doubtful = member.p > JOINING / series as f64;
    if doubtful || cause.members.iter().any(|own| own.column == member.column) {
        return;
    }
    let both = (member.rows.0.max(cause.rows.0), member.rows.1.min(cause.rows.1));
    if both.0 <= both.1 {
        cause.rows = both;
    }
    cause.members.push(member);
}

fn is_sure(cause: &Cause, table: &Table) -> bool {
    let series = table.columns.len();
    let together = series >= FEWEST_SERIES && cause.members.len() as f64 > MOST * series as f64;
    let fewest = if together { FEWEST_SHARED } else { FEWEST };
    let p = sure_below(table);
    cause.members.iter().any(|own| own.p <= p && own.points >= fewest && own.stands_out)
}

/// p of a step that is sure: of all series, at all places, on all nights, one like it is not expected.
fn sure_below(table: &Table) -> f64 {
    FALSE_ALARM / (table.columns.len() as f64 * (table.rows.len() as f64).powi(2))
}

/// What became of a cause.
fn outcome(cause: &Cause, table: &Table, watch: &Watch) -> State {
    let later: Vec<(usize, f64)> = shares(cause, table);
    let level = |part: &[(usize, f64)]| {
        median(&part.iter().map(|(_, share)| *share).collect::<Vec<_>>()).unwrap_or(1.0)
    };
    // Once it was back, a level that is worse again has a cause of its own.
    if let Some(part) = later.windows(RECENT).find(|part| level(part) <= OVER) {
        let first = part.iter().find(|(_, share)| *share < LASTING);
        return State::Back(first.map_or(cause.row, |(row, _)| *row));
    }
    let accepted: Option<Vec<usize>> =
        cause.members.iter().map(|own| accepted(own, table, watch)).collect();
    if let Some(row) = accepted.and_then(|rows| rows.into_iter().max()) {
        return State::Accepted(row);
    }
    let recent = &later[later.len().saturating_sub(RECENT)..];
    if level(recent) > LASTING { State::Raised } else { State::Unclear }
}

/// How much of the change each row from the first one on has, by all series together: 0 is the level before, 1 the one after.
/// Each series weighs as much as it stands out.
fn shares(cause: &Cause, table: &Table) -> Vec<(usize, f64)> {
    let share = |r: usize| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for own in &cause.members {
            let Some(value) = table.rows[r].cells[own.column].value else { continue };
            let moved = own.after - own.before;
            // A series without noise weighs no more than one that moved by a hundred times its noise.
            let weight = (moved / own.noise.max(moved.abs() / 100.0)).abs();
            sum += weight * (value - own.before) / moved;
            weights += weight;
        }
        (weights > 0.0).then_some((r, sum / weights))
    };
    (cause.row..table.rows.len()).filter_map(share).collect()
}

/// The steps for the worse of one series.
fn members(table: &Table, column: usize, watch: &Watch) -> Vec<Member> {
    let cells = table.rows.iter().enumerate();
    let (rows, values): (Vec<usize>, Vec<f64>) =
        cells.filter_map(|(r, row)| Some((r, row.cells[column].value?))).unzip();
    let found = table.steps[column].iter();
    let steps: Vec<(usize, Step)> = found
        .filter_map(|own| Some((rows.binary_search(&own.step.index).ok()?, own.step)))
        .collect();
    let mut bounds = vec![0];
    bounds.extend(steps.iter().map(|(at, _)| *at));
    bounds.push(values.len());
    let worse = match table.columns[column].direction {
        Direction::Lower => 1.0,
        Direction::Higher => -1.0,
    };
    // Where the level was beyond doubt another one: what wandered since then is what the series does by itself.
    let beyond_doubt = sure_below(table);
    let settled = |at: usize| {
        let earlier = steps.iter().filter(|(other, step)| *other < at && step.p <= beyond_doubt);
        earlier.map(|(other, _)| *other).max().unwrap_or_default()
    };
    let member = |((at, step), b): (&(usize, Step), &[usize])| {
        let (left, right) = (&values[b[0]..*at], &values[*at..b[2]]);
        let (before, after) = (median(left)?, median(right)?);
        if worse * (after - before) <= watch.least(column, before) {
            return None;
        }
        let (first, last) = places(&values[b[0]..b[2]], at - b[0]);
        Some(Member {
            column,
            row: step.index,
            rows: (rows[b[0] + first], rows[b[0] + last]),
            before,
            after,
            noise: spread(left, before).max(spread(right, after)),
            p: step.p,
            points: right.len(),
            stands_out: step.confirmed && stands_out(&values[settled(*at)..*at], right, worse),
        })
    };
    steps.iter().zip(bounds.windows(3)).filter_map(member).collect()
}

/// The first row with a commit that accepts the step as high as it is.
fn accepted(member: &Member, table: &Table, watch: &Watch) -> Option<usize> {
    let column = &table.columns[member.column];
    let moved = (member.after - member.before).abs();
    let within = |accept: &Accept| match accept.ceiling {
        Threshold::Relative(share) => moved <= share * member.before.abs(),
        Threshold::Absolute(amount) => moved <= amount,
    };
    let covers = |accept: &Accept| {
        accept.direction == column.direction && accept.covers(&column.key) && within(accept)
    };
    let later = watch.accepts.iter().filter(|(row, _)| *row >= member.rows.0);
    later.filter(|(_, accept)| covers(accept)).map(|(row, _)| *row).min()
}

/// Whether the better quarter of a level is worse than the worst tenth of the one before.
fn stands_out(before: &[f64], after: &[f64], worse: f64) -> bool {
    let bad = |part: &[f64]| part.iter().map(|v| worse * v).collect::<Vec<_>>();
    quantile(&bad(after), BETTER_QUARTER) > quantile(&bad(before), WORST_TENTH)
}

/// How far one value of a level usually lies from its median: a standard deviation.
fn spread(level: &[f64], centre: f64) -> f64 {
    let deviations: Vec<f64> = level.iter().map(|v| (v - centre).abs()).collect();
    MAD_TO_SD * median(&deviations).unwrap_or_default()
}
