//! `gate`: how a verdict is reached.

use super::source::Source;
use crate::config::bound::parse_money;
use crate::config::choices::WebVitals;
use crate::config::error::ConfigError;
use crate::config::file::{At, GateFile};
use crate::config::pattern::Pattern;
use crate::config::rules::Rules;
use crate::config::threshold::parse_limit;
use crate::model::{Field, Named as _};

/// Puts the choices of the document into the rules.
pub(super) fn gate(
    source: &Source<'_>,
    gate: GateFile,
    rules: &mut Rules,
) -> Result<(), ConfigError> {
    rules.decide = gate.decide.unwrap_or(rules.decide);
    rules.max_runs = source.at_least(2, gate.max_runs)?.unwrap_or(rules.max_runs);
    rules.max_calls = source.at_least(1, gate.max_calls)?.map(|calls| calls as u64);
    if let Some(money) = gate.max_cost {
        let text = source.text_of(&money)?;
        let wrong = || source.error(money.place, format!("\"{text}\" is not an amount: write $2"));
        rules.max_cost = Some(parse_money(text).ok_or_else(wrong)?);
    }
    rules.min_requests = gate.min_requests.unwrap_or(rules.min_requests);
    if let Some(share) = gate.require_coverage {
        let text = source.text_of(&share)?;
        let share = parse_limit(text).map_err(|problem| source.error(share.place, problem))?;
        rules.require_coverage = Some(share);
    }
    rules.controls = gate.control.iter().map(|text| Pattern::new(text)).collect();
    for name in gate.allow_different {
        rules.allow_different.insert(field(source, &name)?);
    }
    rules.missing_baseline = gate.missing_baseline.unwrap_or(rules.missing_baseline);
    rules.inconclusive = gate.inconclusive.unwrap_or(rules.inconclusive);
    rules.skipped = gate.skipped.unwrap_or(rules.skipped);
    rules.removed = gate.removed.unwrap_or(rules.removed);
    rules.web_vitals = gate.web_vitals.map_or(rules.web_vitals, |choice| choice == WebVitals::Warn);
    Ok(())
}

fn field(source: &Source<'_>, name: &At<String>) -> Result<Field, ConfigError> {
    Field::from_name(&name.value).ok_or_else(|| {
        let known = Field::ALL.iter().filter(|field| field.forbids());
        let known: Vec<&str> = known.map(|field| field.name()).collect();
        source.unknown(name, format!("unknown field \"{}\"", name.value), &known)
    })
}
