//! What a room shows to others: no type of a vendor, and no two types of one name.

use crate::source::{File, closing, files, imports, named};
use crate::{FENCES, crate_name};
use std::collections::BTreeMap;

/// The signatures, fields and conversions that others see.
fn surface(tokens: &[String]) -> Vec<&[String]> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = |by: usize| tokens.get(at + by).map(String::as_str);
        if token == "pub" && next(1) != Some("(") {
            found.push(&tokens[at..end(tokens, at)]);
        } else if token == "impl" && (at == 0 || matches!(tokens[at - 1].as_str(), "}" | ";" | "]"))
        {
            let to = tokens[at..].iter().position(|token| token == "{").map_or(at, |by| at + by);
            let head = &tokens[at..to];
            if head.iter().any(|token| matches!(token.as_str(), "From" | "TryFrom" | "Into")) {
                found.push(head);
            }
        }
    }
    found
}

/// Where something public that begins at `at` ends: before its body, but behind the variants of an enum and the methods of a
/// trait, which are as public as itself.
fn end(tokens: &[String], at: usize) -> usize {
    let whole = matches!(tokens[at + 1].as_str(), "enum" | "trait");
    let is_struct = tokens[at + 1] == "struct";
    let mut depth = 0_i32;
    let mut to = at;
    while to < tokens.len() {
        match tokens[to].as_str() {
            "{" if whole => return closing(tokens, to),
            "{" if depth == 0 && tokens[at + 1] != "use" => return to,
            // Its fields say for themselves whether they are public.
            "(" if depth == 0 && is_struct => return to,
            "(" | "[" | "<" | "{" => depth += 1,
            ")" | "]" | ">" | "}" if depth == 0 => return to,
            ")" | "]" | ">" | "}" => depth -= 1,
            ";" | "," if depth == 0 => return to,
            _ => {}
        }
        to += 1;
    }
    to
}

/// What of a file's surface names a vendor, directly or by an import.
fn vendors_in(file: &File) -> Vec<String> {
    let tokens = file.library();
    let named = named(&tokens);
    let imports = imports(&named);
    let vendor = |token: &String| {
        let first = imports.get(token.as_str()).map_or(token, |path| &path[0]);
        FENCES.iter().any(|(vendor, _)| crate_name(vendor) == *first)
    };
    let shown = surface(&tokens);
    // A field or an argument may have the name of a crate.
    let shows = |part: &&[String]| {
        (0..part.len()).any(|at| {
            let named = part.get(at + 1).map(String::as_str);
            vendor(&part[at]) && named != Some(":") && named != Some("(")
        })
    };
    shown.into_iter().filter(shows).map(|part| part.join(" ")).collect()
}

#[test]
fn no_vendor_type_is_part_of_what_a_room_shows() {
    let mut found = Vec::new();
    for file in files() {
        found.extend(vendors_in(&file).into_iter().map(|part| format!("{}: {part}", file.name)));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_vendor_type_is_found_wherever_it_stands() {
    let shows = |text: &str| !vendors_in(&File::parse("src/store/x.rs", text)).is_empty();
    for text in [
        "pub fn open() -> git2::Repository { todo() }",
        "pub fn open(\n    path: &str,\n    at: git2::Oid,\n) {}",
        "use git2::Oid; pub fn open(at: Oid) {}",
        "use git2::{Oid as Id, Error}; pub struct X { name: String, pub at: Id }",
        "pub struct X(pub git2::Oid);",
        "pub enum X { Broken(git2::Error) }",
        "pub trait X { fn at(&self) -> git2::Oid; }",
        "pub type X = git2::Oid;",
        "pub use git2::Oid;",
        "impl From<git2::Error> for X { fn from(e: git2::Error) -> Self { X } }",
    ] {
        assert!(shows(text), "{text}");
    }
    for text in [
        "use git2::Oid; pub struct X { at: Oid }",
        "use git2::Oid; pub struct X(Oid);",
        "pub struct X; impl X { fn at(how: impl FnOnce(git2::Oid)) {} }",
        "pub(crate) fn at() -> git2::Oid { x() }",
        "pub fn at() -> String { git2::Oid::zero().to_string() }",
        "#[cfg(test)] mod tests { pub fn at() -> git2::Oid { x() } }",
    ] {
        assert!(!shows(text), "{text}");
    }
}

#[test]
fn no_two_public_types_of_a_room_have_one_name() {
    let mut places: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for file in files() {
        let Some(room) = file.room() else { continue };
        for part in file.library().windows(3) {
            let is_type = matches!(part[1].as_str(), "struct" | "enum" | "trait" | "type");
            // What a macro fills in has no name yet.
            if part[0] == "pub" && is_type && part[2] != "$" {
                let key = (room.to_owned(), part[2].clone());
                places.entry(key).or_default().push(file.name.clone());
            }
        }
    }
    assert!(places.len() > 100, "{places:?}");
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}
