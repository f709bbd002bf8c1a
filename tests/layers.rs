//! The plan of the house, as a table that is checked: who may import whom, and which crate is used where.
#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the library with their layer. A room imports only rooms of lower layers; rooms of one layer never meet
/// but in `cli`.
const ROOMS: [(&str, u8); 12] = [
    ("model", 0),
    ("stats", 1),
    ("schema", 1),
    ("config", 1),
    ("ingest", 2),
    ("store", 2),
    ("gate", 2),
    ("trend", 2),
    ("forge", 2),
    ("driver", 2),
    ("report", 3),
    ("cli", 4),
];

/// Crates that may only be named behind their fence.
const FENCES: [(&str, &[&str]); 16] = [
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("git2", &["store"]),
    ("comfy_table", &["report"]),
    ("serde_saphyr", &["config"]),
    ("csv", &["ingest", "trend", "report"]),
    ("polars", &["trend"]),
    ("plotters", &["report"]),
    ("maud", &["report"]),
    ("reqwest", &["forge", "ingest"]),
    ("rustls", &["forge", "ingest"]),
    ("quick_xml", &["report", "ingest"]),
    ("sysinfo", &["driver"]),
    ("ring::digest", &["driver"]),
    ("rustix", &["driver", "store"]),
    ("signal_hook", &["driver"]),
];

/// Crates whose types must not appear in a public signature, even inside their fence's module.
const HIDDEN: [&str; 6] =
    ["git2::", "comfy_table::", "serde_saphyr::", "reqwest::", "quick_xml::", "polars::"];

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The room that a file belongs to; none for lib.rs and main.rs.
fn room(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    (!first.ends_with(".rs")).then(|| first.to_owned())
}

fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_folder_of_the_library_is_a_room_of_the_plan() {
    for path in sources() {
        if let Some(room) = room(&path) {
            assert!(ROOMS.iter().any(|(name, _)| *name == room), "{room} is not in the plan");
        }
    }
}

#[test]
fn a_room_imports_only_lower_layers() {
    let layer = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).unwrap().1;
    for path in sources() {
        let Some(own) = room(&path) else { continue };
        let code = code(&path);
        for (other, their_layer) in ROOMS.iter().filter(|(name, _)| *name != own) {
            let imports = code.contains(&format!("crate::{other}::"));
            assert!(
                !imports || *their_layer < layer(&own),
                "{}: {own} (layer {}) imports {other} (layer {their_layer})",
                path.display(),
                layer(&own)
            );
        }
    }
}

#[test]
fn a_vendor_stays_behind_its_fence() {
    for path in sources() {
        let code = code(&path);
        for (vendor, rooms) in FENCES {
            let named =
                code.contains(&format!("{vendor}::")) || code.contains(&format!("use {vendor};"));
            let allowed = room(&path).is_some_and(|own| rooms.contains(&own.as_str()));
            assert!(
                !named || allowed,
                "{} names {vendor}, which belongs to {rooms:?}",
                path.display()
            );
        }
    }
}

/// Files of `report` that may take the text of an `Untrusted` as it is: escapes, files for programs, and keys.
const RAW: [&str; 8] = [
    "chart.rs",
    "escape.rs",
    "html/site.rs",
    "json.rs",
    "number.rs",
    "problems.rs",
    "read.rs",
    "trend.rs",
];

#[test]
fn a_renderer_takes_untrusted_text_only_through_an_escape() {
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report");
    for path in sources() {
        let Ok(name) = path.strip_prefix(&report) else { continue };
        let allowed = RAW.iter().any(|own| Path::new(own) == name);
        let code = code(&path);
        let raw = code.contains(".raw()") || code.contains("into_raw");
        assert!(allowed || !raw, "{} takes untrusted text as it is", path.display());
    }
}

#[test]
fn no_vendor_type_stands_in_a_public_signature() {
    for path in sources() {
        let code = code(&path);
        for line in
            code.lines().filter(|line| line.starts_with("pub fn") || line.starts_with("pub type"))
        {
            for vendor in HIDDEN {
                assert!(!line.contains(vendor), "{}: {line}", path.display());
            }
        }
    }
}
