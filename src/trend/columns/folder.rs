//! The folder that segments are kept in. Each is a file of its own that appears by rename and never changes, so that any number of
//! processes may use the folder at once: two that keep the same runs do no harm.

use super::file;
use super::segment::Segment;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the files of this version begin. Whatever changes in them takes another number.
const BEGINNING: &str = "runs-1-";
const ENDING: &str = ".parquet";
/// The ending of a file that is being written.
const UNFINISHED: &str = ".new";
/// How old an unfinished file is that nobody writes any more.
const LEFT: Duration = Duration::from_secs(3_600);

/// The folder; none where nothing is to be kept.
#[derive(Debug)]
pub(super) struct Folder {
    path: Option<PathBuf>,
    /// Files that others take the place of.
    given_up: Vec<PathBuf>,
}

/// The file of a segment.
#[derive(Debug)]
pub(super) struct Kept(PathBuf);

impl Folder {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, given_up: Vec::new() }
    }

    /// The segments that are there, the largest first. What cannot be read is removed.
    pub(super) fn read(&mut self) -> Vec<(Segment, Kept)> {
        let Some(folder) = &self.path else { return Vec::new() };
        let mut all = Vec::new();
        for path in files(folder) {
            if !is_ours(&path) {
                continue;
            }
            // Another process may have removed it meanwhile.
            let Ok(file) = fs::File::open(&path) else { continue };
            match file::read(file) {
                Ok(segment) => all.push((segment, Kept(path))),
                Err(_) => drop(fs::remove_file(path)),
            }
        }
        all.sort_by_key(|(segment, _)| std::cmp::Reverse(segment.records.len()));
        all
    }

    /// Keeps a segment; none where that cannot be done, which is no harm.
    pub(super) fn keep(&self, segment: &Segment) -> Option<Kept> {
        let folder = self.path.as_ref()?;
        if segment.records.is_empty() {
            return None;
        }
        fs::create_dir_all(folder).ok()?;
        let ending = format!("{ENDING}{UNFINISHED}");
        let new = tempfile::Builder::new().prefix(BEGINNING).suffix(&ending).tempfile_in(folder);
        let mut new = new.ok()?;
        file::write(segment, &mut std::io::BufWriter::new(&mut new)).ok()?;
        let path = new.path().with_extension("");
        new.persist_noclobber(&path).ok()?;
        Some(Kept(path))
    }

    /// Remembers a file to be removed.
    pub(super) fn give_up(&mut self, kept: Option<Kept>) {
        self.given_up.extend(kept.map(|Kept(path)| path));
    }

    /// Removes what others have taken the place of, and what was left by whoever was stopped.
    pub(super) fn sweep(&mut self) {
        for path in self.given_up.drain(..) {
            drop(fs::remove_file(path));
        }
        let Some(folder) = &self.path else { return };
        let old = |path: &Path| {
            let changed = fs::metadata(path).and_then(|about| about.modified()).ok()?;
            changed.elapsed().ok().filter(|age| *age > LEFT)
        };
        for path in files(folder) {
            let unfinished = path.extension().is_some_and(|own| own == &UNFINISHED[1..]);
            if unfinished && old(&path).is_some() {
                drop(fs::remove_file(path));
            }
        }
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(BEGINNING) && name.ends_with(ENDING))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
