//! Files of one room that need each other in a circle: neither can be understood alone.

use crate::source::{File, Named, files, named};
use std::collections::{BTreeMap, BTreeSet};

/// The library's modules with what each names.
struct Modules<'a> {
    named: BTreeMap<&'a [String], Vec<Named>>,
}

impl<'a> Modules<'a> {
    fn of(files: &'a [File]) -> Self {
        let named = |file: &'a File| (file.module.as_slice(), named(&file.library()));
        Self { named: files.iter().map(named).collect() }
    }

    /// The path from the crate on that a path within a module means; none for those of other crates.
    fn absolute(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let mut base = match segments.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.to_vec(),
            _ => {
                let child = [module, &segments[..1]].concat();
                return self
                    .named
                    .contains_key(child.as_slice())
                    .then(|| [module, segments].concat());
            }
        };
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        base.truncate(base.len().saturating_sub(ups));
        Some([&base, &segments[ups.max(1)..]].concat())
    }

    /// The module that holds what a path from the crate on names, behind whatever hands it on.
    fn holder(&self, path: &[String], depth: usize) -> Option<&'a [String]> {
        let inside = |own: &&&[String]| path.starts_with(own);
        let module = *self.named.keys().filter(inside).max_by_key(|own| own.len())?;
        let rest = &path[module.len()..];
        let (Some(item), true) = (rest.first(), depth < 8) else { return Some(module) };
        let hands_on = |n: &&Named| n.exported && n.local.as_ref() == Some(item);
        let handed = self.named[module].iter().find(hands_on);
        let target = handed.and_then(|n| self.absolute(module, &n.segments));
        target
            .map_or(Some(module), |target| self.holder(&[&target, &rest[1..]].concat(), depth + 1))
    }

    /// The modules of the same room that a module needs, each with a path that says so.
    fn needs(&self, module: &[String]) -> Needs<'a> {
        let own = self.named[module].iter().filter(|n| !n.exported);
        own.filter_map(|n| {
            let holder = self.holder(&self.absolute(module, &n.segments)?, 0)?;
            Some((holder, n.segments.join("::")))
        })
        .filter(|(other, _)| *other != module && other.first() == module.first())
        .collect()
    }

    /// Every need that leads back to where it came from, as `a → b`.
    fn circles(&self) -> Vec<String> {
        let needs: BTreeMap<_, _> = self.named.keys().map(|own| (*own, self.needs(own))).collect();
        let mut found = Vec::new();
        for (from, all) in &needs {
            for (to, path) in all.iter().filter(|(to, _)| reach(&needs, to).contains(from)) {
                found.push(format!("{} → {}: {path}", from.join("::"), to.join("::")));
            }
        }
        found
    }
}

type Needs<'a> = BTreeMap<&'a [String], String>;

/// Everything that is needed by a module, directly or not.
fn reach<'a>(
    needs: &BTreeMap<&'a [String], Needs<'a>>,
    start: &[String],
) -> BTreeSet<&'a [String]> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&'a [String]> = needs[start].keys().copied().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(needs[module].keys());
        }
    }
    found
}

#[test]
fn files_of_a_room_form_no_circle() {
    let files = files();
    let circles = Modules::of(&files).circles();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let file = |name: &str, text: &str| File::parse(&format!("src/{name}.rs"), text);
    let circles = |files: &[File]| Modules::of(files).circles();
    let root = || file("room/mod", "mod a; mod b; pub use b::B;");
    let own = || file("room/b", "pub struct B;");
    let direct = || file("room/a", "use super::b::B; pub struct A;");
    assert!(circles(&[root(), direct(), own()]).is_empty());
    for back in [
        "use super::a::A;",
        "use super::{a::A};",
        "use crate::room::a::A;",
        "use crate::{room::a as other};",
        "fn f(a: super::a::A) {}",
        "fn f() { println!(\"{}\", crate::room::a::text()) }",
    ] {
        let found = circles(&[root(), direct(), file("room/b", back)]);
        assert!(
            found.len() == 2 && found[1].starts_with("room::b → room::a: "),
            "{back}: {found:?}"
        );
    }
    let through = file("room/a", "use super::B; pub struct A;");
    let found = circles(&[root(), through, file("room/b", "use super::a::A;")]);
    let expected = ["room::a → room::b: super::B", "room::b → room::a: super::a::A"];
    assert_eq!(found, expected, "by way of what the room hands on");
    let tests = file("room/b", "#[cfg(test)] mod tests { use crate::room::a::A; }");
    assert!(circles(&[root(), direct(), tests]).is_empty(), "tests may look at everything");
}
