//! Absolute limits: each budget held against the new runs, whatever the baseline says.

use super::budget_names::{by_names_of, stated_or_known};
use super::budget_value::{
    BudgetValue, Judged, SERVICE, measure_key, not_measured, resource, used,
};
use super::few::{few_budget, settle};
use super::finding::BudgetFinding;
use super::load::load;
use super::verdict::{BudgetReason, Missing, Verdict};
use crate::config::{Bound, Budget, Limited, Rules, Scope, Severity, Tier, suggest};
use crate::model::{EndpointKey, MeasurementKey, Metric, Raw as _, Resource, Run, Unit, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// Growth of the memory in an hour that is no leak: this share of what is used, or these megabytes, whichever is more.
const NO_LEAK_SHARE: f64 = 0.05;
const NO_LEAK_MB: f64 = 10.0;
/// Judges every budget that holds for these runs.
pub(super) fn budget_findings(runs: &[Run], rules: &Rules) -> Vec<BudgetFinding> {
    let profile = runs.first().and_then(|run| run.profile.as_ref().map(|name| name.raw()));
    let budgets = rules.budgets(profile);
    let judged = Judged::new(runs, rules);
    // What a pattern names is no longer judged by its class.
    let named: BTreeSet<MeasurementKey> = budgets
        .iter()
        .filter(|budget| matches!(&budget.limited, Limited::Measurement(Scope::Endpoints(_), ..)))
        .flat_map(|budget| keys(budget, &judged))
        .collect();
    let mut findings = Vec::new();
    let mut few = Vec::new();
    for budget in budgets.into_iter().flat_map(|budget| by_names_of(budget, runs)) {
        let budget = &budget;
        let of_class = matches!(&budget.limited, Limited::Measurement(Scope::Class(_), ..));
        match &budget.limited {
            Limited::Measurement(..) => {
                let all = keys(budget, &judged);
                let keys: Vec<&MeasurementKey> =
                    all.iter().filter(|key| !(of_class && named.contains(key))).collect();
                if all.is_empty() {
                    findings.push(finding(budget, not_measured(budget)));
                }
                let of_key = |key: &&MeasurementKey| {
                    let found = finding(budget, measure_key(key, &judged));
                    let endpoint = Some(key.endpoint.text());
                    BudgetFinding { endpoint, meant: meant(key, &found, runs), ..found }
                };
                let mut own: Vec<BudgetFinding> = keys.iter().map(of_key).collect();
                let places = (findings.len()..).zip(keys.iter().zip(&own));
                few.extend(places.filter_map(|(place, (key, found))| {
                    Some((place, few_budget(budget, key, found, &judged)?))
                }));
                if of_class {
                    leave_rare_ones(&mut own);
                }
                findings.extend(own);
            }
            Limited::Resource(name, statistic) => {
                findings.push(finding(budget, resource(budget, name, *statistic, runs)));
            }
            Limited::MemoryLeak => findings.push(leak(budget, runs)),
            Limited::Load(scope, number) => findings.extend(load(budget, scope, *number, &judged)),
        }
    }
    settle(&mut findings, &few, &rules.looks);
    findings
}

/// Where others of a class were judged, an endpoint that was hardly requested is a warning: it keeps no rare endpoint's class
/// from ever passing, and is still said.
fn leave_rare_ones(findings: &mut [BudgetFinding]) {
    if findings.iter().all(|own| own.verdict() == Verdict::NotCompared) {
        return;
    }
    for own in findings {
        own.reason = match own.reason {
            BudgetReason::Missing(Missing::TooFewRequests { needs }) => {
                BudgetReason::RarelyRequested(Some(needs))
            }
            BudgetReason::Missing(Missing::NoData) => BudgetReason::RarelyRequested(None),
            other => other,
        };
    }
}

/// The measurements that a budget holds for.
fn keys(budget: &Budget, judged: &Judged<'_>) -> Vec<MeasurementKey> {
    let Limited::Measurement(scope, metric, statistic) = &budget.limited else { return Vec::new() };
    let mut found = scoped(scope, judged);
    if let Metric::Custom(name) = metric {
        let mut seen: BTreeSet<EndpointKey> = found.iter().cloned().collect();
        // A metric that belongs to endpoints is judged on each of them.
        for key in judged.metrics.get(name).into_iter().flat_map(BTreeMap::keys) {
            if judged.names.contains(key) && seen.insert(key.clone()) {
                found.retain(|known| *known != EndpointKey::Total);
                found.push(key.clone());
            }
        }
    }
    let key = |endpoint| MeasurementKey { endpoint, metric: metric.clone(), statistic: *statistic };
    found.into_iter().map(key).collect()
}

/// The endpoints of a scope.
pub(super) fn scoped(scope: &Scope, judged: &Judged<'_>) -> Vec<EndpointKey> {
    let (runs, rules) = (judged.runs, judged.rules);
    let all = || runs.iter().flat_map(Run::all_endpoints).map(|e| &e.key);
    let mut seen = BTreeSet::new();
    let holds = |key: &EndpointKey| match scope {
        Scope::Total => *key == EndpointKey::Total,
        Scope::Endpoints(pattern) => pattern.matches(key) && !rules.for_endpoint(key).ignore,
        Scope::Class(class) => {
            let own = rules.for_endpoint(key);
            *key != EndpointKey::Total && own.class.as_ref() == Some(class) && !own.ignore
        }
    };
    let mut found: Vec<EndpointKey> =
        all().filter(|key| holds(key) && seen.insert((*key).clone())).cloned().collect();
    // Where a file knows no endpoints, its total is all that there is of the class.
    let knows_endpoints = all().any(|key| *key != EndpointKey::Total);
    let total = rules.for_endpoint(&EndpointKey::Total).class;
    if matches!(scope, Scope::Class(class) if !knows_endpoints && total.as_ref() == Some(class)) {
        found.push(EndpointKey::Total);
    }
    found
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
        meant: None,
        lack: None,
        few: None,
    }
}

