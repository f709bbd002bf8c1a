//! Finding what is broken: every folder and every record is read.

use super::RunStore;
use super::blob::TooLarge;
use super::bucket::{Bucket, is_of};
use super::error::StoreError;
use super::git_store::{GitStore, RUNS_REF};
use super::layout::Entry;
use super::record::load;
use super::snapshot::{Content, content};
use git2::Oid;

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Records that were read, and are as they were written.
    pub good: usize,
    /// Records whose content was never fetched.
    pub elsewhere: usize,
    /// Records of a newer perfgate.
    pub newer: usize,
    /// What cannot be read, with why.
    pub broken: Vec<Broken>,
}

/// Something that cannot be read.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The record; none where it is more, or something else.
    pub entry: Option<Entry>,
    /// What it is.
    pub what: String,
    /// Why it cannot be read.
    pub why: String,
    /// Whether only this copy of it is damaged, as far as can be told: another one may be good.
    pub only_here: bool,
}

impl Verified {
    fn read(&mut self, store: &dyn RunStore, entry: &Entry) {
        match load(store, entry, false) {
            Ok(_) => self.good += 1,
            Err(StoreError::OtherVersion { .. }) => self.newer += 1,
            Err(StoreError::NotHere { .. }) => self.elsewhere += 1,
            Err(error) => {
                let why = match error {
                    StoreError::BrokenRecord { why, .. } => why,
                    other => other.to_string(),
                };
                self.add(Some(entry), entry.run_path(), why, false);
            }
        }
    }

    fn add(&mut self, entry: Option<&Entry>, what: String, why: String, only_here: bool) {
        self.broken.push(Broken { entry: entry.cloned(), what, why, only_here });
    }
}

/// Reads every record of a store that is a folder.
pub fn verify_folder(store: &dyn RunStore) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    for entry in store.entries()? {
        verified.read(store, &entry);
    }
    Ok(verified)
}

/// Reads every folder and every record of a git store that is here; nothing is fetched.
pub fn verify(store: &GitStore) -> Verified {
    let mut verified = Verified::default();
    let leaves = match store.leaves(RUNS_REF) {
        Ok(leaves) => leaves,
        Err(error) => {
            verified.add(None, RUNS_REF.to_owned(), error.to_string(), true);
            return verified;
        }
    };
    for digits in leaves.digits() {
        match leaves.get(digits).read(store.repository()) {
            Ok(bucket) => verify_bucket(store, &format!("{digits:02x}"), &bucket, &mut verified),
            Err(error) => {
                let what = format!("a folder of the commits {digits:02x}…");
                verified.add(None, what, error.to_string(), true);
            }
        }
    }
    verified
}

fn verify_bucket(store: &GitStore, folder: &str, bucket: &Bucket, verified: &mut Verified) {
    for (name, kept) in &bucket.0 {
        let (Some(run), Some(entry)) = (kept.run, Entry::from_name(folder, name)) else { continue };
        if !is_of(name, run) {
            let why = "its content is not what its name says".to_owned();
            verified.add(Some(&entry), entry.run_path(), why, false);
            continue;
        }
        match state(store, run, kept.histograms) {
            Content::Good(_) => verified.read(store, &entry),
            Content::Absent => verified.elsewhere += 1,
            Content::Damaged(why) => verified.add(Some(&entry), entry.run_path(), why, true),
            Content::TooLarge => {
                verified.add(
                    Some(&entry),
                    entry.run_path(),
                    TooLarge.of("its content").to_string(),
                    false,
                );
            }
        }
    }
}

/// How a record is, by its run and its histograms.
fn state(store: &GitStore, run: Oid, histograms: Option<Oid>) -> Content {
    let gone = || Content::Damaged("its content is gone".to_owned());
    let read = |part| match content(store.repository(), part) {
        Content::Absent if store.remote().is_none() => gone(),
        content => content,
    };
    match (read(run), histograms.map(read)) {
        // Histograms are fetched by what draws them; a run is whole without.
        (Content::Good(json), None | Some(Content::Good(_) | Content::Absent)) => {
            Content::Good(json)
        }
        (Content::Good(_), Some(unreadable)) => unreadable,
        (run, _) => run,
    }
}
