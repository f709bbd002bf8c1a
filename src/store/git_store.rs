//! Records in a ref of the repository, kept on this side in a private bare repository, `<git dir>/perfgate.git`, so
//! that nothing of the user's clone changes.
//!
//! The ref holds one commit without a parent: the tree is all there is, and its history takes no room. What makes that
//! safe is that a push names the tip that it replaces (see [`super::sync`]) and that records only ever join. Everything
//! about a commit but its tree is constant, so equal trees are equal commits.

use super::error::StoreError;
use super::layout::{Entry, HISTOGRAMS, RUNS};
use super::record::oid;
use super::remote::Remote;
use super::{NewRecord, Part, RunStore};
use crate::model::CommitId;
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time, Tree};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// The ref of the records, here and on the remote.
pub(super) const RUNS_REF: &str = "refs/perfgate/runs";
/// Records in a ref of the repository.
pub struct GitStore {
    repository: Repository,
    path: PathBuf,
    /// The remote that missing contents come from.
    remote: Option<Remote>,
}

impl std::fmt::Debug for GitStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// All files of a tree by path.
pub(super) type Files = BTreeMap<String, Oid>;

impl GitStore {
    /// The store of the clone whose common git folder this is; made when it is not there yet.
    pub fn open(common_dir: &Path, remote: Option<Remote>) -> Result<Self, StoreError> {
        // A record may name blobs that are still on the remote; without this, libgit2 would refuse to write the tree.
        git2::opts::strict_object_creation(false);
        let path = private_path(common_dir);
        if !path.join("HEAD").is_file() {
            create(common_dir, &path)?;
        }
        let repository =
            Repository::open_bare(&path).map_err(StoreError::git("opening the store"))?;
        Ok(Self { repository, path, remote })
    }

    /// The private repository.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The remote, if there is one and it may be used.
    pub(super) fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Keeps other processes from changing the store until the file is closed.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        let path = self.path.join("perfgate.lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        let locked = locked.map_err(|source| StoreError::Io { path, source })?;
        // All writers of the store hold this lock, so a lock of git's own that is there now was left by a crash.
        for stale in
            ["refs/perfgate/runs.lock", "refs/perfgate-incoming/runs.lock", "packed-refs.lock"]
        {
            drop(std::fs::remove_file(self.path.join(stale)));
        }
        Ok(locked)
    }

    /// The commit that a ref of the store points to.
    pub(super) fn tip(&self, name: &str) -> Result<Option<Oid>, StoreError> {
        match self.repository.refname_to_id(name) {
            Ok(tip) => Ok(Some(tip)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(StoreError::git("reading the store's ref")(error)),
        }
    }

    /// The tree of a commit of the store.
    pub(super) fn tree(&self, commit: Oid) -> Result<Tree<'_>, StoreError> {
        let commit = self.repository.find_commit(commit).and_then(|commit| commit.tree());
        commit.map_err(StoreError::git("reading the store"))
    }

    fn own_tree(&self) -> Result<Option<Tree<'_>>, StoreError> {
        self.tip(RUNS_REF)?.map(|tip| self.tree(tip)).transpose()
    }

    /// All files of a commit of the store.
    pub(super) fn files(&self, commit: Option<Oid>) -> Result<Files, StoreError> {
        let mut files = Files::new();
        let Some(commit) = commit else { return Ok(files) };
        let tree = self.tree(commit)?;
        for top in [RUNS, HISTOGRAMS] {
            let Some(folders) = self.subtree(&tree, top)? else { continue };
            for folder in folders.iter() {
                let Ok(name) = folder.name() else { continue };
                let Some(list) = self.subtree(&folders, name)? else { continue };
                for file in list.iter() {
                    if let Ok(file_name) = file.name() {
                        files.insert(format!("{top}/{name}/{file_name}"), file.id());
                    }
                }
            }
        }
        Ok(files)
    }

    fn subtree(&self, tree: &Tree<'_>, name: &str) -> Result<Option<Tree<'_>>, StoreError> {
        match tree.get_name(name).filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
            Some(entry) => {
                let found = self.repository.find_tree(entry.id());
                found.map(Some).map_err(StoreError::git("reading the store"))
            }
            None => Ok(None),
        }
    }

    /// A commit with the tree of `base`, these files added and those paths removed.
    pub(super) fn commit(
        &self,
        base: Option<Oid>,
        added: &Files,
        removed: &[String],
    ) -> Result<Oid, StoreError> {
        let wrap = || StoreError::git("writing the store");
        let base = match base {
            Some(commit) => self.tree(commit)?,
            None => {
                let empty = self.repository.treebuilder(None).and_then(|builder| builder.write());
                let tree = empty.and_then(|id| self.repository.find_tree(id));
                tree.map_err(wrap())?
            }
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, blob) in added {
            update.upsert(path.as_str(), *blob, FileMode::Blob);
        }
        for path in removed {
            update.remove(path.as_str());
        }
        let tree = update.create_updated(&self.repository, &base).map_err(wrap())?;
        let tree = self.repository.find_tree(tree).map_err(wrap())?;
        let who =
            Signature::new("perfgate", "perfgate@localhost", &Time::new(0, 0)).map_err(wrap())?;
        self.repository.commit(None, &who, &who, "perfgate runs\n", &tree, &[]).map_err(wrap())
    }

    /// Points a ref of the store to a commit.
    pub(super) fn set(&self, name: &str, commit: Oid) -> Result<(), StoreError> {
        let set = self.repository.reference(name, commit, true, "perfgate");
        set.map(drop).map_err(StoreError::git("writing the store's ref"))
    }

    /// Changes the records under the lock.
    fn change(&self, added: &Files, removed: &[String]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let tip = self.tip(RUNS_REF)?;
        let there = match tip {
            Some(tip) => Some(self.tree(tip)?),
            None => None,
        };
        let is_there =
            |path: &str| there.as_ref().is_some_and(|tree| tree.get_path(Path::new(path)).is_ok());
        let added: Files = added
            .iter()
            .filter(|(path, _)| !is_there(path))
            .map(|(path, id)| (path.clone(), *id))
            .collect();
        let removed: Vec<String> = removed.iter().filter(|path| is_there(path)).cloned().collect();
        if added.is_empty() && removed.is_empty() && tip.is_some() {
            return Ok(());
        }
        self.set(RUNS_REF, self.commit(tip, &added, &removed)?)
    }

    fn blob_at(&self, path: &str) -> Result<Option<Oid>, StoreError> {
        let Some(tree) = self.own_tree()? else { return Ok(None) };
        match tree.get_path(Path::new(path)) {
            Ok(entry) => Ok(Some(entry.id())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(StoreError::git("reading the store")(error)),
        }
    }

    /// Fetches these blobs where they are missing, in one go.
    fn fetch_missing(&self, blobs: &[Oid]) -> Result<(), StoreError> {
        let odb = self.repository.odb().map_err(StoreError::git("reading the store"))?;
        let missing: Vec<Oid> = blobs.iter().filter(|id| !odb.exists(**id)).copied().collect();
        match &self.remote {
            Some(remote) if !missing.is_empty() => {
                remote.fetch_objects(&self.path, &missing)?;
                odb.refresh().map_err(StoreError::git("reading the store"))
            }
            _ => Ok(()),
        }
    }

    fn content(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(id) = self.blob_at(path)? else { return Ok(None) };
        self.fetch_missing(&[id])?;
        match self.repository.find_blob(id) {
            Ok(blob) => Ok(Some(blob.content().to_vec())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                Err(StoreError::NotHere { entry: path.to_owned() })
            }
            Err(error) => Err(StoreError::git(format!("reading {path}"))(error)),
        }
    }
}

