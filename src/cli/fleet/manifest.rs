//! What was compacted of a month, so that the next compaction need not read it again. A hint: facts say themselves what they hold.

use crate::cli::error::CliError;
use crate::store::{Fleet, Told};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

const SCHEMA: &str = "perfgate.facts-manifest/1";
/// How often a manifest is tried to be swapped: it is a hint, and whoever lacks it reads more.
const TRIES: usize = 10;

/// What was compacted of a month.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    schema: String,
    services: BTreeMap<String, Compacted>,
}

/// The facts of a service and a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Compacted {
    /// Stands for the records that they were made of.
    pub(super) digest: String,
    pub(super) runs: usize,
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Manifest {
    /// The manifest of a month; an empty one where there is none that this version can read.
    pub(super) fn read(fleet: &Fleet, month: &str) -> Result<Self, CliError> {
        let read = fleet.manifest(month)?;
        Ok(read.map(|(bytes, _)| Self::of(&bytes)).unwrap_or_default())
    }

    fn of(bytes: &[u8]) -> Self {
        let own: Option<Self> = serde_json::from_slice(bytes).ok();
        own.filter(|own| own.schema == SCHEMA).unwrap_or_default()
    }

    /// Whether exactly these records were compacted.
    pub(super) fn has(&self, service: &str, records: &[Told]) -> bool {
        self.services.get(service).is_some_and(|own| own.digest == digest(records))
    }

    /// Adds what was compacted now.
    pub(super) fn keep(
        fleet: &Fleet,
        month: &str,
        new: &BTreeMap<String, Compacted>,
    ) -> Result<(), CliError> {
        for _ in 0..TRIES {
            let (mut own, before) = match fleet.manifest(month)? {
                Some((bytes, version)) => (Self::of(&bytes), Some(version)),
                None => (Self::default(), None),
            };
            SCHEMA.clone_into(&mut own.schema);
            own.services.extend(new.iter().map(|(name, own)| (name.clone(), own.clone())));
            if fleet.swap_manifest(month, serde_json::to_vec(&own)?, before)? {
                break;
            }
        }
        Ok(())
    }
}

/// Stands for records and how often each was added and removed. Another version of this program may come to another one, and
/// reads again.
pub(super) fn digest(records: &[Told]) -> String {
    let mut hasher = DefaultHasher::new();
    for Told { entry, life, .. } in records {
        (entry, life).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
