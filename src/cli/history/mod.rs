//! The recorded history of a branch, as a table: which commits, which measurements, and what today's policy says of them.

mod columns;
mod marks;
mod named;
mod rows;
mod watch;

pub(super) use columns::{ColumnSelection, Matching};
pub(super) use named::UnknownColumn;

use super::codes;
use super::error::CliError;
use super::labels::TestNames;
use super::open_store::{OpenStore, open_fetched_store, open_store};
use super::policy::{LoadedPolicy, Network};
use super::recorded_numbers::{RecordedNumbers, is_alike};
use super::session::Session;
use crate::gate::derive;
use crate::model::{CommitId, MeasurementKey, Raw, Run, Untrusted};
use crate::store::{Entry, History, StoredRun, load_known, recorded_line};
use crate::trend::{Column, Table};
use columns::{column, everything};
use named::{NamedColumns, Selected};
pub(super) use rows::Span;
use rows::{CommitRows, RecordedCommits, RowReader};
use std::path::Path;
pub(super) use watch::Watched;

/// The recorded history of a branch.
pub(super) struct BranchHistory<'a> {
    store: OpenStore,
    branch: String,
    head: CommitId,
    recorded: RecordedCommits,
    numbers: RecordedNumbers<'a>,
    loaded: &'a LoadedPolicy,
    /// The folder that the store is opened from.
    folder: &'a Path,
}

impl<'a> BranchHistory<'a> {
    /// Opens the history of a branch; none: the policy's branch, else the one that is checked out.
    pub(super) fn open(
        branch: Option<&str>,
        network: Network,
        loaded: &'a LoadedPolicy,
        session: &'a Session<'_>,
    ) -> Result<Self, CliError> {
        let store = open_fetched_store(loaded, network, session)?;
        let branch = branch_of(branch, loaded, &store.history);
        let head = store.history.resolve(&branch)?;
        let folder = session.folder();
        let mut numbers = RecordedNumbers::open(&store, loaded, folder);
        let recorded = recorded_line(store.records(), numbers.line(&store, (&branch, head))?)?;
        Ok(Self { store, branch, head, recorded, numbers, loaded, folder })
    }

    /// The history of a test: its selected measurements, each row judged by today's policy; and the columns of the policy that it
    /// does not have.
    pub(super) fn table(
        mut self,
        test: &TestNames,
        selection: &ColumnSelection,
        span: Span,
        min_effect: f64,
    ) -> Result<(Table, Vec<UnknownColumn>), CliError> {
        let newest = self.newest(test)?.ok_or_else(|| nothing_recorded(&self.branch))?;
        let Selected { columns, unknown } = self.columns(selection, &newest)?;
        let rows = self.judged_rows(&newest, &columns, span)?;
        let table = Table::new(title(&self.branch, &newest), columns, rows.rows, min_effect);
        Ok((table, unknown))
    }

    fn columns(&self, selection: &ColumnSelection, newest: &Run) -> Result<Selected, CliError> {
        let names = match selection {
            ColumnSelection::Matching(matching) => {
                let columns = matching.columns(newest)?;
                return Ok(Selected { columns, ..Selected::default() });
            }
            ColumnSelection::Named(names) | ColumnSelection::OfPolicy(names) => names,
        };
        let mut named = NamedColumns::new(names);
        named.look_in(newest)?;
        // What the newest run does not have, one before it may.
        for entry in self.recorded.iter().flat_map(|(_, entries)| entries) {
            if named.are_found() {
                break;
            }
            match load_known(self.store.records(), entry, false)? {
                Some(StoredRun { run, .. }) if self.is_like(&run, newest) => named.look_in(&run)?,
                _ => {}
            }
        }
        let mut selected = named.finish();
        if let (ColumnSelection::Named(_), Some(unknown)) = (selection, selected.unknown.first()) {
            let problem = format!("no recorded run has the column `{}`", unknown.name);
            return Err(CliError::coded(
                &codes::UNKNOWN_MEASUREMENT,
                problem,
                unknown.meant.clone(),
            ));
        }
        if selected.columns.is_empty() {
            selected.columns = Matching::default().columns(newest)?;
        }
        Ok(selected)
    }

    fn is_like(&self, run: &Run, newest: &Run) -> bool {
        is_alike(run, newest, &self.loaded.policy.rules)
    }

    /// The whole history: a table for each recorded load, with every measurement. The load with the newest run comes first.
    /// The newest `judged` commits of each are judged by today's policy.
    pub(super) fn every_load(mut self, judged: usize) -> Result<Vec<Table>, CliError> {
        let mut tables = Vec::new();
        for newest in self.loads()? {
            let columns: Vec<Column> =
                everything(&newest).into_iter().map(|key| column(key, &newest)).collect();
            let rows = self.judged_rows(&newest, &columns, Span::last(judged))?;
            let title = load_title(tables.iter(), &self.branch, &newest);
            tables.push(Table::new(title, columns, rows.rows, 0.0));
        }
        if tables.is_empty() { Err(nothing_recorded(&self.branch)) } else { Ok(tables) }
    }

    fn judged_rows(
        &mut self,
        like: &Run,
        columns: &[Column],
        span: Span,
    ) -> Result<CommitRows, CliError> {
        let reader = RowReader { like, columns, loaded: self.loaded, folder: self.folder };
        let mut rows =
            reader.read(self.recorded.clone(), span, (&mut self.numbers, &self.store))?;
        rows.mark_accepted(columns, (&mut self.numbers, &self.store), self.head)?;
        Ok(rows)
    }

    /// The policy that it is read by.
    pub(super) fn loaded(&self) -> &LoadedPolicy {
        self.loaded
    }

