//! A state of the store as git keeps it: a commit whose tree holds the records, folder by folder.
//!
//! `perfgate` says what the tree is. `runs/<1>/<1>` and `histograms/<1>/<1>` are folders of records, by the first two
//! digits of their commit; `removed/<1>/<1>` are folders of empty files whose names tell what was removed ([`Bucket::lives`]).
//! So all but the contents of records is folders, which a fetch brings without their files.

use super::blob::check;
use super::bucket::{Bucket, Kept};
use super::error::StoreError;
use super::layout::{Entry, HISTOGRAMS, RUNS, run_file};
use git2::{ErrorCode, FileMode, ObjectType, Oid, Repository, Signature, Time, Tree};
use std::collections::BTreeMap;

/// The file that says what the tree is, and what it says.
pub(super) const MARKER: &str = "perfgate";
pub(super) const FORMAT: &[u8] = b"perfgate.store/1\n";
/// The folder of what was removed.
const REMOVED: &str = "removed";
/// The folders of a store, in the order of [`Leaf`].
const FOLDERS: [&str; 3] = [RUNS, HISTOGRAMS, REMOVED];
/// The line of a commit's message that says how many states its history has.
const AGE: &str = "history: ";

/// Where the parts of one bucket are: the folder of its runs, that of its histograms, and the file of its counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Leaf([Option<Oid>; 3]);

/// All buckets by their two digits, as one byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Leaves(BTreeMap<u8, Leaf>);

impl Leaf {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The parts that are not in the repository.
    pub(super) fn missing(&self, repository: &Repository) -> Result<Vec<Oid>, StoreError> {
        let odb = repository.odb().map_err(StoreError::git("reading the store"))?;
        Ok(self.0.into_iter().flatten().filter(|id| !odb.exists(*id)).collect())
    }

    /// Its parts.
    pub(super) fn parts(&self) -> [Option<Oid>; 3] {
        self.0
    }

    /// What can be read of it.
    pub(super) fn readable(&self, repository: &Repository) -> Bucket {
        let [runs, histograms, counts] = self.0;
        let parts = [[runs, None, None], [runs, histograms, None], [None, None, counts]];
        let read = parts.into_iter().filter_map(|part| Self(part).read(repository).ok());
        read.fold(Bucket::default(), |all, part| all.join(&part))
    }

    /// The files of its runs.
    pub(super) fn run_files(&self, repository: &Repository) -> Result<Vec<String>, StoreError> {
        Ok(files(repository, self.0[0])?.into_iter().map(|(name, _)| name).collect())
    }

    /// What is in it.
    pub(super) fn read(&self, repository: &Repository) -> Result<Bucket, StoreError> {
        let mut bucket = Bucket::default();
        let [runs, histograms, counts] = self.0;
        for (file, id) in files(repository, runs)? {
            // The first two digits do not matter here: any will do to tell whether the rest is a name.
            if let Some(entry) = Entry::from_file("00", &file) {
                let kept = Kept { run: Some(id), life: 1, ..Kept::default() };
                bucket.0.insert(entry.name(), kept);
            }
        }
        for (name, id) in files(repository, histograms)? {
            if Entry::from_name("00", &name).is_some() {
                let kept = bucket.0.entry(name).or_default();
                (kept.histograms, kept.histograms_life) = (Some(id), 1);
            }
        }
        for (told, _) in files(repository, counts)? {
            bucket.read_life(&told);
        }
        Ok(bucket)
    }

    /// Writes what is in a bucket.
    pub(super) fn write(repository: &Repository, bucket: &Bucket) -> Result<Self, StoreError> {
        let folder = |files: Vec<(String, Oid)>| {
            let files = files.into_iter().map(|(name, id)| (name, id, FileMode::Blob));
            folder(repository, files)
        };
        let of = |kept: fn(&Kept) -> Option<Oid>, file: fn(&str) -> String| {
            bucket.0.iter().filter_map(|(name, own)| Some((file(name), kept(own)?))).collect()
        };
        let runs = of(|kept| kept.run, run_file);
        let histograms = of(|kept| kept.histograms, str::to_owned);
        let mut counts: Vec<(String, Oid)> = Vec::new();
        for told in bucket.lives() {
            let empty = repository.blob(b"").map_err(StoreError::git("writing the store"))?;
            counts.push((told, empty));
        }
        Ok(Self([folder(runs)?, folder(histograms)?, folder(counts)?]))
    }
}

