//! What was listed and read of a store, for all threads of the process: contents never change, and counts only rise.

use super::keys::Lives;
use crate::store::layout::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// What is known of one store.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    known: Mutex<BTreeMap<Entry, Lives>>,
    runs: Mutex<HashMap<Entry, Vec<u8>>>,
    checked: AtomicBool,
}

fn held<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// The one of the store at this address.
    pub(super) fn of(url: &str) -> Arc<Self> {
        static SHELVES: LazyLock<Mutex<HashMap<String, Arc<Shelf>>>> =
            LazyLock::new(Mutex::default);
        Arc::clone(held(&SHELVES).entry(url.to_owned()).or_default())
    }

    /// Learns counts, of which the larger ones hold.
    pub(super) fn learn<'a>(&self, told: impl IntoIterator<Item = (&'a Entry, &'a Lives)>) {
        let mut known = held(&self.known);
        for (entry, lives) in told {
            let own = known.entry(entry.clone()).or_default();
            *own = own.join(*lives);
        }
    }

    pub(super) fn lives(&self, entry: &Entry) -> Option<Lives> {
        held(&self.known).get(entry).copied()
    }

    /// Whether a run was read ahead.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        held(&self.runs).contains_key(entry)
    }

    pub(super) fn put(&self, runs: impl IntoIterator<Item = (Entry, Vec<u8>)>) {
        held(&self.runs).extend(runs);
    }

    /// A run that was read ahead; most are needed once.
    pub(super) fn take(&self, entry: &Entry) -> Option<Vec<u8>> {
        held(&self.runs).remove(entry)
    }

    /// Whether the store is of a version that this program knows.
    pub(super) fn is_checked(&self) -> bool {
        self.checked.load(Ordering::Relaxed)
    }

    pub(super) fn check(&self) {
        self.checked.store(true, Ordering::Relaxed);
    }
}