    /// So many runs, the newest first, each with the time of its commit.
    pub(super) fn newest_runs(&self, most: usize) -> Result<Vec<(jiff::Timestamp, Run)>, CliError> {
        let entries =
            self.recorded.iter().flat_map(|(commit, own)| own.iter().map(move |e| (commit, e)));
        let mut runs = Vec::new();
        for (commit, entry) in entries.take(most) {
            runs.extend(self.load(entry)?.map(|run| (commit.date, run)));
        }
        Ok(runs)
    }

    /// The newest run of a test.
    fn newest(&self, test: &TestNames) -> Result<Option<Run>, CliError> {
        for entry in self.recorded.iter().flat_map(|(_, entries)| entries) {
            if self.numbers.head(entry).is_some_and(|run| !test.selects(run)) {
                continue;
            }
            match self.load(entry)? {
                Some(run) if test.selects(&run) => return Ok(Some(run)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// A recorded run, with what the policy computes.
    fn load(&self, entry: &Entry) -> Result<Option<Run>, CliError> {
        let stored = load_known(self.store.records(), entry, false)?;
        Ok(stored.map(|StoredRun { mut run, .. }| {
            derive(&mut run, &self.loaded.policy.rules);
            run
        }))
    }

    /// The newest run of each load: those that cannot be compared with each other.
    fn loads(&mut self) -> Result<Vec<Run>, CliError> {
        let mut newest: Vec<Run> = Vec::new();
        let all: Vec<Entry> = self.recorded.iter().flat_map(|(_, own)| own.clone()).collect();
        let mut left: Vec<&Entry> = all.iter().collect();
        while let Some(entry) = left.first() {
            let Some(run) = self.load(entry)? else {
                left.remove(0);
                continue;
            };
            let alike = self.numbers.until_sound(&self.store, &all, |n| n.alike(&left, &run))?;
            let mut alike = alike.into_iter();
            left.remove(0);
            alike.next();
            left.retain(|_| !alike.next().unwrap_or(false));
            newest.push(run);
        }
        Ok(newest)
    }
}

/// The measurements of a run by name; all that a person would look at where none are named.
pub(super) fn columns_of(run: &Run, names: &[String]) -> Result<Vec<Column>, CliError> {
    if names.is_empty() {
        return Ok(everything(run).into_iter().map(|key| column(key, run)).collect());
    }
    let mut named = NamedColumns::new(names);
    named.look_in(run)?;
    let Selected { columns, unknown } = named.finish();
    match unknown.into_iter().next() {
        None => Ok(columns),
        Some(unknown) => {
            let problem = format!("the test does not measure `{}`", unknown.name);
            Err(CliError::usage(problem, unknown.meant))
        }
    }
}

/// The history of these measurements on a branch, not judged, from the records that are here; none if nothing is recorded.
pub(super) fn history_of(
    branch: &str,
    like: &Run,
    keys: Vec<MeasurementKey>,
    loaded: &LoadedPolicy,
    session: &Session<'_>,
) -> Result<Option<Table>, CliError> {
    let store = open_store(loaded, Network::Offline, session)?;
    // A branch that only the remote has, or none at all: the page does without.
    let Ok(head) = store.history.resolve(branch) else { return Ok(None) };
    let columns: Vec<Column> = keys.into_iter().map(|key| column(key, like)).collect();
    let mut numbers = RecordedNumbers::open(&store, loaded, session.folder());
    let recorded = recorded_line(store.records(), numbers.line(&store, (branch, head))?)?;
    let reader = RowReader { like, columns: &columns, loaded, folder: session.folder() };
    let rows = reader.read(recorded, Span::last(0), (&mut numbers, &store))?;
    Ok(Some(Table::new(title(branch, like), columns, rows.rows, 0.0)))
}

fn nothing_recorded(branch: &str) -> CliError {
    let help = "record some first: perfgate record RESULTS --push";
    CliError::coded(&codes::NOTHING_RECORDED, format!("no run is recorded on {branch}"), help)
}

/// The branch that is named, or that of the policy, or the one that is checked out.
fn branch_of(named: Option<&str>, loaded: &LoadedPolicy, history: &History) -> String {
    let policy = loaded.policy.baseline.branch.as_deref();
    let named = named.or(policy).map(str::to_owned);
    named.or_else(|| history.branch()).unwrap_or_else(|| "HEAD".to_owned())
}

fn title(branch: &str, run: &Run) -> Untrusted {
    let suite = Some(&run.suite).filter(|suite| **suite != Run::DEFAULT_SUITE);
    let parts = [
        ("suite", suite),
        ("profile", run.profile.as_ref()),
        ("environment", run.environment.as_ref()),
    ];
    let named =
        parts.iter().filter_map(|(name, value)| Some(format!(", {name} {}", (*value)?.raw())));
    format!("{branch}{}", named.collect::<String>()).into()
}

/// A title that none of these tables has: where it is the load that differs, it is named as well.
pub(super) fn load_title<'t>(
    tables: impl Iterator<Item = &'t Table>,
    branch: &str,
    run: &Run,
) -> Untrusted {
    let taken: Vec<&Untrusted> = tables.map(|table| &table.title).collect();
    let title = title(branch, run);
    let users = run.load.users.map(|n| format!(", {n} users")).unwrap_or_default();
    let duration = run.duration_s.map(|s| format!(", {s:.0} s")).unwrap_or_default();
    let load = title.map(|title| format!("{title}, {}{users}{duration}", run.tool.name.raw()));
    let numbered = (2..).map(|n| load.map(|load| format!("{load}, {n}")));
    let mut names = [title.clone(), load.clone()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(&name)).unwrap_or(title)
}
