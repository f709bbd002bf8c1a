//! The recorded commits of a branch with their values, and what today's policy says of them.

use super::marks::{KnownMarks, RowMarks, judge_key, row_key};
use crate::cli::error::CliError;
use crate::cli::open_store::{OpenStore, open_store_in};
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::recorded_numbers::RecordedNumbers;
use crate::config::Accept;
use crate::gate::{derive, judge_against};
use crate::model::{CommitId, MeasurementKey, Run};
use crate::stats::median;
use crate::store::{CommitInfo, Entry, RunStore, load_known};
use crate::trend::{Cell, Column, Damaged, Mark, Row, in_parallel};
use std::ops::Range;
use std::path::Path;

/// The commits that have records, newest first, each with its records.
pub(super) type RecordedCommits = Vec<(CommitInfo, Vec<Entry>)>;

/// Fewest rows whose marks are worth keeping.
const WORTH_KEEPING: usize = 64;

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
    pub(in crate::cli) fn last(last: usize) -> Self {
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
    /// The rows of these commits; those of the span are judged.
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
        self.mark(&mut rows, judged, span.last, (numbers, store))?;
        Ok(CommitRows { rows })
    }

    /// Judges the newest rows against those before them, by today's policy.
    fn mark(
        &self,
        rows: &mut [Row],
        comparable: &[Comparable<'_>],
        last: usize,
        (numbers, store): (&mut RecordedNumbers<'_>, &OpenStore),
    ) -> Result<(), CliError> {
        let (window, rules) = (self.loaded.policy.baseline.window, &self.loaded.policy.rules);
        let count = last.min(comparable.len());
        let judge = judge_key(self.loaded).filter(|_| rows.len() >= WORTH_KEEPING);
        let key = |i: usize| {
            let before = comparable[i + 1..].iter().flat_map(|own| own.entries.iter().copied());
            judge.map(|judge| row_key(judge, &comparable[i].entries, before.take(2 * window)))
        };
        let keys: Vec<Option<u64>> = (0..count).map(key).collect();
        let known = KnownMarks::read(numbers);
        let missing: Vec<usize> =
            (0..count).filter(|i| keys[*i].and_then(|key| known.get(key)).is_none()).collect();
        for (row, key) in rows.iter_mut().rev().zip(&keys) {
            if let Some(marks) = key.and_then(|key| known.get(key)) {
                marks.apply(row, self.columns);
            }
        }
        let (Some(first), Some(end)) = (missing.first(), missing.last()) else { return Ok(()) };
        // Each commit has a run at least.
        let needed = &comparable[*first..(end + 1 + 2 * window).min(comparable.len())];
        let entries = needed.iter().flat_map(|own| own.entries.iter().copied().cloned());
        store.records().make_present(&entries.collect::<Vec<_>>())?;
        let (runs, of_commit) = self.runs(needed)?;
        let marks = in_parallel(&missing, |i| {
            let own = &of_commit[i - first];
            let before = &runs[own.end..];
            let before = &before[..before.len().min(2 * window)];
            RowMarks::of(&judge_against(&runs[own.clone()], before, window, rules))
        });
        let newest = rows.len();
        for (i, marks) in missing.iter().zip(&marks) {
            marks.apply(&mut rows[newest - 1 - i], self.columns);
        }
        let new = missing.iter().zip(marks).filter_map(|(i, marks)| Some((keys[*i]?, marks)));
        if judge.is_some() {
            known.keep(new, numbers);
        }
        Ok(())
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

/// The recorded commits, oldest first.
pub(super) struct CommitRows {
    pub(super) rows: Vec<Row>,
}

impl CommitRows {
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
