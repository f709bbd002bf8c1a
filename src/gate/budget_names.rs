//! What the name of a budget means in these runs.

use crate::config::{Bound, Budget, Limited, QuantityKind, Scope};
use crate::model::{Metric, Raw as _, Run, Statistic, Unit, is_same_metric, known_metric};
use std::collections::BTreeSet;

/// The budget under each name that the runs have for its metric: `LCP` is `browser_web_vital_lcp` of k6.
pub(super) fn by_names_of(budget: &Budget, runs: &[Run]) -> Vec<Budget> {
    let budget = whole_name(budget, runs).unwrap_or_else(|| budget.clone());
    let Limited::Measurement(scope, Metric::Custom(name), statistic) = &budget.limited else {
        return vec![budget];
    };
    if has(runs, name.raw()) {
        return vec![budget];
    }
    let metrics = runs.iter().flat_map(|run| &run.metrics).map(|metric| &metric.name);
    let same: BTreeSet<_> =
        metrics.filter(|other| is_same_metric(name.raw(), other.raw())).collect();
    let called = |other: &_| Budget {
        limited: Limited::Measurement(
            scope.clone(),
            Metric::Custom(Clone::clone(other)),
            *statistic,
        ),
        ..budget.clone()
    };
    if same.is_empty() { vec![budget] } else { same.into_iter().map(called).collect() }
}

/// `backend_p99` may be the p99 of `backend`, or a metric that is called so: the runs know.
fn whole_name(budget: &Budget, runs: &[Run]) -> Option<Budget> {
    let Limited::Measurement(Scope::Total, Metric::Custom(name), Statistic::Quantile(_)) =
        &budget.limited
    else {
        return None;
    };
    (!has(runs, name.raw()) && has(runs, &budget.name)).then(|| Budget {
        limited: Limited::Measurement(
            Scope::Total,
            Metric::Custom(budget.name.as_str().into()),
            Statistic::Value,
        ),
        ..budget.clone()
    })
}

fn has(runs: &[Run], wanted: &str) -> bool {
    let metric = runs.iter().flat_map(|run| &run.metrics).any(|metric| metric.name == wanted);
    metric || runs.iter().any(|run| run.resources.contains_key(wanted))
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
