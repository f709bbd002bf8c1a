//! A model of everything that happens to a store: clones that record, prune, restore, fetch and push, a remote that is rolled
//! back, emptied or replaced, and a process that is killed at any step. It runs the very code that talks to a real remote;
//! only the remote is a table of refs.
//!
//! The laws: nothing that was recorded and not pruned is ever lost, nothing that was pruned comes back, and in the end all
//! clones have the same.

use super::git_store::{GitStore, RUNS_REF, init};
use super::link::Link;
use super::push::{Change, PushOutcome, Refusal};
use super::sync::{fetch_over, push_over};
use super::{Entry, NewRecord, Part, RunStore as _, StoreError, kept_states, restore};
use git2::{ObjectType, Oid};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Refs = BTreeMap<String, Oid>;

/// A remote: its refs, and those that it had.
struct Server {
    url: RefCell<String>,
    refs: RefCell<Refs>,
    backups: RefCell<Vec<Refs>>,
    /// Whether a history may begin anew there.
    forces: bool,
}

/// A clone's way to the remote, on which its process may be killed.
struct Way<'a> {
    server: &'a Server,
    url: String,
    store: &'a GitStore,
    /// Steps until it is killed, and whether the step is still done.
    killed: Cell<Option<(u32, bool)>>,
    /// Somebody who is always faster.
    rival: Cell<u32>,
}

impl Way<'_> {
    /// Takes a step; the process may be killed before or after it.
    fn step<T>(&self, step: impl FnOnce() -> T) -> Result<T, StoreError> {
        let dead = || StoreError::Held { holder: "killed".to_owned() };
        match self.killed.get() {
            Some((0, done)) => {
                if done {
                    step();
                }
                Err(dead())
            }
            Some((n, done)) => {
                self.killed.set(Some((n - 1, done)));
                Ok(step())
            }
            None => Ok(step()),
        }
    }

    fn allows(&self, refs: &Refs, name: &str, change: &Change) -> bool {
        let there = refs.get(name).copied();
        match change {
            Change::Follow(new) => {
                let repository = self.store.repository();
                let parents: Vec<Oid> =
                    repository.find_commit(*new).unwrap().parent_ids().collect();
                there.is_none_or(|there| parents.contains(&there) || there == *new)
            }
            Change::Replace { old, .. } => there == Some(*old),
            Change::Delete => there.is_some(),
        }
    }

    fn carry_out(&self, changes: &[(String, Change)]) -> PushOutcome {
        let mut refs = self.server.refs.borrow_mut();
        self.server.backups.borrow_mut().push(refs.clone());
        if changes.iter().any(|(_, change)| matches!(change, Change::Replace { .. }))
            && !self.server.forces
        {
            return PushOutcome::Refused(Refusal::default());
        }
        if changes.iter().any(|(name, change)| !self.allows(&refs, name, change)) {
            return PushOutcome::Late(Refusal::default());
        }
        for (name, change) in changes {
            match change {
                Change::Follow(new) | Change::Replace { new, .. } => {
                    refs.insert(name.clone(), *new)
                }
                Change::Delete => refs.remove(name),
            };
        }
        PushOutcome::Accepted
    }
}

impl Link for Way<'_> {
    fn name(&self) -> &str {
        "origin"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn fetch(&self, _: bool) -> Result<Vec<(String, Oid)>, StoreError> {
        self.step(|| {
            let refs = self.server.refs.borrow();
            refs.iter().map(|(name, id)| (name.replacen("refs/perfgate/", "", 1), *id)).collect()
        })
    }

    fn push(&self, changes: &[(String, Change)]) -> Result<PushOutcome, StoreError> {
        if self.rival.get() > 0 && changes[0].0 == RUNS_REF {
            self.rival.set(self.rival.get() - 1);
            return Ok(PushOutcome::Late(Refusal::default()));
        }
        self.step(|| self.carry_out(changes))
    }

    fn shows(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.server.refs.borrow().contains_key(name))
    }

    fn pause(&self) {}
}

/// What happens, and in which clone.
#[derive(Debug, Clone)]
enum Happening {
    Record,
    Prune(usize),
    PruneHistograms(usize),
    Restore,
    Fetch,
    Push {
        late: u32,
    },
    /// The remote is what it was so many pushes ago.
    Rollback(usize),
    Delete,
    /// The remote is a new, empty one in another place.
    Move,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Record),
        2 => (0..8_usize).prop_map(Happening::Prune),
        1 => (0..8_usize).prop_map(Happening::PruneHistograms),
        1 => Just(Happening::Restore),
        3 => Just(Happening::Fetch),
        5 => (0..9_u32).prop_map(|late| Happening::Push { late: late.saturating_sub(1) }),
        1 => (0..4_usize).prop_map(Happening::Rollback),
        1 => Just(Happening::Delete),
        1 => Just(Happening::Move),
    ]
}

/// When the process of a happening is killed.
fn kill() -> impl Strategy<Value = Option<(u32, bool)>> {
    prop_oneof![3 => Just(None), 1 => (0..5_u32, any::<bool>()).prop_map(Some)]
}

/// What must hold in the end of each record.
#[derive(Debug, Default)]
struct Expected {
    there: BTreeSet<Entry>,
    gone: BTreeSet<Entry>,
    restored: BTreeSet<Entry>,
}

struct World {
    clones: Vec<(GitStore, tempfile::TempDir)>,
    server: Server,
    expected: Expected,
    recorded: u32,
}

