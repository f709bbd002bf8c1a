//! What today's policy says of recorded commits. The same runs, rules and program give the same answer, so that an answer is kept
//! beside the columns under the hash of all three.

use crate::cli::policy::LoadedPolicy;
use crate::cli::recorded_numbers::RecordedNumbers;
use crate::gate::{BudgetFinding, Finding, Reason, Report, Verdict, budget_subject};
use crate::store::Entry;
use crate::trend::{Column, Mark, Note, Row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Answers that are kept at most.
const MOST_KEPT: usize = 2_000;

/// What the policy says of one commit: its measurements and the subjects of its budgets that are marked, each as its `Debug` form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RowMarks {
    changes: BTreeMap<String, String>,
    budgets: BTreeMap<String, String>,
}

/// Answers by the hash of what they follow from, the newest last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct KnownMarks(Vec<(u64, RowMarks)>);

impl KnownMarks {
    pub(super) fn read(numbers: &RecordedNumbers<'_>) -> Self {
        let note = numbers.columns.note(Note::Marks);
        note.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    pub(super) fn get(&self, key: u64) -> Option<&RowMarks> {
        self.0.iter().rev().find(|(own, _)| *own == key).map(|(_, marks)| marks)
    }

    /// Adds answers and keeps them.
    pub(super) fn keep(
        mut self,
        new: impl Iterator<Item = (u64, RowMarks)>,
        numbers: &mut RecordedNumbers<'_>,
    ) {
        self.0.extend(new);
        self.0.drain(..self.0.len().saturating_sub(MOST_KEPT));
        if let Ok(text) = serde_json::to_string(&self) {
            numbers.columns.keep_note(Note::Marks, &text);
        }
    }
}

/// The hash of the policy and of this program; none where the program cannot be told from another one.
pub(super) fn judge_key(loaded: &LoadedPolicy) -> Option<u64> {
    let about = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let mut key = DefaultHasher::new();
    (about.len(), about.modified().ok()?).hash(&mut key);
    env!("CARGO_PKG_VERSION").hash(&mut key);
    format!("{:?}", loaded.policy.rules).hash(&mut key);
    loaded.policy.baseline.window.hash(&mut key);
    Some(key.finish())
}

/// The hash of what is judged and what it is held against.
pub(super) fn row_key<'e>(
    judge: u64,
    runs: &[&Entry],
    before: impl Iterator<Item = &'e Entry>,
) -> u64 {
    let mut key = DefaultHasher::new();
    (judge, runs).hash(&mut key);
    before.for_each(|entry| entry.hash(&mut key));
    key.finish()
}

impl RowMarks {
    pub(super) fn of(report: &Report) -> Self {
        let mut own = Self::default();
        for finding in report.all_findings() {
            let key = format!("{:?}", finding.key());
            match mark(finding) {
                Some(mark) => drop(own.changes.insert(key, mark.name().to_owned())),
                None => drop(own.changes.remove(&key)),
            }
        }
        for budget in &report.budgets {
            let Some(mark) = budget_mark(budget) else { continue };
            let name = own.budgets.entry(format!("{:?}", budget.subject)).or_default();
            if name != Mark::Fail.name() {
                mark.name().clone_into(name);
            }
        }
        own
    }

    /// Marks the cells of a row.
    pub(super) fn apply(&self, row: &mut Row, columns: &[Column]) {
        let named = |marks: &BTreeMap<String, String>, key: &dyn Fn() -> String| {
            let name = if marks.is_empty() { None } else { marks.get(&key()) };
            name.and_then(|name| {
                [Mark::Warn, Mark::Again, Mark::Fail].into_iter().find(|mark| mark.name() == name)
            })
        };
        for (c, (cell, column)) in row.cells.iter_mut().zip(columns).enumerate() {
            // Of columns that show the same, the first has the mark.
            let is_first = || columns[..c].iter().all(|other| other.key != column.key);
            let change = named(&self.changes, &|| format!("{:?}", column.key));
            cell.mark = change.filter(|_| is_first());
            let subject = || format!("{:?}", budget_subject(&column.key));
            cell.budget = named(&self.budgets, &subject);
        }
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

/// What a budget says of a value.
fn budget_mark(budget: &BudgetFinding) -> Option<Mark> {
    match budget.verdict() {
        Verdict::Fail => Some(Mark::Fail),
        Verdict::Warn if budget.value.is_some() => Some(Mark::Warn),
        _ => None,
    }
}
