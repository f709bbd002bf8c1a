//! Records in object storage: S3, Google Cloud Storage, Azure Blob Storage, and what speaks like them; or a folder.
//!
//! Writers need no coordination: every object is made once, under a name that its content decides, and never changed. A record
//! is there as soon as its name is among those of its day ([`keys`]), which is written last; its content was written before.
//! A removal is such a name as well, written before the content goes. Whatever is killed in between leaves a record that is
//! whole or not there, and contents that nobody sees, which the next removal clears away.

#[cfg(feature = "object-store")]
mod classify;
#[cfg(feature = "object-store")]
mod connect;
mod download;
mod fleet;
mod keys;
#[cfg(all(test, feature = "object-store"))]
mod kills;
#[cfg(all(test, feature = "object-store"))]
#[expect(clippy::unwrap_used, reason = "test code")]
mod memory;
#[cfg(not(feature = "object-store"))]
#[path = "absent.rs"]
mod objects;
#[cfg(feature = "object-store")]
mod objects;
mod shelf;
#[cfg(all(test, feature = "object-store"))]
#[expect(clippy::unwrap_used, reason = "test code")]
mod tests;
mod version;

pub use download::RemoteFiles;
pub use fleet::{Before, FactsKey, Fleet, Service, Told, UNDATED_MONTH};
#[cfg(all(test, feature = "object-store"))]
pub(crate) use memory::Memory;
pub use version::{Held, Version, Versioned};

use super::error::StoreError;
use super::history::CommitInfo;
use super::layout::{Entry, HISTOGRAMS, RUNS};
use super::patience::Patience;
use super::record::id_of;
use super::snapshot::{FORMAT, MARKER};
use super::{NewRecord, Part, Removed, RunStore};
use crate::model::CommitId;
use jiff::Timestamp;
use jiff::civil::Date;
use keys::{
    COMMITS, Lives, Read, UNDATED, day_of, histograms_key, range, read_content, read_told, run_key,
    told,
};
use objects::Objects;
use shelf::Shelf;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Looks up the date of a commit; none of one that is not in the clone.
pub type Dates = Box<dyn Fn(CommitId) -> Result<Option<Timestamp>, StoreError>>;

/// Records that are read at once before it is known which are needed: as many as a baseline usually has.
const AHEAD: usize = 10;

/// Records in object storage.
pub struct ObjectStore {
    objects: Objects,
    dates: Dates,
    shelf: Arc<Shelf>,
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStore").field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl ObjectStore {
    /// The store at an address, which need not have anything yet. Nothing is asked of the service now.
    pub fn open(url: &str, patience: Patience, dates: Dates) -> Result<Self, StoreError> {
        let url = url.trim_end_matches('/');
        Ok(Self { objects: Objects::open(url, patience)?, dates, shelf: Shelf::of(url) })
    }

    /// A name of its own for a folder.
    pub fn short_name(&self) -> Result<String, StoreError> {
        id_of(self.objects.url().as_bytes())
    }

    /// Whether it is reached by a network.
    pub fn is_remote(&self) -> bool {
        !self.objects.url().starts_with("file:")
    }

    /// Makes sure that this is a store, and of which version. An empty one becomes one before anything is written to it.
    fn check(&self, writing: bool) -> Result<(), StoreError> {
        if self.shelf.is_checked() {
            return Ok(());
        }
        let marker = self.objects.read(vec![MARKER.to_owned()])?.pop().flatten();
        match marker {
            Some(marker) if marker != FORMAT => {
                return Err(StoreError::NewerStore { place: self.describe() });
            }
            Some(_) => {}
            None if writing => self.objects.make(vec![(MARKER.to_owned(), FORMAT.to_owned())])?,
            None => return Ok(()),
        }
        self.shelf.check();
        Ok(())
    }

    /// Lists what there is of the commits of some days, or of all.
    fn list(&self, days: Option<(Date, Date)>) -> Result<BTreeMap<Entry, Lives>, StoreError> {
        self.check(false)?;
        let names = match days {
            Some((first, last)) => {
                let (first, last) = (first.to_string(), last.to_string());
                let mut names = self.objects.names(COMMITS, Some((&first, &last)))?;
                names.extend(self.objects.names(COMMITS, Some((UNDATED, UNDATED)))?);
                names
            }
            None => self.objects.names(COMMITS, None)?,
        };
        let mut listed: BTreeMap<Entry, Lives> = BTreeMap::new();
        for Read { entry, lives, .. } in names.iter().filter_map(|name| read_told(name)) {
            let own = listed.entry(entry).or_default();
            *own = own.join(lives);
        }
        self.shelf.learn(&listed);
        Ok(listed)
    }

    fn day(&self, commit: CommitId) -> Result<Option<Date>, StoreError> {
        Ok((self.dates)(commit)?.map(day_of))
    }

    /// What there is of these commits. Those of a commit without a date may lie anywhere.
    fn list_of(
        &self,
        commits: impl Iterator<Item = CommitId>,
    ) -> Result<BTreeMap<Entry, Lives>, StoreError> {
        let days: Option<Vec<Date>> =
            commits.map(|commit| self.day(commit)).collect::<Result<_, _>>()?;
        self.list(days.and_then(|days| range(days.into_iter())))
    }

    fn lives(&self, entry: &Entry) -> Result<Lives, StoreError> {
        if let Some(lives) = self.shelf.lives(entry) {
            return Ok(lives);
        }
        let listed = self.list_of(std::iter::once(entry.commit))?;
        Ok(listed.get(entry).copied().unwrap_or_default())
    }

