//! The baseline of a revision: the nearest commit of its history that has comparable runs.

use super::copies::{drop_copies, is_one_measurement};
use super::error::StoreError;
use super::history::{CommitInfo, History};
use super::record::{StoredRun, load, load_known};
use super::{Entry, RunStore};
use crate::model::{
    CommitId, Difference, Field, NotTaken, Outcome, PassedOver, Run, Visited, differences,
};
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// What makes a run one of the baseline, and where to look for it.
#[derive(Debug)]
pub struct BaselineQuery<'a> {
    /// The revision, as it was asked for.
    pub revision: &'a str,
    /// The commit whose history counts: what was checked out and measured.
    pub head: CommitId,
    /// Commits whose runs are never taken: what is under test cannot be its own baseline.
    pub under_test: &'a [CommitId],
    /// The run that a baseline must be comparable with.
    pub run: &'a Run,
    /// Differences that are allowed.
    pub allow_different: &'a BTreeSet<Field>,
    /// Commits to look at, from the merge base on.
    pub max_distance: usize,
    /// Comparable runs to take, nearest first.
    pub window: usize,
    /// Whether the histograms of the runs are needed as well.
    pub histograms: bool,
}

/// The runs of a baseline, and where they were looked for.
#[derive(Debug, Default)]
pub struct BaselineRuns {
    /// The commits that were looked at, nearest first.
    pub visited: Vec<Visited>,
    /// Comparable runs, nearest first: all of a commit, until there are enough.
    pub runs: Vec<StoredRun>,
    /// The commits that were not looked at any more, with their records.
    rest: Vec<(CommitInfo, Vec<Entry>)>,
    /// Records of a newer perfgate, which were passed over.
    pub other_versions: Vec<Entry>,
}

/// Looks for the baseline: from the merge base of the revision and the head along the first parents, nearest first.
pub fn find_baseline(
    store: &dyn RunStore,
    history: &History,
    query: &BaselineQuery<'_>,
) -> Result<BaselineRuns, StoreError> {
    let base = history.resolve(query.revision)?;
    let most = query.max_distance.saturating_add(1);
    let walk = history.walk(query.revision, base, query.head, most)?;
    let entries = store.entries_of_line(&walk.commits)?;
    let mut ahead = Ahead { store, line: entries.concat(), here: 0 };
    let mut found = BaselineRuns::default();
    let mut line = walk.commits.into_iter().zip(entries).enumerate();
    let mut passed = 0;
    for (distance, (commit, entries)) in line.by_ref() {
        passed += entries.len();
        ahead.bring(passed)?;
        let Looked { outcome, runs, passed_over } = look_at(store, query, commit.id, &entries)?;
        let newer = passed_over.iter().filter(|own| own.why == NotTaken::OtherVersion);
        let newer = newer.map(|own| Entry { commit: commit.id, id: own.run.clone() });
        found.other_versions.extend(newer);
        let (commit, date, subject) = (commit.id, commit.date, commit.subject.into());
        drop_copies(&mut found.runs, &mut found.visited, &runs);
        found.visited.push(Visited { commit, distance, date, subject, outcome, passed_over });
        found.runs.extend(runs);
        if found.runs.len() >= query.window {
            found.rest = line.map(|(_, rest)| rest).collect();
            return Ok(found);
        }
    }
    if let Some(entry) = found.other_versions.first().filter(|_| found.runs.is_empty()) {
        // Nothing else is comparable: what it says why is the answer.
        load(store, entry, false)?;
    }
    if walk.cut && found.runs.is_empty() {
        // What is missing might hold a baseline: "cannot tell" is not "nothing found".
        let why = "the rest of the history is not here".to_owned();
        return Err(StoreError::HistoryUnknown { revision: query.revision.to_owned(), why });
    }
    Ok(found)
}

/// Comparable runs of the commits before those that were taken, nearest first: where a series moved to its present level
/// shows only in a longer history than a baseline needs.
pub fn earlier_runs(
    store: &dyn RunStore,
    query: &BaselineQuery<'_>,
    found: &BaselineRuns,
    most: usize,
) -> Result<Vec<StoredRun>, StoreError> {
    let line = found.rest.iter().flat_map(|(_, entries)| entries.clone()).collect();
    let mut ahead = Ahead { store, line, here: 0 };
    let (mut runs, mut passed) = (Vec::new(), 0);
    for (commit, entries) in &found.rest {
        passed += entries.len();
        ahead.bring(passed)?;
        let more = look_at(store, query, commit.id, entries)?.runs.into_iter();
        let known = |own: &StoredRun| {
            found.runs.iter().any(|taken| is_one_measurement(&taken.run, &own.run))
        };
        runs.extend(more.filter(|own| !known(own)));
        if runs.len() >= most {
            break;
        }
    }
    Ok(runs)
}

