//! All keys of a JSON Schema as a table in Markdown: what docs/policy.md shows cannot miss one.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A key of a file, with its place.
struct Row {
    key: String,
    kind: String,
    default: String,
    meaning: String,
}

/// Writes the table.
pub(super) fn write_table(schema: &Value, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table { schema, rows: Vec::new(), shown: BTreeMap::new() };
    table.properties(schema, "");
    writeln!(out, "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |")?;
    table.rows.iter().try_for_each(|Row { key, kind, default, meaning }| {
        writeln!(out, "| `{key}` | {kind} | {default} | {meaning} |")
    })
}

struct Table<'a> {
    schema: &'a Value,
    rows: Vec<Row>,
    /// Definitions whose keys are listed, and where.
    shown: BTreeMap<String, String>,
}

impl<'a> Table<'a> {
    fn properties(&mut self, object: &'a Value, place: &str) {
        let required: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, own) in object["properties"].as_object().into_iter().flatten() {
            let key = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            let text = own["description"].as_str().unwrap_or_default();
            let default = if required.contains(&name.as_str()) {
                "required".to_owned()
            } else {
                default_of(own, text)
            };
            let at = self.rows.len();
            let (kind, meaning) = (self.kind(own), text.replace('\n', " ").replace('|', "\\|"));
            self.rows.push(Row { key: key.clone(), kind, default, meaning });
            if let Some(before) = self.children(own, &key) {
                self.rows[at].meaning += &format!(" Its keys are those of `{before}`.");
            }
        }
    }

    /// Lists the keys below a key; or says where they are listed.
    fn children(&mut self, own: &'a Value, key: &str) -> Option<String> {
        let (target, name) = self.resolved(own);
        if let Some(before) = name.and_then(|name| self.shown.get(name)) {
            return Some(before.clone());
        }
        let count = self.rows.len();
        // Before its keys are listed: a definition may hold itself.
        self.shown.extend(name.map(|name| (name.to_owned(), key.to_owned())));
        if target["properties"].is_object() {
            self.properties(target, key);
        }
        for variant in target["anyOf"].as_array().into_iter().flatten() {
            if variant["$ref"].is_string() {
                self.children(variant, key);
            }
            self.children_of_many(variant, key);
        }
        let items = self.children_of_many(target, key);
        if let Some(name) = name.filter(|_| self.rows.len() == count) {
            self.shown.remove(name);
        }
        items
    }

    /// The same for the items of a list, or the values of a mapping.
    fn children_of_many(&mut self, own: &'a Value, key: &str) -> Option<String> {
        let mut listed = None;
        for (items, suffix) in [("items", "[]"), ("additionalProperties", ".NAME")] {
            if own[items].is_object() {
                listed = self.children(&own[items], &format!("{key}{suffix}"));
            }
        }
        listed
    }

    /// What a reference leads to, with its name; a value that may be missing is what it is when it is there.
    fn resolved(&self, own: &'a Value) -> (&'a Value, Option<&'a str>) {
        let null = |v: &Value| v["type"] == "null";
        let variants = own["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = match variants {
            [one, other] if null(other) => one,
            _ => own,
        };
        match own["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
            Some(name) => (&self.schema["$defs"][name], Some(name)),
            None => (own, None),
        }
    }

    /// What a value is, in words.
    fn kind(&self, own: &'a Value) -> String {
        let (target, name) = self.resolved(own);
        // A limit, a duration, a size or a mapping of them: the meaning says which.
        if name == Some("Limit") {
            return "value".to_owned();
        }
        let names = |list: &Value, of: fn(&Value) -> Option<&str>| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(of).map(|s| format!("`{s}`")).collect()
        };
        let words = [
            names(&target["enum"], Value::as_str),
            names(&target["oneOf"], |v| v["const"].as_str()),
        ];
        if let Some(words) = words.iter().find(|words| !words.is_empty()) {
            return words.join(", ");
        }
        if let Some(variants) = target["anyOf"].as_array() {
            let mut kinds: Vec<String> = variants.iter().map(|own| self.kind(own)).collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
        let kind = match &target["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("array") => match self.kind(&target["items"]).as_str() {
                "text" => "list of texts".to_owned(),
                "mapping" => "list of mappings".to_owned(),
                other => format!("list: {other}"),
            },
            Some("object") => "mapping".to_owned(),
            Some("boolean") => "true or false".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            _ => "text".to_owned(),
        }
    }
}

/// The value that holds where a key is left out, by the schema or by what its description says.
fn default_of(own: &Value, text: &str) -> String {
    if let Some((before, _)) = text.split_once(" (default") {
        let word = before.rsplit('`').nth(1).unwrap_or(before);
        return format!("`{word}`");
    }
    let said = ["default: ", "default "].iter().find_map(|begin| text.split_once(begin));
    if let Some((_, rest)) = said {
        let end = rest.find([';', ',', ')']).unwrap_or(rest.len());
        let end = rest.find(". ").map_or(end, |dot| dot.min(end));
        return rest[..end].trim_end_matches('.').to_owned();
    }
    match &own["default"] {
        Value::Null => "–".to_owned(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        value => format!("`{value}`"),
    }
}
