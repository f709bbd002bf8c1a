//! The web vitals of pages, held against what web.dev calls good: a target of every page that the policy does not limit itself. Who
//! measures pages means to keep them, and a missed target is a warning.

use super::budget_value::{Judged, measure_key};
use super::budget_verdict::{finding, leave_rare_ones};
use super::finding::BudgetFinding;
use super::verdict::{Missing, Verdict};
use crate::config::{
    Bound, Budget, Comparison, Limited, QuantityKind, Rules, Scope, Tier, defaults,
};
use crate::model::{
    CustomMetric, EndpointKey, Kind, MeasurementKey, Metric, Quantile, Raw as _, Run, Statistic,
    Unit, is_same_metric, known_metric,
};

/// Adds the findings of the targets that hold by default to those of the policy's own `budgets`.
pub(super) fn add_web_vitals(
    findings: &mut Vec<BudgetFinding>,
    budgets: &[Budget],
    judged: &Judged<'_>,
) {
    if !judged.rules.web_vitals {
        return;
    }
    let limited = |name: &str| {
        budgets.iter().any(|budget| match &budget.limited {
            Limited::Measurement(_, Metric::Custom(own), _) => is_same_metric(own.raw(), name),
            _ => false,
        })
    };
    let mut own: Vec<BudgetFinding> = Vec::new();
    for (name, by_endpoint) in &judged.metrics {
        let Some(target) = target(name.raw()).filter(|_| !limited(name.raw())) else { continue };
        let Statistic::Quantile(level) = target.statistic else { continue };
        for (page, metrics) in by_endpoint.iter().filter(|(key, _)| is_judged(key, judged)) {
            if metrics.iter().all(|metric| metric.quantiles.contains_key(&level)) {
                let key = MeasurementKey {
                    endpoint: page.clone(),
                    metric: Metric::Custom((*name).clone()),
                    statistic: target.statistic,
                };
                own.push(target.finding(&key, metrics, judged));
            }
        }
    }
    let any = findings.iter().chain(&own).any(|own| own.verdict() != Verdict::NotCompared);
    if any {
        leave_rare_ones(&mut own);
    }
    findings.extend(own);
}

/// Whether the run has a page of which a target holds by default.
pub fn has_web_vitals(run: &Run, rules: &Rules) -> bool {
    let is_page = |key: &EndpointKey| key.kind() == Some(Kind::Page);
    let held = |own: &CustomMetric| is_page(&own.endpoint) && target(own.name.raw()).is_some();
    rules.web_vitals && run.metrics.iter().any(held)
}

impl BudgetFinding {
    /// Whether it is the target of a page, which asks for loads and not for requests.
    pub fn counts_loads(&self) -> bool {
        let needs = Some(Missing::TooFewRequests { needs: defaults::MIN_LOADS });
        let metric = self.budget.raw().rsplit_once('_').map(|(metric, _)| metric);
        self.reason.missing() == needs && metric.is_some_and(|metric| target(metric).is_some())
    }
}

fn is_judged(key: &EndpointKey, judged: &Judged<'_>) -> bool {
    let is_page = matches!(key, EndpointKey::Named { kind: Kind::Page, .. });
    is_page && !judged.rules.for_endpoint(key).ignore
}

/// A target that holds by default.
struct Target {
    statistic: Statistic,
    budget: Budget,
}

/// The target of a metric, if it is a web vital.
fn target(name: &str) -> Option<Target> {
    let known = known_metric(name)?;
    let (_, good) = defaults::WEB_VITALS.iter().find(|(vital, _)| *vital == known.name)?;
    let kind = match known.unit() {
        Unit::Milliseconds => QuantityKind::Time,
        _ => QuantityKind::Number,
    };
    let statistic = Statistic::Quantile(Quantile::from_percent(defaults::WEB_VITALS_PERCENT)?);
    let bound = Bound { comparison: Comparison::AtMost, value: *good, kind };
    Some(Target {
        statistic,
        budget: Budget {
            name: format!("{}_{statistic}", known.name),
            limited: Limited::Measurement(Scope::Total, Metric::Custom(name.into()), statistic),
            tiers: vec![(Tier::Target, bound)],
        },
    })
}

impl Target {
    fn finding(
        &self,
        key: &MeasurementKey,
        metrics: &[&CustomMetric],
        judged: &Judged<'_>,
    ) -> BudgetFinding {
        let loads = metrics.iter().filter_map(|metric| metric.count).fold(0, u64::saturating_add);
        let mut value = measure_key(key, judged);
        let needs = defaults::MIN_LOADS;
        if loads < needs {
            value.value = Err(Missing::TooFewRequests { needs });
        }
        let endpoint = Some(key.endpoint.text());
        BudgetFinding { endpoint, ..finding(&self.budget, value) }
    }
}
