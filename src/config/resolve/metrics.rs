//! `metrics`: numbers that are computed from others.

use super::source::{Source, direction};
use crate::config::budget::Query;
use crate::config::derived::{Derived, RunNumber};
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::formula::{Formula, Input, Measure, Number, Undefined};
use crate::config::suggest::suggest;
use crate::model::Unit;
use std::collections::{BTreeMap, BTreeSet};

/// A derived metric, and where it is written.
struct Written {
    derived: Derived,
    place: (u64, u64),
}

/// The derived metrics, each behind those that it is computed from.
pub(super) fn metrics(
    source: &Source<'_>,
    written: Entries<At<RawValue>>,
    queries: &[Query],
) -> Result<Vec<Derived>, ConfigError> {
    let mut all: BTreeMap<String, Written> = BTreeMap::new();
    for (name, value) in written.0 {
        if RunNumber::from_name(&name.value).is_some() {
            let problem =
                format!("every run has its own {}: call the metric otherwise", name.value);
            return Err(source.error(name.place, problem));
        }
        let derived = derived(source, &name, &value)?;
        let place = value.place;
        if all.insert(name.value.clone(), Written { derived, place }).is_some() {
            return Err(source.error(name.place, format!("\"{}\" is given twice", name.value)));
        }
    }
    let mut order = Order { source, all: &all, done: Vec::new(), open: Vec::new() };
    all.keys().try_for_each(|name| order.add(name))?;
    let order = order.done;
    refuse_slips(source, &all)?;
    refuse_mismatches(source, &order, &all, queries)?;
    Ok(order.into_iter().filter_map(|name| Some(all.get(&name)?.derived.clone())).collect())
}

fn derived(
    source: &Source<'_>,
    name: &At<String>,
    value: &At<RawValue>,
) -> Result<Derived, ConfigError> {
    let parse = |value: &At<RawValue>| -> Result<Formula, ConfigError> {
        let text = source.text_of(value)?;
        text.parse().map_err(|why| {
            source.error(value.place, format!("the formula of {} is not one: {why}", name.value))
        })
    };
    let (mut formula, mut unit, mut better) = (None, None, None);
    match &value.value {
        RawValue::Text(_) => formula = Some(parse(value)?),
        RawValue::Map(Entries(entries)) => {
            for (key, value) in entries {
                match key.value.as_str() {
                    "formula" => formula = Some(parse(value)?),
                    "unit" => unit = Some(Unit::from_name(source.text_of(value)?)),
                    "direction" => better = Some(direction(source, value)?),
                    other => {
                        let known = ["formula", "unit", "direction"];
                        let problem = format!("unknown key \"{other}\"");
                        return Err(source.unknown(key, problem, &known));
                    }
                }
            }
        }
    }
    let formula =
        formula.ok_or_else(|| source.error(value.place, "a `formula` is missing".to_owned()))?;
    Ok(Derived { name: name.value.clone(), formula, unit, direction: better })
}

/// The order in which metrics can be computed.
struct Order<'a> {
    source: &'a Source<'a>,
    all: &'a BTreeMap<String, Written>,
    done: Vec<String>,
    /// Those that wait for the one that is looked at.
    open: Vec<String>,
}

impl Order<'_> {
    fn add(&mut self, name: &str) -> Result<(), ConfigError> {
        let Some(own) = self.all.get(name) else { return Ok(()) };
        if self.done.iter().any(|done| done == name) {
            return Ok(());
        }
        if let Some(first) = self.open.iter().position(|open| open == name) {
            let circle = self.open[first..].join(" → ");
            let problem = format!("{name} is computed from itself: {circle} → {name}");
            return Err(self.source.error(own.place, problem));
        }
        self.open.push(name.to_owned());
        for input in own.derived.formula.inputs() {
            self.add(&input.name)?;
        }
        self.open.pop();
        self.done.push(name.to_owned());
        Ok(())
    }
}

/// A name that is one letter off a known one is a slip; any other is a metric of the run's own.
fn refuse_slips(source: &Source<'_>, all: &BTreeMap<String, Written>) -> Result<(), ConfigError> {
    let known: BTreeSet<&str> = RunNumber::NAMES
        .iter()
        .map(|(name, _)| *name)
        .chain(all.keys().map(String::as_str))
        .collect();
    for Written { derived, place } in all.values() {
        for Input { name, .. } in derived.formula.inputs() {
            let is_known = known.contains(name.as_str()) || RunNumber::from_name(name).is_some();
            let meant = suggest(name, known.iter().copied().filter(|known| *known != derived.name));
            let near = |meant: &&str| meant.len().abs_diff(name.len()) <= 1;
            if let Some(meant) = meant.filter(near).filter(|_| !is_known) {
                let problem = format!(
                    "\"{name}\" in the formula of {} is unknown: did you mean {meant}?",
                    derived.name
                );
                return Err(source.error(*place, problem));
            }
        }
    }
    Ok(())
}

/// What can be told of units before there is a run.
fn refuse_mismatches(
    source: &Source<'_>,
    order: &[String],
    all: &BTreeMap<String, Written>,
    queries: &[Query],
) -> Result<(), ConfigError> {
    let mut known: BTreeMap<&str, Measure> =
        queries.iter().map(|own| (own.name.as_str(), Measure::of_unit(&own.unit).0)).collect();
    for name in order {
        let Some(Written { derived, place }) = all.get(name) else { continue };
        let input = |input: &Input| {
            let own = || known.get(input.name.as_str()).filter(|_| input.number != Number::Count);
            input.measure().or_else(|| own().cloned())
        };
        let wrong = |what: String| source.error(*place, format!("the formula of {name} {what}"));
        let measure = derived.formula.measure(&input).map_err(|why| match why {
            Undefined::Mismatch(left, right) => wrong(format!("adds {left} and {right}")),
            Undefined::Missing(_) | Undefined::NotFinite => wrong("has no value".to_owned()),
        })?;
        let Some(measure) = measure else { continue };
        let unit = match &derived.unit {
            Some((unit, factor)) if measure.in_unit(unit, *factor).is_none() => {
                return Err(wrong(format!("gives {measure}, which is not its unit")));
            }
            Some((unit, _)) => unit.clone(),
            None => measure.unit().map(|(unit, _)| unit).ok_or_else(|| {
                wrong(format!("gives {measure}, which is no unit: give the metric a `unit`"))
            })?,
        };
        known.insert(name, Measure::of_unit(&unit).0);
    }
    Ok(())
}
