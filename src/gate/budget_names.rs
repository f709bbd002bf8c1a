//! What the name of a budget means in these runs.

use super::budget_value::Judged;
use crate::config::{Bound, Budget, Limited, QuantityKind, Scope};
use crate::model::{Metric, Raw as _, Statistic, Unit, is_same_metric, known_metric};

/// The budget under each name that the runs have for its metric: `LCP` is `browser_web_vital_lcp` of k6.
pub(super) fn by_names_of(budget: &Budget, judged: &Judged<'_>) -> Vec<Budget> {
    let budget = whole_name(budget, judged).unwrap_or_else(|| budget.clone());
    let Limited::Measurement(scope, Metric::Custom(name), statistic) = &budget.limited else {
        return vec![budget];
    };
    if has(judged, name.raw()) {
        return vec![budget];
    }
    let same = judged.metric_names.iter().filter(|other| is_same_metric(name.raw(), other));
    let called = |other: &str| limiting(&budget, scope, other, *statistic);
    let all: Vec<Budget> = same.map(called).collect();
    if all.is_empty() { vec![budget] } else { all }
}

/// `backend_p99` may be the p99 of `backend`, or a metric that is called so, and `api_connect` the connecting of a class, or a
/// metric: the runs know.
fn whole_name(budget: &Budget, judged: &Judged<'_>) -> Option<Budget> {
    let Limited::Measurement(scope, Metric::Custom(name), statistic) = &budget.limited else {
        return None;
    };
    let (whole, statistic) = match (scope, statistic) {
        (Scope::Total, Statistic::Quantile(_)) if !has(judged, name.raw()) => {
            (budget.name.clone(), Statistic::Value)
        }
        (Scope::Class(class), statistic) => (format!("{class}_{}", name.raw()), *statistic),
        _ => return None,
    };
    has(judged, &whole).then(|| limiting(budget, &Scope::Total, &whole, statistic))
}

fn limiting(budget: &Budget, scope: &Scope, metric: &str, statistic: Statistic) -> Budget {
    let metric = Metric::Custom(metric.into());
    Budget { limited: Limited::Measurement(scope.clone(), metric, statistic), ..budget.clone() }
}

fn has(judged: &Judged<'_>, wanted: &str) -> bool {
    judged.metric_names.contains(wanted)
        || judged.runs.iter().any(|run| run.resources.contains_key(wanted))
}

/// The unit of a value: that of its file or, where it states none and the limit is a time, the milliseconds that the metric is
/// always in.
pub(super) fn stated_or_known(budget: &Budget, stated: Unit) -> Unit {
    let in_time = |(_, bound): &(_, Bound)| bound.kind == QuantityKind::Time;
    match &budget.limited {
        Limited::Measurement(_, Metric::Custom(name), _)
            if stated == Unit::Number && budget.tiers.iter().any(in_time) =>
        {
            let known = known_metric(name.raw()).map(|known| known.unit());
            known.filter(|unit| *unit == Unit::Milliseconds).unwrap_or(stated)
        }
        _ => stated,
    }
}
