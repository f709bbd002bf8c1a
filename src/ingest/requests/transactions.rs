//! JMeter's transactions, and whether the requests that one holds are in the file.
//!
//! A Transaction Controller writes a sample of its own. By default its requests have samples as well, written before it by the
//! same thread. With "Generate parent sample" they are in no CSV at all; in XML they stand inside it, unless
//! `jmeter.save.saveservice.subresults` is off. Nothing in the sample of the transaction says which. The samples beside it do: a
//! thread does one thing at a time, so the one that it wrote before a transaction, or after it where the file was sorted, either
//! lies within it, or the file holds nothing of what the transaction did.

use crate::ingest::endpoint_stats::EndpointStats;
use crate::model::WarningKind;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher as _;

const NS_PER_MS: f64 = 1e6;

/// How JMeter begins the message of a transaction; the number of its samples follows.
const MESSAGE: &str = "Number of samples in transaction";

/// How many samples a transaction holds, by its message; none where it is no transaction's.
pub(super) fn samples_in(message: &str) -> Option<u64> {
    let rest = message.strip_prefix(MESSAGE)?.trim_start_matches([' ', ':']);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    // A message that was cut still is a transaction's, and few of them hold nothing.
    Some(rest[..end].parse().unwrap_or(1))
}

/// Where the requests of a transaction are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// In the file, counted by themselves.
    Apart,
    /// Nowhere: the transaction is all that the file has of them.
    Nowhere,
    /// Nobody knows.
    Unknown,
}

/// When a sample began, in nanoseconds, and how long it took, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) start: i64,
    pub(super) ms: f64,
}

impl Time {
    /// When it ended, in nanoseconds.
    pub(super) fn end(self) -> i64 {
        self.start.saturating_add((self.ms * NS_PER_MS) as i64)
    }
}

/// A transaction whose requests were not there before it. In a file that was sorted by time they come after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// The place of its endpoint.
    pub(super) place: u32,
    pub(super) time: Time,
    pub(super) failed: bool,
}

/// What each thread wrote last in a chunk of the file.
pub(super) struct Threads {
    /// By the hash of the thread's name.
    last: FxHashMap<u64, Time>,
    waiting: FxHashMap<u64, Waiting>,
    /// Whether the file begins here, so that there is no earlier sample.
    from_start: bool,
}

impl Threads {
    pub(super) fn of_chunk(index: usize) -> Self {
        let (last, waiting) = (FxHashMap::default(), FxHashMap::default());
        Self { last, waiting, from_start: index == 0 }
    }

    /// Where the requests of a transaction are, by what its thread wrote before it.
    pub(super) fn held(&self, thread: Option<&str>, own: Time) -> Held {
        let Some(thread) = thread else { return Held::Unknown };
        match self.last.get(&hash(thread)) {
            Some(last) if last.start < own.start => Held::Nowhere,
            // Of another time: two files in one.
            Some(last) if last.start > own.end() => Held::Unknown,
            Some(last) if last.start > own.start => Held::Apart,
            // Both began in the same millisecond: one before the other, in it, or around it.
            Some(last) if last.ms <= 0.0 => Held::Unknown,
            Some(last) if last.end() > own.end() => Held::Nowhere,
            Some(_) => Held::Apart,
            None if self.from_start => Held::Nowhere,
            None => Held::Unknown,
        }
    }

    /// Notes a sample, whatever it is of. Gives the transaction of its thread that was waiting, and where its requests are.
    pub(super) fn wrote(&mut self, thread: Option<&str>, own: Time) -> Option<(Waiting, Held)> {
        let thread = hash(thread?);
        self.last.insert(thread, own);
        let waiting = self.waiting.remove(&thread)?;
        let (start, end) = (waiting.time.start, waiting.time.end());
        let inside = own.start >= start && own.start < end && own.end() <= end;
        Some((waiting, if inside { Held::Apart } else { Held::Nowhere }))
    }

    /// Lets a transaction wait for what its thread writes next.
    pub(super) fn wait(&mut self, thread: Option<&str>, waiting: Waiting) {
        if let Some(thread) = thread {
            self.waiting.insert(hash(thread), waiting);
        }
    }

    /// The transactions that are waiting at the end of a chunk.
    pub(super) fn take_waiting(&mut self) -> impl Iterator<Item = Waiting> {
        std::mem::take(&mut self.waiting).into_values()
    }
}

