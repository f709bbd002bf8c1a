//! Fenced blocks: parts of a policy, plain tables of baselines, and object literals of JavaScript.

use super::entry::{Entry, Value};
use super::markdown::Block;
use super::script::{literals, snake_case, without_comments};
use crate::config::Tree;

/// What a block is.
pub(super) enum Content {
    /// Keys of a policy, or of anything else that is written in YAML or JSON.
    Data(Vec<Entry>),
    /// YAML or JSON that cannot be read.
    Broken { line: u64, why: String },
    /// Code, output, prose.
    Code,
}

const DATA: [&str; 6] = ["yaml", "yml", "json", "jsonc", "json5", ""];
const SCRIPTS: [&str; 6] = ["js", "javascript", "ts", "typescript", "jsx", "tsx"];

/// The end of the name of a table of baselines.
pub(super) const BASELINES: &str = "_baselines";

pub(super) fn read_block(block: &Block, document: usize) -> Content {
    if SCRIPTS.contains(&block.language.as_str()) {
        let found = literals(&block.text).into_iter().filter_map(|literal| {
            let tree = Tree::parse("", &literal.text).ok()?;
            let before = block.line - 1 + literal.line;
            let entry = Entry::of_tree(&tree, 1, document, before);
            Some(Entry::of_key(snake_case(&literal.name), entry))
        });
        return Content::Data(found.collect());
    }
    if !DATA.contains(&block.language.as_str()) {
        return Content::Code;
    }
    let text = match block.language.as_str() {
        "jsonc" | "json5" => without_comments(&block.text),
        _ => block.text.clone(),
    };
    let mut entries = Vec::new();
    for (before, part) in parts(&text) {
        if part.trim().is_empty() {
            continue;
        }
        let before = before + block.line - 1;
        match Tree::parse("", &part) {
            Ok(tree) => entries.push(normal(Entry::of_tree(&tree, 1, document, before))),
            // A block without a language may be anything.
            Err(_) if block.language.is_empty() => return Content::Code,
            Err(error) => {
                return Content::Broken { line: before + error.line.max(1), why: error.problem };
            }
        }
    }
    Content::Data(entries)
}

/// The documents of a stream of YAML, each with the number of lines above it.
pub(super) fn parts(text: &str) -> Vec<(u64, String)> {
    let mut parts = vec![(0, String::new())];
    for (line, text) in (0_u64..).zip(text.lines()) {
        if text.trim_end() == "---" {
            parts.push((line + 1, String::new()));
        } else if let Some((_, part)) = parts.last_mut() {
            part.push_str(text);
            part.push('\n');
        }
    }
    parts
}

/// A policy with its profile under `profiles`, and its budgets as lists.
pub(super) fn normal(mut entry: Entry) -> Entry {
    const OF_PROFILE: [&str; 9] = [
        "description",
        "users",
        "spawn_rate",
        "duration",
        "environment",
        "targets",
        "phases",
        "steps",
        "requires",
    ];
    let Value::Map(entries) = &mut entry.value else { return entry };
    let name = entries.iter().position(|(key, own)| key == "profile" && own.map().is_empty());
    if let Some(at) = name {
        let (_, name) = entries.remove(at);
        let (own, rest): (Vec<_>, Vec<_>) =
            entries.drain(..).partition(|(key, _)| OF_PROFILE.contains(&key.as_str()));
        *entries = rest;
        if let Value::Text(text) = name.value {
            let profile = Entry { origins: name.origins, note: None, value: Value::Map(own) };
            entries.push(("profiles".to_owned(), Entry::of_key(text, profile)));
        }
    }
    for (key, entry) in entries.iter_mut() {
        match key.as_str() {
            "performanceBudget" => "performance_budget".clone_into(key),
            "budgets" => as_list(entry),
            "profiles" => {
                by_name(entry);
                let Value::Map(profiles) = &mut entry.value else { continue };
                let keys =
                    profiles.iter_mut().filter_map(|(_, profile)| match &mut profile.value {
                        Value::Map(keys) => Some(keys),
                        Value::Text(_) | Value::List(_) => None,
                    });
                keys.flatten()
                    .filter(|(key, _)| key == "targets")
                    .for_each(|(_, own)| as_list(own));
            }
            _ => {}
        }
    }
    entry
}

