//! The records of the ref, as every store has them.

use super::error::StoreError;
use super::git_store::{GitStore, RUNS_REF, by_bucket};
use super::layout::Entry;
use super::{NewRecord, Part, Removed, RunStore, kept};
use crate::model::CommitId;
use git2::ObjectType;

/// Records that are written at once as one pack; fewer are files of their own.
const WORTH_A_PACK: usize = 64;

impl RunStore for GitStore {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let leaves = self.leaves(RUNS_REF)?;
        let mut entries = Vec::new();
        for digits in leaves.digits() {
            let folder = format!("{digits:02x}");
            let files = leaves.get(digits).run_files(self.repository())?;
            entries.extend(files.iter().filter_map(|file| Entry::from_file(&folder, file)));
        }
        Ok(entries)
    }

    fn entries_of(&self, commit: CommitId) -> Result<Vec<Entry>, StoreError> {
        let text = commit.to_string();
        let folder = format!("runs/{}/{}", &text[..1], &text[1..2]);
        let Some(folder) = self.blob_at(&folder)? else { return Ok(Vec::new()) };
        let files = self.repository().find_tree(folder);
        let files = files.map_err(StoreError::damaged("a folder of runs"))?;
        let own = |file: git2::TreeEntry<'_>| {
            let name = file.name().ok().filter(|name| name.starts_with(&text[2..]))?;
            let is_blob = file.kind() == Some(ObjectType::Blob);
            is_blob.then(|| Entry::from_file(&text[..2], name)).flatten()
        };
        Ok(files.iter().filter_map(own).collect())
    }

    fn make_present(&self, entries: &[Entry]) -> Result<(), StoreError> {
        if self.remote().is_none() || entries.is_empty() {
            return Ok(());
        }
        let mut blobs = Vec::with_capacity(entries.len());
        for entry in entries {
            blobs.extend(self.blob_at(&entry.run_path())?);
        }
        self.fetch_missing(&blobs)
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, StoreError> {
        let missing = || StoreError::BrokenRecord {
            entry: entry.run_path(),
            why: "it is not in the store".to_owned(),
        };
        self.content(&entry.run_path())?.ok_or_else(missing)
    }

    fn read_histograms(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        self.content(&entry.histograms_path())
    }

    fn write(&self, records: &[NewRecord]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let change = if records.len() < WORTH_A_PACK {
            self.add(self.repository(), records)?
        } else {
            self.add_packed(records)?
        };
        change.tip.map_or(Ok(()), |tip| self.set(RUNS_REF, tip))
    }

    fn remove(&self, entries: &[Entry], part: Part) -> Result<Removed, StoreError> {
        let _lock = self.lock()?;
        let change =
            self.change(self.repository(), &by_bucket(entries.iter()), |bucket, entry| {
                let kept = bucket.0.entry(entry.name()).or_default();
                match part {
                    Part::Everything => kept.remove(),
                    Part::Histograms => kept.remove_histograms(),
                }
                Ok(())
            })?;
        let kept = change.left.map(|left| kept::keep(self, left)).transpose()?;
        if let Some(tip) = change.tip {
            self.set(RUNS_REF, tip)?;
        }
        Ok(Removed { kept })
    }

    fn describe(&self) -> String {
        format!("{RUNS_REF} of this repository")
    }
}
