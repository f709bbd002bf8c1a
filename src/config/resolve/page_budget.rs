//! `performance_budget`: the limits of a page, as front ends keep them: `{ FCP: 1500, LCP: 2500, CLS: 0.1 }`.

use super::source::Source;
use super::tiers::{better, tiers};
use crate::config::bound::Bound;
use crate::config::budget::{Budget, Limited, Scope, Tier};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::quantity::QuantityKind;
use crate::model::{Direction, KnownMetric, Metric, Statistic, Unit, known_metric};

/// What the whole of a page is called here, and the metric.
const WHOLE: [&str; 2] = ["total", "load"];
const PAGE_LOAD: &str = "page_load";

/// The budgets of a page. A name without a meaning of its own is a metric of the user's own.
pub(super) fn page_budget(
    source: &Source<'_>,
    Entries(written): &Entries<At<RawValue>>,
) -> Result<Vec<Budget>, ConfigError> {
    let mut budgets: Vec<Budget> = Vec::new();
    for (key, value) in written {
        let known = known(&key.value);
        let metric = known.map_or(key.value.as_str(), |known| known.name);
        let limited =
            Limited::Measurement(Scope::Total, Metric::Custom(metric.into()), Statistic::Value);
        if let Some(first) = budgets.iter().find(|known| known.limited == limited) {
            let problem =
                format!("\"{}\" is limited twice: \"{}\" is the same", key.value, first.name);
            return Err(source.error(key.place, problem));
        }
        let better = better(&limited).unwrap_or(Direction::Lower);
        let tiers = tiers(source, value, Some(better))?;
        let tiers = tiers.into_iter().map(|(tier, bound)| in_unit_of(known, tier, bound)).collect();
        budgets.push(Budget { name: key.value.clone(), limited, tiers });
    }
    Ok(budgets)
}

fn known(name: &str) -> Option<&'static KnownMetric> {
    let whole = WHOLE.iter().any(|word| name.eq_ignore_ascii_case(word));
    known_metric(if whole { PAGE_LOAD } else { name })
}

/// A bare number is in the unit that the metric always has.
fn in_unit_of(known: Option<&KnownMetric>, tier: Tier, bound: Bound) -> (Tier, Bound) {
    let is_time = known.is_some_and(|known| known.unit() == Unit::Milliseconds);
    match bound.kind {
        QuantityKind::Number if is_time => (tier, Bound { kind: QuantityKind::Time, ..bound }),
        _ => (tier, bound),
    }
}
