//! A policy as text, each value with the lines that say so.

use super::entry::{Entry, Origin, Value};
use crate::model::{harmless, yaml};
use std::collections::BTreeSet;

/// Top-level keys in the order in which people read them; others follow.
const ORDER: [&str; 9] = [
    "results",
    "baseline",
    "endpoint_classes",
    "regression_thresholds",
    "endpoints",
    "budgets",
    "profiles",
    "prometheus",
    "gate",
];

/// The text of a policy; with the names of the documents, each value names its lines.
pub(super) fn policy_text(policy: &Entry, documents: Option<&[String]>) -> String {
    let mut writer = Writer { text: String::new(), documents };
    let place = |key: &str| ORDER.iter().position(|own| *own == key).unwrap_or(ORDER.len());
    let mut entries: Vec<&(String, Entry)> = policy.map().iter().collect();
    entries.sort_by_key(|(key, _)| place(key));
    for (key, entry) in entries {
        if documents.is_some() {
            writer.text.push('\n');
        }
        writer.entry("", key, entry, 0);
    }
    writer.text
}

struct Writer<'a> {
    text: String,
    documents: Option<&'a [String]>,
}

impl Writer<'_> {
    /// A key with its value; `lead` is what stands in front of it, at this indent.
    fn entry(&mut self, lead: &str, key: &str, entry: &Entry, indent: usize) {
        let head = format!("{:indent$}{lead}{}:", "", scalar(key));
        let inside = indent + lead.len() + 2;
        match &entry.value {
            Value::Map(entries) if !entries.is_empty() && !is_tiers(entries) => {
                self.text.push_str(&head);
                self.text.push('\n');
                entries.iter().for_each(|(key, own)| self.entry("", key, own, inside));
            }
            Value::List(items)
                if items.iter().any(|item| !matches!(item.value, Value::Text(_))) =>
            {
                self.text.push_str(&head);
                self.text.push('\n');
                items.iter().for_each(|item| self.item(item, inside));
            }
            value => self.line(&format!("{head} {}", flow(value)), entry),
        }
    }

    fn item(&mut self, item: &Entry, indent: usize) {
        match &item.value {
            Value::Map(entries) if item.get("operation").is_none() => {
                let mut lead = "- ";
                for (key, own) in entries {
                    self.entry(lead, key, own, indent + 2 - lead.len());
                    lead = "";
                }
            }
            value => self.line(&format!("{:indent$}- {}", "", flow(value)), item),
        }
    }

    fn line(&mut self, text: &str, entry: &Entry) {
        self.text.push_str(text);
        let mut origins = BTreeSet::new();
        let mut notes = BTreeSet::new();
        gather(entry, &mut origins, &mut notes);
        if let Some(documents) = self.documents.filter(|_| !origins.is_empty()) {
            self.text.push_str("  # ");
            self.text.push_str(&places(&origins, documents));
            for note in notes {
                self.text.push_str(&format!(" ({note})"));
            }
        }
        self.text.push('\n');
    }
}

/// Whether a mapping is short enough for one line: the tiers of a limit.
fn is_tiers(entries: &[(String, Entry)]) -> bool {
    let is_tier = |key: &str| matches!(key, "target" | "acceptable" | "critical");
    entries.iter().all(|(key, own)| is_tier(key) && matches!(own.value, Value::Text(_)))
}

/// The places of all words and numbers in a value, and what is remarked.
fn gather(entry: &Entry, origins: &mut BTreeSet<Origin>, notes: &mut BTreeSet<&'static str>) {
    notes.extend(entry.note);
    match &entry.value {
        Value::Text(_) => origins.extend(entry.origins.iter().copied()),
        Value::List(items) => items.iter().for_each(|item| gather(item, origins, notes)),
        Value::Map(entries) => entries.iter().for_each(|(_, own)| gather(own, origins, notes)),
    }
}

/// `perf.md:12, 40, sla.md:3`.
fn places(origins: &BTreeSet<Origin>, documents: &[String]) -> String {
    let mut last = None;
    let mut shown: Vec<String> = Vec::new();
    for origin in origins {
        let name = documents.get(origin.document).map_or("", String::as_str);
        shown.push(match last == Some(origin.document) {
            true => origin.line.to_string(),
            false => format!("{}:{}", harmless(name), origin.line),
        });
        last = Some(origin.document);
    }
    shown.join(", ")
}

fn flow(value: &Value) -> String {
    match value {
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entry =
                |(key, own): &(String, Entry)| format!("{}: {}", scalar(key), flow(&own.value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A word or number, in quotes where it could be taken for anything else.
fn scalar(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'%');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_word = begins && text.bytes().all(plain) && !text.eq_ignore_ascii_case("null");
    if is_word { text.to_owned() } else { yaml(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Tree;

    /// What a policy is when it was written and read again.
    fn again(text: &str) -> String {
        let entry = Entry::of_tree(&Tree::parse("", text).unwrap(), 1, 0, 0);
        policy_text(&entry, None)
    }

    #[test]
    fn a_policy_reads_back_as_it_was_written() {
        let text = "results: [a.csv, \"b c.csv\"]\nbudgets:\n  - p95: { target: 1s, acceptable: \"< 2s\" }\n  \
                    - { operation: \"* A b\", limit: \"< 2s\" }\nprofiles:\n  one:\n    users: 10\n    targets:\n      \
                    - error_rate: \"< 0.1%\"\n  two: {}\nalerts:\n  - name: \"A: b\"\n    condition: \"x > 1\"\n";
        assert_eq!(again(text), text);
        assert_eq!(again(&again(text)), text);
    }

    #[test]
    fn no_text_of_a_document_ends_its_line() {
        let text = "results: [\"a\\nb: 1\", \"# c\", \"\\u202e\"]\n";
        assert_eq!(again(text), "results: [\"a\\nb: 1\", \"# c\", \"\\U0000202e\"]\n");
    }
}
