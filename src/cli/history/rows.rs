//! The recorded commits of a branch with their values, and what today's policy says of them.

use crate::cli::error::CliError;
use crate::cli::open_store::{OpenStore, open_store_in};
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::recorded_numbers::RecordedNumbers;
use crate::config::Accept;
use crate::gate::{
    BudgetFinding, Finding, Reason, Report, Verdict, budget_subject, derive, judge_against,
};
use crate::model::{CommitId, MeasurementKey, Run};
use crate::stats::median;
use crate::store::{CommitInfo, Entry, RunStore, load_known};
use crate::trend::{Cell, Column, Damaged, Mark, Row, in_parallel};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The commits that have records, newest first, each with its records.
pub(super) type RecordedCommits = Vec<(CommitInfo, Vec<Entry>)>;

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

/// A commit, and those of its records whose runs are comparable.
struct Comparable<'a> {
    /// Its place among all recorded commits, from the newest one back.
    place: usize,
    commit: &'a CommitInfo,
    entries: Vec<&'a Entry>,
}

impl RowReader<'_> {
    /// The rows of these commits, and the runs that are needed to judge the rows of the span.
    pub(super) fn read(
        &self,
        mut recorded: RecordedCommits,
        span: Span,
        (numbers, store): (&mut RecordedNumbers<'_>, &OpenStore),
    ) -> Result<CommitRows, CliError> {
        let since = span.since.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        if let Some(since) = since.map(|start| start.timestamp()) {
            let older = recorded.iter().position(|(commit, _)| commit.date < since);
            recorded.truncate(older.unwrap_or(recorded.len()));
        }
        let all: Vec<Entry> = recorded.iter().flat_map(|(_, entries)| entries.clone()).collect();
        let (comparable, mut rows) = numbers.until_sound(store, &all, |numbers| {
            let comparable = self.comparable(&recorded, numbers)?;
            let rows = self.rows(&comparable, numbers)?;
            Ok((comparable, rows))
        })?;
        rows.reverse();
        let judged = &comparable[..self.needed(&comparable, span)];
        let entries = judged.iter().flat_map(|own| own.entries.iter().copied().cloned());
        store.records().make_present(&entries.collect::<Vec<_>>())?;
        let (newest, of_commit) = self.runs(judged)?;
        Ok(CommitRows { rows, newest, of_commit })
    }

    /// How many of these are needed to judge a span.
    fn needed(&self, comparable: &[Comparable<'_>], span: Span) -> usize {
        if span.last == 0 {
            return 0;
        }
        let most = span.last.saturating_add(2 * self.loaded.policy.baseline.window);
        comparable.partition_point(|own| own.place < most)
    }

    /// The commits that have comparable runs.
    fn comparable<'r>(
        &self,
        recorded: &'r RecordedCommits,
        numbers: &mut RecordedNumbers<'_>,
    ) -> Result<Vec<Comparable<'r>>, Damaged> {
        let all: Vec<&Entry> = recorded.iter().flat_map(|(_, entries)| entries).collect();
        let mut alike = numbers.alike(&all, self.like)?.into_iter();
        let mut comparable = Vec::with_capacity(recorded.len());
        for (place, (commit, entries)) in recorded.iter().enumerate() {
            let entries: Vec<&Entry> =
                entries.iter().filter(|_| alike.next().unwrap_or(false)).collect();
            if !entries.is_empty() {
                comparable.push(Comparable { place, commit, entries });
            }
        }
        Ok(comparable)
    }

    /// Their rows, newest first.
    fn rows(
        &self,
        comparable: &[Comparable<'_>],
        numbers: &mut RecordedNumbers<'_>,
    ) -> Result<Vec<Row>, Damaged> {
        let entries: Vec<&Entry> =
            comparable.iter().flat_map(|own| own.entries.iter().copied()).collect();
        let keys: Vec<&MeasurementKey> = self.columns.iter().map(|column| &column.key).collect();
        let values = numbers.values(&keys, &entries)?;
        let mut from = 0;
        let row = |own: &Comparable<'_>| {
            let to = from + own.entries.len();
            let cell = |values: &Vec<Option<f64>>| {
                let known: Vec<f64> = values[from..to].iter().flatten().copied().collect();
                Cell { value: median(&known), ..Cell::default() }
            };
            let cells = values.iter().map(cell).collect();
            from = to;
            let CommitInfo { id, date, author, subject } = own.commit;
            let (author, subject) = (author.as_str().into(), subject.as_str().into());
            Row { commit: *id, date: *date, author, subject, runs: own.entries.len(), cells }
        };
        Ok(comparable.iter().map(row).collect())
    }

    /// The runs of these commits, and where those of each are.
    fn runs(
        &self,
        comparable: &[Comparable<'_>],
    ) -> Result<(Vec<Run>, Vec<Range<usize>>), CliError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let parts: Vec<_> = comparable.chunks(comparable.len().div_ceil(threads).max(1)).collect();
        let read = in_parallel(&parts, |part| -> Result<Vec<Vec<Run>>, CliError> {
            // A store belongs to one thread: each opens its own.
            let store = open_store_in(self.loaded, Network::Offline, self.folder)?;
            part.iter().map(|own| self.runs_of(&own.entries, store.records())).collect()
        });
        let (mut all, mut of_commit) = (Vec::new(), Vec::with_capacity(comparable.len()));
        for part in read {
            for runs in part? {
                of_commit.push(all.len()..all.len() + runs.len());
                all.extend(runs);
            }
        }
        Ok((all, of_commit))
    }

    fn runs_of(&self, entries: &[&Entry], records: &dyn RunStore) -> Result<Vec<Run>, CliError> {
        let mut runs = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(mut stored) = load_known(records, entry, false)? else { continue };
            derive(&mut stored.run, &self.loaded.policy.rules);
            runs.push(stored.run);
        }
        Ok(runs)
    }
}

