//! The plan of the house, as tables that are checked: who may import whom, and which crate is used where.
#![expect(clippy::unwrap_used, reason = "test code")]

mod circles;
mod source;
mod surface;

use source::{File, files, named};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rooms of the library with their layer, as docs/architecture.md shows them. A room imports only rooms of lower layers;
/// rooms of one layer never meet but in `cli`.
const ROOMS: [(&str, u8); 13] = [
    ("model", 0),
    ("stats", 1),
    ("schema", 1),
    ("config", 1),
    ("document", 2),
    ("ingest", 2),
    ("store", 2),
    ("gate", 2),
    ("trend", 2),
    ("forge", 2),
    ("driver", 2),
    ("report", 3),
    ("cli", 4),
];

/// Crates with the rooms that may name them.
const FENCES: [(&str, &[&str]); 38] = [
    ("base64", &["model", "schema", "store"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("comfy-table", &["report"]),
    ("csv", &["ingest", "trend", "report"]),
    ("flate2", &["schema", "ingest", "trend"]),
    ("futures-util", &["store"]),
    ("git2", &["store"]),
    ("glob", &["cli"]),
    ("hdrhistogram", &["model", "schema"]),
    ("indicatif", &["store", "cli"]),
    ("maud", &["report"]),
    ("memchr", &["ingest"]),
    ("object_store", &["store"]),
    ("polars-arrow", &["trend"]),
    ("polars-buffer", &["trend"]),
    ("polars-parquet", &["trend"]),
    ("pulldown-cmark", &["document"]),
    ("quick-xml", &["ingest", "report"]),
    ("reqwest", &["forge", "ingest"]),
    ("ring", &["driver"]),
    ("rmcp", &["cli"]),
    ("rustc-hash", &["ingest"]),
    ("rustix", &["driver", "store"]),
    ("rustls", &["forge", "ingest", "store"]),
    ("schemars", &["schema", "config", "cli"]),
    ("serde-saphyr", &["config"]),
    ("serde_ignored", &["schema"]),
    ("shell-words", &["cli"]),
    ("signal-hook", &["driver"]),
    ("statrs", &["stats"]),
    ("strsim", &["config"]),
    ("sysinfo", &["driver"]),
    ("terminal_size", &["cli"]),
    ("textwrap", &["report"]),
    ("tokio", &["cli", "store"]),
    ("zstd", &["ingest"]),
];

/// Crates that are as good as the standard library: errors, JSON, times, and files that appear whole.
const EVERYWHERE: [&str; 5] = ["jiff", "serde", "serde_json", "tempfile", "thiserror"];

#[test]
fn the_architecture_page_shows_the_same_layers() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let page = fs::read_to_string(page).unwrap();
    let mut shown = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let Ok(layer) = cells[1].parse::<u8>()
            && let Some(room) = cells[2].strip_prefix('`').and_then(|name| name.strip_suffix('`'))
            && !room.contains('/')
        {
            shown.push((room, layer));
        }
    }
    assert_eq!(shown, ROOMS);
}

/// A crate as Rust calls it.
fn crate_name(package: &str) -> String {
    package.replace('-', "_")
}

/// What a file names from the crate or from other crates, one path each.
fn paths(file: &File) -> BTreeSet<Vec<String>> {
    named(&file.tokens).into_iter().map(|named| named.segments).collect()
}

#[test]
fn every_folder_of_the_library_is_a_room_of_the_plan() {
    for file in files() {
        if let Some(room) = file.room() {
            assert!(ROOMS.iter().any(|(name, _)| *name == room), "{room} is not in the plan");
        }
    }
}

