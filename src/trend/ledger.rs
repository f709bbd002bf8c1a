//! What people were told of a history, and what they are to be told now.

use super::cause::{Cause, State, Watch, causes};
use super::table::Table;
use crate::model::CommitId;

/// What people were told last of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The level is worse.
    Raised,
    /// It came back.
    Back,
    /// A commit accepts it.
    Accepted,
    /// The history no longer shows it.
    Gone,
}

/// A cause that people were told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The number that it has where they were told.
    pub number: u64,
    /// The commit by which it was told first.
    pub since: CommitId,
    /// Whether it is still open there: people may have closed it.
    pub open: bool,
    /// What was told last.
    pub told: Told,
    /// Of how many series; none of a failed gate whose step the history does not show yet.
    pub series: usize,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<'a> {
    /// Nobody knows of it.
    Open(&'a Cause),
    /// It has changed.
    Update(u64, &'a Cause),
    /// It was taken for over, and is not.
    Reopen(u64, &'a Cause),
    /// The level is back, or accepted.
    Close(u64, &'a Cause, Told),
    /// The history no longer shows a step there.
    Gone(u64),
}

/// Fewest commits after a place before the history can say that there is no step.
const FEWEST: usize = 3;

/// What is to be done so that people know of every cause once, and are told what became of it. New causes are those of the last
/// `recent` rows.
pub fn actions<'a>(
    table: &Table,
    causes: &'a [Cause],
    known: &[Known],
    recent: usize,
) -> Vec<Action<'a>> {
    let row_of = |commit: CommitId| table.rows.iter().position(|row| row.commit == commit);
    let oldest = table.rows.len().saturating_sub(recent);
    let mut todo = Vec::new();
    let mut told = vec![false; causes.len()];
    for own in known {
        // Of a commit that is not recorded here, this history says nothing.
        let Some(row) = row_of(own.since) else { continue };
        let nearest = causes.iter().enumerate().filter(|(_, cause)| cause.holds(row));
        match nearest.min_by_key(|(_, cause)| (!cause.sure, cause.row.abs_diff(row))) {
            Some((c, cause)) => {
                told[c] = true;
                todo.extend(follow(own, cause));
            }
            None if own.open && own.told == Told::Raised && row + FEWEST < table.rows.len() => {
                todo.push(Action::Gone(own.number));
            }
            None => {}
        }
    }
    let new = causes.iter().zip(told).filter(|(cause, told)| {
        !told && cause.sure && cause.state == State::Raised && cause.row >= oldest
    });
    todo.extend(new.map(|(cause, _)| Action::Open(cause)));
    todo
}

/// What is to be done about a cause that is known.
fn follow<'a>(known: &Known, cause: &'a Cause) -> Option<Action<'a>> {
    let number = known.number;
    match (known.open, known.told, cause.state) {
        (true, Told::Raised, State::Back(_)) => Some(Action::Close(number, cause, Told::Back)),
        (true, Told::Raised, State::Accepted(_)) => {
            Some(Action::Close(number, cause, Told::Accepted))
        }
        (true, Told::Raised, State::Raised) => {
            let more = cause.members.len() > known.series;
            // A failed gate is told as a step as soon as the history is sure of one.
            (more && (known.series > 0 || cause.sure)).then_some(Action::Update(number, cause))
        }
        // Taken for over, and it is not.
        (false, Told::Back | Told::Accepted | Told::Gone, State::Raised) => {
            cause.sure.then_some(Action::Reopen(number, cause))
        }
        // Closed by somebody, or opened again by somebody: that is respected.
        (false, Told::Raised, _) | (true, _, _) => None,
        (false, _, State::Back(_) | State::Accepted(_) | State::Unclear) => None,
    }
}

impl Known {
    /// A cause of which people are told now.
    pub fn new(number: u64, cause: &Cause, table: &Table) -> Self {
        let since = table.rows[cause.row].commit;
        Self { number, since, open: true, told: Told::Raised, series: cause.members.len() }
    }

    /// What people know after this was done.
    pub fn after(self, action: &Action<'_>) -> Self {
        let (open, told, cause) = match action {
            Action::Open(cause) | Action::Update(_, cause) | Action::Reopen(_, cause) => {
                (true, Told::Raised, Some(cause))
            }
            Action::Close(_, cause, told) => (false, *told, Some(cause)),
            Action::Gone(_) => (false, Told::Gone, None),
        };
        let series = cause.map_or(self.series, |cause| cause.members.len());
        Self { open, told, series, ..self }
    }
}

/// What people knew of a history before its newest row, if they were told after each of the last `recent` ones, and of nothing
/// before.
pub fn told_so_far(table: &Table, watch: &Watch, recent: usize) -> Vec<Known> {
    let rows = table.rows.len();
    let mut known: Vec<Known> = Vec::new();
    for row in rows.saturating_sub(recent)..rows {
        let (table, watch) = (table.until(row), watch.until(row));
        let causes = causes(&table, &watch);
        for action in actions(&table, &causes, &known, recent) {
            match action.number().and_then(|n| known.iter().position(|own| own.number == n)) {
                Some(at) => known[at] = known[at].clone().after(&action),
                None => known.extend(
                    action.cause().map(|cause| Known::new(known.len() as u64 + 1, cause, &table)),
                ),
            }
        }
    }
    known
}

impl Action<'_> {
    /// The number of the cause, where people were told of it before.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Open(_) => None,
            Self::Update(number, _)
            | Self::Reopen(number, _)
            | Self::Close(number, _, _)
            | Self::Gone(number) => Some(*number),
        }
    }

    /// The cause, where the history shows one.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Open(cause)
            | Self::Update(_, cause)
            | Self::Reopen(_, cause)
            | Self::Close(_, cause, _) => Some(cause),
            Self::Gone(_) => None,
        }
    }
}

impl Told {
    const ALL: [Self; 4] = [Self::Raised, Self::Back, Self::Accepted, Self::Gone];

    /// The name in the mark of an issue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Back => "back",
            Self::Accepted => "accepted",
            Self::Gone => "gone",
        }
    }

    /// What has this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}
