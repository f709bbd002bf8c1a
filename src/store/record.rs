//! What a record holds: a run without histograms, and its histograms apart.

use super::blob::check;
use super::error::StoreError;
use super::layout::{Entry, ID_DIGITS};
use super::{NewRecord, RunStore};
use crate::model::{CommitId, EndpointKey, Run};
use crate::schema::{HistogramV1, RunFileError, RunV1, Stored, TimelineV1, read_recorded};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of a histogram file.
const HISTOGRAMS_SCHEMA: &str = "perfgate.histograms/1";

/// The histograms of a run, by the unique name of the endpoint, and what else is drawn and not judged.
#[derive(Serialize, Deserialize)]
struct HistogramsV1 {
    schema: String,
    histograms: BTreeMap<String, HistogramV1>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    timeline: BTreeMap<String, TimelineV1>,
}

/// A run that was read from a store.
#[derive(Debug, Clone)]
pub struct StoredRun {
    /// Its place.
    pub entry: Entry,
    /// The run, without histograms.
    pub run: Run,
}

/// What recording did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The place of the record.
    pub entry: Entry,
    /// Whether it was there already.
    pub known: bool,
}

/// The record that a run becomes; nothing is written. The run must name its commit.
pub fn prepare(run: &Run, keep_histograms: bool) -> Result<NewRecord, StoreError> {
    let commit = run.commit.ok_or(StoreError::NoCommitForRun)?;
    let broken = |why: String| StoreError::BrokenRecord { entry: commit.to_string(), why };
    let stored = Stored::new(run).map_err(|e| broken(e.to_string()))?;
    let json = line(&stored.run).map_err(|e| broken(e.to_string()))?;
    // What could not be read again must not be written.
    read_recorded(&json).map_err(|e| broken(e.to_string()))?;
    let entry = Entry { commit, id: id_of(&json)? };
    let any = !stored.histograms.is_empty() || !stored.timeline.is_empty();
    let histograms = if keep_histograms && any {
        let schema = HISTOGRAMS_SCHEMA.to_owned();
        let (histograms, timeline) = (stored.histograms, stored.timeline);
        let file = HistogramsV1 { schema, histograms, timeline };
        Some(line(&file).map_err(|e| broken(e.to_string()))?)
    } else {
        None
    };
    for part in std::iter::once(&json).chain(&histograms) {
        check(part.len() as u64)
            .map_err(|large| large.of(format!("the run of {}", commit.short())))?;
    }
    Ok(NewRecord { entry, run: json, histograms })
}

/// Records runs, all or none.
pub fn record(
    store: &dyn RunStore,
    runs: &[Run],
    keep_histograms: bool,
) -> Result<Vec<Recorded>, StoreError> {
    let mut new = Vec::with_capacity(runs.len());
    let mut recorded = Vec::with_capacity(runs.len());
    for run in runs {
        let record = prepare(run, keep_histograms)?;
        let known = store.entries_of(record.entry.commit)?.contains(&record.entry);
        recorded.push(Recorded { entry: record.entry.clone(), known });
        new.push(record);
    }
    store.write(&new)?;
    Ok(recorded)
}

/// Reads a record. With `histograms`, those that were kept are put back where they belong.
pub fn load(
    store: &dyn RunStore,
    entry: &Entry,
    histograms: bool,
) -> Result<StoredRun, StoreError> {
    let broken = |why: String| StoreError::BrokenRecord { entry: entry.run_path(), why };
    let json = store.read(entry)?;
    let json = match histograms.then(|| store.read_histograms(entry)).transpose()?.flatten() {
        Some(kept) => with_histograms(&json, &kept).map_err(|e| broken(e.to_string()))?,
        None => json,
    };
    let read = read_recorded(&json).map_err(|error| match error {
        RunFileError::Version { found } if !found.is_empty() => {
            StoreError::OtherVersion { entry: entry.run_path(), found }
        }
        other => broken(other.to_string()),
    });
    let mut run = read?;
    // Where a record lies says which commit it is of; a file that says otherwise was put there by hand.
    match run.commit {
        Some(commit) if commit != entry.commit => {
            return Err(broken(format!("it says that it is of commit {commit}")));
        }
        _ => run.commit = Some(entry.commit),
    }
    Ok(StoredRun { entry: entry.clone(), run })
}

/// The same; none for a record of another version of the format, which a newer perfgate may have written: it must not stop
/// what can be done with the others.
pub fn load_known(
    store: &dyn RunStore,
    entry: &Entry,
    histograms: bool,
) -> Result<Option<StoredRun>, StoreError> {
    match load(store, entry, histograms) {
        Err(StoreError::OtherVersion { .. }) => Ok(None),
        loaded => loaded.map(Some),
    }
}

fn with_histograms(run: &[u8], kept: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut run: RunV1 = serde_json::from_slice(run)?;
    let mut kept: HistogramsV1 = serde_json::from_slice(kept)?;
    run.timeline = std::mem::take(&mut kept.timeline);
    let mut put = |name: String, latency: Option<&mut crate::schema::LatencyV1>| {
        if let Some(latency) = latency {
            latency.histogram = kept.histograms.remove(&name);
        }
    };
    if let Some(total) = &mut run.total {
        put(EndpointKey::Total.unique_name().into_raw(), total.latency.as_mut());
    }
    for endpoint in &mut run.endpoints {
        put(endpoint.unique_name(), endpoint.latency.as_mut());
    }
    serde_json::to_vec(&run)
}

/// One line of JSON.
fn line(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec(value)?;
    json.push(b'\n');
    Ok(json)
}

pub(super) fn id_of(json: &[u8]) -> Result<String, StoreError> {
    let hash =
        Oid::hash_object(ObjectType::Blob, json).map_err(StoreError::git("hashing a run"))?;
    Ok(hash.to_string()[..ID_DIGITS].to_owned())
}

/// The commit id that libgit2 means.
pub(super) fn commit_id(oid: Oid) -> CommitId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&oid.as_bytes()[..20]);
    CommitId::from_bytes(bytes)
}

/// The id that libgit2 takes.
pub(super) fn oid(commit: CommitId) -> Result<Oid, StoreError> {
    Oid::from_bytes(commit.as_bytes()).map_err(StoreError::git("reading a commit id"))
}