#[test]
fn a_room_imports_only_lower_layers() {
    let layer = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).map(|(_, layer)| *layer);
    let mut imports = 0;
    for file in files() {
        let Some(own) = file.room() else { continue };
        for path in paths(&file).iter().filter(|path| path[0] == "crate") {
            let Some(theirs) = path.get(1).and_then(|other| layer(other)) else { continue };
            imports += 1;
            assert!(
                path[1] == own || theirs < layer(own).unwrap(),
                "{}: {own} names {}",
                file.name,
                path.join("::")
            );
        }
    }
    assert!(imports > 500, "{imports} imports were looked at");
}

#[test]
fn arguments_end_at_the_commands() {
    let mut commands = 0;
    for file in files() {
        let Some(name) = file.name.strip_prefix("src/cli/") else { continue };
        let below = !["args/", "commands/", "mod.rs"].iter().any(|top| name.starts_with(top));
        for path in paths(&file) {
            let named = path.iter().any(|segment| segment == "args");
            commands += usize::from(named && !below);
            assert!(!(named && below), "{}: names {}", file.name, path.join("::"));
        }
    }
    assert!(commands > 15, "{commands} paths to arguments were looked at");
}

#[test]
fn a_vendor_stays_behind_its_fence() {
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for file in files() {
        let paths = paths(&file);
        for (vendor, rooms) in FENCES {
            let name = crate_name(vendor);
            if !paths.iter().any(|path| path[0] == name) {
                continue;
            }
            let room = file.room().unwrap_or_default();
            let place = &file.name;
            assert!(rooms.contains(&room), "{place} names {vendor}, which belongs to {rooms:?}");
            used.insert((vendor, room.to_owned()));
        }
    }
    for (vendor, rooms) in FENCES {
        for room in rooms {
            let is_used = used.contains(&(vendor, (*room).to_owned()));
            assert!(is_used, "{room} does without {vendor}: take it out of the table");
        }
    }
}

#[test]
fn every_crate_that_the_library_depends_on_has_a_fence() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let mut section = "";
    let mut dependencies = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && !section.contains("dev-")
            && let Some((name, _)) = line.split_once(" = ")
        {
            dependencies.insert(name);
        }
    }
    let known = FENCES.iter().map(|(vendor, _)| *vendor).chain(EVERYWHERE).collect();
    assert_eq!(dependencies, known);
}

/// Files of `report` that may take the text of an `Untrusted` as it is: escapes, files for programs, and keys.
const RAW: [&str; 9] = [
    "chart.rs",
    "escape.rs",
    "fleet/wire.rs",
    "html/site.rs",
    "json.rs",
    "notice/wire.rs",
    "number.rs",
    "problems.rs",
    "trend.rs",
];

#[test]
fn a_renderer_takes_untrusted_text_only_through_an_escape() {
    let mut raw = BTreeSet::new();
    for file in files() {
        let Some(name) = file.name.strip_prefix("src/report/") else { continue };
        let is = |part: &[String], call: &[&str]| part.iter().eq(call);
        if file.tokens.windows(4).any(|part| {
            is(part, &[".", "raw", "(", ")"]) || part.iter().any(|token| token == "into_raw")
        }) {
            raw.insert(name.to_owned());
        }
    }
    assert_eq!(raw, RAW.map(str::to_owned).into());
}

/// Types that hold text from outside: only an escape writes it, so none of them can be formatted.
const UNPRINTABLE: [&str; 8] = [
    "Accept",
    "Check",
    "CustomMetric",
    "EndpointKey",
    "MeasurementKey",
    "Metric",
    "Untrusted",
    "WarningKind",
];

#[test]
fn text_from_outside_cannot_be_formatted() {
    let mut types = BTreeSet::new();
    for file in files() {
        for part in file.tokens.windows(3) {
            let known = UNPRINTABLE.iter().find(|name| part[2] == **name);
            if part[0] == "pub" {
                types.extend(known);
            }
            let display = part[0] == "Display" && part[1] == "for";
            assert!(!display || known.is_none(), "{}: {}", file.name, part[2]);
        }
    }
    assert_eq!(types, UNPRINTABLE.into());
}
