//! Side data of a run: resources over time, and what Prometheus says.

use super::files::renamed;
use crate::cli::error::CliError;
use crate::cli::policy::load_policy;
use crate::cli::session::Session;
use crate::config::Policy;
use crate::ingest::{Source, attach_prometheus, read_resources};
use crate::model::{AlertRule, Run, Warning};
use std::path::Path;

/// Adds side data to a run: resources over time, or what Prometheus says. Returns what a person should know about it. `policy`
/// is the one that decides: it has the units of columns, and the alerts.
pub(in crate::cli) fn attach(
    run: &mut Run,
    file: &Path,
    policy: &Policy,
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    let shown = file.strip_prefix(session.folder()).unwrap_or(file);
    if let Some(address) = shown.to_str().and_then(|text| text.strip_prefix("prometheus:")) {
        return attach_queries(run, address, &policy.rules.alerts, session);
    }
    let named = |error| renamed(error, file, shown);
    let mut series = Source::open(file).and_then(read_resources).map_err(named)?;
    series.put_in_megabytes(&policy.resource_units);
    run.resources.extend(series.summary());
    run.timeline.extend(series.timeline());
    Ok(Vec::new())
}

/// The error for a Prometheus that is to be asked nothing.
pub(in crate::cli) fn no_queries() -> CliError {
    let help = "name queries in perfgate.yaml (prometheus: { db_connections: \"sum(pg_stat_activity_count)\" }) or `alerts`";
    CliError::usage("there is nothing to ask Prometheus", help)
}

/// Asks Prometheus what the policy wants to know of the time of the run.
fn attach_queries(
    run: &mut Run,
    address: &str,
    alerts: &[AlertRule],
    session: &Session<'_>,
) -> Result<Vec<Warning>, CliError> {
    let loaded = load_policy(session)?;
    let queries = &loaded.policy.prometheus;
    if queries.is_empty() && alerts.is_empty() {
        return Err(no_queries());
    }
    let token = session.environment.get("PERFGATE_PROMETHEUS_TOKEN");
    let warnings = attach_prometheus(run, address, token, queries, alerts).map_err(|error| {
        CliError::usage(
            format!("Prometheus: {error}"),
            "queries stand under `prometheus:` in perfgate.yaml, alerts under `alerts:`",
        )
    })?;
    Ok(warnings.into_iter().map(Warning::new).collect())
}
