//! Records in objects in memory: many writers, processes that are killed at every request, and how many requests a gate takes.

use super::{Memory, ObjectStore};
use crate::model::CommitId;
use crate::store::history::CommitInfo;
use crate::store::record::id_of;
use crate::store::{Entry, NewRecord, Part, RunStore as _, StoreError};
use jiff::ToSpan as _;
use std::collections::BTreeSet;

/// A commit, two days after the one before it; every seventh is in no clone.
fn commit(number: u32) -> CommitId {
    format!("{:08x}{:032x}", number.wrapping_mul(0x9e37_79b9), number).parse().unwrap()
}

fn number(commit: CommitId) -> u32 {
    u32::from_str_radix(&commit.to_string()[32..], 16).unwrap()
}

fn date(commit: CommitId) -> jiff::Timestamp {
    let first: jiff::Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    first + (48 * i64::from(number(commit))).hours()
}

fn info(number: u32) -> CommitInfo {
    let id = commit(number);
    CommitInfo { id, date: date(id), subject: String::new(), author: String::new() }
}

fn record(number: u32, content: &str, histograms: bool) -> NewRecord {
    let run = format!("{{\"run\":\"{number} {content}\"}}\n").into_bytes();
    let entry = Entry { commit: commit(number), id: id_of(&run).unwrap() };
    let histograms = histograms.then(|| format!("histograms of {number}\n").into_bytes());
    NewRecord { entry, run, histograms }
}

fn store(objects: &Memory) -> ObjectStore {
    objects
        .store("api", Box::new(|commit| Ok(Some(date(commit)).filter(|_| number(commit) % 7 != 6))))
}

fn names(store: &ObjectStore) -> BTreeSet<Entry> {
    store.entries().unwrap().into_iter().collect()
}

/// Everything that is there, and that it can be read.
fn whole(objects: &Memory) -> BTreeSet<Entry> {
    let store = store(objects);
    let entries = names(&store);
    for entry in &entries {
        store.read(entry).unwrap();
        assert!(store.entries_of(entry.commit).unwrap().contains(entry));
        if store.lives(entry).unwrap().has_histograms() {
            assert!(store.read_histograms(entry).unwrap().is_some(), "{entry}");
        }
    }
    entries
}

#[test]
fn a_record_is_added_removed_and_added_again() {
    let objects = Memory::default();
    let records: Vec<NewRecord> = (0..10).map(|n| record(n, "a", n % 2 == 0)).collect();
    store(&objects).write(&records).unwrap();
    store(&objects).write(&records).unwrap();
    let all: BTreeSet<Entry> = records.iter().map(|record| record.entry.clone()).collect();
    assert_eq!(whole(&objects), all);
    let gone: Vec<Entry> = records[3..8].iter().map(|record| record.entry.clone()).collect();
    store(&objects).remove(&gone, Part::Everything).unwrap();
    store(&objects).remove(&[records[0].entry.clone()], Part::Histograms).unwrap();
    let own = store(&objects);
    assert_eq!(names(&own).len(), 5);
    assert!(own.read_histograms(&records[0].entry).unwrap().is_none());
    assert!(own.read_histograms(&records[2].entry).unwrap().is_some());
    // Of what was removed, nothing is left but that it was.
    let contents = own.objects.names("runs", None).unwrap().len();
    assert_eq!((contents, own.objects.names("histograms", None).unwrap().len()), (5, 2));
    own.write(&records).unwrap();
    assert_eq!(whole(&objects), all);
}

#[test]
fn of_32_writers_at_once_each_record_is_there_once() {
    let objects = Memory::default();
    std::thread::scope(|scope| {
        for writer in 0..32 {
            let objects = &objects;
            scope.spawn(move || {
                let own = [record(writer, "own", true), record(1_000, "the same", writer % 2 == 0)];
                store(objects).write(&own).unwrap();
            });
        }
    });
    assert_eq!(whole(&objects).len(), 33);
    assert_eq!(store(&objects).lives(&record(1_000, "the same", true).entry).unwrap().run, 1);
}

type Act = fn(&ObjectStore) -> Result<(), StoreError>;

