//! Alerts of the policy that were evaluated over the runs, held like budgets.

use super::finding::BudgetFinding;
use super::verdict::{BudgetReason, Missing};
use crate::config::{Rules, Tier};
use crate::model::{
    AlertOutcome, AlertRule, AlertSeverity, Raw as _, Run, Unit, Warning, WarningKind,
};

/// Each alert that was evaluated over every run, or fired during one.
pub(super) fn alert_findings(runs: &[Run], rules: &Rules) -> Vec<BudgetFinding> {
    rules.alerts.iter().filter_map(|rule| Some(finding(rule, worst(rule, runs)?))).collect()
}

/// The alerts of which nobody knows whether they would have fired, because nobody asked.
pub(super) fn unchecked_alerts(runs: &[Run], rules: &Rules) -> Option<Warning> {
    let unchecked = rules.alerts.iter().filter(|rule| worst(rule, runs).is_none());
    let names: Vec<String> = unchecked.map(|rule| rule.name.raw().to_owned()).collect();
    let asked = runs.iter().any(|run| !run.alerts.is_empty());
    let kind = WarningKind::AlertsNotChecked { alerts: names.clone(), asked };
    (!names.is_empty()).then(|| Warning::new(kind))
}

/// The worst that came of an alert in any run; none where it was quiet in some and others do not know it.
fn worst<'a>(rule: &AlertRule, runs: &'a [Run]) -> Option<&'a AlertOutcome> {
    let of_run = |run: &'a Run| {
        let found = run.alerts.iter().find(|alert| alert.rule.fires_as(rule));
        found.map(|alert| &alert.outcome)
    };
    let all: Vec<Option<&AlertOutcome>> = runs.iter().map(of_run).collect();
    let known = || all.iter().flatten().copied();
    let fired = known().find(|own| matches!(own, AlertOutcome::Fired(_)));
    if fired.is_some() || all.iter().any(Option::is_none) {
        return fired;
    }
    known().find(|own| matches!(own, AlertOutcome::Unknown(_))).or_else(|| known().next())
}

fn finding(rule: &AlertRule, outcome: &AlertOutcome) -> BudgetFinding {
    let warns = rule.severity == AlertSeverity::Warning;
    BudgetFinding {
        budget: rule.name.clone(),
        subject: rule.name.map(|name| format!("alert {name}")),
        endpoint: None,
        unit: Unit::Number,
        value: None,
        limit: None,
        tier: if warns { Tier::Target } else { Tier::Critical },
        reason: match outcome {
            AlertOutcome::Quiet => BudgetReason::Kept,
            AlertOutcome::Fired(_) if warns => BudgetReason::TargetMissed,
            AlertOutcome::Fired(_) => BudgetReason::Broken,
            AlertOutcome::Unknown(_) => BudgetReason::Missing(Missing::NotMeasured),
        },
        at: None,
        meant: None,
        few: None,
        lack: None,
        alert: Some(outcome.clone()),
    }
}