/// Makes the private repository beside its place and renames it, so that a crash leaves none or a whole one.
fn create(common_dir: &Path, path: &Path) -> Result<(), StoreError> {
    let wrap = |source| StoreError::Io { path: path.to_owned(), source };
    let scratch =
        tempfile::Builder::new().prefix("perfgate.git.").tempdir_in(common_dir).map_err(wrap)?;
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    Repository::init_opts(scratch.path(), &options).map_err(StoreError::git("making the store"))?;
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

/// Where the private repository of a clone lies.
pub(super) fn private_path(common_dir: &Path) -> PathBuf {
    common_dir.join("perfgate.git")
}

impl RunStore for GitStore {
    fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let files = self.files(self.tip(RUNS_REF)?)?;
        let entry = |path: &String| {
            let (folder, file) = path.strip_prefix("runs/")?.split_once('/')?;
            Entry::from_names(folder, file)
        };
        Ok(files.keys().filter_map(entry).collect())
    }

    fn entries_of(&self, commit: CommitId) -> Result<Vec<Entry>, StoreError> {
        let text = commit.to_string();
        let (folder, rest) = text.split_at(2);
        let Some(tree) = self.own_tree()? else { return Ok(Vec::new()) };
        let Some(runs) = self.subtree(&tree, RUNS)? else { return Ok(Vec::new()) };
        let Some(files) = self.subtree(&runs, folder)? else { return Ok(Vec::new()) };
        let own =
            |name: &str| name.starts_with(rest).then(|| Entry::from_names(folder, name)).flatten();
        Ok(files.iter().filter_map(|file| own(file.name().ok()?)).collect())
    }

    fn make_present(&self, entries: &[Entry]) -> Result<(), StoreError> {
        if self.remote.is_none() || entries.is_empty() {
            return Ok(());
        }
        let Some(tree) = self.own_tree()? else { return Ok(()) };
        let blob = |entry: &Entry| Some(tree.get_path(Path::new(&entry.run_path())).ok()?.id());
        self.fetch_missing(&entries.iter().filter_map(blob).collect::<Vec<_>>())
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
        let blob =
            |bytes: &[u8]| self.repository.blob(bytes).map_err(StoreError::git("writing a record"));
        let mut files = Files::new();
        for record in records {
            files.insert(record.entry.run_path(), blob(&record.run)?);
            if let Some(histograms) = &record.histograms {
                files.insert(record.entry.histograms_path(), blob(histograms)?);
            }
        }
        self.change(&files, &[])
    }

    fn remove(&self, entries: &[Entry], part: Part) -> Result<(), StoreError> {
        let mut paths: Vec<String> = entries.iter().map(Entry::histograms_path).collect();
        if part == Part::Everything {
            paths.extend(entries.iter().map(Entry::run_path));
        }
        self.change(&Files::new(), &paths)
    }

    fn describe(&self) -> String {
        format!("{RUNS_REF} of this repository")
    }
}

/// Whether the object is a commit that is here.
pub(super) fn has_commit(repository: &Repository, commit: CommitId) -> bool {
    oid(commit).is_ok_and(|id| repository.find_commit(id).is_ok())
}
