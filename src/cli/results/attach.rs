//! Side data of a run: resources over time, and what Prometheus says.

use super::files::renamed;
use crate::cli::error::CliError;
use crate::cli::policy::load_policy;
use crate::cli::session::Session;
use crate::ingest::{Source, attach_prometheus, read_resources};
use crate::model::Run;
use std::collections::BTreeMap;
use std::path::Path;

/// Adds side data to a run: resources over time, whose columns are in these units.
pub(in crate::cli) fn attach(
    run: &mut Run,
    file: &Path,
    units: &BTreeMap<String, f64>,
    session: &Session<'_>,
) -> Result<(), CliError> {
    let shown = file.strip_prefix(session.folder()).unwrap_or(file);
    if let Some(address) = shown.to_str().and_then(|text| text.strip_prefix("prometheus:")) {
        return attach_queries(run, address, session);
    }
    let named = |error| renamed(error, file, shown);
    let mut series = Source::open(file).and_then(read_resources).map_err(named)?;
    series.put_in_megabytes(units);
    run.resources.extend(series.summary());
    run.timeline.extend(series.timeline());
    Ok(())
}

/// The error for a Prometheus that is to be asked nothing.
pub(in crate::cli) fn no_queries() -> CliError {
    let help = "name some in perfgate.yaml: prometheus: { db_connections: \"sum(pg_stat_activity_count)\" }";
    CliError::usage("there is nothing to ask Prometheus", help)
}

/// Asks Prometheus what the policy wants to know of the time of the run.
fn attach_queries(run: &mut Run, address: &str, session: &Session<'_>) -> Result<(), CliError> {
    let loaded = load_policy(session)?;
    let queries = &loaded.policy.prometheus;
    if queries.is_empty() {
        return Err(no_queries());
    }
    let token = session.environment.get("PERFGATE_PROMETHEUS_TOKEN");
    attach_prometheus(run, address, token, queries).map_err(|error| {
        CliError::usage(
            format!("Prometheus: {error}"),
            "the queries stand under `prometheus:` in perfgate.yaml",
        )
    })
}
