//! Values of options: how they are read, and which are possible.

use crate::cli::ci_forge::ForgeChoice;
use crate::cli::policy::Network;
use crate::config::{Leniency, parse_money};
use crate::forge::{FORGES, Forge};
use crate::ingest::{FORMATS, Format};
use crate::model::{Field, Named as _};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// `fail` or `warn`.
pub(super) fn leniency() -> impl TypedValueParser<Value = Leniency> {
    PossibleValuesParser::new(Leniency::ALL.map(Leniency::name)).try_map(|name| {
        let named = Leniency::ALL.into_iter().find(|leniency| leniency.name() == name);
        named.ok_or("unknown")
    })
}

/// The fields that runs can differ in. Those that only make a warning are taken, and not listed.
pub(super) fn fields() -> impl TypedValueParser<Value = Field> {
    let possible = |field: &Field| PossibleValue::new(field.name()).hide(!field.forbids());
    let names = PossibleValuesParser::new(Field::ALL.iter().map(possible));
    names.try_map(|name| Field::from_name(&name).ok_or("unknown"))
}

/// The formats that are read.
pub(super) fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let names = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name));
    names.try_map(|name| Format::named(&name).ok_or("unknown"))
}

/// The forges, or none of them.
pub(super) fn forges() -> impl TypedValueParser<Value = ForgeChoice> {
    let names = FORGES.iter().map(|forge| forge.name).chain(["none"]);
    PossibleValuesParser::new(names)
        .map(|name| Forge::named(&name).map_or(ForgeChoice::None, ForgeChoice::Forge))
}

pub(super) fn network(offline: bool) -> Network {
    if offline { Network::Offline } else { Network::Online }
}

/// A duration such as `90s`, `15m` or `2h`.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let known = text.parse::<jiff::SignedDuration>().ok().and_then(|own| own.try_into().ok());
    known
        .filter(|own: &std::time::Duration| !own.is_zero())
        .ok_or_else(|| "write it like 90s, 15m or 2h".to_owned())
}

/// A day such as `2026-11-30`.
pub(super) fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write a day like 2026-11-30".to_owned())
}

/// A time such as `2026-11-30T12:00:00Z`.
pub(super) fn instant(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| "write a time like 2026-11-30T12:00:00Z".to_owned())
}

/// An amount of money in US dollars.
pub(super) fn money(text: &str) -> Result<f64, String> {
    parse_money(text).ok_or_else(|| "write an amount in US dollars, such as 2 or '$2'".to_owned())
}