/// The verdict on a value: the gravest limit that it breaks, else the mildest.
pub(super) fn finding(budget: &Budget, measured: BudgetValue) -> BudgetFinding {
    let BudgetValue { subject, unit, value, severity } = measured;
    let unit = stated_or_known(budget, unit);
    let limits: Option<Vec<(Tier, Bound, f64)>> = budget
        .tiers
        .iter()
        .map(|(tier, bound)| Some((*tier, *bound, bound.in_unit(&unit)?)))
        .collect();
    // A limit of another sort than the metric cannot be held against it.
    let limits = limits.unwrap_or_default();
    let broken =
        |value: f64| limits.iter().rev().find(|(_, bound, limit)| !bound.is_kept(value, *limit));
    let first = limits.first().copied();
    let (reason, decides) = match value {
        Ok(_) if limits.is_empty() => (BudgetReason::OtherUnit, None),
        Ok(value) => match broken(value) {
            Some(own) if own.0 == Tier::Target => (BudgetReason::TargetMissed, Some(*own)),
            Some(own) if severity == Severity::Warn => (BudgetReason::WarnOnly, Some(*own)),
            Some(own) => (BudgetReason::Broken, Some(*own)),
            None => (BudgetReason::Kept, first),
        },
        Err(missing) => (BudgetReason::Missing(missing), first),
    };
    BudgetFinding {
        budget: budget.name.as_str().into(),
        subject,
        endpoint: None,
        unit,
        value: value.ok().filter(|_| !limits.is_empty()),
        limit: decides.map(|(_, bound, limit)| (bound, limit)),
        tier: decides.map_or(Tier::Acceptable, |(tier, _, _)| tier),
        reason,
        meant: None,
        lack: None,
        few: None,
    }
}

/// The metric that was probably meant by the name of one that no run has.
fn meant(key: &MeasurementKey, found: &BudgetFinding, runs: &[Run]) -> Option<Untrusted> {
    let Metric::Custom(name) = &key.metric else { return None };
    if found.reason != BudgetReason::Missing(Missing::NotMeasured) {
        return None;
    }
    let known = runs.iter().flat_map(|run| &run.metrics).map(|metric| metric.name.raw());
    suggest(name.raw(), known).map(Untrusted::from)
}
