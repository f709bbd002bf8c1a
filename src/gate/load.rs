//! Budgets on the load itself: numbers that are good because hardly anything was asked for are worth nothing.

use super::budget_value::{BudgetValue, Judged, scoped};
use super::budget_verdict::finding;
use super::finding::BudgetFinding;
use super::lack::Lack;
use super::verdict::Missing;
use crate::config::{Budget, Rules, Scope, Severity};
use crate::model::{
    Direction, EndpointKey, LoadNumber, Named as _, Raw as _, Run, Unit, Untrusted, Warning,
    WarningKind,
};

/// How much shorter than a load its requests may look, in milliseconds, and as a share of it: before the first and after the last
/// one, the load shows no request.
const ENDS_MS: f64 = 1e3;
const ENDS_SHARE: f64 = 0.01;
/// Share of a profile's users that must have been reached for it to be the profile's load.
const ENOUGH_USERS: f64 = 0.9;

/// Judges a number of the load in every run: one run that fell short is enough.
pub(super) fn load(
    budget: &Budget,
    scope: &Scope,
    number: LoadNumber,
    judged: &Judged<'_>,
) -> Vec<BudgetFinding> {
    if *scope == Scope::Total {
        let of_run = |run: &Run| run.load_number(number);
        let of = Of { number, subject: number.name().into(), severity: Severity::Fail };
        return vec![judge(budget, of, judged.runs.iter().map(of_run))];
    }
    let of_endpoint = |key: EndpointKey| {
        let requests = |run: &Run| {
            let own = run.endpoints.iter().find(|endpoint| endpoint.key == key);
            own.map_or(Some(0.0), |endpoint| endpoint.requests.map(|n| n as f64))
        };
        let subject = key.text().join(" ", &number.name().into());
        let severity = judged.rules.for_endpoint(&key).severity;
        judge(budget, Of { number, subject, severity }, judged.runs.iter().map(requests))
    };
    let found: Vec<BudgetFinding> = scoped(scope, judged).into_iter().map(of_endpoint).collect();
    if !found.is_empty() {
        return found;
    }
    let subject = budget.name.as_str().into();
    vec![judge(budget, Of { number, subject, severity: Severity::Fail }, [None].into_iter())]
}

/// What a number is of.
struct Of {
    number: LoadNumber,
    subject: Untrusted,
    severity: Severity,
}

fn judge(budget: &Budget, of: Of, of_runs: impl Iterator<Item = Option<f64>>) -> BudgetFinding {
    let Of { number, subject, severity } = of;
    let bound = budget.tiers.first().map(|(_, bound)| *bound);
    let at_least = bound.is_none_or(|own| own.comparison.direction() == Direction::Higher);
    let all: Option<Vec<f64>> = of_runs.collect();
    let worst = all.and_then(|all| {
        let worse = |a: f64, b: f64| if at_least { a.min(b) } else { a.max(b) };
        all.into_iter().reduce(worse)
    });
    let unit = if number == LoadNumber::Duration { Unit::Milliseconds } else { Unit::Number };
    let Some(worst) = worst else {
        let value = Err(Missing::NotMeasured);
        let found = finding(budget, BudgetValue { subject, unit, value, severity });
        return BudgetFinding { lack: Some(Lack::Load), ..found };
    };
    let limit = bound.map_or(0.0, |bound| bound.value);
    let ends = if number == LoadNumber::Duration && at_least { ends(limit) } else { 0.0 };
    let value = Ok(worst + ends);
    let found = finding(budget, BudgetValue { subject, unit, value, severity });
    BudgetFinding { value: found.value.map(|_| worst), ..found }
}

/// How much shorter than this many milliseconds a load may look.
fn ends(limit: f64) -> f64 {
    ENDS_MS.max(ENDS_SHARE * limit)
}

/// A part of a profile's load.
pub(super) struct LoadPart {
    /// What it is, with the numbers where they are known.
    pub(super) text: Untrusted,
    /// Whether it was there; none where the results do not say it.
    pub(super) reached: Option<bool>,
}

/// The users and the time that the profile of a run asks for.
pub(super) fn profile_load(run: &Run, rules: &Rules) -> Vec<LoadPart> {
    let Some(name) = run.profile.as_ref().map(|name| name.raw()) else { return Vec::new() };
    let part = |what: &str, text: Option<String>, reached| LoadPart {
        text: text.unwrap_or_else(|| what.to_owned()).into(),
        reached,
    };
    let users = rules.users_of(name).map(|wanted| {
        let known = run.load.users_reached();
        let text = known.map(|own| format!("{own} of {wanted} users"));
        part("users", text, known.map(|own| own as f64 >= ENOUGH_USERS * wanted as f64))
    });
    let duration = rules.duration_of(name).map(|wanted| {
        let known = run.load_number(LoadNumber::Duration);
        let text = known.map(|own| format!("{:.0} of {wanted:.0} s", own / 1e3));
        let wanted = wanted * 1e3;
        part("duration", text, known.map(|own| own + ends(wanted) >= wanted))
    });
    users.into_iter().chain(duration).collect()
}

/// Runs that had fewer users than their profile has, where no budget says it.
pub(super) fn users_missed(runs: &[Run], rules: &Rules) -> Vec<Warning> {
    let missed = |run: &Run| {
        let name = run.profile.as_ref()?.raw();
        let wanted = rules.users_of(name)?;
        let reached = run.load.users_reached()?;
        ((reached as f64) < ENOUGH_USERS * wanted as f64).then(|| {
            Warning::new(WarningKind::UsersMissed { profile: name.to_owned(), wanted, reached })
        })
    };
    runs.iter().filter_map(missed).collect()
}