impl Leaves {
    /// The buckets of a commit; an error that names the place where it is no store of perfgate.
    pub(super) fn of(
        repository: &Repository,
        commit: Oid,
        place: &str,
    ) -> Result<Self, StoreError> {
        let not = |why: String| StoreError::NotAStore { place: place.to_owned(), why };
        let object = repository.find_object(commit, None).map_err(StoreError::damaged(place))?;
        let kind = object.kind().map_or("unknown", |kind| kind.str());
        let Some(commit) = object.as_commit() else {
            return Err(not(format!("it points to a {kind}")));
        };
        let tree = commit.tree().map_err(StoreError::damaged(place))?;
        let marker = tree.get_name(MARKER).filter(|file| file.kind() == Some(ObjectType::Blob));
        let Some(marker) = marker else {
            return Err(not("it has no file `perfgate` that says so".to_owned()));
        };
        if marker.id() != format_id()? {
            return Err(StoreError::NewerStore { place: place.to_owned() });
        }
        let mut leaves = Self::default();
        for (part, name) in FOLDERS.into_iter().enumerate() {
            let Some(top) = tree.get_name(name) else { continue };
            let Some(top) = subtree(repository, &top, place)? else {
                return Err(not(format!("its `{name}` is no folder")));
            };
            leaves.add(part, &top, |entry| subtree(repository, entry, place))?;
        }
        Ok(leaves)
    }

    /// The buckets of a commit as far as they can be read; none of what is no store.
    pub(super) fn readable(repository: &Repository, commit: Oid) -> Self {
        let mut leaves = Self::default();
        let tree = repository.find_commit(commit).and_then(|commit| commit.tree());
        let Ok(tree) = tree else { return leaves };
        if tree.get_name(MARKER).map(|marker| marker.id()) != format_id().ok() {
            return leaves;
        }
        let read = |entry: &git2::TreeEntry<'_>| subtree(repository, entry, "").ok().flatten();
        for (part, name) in FOLDERS.into_iter().enumerate() {
            if let Some(top) = tree.get_name(name).and_then(|top| read(&top)) {
                drop(leaves.add(part, &top, |entry| Ok(read(entry))));
            }
        }
        leaves
    }

    fn add<'r>(
        &mut self,
        part: usize,
        top: &Tree<'_>,
        read: impl Fn(&git2::TreeEntry<'_>) -> Result<Option<Tree<'r>>, StoreError>,
    ) -> Result<(), StoreError> {
        for first in top.iter() {
            let Some(high) = first.name().ok().and_then(digit) else { continue };
            let Some(folder) = read(&first)? else { continue };
            let folders = folder.iter().filter(|second| second.kind() == Some(ObjectType::Tree));
            for second in folders {
                if let Some(low) = second.name().ok().and_then(digit) {
                    self.0.entry(high << 4 | low).or_default().0[part] = Some(second.id());
                }
            }
        }
        Ok(())
    }

    /// The parts of the bucket of these two digits.
    pub(super) fn get(&self, digits: u8) -> Leaf {
        self.0.get(&digits).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, digits: u8, leaf: Leaf) {
        if leaf.is_empty() {
            self.0.remove(&digits);
        } else {
            self.0.insert(digits, leaf);
        }
    }

    /// The buckets that are not empty.
    pub(super) fn digits(&self) -> impl Iterator<Item = u8> {
        self.0.keys().copied()
    }

    /// A commit of these buckets that follows another one, or begins a history. Everything about it is constant, so equal
    /// buckets are equal commits.
    pub(super) fn commit(
        &self,
        repository: &Repository,
        after: Option<(Oid, u32)>,
    ) -> Result<Oid, StoreError> {
        let wrap = || StoreError::git("writing the store");
        let marker = repository.blob(FORMAT).map_err(wrap())?;
        let mut top = vec![(MARKER.to_owned(), marker, FileMode::Blob)];
        for (part, name) in FOLDERS.into_iter().enumerate() {
            let made = self.top(repository, part)?;
            top.extend(made.map(|id| (name.to_owned(), id, FileMode::Tree)));
        }
        let tree = folder(repository, top.into_iter())?.unwrap_or(Oid::ZERO_SHA1);
        let tree = repository.find_tree(tree).map_err(wrap())?;
        let who =
            Signature::new("perfgate", "perfgate@localhost", &Time::new(0, 0)).map_err(wrap())?;
        let parent = after.map(|(id, _)| repository.find_commit(id)).transpose().map_err(wrap())?;
        let parents: Vec<_> = parent.iter().collect();
        let age = after.map_or(1, |(_, age)| age.saturating_add(1));
        let message = format!("perfgate runs\n\n{AGE}{age}\n");
        repository.commit(None, &who, &who, &message, &tree, &parents).map_err(wrap())
    }

