//! From records to facts.
//!
//! Each month of a service is read, brought up to date and swapped, as a whole; whoever is slower than another compactor reads it
//! again. What a file says of its records decides what it lacks, so that nothing is lost or doubled wherever this is killed.

use super::manifest::{Compacted, Manifest, digest};
use crate::cli::error::CliError;
use crate::schema::read_recorded;
use crate::store::{FactsKey, Fleet, Service, Told, UNDATED_MONTH, Version, Versioned};
use crate::trend::{Facts, FactsError, FrameError, in_parallel};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Services that are listed at once.
const SERVICES: usize = 64;
/// Months of services that are in memory at once.
const AT_ONCE: usize = 16;
/// How often a month is read again because another compactor was faster.
const TRIES: usize = 50;

/// What was compacted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Indexed {
    /// Services that were looked at.
    pub(in crate::cli) services: usize,
    /// Runs that were added.
    pub(in crate::cli) added: usize,
    /// Runs that were removed.
    pub(in crate::cli) removed: usize,
    /// Records that a newer perfgate made, or whose content is gone or damaged.
    pub(in crate::cli) passed_over: usize,
    /// Files that were written, and their bytes.
    pub(in crate::cli) files: usize,
    pub(in crate::cli) bytes: usize,
}

/// A month of a service that may lack records.
struct Month<'a> {
    key: FactsKey,
    service: &'a Service,
    records: Vec<Told>,
    /// Records with a known time, of the month of those without.
    elsewhere: Vec<Told>,
}

/// What became of a month.
struct Compaction {
    facts: Facts,
    added: usize,
    removed: usize,
    passed_over: usize,
    /// Whether there is anything to write.
    changed: bool,
}

/// Brings the facts of these services up to date. `since` is the day from which on records are looked at, of services that have
/// facts.
pub(in crate::cli) fn index(
    fleet: &Fleet,
    services: &[Service],
    since: Option<Date>,
    told: impl Fn(usize),
) -> Result<Indexed, CliError> {
    let _held = fleet.hold()?;
    // A month is made whole or not at all.
    let since = since.map(|day| day.first_of_month());
    let there: BTreeSet<FactsKey> = fleet.facts(None)?.into_iter().collect();
    let known: BTreeSet<&str> = there.iter().map(|key| key.service.as_str()).collect();
    let mut manifests = BTreeMap::new();
    let mut all = Indexed { services: services.len(), ..Indexed::default() };
    for part in services.chunks(SERVICES) {
        let from = |own: &Service| since.filter(|_| known.contains(own.name.as_str()));
        let listed: Vec<(&Service, Option<Date>)> =
            part.iter().map(|own| (own, from(own))).collect();
        let mut todo = Vec::new();
        for (service, records) in part.iter().zip(fleet.told(&listed)?) {
            let dated: Vec<Told> = records.iter().filter(|own| own.at.is_some()).cloned().collect();
            for (month, records) in by_month(records) {
                if !manifests.contains_key(&month) {
                    manifests.insert(month.clone(), Manifest::read(fleet, &month)?);
                }
                let key = FactsKey { service: service.name.clone(), month };
                let is_undated = key.month == UNDATED_MONTH;
                let is_known =
                    there.contains(&key) && manifests[&key.month].has(&key.service, &records);
                if is_undated || !is_known {
                    let elsewhere = if is_undated { dated.clone() } else { Vec::new() };
                    todo.push(Month { key, service, records, elsewhere });
                }
            }
        }
        for months in todo.chunks(AT_ONCE) {
            compact(fleet, months, &mut all)?;
        }
        told(part.len());
    }
    Ok(all)
}

/// Records by the month of their commits.
fn by_month(records: Vec<Told>) -> BTreeMap<String, Vec<Told>> {
    let mut months: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for own in records {
        let month = own.at.map(|at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string());
        months.entry(month.unwrap_or_else(|| UNDATED_MONTH.to_owned())).or_default().push(own);
    }
    months
}

