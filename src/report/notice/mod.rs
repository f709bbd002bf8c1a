//! What people are told of a history that got worse: as an issue, and as a message to a chat or a program.

mod chat;
mod issue;
mod wire;

pub use chat::{slack, teams};
pub use issue::{sentence, text, title};
pub use wire::to_wire;

use super::annotations::summary;
use super::escape::Show;
use super::number::{plural, signed_percent, signed_points};
use crate::gate::Report;
use crate::model::{CommitId, Metric, Untrusted};
use crate::trend::{Cause, Member, Table};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is new.
    Opened,
    /// More series moved.
    Updated,
    /// It was taken for over, and is not.
    Reopened,
    /// The level is back.
    Back,
    /// A commit accepts it.
    Accepted,
    /// The history no longer shows it.
    Gone,
    /// Nothing, and that is told as well.
    Unchanged,
}

impl Event {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Reopened => "reopened",
            Self::Back => "back",
            Self::Accepted => "accepted",
            Self::Gone => "gone",
            Self::Unchanged => "unchanged",
        }
    }

    /// Whether it is good news.
    fn is_good(self) -> bool {
        !matches!(self, Self::Opened | Self::Updated | Self::Reopened)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// A step in the history.
    Step(&'a Cause),
    /// A gate that failed.
    Gate(&'a Report),
    /// A place in the history that shows no step any more.
    Place(CommitId),
    /// So many causes that lasted before, and still do.
    Open(usize),
}

/// What people are told.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// What happened.
    pub event: Event,
    /// To what.
    pub about: About<'a>,
    /// The history.
    pub table: &'a Table,
    /// The arguments of `trend` that select the same test, with a blank in front.
    pub arguments: &'a Untrusted,
    /// The page that compares two commits, but for `OLD...NEW` at its end.
    pub comparison: Option<&'a str>,
}

/// The notice in one line.
pub fn headline(notice: &Notice<'_>, show: Show<'_>) -> String {
    let table = notice.table;
    match (notice.about, notice.event) {
        (About::Step(cause), Event::Back) => {
            format!(
                "{} back to the level before {}",
                names(cause, table, show, " is", " are"),
                at(cause, table)
            )
        }
        (About::Step(cause), Event::Accepted) => {
            let names = names(cause, table, show, " is", " are");
            format!("{names} worse since {}, which a commit accepts", at(cause, table))
        }
        (About::Step(cause), _) => {
            let Some(first) = cause.members.first() else { return String::new() };
            let (name, change) =
                (show(&table.columns[first.column].key.text()), change(first, table));
            format!("{name} {change} since {}{}", at(cause, table), and_more(cause))
        }
        (About::Gate(report), _) => {
            let at = report.current.commit.map(|id| format!(" at {}", id.short()));
            format!("gate failed{}: {}", at.unwrap_or_default(), summary(report))
        }
        (About::Place(commit), _) => {
            format!("the history no longer shows a change for the worse at {}", commit.short())
        }
        (About::Open(0), _) => {
            format!("no cause is open in {}", plural(table.rows.len(), "recorded commit"))
        }
        (About::Open(n), _) => format!("{} still open", plural(n, "cause")),
    }
}

fn at(cause: &Cause, table: &Table) -> String {
    table.rows[cause.row].commit.short()
}

fn and_more(cause: &Cause) -> String {
    match cause.members.len() {
        0 | 1 => String::new(),
        n => format!(", and {} more series", n - 1),
    }
}

/// The series of a cause, with the verb that fits their number.
fn names(cause: &Cause, table: &Table, show: Show<'_>, one: &str, many: &str) -> String {
    let Some(first) = cause.members.first() else { return String::new() };
    let verb = if cause.members.len() == 1 { one } else { many };
    format!("{}{}{verb}", show(&table.columns[first.column].key.text()), and_more(cause))
}

/// How far a series is from its level before: `+24.7 %`.
fn change(member: &Member, table: &Table) -> String {
    let (before, now) = (member.before, member.now(table));
    match table.columns[member.column].key.metric {
        Metric::ErrorRate => signed_points(now - before),
        _ if before == 0.0 => "from 0".to_owned(),
        _ => signed_percent((now - before) / before.abs()),
    }
}
