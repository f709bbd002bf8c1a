//! YAML of any shape with the line of every value: what a document holds beside its text, and a policy as it is written.

use super::error::ConfigError;
use super::file::yaml_error;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A value and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its line, from 1.
    pub line: u64,
    /// The value.
    pub tree: Tree,
}

/// A value of any shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// A word or number.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in the order of the text.
    Map(Vec<(String, Node)>),
}

impl Tree {
    /// Parses YAML, and so JSON; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|e| yaml_error(file, text, &e))
    }

    /// The text of a word or number.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(String, Node)] {
        match self {
            Self::Map(entries) => entries,
            Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            Self::Text(_) | Self::Map(_) => &[],
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(own, _)| own == key).map(|(_, node)| node)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), tree: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Text(String::new()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, node)) = map.next_entry::<Spanned<String>, Node>()? {
                    // A mapping begins on the line of its key, wherever its first entry stands.
                    let line = key.referenced.line();
                    entries.push((key.value, Node { line, ..node }));
                }
                Ok(Tree::Map(entries))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }
        }
        deserializer.deserialize_any(TreeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_the_line_of_its_key() {
        let text =
            "profile: load\nusers: 10\ntargets:\n  - p95: \"< 2s\"\n  - { error_rate: 1% }\n";
        let tree = Tree::parse("a", text).unwrap();
        assert_eq!(tree.get("users").unwrap().line, 2);
        let targets = tree.get("targets").unwrap();
        assert_eq!(targets.line, 3);
        let lines: Vec<u64> =
            targets.tree.items().iter().map(|item| item.tree.entries()[0].1.line).collect();
        assert_eq!(lines, [4, 5]);
        assert_eq!(targets.tree.items()[0].tree.get("p95").unwrap().tree.text(), Some("< 2s"));
    }

    #[test]
    fn json_is_read_as_well() {
        let tree = Tree::parse("a", "{\n  \"api_baselines\": {\"x\": {\"p95\": 0.5}}\n}").unwrap();
        let table = tree.get("api_baselines").unwrap();
        assert_eq!(table.tree.get("x").unwrap().tree.get("p95").unwrap().tree.text(), Some("0.5"));
        assert!(Tree::parse("a", "a: [1").is_err());
    }
}
