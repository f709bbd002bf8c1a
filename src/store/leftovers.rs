//! What commands that were killed left behind: a later one removes it.

use super::layout::private_path;
use std::fs::{self, DirEntry, File};
use std::path::Path;
use std::time::Duration;

/// Leftovers have not changed for so long. Whoever is at work is quicker, or holds a lock.
const OLD: Duration = Duration::from_secs(60);
/// How many letters and digits a temporary name has.
const RANDOM: usize = 6;

/// The names of files that are to be renamed into their place: `.perfgate-a1B2c3.tmp`.
pub(super) const UNFINISHED: (&str, &str) = (".perfgate-", ".tmp");
/// The names of private repositories that are to be: `perfgate.git.a1B2c3`.
pub(super) const SCRATCH: &str = "perfgate.git.";
/// What libgit2 calls objects that it is writing.
const OBJECT: &str = "tmp_object_git2_";

/// Removes the unfinished files of a folder.
pub(super) fn remove_unfinished(folder: &Path) {
    for file in old(folder, UNFINISHED) {
        // Somebody who takes their time still holds it.
        if File::open(file.path()).is_ok_and(|open| open.try_lock().is_ok()) {
            drop(fs::remove_file(file.path()));
        }
    }
}

/// Removes what is unfinished in a private repository and beside it. Only for whoever holds its lock: a repair does for as
/// long as it takes, and locks what it makes anew as well, which must not remove itself.
pub(super) fn remove_scratch(private: &Path) {
    for object in old(&private.join("objects"), (OBJECT, "")) {
        drop(fs::remove_file(object.path()));
    }
    let Some(around) = private.parent().filter(|around| private_path(around) == private) else {
        return;
    };
    for folder in old(around, (SCRATCH, "")) {
        drop(fs::remove_dir_all(folder.path()));
    }
}

/// The entries of a folder with a temporary name between these two parts, that have not changed for a while.
fn old(folder: &Path, (head, tail): (&str, &str)) -> Vec<DirEntry> {
    let is_old = |entry: &DirEntry| {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(head)?.strip_suffix(tail));
        let is_ours = random.is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        is_ours && age().is_some_and(|age| age > OLD)
    };
    fs::read_dir(folder).into_iter().flatten().flatten().filter(is_old).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lock::Lock;
    use crate::store::{GitStore, persist, temporary};
    use std::io::Write as _;
    use std::time::SystemTime;

    /// Two minutes ago.
    fn age(path: &Path) {
        let then = SystemTime::now() - Duration::from_secs(120);
        File::open(path).unwrap().set_modified(then).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let list = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            list.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn whoever_locks_the_store_removes_what_is_half_made() {
        let around = tempfile::tempdir().unwrap();
        let store = GitStore::open(around.path(), None).unwrap();
        let object = store.path().join("objects/tmp_object_git2_a1B2c3");
        let [half, other] = ["perfgate.git.a1B2c3", "perfgate.git.damaged-2026-01-01-1"]
            .map(|name| around.path().join(name));
        fs::write(&object, "").unwrap();
        fs::create_dir_all(half.join("objects")).unwrap();
        fs::create_dir(&other).unwrap();
        [&object, &half, &other].into_iter().for_each(|path| age(path));
        // What a repair makes anew has a lock of its own, and stays.
        drop(Lock::take(&half).unwrap());
        age(&half);
        assert!(half.exists());
        drop(store.lock().unwrap());
        assert!(!object.exists() && !half.exists() && other.exists());
    }

    #[test]
    fn the_next_file_in_a_folder_removes_those_that_were_never_finished() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".perfgate-a1B2c3.tmp", ".perfgate-cache.tmp", ".perfgate-notes", "index.html"]
        {
            fs::write(folder.path().join(name), "").unwrap();
            age(&folder.path().join(name));
        }
        fs::write(folder.path().join(".perfgate-n3wn3w.tmp"), "").unwrap();
        let mut slow = temporary(folder.path()).unwrap();
        slow.write_all(b"whole").unwrap();
        age(slow.path());
        let next = temporary(folder.path()).unwrap();
        persist(next, &folder.path().join("next")).unwrap();
        persist(slow, &folder.path().join("slow")).unwrap();
        let left = [
            ".perfgate-cache.tmp",
            ".perfgate-n3wn3w.tmp",
            ".perfgate-notes",
            "index.html",
            "next",
            "slow",
        ];
        assert_eq!(names(folder.path()), left);
        assert_eq!(fs::read(folder.path().join("slow")).unwrap(), b"whole");
    }
}
