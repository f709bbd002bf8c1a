//! What is new: of the history, and of a gate that failed before the history can tell.

use crate::gate::{Report, Verdict};
use crate::model::{CommitId, EndpointKey};
use crate::report::{About, Event};
use crate::trend::{Action, Cause, Known, Table, Told, actions};
use std::collections::BTreeSet;

/// Something that people are to be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct News<'a> {
    pub(super) event: Event,
    pub(super) about: About<'a>,
    /// The number of the cause, where people were told of it before.
    pub(super) number: Option<u64>,
    /// The commit by which it is told first.
    pub(super) since: CommitId,
    /// What people know afterwards.
    pub(super) told: Told,
    /// Of how many series.
    pub(super) series: usize,
}

/// All that is new.
pub(super) fn news<'a>(
    table: &Table,
    found: &'a [Cause],
    known: &[Known],
    recent: usize,
    report: Option<&'a Report>,
) -> Vec<News<'a>> {
    let failed = report.filter(|report| report.verdict == Verdict::Fail);
    let mut todo = actions(table, found, known, recent);
    // While the gate fails, nobody is told that nothing is there.
    todo.retain(|action| !(failed.is_some() && matches!(action, Action::Gone(_))));
    let mut all: Vec<News<'a>> =
        todo.iter().filter_map(|action| of_history(action, table, known)).collect();
    all.extend(failed.and_then(|report| of_gate(report, table, found, known, &todo)));
    all
}

fn of_history<'a>(action: &Action<'a>, table: &Table, known: &[Known]) -> Option<News<'a>> {
    let before = action.number().and_then(|n| known.iter().find(|own| own.number == n));
    let (event, cause) = match *action {
        Action::Open(cause) => (Event::Opened, Some(cause)),
        Action::Update(_, cause) => (Event::Updated, Some(cause)),
        Action::Reopen(_, cause) => (Event::Reopened, Some(cause)),
        Action::Close(_, cause, Told::Accepted) => (Event::Accepted, Some(cause)),
        Action::Close(_, cause, _) => (Event::Back, Some(cause)),
        Action::Gone(_) => (Event::Gone, None),
    };
    let after = match (before, cause) {
        (Some(before), _) => before.clone().after(action),
        (None, Some(cause)) => Known::new(0, cause, table),
        (None, None) => return None,
    };
    Some(News {
        event,
        about: cause.map_or(About::Place(after.since), About::Step),
        number: action.number(),
        since: after.since,
        told: after.told,
        series: after.series,
    })
}

/// A failed gate, unless people know of its cause or are told of it now.
fn of_gate<'a>(
    report: &'a Report,
    table: &Table,
    found: &[Cause],
    known: &[Known],
    todo: &[Action<'_>],
) -> Option<News<'a>> {
    let newest = table.rows.last()?.commit;
    let recorded = |commit: &CommitId| table.rows.iter().any(|row| row.commit == *commit);
    let since = report.current.commit.filter(recorded).unwrap_or(newest);
    let failed = report.all_findings().filter(|own| own.verdict() == Verdict::Fail);
    let failed: BTreeSet<String> = failed.map(|own| own.endpoint.text().into_raw()).collect();
    let moved = |cause: &Cause| {
        let name = |key: &EndpointKey| key.text().into_raw();
        let names = cause.members.iter().map(|own| name(&table.columns[own.column].key.endpoint));
        let names: BTreeSet<String> = names.collect();
        !failed.is_empty() && failed.is_subset(&names)
    };
    let row = |commit: CommitId| table.rows.iter().position(|row| row.commit == commit);
    let is_known = known.iter().any(|own| {
        let of_gate = own.open && own.series == 0;
        let same = own.since == since;
        let step = row(own.since).filter(|_| own.open);
        let step =
            step.is_some_and(|row| found.iter().any(|cause| cause.holds(row) && moved(cause)));
        of_gate || same || step
    });
    let is_told = todo.iter().any(|action| {
        matches!(action, Action::Open(cause) | Action::Update(_, cause) | Action::Reopen(_, cause) if moved(cause))
    });
    (!is_known && !is_told).then_some(News {
        event: Event::Opened,
        about: About::Gate(report),
        number: None,
        since,
        told: Told::Raised,
        series: 0,
    })
}
