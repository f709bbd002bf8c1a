//! The recorded history of a branch, as a table: which commits, which measurements, and what today's policy says of them.

use super::line::{Line, Recorded, is_alike};
use crate::cli::args::{RunArgs, TrendArgs};
use crate::cli::error::CliError;
use crate::cli::place::open_place;
use crate::cli::policy::{Loaded, load};
use crate::cli::session::Session;
use crate::config::Pattern;
use crate::model::{
    Direction, EndpointKey, MeasurementKey, Metric, Quantile, Raw, Run, Statistic, Unit, Untrusted,
};
use crate::store::{History, RunStore, StoredRun, load_known, recorded_line};
use crate::trend::{Column, Table};

/// Endpoints that are shown where none are named.
const BUSIEST: usize = 4;
/// Commits of a line that are walked at most.
const MOST_COMMITS: usize = 1_000_000;

/// The history that the arguments ask for.
pub(super) fn history(args: &TrendArgs, session: &Session<'_>) -> Result<Table, CliError> {
    let loaded = load(session)?;
    let place = open_place(&loaded, args.offline, session)?;
    if !args.offline {
        place.fetch(session)?;
    }
    let branch = branch_of(args.branch.as_deref(), &loaded, &place.history);
    let head = place.history.resolve(&branch)?;
    let recorded = recorded_line(place.store(), &place.history, (&branch, head), MOST_COMMITS)?;
    let newest =
        newest(&recorded, place.store(), &args.run)?.ok_or_else(|| nothing_recorded(&branch))?;
    let columns = columns(&newest, args)?;
    let within = (args.last, args.since);
    let at = (&loaded, session.folder());
    let mut line = Line::read(recorded, &newest, &columns, within, at)?;
    line.mark(&columns, &loaded, args.last);
    line.mark_accepted(&columns, &place, head)?;
    let title = title(&branch, &newest);
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

/// The whole history of a branch: a table for each load that is recorded on it, with everything that is measured, the load
/// with the newest run first.
pub(in crate::cli) fn histories(
    branch: Option<&str>,
    offline: bool,
    marked: usize,
    (loaded, session): (&Loaded, &Session<'_>),
) -> Result<Vec<Table>, CliError> {
    let place = open_place(loaded, offline, session)?;
    if !offline {
        place.fetch(session)?;
    }
    let branch = branch_of(branch, loaded, &place.history);
    let head = place.history.resolve(&branch)?;
    let recorded = recorded_line(place.store(), &place.history, (&branch, head), MOST_COMMITS)?;
    let mut tables = Vec::new();
    for newest in loads(&recorded, place.store(), loaded)? {
        let columns: Vec<Column> =
            everything(&newest).into_iter().map(|key| column(key, &newest)).collect();
        let at = (loaded, session.folder());
        let mut line = Line::read(recorded.clone(), &newest, &columns, (marked, None), at)?;
        line.mark(&columns, loaded, marked);
        line.mark_accepted(&columns, &place, head)?;
        let title = title_beside(&tables, &branch, &newest);
        tables.push(Table::new(title, columns, line.rows, 0.0));
    }
    if tables.is_empty() { Err(nothing_recorded(&branch)) } else { Ok(tables) }
}

fn nothing_recorded(branch: &str) -> CliError {
    let help = "record some first: perfgate record RESULTS --push";
    CliError::usage(format!("no run is recorded on {branch}"), help)
}

/// The branch that is named, or that of the policy, or the one that is checked out.
fn branch_of(named: Option<&str>, loaded: &Loaded, history: &History) -> String {
    let policy = loaded.policy.baseline.branch.as_deref();
    let named = named.or(policy).map(str::to_owned);
    named.or_else(|| history.branch()).unwrap_or_else(|| "HEAD".to_owned())
}

/// The newest run of each load: those that cannot be compared with each other.
fn loads(recorded: &Recorded, store: &dyn RunStore, loaded: &Loaded) -> Result<Vec<Run>, CliError> {
    let allowed = &loaded.policy.rules.allow_different;
    let mut newest: Vec<Run> = Vec::new();
    for entry in recorded.iter().flat_map(|(_, entries)| entries) {
        let Some(StoredRun { run, .. }) = load_known(store, entry, false)? else { continue };
        if !newest.iter().any(|known| is_alike(&run, known, allowed)) {
            newest.push(run);
        }
    }
    Ok(newest)
}

/// All that a run measured and a person would look at.
fn everything(run: &Run) -> Vec<MeasurementKey> {
    let mut keys = Vec::new();
    let latency = [Quantile::P50, Quantile::P95, Quantile::P99].map(Statistic::Quantile);
    for endpoint in run.all_endpoints() {
        let mut add = |metric: Metric, statistic: Statistic| {
            keys.push(MeasurementKey { endpoint: endpoint.key.clone(), metric, statistic });
        };
        latency.into_iter().for_each(|statistic| add(Metric::Latency, statistic));
        add(Metric::ErrorRate, Statistic::Rate);
        add(Metric::Throughput, Statistic::Rate);
    }
    for own in &run.metrics {
        let endpoint = &own.endpoint;
        let statistics = own.value.map(|_| Statistic::Value).into_iter();
        for statistic in statistics.chain(own.quantiles.keys().map(|q| Statistic::Quantile(*q))) {
            let metric = Metric::Custom(own.name.clone());
            keys.push(MeasurementKey { endpoint: endpoint.clone(), metric, statistic });
        }
    }
    keys.retain(|key| run.value(key).is_some());
    keys
}

/// The newest run of a line that the arguments mean.
fn newest(
    recorded: &Recorded,
    store: &dyn RunStore,
    args: &RunArgs,
) -> Result<Option<Run>, CliError> {
    for entry in recorded.iter().flat_map(|(_, entries)| entries) {
        let Some(StoredRun { run, .. }) = load_known(store, entry, false)? else { continue };
        if args.test.mean(&run) {
            return Ok(Some(run));
        }
    }
    Ok(None)
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
fn title_beside(tables: &[Table], branch: &str, run: &Run) -> Untrusted {
    let title = title(branch, run);
    let users = run.load.users.map(|n| format!(", {n} users")).unwrap_or_default();
    let duration = run.duration_s.map(|s| format!(", {s:.0} s")).unwrap_or_default();
    let load = title.map(|title| format!("{title}, {}{users}{duration}", run.tool.name.raw()));
    let numbered = (2..).map(|n| load.map(|load| format!("{load}, {n}")));
    let mut names = [title.clone(), load.clone()].into_iter().chain(numbered);
    names.find(|name| tables.iter().all(|table| table.title != *name)).unwrap_or(title)
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
        for own in newest.metrics.iter().filter(|own| own.name == metric.as_str()) {
            let statistic = if own.value.is_some() { Statistic::Value } else { args.statistic[0] };
            add(&own.endpoint, Metric::Custom(own.name.clone()), statistic);
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
            newest.all_endpoints().take(5).map(|e| e.key.text().into_raw()).collect();
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
