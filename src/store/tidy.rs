//! Tidying up the private repository now and then.

use super::error::StoreError;
use super::git_store::GitStore;
use super::patience::{self, Patience, Waiting};
use super::remote::git;
use std::time::Duration;

/// Packs beyond which they are brought together: each command that fetches brings a few.
const MOST_PACKS: usize = 40;
/// Loose objects in one of 256 folders beyond which they are packed: about 5 000 in all.
const MOST_LOOSE: usize = 20;
/// How long tidying up may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Packs what lies around, when it is much. What does not work out now may the next time.
pub(super) fn tidy(store: &GitStore) -> Result<(), StoreError> {
    let count = |folder: &str, ending: &str| {
        let list = std::fs::read_dir(store.path().join("objects").join(folder));
        let names = list.into_iter().flatten().flatten().map(|file| file.file_name());
        names.filter(|name| name.to_string_lossy().ends_with(ending)).count()
    };
    if count("pack", ".pack") <= MOST_PACKS && count("17", "") <= MOST_LOOSE {
        return Ok(());
    }
    let _lock = store.lock()?;
    let mut command = git();
    command.arg(format!("--git-dir={}", store.path().display()));
    // Contents that were never fetched are no damage.
    command.args(["-c", "remote.perfgate.promisor=true", "-c", "gc.writeCommitGraph=false"]);
    command.args(["gc", "--quiet"]);
    if let Ok(child) = command.spawn() {
        let mut waiting = Waiting::new("git, which packs the store");
        drop(patience::output(child, &[], Patience::new(PATIENCE), &mut waiting));
    }
    Ok(())
}
