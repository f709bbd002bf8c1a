//! One writer of the private repository at a time.
//!
//! Only this file's lock counts: it is the system's, and ends with the process. Every writer holds it, and no other
//! program writes there, so that a lock file of git's own that is there meanwhile was left by a crash. Nobody holds it while
//! a network is waited for.

use super::error::StoreError;
use super::leftovers::remove_scratch;
use super::patience::Waiting;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process may hold the lock: longer than tidying up takes.
const LONGEST: Duration = Duration::from_secs(120);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// The right to change the private repository, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the right; an error when another process does not give it up.
    pub(super) fn take(private: &Path) -> Result<Self, StoreError> {
        let path = private.join("perfgate.lock");
        let wrap = |source| StoreError::Io { path: path.clone(), source };
        let open =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(wrap)?;
        let (start, mut waiting) = (Instant::now(), None);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(wrap(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() > LONGEST => {
                    return Err(StoreError::Held { holder: holder(&mut file) });
                }
                Err(TryLockError::WouldBlock) => {
                    let waiting =
                        waiting.get_or_insert_with(|| Waiting::said_aloud(&holder(&mut file)));
                    waiting.look();
                    std::thread::sleep(PAUSE);
                }
            }
        }
        drop(waiting);
        // For whoever waits; nothing depends on it.
        let command = std::env::args().nth(1).unwrap_or_default();
        let text = format!("perfgate {command} (process {})\n", std::process::id());
        drop(
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| file.write_all(text.as_bytes())),
        );
        remove_stale_locks(private);
        remove_scratch(private);
        Ok(Self { _file: file })
    }
}

/// Who holds the lock, as it says itself.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    drop(file.rewind().and_then(|()| file.take(200).read_to_string(&mut text)));
    let text = text.trim();
    if text.is_empty() { "another perfgate".to_owned() } else { text.to_owned() }
}

/// Removes the lock files that git and libgit2 left when they were killed.
fn remove_stale_locks(private: &Path) {
    for name in
        ["packed-refs.lock", "HEAD.lock", "config.lock", "shallow.lock", "gc.pid.lock", "gc.pid"]
    {
        drop(std::fs::remove_file(private.join(name)));
    }
    drop(std::fs::remove_file(private.join("objects/maintenance.lock")));
    remove_locks_below(&private.join("refs"));
}

fn remove_locks_below(folder: &Path) {
    let Ok(list) = std::fs::read_dir(folder) else { return };
    for file in list.flatten() {
        let path = file.path();
        if file.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_locks_below(&path);
        } else if path.extension().is_some_and(|ending| ending == "lock") {
            drop(std::fs::remove_file(&path));
        }
    }
}
