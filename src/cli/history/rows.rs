//! The recorded commits of a branch with their values, and what today's policy says of them.

use crate::cli::error::CliError;
use crate::cli::open_store::{OpenStore, open_store_in};
use crate::cli::policy::{LoadedPolicy, Network};
use crate::config::Accept;
use crate::gate::{BudgetFinding, Reason, Report, Verdict, budget_subject, derive, judge_against};
use crate::model::{CommitId, Field, Run, differences};
use crate::stats::median;
use crate::store::{CommitInfo, Entry, RunStore, StoredRun, load_known};
use crate::trend::{Cell, Column, Mark, Row, in_parallel};
use std::collections::BTreeSet;
use std::path::Path;

/// The commits that have records, newest first, each with its records.
pub(super) type RecordedCommits = Vec<(CommitInfo, Vec<Entry>)>;

/// A row, if the commit has a comparable run, and its runs where they are needed.
type ReadRow = (Option<Row>, Vec<Run>);

/// The commits of a history that are judged.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Span {
    /// Number of rows, from the newest back.
    pub(in crate::cli) last: usize,
    /// Commits before this day are left out.
    pub(in crate::cli) since: Option<jiff::civil::Date>,
}

impl Span {
    /// The newest rows.
    pub(super) fn last(last: usize) -> Self {
        Self { last, since: None }
    }
}

/// Reads recorded commits into rows.
pub(super) struct RowReader<'a> {
    /// The run that those of a row must be comparable with.
    pub(super) like: &'a Run,
    pub(super) columns: &'a [Column],
    pub(super) loaded: &'a LoadedPolicy,
    /// The folder that the store is opened from.
    pub(super) folder: &'a Path,
}

impl RowReader<'_> {
    /// The rows of these commits, and the runs that are needed to judge the rows of the span.
    pub(super) fn read(
        &self,
        mut recorded: RecordedCommits,
        span: Span,
    ) -> Result<CommitRows, CliError> {
        let kept = span.last.saturating_add(2 * self.loaded.policy.baseline.window);
        let since = span.since.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        if let Some(since) = since.map(|start| start.timestamp()) {
            let older = recorded.iter().position(|(commit, _)| commit.date < since);
            recorded.truncate(older.unwrap_or(recorded.len()));
        }
        let numbered: Vec<(usize, (CommitInfo, Vec<Entry>))> =
            recorded.into_iter().enumerate().collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let parts: Vec<_> = numbered.chunks(numbered.len().div_ceil(threads).max(1)).collect();
        let read = in_parallel(&parts, |part| -> Result<Vec<ReadRow>, CliError> {
            // A store belongs to one thread: each opens its own.
            let store = open_store_in(self.loaded, Network::Offline, self.folder)?;
            part.iter()
                .map(|(i, (commit, entries))| {
                    let runs = self.runs_like(entries, store.records())?;
                    let row = (!runs.is_empty()).then(|| row(commit, &runs, self.columns));
                    Ok((row, if *i < kept { runs } else { Vec::new() }))
                })
                .collect()
        });
        let mut all = CommitRows { rows: Vec::new(), newest: Vec::new() };
        for part in read {
            for (row, runs) in part? {
                all.rows.extend(row);
                if !runs.is_empty() {
                    all.newest.push(runs);
                }
            }
        }
        all.rows.reverse();
        Ok(all)
    }

    /// The comparable runs of a commit.
    fn runs_like(&self, entries: &[Entry], records: &dyn RunStore) -> Result<Vec<Run>, CliError> {
        let allowed = &self.loaded.policy.rules.allow_different;
        let mut runs = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(mut stored) = load_known(records, entry, false)? else { continue };
            derive(&mut stored.run, &self.loaded.policy.rules);
            let StoredRun { run, .. } = stored;
            if is_alike(&run, self.like, allowed) {
                runs.push(run);
            }
        }
        Ok(runs)
    }
}

