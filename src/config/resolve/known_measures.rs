//! Metrics that everybody knows, in the names of limits: `ttfb_p95`, `api_ttfb_p95`, `ttft`.

use super::source::{Source, latency_statistic, statistic};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::threshold::Quantity;
use crate::model::{KnownMetric, Metric, Named as _, Part, Statistic, Unit, known_metric};

/// A known metric and the statistic that a key names of it, its single number where it names none.
pub(super) fn known(
    source: &Source<'_>,
    key: &At<String>,
) -> Result<Option<(Metric, Statistic)>, ConfigError> {
    let (name, last) = split(&key.value);
    if known_metric(name).is_none() {
        return Ok(None);
    }
    let statistic = match last {
        // No file tells how far they lie apart.
        Some(last) if latency_statistic(last).is_some_and(Statistic::is_spread) => return Ok(None),
        Some(last) => {
            let last = At { value: last.to_owned(), place: key.place };
            statistic(source, &last, name)?
        }
        None => Statistic::Value,
    };
    Ok(Some((Metric::Custom(name.into()), statistic)))
}

/// A part of the requests of a class, by a name such as `api_ttfb`: the class and the part.
pub(super) fn of_class<'a>(name: &'a str, classes: &'a [String]) -> Option<(&'a str, Metric)> {
    let of = |class: &'a String| {
        let part = name.strip_prefix(class.as_str())?.strip_prefix('_')?;
        is_part(part).then(|| (class.as_str(), Metric::Custom(part.into())))
    };
    classes.iter().find_map(of)
}

/// Whether a name is that of a part of requests.
pub(super) fn is_part(name: &str) -> bool {
    known_metric(name).is_some_and(|known| Part::from_name(known.name).is_some())
}

/// What a limit of a metric's change may be written as.
pub(super) fn quantity(name: &str) -> Quantity {
    match known_metric(name).map(KnownMetric::unit) {
        Some(Unit::Milliseconds) => Quantity::Latency,
        _ => Quantity::Custom,
    }
}

/// A name without its statistic, and that.
pub(super) fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('_') {
        Some((of, last)) if latency_statistic(last).is_some() => (of, Some(last)),
        _ => (name, None),
    }
}

/// The entries with one for each statistic of a known metric: `ttfb: { p95: 500ms }` is `ttfb_p95: 500ms`.
pub(super) fn each_statistic(
    entries: Vec<(At<String>, At<RawValue>)>,
) -> Vec<(At<String>, At<RawValue>)> {
    let each = |(key, value): (At<String>, At<RawValue>)| match value.value {
        RawValue::Map(Entries(own))
            if known_metric(&key.value).is_some()
                && own.iter().all(|(name, _)| latency_statistic(&name.value).is_some()) =>
        {
            let one = |(name, value): (At<String>, At<RawValue>)| {
                let text = format!("{}_{}", key.value, name.value);
                (At { value: text, place: name.place }, value)
            };
            own.into_iter().map(one).collect()
        }
        _ => vec![(key, value)],
    };
    entries.into_iter().flat_map(each).collect()
}
