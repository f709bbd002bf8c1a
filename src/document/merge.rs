//! Putting together what several places say.

use super::entry::{Entry, Origin, Step, Value};
use crate::config::same_limit;

/// Two places that say different things about one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contradiction {
    pub(super) way: Vec<Step>,
    pub(super) first: (Origin, String),
    pub(super) second: (Origin, String),
}

/// Adds what another place says. Where the two contradict each other, the first stays and the contradiction is told.
pub(super) fn merge(into: &mut Entry, from: Entry) -> Vec<Contradiction> {
    let mut found = Vec::new();
    add(into, from, &mut Vec::new(), &mut found);
    found
}

fn add(into: &mut Entry, from: Entry, way: &mut Vec<Step>, found: &mut Vec<Contradiction>) {
    if is_text(&into.value) != is_text(&from.value) && of_budgets(way) {
        let (mut own, other) = (as_tiers(into.clone()), as_tiers(from));
        add(&mut own, other, way, found);
        *into = own;
        return;
    }
    let origins = from.origins.clone();
    match (&mut into.value, from.value) {
        (Value::Text(own), Value::Text(other)) if *own == other || same_limit(own, &other) => {
            into.origins.extend(origins);
            into.origins.dedup();
        }
        (Value::Map(own), Value::Map(others)) => {
            for (key, entry) in others {
                match own.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, known)) => {
                        way.push(Step::Key(key));
                        add(known, entry, way, found);
                        way.pop();
                    }
                    None => own.push((key, entry)),
                }
            }
        }
        (Value::List(own), Value::List(others)) => {
            for item in others {
                let known = item.called().and_then(|name| {
                    let known = own.iter_mut().find(|known| known.called() == Some(name))?;
                    Some((name.to_owned(), known))
                });
                match known {
                    Some((name, known)) => {
                        way.push(Step::Item(name));
                        add(known, item, way, found);
                        way.pop();
                    }
                    None => own.push(item),
                }
            }
        }
        (own, other) => {
            let place = |origins: &[Origin]| origins.first().copied();
            if let (Some(one), Some(two)) = (place(&into.origins), place(&origins)) {
                let (first, second) = ((one, shown(own)), (two, shown(&other)));
                found.push(Contradiction { way: way.clone(), first, second });
            }
        }
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

/// Whether the way leads to a budget: there, a single value is the tier `acceptable`.
fn of_budgets(way: &[Step]) -> bool {
    let in_list = |name: &str| way.contains(&Step::Key(name.to_owned()));
    matches!(way.last(), Some(Step::Key(_))) && (in_list("budgets") || in_list("targets"))
}

fn as_tiers(entry: Entry) -> Entry {
    match entry.value {
        Value::Text(_) => Entry::of_key("acceptable", entry),
        Value::List(_) | Value::Map(_) => entry,
    }
}

/// A value as a message has it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => {
            let items = items.iter().map(|item| shown(&item.value));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|(key, entry)| format!("{key}: {}", shown(&entry.value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
