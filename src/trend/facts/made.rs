//! Facts in memory: runs, what numbers are about, and the numbers.

use super::schema::{RUN_COUNTS, RUN_TEXTS, RUN_TIMES, SUBJECT_TEXTS};
use crate::model::{
    CommitId, CustomMetric, Direction, EndpointKey, Quantile, Raw as _, Run, Statistic, Untrusted,
};
use crate::trend::columns::{MetricName, Number, numbers_of, numbers_of_metric, words};
use std::collections::{BTreeMap, HashMap};

/// The percentiles of response times that are kept.
const LEVELS: [Quantile; 5] =
    [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99, Quantile::P999];

/// The facts of one service and month.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(super) runs: Vec<RunFact>,
    pub(super) subjects: Vec<[Option<String>; SUBJECT_TEXTS.len()]>,
    pub(super) rows: Vec<RowFact>,
    /// How often each record, `<commit>-<id>`, was added and removed; odd while it is there.
    pub(super) records: BTreeMap<String, u32>,
    known: HashMap<[Option<String>; SUBJECT_TEXTS.len()], u32>,
}

/// What all rows of a run have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RunFact {
    pub(super) texts: [Option<String>; RUN_TEXTS.len()],
    pub(super) times: [Option<i64>; RUN_TIMES.len()],
    pub(super) counts: [Option<i64>; RUN_COUNTS.len()],
    pub(super) duration_s: Option<f64>,
}

/// A number, and the places of its run and of what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RowFact {
    pub(super) run: u32,
    pub(super) subject: u32,
    pub(super) value: f64,
    pub(super) requests: Option<i64>,
}

/// The name of a record among those that facts were made of.
fn name(commit: CommitId, id: &str) -> String {
    format!("{commit}-{id}")
}

impl Facts {
    /// How often this record was added and removed, as far as the facts know.
    pub fn life(&self, commit: CommitId, id: &str) -> u32 {
        self.records.get(&name(commit, id)).copied().unwrap_or_default()
    }

    /// The ids of the runs.
    #[cfg(test)]
    pub(crate) fn ids(&self) -> impl Iterator<Item = String> {
        self.runs.iter().filter_map(|run| run.texts[0].clone())
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Adds the run of a record that has come to this count; the numbers that it had before are gone.
    pub fn add(
        &mut self,
        (commit, id, life): (CommitId, &str, u32),
        committed_at: Option<jiff::Timestamp>,
        run: &Run,
    ) {
        self.remove((commit, id, life));
        let place = self.runs.len() as u32;
        self.runs.push(run_fact(commit, id, committed_at, run));
        for endpoint in run.all_endpoints() {
            for (number, value) in numbers_of(endpoint) {
                let Some(statistic) = kept(&number) else { continue };
                let better =
                    if number == Number::Throughput { Direction::Higher } else { Direction::Lower };
                self.row(
                    place,
                    (&endpoint.key, &number, statistic),
                    Some(better),
                    value,
                    endpoint.requests,
                );
            }
        }
        for metric in &run.metrics {
            let own = MetricName { name: metric.name.clone(), unit: metric.unit.raw().into() };
            for (statistic, value) in numbers_of_metric(metric) {
                let number = Number::Metric(own.clone(), statistic);
                let about = (&metric.endpoint, &number, statistic);
                self.row(place, about, CustomMetric::better(metric), value, metric.count);
            }
        }
    }

    /// Takes away what there is of a record that has come to this count; false where there was nothing.
    pub fn remove(&mut self, (commit, id, life): (CommitId, &str, u32)) -> bool {
        self.records.insert(name(commit, id), life);
        let (id, commit) = (Some(id.to_owned()), Some(commit.to_string()));
        let of = |run: &RunFact| run.texts[0] == id && run.texts[1] == commit;
        let Some(at) = self.runs.iter().position(of) else { return false };
        self.runs.remove(at);
        let at = at as u32;
        self.rows.retain(|row| row.run != at);
        self.rows.iter_mut().filter(|row| row.run > at).for_each(|row| row.run -= 1);
        true
    }

    fn row(
        &mut self,
        run: u32,
        (endpoint, number, statistic): (&EndpointKey, &Number, Statistic),
        better: Option<Direction>,
        value: f64,
        requests: Option<u64>,
    ) {
        let [kind, text, metric, statistic, unit] = words(endpoint, number, statistic);
        let method = match endpoint {
            EndpointKey::Named { method: Some(method), .. } => Some(method.raw().to_owned()),
            EndpointKey::Named { method: None, .. } | EndpointKey::Total => None,
        };
        let better = better.map(|better| {
            match better {
                Direction::Lower => "lower",
                Direction::Higher => "higher",
            }
            .to_owned()
        });
        let subject = self.subject([
            Some(kind),
            method,
            Some(text),
            Some(metric),
            Some(statistic),
            Some(unit),
            better,
        ]);
        let requests = requests.and_then(|requests| i64::try_from(requests).ok());
        self.rows.push(RowFact { run, subject, value, requests });
    }

    /// The place of what a number is about.
    pub(super) fn subject(&mut self, texts: [Option<String>; SUBJECT_TEXTS.len()]) -> u32 {
        let next = self.subjects.len() as u32;
        let place = *self.known.entry(texts.clone()).or_insert(next);
        if place == next {
            self.subjects.push(texts);
        }
        place
    }
}

/// The statistic of a number of an endpoint that is kept.
fn kept(number: &Number) -> Option<Statistic> {
    match number {
        Number::Latency(Statistic::Quantile(level)) => {
            LEVELS.contains(level).then_some(Statistic::Quantile(*level))
        }
        Number::Latency(statistic @ (Statistic::Mean | Statistic::Max)) => Some(*statistic),
        Number::ErrorRate | Number::Throughput => Some(Statistic::Rate),
        _ => None,
    }
}

fn run_fact(
    commit: CommitId,
    id: &str,
    committed_at: Option<jiff::Timestamp>,
    run: &Run,
) -> RunFact {
    let own = |text: Option<&Untrusted>| text.map(|text| text.raw().to_owned());
    let texts = [
        Some(id.to_owned()),
        Some(commit.to_string()),
        own(Some(&run.suite)),
        own(run.profile.as_ref()),
        own(run.environment.as_ref()),
        own(Some(&run.tool.name)),
        own(run.tool.version.as_ref()),
        own(run.labels.get("runner")),
        own(run.load.target.as_ref()),
        run.overload(),
    ];
    let milliseconds = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
    let count = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
    RunFact {
        texts,
        times: [milliseconds(committed_at), milliseconds(run.started_at)],
        counts: [count(run.load.users), count(run.load.connections)],
        duration_s: run.duration_s,
    }
}
