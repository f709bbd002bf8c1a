//! Absolute limits: each budget held against the new runs, whatever the baseline says.

use super::alerts::alert_findings;
use super::budget_names::by_names_of;
use super::budget_value::{
    BudgetValue, Judged, SERVICE, measure_key, not_measured, resource, scoped, used,
};
use super::budget_verdict::{finding, leave_rare_ones};
use super::derive::underived;
use super::few::{few_budget, settle};
use super::finding::BudgetFinding;
use super::lack::Lack;
use super::load::load;
use super::verdict::{BudgetReason, Missing};
use super::web_vitals::add_web_vitals;
use super::windows::windows;
use crate::config::{Budget, Limited, Rules, Scope, Severity, Tier, suggest};
use crate::model::{
    MeasurementKey, Metric, Raw as _, Resource, Run, Unit, Untrusted, known_metric,
};
use std::collections::BTreeSet;

/// Growth of the memory in an hour that is no leak: this share of what is used, or these megabytes, whichever is more.
const NO_LEAK_SHARE: f64 = 0.05;
const NO_LEAK_MB: f64 = 10.0;
/// Judges every budget that holds for these runs.
pub(super) fn budget_findings(runs: &[Run], rules: &Rules) -> Vec<BudgetFinding> {
    let profile = runs.first().and_then(|run| run.profile.as_ref().map(|name| name.raw()));
    let judged = Judged::new(runs, rules);
    let budgets = rules.budgets(profile).into_iter();
    let budgets: Vec<Budget> = budgets.flat_map(|own| by_names_of(own, &judged)).collect();
    // What a pattern names is no longer judged by its class.
    let named: BTreeSet<MeasurementKey> = budgets
        .iter()
        .filter(|budget| matches!(&budget.limited, Limited::Measurement(Scope::Endpoints(_), ..)))
        .flat_map(|budget| keys(budget, &judged))
        .collect();
    let mut findings = Vec::new();
    let mut few = Vec::new();
    for budget in &budgets {
        let of_several = matches!(
            &budget.limited,
            Limited::Measurement(Scope::Class(_), ..)
                | Limited::Measurement(Scope::Total, Metric::Custom(_), _)
        );
        match &budget.limited {
            Limited::Measurement(..) => {
                let all = keys(budget, &judged);
                let keys: Vec<&MeasurementKey> =
                    all.iter().filter(|key| !(of_several && named.contains(key))).collect();
                if all.is_empty() {
                    findings.push(finding(budget, not_measured(budget)));
                }
                let of_key = |key: &&MeasurementKey| {
                    let found = finding(budget, measure_key(key, &judged));
                    let endpoint = Some(key.endpoint.text());
                    let (meant, lack) = (meant(key, &found, &judged), lack(key, &found, &judged));
                    BudgetFinding { endpoint, meant, lack, ..found }
                };
                let mut own: Vec<BudgetFinding> = keys.iter().map(of_key).collect();
                let places = (findings.len()..).zip(keys.iter().zip(&own));
                few.extend(places.filter_map(|(place, (key, found))| {
                    Some((place, few_budget(budget, key, found, &judged)?))
                }));
                if of_several {
                    leave_rare_ones(&mut own);
                }
                findings.extend(own);
            }
            Limited::Resource(name, statistic) => {
                findings.push(finding(budget, resource(budget, name, *statistic, runs)));
            }
            Limited::MemoryLeak => findings.push(leak(budget, runs)),
            Limited::Window(metric, statistic, span) => {
                findings.push(windows(budget, (metric, *statistic, *span), runs));
            }
            Limited::Load(scope, number) => findings.extend(load(budget, scope, *number, &judged)),
        }
    }
    settle(&mut findings, &few, &rules.looks);
    findings.extend(alert_findings(runs, rules));
    add_web_vitals(&mut findings, &budgets, &judged);
    findings
}

