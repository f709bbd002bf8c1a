//! The limits of a budget, by what it limits.

use super::source::{Source, length_s};
use super::tiers::{better, refuse_misfits, tiers};
use crate::config::bound::{Bound, Comparison};
use crate::config::budget::{Limited, Tier};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::model::LoadNumber;

/// The limits that a value states.
pub(super) fn limits(
    source: &Source<'_>,
    value: &At<RawValue>,
    limited: &Limited,
) -> Result<Vec<(Tier, Bound)>, ConfigError> {
    let tiers = match (limited, &value.value) {
        (Limited::MemoryLeak, RawValue::Text(text)) if text == "none" => return Ok(Vec::new()),
        (Limited::Load(_, LoadNumber::Duration), _) => {
            tiers(source, &in_seconds(source, value)?, better(limited))?
        }
        _ => tiers(source, value, better(limited))?,
    };
    refuse_misfits(source, value, limited, &tiers)?;
    Ok(tiers)
}

/// Lengths of a load (`10m`, `>= 1h30m`, `600`) in seconds: elsewhere, a limit with an `m` is more likely a slip of `ms`.
fn in_seconds(source: &Source<'_>, value: &At<RawValue>) -> Result<At<RawValue>, ConfigError> {
    let written = match &value.value {
        RawValue::Text(text) => {
            let (comparison, rest) = Comparison::split(text.trim());
            let seconds = length_s(rest.trim()).ok_or_else(|| {
                let like = "write it like 10m, >= 90s or >= 2h";
                source.error(value.place, format!("\"{text}\" is not a limit: {like}"))
            })?;
            let sign = comparison.map(Comparison::sign).unwrap_or_default();
            RawValue::Text(format!("{sign} {seconds}s"))
        }
        RawValue::Map(Entries(entries)) => {
            let tier = |(key, value): &(At<String>, At<RawValue>)| {
                Ok((key.clone(), in_seconds(source, value)?))
            };
            RawValue::Map(Entries(entries.iter().map(tier).collect::<Result<_, ConfigError>>()?))
        }
    };
    Ok(At { value: written, place: value.place })
}
