//! Mending a damaged store: a new one is made of all that can be read, the remote's good copies join it, and the damaged
//! one is put aside.
//!
//! States of the store join whatever their order ([`super::bucket`]), so every state that is still in the damaged
//! repository helps, old ones too, and none can bring back what was removed.

use super::RunStore;
use super::blob::check;
use super::bucket::{Bucket, is_of};
use super::error::StoreError;
use super::git_store::{ASIDE, GitStore, RUNS_REF, init};
use super::layout::Entry;
use super::layout::private_path;
use super::leftovers::SCRATCH;
use super::lock::Lock;
use super::remote::Remote;
use super::snapshot::{Content, Leaf, Leaves, content};
use super::sync::fetch;
use super::verify::verify;
use crate::model::today;
use crate::schema::read_recorded;
use git2::{ObjectType, Odb, Oid, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Debug)]
pub struct Repaired {
    /// Runs that are in the store now.
    pub runs: usize,
    /// Runs of which the content was here, and good.
    pub rescued: usize,
    /// Records that are known of, and can be had nowhere.
    pub lost: Vec<Entry>,
    /// Where the damaged store is now.
    pub aside: PathBuf,
    /// Why the remote could not help, where there is one.
    pub unreachable: Option<StoreError>,
}

/// Makes the store of this clone anew of what can be read, and of what the remote has.
pub fn repair(common_dir: &Path, remote: Option<Remote>) -> Result<Repaired, StoreError> {
    let path = private_path(common_dir);
    let wrap = |source| StoreError::Io { path: path.clone(), source };
    // A repair that was killed has put it aside already.
    std::fs::create_dir_all(&path).map_err(wrap)?;
    let _lock = Lock::take(&path)?;
    let rescue = Rescue::of(&stores(common_dir).map_err(wrap)?);
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(common_dir);
    let scratch = scratch.map_err(wrap)?;
    init(scratch.path())?;
    let reachable = remote.is_some();
    let new = GitStore::open_at(scratch.path().to_owned(), remote)?;
    let rescued = rescue.write(&new)?;
    let unreachable = if reachable { fetch(&new).err() } else { None };
    // The remote may hold what is broken as well: it is named, and nothing here makes it worse.
    let there: BTreeSet<Entry> = new.entries()?.into_iter().collect();
    let lost = rescue.known.into_iter().filter(|entry| !there.contains(entry)).collect();
    drop(new);
    let aside = aside(common_dir);
    std::fs::rename(&path, &aside).map_err(wrap)?;
    std::fs::rename(scratch.keep(), &path).map_err(wrap)?;
    Ok(Repaired { runs: there.len(), rescued, lost, aside, unreachable })
}

/// The store and those that were put aside before: a repair that was killed halfway left everything there.
fn stores(common_dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut stores = vec![private_path(common_dir)];
    for file in std::fs::read_dir(common_dir)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(ASIDE) {
            stores.push(file.path());
        }
    }
    Ok(stores)
}

/// A name that is not taken yet.
fn aside(common_dir: &Path) -> PathBuf {
    let today = today();
    let name = |n: u32| common_dir.join(format!("{ASIDE}{today}-{n}"));
    (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0))
}

/// What can be read of damaged stores.
#[derive(Default)]
struct Rescue {
    /// The objects of the damaged stores.
    sources: Vec<Repository>,
    buckets: BTreeMap<u8, Bucket>,
    /// What any folder says of additions and removals.
    told: Bucket,
    /// Good contents, and in which source they are.
    contents: BTreeMap<Oid, usize>,
    /// All records that are known to be there, whether they can be read or not.
    known: BTreeSet<Entry>,
}

impl Rescue {
    fn of(stores: &[PathBuf]) -> Self {
        let mut rescue = Self::default();
        for store in stores {
            // Refs may be what is damaged; every state is a commit, and those are found without.
            let Ok(odb) = Odb::new() else { continue };
            if odb.add_disk_alternate(&store.join("objects").display().to_string()).is_err() {
                continue;
            }
            let Ok(repository) = Repository::from_odb(odb) else { continue };
            rescue.read(&repository, is_whole(store));
            rescue.sources.push(repository);
        }
        for bucket in rescue.buckets.values_mut() {
            let told = rescue.told.0.iter().filter(|(name, _)| bucket.0.contains_key(*name));
            let told = Bucket(told.map(|(name, kept)| (name.clone(), *kept)).collect());
            *bucket = bucket.join(&told);
        }
        let buckets = rescue.buckets.iter().flat_map(|(digits, bucket)| {
            let folder = format!("{digits:02x}");
            let names = bucket.known().map(|name| Entry::from_name(&folder, name));
            names.flatten().collect::<Vec<_>>()
        });
        rescue.known = buckets.collect();
        rescue
    }

