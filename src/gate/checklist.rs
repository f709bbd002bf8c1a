//! The checklist of the policy: what of it holds, what does not, and what nobody can tell.

use super::budget_value::Judged;
use super::checked_item::{CheckedItem, ItemState};
use super::finding::BudgetFinding;
use super::join::Pair;
use super::load::{load, profile_load};
use super::report::Coverage;
use super::verdict::{BudgetReason, Verdict};
use crate::config::{ChecklistItem, KnownItem, Limited, Rules};
use crate::model::{AlertOutcome, Raw as _, Run, Untrusted};
use std::collections::BTreeSet;

/// What the items are checked against.
pub(super) struct Evidence<'a> {
    pub(super) current: &'a [Run],
    pub(super) budgets: &'a [BudgetFinding],
    /// None where no comparison was asked for.
    pub(super) comparison: Option<Held<'a>>,
}

/// What is known of the comparison.
#[derive(Default)]
pub(super) struct Held<'a> {
    /// Empty: there is no baseline.
    pub(super) baseline: &'a [Run],
    /// The endpoints of the run that the baseline does not have.
    pub(super) new_endpoints: Vec<Untrusted>,
    /// Whether the runs are not of the same load.
    pub(super) different: bool,
    /// The verdict on the measurements; none without a baseline.
    pub(super) verdict: Option<Verdict>,
    pub(super) coverage: Coverage,
}

type Answer = (ItemState, Vec<Untrusted>);

const CHECKED: Answer = (ItemState::Checked, Vec::new());
const FAILED: Answer = (ItemState::Failed, Vec::new());
const CANNOT_TELL: Answer = (ItemState::CannotTell, Vec::new());

/// The checklist of the policy with what came of each item.
pub(super) fn checklist(evidence: &Evidence<'_>, rules: &Rules) -> Vec<CheckedItem> {
    let checked = |item: &ChecklistItem| {
        let (state, about) = match (item.key, &evidence.comparison) {
            (None, _) => (ItemState::ForPeople, Vec::new()),
            (Some(key), None) if key.needs_baseline() => (ItemState::NotAsked, Vec::new()),
            (Some(KnownItem::LoadReached), _) => load_reached(evidence.current, rules),
            (Some(KnownItem::NoAlerts), _) => no_alerts(evidence.budgets, rules),
            (Some(KnownItem::AllBudgetsKept), _) => all_budgets_kept(evidence.budgets),
            (Some(key), Some(held)) => of_comparison(key, held, evidence.current),
            (Some(_), None) => CANNOT_TELL,
        };
        let ChecklistItem { text, key, severity } = item;
        CheckedItem { item: text.as_str().into(), key: *key, state, severity: *severity, about }
    };
    rules.checklist.iter().map(checked).collect()
}

/// The endpoints of the run that the baseline does not have, but for those that are left out.
pub(super) fn new_endpoints(pairs: &[Pair<'_>], rules: &Rules) -> Vec<Untrusted> {
    let is_new = |pair: &&Pair<'_>| {
        pair.baseline.is_empty()
            && !pair.current.is_empty()
            && !rules.for_endpoint(&pair.key).ignore
    };
    pairs.iter().filter(is_new).map(|pair| pair.key.text()).collect()
}

fn of_comparison(key: KnownItem, held: &Held<'_>, current: &[Run]) -> Answer {
    let no_baseline = held.baseline.is_empty();
    match key {
        KnownItem::BaselineForAllEndpoints if no_baseline => FAILED,
        _ if no_baseline => CANNOT_TELL,
        KnownItem::EnvironmentMatches => environment_matches(held.baseline, current),
        _ if held.different => CANNOT_TELL,
        KnownItem::BaselineForAllEndpoints => unless(held.new_endpoints.clone(), Vec::new()),
        KnownItem::Coverage => coverage(held.coverage),
        _ => match held.verdict {
            Some(Verdict::Pass | Verdict::Warn) => CHECKED,
            Some(Verdict::Fail) => FAILED,
            Some(Verdict::Inconclusive | Verdict::NotCompared) | None => CANNOT_TELL,
        },
    }
}