/// Brings months up to date, and says so in their manifests.
fn compact(fleet: &Fleet, months: &[Month<'_>], all: &mut Indexed) -> Result<(), CliError> {
    let mut left: Vec<&Month<'_>> = months.iter().collect();
    let mut done: BTreeMap<&str, BTreeMap<String, Compacted>> = BTreeMap::new();
    for _ in 0..TRIES {
        let (mut swaps, mut made) = (Vec::new(), Vec::new());
        for (month, (own, before)) in left.iter().zip(brought(fleet, &left)?) {
            let bytes = own.facts.to_parquet().map_err(|error| unmade(month, &error))?;
            let is_new = own.changed || before.is_none();
            let compacted = Compacted {
                digest: digest(&month.records),
                runs: own.facts.runs(),
                rows: own.facts.rows(),
                bytes: bytes.len(),
            };
            made.push((own, compacted, is_new));
            if is_new {
                swaps.push((month.key.clone(), bytes, before));
            }
        }
        let mut swapped = fleet.swap(swaps)?.into_iter();
        let mut lost = Vec::new();
        for (month, (own, compacted, is_new)) in left.into_iter().zip(made) {
            if is_new && !swapped.next().unwrap_or(false) {
                lost.push(month);
                continue;
            }
            all.added += own.added;
            all.removed += own.removed;
            all.passed_over += own.passed_over;
            all.files += usize::from(is_new);
            all.bytes += if is_new { compacted.bytes } else { 0 };
            // What was passed over is looked at again.
            if own.passed_over == 0 {
                done.entry(&month.key.month)
                    .or_default()
                    .insert(month.key.service.clone(), compacted);
            }
        }
        left = lost;
        if left.is_empty() {
            break;
        }
    }
    for (month, compacted) in done {
        Manifest::keep(fleet, month, &compacted)?;
    }
    match left.first() {
        None => Ok(()),
        Some(month) => {
            let problem = format!("others change the facts of {} all the time", month.key.service);
            Err(CliError::usage(problem, "run perfgate fleet index in one place at a time"))
        }
    }
}

/// A month brought up to date, and what it was.
type Brought = (Compaction, Option<Version>);

/// The facts of these months with what they lacked.
fn brought(fleet: &Fleet, months: &[&Month<'_>]) -> Result<Vec<Brought>, CliError> {
    let keys: Vec<FactsKey> = months.iter().map(|month| month.key.clone()).collect();
    let before = fleet.read_to_swap(&keys)?;
    let read = |own: &Option<Versioned>| match own {
        Some((bytes, _)) => known(bytes.clone()),
        None => Ok(Facts::default()),
    };
    let facts = in_parallel(&before, read).into_iter().collect::<Result<Vec<_>, _>>()?;
    let lacking = lacking(fleet, months, &facts)?;
    let todo: Vec<_> = months.iter().zip(facts).zip(lacking).collect();
    let done = in_parallel(&todo, |((month, facts), lacking)| {
        let mut own = updated(facts.clone(), lacking);
        own.moved(&month.elsewhere);
        own
    });
    let versions = before.into_iter().map(|before| before.map(|(_, version)| version));
    Ok(done.into_iter().zip(versions).collect())
}

/// The facts of a file; none of one that is damaged: the records tell them again.
fn known(bytes: Vec<u8>) -> Result<Facts, CliError> {
    match Facts::from_parquet(bytes) {
        Ok(facts) => Ok(facts),
        Err(FactsError::Damaged(_)) => Ok(Facts::default()),
        Err(error @ FactsError::OtherVersion { .. }) => {
            let help = "run the perfgate that made them, or a newer one";
            Err(CliError::usage(error.to_string(), help))
        }
    }
}

/// A record, and its run where it has one that can be read.
type Lacking<'a> = (&'a Told, Option<Vec<u8>>);

/// The records that each of these months does not have as they are now.
fn lacking<'a>(
    fleet: &Fleet,
    months: &[&'a Month<'a>],
    facts: &[Facts],
) -> Result<Vec<Vec<Lacking<'a>>>, CliError> {
    let mut wanted: Vec<(usize, &Told)> = Vec::new();
    for (place, (month, own)) in months.iter().zip(facts).enumerate() {
        let lacks = |told: &&Told| told.life > own.life(told.entry.commit, &told.entry.id);
        wanted.extend(month.records.iter().filter(lacks).map(|told| (place, told)));
    }
    let there = wanted.iter().filter(|(_, told)| told.is_there());
    let there: Vec<_> = there.map(|(place, told)| (months[*place].service, *told)).collect();
    let mut runs = fleet.runs(&there)?.into_iter();
    let mut all: Vec<Vec<Lacking<'a>>> = months.iter().map(|_| Vec::new()).collect();
    for (place, told) in wanted {
        let run = if told.is_there() { runs.next().flatten() } else { None };
        all[place].push((told, run));
    }
    Ok(all)
}

/// Facts with what they lacked.
fn updated(mut facts: Facts, lacking: &[Lacking<'_>]) -> Compaction {
    let (mut added, mut removed, mut passed_over) = (0, 0, 0);
    for (told, run) in lacking {
        let record = (told.entry.commit, told.entry.id.as_str(), told.life);
        if !told.is_there() {
            removed += usize::from(facts.remove(record));
            continue;
        }
        match run.as_deref().map(read_recorded) {
            Some(Ok(run)) => {
                facts.add(record, told.at, &run);
                added += 1;
            }
            // Removed meanwhile, or made by a newer perfgate: the next compaction knows.
            Some(Err(_)) | None => passed_over += 1,
        }
    }
    // What was passed over changes nothing.
    let changed = lacking.len() > passed_over;
    Compaction { facts, added, removed, passed_over, changed }
}

impl Compaction {
    /// Takes away records that somebody else knew the time of, so that they lie in another month.
    fn moved(&mut self, elsewhere: &[Told]) {
        for Told { entry, life, .. } in elsewhere {
            if self.facts.life(entry.commit, &entry.id) % 2 == 1 {
                self.facts.remove((entry.commit, &entry.id, life + 1));
                self.changed = true;
            }
        }
    }
}

fn unmade(month: &Month<'_>, error: &FrameError) -> CliError {
    let FactsKey { service, month } = &month.key;
    let problem = format!("the facts of {service} and {month} cannot be made: {error}");
    CliError::usage(problem, "look at its records: perfgate baseline verify")
}
