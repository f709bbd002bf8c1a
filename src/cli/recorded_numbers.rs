//! The numbers of recorded runs: from the columns that are kept beside the store, and from the records that are not in them.

use super::error::CliError;
use super::open_store::{OpenStore, open_store_in};
use super::policy::{LoadedPolicy, Network};
use crate::config::{Accept, Rules};
use crate::gate::derive;
use crate::model::{CommitId, EndpointKey, MeasurementKey, Metric, Run, Untrusted, differences};
use crate::store::{CommitInfo, CommitText, Entry, Said, StoredRun, load_known};
use crate::trend::{Batch, Damaged, LineCommit, Note, Place, RunColumns, in_parallel};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Commits of a line that are walked at most.
const MOST_COMMITS: usize = 1_000_000;
/// Fewest commits whose messages are worth a note of what they say.
const WORTH_A_NOTE: usize = 64;
/// Fewest records that are worth a thread of their own, and so a file of their own.
const WORTH_A_THREAD: usize = 1_024;

/// The numbers of recorded runs.
pub(super) struct RecordedNumbers<'a> {
    pub(super) columns: RunColumns,
    loaded: &'a LoadedPolicy,
    /// The folder that the store is opened from.
    folder: &'a Path,
}

impl<'a> RecordedNumbers<'a> {
    /// Those of a store.
    pub(super) fn open(store: &OpenStore, loaded: &'a LoadedPolicy, folder: &'a Path) -> Self {
        Self { columns: RunColumns::open(store.columns_folder()), loaded, folder }
    }

    /// The line of a commit that a revision names, newest first.
    pub(super) fn line(
        &mut self,
        store: &OpenStore,
        of: (&str, CommitId),
    ) -> Result<Vec<CommitInfo>, CliError> {
        let date = |own: &LineCommit| jiff::Timestamp::from_second(own.seconds).unwrap_or_default();
        let known = self.columns.line().into_iter().map(|own| CommitInfo {
            id: own.id,
            date: date(&own),
            subject: own.subject,
            author: own.author,
        });
        let line = store.history.line(of, MOST_COMMITS, known.collect())?;
        if line.whole && line.known < line.commits.len() {
            let kept = line.commits.iter().map(|own| LineCommit {
                id: own.id,
                seconds: own.date.as_second(),
                author: own.author.clone(),
                subject: own.subject.clone(),
            });
            self.columns.keep_line(&kept.collect::<Vec<_>>(), line.known);
        }
        Ok(line.commits)
    }

    /// What the commits that one commit has and an older one has not accept.
    pub(super) fn accepts(
        &mut self,
        store: &OpenStore,
        line: (CommitId, CommitId),
    ) -> Result<Vec<CommitText>, CliError> {
        let known = self.columns.note(Note::Accepts).and_then(|text| from_note(&text));
        let before = known.as_ref().map(|known| (known.head, known.without));
        let said = store.history.said(Accept::TRAILER, line, known)?;
        if said.whole && said.read >= WORTH_A_NOTE && before != Some(line) {
            self.columns.keep_note(Note::Accepts, &to_note(&said));
        }
        Ok(said.commits)
    }