/// The recorded commits, oldest first, and the runs of the newest of them.
pub(super) struct CommitRows {
    pub(super) rows: Vec<Row>,
    /// Runs of the last rows, newest commit first.
    newest: Vec<Vec<Run>>,
}

impl CommitRows {
    /// Judges the newest rows against those before them, by today's policy.
    pub(super) fn mark(&mut self, columns: &[Column], loaded: &LoadedPolicy, last: usize) {
        let (window, rules) = (loaded.policy.baseline.window, &loaded.policy.rules);
        let count = self.rows.len();
        for (i, runs) in self.newest.iter().enumerate().take(last) {
            let before: Vec<Run> =
                self.newest[i + 1..].iter().flatten().take(2 * window).cloned().collect();
            let report = judge_against(runs, &before, window, rules);
            let row = &mut self.rows[count - 1 - i];
            for finding in report.all_findings() {
                let at = columns.iter().position(|column| column.key == finding.key());
                let Some(cell) = at.map(|c| &mut row.cells[c]) else { continue };
                cell.mark = match finding.verdict() {
                    Verdict::Fail => Some(Mark::Fail),
                    Verdict::Inconclusive => Some(Mark::Again),
                    Verdict::Warn if finding.is_chance() => None,
                    Verdict::Warn if finding.reason != Reason::AlreadyOnMain => Some(Mark::Warn),
                    _ => None,
                };
            }
            for (cell, column) in row.cells.iter_mut().zip(columns) {
                cell.budget = over_budget(&report, column);
            }
        }
    }

    /// Marks the crossings that a commit's own message accepts.
    pub(super) fn mark_accepted(
        &mut self,
        columns: &[Column],
        store: &OpenStore,
        head: CommitId,
    ) -> Result<(), CliError> {
        for (row, accept) in self.accepts(store, head)? {
            for (cell, column) in self.rows[row].cells.iter_mut().zip(columns) {
                if cell.mark.is_some() && accept.covers(&column.key) {
                    cell.mark = Some(Mark::Accepted);
                }
            }
        }
        Ok(())
    }

    /// What commits accept, each with the first row that has it: the one that it was measured with.
    pub(super) fn accepts(
        &self,
        store: &OpenStore,
        head: CommitId,
    ) -> Result<Vec<(usize, Accept)>, CliError> {
        let Some(oldest) = self.rows.first().map(|row| row.commit) else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for said in store.history.commits_that_say(Accept::TRAILER, &[head], oldest)? {
            let accepts = Accept::trailers(&said.message).filter_map(|v| Accept::parse(v).ok());
            let accepts: Vec<Accept> = accepts.collect();
            for (r, row) in self.rows.iter().enumerate() {
                if store.history.is_part_of(said.id, row.commit)? {
                    all.extend(accepts.into_iter().map(|accept| (r, accept)));
                    break;
                }
            }
        }
        Ok(all)
    }
}

/// What the budgets say of a column's value.
fn over_budget(report: &Report, column: &Column) -> Option<Mark> {
    let subject = budget_subject(&column.key);
    let of_column = report.budgets.iter().filter(|budget| budget.subject == subject);
    let mark = |budget: &BudgetFinding| match budget.verdict() {
        Verdict::Fail => Some(Mark::Fail),
        Verdict::Warn if budget.value.is_some() => Some(Mark::Warn),
        _ => None,
    };
    of_column.filter_map(mark).max_by_key(|mark| *mark == Mark::Fail)
}

/// Whether nothing forbids to compare the two.
pub(in crate::cli) fn is_alike(run: &Run, like: &Run, allowed: &BTreeSet<Field>) -> bool {
    !differences(run, like).iter().any(|d| d.field.forbids() && !allowed.contains(&d.field))
}

fn row(commit: &CommitInfo, runs: &[Run], columns: &[Column]) -> Row {
    let cell = |column: &Column| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.value(&column.key)).collect();
        Cell { value: median(&values), ..Cell::default() }
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