    fn is_there_now(&self, entry: &Entry) -> Result<bool, StoreError> {
        let listed = self.list_of(std::iter::once(entry.commit))?;
        Ok(listed.get(entry).is_some_and(|lives| lives.has_run()))
    }

    /// Says that records have come to these counts.
    fn tell(&self, records: &[(Entry, Lives)]) -> Result<(), StoreError> {
        let mut names = Vec::with_capacity(records.len());
        for (entry, lives) in records {
            names.push((told((self.dates)(entry.commit)?, entry, *lives), Vec::new()));
        }
        self.objects.make(names)?;
        self.shelf.learn(records.iter().map(|(entry, lives)| (entry, lives)));
        Ok(())
    }

    /// Removes the contents of what was removed. Those of records that nobody has told of yet may be on their way.
    fn clear(&self, listed: &BTreeMap<Entry, Lives>) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        for folder in [RUNS, HISTOGRAMS] {
            for name in self.objects.names(folder, None)? {
                let key = format!("{folder}/{name}");
                let Some((entry, life, is_run)) = read_content(&key) else { continue };
                let lives = listed.get(&entry).copied().unwrap_or_default();
                let latest = if is_run { lives.run } else { lives.histograms };
                if life < latest {
                    gone.push(key);
                }
            }
        }
        self.objects.remove(&gone)
    }
}

fn there(listed: BTreeMap<Entry, Lives>) -> Vec<Entry> {
    listed.into_iter().filter(|(_, lives)| lives.has_run()).map(|(entry, _)| entry).collect()
}

/// Whether a run is what its record is named after.
fn is_whole(entry: &Entry, run: &[u8]) -> bool {
    id_of(run).is_ok_and(|id| id == entry.id)
}

impl RunStore for ObjectStore {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        Ok(there(self.list(None)?))
    }

    fn entries_of(&self, commit: CommitId) -> Result<Vec<Entry>, StoreError> {
        let mut entries = there(self.list_of(std::iter::once(commit))?);
        entries.retain(|entry| entry.commit == commit);
        Ok(entries)
    }

    fn entries_of_line(&self, line: &[CommitInfo]) -> Result<Vec<Vec<Entry>>, StoreError> {
        let days = range(line.iter().map(|commit| day_of(commit.date)));
        let mut entries: HashMap<CommitId, Vec<Entry>> = HashMap::new();
        if days.is_some() {
            for entry in there(self.list(days)?) {
                entries.entry(entry.commit).or_default().push(entry);
            }
        }
        Ok(line.iter().map(|commit| entries.remove(&commit.id).unwrap_or_default()).collect())
    }

    fn ahead(&self) -> usize {
        AHEAD
    }

    fn make_present(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut wanted = Vec::with_capacity(entries.len());
        for entry in entries.iter().filter(|entry| !self.shelf.has(entry)) {
            wanted.push((entry.clone(), run_key(entry, self.lives(entry)?.run)));
        }
        let read = self.objects.read(wanted.iter().map(|(_, key)| key.clone()).collect())?;
        let whole = wanted.into_iter().zip(read).filter_map(|((entry, _), run)| {
            // What is missing or broken is told when it is needed.
            run.filter(|run| is_whole(&entry, run)).map(|run| (entry, run))
        });
        self.shelf.put(whole);
        Ok(())
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, StoreError> {
        if let Some(run) = self.shelf.take(entry) {
            return Ok(run);
        }
        let key = run_key(entry, self.lives(entry)?.run);
        let broken =
            |why: &str| StoreError::BrokenRecord { entry: key.clone(), why: why.to_owned() };
        match self.objects.read(vec![key.clone()])?.pop().flatten() {
            Some(run) if is_whole(entry, &run) => Ok(run),
            Some(_) => Err(broken("its content is not what its name says")),
            None if self.is_there_now(entry)? => {
                Err(broken("its content is gone, and nobody has written that it was removed"))
            }
            None => Err(broken("somebody has removed it in the meantime")),
        }
    }

    fn read_histograms(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        let lives = self.lives(entry)?;
        if !lives.has_histograms() {
            return Ok(None);
        }
        let key = histograms_key(entry, lives.histograms);
        Ok(self.objects.read(vec![key])?.pop().flatten())
    }

    fn write(&self, records: &[NewRecord]) -> Result<(), StoreError> {
        self.check(true)?;
        let commits: BTreeSet<CommitId> =
            records.iter().map(|record| record.entry.commit).collect();
        let listed = self.list_of(commits.into_iter())?;
        let (mut contents, mut new) = (Vec::new(), Vec::new());
        for NewRecord { entry, run, histograms } in records {
            let before = listed.get(entry).copied().unwrap_or_default();
            let lives = before.add(histograms.is_some());
            if lives == before {
                continue;
            }
            if let Some(histograms) = histograms.as_ref().filter(|_| !before.has_histograms()) {
                contents.push((histograms_key(entry, lives.histograms), histograms.clone()));
            }
            contents.push((run_key(entry, lives.run), run.clone()));
            new.push((entry.clone(), lives));
        }
        self.objects.make(contents)?;
        self.tell(&new)
    }

    fn remove(&self, entries: &[Entry], part: Part) -> Result<Removed, StoreError> {
        let mut listed = self.list(None)?;
        let mut less = Vec::new();
        for entry in entries {
            let lives = listed.entry(entry.clone()).or_default();
            let after = match part {
                Part::Everything => lives.remove(),
                Part::Histograms => lives.remove_histograms(),
            };
            if after != *lives {
                *lives = after;
                less.push((entry.clone(), after));
            }
        }
        self.tell(&less)?;
        self.clear(&listed)?;
        Ok(Removed::default())
    }

    fn describe(&self) -> String {
        self.objects.url().to_owned()
    }
}
