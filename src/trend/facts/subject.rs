//! What a row of facts is about, as a column of a history.

use super::schema::SUBJECT_TEXTS;
use crate::model::{
    Direction, EndpointKey, Kind, MeasurementKey, Metric, Named as _, Statistic, Unit,
};
use crate::trend::table::Column;

/// The column of these texts; none where this version knows no such thing.
pub(super) fn subject_of(texts: [Option<&str>; SUBJECT_TEXTS.len()]) -> Option<Column> {
    let [kind, method, endpoint, metric, statistic, unit, better] = texts;
    let (kind, endpoint, metric) = (kind?, endpoint?, metric?);
    let is_custom = kind == "custom";
    let kind = match kind {
        "total" => None,
        "custom" if endpoint == "total" => None,
        "custom" => Some(Kind::Http),
        other => Some(Kind::from_name(other)?),
    };
    let endpoint = match kind {
        None => EndpointKey::Total,
        Some(kind) => named(kind, method, endpoint),
    };
    let metric = match metric {
        "latency" if !is_custom => Metric::Latency,
        "error_rate" if !is_custom => Metric::ErrorRate,
        "throughput" if !is_custom => Metric::Throughput,
        other => Metric::Custom(other.into()),
    };
    let direction = if better == Some("higher") { Direction::Higher } else { Direction::Lower };
    let (unit, _) = Unit::from_name(unit.unwrap_or_default());
    let key = MeasurementKey { endpoint, metric, statistic: statistic?.parse::<Statistic>().ok()? };
    Some(Column { key, heading: None, unit, direction })
}

/// An endpoint from its text, which begins with the method if there is one.
fn named(kind: Kind, method: Option<&str>, text: &str) -> EndpointKey {
    let begins = match (method, kind) {
        (Some(method), _) => format!("{method} "),
        (None, Kind::Group | Kind::Scenario) => format!("{kind} "),
        (None, _) => String::new(),
    };
    let name = text.strip_prefix(&begins).unwrap_or(text);
    EndpointKey::Named { kind, method: method.map(Into::into), name: name.into() }
}