impl World {
    fn new(clones: usize, forces: bool) -> Self {
        let objects = repository();
        let clones = (0..clones).map(|_| clone(objects.path())).collect();
        let server = Server {
            url: RefCell::new("first".to_owned()),
            refs: RefCell::default(),
            backups: RefCell::default(),
            forces,
        };
        // The objects are all in one place, that the last clone keeps.
        let mut world = Self { clones, server, expected: Expected::default(), recorded: 0 };
        world.clones.push((GitStore::open_at(objects.path().to_owned(), None).unwrap(), objects));
        world
    }

    fn happen(&mut self, at: usize, what: &Happening, killed: Option<(u32, bool)>) {
        let (store, _) = &self.clones[at];
        let way = Way {
            server: &self.server,
            url: self.server.url.borrow().clone(),
            store,
            killed: Cell::new(killed),
            rival: Cell::new(0),
        };
        store.die_at(killed);
        match what {
            Happening::Record => {
                self.recorded += 1;
                let record = record(self.recorded);
                if store.write(std::slice::from_ref(&record)).is_ok() {
                    self.expected.there.insert(record.entry);
                }
            }
            Happening::Prune(n) => {
                let entries = store.entries().unwrap();
                let Some(entry) = entries.get(n % entries.len().max(1)) else { return };
                // A prune that was killed may have been carried out or not.
                self.expected.there.remove(entry);
                if store.remove(std::slice::from_ref(entry), Part::Everything).is_ok() {
                    self.expected.gone.insert(entry.clone());
                }
            }
            Happening::PruneHistograms(n) => {
                let entries = store.entries().unwrap();
                let Some(entry) = entries.get(n % entries.len().max(1)) else { return };
                drop(store.remove(std::slice::from_ref(entry), Part::Histograms));
            }
            Happening::Restore => {
                let states = kept_states(store).unwrap();
                let Some(state) = states.last() else { return };
                let before: BTreeSet<Entry> = store.entries().unwrap().into_iter().collect();
                drop(restore(store, &state.name));
                let now: BTreeSet<Entry> = store.entries().unwrap().into_iter().collect();
                for entry in now.difference(&before) {
                    // A restoration wins over a removal that did not know of it.
                    self.expected.restored.insert(entry.clone());
                }
            }
            Happening::Fetch => drop(fetch_over(store, &way)),
            Happening::Push { late } => {
                way.rival.set(*late);
                drop(push_over(store, &way));
            }
            Happening::Rollback(n) => {
                let backups = self.server.backups.borrow();
                let refs = backups.len().checked_sub(n + 1).map(|i| backups[i].clone());
                self.server.refs.replace(refs.unwrap_or_default());
            }
            Happening::Delete => drop(self.server.refs.borrow_mut().remove(RUNS_REF)),
            Happening::Move => {
                self.server.url.replace(format!("place {}", self.recorded));
                self.server.refs.take();
            }
        }
        self.clones[at].0.die_at(None);
    }

    /// Everybody pushes and fetches until all is said.
    fn settle(&mut self) {
        for _ in 0..2 {
            for at in 0..self.clones.len() {
                self.happen(at, &Happening::Push { late: 0 }, None);
                self.happen(at, &Happening::Fetch, None);
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let first = self.clones[0].0.leaves(RUNS_REF).unwrap();
        for (store, _) in &self.clones {
            prop_assert_eq!(&store.leaves(RUNS_REF).unwrap(), &first);
            let entries: BTreeSet<Entry> = store.entries().unwrap().into_iter().collect();
            let lost: Vec<&Entry> = self.expected.there.difference(&entries).collect();
            prop_assert!(lost.is_empty(), "lost: {lost:?}");
            let back = self.expected.gone.intersection(&entries);
            let back: Vec<&Entry> =
                back.filter(|entry| !self.expected.restored.contains(entry)).collect();
            prop_assert!(back.is_empty(), "back: {back:?}");
        }
        Ok(())
    }
}

/// A private repository that no power cut will ever meet.
fn repository() -> tempfile::TempDir {
    // In memory, where there is such a place: ten times as fast.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    init(folder.path()).unwrap();
    let made = git2::Repository::open_bare(folder.path()).unwrap();
    made.config().unwrap().set_bool("core.fsyncObjectFiles", false).unwrap();
    folder
}

/// A clone that shares its objects with all others, so that whatever is pushed is everywhere.
fn clone(objects: &Path) -> (GitStore, tempfile::TempDir) {
    let folder = repository();
    std::fs::remove_dir_all(folder.path().join("objects")).unwrap();
    std::os::unix::fs::symlink(objects.join("objects"), folder.path().join("objects")).unwrap();
    let store = GitStore::open_at(folder.path().to_owned(), None).unwrap();
    (store, folder)
}

/// Records of a few buckets, all different.
fn record(number: u32) -> NewRecord {
    let run = format!("{{\"run\": {number}}}\n").into_bytes();
    let id = Oid::hash_object(ObjectType::Blob, &run).unwrap().to_string();
    let commit = format!("{:02x}{:038x}", number % 3, number).parse().unwrap();
    let histograms = Some(format!("histograms {number}").into_bytes());
    NewRecord { entry: Entry { commit, id: id[..16].to_owned() }, run, histograms }
}

/// A thousand schedules; `PROPTEST_CASES=5000` makes them 20 000.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * 4, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(many())]
    #[test]
    fn nothing_recorded_is_lost_nothing_pruned_comes_back_and_all_clones_agree(
        forces in any::<bool>(),
        schedule in prop::collection::vec((0..3_usize, happening(), kill()), 1..24),
    ) {
        let mut world = World::new(3, forces);
        for (at, what, killed) in &schedule {
            world.happen(*at, what, *killed);
        }
        world.settle();
        world.check()?;
    }
}
