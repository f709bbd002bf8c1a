//! The files of a folder, within bounds.

use std::path::{Path, PathBuf};

/// Folders that hold what others wrote, or what was built; and files made up for tests.
const LEFT_OUT: [&str; 12] = [
    "node_modules",
    "target",
    "vendor",
    "venv",
    "site-packages",
    "__pycache__",
    "dist",
    "build",
    "fixtures",
    "testdata",
    "perfgate-results",
    "perfgate-bundle",
];
/// Folders inside folders that are looked into.
const MOST_DEPTH: usize = 6;
/// Files and folders that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// The files below a folder, from there on, sorted: what lies higher first. Links are not followed.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    let mut seen = 0;
    for _ in 0..MOST_DEPTH {
        let mut deeper = Vec::new();
        for inside in folders {
            let Ok(entries) = std::fs::read_dir(folder.join(&inside)) else { continue };
            for entry in entries.filter_map(Result::ok) {
                seen += 1;
                if seen > MOST_ENTRIES {
                    return sorted(files);
                }
                let path = inside.join(entry.file_name());
                match entry.file_type() {
                    Ok(kind) if kind.is_file() => files.push(path),
                    Ok(kind) if kind.is_dir() && is_own(&entry.file_name().to_string_lossy()) => {
                        deeper.push(path);
                    }
                    _ => {}
                }
            }
        }
        folders = deeper;
    }
    sorted(files)
}

fn is_own(folder: &str) -> bool {
    !folder.starts_with('.') && !LEFT_OUT.contains(&folder)
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort_by_cached_key(|path| (path.components().count(), path.clone()));
    files
}

/// Whether a file has one of these endings.
pub(super) fn is_of(file: &str, endings: &[&str]) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}
