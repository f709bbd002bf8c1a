//! The limits of a budget: one, or one for each tier.

use super::source::Source;
use crate::config::bound::Bound;
use crate::config::budget::{Limited, Tier};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::quantity::QuantityKind;
use crate::model::{Direction, LoadNumber, Metric, Raw as _, Statistic, known_metric};

/// A number without a unit could mean anything where there is more than one: `cpu: "< 70"` is no 7 000 %.
pub(super) fn refuse_misfits(
    source: &Source<'_>,
    value: &At<RawValue>,
    limited: &Limited,
    tiers: &[(Tier, Bound)],
) -> Result<(), ConfigError> {
    let fits = |kind: QuantityKind| match limited {
        Limited::Measurement(_, Metric::Latency, Statistic::Cv) => kind == QuantityKind::Share,
        Limited::Measurement(_, Metric::Latency, _) => kind == QuantityKind::Time,
        Limited::Measurement(_, Metric::ErrorRate, _) => kind == QuantityKind::Share,
        Limited::Measurement(_, Metric::Throughput, _) => {
            matches!(kind, QuantityKind::Rate | QuantityKind::Number)
        }
        Limited::Resource(name, _) if name == "cpu" => kind == QuantityKind::Share,
        Limited::Resource(..) => matches!(kind, QuantityKind::Share | QuantityKind::Size),
        Limited::MemoryLeak => kind == QuantityKind::Size,
        Limited::Load(_, LoadNumber::Duration) => kind == QuantityKind::Time,
        Limited::Load(..) => kind == QuantityKind::Number,
        // By what they are windows of.
        Limited::Window(..) => true,
        Limited::Measurement(_, Metric::Custom(_), _) => true,
    };
    let Some((_, wrong)) = tiers.iter().find(|(_, bound)| !fits(bound.kind)) else {
        return Ok(());
    };
    let example = match limited {
        Limited::Measurement(_, Metric::Latency, Statistic::Cv) => "< 30%",
        Limited::Measurement(_, Metric::Latency, _) => "< 500ms",
        Limited::Measurement(_, Metric::ErrorRate, _) => "< 0.1%",
        Limited::Measurement(_, Metric::Throughput, _) => "> 100 RPS",
        Limited::Load(_, LoadNumber::Duration) => ">= 10m",
        Limited::Load(..) => ">= 100",
        Limited::MemoryLeak => "none, or < 20MB (an hour)",
        _ => "< 70% or < 512MB",
    };
    let problem = format!("{} does not fit here: write {example}", wrong.kind);
    Err(source.error(value.place, problem))
}

/// Which way is better, where that is plain.
pub(super) fn better(limited: &Limited) -> Option<Direction> {
    match limited {
        Limited::Measurement(_, Metric::Latency | Metric::ErrorRate, _)
        | Limited::Resource(..)
        | Limited::MemoryLeak => Some(Direction::Lower),
        Limited::Measurement(_, Metric::Throughput, _) | Limited::Load(..) => {
            Some(Direction::Higher)
        }
        Limited::Window(..) => None,
        Limited::Measurement(_, Metric::Custom(name), _) => {
            known_metric(name.raw()).map(|known| known.direction)
        }
    }
}

/// One limit, or one for each tier.
pub(super) fn tiers(
    source: &Source<'_>,
    value: &At<RawValue>,
    better: Option<Direction>,
) -> Result<Vec<(Tier, Bound)>, ConfigError> {
    let RawValue::Map(Entries(entries)) = &value.value else {
        return Ok(vec![(Tier::Acceptable, bound(source, value, better)?)]);
    };
    let mut written = Vec::new();
    for (key, value) in entries {
        let tier = Tier::ALL.into_iter().find(|tier| tier.name() == key.value);
        let tier = tier.ok_or_else(|| {
            let problem = format!("unknown tier \"{}\"", key.value);
            source.unknown(key, problem, &Tier::ALL.map(Tier::name))
        })?;
        written.push((tier, value));
    }
    ladder(source, value.place, written, better)
}

/// The limits of these tiers, which go from good to bad.
pub(super) fn ladder(
    source: &Source<'_>,
    place: (u64, u64),
    mut written: Vec<(Tier, &At<RawValue>)>,
    better: Option<Direction>,
) -> Result<Vec<(Tier, Bound)>, ConfigError> {
    written.sort_by_key(|(tier, _)| *tier);
    let mut better = better;
    let mut tiers: Vec<(Tier, Bound)> = Vec::new();
    for (tier, value) in written {
        let mut own = bound(source, value, better)?;
        match better {
            // `critical: "> 500ms"` names what is critical, where the others name what is not.
            Some(better) if tier == Tier::Critical && own.comparison.direction() != better => {
                own.comparison = own.comparison.opposite();
            }
            None if tier == Tier::Critical => {
                let problem = "a critical tier alone does not say which way is better: write target or acceptable beside it";
                return Err(source.error(value.place, problem.to_owned()));
            }
            _ => {}
        }
        better = better.or(Some(own.comparison.direction()));
        tiers.push((tier, own));
    }
    let worse = |pair: &[(Tier, Bound)]| {
        let ((mild_tier, mild), (grave_tier, grave)) = (pair[0], pair[1]);
        let apart = mild.kind != grave.kind
            || mild.comparison.direction() != grave.comparison.direction()
            || mild_tier == grave_tier;
        apart
            || match mild.comparison.direction() {
                Direction::Lower => grave.value < mild.value,
                Direction::Higher => grave.value > mild.value,
            }
    };
    if tiers.is_empty() || tiers.windows(2).any(worse) {
        let problem =
            "tiers go from good to bad: { target: 200ms, acceptable: 500ms, critical: 1s }";
        return Err(source.error(place, problem.to_owned()));
    }
    Ok(tiers)
}

fn bound(
    source: &Source<'_>,
    value: &At<RawValue>,
    better: Option<Direction>,
) -> Result<Bound, ConfigError> {
    let text = source.text_of(value)?;
    Bound::parse(text, better).map_err(|problem| source.error(value.place, problem))
}
