//! What was read, as a policy, a table of baselines, and a list of what was not understood.

use super::entry::{Entry, Origin, Value};
use super::write::policy_text;
use crate::model::{Untrusted, harmless, limits, yaml};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// What looks like a demand and has no single meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The document.
    pub document: String,
    /// The line, from 1.
    pub line: u64,
    /// What stands there, shortened.
    pub said: Untrusted,
    /// What is missing.
    pub why: Untrusted,
}

/// What documents say.
#[derive(Debug, Clone)]
pub struct Reading {
    pub(super) documents: Vec<String>,
    pub(super) policy: Entry,
    pub(super) baselines: Entry,
    /// What has no single meaning, in the order of the documents.
    pub unread: Vec<Unread>,
    /// Blocks of code and of other data, which are not read: how many of them.
    pub left_out: usize,
}

/// What every policy needs and no document says.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The branch to compare with.
    pub branch: Option<String>,
    /// Result files.
    pub results: Vec<String>,
}

impl Reading {
    pub(super) fn place(&self, origin: Origin) -> String {
        let name = self.documents.get(origin.document).map_or("", String::as_str);
        format!("{}:{}", harmless(name), origin.line)
    }

    pub(super) fn place_of(&self, entry: &Entry) -> String {
        entry.origins.first().map(|origin| self.place(*origin)).unwrap_or_default()
    }

    /// How many values a policy gets.
    pub fn statements(&self) -> usize {
        self.policy.leaves().len()
    }

    /// The policy: every value with its lines, and what is not understood as a comment at the end.
    pub fn policy_text(&self, head: &Head) -> String {
        let mut text = String::from(
            "# The policy of perfgate, read from documents. Each entry names the line that demands it.\n\n",
        );
        let list = |items: &[String]| {
            let items: Vec<String> = items.iter().map(yaml).collect();
            format!("[{}]", items.join(", "))
        };
        text.push_str("# `perfgate doctor` tells where these and this file differ.\n");
        text.push_str(&format!("documents: {}\n", list(&self.documents)));
        if !head.results.is_empty() && self.policy.get("results").is_none() {
            text.push_str(&format!("\nresults: {}\n", list(&head.results)));
        }
        if let Some(branch) = head.branch.as_ref().filter(|_| self.policy.get("baseline").is_none())
        {
            text.push_str(&format!("\nbaseline:\n  branch: {}\n", yaml(branch)));
        }
        text.push_str(&policy_text(&self.policy, Some(&self.documents)));
        self.add_unread(&mut text);
        text
    }

    fn add_unread(&self, text: &mut String) {
        if self.unread.is_empty() {
            return;
        }
        text.push_str("\n# Not understood, and so not judged:\n");
        for unread in self.unread.iter().take(limits::STATEMENTS) {
            let (name, said) = (harmless(&unread.document), harmless(&unread.said));
            text.push_str(&format!("#\n# {name}:{}: {said}\n", unread.line));
            text.push_str(&format!("#   {}\n", harmless(&unread.why)));
        }
        let more = self.unread.len().saturating_sub(limits::STATEMENTS);
        if more > 0 {
            text.push_str(&format!("#\n# … and {more} more\n"));
        }
    }

    /// The tables of baselines, as the JSON that perfgate reads; none where there are none.
    pub fn baselines(&self) -> Option<String> {
        let found = !self.baselines.map().is_empty();
        found.then(|| format!("{:#}\n", json(&self.baselines.value)))
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => {
            let number = text.parse::<u64>().map(Number::from).ok();
            let number = number.or_else(|| Number::from_f64(text.parse().ok()?));
            number.map_or_else(|| Json::from(text.clone()), Json::Number)
        }
        Value::List(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, own)| (key.clone(), json(&own.value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}

impl fmt::Display for Unread {
    /// One line for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, line, said, why } = self;
        write!(f, "  {}:{line}: {}\n    {}", harmless(document), harmless(said), harmless(why))
    }
}
