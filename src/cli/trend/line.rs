//! The recorded commits of a branch with their values, and what today's policy says of them.

use crate::cli::error::CliError;
use crate::cli::place::{Place, open_in};
use crate::cli::policy::Loaded;
use crate::config::Accept;
use crate::gate::{Reason, Verdict, judge_against};
use crate::model::{CommitId, Field, Run, differences};
use crate::stats::median;
use crate::store::{CommitInfo, Entry, RunStore, StoredRun, load_known};
use crate::trend::{Cell, Column, Mark, Row, in_parallel};
use std::collections::BTreeSet;
use std::path::Path;

/// The recorded commits, oldest first, and the runs of the newest of them.
pub(super) struct Line {
    pub(super) rows: Vec<Row>,
    /// Runs of the last rows, newest commit first.
    newest: Vec<Vec<Run>>,
}

impl Line {
    pub(super) fn read(
        mut recorded: Recorded,
        like: &Run,
        columns: &[Column],
        (last, since): (usize, Option<jiff::civil::Date>),
        (loaded, folder): (&Loaded, &Path),
    ) -> Result<Self, CliError> {
        let kept = last.saturating_add(2 * loaded.policy.baseline.window);
        let since = since.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        let since = since.map(|start| start.timestamp());
        if let Some(since) = since {
            let older = recorded.iter().position(|(commit, _)| commit.date < since);
            recorded.truncate(older.unwrap_or(recorded.len()));
        }
        let numbered: Vec<(usize, (CommitInfo, Vec<Entry>))> =
            recorded.into_iter().enumerate().collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let parts: Vec<_> = numbered.chunks(numbered.len().div_ceil(threads).max(1)).collect();
        let read = in_parallel(&parts, |part| -> Result<Vec<Read>, CliError> {
            // A store belongs to one thread: each opens its own.
            let store = open_in(loaded, true, folder)?;
            part.iter()
                .map(|(i, (commit, entries))| {
                    let runs = runs_like(like, entries, store.store(), loaded)?;
                    let row = (!runs.is_empty()).then(|| row(commit, &runs, columns));
                    Ok((row, if *i < kept { runs } else { Vec::new() }))
                })
                .collect()
        });
        let mut line = Self { rows: Vec::new(), newest: Vec::new() };
        for part in read {
            for (row, runs) in part? {
                line.rows.extend(row);
                if !runs.is_empty() {
                    line.newest.push(runs);
                }
            }
        }
        line.rows.reverse();
        Ok(line)
    }

    /// Holds each of the rows that are shown against those before it, by today's policy.
    pub(super) fn mark(&mut self, columns: &[Column], loaded: &Loaded, last: usize) {
        let (window, rules) = (loaded.policy.baseline.window, &loaded.policy.rules);
        let count = self.rows.len();
        for (i, runs) in self.newest.iter().enumerate().take(last) {
            let before: Vec<Run> =
                self.newest[i + 1..].iter().flatten().take(2 * window).cloned().collect();
            if before.is_empty() {
                continue;
            }
            let report = judge_against(runs, &before, window, rules);
            let row = &mut self.rows[count - 1 - i];
            for finding in &report.findings {
                let at = columns.iter().position(|column| column.key == finding.key());
                let Some(cell) = at.map(|c| &mut row.cells[c]) else { continue };
                cell.mark = match finding.verdict {
                    Verdict::Fail => Some(Mark::Fail),
                    Verdict::Inconclusive => Some(Mark::Again),
                    Verdict::Warn if finding.is_chance() => None,
                    Verdict::Warn if finding.reason != Reason::AlreadyOnMain => Some(Mark::Warn),
                    _ => None,
                };
            }
        }
    }

    /// Marks the crossings that a commit's own message accepts.
    pub(super) fn mark_accepted(
        &mut self,
        columns: &[Column],
        place: &Place,
        head: CommitId,
    ) -> Result<(), CliError> {
        let Some(oldest) = self.rows.first().map(|row| row.commit) else { return Ok(()) };
        for said in place.history.commits_that_say(Accept::TRAILER, &[head], oldest)? {
            let accepts: Vec<Accept> =
                Accept::trailers(&said.message).filter_map(|v| Accept::parse(v).ok()).collect();
            // The first recorded commit that has it is the one that it was measured with.
            for row in &mut self.rows {
                if !place.history.is_part_of(said.id, row.commit)? {
                    continue;
                }
                for (cell, column) in row.cells.iter_mut().zip(columns) {
                    let covered = accepts.iter().any(|accept| accept.covers(&column.key));
                    if cell.mark.is_some() && covered {
                        cell.mark = Some(Mark::Accepted);
                    }
                }
                break;
            }
        }
        Ok(())
    }
}

/// The commits that have records, newest first, each with its records.
pub(super) type Recorded = Vec<(CommitInfo, Vec<Entry>)>;

/// A row, if the commit has a comparable run, and its runs where they are needed.
type Read = (Option<Row>, Vec<Run>);

/// The runs of a commit that are comparable with this one.
fn runs_like(
    like: &Run,
    entries: &[Entry],
    store: &dyn RunStore,
    loaded: &Loaded,
) -> Result<Vec<Run>, CliError> {
    let allowed = &loaded.policy.rules.allow_different;
    let mut runs = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(StoredRun { run, .. }) = load_known(store, entry, false)? else { continue };
        if is_alike(&run, like, allowed) {
            runs.push(run);
        }
    }
    Ok(runs)
}

/// Whether nothing forbids to compare the two.
pub(super) fn is_alike(run: &Run, like: &Run, allowed: &BTreeSet<Field>) -> bool {
    !differences(run, like).iter().any(|d| d.field.forbids() && !allowed.contains(&d.field))
}

fn row(commit: &CommitInfo, runs: &[Run], columns: &[Column]) -> Row {
    let cell = |column: &Column| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.value(&column.key)).collect();
        Cell { value: median(&values), mark: None }
    };
    Row {
        commit: commit.id,
        date: commit.date,
        author: commit.author.as_str().into(),
        subject: commit.subject.as_str().into(),
        runs: runs.len(),
        cells: columns.iter().map(cell).collect(),
    }
}
