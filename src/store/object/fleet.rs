//! The stores of many services below one address, and the facts that are made of their records.
//!
//! Facts lie in `facts/month=<YYYY-MM>/service=<name>/facts.parquet`, one object for each month of a service, which is swapped as a
//! whole: whoever reads them by a pattern of names, and every engine does, sees each record once at any time. Beside them, a small
//! manifest for each month says what was compacted, so that the next compaction reads little.

use super::keys::{COMMITS, Lives, Read, read_told, run_key};
use super::objects::{Listing, Objects, Swap};
use super::version::{Held, Version, Versioned};
use crate::store::Entry;
use crate::store::error::StoreError;
use crate::store::patience::Patience;
use crate::store::snapshot::{FORMAT, MARKER};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The folder of the facts.
const FACTS: &str = "facts";
const MONTH: &str = "month=";
const SERVICE: &str = "service=";
const FILE: &str = "facts.parquet";
const MANIFEST: &str = "_manifest.json";
/// The month of records whose commit has no known time.
pub const UNDATED_MONTH: &str = "undated";
/// Folders between the address and a store at most.
const DEEPEST: usize = 4;

/// The stores of many services.
#[derive(Debug)]
pub struct Fleet {
    objects: Objects,
}

/// A service with a store of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// The path of its store, from the address on.
    pub path: String,
    /// The name that its facts lie under: letters, digits, `.`, `-` and `_` alone.
    pub name: String,
}

/// A record that a service has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The record.
    pub entry: Entry,
    /// How often it was added and removed; odd while it is there.
    pub life: u32,
    /// The time of its commit, where that is known.
    pub at: Option<Timestamp>,
}

/// Facts of a service and a month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactsKey {
    /// The service's name.
    pub service: String,
    /// `2026-11`.
    pub month: String,
}

/// What an object was when it was read; none if it was not there.
pub type Before = Option<Version>;

impl FactsKey {
    fn path(&self) -> String {
        format!("{FACTS}/{MONTH}{}/{SERVICE}{}/{FILE}", self.month, self.service)
    }

    fn of(name: &str) -> Option<Self> {
        let [month, service, FILE] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        let (month, service) = (month.strip_prefix(MONTH)?, service.strip_prefix(SERVICE)?);
        Some(Self { service: service.to_owned(), month: month.to_owned() })
    }
}

impl Told {
    /// Whether it is there now.
    pub fn is_there(&self) -> bool {
        Lives { run: self.life, ..Lives::default() }.has_run()
    }
}

impl Fleet {
    /// The fleet at an address. Nothing is asked of the service now.
    pub fn open(url: &str, patience: Patience) -> Result<Self, StoreError> {
        Ok(Self { objects: Objects::open(url.trim_end_matches('/'), patience)? })
    }

    #[cfg(all(test, feature = "object-store"))]
    pub(super) fn of(objects: Objects) -> Self {
        Self { objects }
    }

    /// Kills the process after so many more requests, the last of which is carried out or not.
    #[cfg(all(test, feature = "object-store"))]
    pub(crate) fn die_after(&self, requests: u32, done: bool) {
        self.objects.faults.die_after(requests, done);
    }

    /// What it is, for messages.
    pub fn describe(&self) -> String {
        self.objects.url().to_owned()
    }

    /// The right to write facts, where the storage itself cannot tell writers apart: in a folder.
    pub fn hold(&self) -> Result<Held, StoreError> {
        self.objects.hold(FACTS)
    }

    /// The services, by name; and the paths of stores that a newer perfgate made.
    pub fn services(&self) -> Result<(Vec<Service>, Vec<String>), StoreError> {
        let mut found = Vec::new();
        let mut level = vec![String::new()];
        for _ in 0..=DEEPEST {
            let folders = self.objects.folders(level.clone())?;
            let mut next = Vec::new();
            for (path, folder) in level.into_iter().zip(folders) {
                if folder.files.iter().any(|file| file == MARKER) {
                    found.push(path);
                    continue;
                }
                let inside = folder.folders.iter().map(|own| join(&path, own));
                next.extend(inside.filter(|own| own != FACTS));
            }
            level = next;
            if level.is_empty() {
                break;
            }
        }
        let markers = self.objects.read(found.iter().map(|path| join(path, MARKER)).collect())?;
        let (mut services, mut newer) = (Vec::new(), Vec::new());
        for (path, marker) in found.into_iter().zip(markers) {
            match marker {
                Some(marker) if marker == FORMAT => {
                    services.push(Service { name: name_of(&path, self.objects.url()), path });
                }
                _ => newer.push(path),
            }
        }
        services.sort();
        Ok((services, newer))
    }