/// The measurements that a budget holds for.
fn keys(budget: &Budget, judged: &Judged<'_>) -> Vec<MeasurementKey> {
    let Limited::Measurement(scope, metric, statistic) = &budget.limited else { return Vec::new() };
    let mut found = scoped(scope, judged);
    if let Metric::Custom(name) = metric {
        let with = judged.endpoints_with(name);
        match scope {
            // A metric that belongs to endpoints is judged on each of them.
            Scope::Total if !with.is_empty() => {
                found.retain(|_| judged.is_known_of_some(name));
                found.extend(with.into_iter().filter(|key| !judged.rules.for_endpoint(key).ignore));
            }
            Scope::Class(_) | Scope::Endpoints(_) if found.iter().any(|key| with.contains(key)) => {
                found.retain(|key| with.contains(key));
            }
            _ => {}
        }
    }
    let key = |endpoint| MeasurementKey { endpoint, metric: metric.clone(), statistic: *statistic };
    found.into_iter().map(key).collect()
}

/// A leak is a growth that every part of the steady run shows; one run that shows it is enough.
fn leak(budget: &Budget, runs: &[Run]) -> BudgetFinding {
    let found = used(runs, "memory_mb");
    let all = found.as_ref().map_or(&[][..], |(_, all)| all);
    // The lower end of the interval: what chance and a last warm-up do not explain.
    let sure = |resource: &Resource| resource.slope_interval.map(|interval| interval.low);
    let slopes: Option<Vec<f64>> = all.iter().map(sure).collect();
    let subject = match &found {
        Some((key, _)) if key.starts_with(SERVICE) => "service memory growth",
        _ => "memory growth",
    };
    let unit = Unit::Other("MB/h".into());
    let slopes = slopes.filter(|all| !all.is_empty());
    let value = slopes.map(|all| all.into_iter().fold(f64::NEG_INFINITY, f64::max).max(0.0));
    let subject = Untrusted::from(subject);
    if !budget.tiers.is_empty() {
        let value = value.ok_or(Missing::NotMeasured);
        return finding(budget, BudgetValue { subject, unit, value, severity: Severity::Fail });
    }
    let usual = all.iter().filter_map(|own| own.mean).fold(0.0, f64::max);
    let allowed = (usual * NO_LEAK_SHARE).max(NO_LEAK_MB);
    let reason = match value {
        None => BudgetReason::Missing(Missing::NotMeasured),
        Some(slope) if slope > allowed => BudgetReason::Broken,
        Some(_) => BudgetReason::Kept,
    };
    BudgetFinding {
        budget: budget.name.as_str().into(),
        subject,
        endpoint: None,
        unit,
        value,
        limit: None,
        tier: Tier::Acceptable,
        reason,
        at: None,
        meant: None,
        lack: None,
        few: None,
        alert: None,
    }
}

/// Why no run has a metric that the policy computes.
fn lack(key: &MeasurementKey, found: &BudgetFinding, judged: &Judged<'_>) -> Option<Lack> {
    let Metric::Custom(name) = &key.metric else { return None };
    if found.reason != BudgetReason::Missing(Missing::NotMeasured) {
        return None;
    }
    judged.runs.iter().find_map(|run| underived(name.raw(), run, judged.rules))
}

/// The metric that was probably meant by the name of one that no run has.
fn meant(key: &MeasurementKey, found: &BudgetFinding, judged: &Judged<'_>) -> Option<Untrusted> {
    let Metric::Custom(name) = &key.metric else { return None };
    if found.reason != BudgetReason::Missing(Missing::NotMeasured) {
        return None;
    }
    // A known metric is spelled as it is meant: `fcp` is no slip for `lcp`.
    let known = known_metric(name.raw()).is_some();
    let other = |own: &&str| !known || known_metric(own).is_none();
    let names = judged.metric_names.iter();
    suggest(name.raw(), names.filter(other)).map(Untrusted::from)
}