/// What is done to a store, one after the other.
const STEPS: [Act; 5] = [
    |store| store.write(&(0..10).map(|n| record(n, "a", true)).collect::<Vec<_>>()),
    |store| store.write(&(5..20).map(|n| record(n, "a", n % 2 == 0)).collect::<Vec<_>>()),
    |store| store.remove(&entries(1..14), Part::Everything).map(drop),
    |store| store.remove(&entries(14..20), Part::Histograms).map(drop),
    |store| store.write(&(6..12).map(|n| record(n, "a", true)).collect::<Vec<_>>()),
];

fn entries(numbers: std::ops::Range<u32>) -> Vec<Entry> {
    numbers.map(|n| record(n, "a", false).entry).collect()
}

/// What is there after each of them.
fn expected(step: usize) -> BTreeSet<Entry> {
    let numbers: Vec<u32> = match step {
        0 => (0..10).collect(),
        1 => (0..20).collect(),
        2 | 3 => (0..1).chain(14..20).collect(),
        _ => (0..1).chain(6..12).chain(14..20).collect(),
    };
    let entry = |n| entries(n..n + 1);
    numbers.into_iter().flat_map(entry).collect()
}

#[test]
fn a_process_that_is_killed_at_any_request_loses_and_halves_nothing() {
    let mut points = 0;
    for (killed, step) in STEPS.iter().enumerate() {
        for request in 0.. {
            let mut over = 0;
            for done in [false, true] {
                let objects = Memory::default();
                STEPS[..killed].iter().for_each(|step| step(&store(&objects)).unwrap());
                let own = store(&objects);
                own.objects.faults.die_after(request, done);
                if step(&own).is_ok() {
                    over += 1;
                    continue;
                }
                points += 1;
                // Each record is as before or as after, and whole either way.
                let now = whole(&objects);
                let after = expected(killed);
                let before = if killed == 0 { BTreeSet::new() } else { expected(killed - 1) };
                assert!(now.is_superset(&(&before & &after)), "step {killed}, request {request}");
                assert!(now.is_subset(&(&before | &after)), "step {killed}, request {request}");
                // Whoever does it again, and all that follows, comes to the same.
                for (next, step) in STEPS.iter().enumerate().skip(killed) {
                    step(&store(&objects)).unwrap();
                    assert_eq!(whole(&objects), expected(next), "step {killed}, request {request}");
                }
            }
            if over == 2 {
                break;
            }
        }
    }
    assert!(points >= 200, "{points} points");
}

#[test]
fn a_window_takes_few_requests_however_many_records_there_are() {
    let objects = Memory::default();
    let records: Vec<NewRecord> = (0..400).map(|n| record(n, "a", true)).collect();
    store(&objects).write(&records).unwrap();
    let own = store(&objects);
    own.objects.faults.requests();
    let line: Vec<CommitInfo> = (300..350).rev().map(info).collect();
    let entries = own.entries_of_line(&line).unwrap().concat();
    assert_eq!(entries.len(), 50);
    own.make_present(&entries[..own.ahead()]).unwrap();
    for entry in &entries[..own.ahead()] {
        own.read(entry).unwrap();
    }
    // What it is, two listings, and ten runs.
    assert_eq!(own.objects.faults.requests(), 13);
}

#[test]
fn what_is_no_store_of_this_version_is_not_touched() {
    let objects = Memory::default();
    let own = store(&objects);
    own.objects.make(vec![("perfgate".to_owned(), b"perfgate.store/2\n".to_vec())]).unwrap();
    let refused = own.write(&[record(0, "a", true)]);
    assert!(matches!(refused, Err(StoreError::NewerStore { .. })), "{refused:?}");
    assert!(own.entries().is_err());
}

#[test]
fn a_content_that_is_gone_or_another_is_named_and_can_be_recorded_again() {
    let objects = Memory::default();
    let own = record(0, "a", false);
    store(&objects).write(std::slice::from_ref(&own)).unwrap();
    let key = super::run_key(&own.entry, 1);
    let damaged = store(&objects);
    damaged.objects.remove(std::slice::from_ref(&key)).unwrap();
    assert!(damaged.read(&own.entry).unwrap_err().to_string().contains("gone"));
    damaged.objects.make(vec![(key, b"{}\n".to_vec())]).unwrap();
    assert!(damaged.read(&own.entry).unwrap_err().to_string().contains("not what its name says"));
    damaged.remove(std::slice::from_ref(&own.entry), Part::Everything).unwrap();
    damaged.write(std::slice::from_ref(&own)).unwrap();
    assert_eq!(whole(&objects).len(), 1);
}
