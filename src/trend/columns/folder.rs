//! The folder that segments are kept in. Each is a file of its own that appears by rename and never changes, so that any number of
//! processes may use the folder at once: two that keep the same runs do no harm.

use super::file;
use super::segment::Segment;
use crate::trend::parquet::FrameError;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A sort of files: how their names begin and end. Whatever changes in them takes another number.
pub(super) type Sort = (&'static str, &'static str);
const RUNS: Sort = ("runs-1-", ".parquet");
pub(super) const LINE: Sort = ("line-1-", ".parquet");
pub(super) const ACCEPTS: Sort = ("accepts-1-", ".txt");
pub(super) const MARKS: Sort = ("marks-1-", ".txt");
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

    /// What is in the files of a sort. What cannot be read is removed.
    pub(super) fn files_of<T>(
        &self,
        sort: Sort,
        read: impl Fn(fs::File) -> Result<T, FrameError>,
    ) -> Vec<(T, Kept)> {
        let Some(folder) = &self.path else { return Vec::new() };
        let mut all = Vec::new();
        for path in files(folder).into_iter().filter(|path| is_of(sort, path)) {
            // Another process may have removed it meanwhile.
            let Ok(file) = fs::File::open(&path) else { continue };
            match read(file) {
                Ok(known) => all.push((known, Kept(path))),
                Err(_) => drop(fs::remove_file(path)),
            }
        }
        all
    }

    /// The segments that are there, the largest first.
    pub(super) fn segments(&self) -> Vec<(Segment, Kept)> {
        let mut all = self.files_of(RUNS, file::read);
        all.sort_by_key(|(segment, _)| std::cmp::Reverse(segment.records.len()));
        all
    }

    /// Keeps a segment; none where that cannot be done, which is no harm.
    pub(super) fn keep(&self, segment: &Segment) -> Option<Kept> {
        if segment.records.is_empty() {
            return None;
        }
        self.write(RUNS, |out| file::write(segment, out))
    }

    /// Writes a file of a sort.
    pub(super) fn write(
        &self,
        sort: Sort,
        write: impl FnOnce(&mut dyn Write) -> Result<(), FrameError>,
    ) -> Option<Kept> {
        let folder = self.path.as_ref()?;
        fs::create_dir_all(folder).ok()?;
        let ending = format!("{}{UNFINISHED}", sort.1);
        let new = tempfile::Builder::new().prefix(sort.0).suffix(&ending).tempfile_in(folder);
        let mut new = new.ok()?;
        let mut out = std::io::BufWriter::new(&mut new);
        write(&mut out).ok()?;
        out.flush().ok()?;
        drop(out);
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

fn is_of((beginning, ending): Sort, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(beginning) && name.ends_with(ending))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