    /// Reads what is not known yet of these records. Places that were told before hold no longer.
    pub(super) fn bring(&mut self, store: &OpenStore, entries: &[Entry]) -> Result<(), CliError> {
        let lacking: Vec<Entry> = self
            .columns
            .lacking(entries, |entry| (entry.commit, &entry.id))
            .into_iter()
            .cloned()
            .collect();
        store.records().make_present(&lacking)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(lacking.len().div_ceil(WORTH_A_THREAD)).max(1);
        let parts: Vec<_> = lacking.chunks(lacking.len().div_ceil(threads).max(1)).collect();
        let read = in_parallel(&parts, |part| self.read(part));
        self.columns.add(read.into_iter().collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Where a record's numbers are; none of one that a newer perfgate made.
    pub(super) fn place(&self, entry: &Entry) -> Option<Place> {
        self.columns.place(entry.commit, &entry.id)
    }

    /// What a run is, but for what it measured, where that is known already.
    pub(super) fn head(&self, entry: &Entry) -> Option<&Run> {
        Some(self.columns.head(self.place(entry)?).0)
    }

    /// Does something with the numbers of these records, once more where a part of them turns out to be damaged.
    pub(super) fn until_sound<T>(
        &mut self,
        store: &OpenStore,
        entries: &[Entry],
        mut work: impl FnMut(&mut Self) -> Result<T, Damaged>,
    ) -> Result<T, CliError> {
        loop {
            self.bring(store, entries)?;
            if let Ok(done) = work(self) {
                return Ok(done);
            }
        }
    }

    /// Which of these runs can be compared with another one.
    pub(super) fn alike(&mut self, entries: &[&Entry], like: &Run) -> Result<Vec<bool>, Damaged> {
        let rules = &self.loaded.policy.rules;
        if !rules.derived.is_empty() {
            let runs = self.derived(entries)?;
            let alike = |run: &Option<Run>| run.as_ref().is_some_and(|r| is_alike(r, like, rules));
            return Ok(runs.iter().map(alike).collect());
        }
        // Many runs have the same head, and often the same duration.
        let mut known: HashMap<(u64, Option<u64>), bool> = HashMap::new();
        let alike = |entry: &&Entry| {
            let Some(place) = self.place(entry) else { return false };
            let (head, duration_s, number) = self.columns.head(place);
            *known.entry((number, duration_s.map(f64::to_bits))).or_insert_with(|| {
                is_alike(&Run { duration_s, ..head.comparable_part() }, like, rules)
            })
        };
        Ok(entries.iter().map(alike).collect())
    }

    /// Measurements of these runs, one list for each.
    pub(super) fn values(
        &mut self,
        keys: &[&MeasurementKey],
        entries: &[&Entry],
    ) -> Result<Vec<Vec<Option<f64>>>, Damaged> {
        let derived = &self.loaded.policy.rules.derived;
        let without: Vec<Untrusted> = derived.iter().map(|own| own.name.as_str().into()).collect();
        let is_derived = |key: &MeasurementKey| match &key.metric {
            Metric::Custom(name) => key.endpoint == EndpointKey::Total && without.contains(name),
            _ => false,
        };
        let any = keys.iter().any(|key| is_derived(key));
        let runs = if any { self.derived(entries)? } else { Vec::new() };
        let places: Vec<Option<Place>> = entries.iter().map(|entry| self.place(entry)).collect();
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            all.push(if is_derived(key) {
                runs.iter().map(|run| run.as_ref()?.value(key)).collect()
            } else {
                self.columns.values(key, &without, &places)?
            });
        }
        Ok(all)
    }

    /// These runs with what the policy computes, without their endpoints.
    fn derived(&mut self, entries: &[&Entry]) -> Result<Vec<Option<Run>>, Damaged> {
        let places: Vec<Option<Place>> = entries.iter().map(|entry| self.place(entry)).collect();
        let mut runs = self.columns.without_endpoints(&places)?;
        let rules = &self.loaded.policy.rules;
        runs.iter_mut().flatten().for_each(|run| derive(run, rules));
        Ok(runs)
    }

    fn read(&self, entries: &[Entry]) -> Result<Batch, CliError> {
        // A store belongs to one thread: each opens its own.
        let store = open_store_in(self.loaded, Network::Offline, self.folder)?;
        let mut batch = Batch::new(entries.len());
        for entry in entries {
            if let Some(StoredRun { run, .. }) = load_known(store.records(), entry, false)? {
                batch.add(entry.commit, &entry.id, run);
            }
        }
        Ok(batch)
    }
}

/// Whether nothing forbids to compare the two.
pub(super) fn is_alike(run: &Run, like: &Run, rules: &Rules) -> bool {
    let allowed = &rules.allow_different;
    !differences(run, like).iter().any(|d| d.field.forbids() && !allowed.contains(&d.field))
}

/// What commits said, as a note: an object of JSON for the walk, and one for each commit.
fn to_note(said: &Said) -> String {
    let walk = json!({ "head": said.head.to_string(), "without": said.without.to_string(), "read": said.read });
    let commit = |own: &CommitText| json!({ "id": own.id.to_string(), "author": own.author, "message": own.message });
    json!({ "walk": walk, "commits": said.commits.iter().map(commit).collect::<Vec<_>>() })
        .to_string()
}

fn from_note(text: &str) -> Option<Said> {
    let note: Value = serde_json::from_str(text).ok()?;
    let id = |value: &Value| value.as_str()?.parse::<CommitId>().ok();
    let own = |value: &Value| value.as_str().map(str::to_owned);
    let commit = |value: &Value| {
        let (id, author) = (id(&value["id"])?, own(&value["author"])?);
        Some(CommitText { id, author, message: own(&value["message"])? })
    };
    let commits: Option<Vec<CommitText>> = note["commits"].as_array()?.iter().map(commit).collect();
    let walk = &note["walk"];
    let (head, without) = (id(&walk["head"])?, id(&walk["without"])?);
    let read = usize::try_from(walk["read"].as_u64()?).ok()?;
    Some(Said { head, without, read, whole: true, commits: commits? })
}
