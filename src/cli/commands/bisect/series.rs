//! What is looked at in each run: measurements as logarithms, worse up.

use super::line::Line;
use crate::cli::error::CliError;
use crate::cli::history::columns_of;
use crate::model::{EndpointKey, MeasurementKey, Metric, Quantile, Run, Statistic};
use crate::stats::{Bisection, median};
use crate::trend::Column;
use std::collections::BTreeSet;

/// What was measured of the line so far.
pub(super) struct Observations {
    pub(super) columns: Vec<Column>,
    /// The commit of each run, and its values.
    runs: Vec<(usize, Vec<Option<f64>>)>,
    /// How many of the runs were recorded before.
    pub(super) recorded: usize,
    broken: BTreeSet<usize>,
    commits: usize,
    /// The smallest change to look for, in proportion.
    least: f64,
}

impl Observations {
    /// Looks at the measurements of a run that are named; at what is usual where none are.
    pub(super) fn of(
        run: &Run,
        names: &[String],
        least: f64,
        line: &Line,
    ) -> Result<Self, CliError> {
        let mut columns = columns_of(run, names)?;
        if names.is_empty() {
            let endpoints = run.endpoints.len();
            columns.retain(|column| is_usual(&column.key, endpoints));
        }
        if columns.is_empty() {
            let help = "name one: --measurement 'POST /api/chat p95'";
            return Err(CliError::usage("there is nothing to look at in the results", help));
        }
        let (runs, broken) = (Vec::new(), BTreeSet::new());
        Ok(Self { columns, runs, recorded: 0, broken, commits: line.last(), least })
    }

    /// Adds a run of a commit.
    pub(super) fn add(&mut self, commit: usize, run: &Run, recorded: bool) {
        let values = self.columns.iter().map(|column| run.value(&column.key)).collect();
        self.runs.push((commit, values));
        self.recorded += usize::from(recorded);
    }

    pub(super) fn set_broken(&mut self, commit: usize) {
        self.broken.insert(commit);
    }

    pub(super) fn broken(&self) -> &BTreeSet<usize> {
        &self.broken
    }

    /// How many runs there are, with those that were recorded before.
    pub(super) fn count(&self) -> usize {
        self.runs.len()
    }

    /// How many commits have runs.
    pub(super) fn commits_seen(&self) -> usize {
        self.runs.iter().map(|(commit, _)| commit).collect::<BTreeSet<_>>().len()
    }

    /// The search as far as it is.
    pub(super) fn bisection(&self) -> Bisection {
        let mut search = Bisection::new(self.commits, self.columns.len(), self.least.ln_1p());
        for (commit, values) in &self.runs {
            let each = self.columns.iter().zip(values);
            search.add(*commit, each.map(|(column, value)| scaled(column, (*value)?)).collect());
        }
        self.broken.iter().for_each(|commit| search.set_broken(*commit));
        search
    }

    /// The median of a measurement before and from these commits on.
    pub(super) fn levels(&self, series: usize, (first, last): (usize, usize)) -> Option<[f64; 2]> {
        let of = |is: &dyn Fn(usize) -> bool| {
            let own = self.runs.iter().filter(|(commit, _)| is(*commit));
            median(&own.filter_map(|(_, values)| values[series]).collect::<Vec<_>>())
        };
        Some([of(&|commit| commit < first)?, of(&|commit| commit >= last)?])
    }
}

/// p50 and p95 of each endpoint, failures, and what the test measures itself. The total mixes what its endpoints tell apart.
fn is_usual(key: &MeasurementKey, endpoints: usize) -> bool {
    let total = key.endpoint == EndpointKey::Total;
    match (&key.metric, key.statistic) {
        (Metric::Latency, Statistic::Quantile(own)) => {
            (!total || endpoints == 0) && (own == Quantile::P50 || own == Quantile::P95)
        }
        (Metric::Latency, _) => false,
        (Metric::ErrorRate, _) => !total || endpoints == 0,
        (Metric::Throughput, _) => total,
        (Metric::Custom(_), Statistic::Quantile(own)) => {
            own == Quantile::P50 || own == Quantile::P95
        }
        (Metric::Custom(_), _) => true,
    }
}

/// A value on the scale of the search. The variance of a share is steady on that of the arcsine.
fn scaled(column: &Column, value: f64) -> Option<f64> {
    let sign = column.direction.worse_sign();
    let scaled = match column.key.metric {
        Metric::ErrorRate => 2.0 * value.clamp(0.0, 1.0).sqrt().asin(),
        _ if value > 0.0 => value.ln(),
        _ => return None,
    };
    Some(sign * scaled)
}