    fn read(&mut self, repository: &Repository, whole: bool) {
        let mut objects = Vec::new();
        if let Ok(odb) = repository.odb() {
            // What cannot be listed cannot be read either.
            drop(odb.foreach(|id| {
                objects.push(*id);
                true
            }));
        }
        let mut seen: BTreeSet<(u8, [Option<Oid>; 3])> = BTreeSet::new();
        for id in objects {
            let header = repository.odb().and_then(|odb| odb.read_header(id));
            if header
                .is_ok_and(|(bytes, kind)| kind == ObjectType::Blob && check(bytes as u64).is_err())
            {
                continue;
            }
            let Ok(object) = repository.find_object(id, None) else { continue };
            match object.kind() {
                Some(ObjectType::Commit) => {
                    let leaves = Leaves::readable(repository, id);
                    for digits in leaves.digits() {
                        let leaf = leaves.get(digits);
                        if seen.insert((digits, leaf.parts())) {
                            self.join(digits, &leaf.readable(repository));
                        }
                    }
                }
                // What was removed is told by names: those of a folder that nothing leads to any more tell it as well.
                Some(ObjectType::Tree) => {
                    let names = object.as_tree().into_iter().flat_map(|tree| tree.iter());
                    for name in names.filter_map(|file| file.name().ok().map(str::to_owned)) {
                        self.told.read_life(&name);
                    }
                }
                Some(ObjectType::Blob) => self.add_blob(repository, id, whole),
                _ => {}
            }
        }
    }

    fn join(&mut self, digits: u8, bucket: &Bucket) {
        let own = self.buckets.entry(digits).or_default();
        *own = own.join(bucket);
    }

    /// Keeps a good content. Where folders are damaged, a run says itself where it belongs.
    fn add_blob(&mut self, repository: &Repository, id: Oid, whole: bool) {
        let Content::Good(bytes) = content(repository, id) else { return };
        let commit =
            if whole { None } else { read_recorded(&bytes).ok().and_then(|run| run.commit) };
        if let Some(commit) = commit {
            let entry = Entry { commit, id: id.to_string()[..super::layout::ID_DIGITS].to_owned() };
            let mut bucket = Bucket::default();
            bucket.0.entry(entry.name()).or_default().add(id, None);
            self.join(super::snapshot::digits_of(&entry), &bucket);
        }
        self.contents.insert(id, self.sources.len());
    }

    /// Writes what is good to a new store. How many runs that are.
    fn write(&self, store: &GitStore) -> Result<usize, StoreError> {
        let repository = store.repository();
        let mut leaves = Leaves::default();
        let mut rescued = 0;
        for (digits, bucket) in &self.buckets {
            let mut good = bucket.clone();
            for (name, kept) in &mut good.0 {
                let readable = |id: Oid| self.contents.contains_key(&id);
                if kept.histograms.is_none_or(|id| !readable(id)) {
                    kept.forget_histograms();
                }
                match kept.run {
                    Some(run) if readable(run) && is_of(name, run) => rescued += 1,
                    Some(_) => kept.forget(),
                    None => kept.forget(),
                }
            }
            good.0.retain(|_, kept| kept.life > 0);
            let parts = good.0.values().flat_map(|kept| [kept.run, kept.histograms]).flatten();
            for id in parts {
                if let Some(source) = self.contents.get(&id)
                    && let Content::Good(bytes) = content(&self.sources[*source], id)
                {
                    repository.blob(&bytes).map_err(StoreError::git("writing a record"))?;
                }
            }
            leaves.set(*digits, Leaf::write(repository, &good)?);
        }
        store.set(RUNS_REF, leaves.commit(repository, None)?)?;
        Ok(rescued)
    }
}

/// Whether every folder of a store can be read.
fn is_whole(store: &Path) -> bool {
    let opened = GitStore::open_at(store.to_owned(), None);
    opened.is_ok_and(|store| verify(&store).broken.iter().all(|broken| broken.entry.is_some()))
}