    /// What each of these services has recorded of commits from a day on, or of all; a record that was told of more than once
    /// has its largest count.
    pub fn told(
        &self,
        services: &[(&Service, Option<Date>)],
    ) -> Result<Vec<Vec<Told>>, StoreError> {
        let listing = |(service, since): &(&Service, Option<Date>)| Listing {
            folder: join(&service.path, COMMITS),
            from: since.map(|day| day.to_string()),
        };
        let names = self.objects.listed(services.iter().map(listing).collect())?;
        Ok(names.into_iter().map(|names| joined(&names)).collect())
    }

    /// The runs of these records of services, as JSON; none of those that are not there any more.
    pub fn runs(&self, wanted: &[(&Service, &Told)]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let key = |(service, told): &(&Service, &Told)| {
            join(&service.path, &run_key(&told.entry, told.life))
        };
        self.objects.read(wanted.iter().map(key).collect())
    }

    /// The facts that there are, of months from one on, sorted; of all months without one.
    pub fn facts(&self, from: Option<&str>) -> Result<Vec<FactsKey>, StoreError> {
        let from = from.map(|month| format!("{MONTH}{month}"));
        let listing = Listing { folder: FACTS.to_owned(), from };
        let names = self.objects.listed(vec![listing])?.concat();
        let mut keys: Vec<FactsKey> = names.iter().filter_map(|name| FactsKey::of(name)).collect();
        keys.sort();
        Ok(keys)
    }

    /// The contents of facts, in their order; none of those that are not there.
    pub fn read(&self, keys: &[FactsKey]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.objects.read(keys.iter().map(FactsKey::path).collect())
    }

    /// The same, with what is needed to swap them.
    pub fn read_to_swap(&self, keys: &[FactsKey]) -> Result<Vec<Option<Versioned>>, StoreError> {
        self.objects.read_versions(keys.iter().map(FactsKey::path).collect())
    }

    /// Puts facts in the place of what was there when it was read. False for each in whose place somebody else has put others
    /// meanwhile.
    pub fn swap(&self, new: Vec<(FactsKey, Vec<u8>, Before)>) -> Result<Vec<bool>, StoreError> {
        let swap = |(key, bytes, before): (FactsKey, Vec<u8>, Before)| Swap {
            key: key.path(),
            bytes,
            before,
        };
        self.objects.swap(new.into_iter().map(swap).collect())
    }

    /// The manifest of a month, with what is needed to swap it.
    pub fn manifest(&self, month: &str) -> Result<Option<Versioned>, StoreError> {
        Ok(self.objects.read_versions(vec![manifest_key(month)])?.pop().flatten())
    }

    /// Puts a manifest in the place of what was there when it was read; false if somebody else has done so meanwhile.
    pub fn swap_manifest(
        &self,
        month: &str,
        bytes: Vec<u8>,
        before: Before,
    ) -> Result<bool, StoreError> {
        let swap = Swap { key: manifest_key(month), bytes, before };
        Ok(self.objects.swap(vec![swap])?.pop().unwrap_or(false))
    }
}

fn manifest_key(month: &str) -> String {
    format!("{FACTS}/{MONTH}{month}/{MANIFEST}")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

/// The name of the service whose store is at this path of an address; a store right at the address is called as that ends.
fn name_of(path: &str, url: &str) -> String {
    let path = if path.is_empty() { url.rsplit('/').next().unwrap_or_default() } else { path };
    let plain = |c: char| match c {
        '/' => '.',
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
        _ => '_',
    };
    path.chars().map(plain).collect()
}

fn joined(names: &[String]) -> Vec<Told> {
    let mut all: BTreeMap<Entry, (u32, Option<Timestamp>)> = BTreeMap::new();
    for Read { entry, lives, at } in names.iter().filter_map(|name| read_told(name)) {
        let (life, known) = all.entry(entry).or_default();
        *life = lives.run.max(*life);
        *known = known.or(at);
    }
    all.into_iter().map(|(entry, (life, at))| Told { entry, life, at }).collect()
}
