//! The recorded history of a branch, as a table: which commits, which measurements, and what today's policy says of them.

use crate::cli::args::{RunArgs, TrendArgs};
use crate::cli::error::CliError;
use crate::cli::place::{Place, open_in, open_place};
use crate::cli::policy::{Loaded, load};
use crate::cli::session::Session;
use crate::config::{Accept, Pattern};
use crate::gate::{Reason, Verdict, judge_against};
use crate::model::{
    CommitId, Direction, EndpointKey, MeasurementKey, Metric, Run, Statistic, Unit, differences,
};
use crate::stats::median;
use crate::store::{CommitInfo, Entry, RunStore, load as load_record, recorded_line};
use crate::trend::{Cell, Column, Mark, Row, Table, in_parallel};
use std::path::Path;

/// Endpoints that are shown where none are named.
const BUSIEST: usize = 4;
/// Commits of a line that are walked at most.
const MOST_COMMITS: usize = 1_000_000;

/// The history that the arguments ask for.
pub(super) fn history(args: &TrendArgs, session: &Session<'_>) -> Result<Table, CliError> {
    let loaded = load(session)?;
    let place = open_place(&loaded, args.offline, session)?;
    if !args.offline {
        place.fetch()?;
    }
    let branch = args.branch.as_ref().or(loaded.policy.baseline.branch.as_ref());
    let branch = branch.map_or("HEAD", String::as_str);
    let head = place.history.resolve(branch)?;
    let recorded = recorded_line(place.store(), &place.history, (branch, head), MOST_COMMITS)?;
    let newest = newest(&recorded, place.store(), &args.run)?.ok_or_else(|| {
        let help = "record some first: perfgate record RESULTS --push";
        CliError::usage(format!("no run is recorded on {branch}"), help)
    })?;
    let columns = columns(&newest, args)?;
    let within = (args.last, args.since);
    let at = (&loaded, session.folder());
    let mut line = Line::read(recorded, &newest, &columns, within, at)?;
    line.mark(&columns, &loaded, args.last);
    line.mark_accepted(&columns, &place, head)?;
    let title = title(branch, &newest);
    Ok(Table::new(title, columns, line.rows, args.min_effect.unwrap_or(0.0)))
}

