//! Tidying up the private repository now and then: many small packs and files become one pack.
//!
//! Not by `git gc`: where a repository has parts of a remote's, git drops what it could fetch again, and so would drop the
//! runs that were recorded here. This is their only other copy: everything that is here stays here.

use super::error::StoreError;
use super::git_store::GitStore;
use super::patience::{self, Patience, Waiting};
use super::remote::git;
use super::talk::Talk;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

/// Packs beyond which they are brought together: each command that fetches brings a few.
const MOST_PACKS: usize = 40;
/// Loose objects in one of 256 folders beyond which they are packed: about 5 000 in all.
const MOST_LOOSE: usize = 20;
/// How long tidying up may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Packs what lies around, when it is much. What does not work out now may the next time.
pub(super) fn tidy(store: &GitStore) -> Result<(), StoreError> {
    let objects = store.path().join("objects");
    let loose = fs::read_dir(objects.join("17")).map_or(0, Iterator::count);
    if packs(&objects).len() <= MOST_PACKS && loose <= MOST_LOOSE {
        return Ok(());
    }
    let _lock = store.lock()?;
    let old = packs(&objects);
    if let Some(new) = pack_all(store)? {
        for pack in old.iter().filter(|pack| !pack.ends_with(&new)) {
            remove_pack(pack);
        }
        drop(run(store, &["prune-packed", "--quiet"], &[]));
    }
    Ok(())
}

/// The packs of a folder of objects, without their endings. One without an index is just being brought by another process.
fn packs(objects: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(objects.join("pack")).into_iter().flatten().flatten();
    let packs =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "idx"));
    packs.map(|path| path.with_extension("")).collect()
}

/// Packs all that is here, and nothing else; the name of the pack. None where something cannot be read.
fn pack_all(store: &GitStore) -> Result<Option<String>, StoreError> {
    let odb = store.repository().odb().map_err(StoreError::git("listing the store"))?;
    let mut list = String::new();
    let listed = odb.foreach(|id| {
        list += &format!("{id}\n");
        true
    });
    if listed.is_err() {
        return Ok(None);
    }
    let talk = Talk::open(store.path(), None)?;
    let target = talk.packs().join("pack").display().to_string();
    let one = ["-c", "pack.packSizeLimit=0", "pack-objects", "--quiet", &target];
    let packed = run(store, &one, list.as_bytes());
    let Some(packed) = packed.filter(|packed| packed.status.success()) else { return Ok(None) };
    let name = String::from_utf8_lossy(&packed.stdout).trim().to_owned();
    if name.contains(char::is_whitespace) || name.is_empty() {
        return Ok(None);
    }
    let name = format!("pack-{name}");
    // What it refers to and does not hold was never fetched.
    let promisor = talk.packs().join(format!("{name}.promisor"));
    fs::write(&promisor, "").map_err(|source| StoreError::Io { path: promisor, source })?;
    talk.keep()?;
    store.refresh()?;
    Ok(Some(name))
}

fn run(store: &GitStore, arguments: &[&str], input: &[u8]) -> Option<Output> {
    let mut command = git();
    // What is missing was never fetched, and is not asked for now.
    command.env("GIT_NO_LAZY_FETCH", "1").args(["-c", "core.hooksPath=/dev/null"]);
    command.arg(format!("--git-dir={}", store.path().display())).args(arguments);
    let mut waiting = Waiting::new("git, which packs the store");
    let ended =
        patience::output(command.spawn().ok()?, input, Patience::new(PATIENCE), &mut waiting);
    ended.ok()?.ok()
}

/// Removes a pack: its index first, so that nobody takes it for a whole one.
fn remove_pack(pack: &Path) {
    for ending in ["idx", "rev", "promisor", "pack"] {
        drop(fs::remove_file(pack.with_extension(ending)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Entry, NewRecord, RunStore as _};

    #[test]
    fn everything_that_is_here_stays_here_in_one_pack() {
        let folder = tempfile::tempdir().unwrap();
        let store = GitStore::open(folder.path(), None).unwrap();
        let record = |number: u32| {
            let commit = format!("{number:040x}").parse().unwrap();
            let run = format!("run {number}\n").into_bytes();
            NewRecord {
                entry: Entry { commit, id: format!("{number:016x}") },
                run,
                histograms: None,
            }
        };
        // Many at once are a pack each time.
        for first in 0..42 {
            let records: Vec<NewRecord> = (0..70).map(|n| record(100 * first + n)).collect();
            store.write(&records).unwrap();
        }
        let objects = store.path().join("objects");
        let before = store.entries().unwrap();
        assert_eq!(packs(&objects).len(), 42);
        tidy(&store).unwrap();
        assert_eq!(packs(&objects).len(), 1);
        assert_eq!(store.entries().unwrap(), before);
        assert_eq!(before.len(), 42 * 70);
        for entry in &before {
            assert!(store.read(entry).is_ok());
        }
    }
}