/// The recorded commits, oldest first, and the runs of the newest of them.
pub(super) struct CommitRows {
    pub(super) rows: Vec<Row>,
    /// Runs of the last rows, newest commit first.
    newest: Vec<Run>,
    /// Where the runs of each of these commits are among them.
    of_commit: Vec<Range<usize>>,
}

impl CommitRows {
    /// Judges the newest rows against those before them, by today's policy.
    pub(super) fn mark(&mut self, columns: &[Column], loaded: &LoadedPolicy, last: usize) {
        let (window, rules) = (loaded.policy.baseline.window, &loaded.policy.rules);
        let judged = &self.of_commit[..last.min(self.of_commit.len())];
        let at: BTreeMap<&MeasurementKey, usize> =
            columns.iter().enumerate().rev().map(|(c, column)| (&column.key, c)).collect();
        let marks = in_parallel(judged, |own| {
            let before = &self.newest[own.end..];
            let before = &before[..before.len().min(2 * window)];
            let report = judge_against(&self.newest[own.clone()], before, window, rules);
            let mut cells = vec![(None, None); columns.len()];
            for finding in report.all_findings() {
                let Some(c) = at.get(&finding.key()) else { continue };
                cells[*c].0 = mark(finding);
            }
            for (cell, column) in cells.iter_mut().zip(columns) {
                cell.1 = over_budget(&report, column);
            }
            cells
        });
        for (row, marks) in self.rows.iter_mut().rev().zip(marks) {
            for (cell, (mark, budget)) in row.cells.iter_mut().zip(marks) {
                (cell.mark, cell.budget) = (mark, budget);
            }
        }
    }

    /// Marks the crossings that a commit's own message accepts.
    pub(super) fn mark_accepted(
        &mut self,
        columns: &[Column],
        numbers: (&mut RecordedNumbers<'_>, &OpenStore),
        head: CommitId,
    ) -> Result<(), CliError> {
        for (row, accept) in self.accepts(numbers, head)? {
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
        (numbers, store): (&mut RecordedNumbers<'_>, &OpenStore),
        head: CommitId,
    ) -> Result<Vec<(usize, Accept)>, CliError> {
        let Some(oldest) = self.rows.first().map(|row| row.commit) else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for said in numbers.accepts(store, (head, oldest))? {
            let accepts = Accept::trailers(&said.message).filter_map(|v| Accept::parse(v).ok());
            let accepts: Vec<Accept> = accepts.collect();
            // What a row has, all that follow have.
            let (mut first, mut end) = (0, self.rows.len());
            while first < end {
                let middle = usize::midpoint(first, end);
                if store.history.is_part_of(said.id, self.rows[middle].commit)? {
                    end = middle;
                } else {
                    first = middle + 1;
                }
            }
            if first < self.rows.len() {
                all.extend(accepts.into_iter().map(|accept| (first, accept)));
            }
        }
        Ok(all)
    }
}

/// What a finding says of a value.
fn mark(finding: &Finding) -> Option<Mark> {
    match finding.verdict() {
        Verdict::Fail => Some(Mark::Fail),
        Verdict::Inconclusive => Some(Mark::Again),
        Verdict::Warn if finding.is_chance() => None,
        Verdict::Warn if finding.reason != Reason::AlreadyOnMain => Some(Mark::Warn),
        _ => None,
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