/// Profiles by their names, also where they are a list.
fn by_name(entry: &mut Entry) {
    let Value::List(items) = &entry.value else { return };
    let named = |item: &Entry| {
        let name = ["profile", "name"].iter().find_map(|key| match &item.get(key)?.value {
            Value::Text(name) => Some(name.clone()),
            Value::List(_) | Value::Map(_) => None,
        })?;
        let keys = item.map().iter().filter(|(key, _)| !matches!(key.as_str(), "profile" | "name"));
        Some((name, Entry { value: Value::Map(keys.cloned().collect()), ..item.clone() }))
    };
    // Without its name, one stays where its mistake is told.
    if let Some(profiles) = items.iter().map(named).collect() {
        entry.value = Value::Map(profiles);
    }
}

/// Budgets as a list of single keys; a row stays together.
fn as_list(entry: &mut Entry) {
    let single = |(key, value)| Entry::of_key(key, value);
    let items = match std::mem::replace(&mut entry.value, Value::List(Vec::new())) {
        Value::Map(entries) => entries.into_iter().map(single).collect(),
        Value::List(items) => items
            .into_iter()
            .flat_map(|item| match item.value {
                Value::Map(entries)
                    if entries.len() > 1 && entries.iter().all(|(key, _)| key != "operation") =>
                {
                    entries.into_iter().map(single).collect()
                }
                _ => vec![item],
            })
            .collect(),
        other @ Value::Text(_) => {
            entry.value = other;
            return;
        }
    };
    entry.value = Value::List(items);
}

/// Whether a block has tables of baselines, and which.
pub(super) fn take_baselines(entry: &mut Entry) -> Vec<(String, Entry)> {
    let Value::Map(entries) = &mut entry.value else { return Vec::new() };
    let is_table = |key: &str, own: &Entry| key.ends_with(BASELINES) && !own.map().is_empty();
    let (tables, rest) = entries.drain(..).partition(|(key, own)| is_table(key, own));
    *entries = rest;
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(language: &str, text: &str) -> Vec<Entry> {
        let block = Block { line: 10, language: language.to_owned(), text: text.to_owned() };
        match read_block(&block, 0) {
            Content::Data(entries) => entries,
            Content::Broken { .. } | Content::Code => Vec::new(),
        }
    }

    #[test]
    fn a_literal_of_a_script_is_data_with_its_lines() {
        let script = "// {\nconst pageBudget = {\n  \"FCP\": 1500, // 1.5s\n  CLS: 0.1, /* { */\n};\n\
                      function f() { let x = 1; }\n";
        let found = block("js", script);
        let budget = found[0].get("page_budget").unwrap();
        let lines: Vec<(&str, u64)> =
            budget.map().iter().map(|(key, own)| (key.as_str(), own.line())).collect();
        assert_eq!((lines, found.len()), (vec![("FCP", 12), ("CLS", 13)], 1));
    }

    #[test]
    fn profiles_stand_under_their_names() {
        let text = "profile: one\nusers: 5\ntargets: { p95: 1s, mean: 2s }\n---\nprofile: two\n";
        let found = block("yaml", text);
        let one = found[0].get("profiles").unwrap().get("one").unwrap();
        assert!(
            matches!(&one.get("targets").unwrap().value, Value::List(items) if items.len() == 2)
        );
        assert_eq!(found[1].get("profiles").unwrap().get("two").unwrap().line(), 14);
    }

    #[test]
    fn what_is_no_data_is_left_alone() {
        assert!(block("python", "a: 1").is_empty());
        assert!(block("", "=== Run ===\nP95: [1").is_empty());
        assert_eq!(block("json", "{\"a\": 1}").len(), 1);
    }
}