    /// One of the folders at the top.
    fn top(&self, repository: &Repository, part: usize) -> Result<Option<Oid>, StoreError> {
        let mut firsts: BTreeMap<u8, Vec<(String, Oid, FileMode)>> = BTreeMap::new();
        for (digits, leaf) in &self.0 {
            if let Some(id) = leaf.0[part] {
                let file = (format!("{:x}", digits & 15), id, FileMode::Tree);
                firsts.entry(digits >> 4).or_default().push(file);
            }
        }
        let mut folders = Vec::with_capacity(firsts.len());
        for (first, files) in firsts {
            let made = folder(repository, files.into_iter())?;
            folders.extend(made.map(|id| (format!("{first:x}"), id, FileMode::Tree)));
        }
        folder(repository, folders.into_iter())
    }
}

/// How many states the history of a commit of the store has, as it says itself.
pub(super) fn age(repository: &Repository, commit: Oid) -> u32 {
    let read = || {
        let commit = repository.find_commit(commit).ok()?;
        let message = commit.message().ok()?.to_owned();
        message.lines().find_map(|line| line.strip_prefix(AGE))?.trim().parse().ok()
    };
    read().unwrap_or(1)
}

/// The bucket that a commit's records are in.
pub(super) fn digits_of(entry: &Entry) -> u8 {
    entry.commit.as_bytes()[0]
}

/// The content of a blob, as far as it can be told.
pub(super) enum Content {
    Good(Vec<u8>),
    /// It is not here.
    Absent,
    /// It is here and is not what it should be.
    Damaged(String),
    /// It is larger than any record.
    TooLarge,
}

/// Reads a blob and makes sure that it is what its id says.
pub(super) fn content(repository: &Repository, blob: Oid) -> Content {
    let odb = match repository.odb() {
        Ok(odb) => odb,
        Err(error) => return Content::Damaged(error.message().to_owned()),
    };
    // What has no header cannot be read either, which says why.
    if let Ok((bytes, _)) = odb.read_header(blob)
        && check(bytes as u64).is_err()
    {
        return Content::TooLarge;
    }
    match odb.read(blob) {
        Ok(object) if Oid::hash_object(object.kind(), object.data()).ok() == Some(blob) => {
            Content::Good(object.data().to_vec())
        }
        Ok(_) => Content::Damaged("it is not what was written".to_owned()),
        Err(error) if error.code() == ErrorCode::NotFound => Content::Absent,
        Err(error) => Content::Damaged(error.message().to_owned()),
    }
}

/// One hexadecimal digit.
fn digit(name: &str) -> Option<u8> {
    let one = name.len() == 1 && !name.starts_with(|c: char| c.is_ascii_uppercase());
    one.then(|| u8::from_str_radix(name, 16).ok()).flatten()
}

fn format_id() -> Result<Oid, StoreError> {
    Oid::hash_object(ObjectType::Blob, FORMAT).map_err(StoreError::git("hashing"))
}

/// The files of a folder; none without it.
fn files(repository: &Repository, folder: Option<Oid>) -> Result<Vec<(String, Oid)>, StoreError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let tree = repository.find_tree(folder).map_err(StoreError::damaged("a folder"))?;
    let blobs = tree.iter().filter(|file| file.kind() == Some(ObjectType::Blob));
    Ok(blobs.filter_map(|file| Some((file.name().ok()?.to_owned(), file.id()))).collect())
}

/// A folder; none where it is something else.
fn subtree<'r>(
    repository: &'r Repository,
    entry: &git2::TreeEntry<'_>,
    place: &str,
) -> Result<Option<Tree<'r>>, StoreError> {
    if entry.kind() != Some(ObjectType::Tree) {
        return Ok(None);
    }
    repository.find_tree(entry.id()).map(Some).map_err(StoreError::damaged(place))
}

/// A folder of these files; none without any.
fn folder(
    repository: &Repository,
    files: impl Iterator<Item = (String, Oid, FileMode)>,
) -> Result<Option<Oid>, StoreError> {
    let wrap = || StoreError::git("writing the store");
    let mut builder = repository.treebuilder(None).map_err(wrap())?;
    for (name, id, mode) in files {
        builder.insert(&name, id, mode.into()).map_err(wrap())?;
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(Some).map_err(wrap()) }
}

/// The object at a path of a commit of the store; none where there is nothing.
pub(super) fn at_path(
    repository: &Repository,
    commit: Oid,
    path: &str,
) -> Result<Option<Oid>, StoreError> {
    let tree = repository.find_commit(commit).map(|commit| commit.tree_id());
    let mut at = tree.map_err(StoreError::damaged("the store's ref"))?;
    let mut kind = Some(ObjectType::Tree);
    for step in path.split('/') {
        if kind != Some(ObjectType::Tree) {
            return Ok(None);
        }
        let folder = repository.find_tree(at);
        let folder = folder.map_err(StoreError::damaged(format!("the folder of {path}")))?;
        let Some(next) = folder.get_name(step) else { return Ok(None) };
        (at, kind) = (next.id(), next.kind());
    }
    Ok(Some(at))
}