/// Checked, unless something failed, or something could not be told.
fn unless(failed: Vec<Untrusted>, unknown: Vec<Untrusted>) -> Answer {
    match (failed.is_empty(), unknown.is_empty()) {
        (false, _) => (ItemState::Failed, failed),
        (true, false) => (ItemState::CannotTell, unknown),
        (true, true) => CHECKED,
    }
}

/// Two environments that are stated differ; otherwise one that is not stated leaves it open.
fn environment_matches(baseline: &[Run], current: &[Run]) -> Answer {
    let stated = |runs: &[Run]| -> BTreeSet<Untrusted> {
        runs.iter().filter_map(|run| run.environment.clone()).collect()
    };
    let (before, now) = (stated(baseline), stated(current));
    let mut differing = now.iter().filter(|own| before.iter().any(|old| old != *own));
    if let Some(own) = differing.next() {
        let old = before.iter().find(|old| *old != own).cloned().unwrap_or_default();
        return (ItemState::Failed, vec![old, own.clone()]);
    }
    let all = baseline.iter().chain(current).all(|run| run.environment.is_some());
    if all { CHECKED } else { CANNOT_TELL }
}

fn coverage(coverage: Coverage) -> Answer {
    let Coverage { compared, total } = coverage;
    match (total, compared == total) {
        (0, _) => CANNOT_TELL,
        (_, true) => CHECKED,
        (_, false) => (ItemState::Failed, vec![format!("{compared} of {total}").into()]),
    }
}

/// The users and the time of the profile, and every budget on the load.
fn load_reached(current: &[Run], rules: &Rules) -> Answer {
    let profile = current.first().and_then(|run| run.profile.as_ref().map(|name| name.raw()));
    let judged = Judged::new(current, rules);
    let limited = rules.budgets(profile).into_iter();
    let budgets = limited.flat_map(|budget| match &budget.limited {
        Limited::Load(scope, number) => load(budget, scope, *number, &judged),
        _ => Vec::new(),
    });
    let parts: Vec<Answer> = budgets
        .map(|found| (state_of(&found), vec![found.subject]))
        .chain(current.iter().flat_map(|run| profile_load(run, rules)).map(|part| {
            let state = match part.reached {
                Some(true) => ItemState::Checked,
                Some(false) => ItemState::Failed,
                None => ItemState::CannotTell,
            };
            (state, vec![part.text])
        }))
        .collect();
    all_of(parts)
}

/// Alerts that were not evaluated over every run are no budgets of the report.
fn no_alerts(budgets: &[BudgetFinding], rules: &Rules) -> Answer {
    let of_alert = |name: &Untrusted| {
        let own = budgets.iter().find(|own| own.alert.is_some() && own.budget == *name);
        let state = match own.and_then(|own| own.alert.as_ref()) {
            Some(AlertOutcome::Quiet) => ItemState::Checked,
            Some(AlertOutcome::Fired(_)) => ItemState::Failed,
            Some(AlertOutcome::Unknown(_)) | None => ItemState::CannotTell,
        };
        (state, vec![name.clone()])
    };
    all_of(rules.alerts.iter().map(|rule| of_alert(&rule.name)).collect())
}

fn all_budgets_kept(budgets: &[BudgetFinding]) -> Answer {
    all_of(budgets.iter().map(|own| (state_of(own), vec![own.subject.clone()])).collect())
}

/// A budget that only warns is broken all the same; a missed target is none.
fn state_of(found: &BudgetFinding) -> ItemState {
    let fired = matches!(found.alert, Some(AlertOutcome::Fired(_)));
    match found.reason {
        _ if fired => ItemState::Failed,
        BudgetReason::Kept | BudgetReason::TargetMissed => ItemState::Checked,
        BudgetReason::Broken | BudgetReason::WarnOnly => ItemState::Failed,
        BudgetReason::RarelyRequested(_) | BudgetReason::Missing(_) | BudgetReason::OtherUnit => {
            ItemState::CannotTell
        }
    }
}

/// Holds where every part does; what nobody asked for cannot be told.
fn all_of(parts: Vec<Answer>) -> Answer {
    if parts.is_empty() {
        return CANNOT_TELL;
    }
    let of = |state: ItemState| {
        let own = parts.iter().filter(|part| part.0 == state);
        own.flat_map(|part| part.1.clone()).collect()
    };
    unless(of(ItemState::Failed), of(ItemState::CannotTell))
}
