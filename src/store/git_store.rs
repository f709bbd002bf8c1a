//! Records in a ref of the repository, kept on this side in a private bare repository, `<git dir>/perfgate.git`, so
//! that nothing of the user's clone changes.
//!
//! On this side the ref holds one commit without a parent: the tree is all there is ([`Leaves`]). On the remote it has a
//! history, of which only the newest state is ever fetched (see [`super::sync`]).

use super::NewRecord;
use super::blob::read_blob;
use super::bucket::Bucket;
use super::directory::{persist, temporary};
use super::error::{StoreError, is_read_only};
use super::layout::Entry;
use super::layout::private_path;
use super::leftovers::SCRATCH;
use super::lock::Lock;
use super::record::oid;
use super::remote::Remote;
use super::snapshot::{Leaf, Leaves, at_path, digits_of};
use super::talk::Talk;
use crate::model::CommitId;
use git2::{Buf, ErrorCode, Indexer, OdbLookupFlags, Oid, Repository, RepositoryInitOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The ref of the records, here and on the remote.
pub(super) const RUNS_REF: &str = "refs/perfgate/runs";

/// Records in a ref of the repository.
pub struct GitStore {
    repository: Repository,
    path: PathBuf,
    /// The remote that missing contents come from.
    remote: Option<Remote>,
    /// Where the store would be if it could be made there, and the folder that stands for it.
    unwritable: Option<Box<(PathBuf, TempDir)>>,
    /// The write of a ref at which the process is killed, and whether it is still done.
    #[cfg(test)]
    death: std::cell::Cell<Option<(u32, bool)>>,
}

impl std::fmt::Debug for GitStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl GitStore {
    /// The store of the clone whose common git folder this is; made when it is not there yet.
    pub fn open(common_dir: &Path, remote: Option<Remote>) -> Result<Self, StoreError> {
        let path = private_path(common_dir);
        if path.join("HEAD").is_file() {
            restore_config(&path)?;
        } else {
            let why = |message: &str| StoreError::Damaged {
                what: path.display().to_string(),
                message: message.to_owned(),
            };
            // Never an empty store in the place of one that was there.
            if path.exists() {
                return Err(why("it has no HEAD"));
            }
            if was_put_aside(common_dir) {
                return Err(why("it was put aside by a repair that was not finished"));
            }
            match create(common_dir, &path) {
                // Nothing was ever kept here, and offline nothing is fetched: that can be said without a place for it.
                Err(StoreError::Io { source, .. }) if remote.is_none() && is_read_only(&source) => {
                    return Self::empty(path);
                }
                made => made?,
            }
        }
        Self::open_at(path, remote)
    }

    /// A store without records, for a clone that cannot be written.
    fn empty(unwritable: PathBuf) -> Result<Self, StoreError> {
        let wrap = |source| StoreError::Io { path: unwritable.clone(), source };
        let scratch = tempfile::tempdir().map_err(wrap)?;
        init(scratch.path())?;
        let mut store = Self::open_at(scratch.path().to_owned(), None)?;
        store.unwritable = Some(Box::new((unwritable, scratch)));
        Ok(store)
    }

    /// The store in this private repository.
    pub(super) fn open_at(path: PathBuf, remote: Option<Remote>) -> Result<Self, StoreError> {
        // A record may name blobs that are still on the remote; without this, libgit2 would refuse to write the tree.
        git2::opts::strict_object_creation(false);
        let opened = Repository::open_bare(&path);
        let repository = opened.map_err(StoreError::damaged(path.display().to_string()))?;
        Ok(Self {
            repository,
            path,
            remote,
            unwritable: None,
            #[cfg(test)]
            death: std::cell::Cell::default(),
        })
    }

    /// Has the process killed at one of its next writes of a ref, before or after it.
    #[cfg(test)]
    pub(super) fn die_at(&self, death: Option<(u32, bool)>) {
        self.death.set(death);
    }

    #[cfg(test)]
    fn live_on(&self, after: bool) -> Result<(), StoreError> {
        match self.death.get() {
            Some((0, done)) if done == after => {
                Err(StoreError::Held { holder: "killed".to_owned() })
            }
            Some((n, done)) if after => {
                self.death.set(Some((n.saturating_sub(1), done)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The private repository.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Where the private repository is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder for what is made from the records to be read faster, and can be made again at any time; none where nothing can
    /// be written.
    pub fn columns_folder(&self) -> Option<PathBuf> {
        self.unwritable.is_none().then(|| self.path.join("columns"))
    }

    /// The remote, if there is one and it may be used.
    pub(super) fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Keeps other processes from changing the store until it is dropped.
    pub(super) fn lock(&self) -> Result<Lock, StoreError> {
        if let Some(unwritable) = &self.unwritable {
            let source = std::io::ErrorKind::ReadOnlyFilesystem.into();
            return Err(StoreError::Io { path: unwritable.0.clone(), source });
        }
        Lock::take(&self.path)
    }

    /// The commit that a ref of the store points to.
    pub(super) fn tip(&self, name: &str) -> Result<Option<Oid>, StoreError> {
        match self.repository.refname_to_id(name) {
            Ok(tip) => Ok(Some(tip)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(StoreError::damaged(format!("the ref {name}"))(error)),
        }
    }

    /// The buckets that a ref of the store points to; empty without it.
    pub(super) fn leaves(&self, name: &str) -> Result<Leaves, StoreError> {
        match self.tip(name)? {
            Some(tip) => Leaves::of(&self.repository, tip, &format!("{name} of this clone")),
            None => Ok(Leaves::default()),
        }
    }

    /// Points a ref of the store to a commit.
    pub(super) fn set(&self, name: &str, commit: Oid) -> Result<(), StoreError> {
        #[cfg(test)]
        self.live_on(false)?;
        let set = || self.repository.reference(name, commit, true, "perfgate");
        // What a crash left of a ref that is written without being read is no reason not to write it.
        let again = |_| {
            drop(std::fs::remove_file(self.path.join(name)));
            set()
        };
        set().or_else(again).map_err(StoreError::git("writing the store's ref"))?;
        #[cfg(test)]
        self.live_on(true)?;
        Ok(())
    }

    /// Removes a ref of the store, if it is there.
    pub(super) fn unset(&self, name: &str) -> Result<(), StoreError> {
        match self.repository.find_reference(name).and_then(|mut found| found.delete()) {
            Err(error) if error.code() != ErrorCode::NotFound => {
                Err(StoreError::git("removing a ref of the store")(error))
            }
            _ => Ok(()),
        }
    }

    /// Sees what other processes have written meanwhile.
    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        let refreshed = self.repository.odb().and_then(|odb| odb.refresh());
        refreshed.map_err(StoreError::git("reading the store"))
    }

    /// Changes the buckets of these entries under the lock. The state that was left, where something was removed.
    pub(super) fn change(
        &self,
        repository: &Repository,
        entries: &BTreeMap<u8, Vec<&Entry>>,
        change: impl Fn(&mut Bucket, &Entry) -> Result<(), StoreError>,
    ) -> Result<Change, StoreError> {
        let before = self.tip(RUNS_REF)?;
        let mut leaves = self.leaves(RUNS_REF)?;
        let (mut changed, mut removes) = (false, false);
        for (digits, entries) in entries {
            let old = leaves.get(*digits).read(repository)?;
            let mut new = old.clone();
            for entry in entries {
                change(&mut new, entry)?;
            }
            if new != old {
                changed = true;
                removes |= new.lacks_of(&old);
                leaves.set(*digits, Leaf::write(repository, &new)?);
            }
        }
        let tip =
            if changed || before.is_none() { Some(leaves.commit(repository, None)?) } else { None };
        Ok(Change { tip, left: before.filter(|_| removes) })
    }

    pub(super) fn blob_at(&self, path: &str) -> Result<Option<Oid>, StoreError> {
        let Some(tip) = self.tip(RUNS_REF)? else { return Ok(None) };
        at_path(&self.repository, tip, path)
    }

    /// Those of these objects that are not here.
    pub(super) fn missing(&self, objects: &[Oid]) -> Result<BTreeSet<Oid>, StoreError> {
        let odb = self.repository.odb().map_err(StoreError::git("reading the store"))?;
        Ok(objects.iter().filter(|id| !odb.exists(**id)).copied().collect())
    }

    /// Fetches these objects where they are missing, in one go.
    pub(super) fn fetch_missing(&self, objects: &[Oid]) -> Result<(), StoreError> {
        let missing: Vec<Oid> = self.missing(objects)?.into_iter().collect();
        match &self.remote {
            Some(remote) if !missing.is_empty() => {
                remote.fetch_objects(&self.path, &missing)?;
                self.refresh()
            }
            _ => Ok(()),
        }
    }

    pub(super) fn content(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(id) = self.blob_at(path)? else { return Ok(None) };
        self.fetch_missing(&[id])?;
        match read_blob(&self.repository, id) {
            Ok(Ok(content)) => Ok(Some(content)),
            Ok(Err(large)) => Err(large.of(format!("the record {path}"))),
            Err(error) if error.code() == ErrorCode::NotFound => {
                Err(StoreError::NotHere { entry: path.to_owned() })
            }
            Err(error) => Err(StoreError::damaged(path)(error)),
        }
    }

    /// Writes records as they are given, with what it takes to do that in `repository`: its objects are not on disk yet.
    pub(super) fn add(
        &self,
        repository: &Repository,
        records: &[NewRecord],
    ) -> Result<Change, StoreError> {
        let blob =
            |bytes: &[u8]| repository.blob(bytes).map_err(StoreError::git("writing a record"));
        let mut blobs: BTreeMap<&Entry, (Oid, Option<Oid>)> = BTreeMap::new();
        for record in records {
            let histograms = record.histograms.as_deref().map(blob).transpose()?;
            blobs.insert(&record.entry, (blob(&record.run)?, histograms));
        }
        self.change(repository, &by_bucket(blobs.keys().copied()), |bucket, entry| {
            let (run, histograms) = blobs[entry];
            bucket.0.entry(entry.name()).or_default().add(run, histograms);
            Ok(())
        })
    }

    /// Whether an object is on disk, as far as this process has seen the packs.
    fn is_here(&self, id: Oid) -> Result<bool, StoreError> {
        let odb = self.repository.odb().map_err(StoreError::git("reading the store"))?;
        Ok(odb.exists_ext(id, OdbLookupFlags::NO_REFRESH))
    }

    /// Writes many records as one pack, which is on disk before the ref names it. The pack holds what is new and no more:
    /// of what the remote promised to keep, much is not here.
    pub(super) fn add_packed(&self, records: &[NewRecord]) -> Result<Change, StoreError> {
        let wrap = || StoreError::git("writing a pack of records");
        let repository = Repository::open_bare(&self.path).map_err(wrap())?;
        let odb = repository.odb().map_err(wrap())?;
        odb.add_new_mempack_backend(1_000).map_err(wrap())?;
        let change = self.add(&repository, records)?;
        let mut builder = repository.packbuilder().map_err(wrap())?;
        let mut found = Vec::from_iter(change.tip);
        while let Some(id) = found.pop() {
            if !self.is_here(id)? && odb.exists(id) {
                builder.insert_object(id, None).map_err(wrap())?;
                found.extend(children(&repository, id).map_err(wrap())?);
            }
        }
        let mut pack = Buf::new();
        builder.write_buf(&mut pack).map_err(wrap())?;
        let talk = Talk::open(&self.path, None)?;
        let mut indexer = Indexer::new(None, &talk.packs(), 0o444, false).map_err(wrap())?;
        let written = indexer.write_all(&pack);
        written.map_err(|source| StoreError::Io { path: self.path.clone(), source })?;
        indexer.commit().map_err(wrap())?;
        talk.keep()?;
        self.refresh()?;
        Ok(change)
    }
}

/// The objects that an object names.
fn children(repository: &Repository, id: Oid) -> Result<Vec<Oid>, git2::Error> {
    let object = repository.find_object(id, None)?;
    Ok(match (object.as_commit(), object.as_tree()) {
        (Some(commit), _) => vec![commit.tree_id()],
        (_, Some(tree)) => tree.iter().map(|entry| entry.id()).collect(),
        _ => Vec::new(),
    })
}

/// What a change of the records came to.
pub(super) struct Change {
    /// The new state; none where nothing changed.
    pub(super) tip: Option<Oid>,
    /// The old one, where something was removed from it.
    pub(super) left: Option<Oid>,
}

/// Entries by the bucket that they are in.
pub(super) fn by_bucket<'a>(
    entries: impl Iterator<Item = &'a Entry>,
) -> BTreeMap<u8, Vec<&'a Entry>> {
    let mut buckets: BTreeMap<u8, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        buckets.entry(digits_of(entry)).or_default().push(entry);
    }
    buckets
}

/// Makes the private repository beside its place and renames it, so that a crash leaves none or a whole one.
pub(super) fn create(common_dir: &Path, path: &Path) -> Result<(), StoreError> {
    let wrap = |source| StoreError::Io { path: path.to_owned(), source };
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(common_dir);
    let scratch = scratch.map_err(wrap)?;
    init(scratch.path())?;
    match std::fs::rename(scratch.path(), path) {
        Ok(()) => {
            drop(scratch.keep());
            Ok(())
        }
        // Another process was faster.
        Err(_) if path.join("HEAD").is_file() => Ok(()),
        Err(error) => Err(wrap(error)),
    }
}

/// The settings of a private repository. What is written to it is on disk before a ref names it, as git does with
/// `core.fsync=committed`.
const CONFIG: &str =
    "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsyncObjectFiles = true\n";

/// An empty private repository.
pub(super) fn init(path: &Path) -> Result<(), StoreError> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    Repository::init_opts(path, &options).map_err(StoreError::git("making the store"))?;
    restore_config(path)
}

/// Settings can name programs that git runs. A clone from elsewhere may bring a private repository along whose settings
/// somebody else wrote: none but our own count.
fn restore_config(path: &Path) -> Result<(), StoreError> {
    let file = path.join("config");
    if std::fs::read(&file).is_ok_and(|text| text == CONFIG.as_bytes()) {
        return Ok(());
    }
    let write = || -> std::io::Result<()> {
        let mut new = temporary(path)?;
        new.write_all(CONFIG.as_bytes())?;
        persist(new, &file)
    };
    write().map_err(|source| StoreError::Io { path: file.clone(), source })
}

/// How the names of stores that a repair put aside begin.
pub(super) const ASIDE: &str = "perfgate.git.damaged-";

fn was_put_aside(common_dir: &Path) -> bool {
    let files = std::fs::read_dir(common_dir).into_iter().flatten().flatten();
    files.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with(ASIDE))
}

/// Whether the object is a commit that is here.
pub(super) fn has_commit(repository: &Repository, commit: CommitId) -> bool {
    oid(commit).is_ok_and(|id| repository.find_commit(id).is_ok())
}

#[cfg(test)]
mod tests {
    /// Not even root makes a folder in `/sys`.
    #[cfg(target_os = "linux")]
    #[test]
    fn where_nothing_can_be_written_there_is_an_empty_store_that_takes_nothing() {
        use super::GitStore;
        use crate::store::RunStore as _;
        let folder = std::path::Path::new("/sys/kernel");
        let store = GitStore::open(folder, None).unwrap();
        assert_eq!(store.entries().unwrap(), []);
        let error = store.lock().unwrap_err();
        assert!(error.to_string().starts_with("/sys/kernel/perfgate.git: read-only"), "{error}");
        assert!(error.help().unwrap().contains("compare --offline"));
    }
}
