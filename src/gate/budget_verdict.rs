//! What a budget says of a value.

use super::budget_names::stated_or_known;
use super::budget_value::BudgetValue;
use super::finding::BudgetFinding;
use super::verdict::{BudgetReason, Missing, Verdict};
use crate::config::{Bound, Budget, Severity, Tier};

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
        at: None,
        meant: None,
        lack: None,
        few: None,
        alert: None,
    }
}

/// Where others of a class were judged, an endpoint that was hardly requested is a warning: it keeps no rare endpoint's class
/// from ever passing, and is still said.
pub(super) fn leave_rare_ones(findings: &mut [BudgetFinding]) {
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
