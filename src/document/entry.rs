//! What a policy is made of, each value with the lines that say so.

use crate::config::{Node, Tree};

/// A place in one of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// Which document, in the order in which they were read.
    pub(super) document: usize,
    /// Its line, from 1.
    pub(super) line: u64,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) origins: Vec<Origin>,
    /// What a reader should know about it.
    pub(super) note: Option<&'static str>,
    pub(super) value: Value,
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Entry>),
    Map(Vec<(String, Entry)>),
}

/// One step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// The item of a list that is called so.
    Item(String),
}

impl Entry {
    pub(super) fn new(origin: Origin, value: Value) -> Self {
        Self { origins: vec![origin], note: None, value }
    }

    pub(super) fn text(origin: Origin, text: impl Into<String>) -> Self {
        Self::new(origin, Value::Text(text.into()))
    }

    /// A mapping of one key.
    pub(super) fn of_key(key: impl Into<String>, entry: Self) -> Self {
        Self {
            origins: entry.origins.clone(),
            note: None,
            value: Value::Map(vec![(key.into(), entry)]),
        }
    }

    /// A list of one item.
    pub(super) fn of_item(item: Self) -> Self {
        Self { origins: item.origins.clone(), note: None, value: Value::List(vec![item]) }
    }

    pub(super) fn empty() -> Self {
        Self { origins: Vec::new(), note: None, value: Value::Map(Vec::new()) }
    }

    /// A value as it is written in a document; `before` is the number of lines above its text.
    pub(super) fn of_tree(tree: &Tree, line: u64, document: usize, before: u64) -> Self {
        let origin = Origin { document, line: line + before };
        let inner = |node: &Node| Self::of_tree(&node.tree, node.line, document, before);
        Self::new(
            origin,
            match tree {
                Tree::Text(text) => Value::Text(text.clone()),
                Tree::List(items) => Value::List(items.iter().map(inner).collect()),
                Tree::Map(entries) => Value::Map(
                    entries.iter().map(|(key, node)| (key.clone(), inner(node))).collect(),
                ),
            },
        )
    }

    pub(super) fn map(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Text(_) | Value::List(_) => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.map().iter().find(|(own, _)| own == key).map(|(_, entry)| entry)
    }

    /// What an item of a list is called: its operation or name, or its only key.
    pub(super) fn called(&self) -> Option<&str> {
        let own = ["operation", "name"].iter().find_map(|key| self.get(key));
        match (own.map(|own| &own.value), self.map()) {
            (Some(Value::Text(name)), _) => Some(name),
            (None, [(key, _)]) => Some(key),
            _ => None,
        }
    }

    /// The line that says it first.
    pub(super) fn line(&self) -> u64 {
        self.origins.first().map_or(0, |origin| origin.line)
    }

    /// The values without values inside, each with the way to it. What an item is called is part of the way.
    pub(super) fn leaves(&self) -> Vec<(Vec<Step>, &Self)> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect<'e>(&'e self, way: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'e Self)>) {
        let mut inside = |step: Step, entry: &'e Self| {
            way.push(step);
            entry.collect(way, found);
            way.pop();
        };
        match &self.value {
            Value::Text(_) => found.push((way.clone(), self)),
            Value::Map(entries) => {
                let name = self.called();
                for (key, entry) in entries {
                    let names = matches!(key.as_str(), "operation" | "name");
                    let is_name = names
                        && matches!(&entry.value, Value::Text(text) if Some(text.as_str()) == name);
                    if !is_name {
                        inside(Step::Key(key.clone()), entry);
                    }
                }
            }
            Value::List(items) => {
                for item in items {
                    match item.called() {
                        Some(name) => inside(Step::Item(name.to_owned()), item),
                        // A list of words is one value.
                        None => {
                            found.push((way.clone(), self));
                            break;
                        }
                    }
                }
            }
        }
    }

    /// The value at the end of a way.
    pub(super) fn find(&self, way: &[Step]) -> Option<&Self> {
        let Some((step, rest)) = way.split_first() else { return Some(self) };
        match (step, &self.value) {
            (Step::Key(key), _) => self.get(key)?.find(rest),
            (Step::Item(name), Value::List(items)) => {
                items.iter().find(|item| item.called() == Some(name))?.find(rest)
            }
            // A list of single keys may be written as one mapping.
            (Step::Item(_), Value::Map(_)) => self.find(rest),
            (Step::Item(_), Value::Text(_)) => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn find_mut(&mut self, way: &[Step]) -> Option<&mut Self> {
        let Some((step, rest)) = way.split_first() else { return Some(self) };
        match (step, &mut self.value) {
            (Step::Key(key), Value::Map(entries)) => {
                entries.iter_mut().find(|(own, _)| own == key)?.1.find_mut(rest)
            }
            (Step::Item(name), Value::List(items)) => {
                items.iter_mut().find(|item| item.called() == Some(name))?.find_mut(rest)
            }
            _ => None,
        }
    }

    /// The value at the end of a way alone, inside everything that leads to it.
    pub(super) fn only(&self, way: &[Step]) -> Option<Self> {
        let Some((step, rest)) = way.split_first() else { return Some(self.clone()) };
        match (step, &self.value) {
            (Step::Key(key), _) => {
                let inner = self.get(key)?.only(rest)?;
                let names = self
                    .map()
                    .iter()
                    .filter(|(own, _)| matches!(own.as_str(), "operation" | "name") && own != key);
                let mut entries: Vec<(String, Self)> = names.cloned().collect();
                entries.push((key.clone(), inner));
                Some(Self { value: Value::Map(entries), ..self.clone() })
            }
            (Step::Item(name), Value::List(items)) => {
                let item = items.iter().find(|item| item.called() == Some(name))?;
                Some(Self { value: Value::List(vec![item.only(rest)?]), ..self.clone() })
            }
            (Step::Item(_), _) => None,
        }
    }

    /// Takes the value at the end of a way out, and what is empty without it.
    pub(super) fn remove(&mut self, way: &[Step]) {
        let Some((step, rest)) = way.split_first() else { return };
        let is_empty = |entry: &Self| match &entry.value {
            Value::Text(_) => false,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => {
                entries.iter().all(|(key, _)| matches!(key.as_str(), "operation" | "name"))
            }
        };
        match (step, &mut self.value) {
            (Step::Key(key), Value::Map(entries)) => entries.retain_mut(|(own, entry)| {
                if own != key {
                    return true;
                }
                entry.remove(rest);
                !rest.is_empty() && !is_empty(entry)
            }),
            (Step::Item(name), Value::List(items)) => items.retain_mut(|item| {
                if item.called() != Some(name) {
                    return true;
                }
                item.remove(rest);
                !rest.is_empty() && !is_empty(item)
            }),
            _ => {}
        }
    }
}
