//! Columns by name: a measurement each, under a heading of its own where one is given (`Agent p95=POST /agent p95`).

use super::columns::column;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::config::suggest;
use crate::model::{EndpointKey, MeasurementKey, Metric, Run, Statistic};
use crate::trend::Column;
use std::collections::BTreeSet;

/// Endpoints and metrics that an error lists.
const MOST_NAMED: usize = 6;

/// The columns of a history.
#[derive(Default)]
pub(super) struct Selected {
    pub(super) columns: Vec<Column>,
    pub(super) unknown: Vec<UnknownColumn>,
}

/// A column that no run has.
pub(in crate::cli) struct UnknownColumn {
    pub(in crate::cli) name: String,
    /// What was probably meant, as a sentence.
    pub(in crate::cli) meant: String,
}

/// Names of columns, and what was found under them so far.
pub(super) struct NamedColumns<'t> {
    wanted: Vec<(&'t str, Option<Column>)>,
    /// What the runs that were looked at have.
    known: BTreeSet<MeasurementKey>,
}

impl<'t> NamedColumns<'t> {
    pub(super) fn new(names: &'t [String]) -> Self {
        let wanted = names.iter().map(|name| (name.trim(), None)).collect();
        Self { wanted, known: BTreeSet::new() }
    }

    /// Whether there is nothing left to look for.
    pub(super) fn are_found(&self) -> bool {
        self.wanted.iter().all(|(_, found)| found.is_some())
    }

    /// Looks for what is missing in a run.
    pub(super) fn look_in(&mut self, run: &Run) -> Result<(), CliError> {
        let keys = measured(run);
        for (name, found) in self.wanted.iter_mut().filter(|(_, found)| found.is_none()) {
            *found = with_heading(name, &keys, run)?;
        }
        self.known.extend(keys);
        Ok(())
    }

    /// The columns in their order, and what was not found.
    pub(super) fn finish(self) -> Selected {
        let Self { wanted, known } = self;
        let mut selected = Selected::default();
        for (name, found) in wanted {
            match found {
                Some(column) => selected.columns.push(column),
                None => {
                    let meant = meant(name, &known);
                    selected.unknown.push(UnknownColumn { name: name.to_owned(), meant });
                }
            }
        }
        selected
    }
}

/// What was probably meant by a name, as a sentence.
fn meant(name: &str, known: &BTreeSet<MeasurementKey>) -> String {
    let measurement = name.rsplit_once('=').map_or(name, |(_, rest)| rest.trim());
    let names: Vec<String> = known.iter().map(short).collect();
    if let Some(name) = suggest(measurement, names.iter().map(String::as_str)) {
        return format!("did you mean `{name}`?");
    }
    let subject = |key: &MeasurementKey| match (&key.endpoint, &key.metric) {
        (EndpointKey::Total, Metric::Custom(_)) => short(key),
        (endpoint, _) => endpoint.text().into_raw(),
    };
    let mut subjects: Vec<String> = known.iter().map(subject).collect();
    subjects.dedup();
    let more = if subjects.len() > MOST_NAMED { " …" } else { "" };
    subjects.truncate(MOST_NAMED);
    let have = subjects.join(", ");
    format!("the runs have {have}{more}; write one with its statistic, such as `total p95`")
}

/// The measurement of this name; where there is none, the one behind a heading and `=`.
fn with_heading(
    name: &str,
    keys: &[MeasurementKey],
    run: &Run,
) -> Result<Option<Column>, CliError> {
    if let Some(key) = named(name, keys)? {
        return Ok(Some(column(key.clone(), run)));
    }
    // Names of endpoints may have a `=` as well.
    for (at, _) in name.match_indices('=') {
        let (heading, rest) = (name[..at].trim(), &name[at + 1..]);
        if let Some(key) = named(rest, keys)? {
            let heading = Some(heading.into()).filter(|_| !heading.is_empty());
            return Ok(Some(Column { heading, ..column(key.clone(), run) }));
        }
    }
    Ok(None)
}

/// The one measurement of this name; of a metric, its endpoint may be left out where there is but one.
fn named<'k>(
    text: &str,
    keys: &'k [MeasurementKey],
) -> Result<Option<&'k MeasurementKey>, CliError> {
    let text = text.trim();
    let is_total = |key: &MeasurementKey| key.endpoint == EndpointKey::Total;
    let whole = |key: &&MeasurementKey| {
        key.is_named(text) || (is_total(key) && short(key).as_str() == text)
    };
    let of_metric =
        |key: &&MeasurementKey| matches!(key.metric, Metric::Custom(_)) && key.measure() == text;
    let mut found: Vec<&MeasurementKey> = keys.iter().filter(whole).collect();
    if found.is_empty() {
        found = keys.iter().filter(of_metric).collect();
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names: Vec<String> =
                several.iter().take(4).map(|key| format!("`{}`", short(key))).collect();
            let problem = format!("`{text}` may be several measurements");
            Err(CliError::coded(
                &codes::UNKNOWN_MEASUREMENT,
                problem,
                format!("name one: {}", names.join(", ")),
            ))
        }
    }
}

/// What a person would call it: the total's is named by what was measured alone.
fn short(key: &MeasurementKey) -> String {
    match key.endpoint {
        EndpointKey::Total => key.measure().into_raw(),
        EndpointKey::Named { .. } => key.text().into_raw(),
    }
}

/// Everything that a run has a number for.
fn measured(run: &Run) -> Vec<MeasurementKey> {
    let mut keys = Vec::new();
    for endpoint in run.all_endpoints() {
        let levels = endpoint.latency.iter().flat_map(|latency| latency.quantiles.keys());
        let latency = levels.map(|level| Statistic::Quantile(*level)).chain([
            Statistic::Mean,
            Statistic::Min,
            Statistic::Max,
            Statistic::StdDev,
            Statistic::Cv,
        ]);
        let latency = latency.map(|statistic| (Metric::Latency, statistic));
        let rates = [Metric::ErrorRate, Metric::Throughput].map(|own| (own, Statistic::Rate));
        keys.extend(latency.chain(rates).map(|(metric, statistic)| MeasurementKey {
            endpoint: endpoint.key.clone(),
            metric,
            statistic,
        }));
    }
    for endpoint in run.all_endpoints() {
        keys.extend(endpoint.parts.iter().flat_map(|(name, part)| {
            let levels = part.times().into_iter().flat_map(|times| times.quantiles.keys());
            let levels = levels.map(|level| Statistic::Quantile(*level));
            [Statistic::Mean].into_iter().chain(levels).map(|statistic| MeasurementKey {
                endpoint: endpoint.key.clone(),
                metric: Metric::Custom(name.clone()),
                statistic,
            })
        }));
    }
    for own in &run.metrics {
        let levels = own.quantiles.keys().map(|level| Statistic::Quantile(*level));
        keys.extend([Statistic::Value].into_iter().chain(levels).map(|statistic| MeasurementKey {
            endpoint: own.endpoint.clone(),
            metric: Metric::Custom(own.name.clone()),
            statistic,
        }));
    }
    keys.retain(|key| run.value(key).is_some());
    keys
}
