//! The history of a branch as a table: a row for each recorded commit, a column for each measurement.

use super::{Found, Series, found};
use crate::model::{CommitId, Direction, MeasurementKey, Unit, Untrusted};

/// A measurement over the commits.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Which one.
    pub key: MeasurementKey,
    /// What it is called, where not by its measurement.
    pub heading: Option<Untrusted>,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
}

/// What today's policy says of a value, held against the runs before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A limit is crossed, by no more than noise gives.
    Warn,
    /// A limit is crossed, and another run would tell.
    Again,
    /// A limit is crossed.
    Fail,
    /// A commit accepts the change.
    Accepted,
}

impl Mark {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Again => "inconclusive",
            Self::Fail => "fail",
            Self::Accepted => "accepted",
        }
    }
}

/// One value and what is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// The median over the commit's runs; none where it was not measured.
    pub value: Option<f64>,
    /// What the policy says of the change.
    pub mark: Option<Mark>,
    /// What its budgets say: a failure, or a warning where a target is missed.
    pub budget: Option<Mark>,
}

impl Cell {
    /// What stands beside the value: a budget that is broken weighs more than any change.
    pub fn shown_mark(&self) -> Option<Mark> {
        self.budget.filter(|own| *own == Mark::Fail).or(self.mark).or(self.budget)
    }
}

/// A recorded commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The commit.
    pub commit: CommitId,
    /// Its date.
    pub date: jiff::Timestamp,
    /// Who wrote it.
    pub author: Untrusted,
    /// First line of its message.
    pub subject: Untrusted,
    /// How many runs it has.
    pub runs: usize,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// A step for the worse.
#[derive(Debug, Clone, Copy)]
pub struct WorseStep<'a> {
    /// The recorded commit before it.
    pub before: CommitId,
    /// The first one of the new level.
    pub from: CommitId,
    /// Relative size.
    pub size: f64,
    /// What got worse.
    pub column: &'a Column,
}

/// The history of a branch.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is the history of.
    pub title: Untrusted,
    /// The columns.
    pub columns: Vec<Column>,
    /// All recorded commits, oldest first.
    pub rows: Vec<Row>,
    /// The steps of each column.
    pub steps: Vec<Vec<Found>>,
}

impl Table {
    /// The table of these rows, oldest first, with the steps of each column. `min_effect` is the smallest relative change that
    /// counts as a step.
    pub fn new(title: Untrusted, columns: Vec<Column>, rows: Vec<Row>, min_effect: f64) -> Self {
        let places: Vec<usize> = (0..columns.len()).collect();
        let steps = in_parallel(&places, |c| {
            let values: Vec<Option<f64>> = rows.iter().map(|row| row.cells[*c].value).collect();
            found(&values, min_effect, |r| Some(rows[r].commit.to_string()))
        });
        Self { title, columns, rows, steps }
    }

    /// The history as it was before a row was there.
    pub(super) fn until(&self, row: usize) -> Self {
        let rows = self.rows[..row.min(self.rows.len())].to_vec();
        Self::new(self.title.clone(), self.columns.clone(), rows, 0.0)
    }

    /// The history from a time on.
    #[must_use]
    pub fn from(&self, time: jiff::Timestamp) -> Self {
        match self.rows.iter().position(|row| row.date >= time) {
            Some(0) => self.clone(),
            first => {
                let rows = first.map(|first| self.rows[first..].to_vec()).unwrap_or_default();
                Self::new(self.title.clone(), self.columns.clone(), rows, 0.0)
            }
        }
    }

    /// The series of a column.
    pub fn series(&self, column: usize) -> Series {
        series(&self.columns[column], column, &self.rows)
    }

    /// The newest step for the worse; of several at one commit, that of the first column.
    pub fn newest_worse_step(&self) -> Option<WorseStep<'_>> {
        let steps = self.columns.iter().zip(&self.steps).flat_map(|(column, steps)| {
            let worse = column.direction.worse_sign();
            let all = steps.iter().map(move |found| (found.step.index, found.step.size, column));
            all.filter(move |(_, size, _)| size * worse > 0.0)
        });
        let newest = |best: (usize, f64, _), next: (usize, f64, _)| {
            if next.0 > best.0 { next } else { best }
        };
        let (row, size, column) = steps.reduce(newest)?;
        let before = self.rows.get(row.checked_sub(1)?)?.commit;
        Some(WorseStep { before, from: self.rows[row].commit, size, column })
    }

    /// The step of a column at a row, if there is one: its relative size.
    pub fn step_at(&self, column: usize, row: usize) -> Option<f64> {
        self.steps[column].iter().find(|found| found.step.index == row).map(|found| found.step.size)
    }
}

/// Does the same to each item, on every processor; the answers are in the items' order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = items.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(part)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let joined = parts.into_iter().map(|part| match part.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    })
}

fn series(column: &Column, c: usize, rows: &[Row]) -> Series {
    Series {
        id: column.key.text().into_raw(),
        commits: rows.iter().map(|row| row.commit.to_string()).collect(),
        times: Vec::new(),
        lines: Vec::new(),
        values: rows.iter().map(|row| row.cells[c].value).collect(),
    }
}