/// The nearest run on the first-parent line of a commit that is meant, among so many commits.
pub fn nearest_run(
    store: &dyn RunStore,
    history: &History,
    (revision, head): (&str, CommitId),
    most: usize,
    meant: &dyn Fn(&Run) -> bool,
) -> Result<Option<StoredRun>, StoreError> {
    let line = history.walk(revision, head, head, most)?.commits;
    for entries in store.entries_of_line(&line)? {
        store.make_present(&entries)?;
        for entry in &entries {
            match load_known(store, entry, false)? {
                Some(stored) if meant(&stored.run) => return Ok(Some(stored)),
                _ => {}
            }
        }
    }
    Ok(None)
}

/// The records of a line, which are brought here some at a time, before they are needed.
struct Ahead<'a> {
    store: &'a dyn RunStore,
    line: Vec<Entry>,
    /// How many of them are here.
    here: usize,
}

impl Ahead<'_> {
    /// Brings so many here, and as many more as that is worth.
    fn bring(&mut self, needed: usize) -> Result<(), StoreError> {
        if needed > self.here {
            let end = self.here.saturating_add(self.store.ahead()).max(needed).min(self.line.len());
            self.store.make_present(&self.line[self.here..end])?;
            self.here = end;
        }
        Ok(())
    }
}

/// The commits of a line that have records, in its order. The records need not be here.
pub fn recorded_line(
    store: &dyn RunStore,
    line: Vec<CommitInfo>,
) -> Result<Vec<(CommitInfo, Vec<Entry>)>, StoreError> {
    let mut records: BTreeMap<CommitId, Vec<Entry>> = BTreeMap::new();
    for entry in store.entries()? {
        records.entry(entry.commit).or_default().push(entry);
    }
    let recorded = line.into_iter().filter_map(|commit| {
        let entries = records.remove(&commit.id)?;
        Some((commit, entries))
    });
    Ok(recorded.collect())
}

/// What a commit has to offer.
struct Looked {
    outcome: Outcome,
    runs: Vec<StoredRun>,
    passed_over: Vec<PassedOver>,
}

fn look_at(
    store: &dyn RunStore,
    query: &BaselineQuery<'_>,
    commit: CommitId,
    entries: &[Entry],
) -> Result<Looked, StoreError> {
    let (mut runs, mut passed_over) = (Vec::<StoredRun>::new(), Vec::new());
    if query.under_test.contains(&commit) {
        return Ok(Looked { outcome: Outcome::UnderTest, runs, passed_over });
    }
    for entry in entries {
        let why = match load_known(store, entry, query.histograms)? {
            None => NotTaken::OtherVersion,
            Some(stored) => match forbidding(&stored.run, query) {
                differences if !differences.is_empty() => NotTaken::NotComparable { differences },
                _ if runs.iter().any(|own| is_one_measurement(&own.run, &stored.run)) => {
                    NotTaken::SameMeasurement { of: commit }
                }
                _ => {
                    runs.push(stored);
                    continue;
                }
            },
        };
        passed_over.push(PassedOver { run: entry.id.clone(), why });
    }
    let outcome = match runs.len() {
        0 => nearest_miss(&passed_over),
        runs => Outcome::Taken { runs },
    };
    Ok(Looked { outcome, runs, passed_over })
}

/// What keeps a run from being one of the baseline.
fn forbidding(run: &Run, query: &BaselineQuery<'_>) -> Vec<Difference> {
    let mut differences = differences(run, query.run);
    differences.retain(|d| d.field.forbids() && !query.allow_different.contains(&d.field));
    differences
}

/// What a commit without a comparable run had instead: the record that comes nearest says best what is missing.
fn nearest_miss(passed_over: &[PassedOver]) -> Outcome {
    let different = passed_over.iter().filter_map(|own| match &own.why {
        NotTaken::NotComparable { differences } => Some(differences),
        NotTaken::OtherVersion | NotTaken::SameMeasurement { .. } => None,
    });
    match different.min_by_key(|differences| differences.len()) {
        Some(differences) => Outcome::NotComparable { differences: differences.clone() },
        None if passed_over.is_empty() => Outcome::NoRecord,
        None => Outcome::OtherVersion,
    }
}
