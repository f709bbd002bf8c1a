//! Every page of `--help`, of every command and all that is below it.

use crate::support::perfgate;
use std::path::Path;

/// Columns that a page may have.
const WIDEST: usize = 100;

/// The page of a command.
fn page(command: &[&str]) -> String {
    perfgate(Path::new("."), &[command, &["--help"]].concat()).expect(0).stdout
}

/// The commands below, as the page lists them.
fn commands(page: &str) -> Vec<&str> {
    let lines = page.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = lines.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// Calls `each` with every command and its page.
fn walk(command: &[&str], each: &mut impl FnMut(&[&str], &str)) {
    let page = page(command);
    each(command, &page);
    for name in commands(&page) {
        walk(&[command, &[name]].concat(), each);
    }
}

#[test]
fn every_page_reads_as_written() {
    let mut seen = Vec::new();
    walk(&[], &mut |command, page| {
        let name = [&["perfgate"], command].concat().join("_");
        insta::assert_snapshot!(name.clone(), page);
        seen.push(name);
    });
    assert!(seen.len() > 25, "{seen:?}");
}

#[test]
fn no_page_is_wider_than_a_terminal() {
    let mut wide = Vec::new();
    walk(&[], &mut |command, page| {
        let lines = page.lines().filter(|line| line.chars().count() > WIDEST);
        wide.extend(lines.map(|line| format!("{}: {line}", command.join(" "))));
    });
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn every_command_has_a_man_page() {
    let scratch = tempfile::TempDir::new().unwrap();
    perfgate(scratch.path(), &["man", "pages"]).expect(0);
    let mut commands = 0;
    walk(&[], &mut |command, _| {
        let name = [&["perfgate"], command].concat().join("-");
        let page = std::fs::read_to_string(scratch.path().join(format!("pages/{name}.1")));
        let page = page.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(page.contains(".TH ") && page.contains("NAME"), "{page}");
        commands += 1;
    });
    let pages = std::fs::read_dir(scratch.path().join("pages")).unwrap().count();
    assert_eq!(pages, commands);
}

#[test]
fn every_option_is_used_in_a_test_or_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = String::new();
    let places = ["tests", "docs", "examples", "action", "README.md"];
    for path in places.iter().flat_map(|place| sources(&root.join(place))) {
        texts += &std::fs::read_to_string(path).unwrap_or_default();
    }
    let is_part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_used = |option: &str| {
        let mut found = texts.match_indices(option);
        found.any(|(at, _)| !texts[at + option.len()..].starts_with(is_part_of_a_name))
    };
    let mut unused = Vec::new();
    let mut options = 0;
    walk(&[], &mut |command, page| {
        let listed = page.lines().filter_map(|line| {
            let line = line.trim_start();
            let line = line
                .split_once(", ")
                .filter(|(short, _)| short.len() == 2)
                .map_or(line, |own| own.1);
            let end = |c: char| !is_part_of_a_name(c);
            line.starts_with("--").then(|| line.split(end).next().unwrap_or_default())
        });
        for option in listed {
            options += 1;
            if !is_used(option) {
                unused.push(format!("{} {option}", command.join(" ")));
            }
        }
    });
    assert!(options > 100, "{options}");
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

/// The tests, pages and scripts below a place; not the snapshots, which hold the pages of help themselves.
fn sources(place: &Path) -> Vec<std::path::PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let is_written = |path: &std::path::PathBuf| {
        let extension = path.extension().and_then(|own| own.to_str()).unwrap_or_default();
        ["rs", "md", "trycmd", "toml", "sh", "yml", "py"].contains(&extension)
    };
    crate::support::files(place).into_iter().filter(is_written).collect()
}