fn hash(thread: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(thread.as_bytes());
    hasher.finish()
}

/// The transactions of one name.
#[derive(Default)]
pub(super) struct Transactions {
    /// All of them that hold samples.
    pub(super) all: EndpointStats,
    /// How many samples they hold.
    pub(super) samples: u64,
    /// How many hold requests that are counted by themselves, and of how many the requests are nowhere else.
    apart: u64,
    nowhere: u64,
}

impl Transactions {
    /// Notes where the requests of one of them are.
    pub(super) fn held(&mut self, held: Held) {
        match held {
            Held::Apart => self.apart += 1,
            Held::Nowhere => self.nowhere += 1,
            Held::Unknown => {}
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.samples = self.samples.saturating_add(other.samples);
        self.apart += other.apart;
        self.nowhere += other.nowhere;
    }

    /// Whether not one of them tells where its requests are.
    fn is_unclear(&self) -> bool {
        self.apart == 0 && self.nowhere == 0 && self.all.requests > 0
    }
}

/// Adds to the total what stands in the file as transactions alone; a warning where that had to be guessed. All of one name are as
/// most of them: it is a setting of the controller.
pub(super) fn add_to_total<'a>(
    total: &mut EndpointStats,
    all: impl Iterator<Item = &'a Transactions> + Clone,
) -> Option<WarningKind> {
    let unclear = || all.clone().filter(|own| own.is_unclear());
    let samples = unclear().map(|own| own.samples).fold(0, u64::saturating_add);
    // The requests of all of them can only be in the file if it has as many.
    let counted = samples > total.requests;
    let guessed = unclear().next().is_some();
    for own in all.clone() {
        let alone = if own.is_unclear() { counted } else { own.nowhere > own.apart };
        if alone {
            total.merge(&own.all);
        }
    }
    guessed.then_some(WarningKind::TransactionsUnclear { counted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: i64, ms: f64) -> Time {
        Time { start: start * 1_000_000, ms }
    }

    #[test]
    fn the_message_says_how_many_samples_there_are() {
        let message = "Number of samples in transaction : 12, number of failing samples : 0";
        assert_eq!(samples_in(message), Some(12));
        assert_eq!(samples_in("Number of samples in transaction : 0, number"), Some(0));
        assert_eq!(samples_in("OK"), None);
    }

    #[test]
    fn what_a_thread_wrote_last_tells_where_the_requests_are() {
        let (mut threads, a) = (Threads::of_chunk(0), Some("a"));
        assert_eq!(threads.held(a, at(100, 30.0)), Held::Nowhere, "nothing was written before");
        threads.wrote(a, at(100, 20.0));
        assert_eq!(threads.held(a, at(100, 30.0)), Held::Apart, "began with it");
        assert_eq!(threads.held(a, at(90, 30.0)), Held::Apart, "began within it");
        assert_eq!(threads.held(a, at(120, 30.0)), Held::Nowhere, "was over before");
        assert_eq!(threads.held(a, at(100, 10.0)), Held::Nowhere, "holds it");
        assert_eq!(threads.held(a, at(10, 30.0)), Held::Unknown, "of another time");
        threads.wrote(a, at(130, 0.0));
        assert_eq!(threads.held(a, at(130, 5.0)), Held::Unknown, "before, or in no time");
        assert_eq!(Threads::of_chunk(1).held(a, at(0, 5.0)), Held::Unknown, "in another chunk");
        assert_eq!(threads.held(None, at(0, 5.0)), Held::Unknown);
    }

    #[test]
    fn what_a_thread_writes_next_may_be_a_part_of_a_transaction() {
        let (mut threads, a) = (Threads::of_chunk(0), Some("a"));
        for (next, held) in [
            (at(100, 20.0), Held::Apart),
            (at(110, 40.0), Held::Apart),
            (at(150, 0.0), Held::Nowhere),
            (at(150, 20.0), Held::Nowhere),
        ] {
            threads.wait(a, Waiting { place: 7, time: at(100, 50.0), failed: false });
            assert_eq!(threads.wrote(Some("b"), next).map(|(_, held)| held), None);
            assert_eq!(
                threads.wrote(a, next).map(|(own, held)| (own.place, held)),
                Some((7, held))
            );
        }
        assert_eq!(threads.take_waiting().count(), 0);
    }
}
