//! From the document as written to the policy that it means: defaults filled in, overridden key by key.

mod alerts;
mod budgets;
mod cadence;
mod checklist;
mod endpoints;
mod foreign_names;
mod gate;
mod known_measures;
mod limits;
mod metrics;
mod page_budget;
mod profiles;
mod queries;
mod resources;
mod rows;
mod source;
mod store_place;
mod thresholds;
mod tiers;
mod windows;

use super::choices::Origin;
use super::defaults;
use super::error::ConfigError;
use super::file::{AcceptFile, AlertsFile, At, Entries, GateFile, PolicyFile, RawValue, StoreFile};
use super::pattern::Pattern;
use super::policy::{BaselineChoice, Policy, StoreChoice};
use super::rules::Rules;
use endpoints::endpoint_rule;
use source::{Source, duration};
use std::collections::BTreeSet;
use std::time::Duration;

impl Policy {
    /// The policy that this text means; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let written = PolicyFile::parse(file, text)?;
        let source = Source { file, text };
        let mut policy = Self {
            results: written.results,
            documents: written.documents,
            baseline: BaselineChoice {
                branch: written.baseline.branch,
                max_distance: written.baseline.max_distance.unwrap_or(defaults::MAX_DISTANCE),
                window: source.at_least(1, written.baseline.window)?.unwrap_or(defaults::WINDOW),
                anchor: written.baseline.anchor,
            },
            store: store(&source, written.store)?,
            collapse: written.collapse.iter().map(|text| Pattern::new(text)).collect(),
            prometheus: queries::queries(&source, written.prometheus)?,
            resource_units: resources::resource_units(&source, written.resources)?,
            cadence: Vec::new(),
            trend_columns: written.trend.columns,
            rule_files: Vec::new(),
            rules: Rules {
                accept_from: accept_from(written.accept),
                renames: written.rename.0.into_iter().map(|(old, new)| (old.value, new)).collect(),
                ..rules(
                    &source,
                    written.gate,
                    written.endpoint_classes,
                    written.regression_thresholds,
                    written.endpoints,
                )?
            },
        };
        match written.alerts {
            AlertsFile::Listed(list) => policy.rules.alerts = alerts::listed(&source, list)?,
            AlertsFile::Elsewhere(files) => policy.rule_files = files.file.0,
        }
        let rules = &mut policy.rules;
        rules.checklist = checklist::checklist(&source, written.checklist)?;
        rules.derived = metrics::metrics(&source, written.metrics, &policy.prometheus)?;
        rules.budgets = budgets::budgets(&source, written.budgets, rules)?;
        rules.budgets.extend(page_budget::page_budget(&source, &written.performance_budget)?);
        rules.profiles = profiles::profiles(&source, written.profiles, written.loads, rules)?;
        policy.cadence = cadence::cadence(&source, written.performance_tests, &rules.profiles)?;
        Ok(policy)
    }
}

fn store(source: &Source<'_>, file: StoreFile) -> Result<StoreChoice, ConfigError> {
    let place = store_place::store_place(file.kind, file.path, file.url);
    Ok(StoreChoice {
        place: place.map_err(|problem| source.error((0, 0), problem))?,
        remote: file.remote,
        keep_histograms: file.keep_histograms.unwrap_or(true),
        timeout: file.timeout.map_or(Ok(defaults::TIMEOUT), |text| timeout(source, &text))?,
    })
}

/// How long a remote may be silent: at least a second, or nothing could ever answer.
fn timeout(source: &Source<'_>, written: &At<RawValue>) -> Result<Duration, ConfigError> {
    let seconds = duration(source, written)?;
    if (1.0..=3_600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(source.error(written.place, "store: timeout: give a time from 1s to 1h".to_owned()))
    }
}

fn accept_from(file: AcceptFile) -> BTreeSet<Origin> {
    file.from.unwrap_or_else(|| vec![Origin::Repository]).into_iter().collect()
}

fn rules(
    source: &Source<'_>,
    gate: GateFile,
    classes: Entries<Vec<String>>,
    thresholds: Entries<At<RawValue>>,
    endpoints: Entries<At<RawValue>>,
) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    gate::gate(source, gate, &mut rules)?;
    let patterns = |list: &[String]| list.iter().map(|text| Pattern::new(text)).collect();
    rules.classes =
        classes.0.iter().map(|(name, list)| (name.value.clone(), patterns(list))).collect();
    thresholds::thresholds(source, thresholds, &mut rules)?;
    for (pattern, rule) in endpoints.0 {
        let RawValue::Map(entries) = rule.value else {
            return Err(source.error(rule.place, "rules are a mapping: { p95: 35% }".to_owned()));
        };
        rules.overrides.push((Pattern::new(&pattern.value), endpoint_rule(source, entries)?));
    }
    Ok(rules)
}
