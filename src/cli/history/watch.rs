//! The history of a test as it is watched: every measurement that the policy limits, and what commits accept.

use super::columns::column;
use super::rows::{RowReader, Span};
use super::{BranchHistory, nothing_recorded, title};
use crate::cli::codes;
use crate::cli::comparison::run_arguments;
use crate::cli::error::CliError;
use crate::cli::labels::TestNames;
use crate::config::{EndpointRules, Rules, Severity, Threshold};
use crate::model::{EndpointKey, MeasurementKey, Metric, Run, Statistic, Untrusted};
use crate::trend::{Column, Table, Watch};

/// A history and what counts in it.
pub(in crate::cli) struct Watched {
    pub(in crate::cli) table: Table,
    pub(in crate::cli) watch: Watch,
    /// The arguments that select the test, with a blank in front.
    pub(in crate::cli) arguments: Untrusted,
}

impl BranchHistory<'_> {
    /// The history of a test, with every measurement that the policy limits and that may fail.
    pub(in crate::cli) fn watched(
        mut self,
        test: &TestNames,
        min_effect: f64,
    ) -> Result<Watched, CliError> {
        let newest = self.newest(test)?.ok_or_else(|| nothing_recorded(&self.branch))?;
        self.watched_load(&newest, min_effect)
    }

    /// The same of every recorded load, the one with the newest run first.
    pub(in crate::cli) fn watched_loads(
        mut self,
        min_effect: f64,
    ) -> Result<Vec<Watched>, CliError> {
        let newest = self.loads()?;
        if newest.is_empty() {
            return Err(nothing_recorded(&self.branch));
        }
        newest.iter().map(|newest| self.watched_load(newest, min_effect)).collect()
    }

    fn watched_load(&mut self, newest: &Run, min_effect: f64) -> Result<Watched, CliError> {
        let (columns, least): (Vec<Column>, Vec<Option<f64>>) =
            limited(newest, &self.loaded.policy.rules).into_iter().unzip();
        if columns.is_empty() {
            let help = "set limits in perfgate.yaml: only what has one is watched";
            return Err(CliError::coded(
                &codes::NOTHING_RECORDED,
                "the policy limits nothing that was recorded",
                help,
            ));
        }
        let reader =
            RowReader { like: newest, columns: &columns, loaded: self.loaded, folder: self.folder };
        let rows =
            reader.read(self.recorded.clone(), Span::last(0), (&mut self.numbers, &self.store))?;
        let accepts = rows.accepts((&mut self.numbers, &self.store), self.head)?;
        let table = Table::new(title(&self.branch, newest), columns, rows.rows, 0.0);
        let arguments = run_arguments(newest);
        Ok(Watched { table, watch: Watch { min_effect, least, accepts }, arguments })
    }
}

/// The measurements of a run that have a limit, each with the amount that it allows, where it is one.
fn limited(run: &Run, rules: &Rules) -> Vec<(Column, Option<f64>)> {
    let mut all = Vec::new();
    let mut add = |key: MeasurementKey, threshold: Threshold| {
        let least = match threshold {
            Threshold::Absolute(amount) => Some(amount),
            Threshold::Relative(_) => None,
        };
        if run.value(&key).is_some() {
            all.push((column(key, run), least));
        }
    };
    for endpoint in run.all_endpoints() {
        let own = rules.for_endpoint(&endpoint.key);
        if !may_fail(&own) {
            continue;
        }
        let key = |metric: Metric, statistic: Statistic| MeasurementKey {
            endpoint: endpoint.key.clone(),
            metric,
            statistic,
        };
        let enough = endpoint.requests.is_none_or(|requests| requests >= own.min_requests);
        // The total's latency is moved by the mix of endpoints.
        let speaks = endpoint.key != EndpointKey::Total || run.endpoints.is_empty();
        for (statistic, threshold) in own.latency.iter().filter(|_| enough && speaks) {
            add(key(Metric::Latency, *statistic), *threshold);
        }
        own.error_rate
            .into_iter()
            .for_each(|own| add(key(Metric::ErrorRate, Statistic::Rate), own));
        own.throughput
            .into_iter()
            .for_each(|own| add(key(Metric::Throughput, Statistic::Rate), own));
    }
    for own in &run.metrics {
        let rule = rules.custom.iter().find(|(name, _)| own.name == name.as_str());
        let limits = rule.iter().flat_map(|(_, rule)| &rule.limits);
        for (statistic, threshold) in
            limits.filter(|_| may_fail(&rules.for_endpoint(&own.endpoint)))
        {
            let metric = Metric::Custom(own.name.clone());
            let endpoint = own.endpoint.clone();
            add(MeasurementKey { endpoint, metric, statistic: *statistic }, *threshold);
        }
    }
    for (column, _) in &mut all {
        if let Metric::Custom(name) = &column.key.metric {
            let rule = rules.custom.iter().find(|(own, _)| *name == own.as_str());
            let direction = rule.and_then(|(_, rule)| rule.direction);
            column.direction = direction.unwrap_or(column.direction);
        }
    }
    all
}

/// Whether a crossing of this endpoint may be a failure.
fn may_fail(rules: &EndpointRules) -> bool {
    !rules.ignore && !rules.control && rules.severity == Severity::Fail
}