/// The history of these measurements on a branch, without marks, for what is already fetched; none if nothing is recorded.
pub(in crate::cli) fn history_of(
    branch: &str,
    like: &Run,
    keys: Vec<MeasurementKey>,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Option<Table>, CliError> {
    let place = open_place(loaded, true, session)?;
    // A branch that only the remote has, or none at all: the page does without.
    let Ok(head) = place.history.resolve(branch) else { return Ok(None) };
    let columns: Vec<Column> = keys.into_iter().map(|key| column(key, like)).collect();
    let recorded = recorded_line(place.store(), &place.history, (branch, head), MOST_COMMITS)?;
    let line = Line::read(recorded, like, &columns, (0, None), (loaded, session.folder()))?;
    Ok(Some(Table::new(title(branch, like), columns, line.rows, 0.0)))
}

/// The newest run of a line that the arguments mean.
fn newest(
    recorded: &[(CommitInfo, Vec<Entry>)],
    store: &dyn RunStore,
    args: &RunArgs,
) -> Result<Option<Run>, CliError> {
    for entry in recorded.iter().flat_map(|(_, entries)| entries) {
        let run = load_record(store, entry, false)?.run;
        if is_meant(&run, args) {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

fn is_meant(run: &Run, args: &RunArgs) -> bool {
    let given = |wanted: &Option<String>, own: &Option<String>| wanted.is_none() || wanted == own;
    run.suite == args.suite.as_deref().unwrap_or(Run::DEFAULT_SUITE)
        && given(&args.profile, &run.profile)
        && given(&args.environment, &run.environment)
}

fn title(branch: &str, run: &Run) -> String {
    let suite = Some(&run.suite).filter(|suite| *suite != Run::DEFAULT_SUITE);
    let parts = [
        ("suite", suite),
        ("profile", run.profile.as_ref()),
        ("environment", run.environment.as_ref()),
    ];
    let named = parts.iter().filter_map(|(name, value)| Some(format!(", {name} {}", (*value)?)));
    format!("{branch}{}", named.collect::<String>())
}

/// The measurements that the arguments ask for, of those that the newest run has.
fn columns(newest: &Run, args: &TrendArgs) -> Result<Vec<Column>, CliError> {
    let patterns: Vec<Pattern> = args.endpoint.iter().map(|text| Pattern::new(text)).collect();
    let mut endpoints: Vec<&EndpointKey> = if patterns.is_empty() {
        let mut busiest: Vec<_> = newest.endpoints.iter().collect();
        busiest.sort_by_key(|e| std::cmp::Reverse(e.requests));
        busiest.into_iter().take(BUSIEST).map(|e| &e.key).collect()
    } else {
        let all = newest.all_endpoints().map(|e| &e.key);
        all.filter(|key| patterns.iter().any(|pattern| pattern.matches(key))).collect()
    };
    if endpoints.is_empty() && patterns.is_empty() {
        endpoints.push(&newest.total.key);
    }
    let mut keys = Vec::new();
    let mut add = |endpoint: &EndpointKey, metric: Metric, statistic: Statistic| {
        keys.push(MeasurementKey { endpoint: endpoint.clone(), metric, statistic });
    };
    let default = ["latency".to_owned()];
    let metrics = if args.metric.is_empty() { &default[..] } else { &args.metric };
    for metric in metrics {
        for endpoint in &endpoints {
            match metric.as_str() {
                "latency" => args.statistic.iter().for_each(|s| add(endpoint, Metric::Latency, *s)),
                "error_rate" => add(endpoint, Metric::ErrorRate, Statistic::Rate),
                "throughput" => add(endpoint, Metric::Throughput, Statistic::Rate),
                _ => {}
            }
        }
        for own in newest.metrics.iter().filter(|own| own.name == *metric) {
            let of = own.endpoint.as_ref();
            let endpoint = newest
                .endpoints
                .iter()
                .map(|e| &e.key)
                .find(|key| of.is_some_and(|of| key.is_called(of)));
            let statistic = if own.value.is_some() { Statistic::Value } else { args.statistic[0] };
            add(endpoint.unwrap_or(&newest.total.key), Metric::Custom(own.name.clone()), statistic);
        }
    }
    if args.metric.is_empty() && patterns.is_empty() {
        add(&EndpointKey::Total, Metric::Throughput, Statistic::Rate);
        add(&EndpointKey::Total, Metric::ErrorRate, Statistic::Rate);
    }
    keys.retain(|key| newest.value(key).is_some());
    keys.dedup();
    if keys.is_empty() {
        let known: Vec<String> =
            newest.all_endpoints().take(5).map(|e| e.key.to_string()).collect();
        let help = format!(
            "its newest run has {}; `perfgate baseline show` prints all of it",
            known.join(", ")
        );
        return Err(CliError::usage("nothing that is recorded is meant by these arguments", help));
    }
    Ok(keys.into_iter().map(|key| column(key, newest)).collect())
}

fn column(key: MeasurementKey, run: &Run) -> Column {
    let (unit, direction) = match &key.metric {
        Metric::Latency => (Unit::Milliseconds, Direction::Lower),
        Metric::ErrorRate => (Unit::Ratio, Direction::Lower),
        Metric::Throughput => (Unit::PerSecond, Direction::Higher),
        Metric::Custom(name) => {
            let own = run.metrics.iter().find(|own| own.name == *name);
            let direction = own.and_then(|own| own.direction).unwrap_or(Direction::Lower);
            (own.map_or(Unit::Number, |own| own.unit.clone()), direction)
        }
    };
    Column { key, unit, direction }
}

/// The recorded commits, oldest first, and the runs of the newest of them.
struct Line {
    rows: Vec<Row>,
    /// Runs of the last rows, newest commit first.
    newest: Vec<Vec<Run>>,
}

impl Line {
    fn read(
        mut recorded: Vec<(CommitInfo, Vec<Entry>)>,
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
    fn mark(&mut self, columns: &[Column], loaded: &Loaded, last: usize) {
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
                    Verdict::Warn if finding.reason != Reason::AlreadyOnMain => Some(Mark::Warn),
                    _ => None,
                };
            }
        }
    }

    /// Marks the crossings that a commit's own message accepts.
    fn mark_accepted(
        &mut self,
        columns: &[Column],
        place: &Place,
        head: CommitId,
    ) -> Result<(), CliError> {
        let Some(oldest) = self.rows.first().map(|row| row.commit) else { return Ok(()) };
        for said in place.history.commits_that_say(Accept::TRAILER, head, oldest)? {
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
        let run = load_record(store, entry, false)?.run;
        let other = differences(&run, like)
            .iter()
            .any(|d| d.field.forbids() && !allowed.contains(&d.field));
        if !other {
            runs.push(run);
        }
    }
    Ok(runs)
}

fn row(commit: &CommitInfo, runs: &[Run], columns: &[Column]) -> Row {
    let cell = |column: &Column| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.value(&column.key)).collect();
        Cell { value: median(&values), mark: None }
    };
    Row {
        commit: commit.id,
        date: commit.date,
        author: commit.author.clone(),
        subject: commit.subject.clone(),
        runs: runs.len(),
        cells: columns.iter().map(cell).collect(),
    }
}
