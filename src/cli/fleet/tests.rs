//! Records in memory that are compacted: killed at every request, by several at once, and while records come and go.

use super::{Indexed, index};
use crate::model::{CommitId, Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool};
use crate::store::{FactsKey, Fleet, Memory, NewRecord, Part, RunStore as _, prepare};
use crate::trend::Facts;
use std::collections::BTreeMap;

fn commit(number: u32) -> CommitId {
    format!("{number:040x}").parse().unwrap()
}

/// Commits of every twelfth hour from October on; every seventh has no known time.
fn date(commit: CommitId) -> Option<jiff::Timestamp> {
    let number = u32::from_str_radix(&commit.to_string()[32..], 16).unwrap();
    let first: jiff::Timestamp = "2026-10-20T00:00:00Z".parse().unwrap();
    let at = first + jiff::SignedDuration::from_hours(12 * i64::from(number));
    (number % 7 != 6).then_some(at)
}

fn record(number: u32) -> NewRecord {
    let mut run = Run::new(Tool { name: "k6".into(), version: None });
    run.commit = Some(commit(number));
    let mut endpoint = Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), "/a"));
    let mut latency = Latency { count: Some(100), ..Latency::default() };
    latency.quantiles.insert(Quantile::P95, f64::from(number) + 1.0);
    (endpoint.latency, endpoint.requests) = (Some(latency), Some(100));
    run.endpoints.push(endpoint);
    prepare(&run, false).unwrap()
}

fn write(memory: &Memory, service: &str, numbers: std::ops::Range<u32>) {
    let records: Vec<NewRecord> = numbers.map(record).collect();
    memory.store(service, Box::new(|commit| Ok(date(commit)))).write(&records).unwrap();
}

fn remove(memory: &Memory, service: &str, numbers: std::ops::Range<u32>) {
    let entries: Vec<_> = numbers.map(|number| record(number).entry).collect();
    let store = memory.store(service, Box::new(|commit| Ok(date(commit))));
    store.remove(&entries, Part::Everything).unwrap();
}

fn compact(fleet: &Fleet) -> Result<Indexed, super::super::error::CliError> {
    let (services, _) = fleet.services()?;
    index(fleet, &services, None, |_| {})
}

/// How often each run is in the facts of a service.
fn runs(memory: &Memory, service: &str) -> BTreeMap<String, usize> {
    let fleet = memory.fleet();
    let keys = fleet.facts(None).unwrap();
    let own: Vec<FactsKey> = keys.into_iter().filter(|key| key.service == service).collect();
    let mut all = BTreeMap::new();
    for bytes in fleet.read(&own).unwrap() {
        for id in Facts::from_parquet(bytes.unwrap()).unwrap().ids() {
            *all.entry(id).or_default() += 1;
        }
    }
    all
}

fn expected(numbers: impl Iterator<Item = u32>) -> BTreeMap<String, usize> {
    numbers.map(|number| (record(number).entry.id, 1)).collect()
}

#[test]
fn records_become_facts_once_and_removed_ones_leave_them() {
    let memory = Memory::default();
    write(&memory, "shop", 0..40);
    write(&memory, "team/api", 0..3);
    let first = compact(&memory.fleet()).unwrap();
    // October, November, and no known month; and October and of the other.
    assert_eq!((first.services, first.added, first.files), (2, 43, 4));
    let again = compact(&memory.fleet()).unwrap();
    assert_eq!((again.added, again.files), (0, 0));
    assert_eq!(runs(&memory, "shop"), expected(0..40));
    assert_eq!(runs(&memory, "team.api"), expected(0..3));
    remove(&memory, "shop", 10..20);
    write(&memory, "shop", 15..17);
    let third = compact(&memory.fleet()).unwrap();
    assert_eq!((third.added, third.removed), (2, 8));
    assert_eq!(runs(&memory, "shop"), expected((0..10).chain(15..17).chain(20..40)));
}

#[test]
fn a_compaction_that_is_killed_at_any_request_loses_and_doubles_nothing() {
    let mut points = 0;
    for request in 0.. {
        let mut over = 0;
        for done in [false, true] {
            let memory = Memory::default();
            write(&memory, "shop", 0..12);
            compact(&memory.fleet()).unwrap();
            write(&memory, "shop", 12..24);
            remove(&memory, "shop", 5..8);
            write(&memory, "team/api", 0..8);
            let fleet = memory.fleet();
            fleet.die_after(request, done);
            if compact(&fleet).is_ok() {
                over += 1;
                continue;
            }
            points += 1;
            let now = runs(&memory, "shop");
            assert!(now.values().all(|times| *times == 1), "request {request}");
            let kept = expected((0..5).chain(8..12));
            assert!(kept.keys().all(|id| now.contains_key(id)), "request {request}");
            compact(&memory.fleet()).unwrap();
            assert_eq!(runs(&memory, "shop"), expected((0..5).chain(8..24)), "request {request}");
            assert_eq!(runs(&memory, "team.api"), expected(0..8), "request {request}");
        }
        if over == 2 {
            break;
        }
    }
    assert!(points >= 50, "{points} points");
}

#[test]
fn of_several_compactors_at_once_none_undoes_what_another_did() {
    let memory = Memory::default();
    std::thread::scope(|scope| {
        for writer in 0..8_u32 {
            let memory = &memory;
            scope.spawn(move || {
                for turn in 0..4 {
                    let first = writer * 20 + turn * 5;
                    write(memory, "shop", first..first + 5);
                    compact(&memory.fleet()).unwrap();
                }
            });
        }
    });
    // Whoever listed first may have swapped last: nothing that was compacted is gone, and the next one has all.
    compact(&memory.fleet()).unwrap();
    assert_eq!(runs(&memory, "shop"), expected(0..160));
}

#[test]
fn a_record_whose_time_becomes_known_is_not_doubled() {
    let memory = Memory::default();
    let records: Vec<NewRecord> = (0..3).map(record).collect();
    memory.store("shop", Box::new(|_| Ok(None))).write(&records).unwrap();
    compact(&memory.fleet()).unwrap();
    let store = memory.store("shop", Box::new(|commit| Ok(date(commit))));
    store.remove(&[records[0].entry.clone()], Part::Everything).unwrap();
    store.write(&records[..1]).unwrap();
    compact(&memory.fleet()).unwrap();
    assert_eq!(runs(&memory, "shop"), expected(0..3));
}

#[test]
fn damaged_facts_are_made_again_and_newer_ones_are_not_touched() {
    let memory = Memory::default();
    write(&memory, "shop", 0..5);
    compact(&memory.fleet()).unwrap();
    let key = memory.fleet().facts(None).unwrap().remove(0);
    let path = format!("facts/month={}/service=shop/facts.parquet", key.month);
    let whole = memory.get(&path);
    memory.put(&path, &whole[..whole.len() / 2]);
    // The manifest says that all was compacted: a new record is needed for somebody to look.
    write(&memory, "shop", 5..6);
    write(&memory, "shop", 7..8);
    compact(&memory.fleet()).unwrap();
    assert_eq!(runs(&memory, "shop"), expected((0..6).chain(7..8)));
    let about = b"perfgate.facts/1";
    let mut newer = memory.get(&path);
    let place = newer.windows(about.len()).position(|part| part == about).unwrap();
    newer[place + about.len() - 1] = b'2';
    memory.put(&path, &newer);
    write(&memory, "shop", 8..9);
    assert!(compact(&memory.fleet()).unwrap_err().to_string().contains("perfgate.facts/2"));
    assert_eq!(memory.get(&path), newer);
}
