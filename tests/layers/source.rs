//! The library's source as tokens: comments and text in quotes are none, and macros are read like everything else.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A file of `src`.
pub(crate) struct File {
    /// As in the repository: `src/gate/join.rs`.
    pub(crate) name: String,
    /// As in Rust, below the crate: `gate`, `join`.
    pub(crate) module: Vec<String>,
    /// Everything, with the unit tests.
    pub(crate) tokens: Vec<String>,
}

/// A path that a file names, from its first segment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    /// What a `use` calls it in this file.
    pub(crate) local: Option<String>,
    /// Whether the `use` hands it on.
    pub(crate) exported: bool,
}

/// All files of the library, by module.
pub(crate) fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.push(File::parse(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.len() > 100, "the library is not where it was");
    files
}

impl File {
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let inside = name.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        Self { name: name.to_owned(), module, tokens }
    }

    /// The room that the file belongs to; none for `lib.rs` and the like.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.name.trim_start_matches("src/");
        inside.split_once('/').map(|(room, _)| room)
    }

    /// The tokens without modules for tests.
    pub(crate) fn library(&self) -> Vec<String> {
        let mark: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
        let mut kept = Vec::new();
        let mut rest = &self.tokens[..];
        while let Some(token) = rest.first() {
            let body = rest.iter().position(|token| token == "{");
            let is_module = rest.get(mark.len()).is_some_and(|token| token == "mod");
            match body {
                Some(body) if rest.starts_with(&mark.map(str::to_owned)) && is_module => {
                    rest = &rest[closing(rest, body) + 1..];
                }
                _ => {
                    kept.push(token.clone());
                    rest = &rest[1..];
                }
            }
        }
        kept
    }
}

/// Where the bracket at `open` is closed.
pub(crate) fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    panic!("a bracket that is never closed")
}

fn flatten(stream: TokenStream, into: &mut Vec<String>) {
    let mut joined = false;
    for tree in stream {
        let mut joins = false;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                into.push(open.to_owned());
                flatten(group.stream(), into);
                into.push(close.to_owned());
            }
            TokenTree::Punct(punct) => {
                let pair = joined
                    && matches!(
                        (into.last().map(String::as_str), punct.as_char()),
                        (Some(":"), ':') | (Some("-" | "="), '>')
                    );
                if pair {
                    into.last_mut().unwrap().push(punct.as_char());
                } else {
                    into.push(punct.to_string());
                    joins = punct.spacing() == Spacing::Joint;
                }
            }
            other => into.push(other.to_string()),
        }
        joined = joins;
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Every path with two segments or more, and every `use`.
pub(crate) fn named(tokens: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            let before = at.checked_sub(1).map(|before| tokens[before].as_str());
            let exported = matches!(before, Some("pub" | ")"));
            at = tree(tokens, at + 1, Vec::new(), exported, &mut found) + 1;
        } else if tokens[at..].starts_with(&["(".to_owned(), "in".to_owned()]) {
            // Who may see something: `pub(in crate::gate)`.
            at = closing(tokens, at);
        } else if is_name(&tokens[at])
            && (at == 0 || !matches!(tokens[at - 1].as_str(), "::" | "."))
        {
            let mut segments = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|token| token == "::")
                && tokens.get(at + 2).is_some_and(|token| is_name(token))
            {
                at += 2;
                segments.push(tokens[at].clone());
            }
            if segments.len() > 1 {
                found.push(Named { segments, local: None, exported: false });
            }
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one tree of a `use` and gives where it ends.
fn tree(
    tokens: &[String],
    mut at: usize,
    mut segments: Vec<String>,
    exported: bool,
    found: &mut Vec<Named>,
) -> usize {
    let mut local = None;
    loop {
        match tokens[at].as_str() {
            "::" => {}
            "{" => {
                at += 1;
                while tokens[at] != "}" {
                    at = tree(tokens, at, segments.clone(), exported, found);
                    at += usize::from(tokens[at] == ",");
                }
                return at + 1;
            }
            "as" => {
                at += 1;
                local = Some(tokens[at].clone());
            }
            "," | "}" | ";" => {
                if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
                    segments.pop();
                }
                let local = local.or_else(|| segments.last().cloned());
                found.push(Named { segments, local, exported });
                return at;
            }
            segment => segments.push(segment.to_owned()),
        }
        at += 1;
    }
}

/// What each name of a file stands for, by its `use`s.
pub(crate) fn imports(named: &[Named]) -> BTreeMap<&str, &[String]> {
    named.iter().filter_map(|n| Some((n.local.as_deref()?, n.segments.as_slice()))).collect()
}
